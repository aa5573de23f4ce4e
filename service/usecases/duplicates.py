"""Likely duplicates: looked for at each enrolment, and every night over everybody; who finds a pair opens its case."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from face.engines.base import Engine
from face.errors import EngineUnavailable
from face.search import pairs_within
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.identity import Nearby, twin_of
from service.domain.policies import FacePolicy
from service.store.base import new_id
from service.store.models import CaseState, Consent, ConsentKind, DuplicateCase, TemplateRow
from service.store.work import Work
from service.usecases.city_policy import city_policy
from service.usecases.gallery import gallery_for
from service.usecases.spaces import descriptor_of

log = structlog.get_logger(__name__)

_FOUND = ("engine", "engine_version", "distance", "limit", "template_id", "other_template_id", "enrolment_id")
#: Who looks at one person looks at so many others: a person has fewer names, and a crowd shows in fewer.
_LOOKED_AT = 20
#: Pairs of one night held at once, about 30 MB. A limit that was calibrated gives far fewer.
MOST_PAIRS = 100_000


@dataclass(frozen=True, slots=True)
class _Known:
    """With whom each person was ever found to be one: `ever`; and `settled`, with whom he is looked for no more."""

    ever: Mapping[UUID, set[UUID]]
    settled: Mapping[UUID, set[UUID]]


def look_at_enrolled(enrolment_id: UUID, *, deps: Deps) -> None:
    """Compare a person who was just enrolled with everybody; no transaction is open while it searches.

    The enrolment stands whatever comes of it, and what cannot be searched now the night looks for again.
    """
    try:
        _look_at(enrolment_id, deps.engine(), deps)
    except EngineUnavailable as error:
        log.error("duplicates wait for the night", enrolment_id=str(enrolment_id), error=type(error).__name__)


def _look_at(enrolment_id: UUID, engine: Engine, deps: Deps) -> None:
    with deps.database.begin() as work:
        policy = _policy(work, engine)
        template = work.session.scalars(
            select(TemplateRow).where(
                TemplateRow.enrolment_id == enrolment_id,
                TemplateRow.engine == engine.id,
                TemplateRow.engine_version == engine.version,
                TemplateRow.retired_at.is_(None),
            )
        ).one_or_none()
        if policy is None or template is None:
            return
        _close_gone(work, template.person_id)
        known = _known(work)
    if policy.duplicate is None:
        return
    beside = {template.person_id} | known.settled.get(template.person_id, set())
    gallery = gallery_for(engine, policy.adaptation, deps)
    near = gallery.nearest(descriptor_of(template, engine, deps), _LOOKED_AT, deps, people=None, beside=beside)
    himself = Nearby(template.person_id, template.id, 0.0)
    same = {each.person_id: gallery.within(policy.duplicate, each, near) for each in near[:1]}
    with deps.database.begin() as work:
        _open(work, himself, twin_of(near, policy, _both(known.ever, same)), policy, engine, enrolment_id)


def look_at_everybody(*, deps: Deps) -> None:
    """Close the pairs of which a template is gone, and compare everybody with everybody.

    Raises:
        EngineUnavailable: the engine, or the adaptation the policy names, cannot be had.
    """
    engine = deps.engine()
    with deps.database.begin() as work:
        policy = _policy(work, engine)
        _close_gone(work, None)
        known = _known(work)
    if policy is None or policy.duplicate is None:
        return
    gallery = gallery_for(engine, policy.adaptation, deps)
    ids, vectors = gallery.everybody(deps)
    people = [Nearby(gallery.owners[template_id], template_id, 0.0) for template_id in ids]
    pairs, apart = pairs_within(vectors, policy.duplicate + policy.duplicate_margin, most=MOST_PAIRS)
    limit = policy.duplicate
    if len(pairs) == MOST_PAIRS:
        # Beyond the last pair kept nobody sees a crowd, so who is nearer to it than the margin is not looked at.
        limit = min(limit, float(apart[-1]) - policy.duplicate_margin)
        log.error("too many pairs: is the limit too wide?", pairs=MOST_PAIRS, limit=policy.duplicate, looked_at=limit)
    near: dict[int, list[Nearby]] = defaultdict(list)
    same: dict[UUID, set[UUID]] = defaultdict(set)
    for (i, j), distance in zip(pairs.tolist(), apart.tolist(), strict=True):
        for one, other in ((i, j), (j, i)):
            himself, neighbour = people[one].person_id, people[other]
            if distance <= policy.duplicate:
                same[himself].add(neighbour.person_id)
            if neighbour.person_id not in known.settled.get(himself, ()):
                near[one].append(Nearby(neighbour.person_id, neighbour.template_id, distance))
    same_or_known = _both(known.ever, same)
    with deps.database.begin() as work:
        for one, others in near.items():
            if others[0].distance <= limit:
                _open(work, people[one], twin_of(others, policy, same_or_known), policy, engine, None)


def _policy(work: Work, engine: Engine) -> FacePolicy | None:
    """The city's: a person belongs to no project."""
    return city_policy(work, business_day(work.clock.now())).face(engine.id)


