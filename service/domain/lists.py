"""Rosters against lists: whether a list names somebody for a post, and where filing, contract and roster differ."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from service.domain.findings.facts import Lists, is_named
from service.domain.roster import FILED, Basis, LineState, Match


class Difference(StrEnum):
    """What lists and roster disagree on, the weightiest first."""

    #: On the roster, and the list that binds the post does not name him for it.
    NOT_LISTED = "not_listed"
    #: Named by the list that binds the post, or by another where the project lacks that one, and not on the roster.
    NOT_ON_ROSTER = "not_on_roster"
    #: Some list of the project names him for the post, another does not.
    LISTS_DIFFER = "lists_differ"
    #: On the roster, and the project has no list at all.
    NO_LIST = "no_list"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a line stands against the list that binds its post; who else is named stays untold, only how many."""

    binding: Basis
    match: Match
    others: int
    listed_for_other_post: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A person and a post as lists and roster have them; `roster` is the furthest state of his lines that day."""

    post_code: str
    person_id: UUID
    filing: bool
    contract: bool
    appointment: bool
    roster: LineState | None
    difference: Difference


# Of several lines for one seat the first of these is shown.
_FURTHEST = (LineState.IN_FORCE, LineState.ENDED, LineState.SUBMITTED, LineState.RETURNED, LineState.DRAFT)


def standing(lists: Lists, binding: Basis, person_id: UUID, post_code: str, unit_id: UUID) -> Standing:
    """How somebody on a post of a team of this unit stands against what the project's lists name on a day."""
    entries = [each for each in lists.named if each.basis is binding]
    posts = {each.post_code for each in entries if each.person_id == person_id}
    others = {each.person_id for each in entries if each.post_code == post_code} - {person_id}
    match = lists.match(binding, person_id, post_code, unit_id)
    return Standing(binding, match, len(others), bool(posts - {post_code}))


def compare(
    lists: Lists,
    lines: Iterable[tuple[UUID, str, LineState]],
    bindings: Mapping[str, Basis],
    units: Mapping[str, UUID],
) -> list[Compared]:
    """Every person and post that a list names or a line (person, post, state) has that day, by post and person.

    `bindings` holds the list that binds each post, `units` the unit of the team that has it: whom a list names for
    another unit it does not name. A list that has not begun is none, and nobody can be missing on it.
    """
    named: dict[tuple[str, UUID], set[Basis]] = {}
    for each in lists.named:
        bases = named.setdefault((each.post_code, each.person_id), set())
        if is_named(each, each.person_id, each.post_code, units.get(each.post_code)):
            bases.add(each.basis)
    states: dict[tuple[str, UUID], set[LineState]] = {}
    for person_id, post_code, state in lines:
        states.setdefault((post_code, person_id), set()).add(state)
    told = lists.begun | {each.basis for each in lists.named}
    compared = []
    for seat in sorted(named.keys() | states.keys()):
        post_code, person_id = seat
        bases = named.get(seat, set())
        roster = next((state for state in _FURTHEST if state in states.get(seat, ())), None)
        # Whom a list names for another unit stands on it all the same.
        seen = {"on_roster": roster in FILED, "listed": seat in named}
        difference = _difference(bases, told, bindings[post_code], **seen)
        filing, contract, appointment = (basis in bases for basis in (Basis.FILING, Basis.CONTRACT, Basis.APPOINTMENT))
        compared.append(Compared(post_code, person_id, filing, contract, appointment, roster, difference))
    return compared


def _difference(
    named: AbstractSet[Basis], told: AbstractSet[Basis], binding: Basis, *, on_roster: bool, listed: bool
) -> Difference:
    if on_roster and not told:
        return Difference.NO_LIST
    if on_roster and binding in told and binding not in named:
        return Difference.NOT_LISTED
    if not on_roster and named and (binding in named or binding not in told):
        return Difference.NOT_ON_ROSTER
    return Difference.LISTS_DIFFER if (on_roster or listed) and named != told else Difference.SAME
