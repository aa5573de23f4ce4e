"""Opening identity cases: in the transaction that settles a check-in, when tries are used up and another is nearer."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert

from face.engines.base import Engine
from face.match import Match, MatchOutcome
from service.domain.identity import Rival, are_tries_used_up
from service.store.base import new_id
from service.store.locks import hold
from service.store.models import CaseState, CheckIn, IdentityCase, TemplateRow
from service.store.work import Work
from service.usecases.looking import Case, Look
from service.usecases.sentinel import mismatches_around


def consider(work: Work, row: CheckIn, case: Case, look: Look, engine: Engine) -> None:
    """Open an identity case about a check-in that was just settled, if there is cause and none of the two is open.

    Cause is a refused photo that is clearly nearer to somebody else, as the last of several tries: a mismatch alone
    says nothing, because one owner in fifty has one.
    """
    match, rival = look.face, look.rival
    if not isinstance(match, Match) or match.outcome is not MatchOutcome.MISMATCH or rival is None or not rival.clearly:
        return
    # Of two verdicts at once the second waits here, and sees the first one's: rows, days, then this.
    hold(work, "identity", row.person_id)
    tries = mismatches_around(work, row, case.policy.tries)
    if not are_tries_used_up(tries.values(), row.at, case.policy.tries):
        return
    record = _record(work, case, look, engine) | _numbers(match, rival) | {"tries": sorted(map(str, tries))}
    values = {"id": new_id(), "created_at": work.clock.now(), "check_in_id": row.id, "project_id": row.project_id}
    values |= {"person_id": row.person_id, "other_person_id": rival.nearby.person_id, "record": record}
    statement = insert(IdentityCase).values(**values, state=CaseState.OPEN, version=1)
    case_id = work.session.scalar(statement.on_conflict_do_nothing().returning(IdentityCase.id))
    if case_id is not None:
        work.audit("identity_case:open", case_id, check_in_id=str(row.id))


def _record(work: Work, case: Case, look: Look, engine: Engine) -> dict[str, Any]:
    """What both distances were made with, and the enrolments whose photos show it."""
    told: dict[str, Any] = {"engine": {"id": engine.id, "version": engine.version}}
    if look.policy is not None:
        limits = look.policy.thresholds
        told |= {"accept": limits.accept, "refuse": limits.refuse, "margin": look.policy.margin}
        told |= {"adaptation": look.policy.adaptation, "policy_version": case.policy.version}
    if look.rival is not None:
        other = work.session.get_one(TemplateRow, look.rival.nearby.template_id)
        told |= {"enrolment_id": str(case.enrolment_id), "other_enrolment_id": str(other.enrolment_id)}
    return told


def _numbers(match: Match, rival: Rival) -> dict[str, Any]:
    distances = {"distance": round(match.distance, 4), "other_distance": round(rival.nearby.distance, 4)}
    return {**distances, "among": rival.among}
