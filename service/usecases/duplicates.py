"""Likely duplicates: looked for at each enrolment, and every night over everybody; who finds a pair opens its case."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import or_, select, update
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
#: A pair that an officer decided on, or has before him.
_KNOWN = (CaseState.OPEN, CaseState.CONFIRMED)


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
    beside = {template.person_id} | known.get(template.person_id, set())
    # Of those found all but two may be further names of one person.
    most = 2 + max(map(len, known.values()), default=0)
    gallery = gallery_for(engine, policy.adaptation, deps)
    near = gallery.nearest(descriptor_of(template, engine, deps), most, deps, people=None, beside=beside)
    himself = Nearby(template.person_id, template.id, 0.0)
    with deps.database.begin() as work:
        _open(work, himself, twin_of(near, policy, known), policy, engine, enrolment_id)


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
    pairs, apart = pairs_within(vectors, policy.duplicate + policy.duplicate_margin)
    near: dict[int, list[Nearby]] = defaultdict(list)
    for (i, j), distance in zip(pairs.tolist(), apart.tolist(), strict=True):
        if people[j].person_id in known.get(people[i].person_id, ()):
            continue
        for one, other in ((i, j), (j, i)):
            near[one].append(Nearby(people[other].person_id, people[other].template_id, distance))
    with deps.database.begin() as work:
        for one, others in near.items():
            _open(work, people[one], twin_of(others, policy, known), policy, engine, None)


def _policy(work: Work, engine: Engine) -> FacePolicy | None:
    """The city's: a person belongs to no project."""
    return city_policy(work, business_day(work.clock.now())).face(engine.id)


def _known(work: Work) -> Mapping[UUID, set[UUID]]:
    """With whom each person was found to be one already: they are looked for no more, and are no crowd."""
    statement = select(DuplicateCase.person_id, DuplicateCase.other_person_id).where(DuplicateCase.state.in_(_KNOWN))
    known: dict[UUID, set[UUID]] = defaultdict(set)
    for one, other in work.session.execute(statement):
        known[one].add(other)
        known[other].add(one)
    return known


def _close_gone(work: Work, person_id: UUID | None) -> None:
    """Close the open pairs of which a template holds no more, of one person or of all: there is nothing to compare."""
    consented = select(Consent.id).where(
        Consent.person_id == TemplateRow.person_id, Consent.kind == ConsentKind.FACE, Consent.withdrawn_at.is_(None)
    )
    ended = select(TemplateRow.id).where(
        TemplateRow.id.in_([DuplicateCase.template_id, DuplicateCase.other_template_id]),
        or_(TemplateRow.retired_at.is_not(None), ~consented.exists()),
    )
    gone = update(DuplicateCase).where(DuplicateCase.state == CaseState.OPEN, ended.exists())
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
