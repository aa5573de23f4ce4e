"""The scenario: who is party to a ticket, which acts and clocks it knows; a document frozen into each ticket."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from service.domain.actors import Role
from service.domain.findings.base import TICKETED, FindingKind
from service.domain.sites import TeamKind
from service.domain.tickets import BY_PROGRAM, ENDS, Act, Checker, Clock, Party, TicketState

Word = TypeVar("Word", bound=StrEnum)

#: Longer ones would reach beyond what is read of the calendar.
MOST_DAYS = 30
# Who these are stands in the ticket, not in the document.
_NAMED_BY_TICKET = frozenset({Party.CHECKER, Party.PROGRAM})


@dataclass(frozen=True, slots=True)
class ActRule:
    """One row of the table of acts; `to` is None where the state stays."""

    act: Act
    sources: frozenset[TicketState]
    to: TicketState | None
    by: frozenset[Party]
    #: The kinds of ticket it is for.
    kinds: frozenset[FindingKind]
    needs_note: bool
    #: Nobody does it on a ticket about himself.
    judges: bool
    #: Clocks that begin anew although they run already, or ran out.
    restarts: frozenset[Clock]


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One clock: it runs in these states, for this checker if one is named, and brings an act of the program."""

    clock: Clock
    runs: frozenset[TicketState]
    checker: Checker | None
    #: Working days; 0 is the end of the day, None at once.
    days: int | None
    #: None where data decides what happens.
    act: Act | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as the rules read it."""

    parties: Mapping[Party, Mapping[TeamKind, frozenset[Role]]]
    acts: Mapping[Act, ActRule]
    clocks: Mapping[Clock, ClockRule]
    #: How often a ticket may be sent back; once more, and it is transferred.
    rework_limit: int
    #: Where a ticket goes whose findings closed by themselves.
    cleared: Mapping[FindingKind, TicketState]
    #: The kinds that only data proves: nobody passes one while a finding of it stands.
    proven: frozenset[FindingKind]
    #: How many due days have to prove it.
    observed_days: int
    #: Codes of the regulations told with a ticket that is sent back.
    regulations: Mapping[TeamKind, Mapping[FindingKind, tuple[str, ...]]]
    #: Who is told, by act or else by the state it led to.
    tells: Mapping[str, frozenset[Party]]


def parse_scenario(body: Mapping[str, Any]) -> Scenario:
    """The scenario of a document; KeyError or ValueError when it is incomplete or names what does not exist."""
    scenario = Scenario(
        parties={party: _teams(body["parties"][party]) for party in Party if party not in _NAMED_BY_TICKET},
        acts=_by_word([_act(row) for row in body["acts"]], "act"),
        clocks=_by_word([_clock(row) for row in body["clocks"]], "clock"),
        rework_limit=_number(body["rework_limit"]),
        cleared={kind: _one(TicketState, body["cleared"][kind]) for kind in FindingKind if kind in TICKETED},
        proven=_set(FindingKind, body["proven"]),
        observed_days=_number(body["observation"]["due_days"], least=1),
        regulations={
            team: {kind: tuple(body["regulations"][team][kind]) for kind in FindingKind if kind in TICKETED}
            for team in TeamKind
        },
        tells={_told(word): _set(Party, parties) for word, parties in body["tells"].items()},
    )
    _require_whole(scenario)
    return scenario


def _teams(roles: Mapping[str, Iterable[str]]) -> dict[TeamKind, frozenset[Role]]:
    return {team: _set(Role, roles[team]) for team in TeamKind}


def _act(row: Mapping[str, Any]) -> ActRule:
    _known(row, {"act", "from", "to", "by", "kinds", "note", "judges", "restarts"})
    return ActRule(
        act=_one(Act, row["act"]),
        sources=_set(TicketState, row["from"]),
        to=_one(TicketState, row["to"]) if row["to"] else None,
        by=_set(Party, row["by"]),
        kinds=_set(FindingKind, row.get("kinds", TICKETED)),
        needs_note=bool(row.get("note", False)),
        judges=bool(row.get("judges", False)),
        restarts=_set(Clock, row.get("restarts", ())),
    )


def _clock(row: Mapping[str, Any]) -> ClockRule:
    _known(row, {"clock", "runs", "checker", "days", "act"})
    return ClockRule(
        clock=_one(Clock, row["clock"]),
        runs=_set(TicketState, row["runs"]),
        checker=_one(Checker, row["checker"]) if row.get("checker") else None,
        days=None if row["days"] is None else _number(row["days"], most=MOST_DAYS),
        act=_one(Act, row["act"]) if row["act"] else None,
    )


def _require_whole(scenario: Scenario) -> None:
    """Refuse what would leave a ticket without anybody, or a clock without an act."""
    acts = scenario.acts
    needed = {rule.act for rule in scenario.clocks.values() if rule.act} | {Act.DISPATCH}
    needed |= {Act.KEEP, Act.FAIL} if Act.OBSERVE in acts else set()
    wrong = [f"no act {act}" for act in sorted(needed - acts.keys())]
    wrong += [f"{act} begins at an end" for act, rule in acts.items() if rule.sources & ENDS]
    wrong += [f"{act} is not the program's" for act in needed & acts.keys() if act not in BY_PROGRAM]
    wrong += [f"who does {act}" for act, rule in acts.items() if (rule.by == {Party.PROGRAM}) != (act in BY_PROGRAM)]
    wrong += [f"{rule.clock} {why}" for rule in scenario.clocks.values() for why in _wrong_with(rule, acts)]
    wrong += [f"cleared {kind} stays open" for kind, state in scenario.cleared.items() if state not in ENDS]
    acting = frozenset(Party) - _NAMED_BY_TICKET - {Party.COPY}
    wrong += [f"no {party}" for party in sorted(acting) for roles in scenario.parties[party].values() if not roles]
    if wrong:
        raise ValueError("; ".join(wrong))


def _wrong_with(rule: ClockRule, acts: Mapping[Act, ActRule]) -> Iterator[str]:
    act = acts.get(rule.act) if rule.act else None
    if rule.runs & ENDS:
        yield "runs at an end"
    if rule.act is None and (rule.clock is not Clock.OBSERVING or rule.runs != {TicketState.OBSERVING}):
        yield "brings no act, and no data decides"
    if act and not rule.runs <= act.sources:
        yield f"brings {act.act} where it does not begin"
    if rule.days is None and (act is None or act.to is None or act.to in rule.runs):
        yield "would be due for ever"


def _told(word: str) -> str:
    if word not in {*TicketState, *Act}:
        raise ValueError(f"{word} is neither a state nor an act")
    return word


def _one(words: type[Word], value: str) -> Word:
    return words(value)


def _set(words: type[Word], values: Iterable[str]) -> frozenset[Word]:
    return frozenset(words(value) for value in values)


def _number(value: object, least: int = 0, most: int = 100) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{value!r} is not a number from {least} to {most}")
    return value


def _known(row: Mapping[str, Any], names: set[str]) -> None:
    if unknown := row.keys() - names:
        raise ValueError(f"{row}: {sorted(unknown)} not known")


def _by_word(rules: list[Any], name: str) -> dict[Any, Any]:
    counted = Counter(getattr(rule, name) for rule in rules)
    if twice := [str(word) for word, number in counted.items() if number > 1]:
        raise ValueError(f"{name} twice: {twice}")
    return {getattr(rule, name): rule for rule in rules}
