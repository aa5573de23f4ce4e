"""Replacement 变更: who may be replaced, with whose consent, by somebody qualified no lower.

The old line stays in force and its person is assessed until his exit is recorded: no approval ends it.
"""

from sqlalchemy import exists, select

from service.domain.certificates import CertificateKind
from service.domain.post_rules import Size
from service.domain.replacement import falls_short
from service.domain.roster import FILED, ScanKind
from service.errors import Problem, ServiceError, fault
from service.store.models import CertificateType, Project, RosterLine, RosterScan, Team
from service.store.queries.certificates import held_by
from service.store.work import Work
from service.usecases.post_rules import post_rules_on


def require_replaceable(work: Work, line: RosterLine) -> None:
    """`not_replaceable` unless the line replaced is another person's in force, or ended, on the same team and post."""
    old = work.session.get_one(RosterLine, line.replaces_id)
    same_seat = (old.team_id, old.post_code) == (line.team_id, line.post_code)
    if not same_seat or old.person_id == line.person_id or old.state not in FILED:
        raise fault("not_replaceable", "replaces_id")


def require_consent(work: Work, line: RosterLine) -> None:
    """`consent_missing` where nobody but the body approves: the client's own approval is his consent.

    A scan counts for the replacement it was added to; a line that replaces somebody else by now needs another.

    An approval that stands already was the client's, or rested on his consent.
    """
    consent = exists().where(
        RosterScan.line_id == line.id,
        RosterScan.kind == ScanKind.CLIENT_CONSENT,
        RosterScan.replaces_id == line.replaces_id,
    )
    if line.approved_at is None and not work.session.scalar(select(consent)):
        raise fault("consent_missing")


def require_qualified(work: Work, line: RosterLine) -> None:
    """`qualification_lower`, naming each need that the new person meets worse than the old one on his first day."""
    old = work.session.get_one(RosterLine, line.replaces_id)
    project, team = work.session.get_one(Project, line.project_id), work.session.get_one(Team, line.team_id)
    rule = post_rules_on(work, line.starts_on)[line.post_code]
    kinds = {
        row.code: CertificateKind(row.code, row.family, row.level)
        for row in work.session.scalars(select(CertificateType))
    }
    held = held_by(work, {line.person_id, old.person_id}, line.starts_on)
    new_held, old_held = held.get(line.person_id, []), held.get(old.person_id, [])
    problems = [
        Problem("qualification_lower", None, {"asked": list(case.one_of), "specialties": list(case.specialties)})
        for case in rule.needs(Size(project.kind, project.area_m2, project.price_yuan))
        if falls_short(
            [kinds[code] for code in case.one_of], case.specialties, new_held, old_held, line.starts_on, team.unit_id
        )
    ]
    if problems:
        raise ServiceError(problems)
