"""Who decides a check-in that the machine could not."""

from collections.abc import Iterable
from enum import StrEnum

from service.domain.actors import Role
from service.domain.sites import TeamKind


class ReviewOwner(StrEnum):
    """The first reviewer; the body may always decide."""

    SUPERVISION = "supervision"
    CLIENT = "client"
    BODY = "body"


_OWNER_OF_TEAM = {TeamKind.CONSTRUCTION: ReviewOwner.SUPERVISION, TeamKind.SUPERVISION: ReviewOwner.CLIENT}
_OWNER_OF_ROLE = {Role.CHIEF_ENGINEER: ReviewOwner.SUPERVISION, Role.CLIENT: ReviewOwner.CLIENT}
_BODY_ROLES = frozenset({Role.OFFICER, Role.BODY_HEAD, Role.CITY})


def owner_for(team: TeamKind | None) -> ReviewOwner:
    """Supervision for construction people, the client for supervision people, the body for who is on no roster."""
    return ReviewOwner.BODY if team is None else _OWNER_OF_TEAM[team]


def owners_open_to(roles: Iterable[Role]) -> frozenset[ReviewOwner]:
    """Whose reviews these roles may decide."""
    held = frozenset(roles)
    if held & _BODY_ROLES:
        return frozenset(ReviewOwner)
    return frozenset(_OWNER_OF_ROLE[role] for role in held if role in _OWNER_OF_ROLE)
