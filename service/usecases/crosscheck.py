"""The cross-check: projects are held against lists, certificates, employments and one another on a day."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import String, cast, select
from sqlalchemy.exc import OperationalError

from service.domain.calendar import business_day
from service.domain.findings.base import KIND_OF, TICKETED, Rule
from service.domain.findings.registry import PERSON_RULES, RULES, look
from service.store.models import DayClose, Finding, Project, RosterLine
from service.store.work import Work
from service.usecases.crosscheck_facts import person_facts, project_facts
from service.usecases.crosscheck_rulebook import Rulebook, person_rulebook, rulebook
from service.usecases.findings import Changes, open_findings, reconcile
from service.usecases.ticketing import dispatch_tickets, settle_cleared

log = structlog.get_logger(__name__)


def check(
    work: Work, project_ids: Collection[UUID], day: date, *, opening: bool, book: Rulebook | None = None
) -> Changes:
    """Bring the findings of all cross-check rules on some projects in line with a day, and their tickets with them.

    The projects' analysis locks are taken, in order: two analyses of one project would open and close the same
    findings. `opening` is for the night; by day findings only close.
    """
    lock = select(DayClose.project_id).where(DayClose.project_id.in_(project_ids)).order_by(DayClose.project_id)
    locked = work.session.scalars(lock.with_for_update()).all()
    looked_at = locked if opening else _with_findings(work, locked)
    if not looked_at:
        return Changes()
    facts = project_facts(work, looked_at, day, book or rulebook(work, day))
    results = {project_id: look(each, RULES) for project_id, each in facts.items()}
    changes = reconcile(work, results, RULES.keys(), opening=opening)
    settle_cleared(work, changes.tickets)
    ticketed = {project_id for project_id, rule in changes.opened if KIND_OF[rule] in TICKETED}
    for project in work.session.scalars(select(Project).where(Project.id.in_(ticketed)).order_by(Project.id)).all():
        send_tickets(work, project)
    return changes


def send_tickets(work: Work, project: Project) -> None:
    """Send out a project's findings; where that breaks, by a scenario nobody can read, they stand and wait."""
    try:
        with work.apart():
            dispatch_tickets(work, project)
    except OperationalError:
        # Not of a scenario's making: all of it is tried again.
        raise
    except Exception as error:
        log.error("findings could not be sent out", project_id=str(project.id), exc_info=error)


def _with_findings(work: Work, project_ids: Collection[UUID]) -> list[UUID]:
    """The projects on which anything stands that could close."""
    standing = select(Finding.project_id).where(
        Finding.project_id.in_(project_ids), Finding.rule.in_(RULES), Finding.closed_at.is_(None)
    )
    return list(work.session.scalars(standing.distinct()))


def look_again(work: Work, project_id: UUID) -> None:
    """Close what is right again on a project, and on others what rested on somebody serving this one, too."""
    line = RosterLine
    people = select(line.person_id).where(line.project_id == project_id)
    shared = (
        select(Finding.project_id)
        .join(line, (line.project_id == Finding.project_id) & (cast(line.person_id, String) == Finding.key))
        .where(line.person_id.in_(people), Finding.rule == Rule.SEVERAL_PROJECTS, Finding.closed_at.is_(None))
    )
    others = work.session.scalars(shared.distinct()).all()
    check(work, {project_id, *others}, business_day(work.clock.now()), opening=False)


def check_person(work: Work, person_id: UUID, project_id: UUID, day: date, *, opening: bool) -> dict[str, Any]:
    """What the rules about somebody's seats find at his check-in, as it is kept with the decision.

    `opening`, where it is certain that it was he: what stands today opens at once. Nothing closes. Whatever breaks here
    breaks for itself: the check-in stands.
    """
    try:
        with work.apart():
            return _check_person(work, person_id, project_id, day, opening=opening)
    except Exception as error:
        log.error("a check-in was not cross-checked", exc_info=error)
        return {"state": "not_checked"}


def _check_person(work: Work, person_id: UUID, project_id: UUID, day: date, *, opening: bool) -> dict[str, Any]:
    # The lock comes before the facts: what was read before an analysis that ended meanwhile may be right again by now.
    may_open = opening and day == business_day(work.clock.now()) and _taken(work, project_id)
    facts = person_facts(work, person_id, project_id, day, person_rulebook(work, day))
    results = look(facts, PERSON_RULES)
    if may_open:
        open_findings(work, [(project_id, each) for each in results])
    found = [{"rule": str(each.rule), "rule_version": each.rule_version, "key": each.key} for each in results]
    return {"state": "checked", "found": found}


def _taken(work: Work, project_id: UUID) -> bool:
    """True once analyses of the project wait for this transaction, as other check-ins need not.

    A check-in waits for none: what one that is at work has not seen any more, the next night finds.
    """
    lock = select(DayClose.project_id).where(DayClose.project_id == project_id)
    return work.session.scalar(lock.with_for_update(read=True, skip_locked=True)) is not None