def _known(work: Work) -> _Known:
    """All pairs found so far, whatever became of them; one dismissed is settled for as long as its templates hold."""
    settled = or_(
        DuplicateCase.state.in_((CaseState.OPEN, CaseState.CONFIRMED)),
        and_(DuplicateCase.state == CaseState.DISMISSED, ~_ended().exists()),
    )
    known = _Known(defaultdict(set), defaultdict(set))
    for one, other, is_settled in work.session.execute(
        select(DuplicateCase.person_id, DuplicateCase.other_person_id, settled)
    ):
        for each, its in ((one, other), (other, one)):
            known.ever[each].add(its)
            if is_settled:
                known.settled[each].add(its)
    return known


def _both(one: Mapping[UUID, set[UUID]], other: Mapping[UUID, set[UUID]]) -> Mapping[UUID, set[UUID]]:
    return {each: one.get(each, set()) | other.get(each, set()) for each in one.keys() | other.keys()}


def _ended() -> Select[UUID]:
    """Of the two templates of a pair those that hold no more: there is nothing to compare."""
    consented = select(Consent.id).where(
        Consent.person_id == TemplateRow.person_id, Consent.kind == ConsentKind.FACE, Consent.withdrawn_at.is_(None)
    )
    return select(TemplateRow.id).where(
        TemplateRow.id.in_([DuplicateCase.template_id, DuplicateCase.other_template_id]),
        or_(TemplateRow.retired_at.is_not(None), ~consented.exists()),
    )


def _close_gone(work: Work, person_id: UUID | None) -> None:
    """Close the open pairs of which a template holds no more, of one person or of all."""
    gone = update(DuplicateCase).where(DuplicateCase.state == CaseState.OPEN, _ended().exists())
    if person_id is not None:
        gone = gone.where(or_(DuplicateCase.person_id == person_id, DuplicateCase.other_person_id == person_id))
    values = {"state": CaseState.GONE, "decided_at": work.clock.now(), "version": DuplicateCase.version + 1}
    closed: Iterable[UUID] = work.session.scalars(gone.values(values).returning(DuplicateCase.id)).all()
    for case_id in closed:
        work.audit("duplicate_case:gone", case_id)


def _open(
    work: Work, one: Nearby, other: Nearby | None, policy: FacePolicy, engine: Engine, enrolment_id: UUID | None
) -> None:
    """Open the case of a pair, anew where it was decided for other templates; a dismissed pair stays dismissed."""
    if other is None:
        return
    first, second = sorted((one, other), key=lambda each: each.person_id)
    values: dict[str, Any] = {
        "engine": engine.id,
        "engine_version": engine.version,
        "distance": round(other.distance, 4),
        "limit": policy.duplicate,
        "template_id": first.template_id,
        "other_template_id": second.template_id,
        "enrolment_id": enrolment_id,
    }
    statement = insert(DuplicateCase).values(
        id=new_id(), created_at=work.clock.now(), version=1, state=CaseState.OPEN,
        person_id=first.person_id, other_person_id=second.person_id, **values,
    )  # fmt: skip
    news = {name: statement.excluded[name] for name in _FOUND}
    undecided = dict.fromkeys(("decided_at", "decided_by", "note"))
    others = or_(DuplicateCase.template_id != first.template_id, DuplicateCase.other_template_id != second.template_id)
    again = statement.on_conflict_do_update(
        index_elements=["person_id", "other_person_id"],
        set_={**news, **undecided, "state": CaseState.OPEN, "version": DuplicateCase.version + 1},
        where=or_(DuplicateCase.state == CaseState.GONE, (DuplicateCase.state == CaseState.DISMISSED) & others),
    )
    case_id = work.session.scalar(again.returning(DuplicateCase.id))
    if case_id is not None:
        work.audit("duplicate_case:open", case_id)
