"""The loop of a ticket: who may do what now, and where each act leads; pure, by the ticket's own scenario."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.actors import Role
from service.domain.calendar import WorkCalendar
from service.domain.escalation import Running, Standing, wound
from service.domain.findings.base import FindingKind
from service.domain.scenario import ActRule, Scenario
from service.domain.sites import TeamKind
from service.domain.tickets import ENDS, Act, Checker, Label, Loop, Party, TicketState
from service.errors import ServiceError, fault

_LABELS = {
    TicketState.PASSED: Label.PASSED,
    TicketState.SENT_BACK: Label.REWORK,
    TicketState.TRANSFERRED: Label.TRANSFERRED,
}
# An appeal lies on top of a state: whether one must be open, and whether one is afterwards.
_APPEALS = {Act.APPEAL: (False, True), Act.GRANT_APPEAL: (True, False), Act.DENY_APPEAL: (True, False)}
# A ticket is observed once a submission.
_OBSERVED = {Act.OBSERVE: True, Act.SUBMIT: False}


@dataclass(frozen=True, slots=True)
class Facts:
    """What an act rests on beside the ticket: whether all its findings are closed, and whether a verifier is there."""

    cleared: bool = False
    verifier_free: bool = True


NOTHING_KNOWN = Facts()


def dispatched(
    scenario: Scenario, kind: FindingKind, team_kind: TeamKind, now: datetime, calendar: WorkCalendar
) -> Standing:
    """A ticket at its beginning."""
    first = Standing(scenario, kind, team_kind, scenario.acts[Act.DISPATCH].to or TicketState.DISPATCHED)
    return wound(None, first, now, calendar)


def parties_of(standing: Standing, roles: Collection[Role]) -> frozenset[Party]:
    """What these roles make somebody to the ticket, the checker of the moment included."""
    teams = standing.scenario.parties
    held = {party for party in teams if not teams[party][standing.team_kind].isdisjoint(roles)}
    # The city stands in for the body, and so only where the ticket is the body's.
    if standing.checker is not Checker.BODY and standing.state is not TicketState.TRANSFERRED:
        held.discard(Party.CITY)
    return frozenset(held | ({Party.CHECKER} if Party(standing.checker) in held else set()))


def is_own_affair(standing: Standing, roles: Collection[Role], *, concerned: bool) -> bool:
    """True for who would judge himself: the ticket is about him, or by another role he has to answer it."""
    return concerned or Party.ADDRESSEE in parties_of(standing, roles)


def allowed(
    standing: Standing, roles: Collection[Role], facts: Facts = NOTHING_KNOWN, *, concerned: bool = False
) -> list[Act]:
    """What somebody with these roles may do now, in the order of the scenario."""
    held, himself = parties_of(standing, roles), is_own_affair(standing, roles, concerned=concerned)
    return [
        act
        for act, rule in standing.scenario.acts.items()
        if rule.by & held
        and is_open_to(standing, act)
        and not (himself and rule.judges)
        and hindrance(standing, act, facts) is None
    ]


def is_open_to(standing: Standing, act: Act) -> bool:
    """True where the act leads on from here, whoever does it."""
    rule = standing.scenario.acts.get(act)
    if rule is None or standing.state not in rule.sources or standing.kind not in rule.kinds:
        return False
    if act is Act.OBSERVE and standing.observed:
        return False
    return act not in _APPEALS or standing.appealed is _APPEALS[act][0]


def hindrance(standing: Standing, act: Act, facts: Facts) -> ServiceError | None:
    """What has to happen before an act that is open to the ticket."""
    if act is Act.CLOSE and standing.appealed:
        return fault("appeal_open")
    if act is Act.PASS and standing.kind in standing.scenario.proven and not facts.cleared:
        return fault("findings_open")
    return None


def require_act(
    standing: Standing,
    act: Act,
    roles: Collection[Role],
    note: str | None,
    facts: Facts = NOTHING_KNOWN,
    *,
    concerned: bool = False,
) -> None:
    """Refuse an act, the gravest reason first: not his at all, about himself, not now, not yet, without a word."""
    rule = standing.scenario.acts.get(act)
    if rule is None or not _ever_by(rule) & parties_of(standing, roles):
        raise fault("act_of_others", act=str(act))
    if rule.judges and is_own_affair(standing, roles, concerned=concerned):
        raise fault("own_affair")
    if not rule.by & parties_of(standing, roles) or not is_open_to(standing, act):
        now = allowed(standing, roles, facts, concerned=concerned)
        raise fault("act_not_allowed", act=str(act), state=str(standing.state), allowed=[*map(str, now)])
    if error := hindrance(standing, act, facts):
        raise error
    if rule.needs_note and not note:
        raise fault("note_needed", "note")


def acting_role(standing: Standing, act: Act, roles: Collection[Role]) -> Role | None:
    """The role in which somebody does it, where he holds several."""
    by = standing.scenario.acts[act].by
    return next((role for role in sorted(roles) if by & parties_of(standing, {role})), None)


def _ever_by(rule: ActRule) -> frozenset[Party]:
    """Who may do it at some time: the checker is the verifier at first, and may become the body."""
    return rule.by | ({Party.VERIFIER, Party.BODY} if Party.CHECKER in rule.by else set())


def moved(
    standing: Standing,
    act: Act,
    now: datetime,
    calendar: WorkCalendar,
    facts: Facts = NOTHING_KNOWN,
    fired: Running | None = None,
) -> Standing:
    """Where the ticket stands after an act that is open to it; `fired` is the clock that brought the act."""
    rule = standing.scenario.acts[act]
    state = _target(standing, rule, facts)
    reworks = standing.reworks + (state is TicketState.SENT_BACK is not standing.state)
    after = replace(
        standing,
        state=state,
        checker=Checker.BODY if _falls_to_body(act, facts) else standing.checker,
        reworks=reworks,
        appealed=state not in ENDS and (_APPEALS[act][1] if act in _APPEALS else standing.appealed),
        observed=_OBSERVED.get(act, standing.observed),
        steps=tuple(step for step in standing.steps if step != fired),
        label=_LABELS.get(state, standing.label),
        loop=_loop(state, reworks),
    )
    return wound(standing, after, now, calendar, rule.restarts)


def _target(standing: Standing, rule: ActRule, facts: Facts) -> TicketState:
    if rule.act is Act.CLEAR or (rule.act is Act.CHECK and facts.cleared):
        return standing.scenario.cleared[standing.kind]
    if rule.to is TicketState.SENT_BACK and standing.reworks >= standing.scenario.rework_limit:
        return TicketState.TRANSFERRED
    return rule.to or standing.state


def _falls_to_body(act: Act, facts: Facts) -> bool:
    return act is Act.PASS_TO_BODY or (act is Act.SUBMIT and not facts.verifier_free)


def _loop(state: TicketState, reworks: int) -> Loop | None:
    if state is TicketState.PASSED:
        return Loop.MEDIUM if reworks else Loop.SMALL
    return Loop.MEDIUM if state is TicketState.CLOSED else None
