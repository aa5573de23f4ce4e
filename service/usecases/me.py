"""What a signed-in person sees of himself: roles, enrolment, and the projects he stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import PERMISSIONS, Actor, Grant, Permission
from service.domain.calendar import business_day
from service.domain.roster import FILED
from service.store.models import Account, Consent, Person, Project, RosterLine, TemplateRow
from service.store.work import Work
from service.usecases.access import require


@dataclass(frozen=True, slots=True)
class Post:
    """A post he holds today."""

    project_id: UUID
    project_name: str
    post_code: str


@dataclass(frozen=True, slots=True)
class Me:
    """Account, person and rights of who asks."""

    account_id: UUID
    name: str | None
    person_id: UUID | None
    person_name: str | None
    grants: Sequence[Grant]
    permissions: Sequence[str]
    enrolled: bool
    consents: Sequence[str]
    posts: Sequence[Post]


def read_me(*, actor: Actor, deps: Deps) -> Me:
    """The actor himself."""
    require(actor, Permission.ME_READ)
    with deps.database.begin() as work:
        account = work.session.get_one(Account, actor.account_id)
        person = work.session.get(Person, actor.person_id) if actor.person_id else None
        return Me(
            account_id=actor.account_id,
            name=account.name,
            person_id=actor.person_id,
            person_name=person.name if person else None,
            grants=actor.grants,
            permissions=sorted({str(p) for grant in actor.grants for p in PERMISSIONS[grant.role]}),
            enrolled=bool(person and _enrolled(work, person.id)),
            consents=_consents(work, person.id) if person else [],
            posts=_posts(work, person.id, deps) if person else [],
        )


def _enrolled(work: Work, person_id: UUID) -> bool:
    statement = select(TemplateRow.id).where(TemplateRow.person_id == person_id, TemplateRow.retired_at.is_(None))
    return work.session.scalars(statement.limit(1)).first() is not None


def _consents(work: Work, person_id: UUID) -> list[str]:
    statement = select(Consent.kind).where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None))
    return sorted(str(kind) for kind in work.session.scalars(statement))


def _posts(work: Work, person_id: UUID, deps: Deps) -> list[Post]:
    today = business_day(deps.clock.now())
    statement = (
        select(RosterLine.project_id, Project.name, RosterLine.post_code)
        .join(Project, Project.id == RosterLine.project_id)
        .where(
            RosterLine.person_id == person_id,
            RosterLine.state.in_(FILED),
            RosterLine.starts_on <= today,
            (RosterLine.ends_on.is_(None)) | (RosterLine.ends_on >= today),
        )
        .order_by(RosterLine.id)
        .limit(100)
    )
    return [Post(*row) for row in work.session.execute(statement)]
