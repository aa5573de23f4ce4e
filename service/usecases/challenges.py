"""Challenges: a random order of head turns for one check-in of one person, short-lived and used once."""

import random
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from face import liveness
from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.claims import Claim
from service.errors import fault
from service.store.locks import hold
from service.store.models import Challenge, Project
from service.store.work import Work
from service.usecases.access import require
from service.usecases.ground import check_in_policy

_DICE = random.SystemRandom()


def draw(project_id: UUID, *, actor: Actor, deps: Deps) -> tuple[Challenge, bool]:
    """A challenge for the caller's own next check-in on a project, and whether its policy asks for one today.

    Asked again within the first half of its time, the same one is given: who holds a film of the person may not draw
    until it fits, and for each project at most two are open. No audit row is kept of it: nothing was done to anybody.
    """
    require(actor, Permission.CHECK_IN_CREATE)
    if actor.person_id is None:
        raise fault("no_person")
    with deps.database.begin(actor.account_id) as work:
        project = work.session.get(Project, project_id)
        if project is None:
            raise fault("unknown_reference", "project_id")
        now = deps.clock.now()
        policy = check_in_policy(work, project, business_day(now)).liveness
        valid = timedelta(seconds=policy.challenge_s)
        # Of many who ask at once each would find none and draw his own.
        hold(work, "challenge", actor.person_id)
        fresh = select(Challenge).where(*_open(actor.person_id, project_id), Challenge.expires_at > now + valid / 2)
        row = work.session.scalars(fresh.limit(1)).first() or work.add(
            Challenge(
                person_id=actor.person_id,
                project_id=project_id,
                turns=[str(turn) for turn in liveness.draw(_DICE)],
                expires_at=now + valid,
            )
        )
        return row, policy.challenge


def use(work: Work, claim: Claim, person_id: UUID | None) -> UUID | None:
    """The claim's challenge, used up by this check-in; None when it names none or one that does not hold.

    It does not hold when it is another's or for another project, expired, used, or was never drawn. The condition is
    the UPDATE's own, so that of two check-ins at once the second finds it used.
    """
    if claim.challenge_id is None or person_id is None:
        return None
    now = work.clock.now()
    valid = (Challenge.id == claim.challenge_id, *_open(person_id, claim.project_id), Challenge.expires_at > now)
    statement = update(Challenge).where(*valid).values(used_at=now)
    return work.session.scalars(statement.returning(Challenge.id)).one_or_none()


def forget_expired(*, deps: Deps) -> None:
    """Delete what nobody used in time; what a check-in used stays with it."""
    expired = delete(Challenge).where(Challenge.used_at.is_(None), Challenge.expires_at <= deps.clock.now())
    with deps.database.begin() as work:
        work.session.execute(expired)


def _open(person_id: UUID, project_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Challenge.person_id == person_id, Challenge.project_id == project_id, Challenge.used_at.is_(None)
