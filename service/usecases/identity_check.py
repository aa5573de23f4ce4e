"""The confirmed identity cases of a project, as findings."""

from uuid import UUID

from sqlalchemy import select

from service.domain.calendar import business_day
from service.domain.findings.base import Found
from service.domain.findings.identity_confirmed import Confirmed, find
from service.store.models import CaseState, CheckIn, IdentityCase, RosterLine, Team
from service.store.work import Work


def identity_findings(work: Work, project_id: UUID) -> list[Found]:
    """What the rule finds now: team and post are those of the roster line on which the check-in was counted."""
    statement = (
        select(IdentityCase.id, CheckIn.id, CheckIn.person_id, CheckIn.at, Team.kind, RosterLine.post_code)
        .join(CheckIn, CheckIn.id == IdentityCase.check_in_id)
        .outerjoin(RosterLine, RosterLine.id == CheckIn.roster_line_id)
        .outerjoin(Team, Team.id == RosterLine.team_id)
        .where(IdentityCase.project_id == project_id, IdentityCase.state == CaseState.CONFIRMED)
        .order_by(IdentityCase.id)
    )
    rows = work.session.execute(statement)
    return find(
        Confirmed(case_id, check_in_id, person_id, business_day(at), team_kind, post_code)
        for case_id, check_in_id, person_id, at, team_kind, post_code in rows
    )
