"""The certificates of a project's people, held against what their posts ask for."""

from datetime import date

from sqlalchemy import select

from service.domain.findings.base import Found
from service.domain.findings.certificate_for_post import HeldCertificate, Needs, find
from service.domain.sites import ProjectState, state_on
from service.store.models import Certificate, Post
from service.store.work import Work
from service.usecases.ground import Ground, roster_of


def certificate_findings(work: Work, ground: Ground, day: date) -> list[Found]:
    """What the rule finds on a day; a project not begun or completed needs nobody's certificate."""
    if state_on(ground.site.states, day) not in {ProjectState.ACTIVE, ProjectState.STOPPED}:
        return []
    roster = roster_of(work, ground.project.id, day, day)
    people = {holder.person_id for holder in roster.holders}
    held = work.session.scalars(select(Certificate).where(Certificate.person_id.in_(people)))
    certificates = [HeldCertificate(c.person_id, c.type_code, c.number, c.valid_from, c.valid_until) for c in held]
    needs: dict[str, Needs] = dict(work.session.execute(select(Post.code, Post.certificates)).all())
    return find(day, roster, certificates, needs)
