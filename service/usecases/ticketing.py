"""From findings to tickets: the night's analysis sends them out, and settles those whose findings closed again."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from service.domain.calendar import begin_of, business_day, month_of
from service.domain.escalation import due
from service.domain.findings.base import TICKETED, FindingKind
from service.domain.policies import NoPolicy, PolicyRow, Subject
from service.domain.scenario import parse_scenario
from service.domain.sites import TeamKind
from service.domain.ticket_loop import dispatched, is_open_to
from service.domain.tickets import Act, Party, TicketState
from service.errors import fault
from service.store.models import Finding, Project, Team, Ticket
from service.store.work import Work
from service.usecases.ground import policy_book
from service.usecases.ticket_keeping import Deed, calendar_of, carry_out, columns_of, record, standing_of
from service.usecases.ticket_parties import people_of

_KEY = ("project_id", "team_kind", "kind", "period")
_OPEN = text("finished_at IS NULL")


def dispatch_tickets(work: Work, project: Project) -> list[Ticket]:
    """Put the project's open findings into one ticket a team, kind and month; the tickets that are new.

    Where that ticket is with who checks it or with the body, they wait for a later night: nobody is to pass unseen what
    came in behind his back.
    """
    standing = select(Finding.id).where(Finding.project_id == project.id, Finding.closed_at.is_(None))
    if work.session.scalar(standing.limit(1)) is None:
        return []
    policy, teams = _scenario_for(work, project), _teams(work, project.id)
    groups: dict[tuple[Any, ...], list[Finding]] = {}
    for finding in _waiting(work, project.id, parse_scenario(policy.body).proven):
        # What still stands after its ticket ended is a matter of the present.
        month = month_of(business_day(work.clock.now())) if finding.ticket_id else finding.month
        groups.setdefault((project.id, finding.team_kind, finding.kind, month), []).append(finding)
    news = []
    for group, findings in groups.items():
        row, new = _ticket_for(work, dict(zip(_KEY, group, strict=True)), policy, teams)
        if _send(work, row, findings, new=new) and new:
            news.append(row)
    return news


def _waiting(work: Work, project_id: UUID, proven: Collection[FindingKind]) -> Sequence[Finding]:
    """The open findings that no ticket holds, and those that data still proves though theirs ended in an earlier month.

    Where the body withdrew a ticket it decided that there is nothing to put right, and that stands.
    """
    this_month = begin_of(month_of(business_day(work.clock.now())))
    ended = select(Ticket.id).where(
        Ticket.project_id == project_id, Ticket.finished_at < this_month, Ticket.state != TicketState.WITHDRAWN
    )
    again = and_(Finding.kind.in_(proven), Finding.ticket_id.in_(ended))
    free = or_(Finding.ticket_id.is_(None), again)
    ticketed = Finding.kind.in_(TICKETED)
    waiting = select(Finding).where(Finding.project_id == project_id, Finding.closed_at.is_(None), ticketed, free)
    return work.session.scalars(waiting.order_by(Finding.id).with_for_update()).all()


def _send(work: Work, row: Ticket, findings: Sequence[Finding], *, new: bool) -> bool:
    """Add findings to a ticket that is new or can still be joined, with the people they name as they are now."""
    standing = standing_of(row)
    # Nor one whose time ran out this very night: the tick has not taken the step yet.
    if not new and (due(standing, work.clock.now()) or not is_open_to(standing, Act.JOIN)):
        return False
    for finding in findings:
        finding.ticket_id = row.id
    people = sorted(map(str, people_of(findings)))
    data = {"findings": [str(finding.id) for finding in findings], "people": people}
    if new:
        record(work, row, Deed(Act.DISPATCH, data=data), None, standing)
    else:
        carry_out(work, row, Deed(Act.JOIN, data=data))
    return True


def _scenario_for(work: Work, project: Project) -> PolicyRow:
    today = business_day(work.clock.now())
    try:
        return policy_book(work, project, Subject.SCENARIO, lambda row: row).on(today)
    except NoPolicy:
        raise fault("no_policy", on=today.isoformat()) from None


def _teams(work: Work, project_id: UUID) -> dict[TeamKind, Team]:
    rows = work.session.scalars(select(Team).where(Team.project_id == project_id))
    return {row.kind: row for row in rows}


def _ticket_for(work: Work, key: dict[str, Any], policy: PolicyRow, teams: dict[TeamKind, Team]) -> tuple[Ticket, bool]:
    """The open ticket of a key, locked, and whether it is new."""
    values = _first_values(work, key, policy, teams)
    one = insert(Ticket).values(**values).on_conflict_do_nothing(index_elements=_KEY, index_where=_OPEN)
    held = select(Ticket).where(*(getattr(Ticket, name) == value for name, value in key.items()))
    held = held.where(Ticket.finished_at.is_(None)).with_for_update(of=Ticket)
    while True:
        made = work.session.scalar(one.returning(Ticket.id))
        row = work.session.scalars(held).one_or_none()
        # The one that was in the way may have ended before we had its lock; then the way is free.
        if row is not None:
            return row, made is not None


def _first_values(work: Work, key: dict[str, Any], policy: PolicyRow, teams: dict[TeamKind, Team]) -> dict[str, Any]:
    scenario, now, kind = parse_scenario(policy.body), work.clock.now(), key["team_kind"]
    standing = dispatched(scenario, key["kind"], kind, now, calendar_of(work, (), now))
    team = teams.get(kind)
    # Whoever gets a copy gets it as a member of the other team.
    other = next((row.id for other_kind, row in teams.items() if other_kind is not kind), None)
    return {
        **key,
        **columns_of(standing),
        "created_at": now,
        "team_id": team.id if team else None,
        "unit_id": team.unit_id if team else None,
        "copy_team_id": other if scenario.parties[Party.COPY][kind] else None,
        "scenario": dict(policy.body),
        "scenario_version": policy.version,
    }


def settle_cleared(work: Work, ticket_ids: Collection[UUID]) -> None:
    """End the tickets among these all of whose findings are closed, as their scenario says; else they stay."""
    if not ticket_ids:
        return
    rows = select(Ticket).where(Ticket.id.in_(ticket_ids), Ticket.finished_at.is_(None)).order_by(Ticket.id)
    standing = select(Finding.ticket_id).where(Finding.ticket_id.in_(ticket_ids), Finding.closed_at.is_(None))
    still_open = set(work.session.scalars(standing))
    for row in work.session.scalars(rows.with_for_update(of=Ticket)).all():
        if row.id not in still_open and is_open_to(standing_of(row), Act.CLEAR):
            carry_out(work, row, Deed(Act.CLEAR))
