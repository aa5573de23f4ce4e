"""Judging a check-in in a worker: claim, load, look at the face with no transaction open, decide, keep once."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import or_, select

from face.engines.base import Engine
from face.errors import EngineFailed, EngineUnavailable
from geofence.fence import Fence, shape_from_dict
from geofence.position import Datum
from geofence.verdict import Judgement, Limits, judge
from service.clock import elapsed_ms
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.checkin import Decision, Evidence, decide, fix_age_s
from service.domain.claims import from_dict
from service.domain.reasons import Verdict
from service.domain.sites import FenceState
from service.store.claims import MAX_ATTEMPTS, Held, claim, release, still_held
from service.store.models import CheckIn, Consent, ConsentKind, Project, TemplateRow
from service.store.models import Fence as FenceRow
from service.store.photos import PhotoStoreDown
from service.store.work import Work
from service.usecases import looking, replays
from service.usecases.frames import burst_of, unanswered
from service.usecases.ground import check_in_policy
from service.usecases.looking import Case, Look
from service.usecases.rebuild import remake
from service.usecases.settling import Settlement, settle
from service.usecases.suspicion import consider

log = structlog.get_logger(__name__)


def verify(check_in_id: UUID, *, deps: Deps) -> None:
    """Judge a received check-in once; whoever comes late or a second time finds nothing to do."""
    with deps.database.begin() as work:
        held = claim(work, CheckIn, check_in_id, deps.settings.lease_s)
    if held is None:
        return
    try:
        _verify(held, deps)
    except replays.Overtaken:
        _give_back(held, deps, counted=False)
        verify(check_in_id, deps=deps)
    except (EngineUnavailable, PhotoStoreDown) as error:
        # No photo is to blame: the check-in waits uncounted until the part is back.
        log.error("a part is down, the check-in waits", check_in_id=str(check_in_id), part=type(error).__name__)
        _give_back(held, deps, counted=False)
    except EngineFailed as error:
        log.warning("the engine failed on a photo", check_in_id=str(check_in_id), attempt=held.attempt, why=str(error))
        _give_back(held, deps, counted=True)


def _verify(held: Held, deps: Deps) -> None:
    began = time.perf_counter()
    engine = deps.engine()
    case = _case(held, engine, deps)
    judgement = _judge_place(case)
    looked = time.perf_counter()
    look = looking.look(case, held, engine, deps)
    reuse = replays.find(case.row, look.reading, case.earlier, engine, deps)
    face_ms = elapsed_ms(looked)
    evidence = Evidence(
        fix=case.claim.fix,
        received_at=case.row.at,
        judgement=judgement,
        missing_consents=case.missing_consents,
        enrolled=case.template is not None or case.outdated,
        photo_reused=reuse is not None,
        face=look.face,
        looks_like_another=look.looks_like_another,
        liveness=(*unanswered(case.row, case.claim, case.policy), *(look.added.liveness if look.added else ())),
    )
    decision = decide(evidence, case.policy)
    record = _record(case, evidence, decision, engine) | {
        "face": look.record(),
        "attempt": held.attempt,
        "timings_ms": {"face": face_ms, "total": elapsed_ms(began)},
    }
    if reuse is not None:
        record["photo"] |= reuse.record()
    _keep(held, case, look, Settlement(decision.verdict, decision.reasons, record), deps)


def _give_back(held: Held, deps: Deps, *, counted: bool) -> None:
    with deps.database.begin() as work:
        release(work, CheckIn, held, counted=counted)


def _case(held: Held, engine: Engine, deps: Deps) -> Case:
    """What there is to judge, with a template made by this engine if his photos still give one."""
    with deps.database.begin() as work:
        case = _load(work, held.row_id, engine)
    if not case.outdated or case.missing_consents or held.attempt > MAX_ATTEMPTS:
        return case
    why = remake(case.row.person_id, deps=deps)
    if why is not None:
        log.warning("no template of this engine can be made", check_in_id=str(held.row_id), why=why)
        return case
    with deps.database.begin() as work:
        return _load(work, held.row_id, engine)


def _load(work: Work, check_in_id: UUID, engine: Engine) -> Case:
    row = work.session.get_one(CheckIn, check_in_id)
    project = work.session.get_one(Project, row.project_id)
    templates = _templates(work, row.person_id)
    ours = [each for each in templates if (each.engine, each.engine_version) == (engine.id, engine.version)]
    template = ours[0] if ours else None
    return Case(
        row=row,
        claim=from_dict(row.claim),
        policy=check_in_policy(work, project, business_day(row.at)),
        fences=_fences(work, row),
        missing_consents=_missing_consents(work, row.person_id),
        template=template,
        outdated=bool(templates) and template is None,
        # A reviewer compares with the photos of his enrolment, whichever engine saw them.
        enrolment_id=next((each.enrolment_id for each in [*ours, *templates]), None),
        burst=burst_of(work, row),
        earlier=replays.earlier_than(work, row),
    )


def _fences(work: Work, row: CheckIn) -> tuple[Fence, ...]:
    day = business_day(row.at)
    statement = select(FenceRow).where(
        FenceRow.project_id == row.project_id,
        FenceRow.state == FenceState.APPROVED,
        FenceRow.starts_on <= day,
        or_(FenceRow.ends_on.is_(None), FenceRow.ends_on >= day),
    )
    return tuple(Fence(str(f.id), shape_from_dict(f.shape, Datum.WGS84)) for f in work.session.scalars(statement))


def _missing_consents(work: Work, person_id: UUID) -> tuple[str, ...]:
    statement = select(Consent.kind).where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None))
    given = set(work.session.scalars(statement))
    return tuple(sorted(str(kind) for kind in ConsentKind if kind not in given))


def _templates(work: Work, person_id: UUID) -> Sequence[TemplateRow]:
    in_force = select(TemplateRow).where(TemplateRow.person_id == person_id, TemplateRow.retired_at.is_(None))
    return work.session.scalars(in_force).all()


def _judge_place(case: Case) -> Judgement | None:
    limits = Limits(case.policy.margin_m, case.policy.accuracy_limit_m)
    return judge(case.claim.position.wgs84(), case.claim.position.accuracy_m, case.fences, limits)


def _keep(held: Held, case: Case, look: Look, settlement: Settlement, deps: Deps) -> None:
    read = look.reading if settlement.verdict is not Verdict.REFUSED else None
    with deps.database.begin() as work:
        if _missing_consents(work, case.row.person_id) != case.missing_consents:
            # Withdrawn while a worker looked: nothing of what it saw is kept.
            raise replays.Overtaken
        if read is not None:
            replays.require_all_compared(work, case.row, case.earlier)
        row = still_held(work, CheckIn, held)
        if row is None:
            log.warning("another worker took the check-in over", check_in_id=str(held.row_id))
            return
        row.claim_id, row.claimed_until = None, None
        if read is not None:
            replays.keep(work, row, read, deps.engine(), deps)
        settle(work, row, settlement, decided_by=None)
        consider(work, row, case, look, deps.engine())


def _record(case: Case, evidence: Evidence, decision: Decision, engine: Engine) -> dict[str, Any]:
    position = case.claim.position.wgs84()
    return {
        "claim": case.row.claim,
        "received_at": case.row.at.isoformat(),
        "fix_age_s": round(fix_age_s(evidence.fix, evidence.received_at), 1),
        "position_wgs84": {"lat": position.lat, "lon": position.lon},
        "place": _place_record(evidence.judgement),
        "missing_consents": list(evidence.missing_consents),
        "enrolment_id": str(case.enrolment_id) if case.enrolment_id else None,
        "photo": {"id": str(case.row.photo_id), "reused": evidence.photo_reused},
        "engine": {"id": engine.id, "version": engine.version},
        "policy_version": case.policy.version,
        "reasons": [reason.as_dict() for reason in decision.reasons],
        "verdict": str(decision.verdict),
    }


def _place_record(judgement: Judgement | None) -> Mapping[str, Any] | None:
    if judgement is None:
        return None
    return {
        "outcome": str(judgement.outcome),
        "fence_id": judgement.fence_id,
        "distance_m": round(judgement.distance_m, 2),
        "accuracy_m": judgement.accuracy_m,
        "margin_m": judgement.limits.margin_m,
        "accuracy_limit_m": judgement.limits.accuracy_limit_m,
    }
