"""The certificates of a project's people, held against what their posts ask for."""

from datetime import date

from sqlalchemy import or_, select

from service.domain.findings.base import Found
from service.domain.findings.certificate_for_post import HeldCertificate, PostHolder, find
from service.domain.roster import FILED
from service.domain.sites import ProjectState, state_on
from service.store.models import Certificate, Post, RosterLine
from service.store.work import Work
from service.usecases.ground import Ground


def certificate_findings(work: Work, ground: Ground, day: date) -> list[Found]:
    """What the rule finds on a day; a project not begun or completed needs nobody's certificate."""
    if state_on(ground.site.states, day) not in {ProjectState.ACTIVE, ProjectState.STOPPED}:
        return []
    lines = work.session.execute(
        select(RosterLine, Post)
        .join(Post, Post.code == RosterLine.post_code)
        .where(
            RosterLine.project_id == ground.project.id,
            RosterLine.state.in_(FILED),
            RosterLine.starts_on <= day,
            or_(RosterLine.ends_on.is_(None), RosterLine.ends_on >= day),
        )
        .order_by(RosterLine.id)
    ).all()
    holders = [PostHolder(r.person_id, r.post_code, post.team_kind, r.starts_on, r.ends_on) for r, post in lines]
    held = work.session.scalars(select(Certificate).where(Certificate.person_id.in_({h.person_id for h in holders})))
    certificates = [HeldCertificate(c.person_id, c.type_code, c.number, c.valid_from, c.valid_until) for c in held]
    return find(day, holders, certificates, {post.code: post.certificates for _, post in lines})
