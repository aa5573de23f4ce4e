"""What the cross-check holds every project against on a day: read once for however many projects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from sqlalchemy import select

from service.domain.certificates import CertificateKind
from service.domain.policies import AttendancePolicy, PolicyRow, Subject, parse_attendance, pick
from service.domain.post_rules import PostRule
from service.domain.sites import TeamKind
from service.store.models import CertificateType, Policy, Post
from service.store.work import Work
from service.usecases.post_rules import post_rules_on


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What holds for every project on a day: what is asked of posts, the types of certificates, the policies."""

    posts: Mapping[str, PostRule]
    kinds: Mapping[str, CertificateKind]
    team_kinds: Mapping[str, TeamKind] = field(default_factory=dict)
    policies: Sequence[PolicyRow] = ()
    _parsed: dict[str, AttendancePolicy] = field(default_factory=dict)

    def attendance(self, day: date, body_id: UUID, project_id: UUID) -> AttendancePolicy | None:
        """The attendance policy of a project on a day; None where none has begun, so that no post is required."""
        row = pick(self.policies, day, body_id=body_id, project_id=project_id)
        if row is not None and row.version not in self._parsed:
            self._parsed[row.version] = parse_attendance(row)
        return None if row is None else self._parsed[row.version]


def person_rulebook(work: Work, day: date) -> Rulebook:
    """As much of it as the rules about somebody's seat need."""
    types = work.session.execute(select(CertificateType.code, CertificateType.family, CertificateType.level))
    posts = {code: rule for code, rule in post_rules_on(work, day).items() if rule.readable}
    return Rulebook(posts, {row.code: CertificateKind(*row) for row in types})


def rulebook(work: Work, day: date) -> Rulebook:
    """All of it, read once for a whole night."""
    p = Policy
    rows = work.session.execute(
        select(p.policy_version, p.effective_from, p.scope, p.scope_id, p.body).where(p.subject == Subject.ATTENDANCE)
    )
    posts = work.session.execute(select(Post.code, Post.team_kind))
    return replace(
        person_rulebook(work, day),
        team_kinds={row.code: row.team_kind for row in posts},
        policies=[PolicyRow(*row) for row in rows],
    )
