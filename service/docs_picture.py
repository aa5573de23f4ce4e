"""The picture of a ticket's states: boxes at fixed places, arrows as the scenario has them, coloured by who acts."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from service.domain.scenario import Scenario
from service.domain.tickets import ENDS, Act, Clock, Party, TicketState
from service.texts.words import ACTS, KINDS, PARTIES, STATES, Pair

Point = tuple[int, int]
S = TicketState

WIDTH, HEIGHT = 1264, 716
WIDE, TALL, LINE = 108, 62, 16
#: The middle of each state's box.
PLACES: dict[TicketState, Point] = {
    S.DISPATCHED: (96, 214), S.ACKNOWLEDGED: (296, 214), S.RECTIFYING: (470, 214), S.SUBMITTED: (674, 214),
    S.CHECKING: (854, 214), S.PASSED: (1196, 214),
    S.SENT_BACK: (470, 372), S.OBSERVING: (884, 372), S.WITHDRAWN: (1196, 372),
    S.TRANSFERRED: (470, 574), S.CLOSED: (1196, 574),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle around states that share acts: left, top, right, bottom, and its name."""

    states: frozenset[TicketState]
    box: tuple[int, int, int, int]
    name: Pair


TEAM = Frame(
    frozenset({S.DISPATCHED, S.ACKNOWLEDGED, S.RECTIFYING, S.SENT_BACK}),
    (34, 84, 538, 424),
    ("项目部整改", "with the team"),
)
OPEN = Frame(
    TEAM.states | {S.SUBMITTED, S.CHECKING, S.OBSERVING}, (22, 48, 974, 436), ("整改与核查", "put right and checked")
)
LIVE = Frame(OPEN.states | {S.TRANSFERRED}, (10, 12, 986, 648), ("未办结", "not at an end"))


@dataclass(frozen=True, slots=True)
class Arrow:
    """The way of acts from a state or frame to a state; their words stand at `at`, one line an act or in two lines."""

    acts: tuple[Act, ...]
    source: TicketState | Frame | None
    to: TicketState
    way: tuple[Point, ...]
    at: Point
    anchor: str = "middle"
    split: bool = True
    more: str = ""

    @property
    def sources(self) -> frozenset[TicketState]:
        """The states it leads away from."""
        if isinstance(self.source, Frame):
            return self.source.states
        return frozenset({self.source} if self.source else ())


ARROWS = (
    Arrow((Act.DISPATCH,), None, S.DISPATCHED, ((96, 140), (96, 181)), (108, 160), "start", split=False),
    Arrow((Act.ACKNOWLEDGE,), S.DISPATCHED, S.ACKNOWLEDGED, ((150, 214), (240, 214)), (195, 188)),
    Arrow((Act.START,), S.ACKNOWLEDGED, S.RECTIFYING, ((350, 214), (414, 214)), (381, 188)),
    Arrow((Act.SUBMIT,), S.RECTIFYING, S.SUBMITTED, ((524, 214), (618, 214)), (574, 188)),
    Arrow((Act.SUBMIT,), S.ACKNOWLEDGED, S.SUBMITTED, ((296, 183), (296, 138), (674, 138), (674, 181)), (426, 130),
          split=False),
    Arrow((Act.SUBMIT,), S.SENT_BACK, S.SUBMITTED, ((500, 341), (500, 292), (674, 292), (674, 247)), (606, 284),
          split=False),
    Arrow((Act.URGE,), S.SENT_BACK, S.RECTIFYING, ((452, 341), (452, 247)), (442, 290), "end"),
    Arrow((Act.CHECK,), S.SUBMITTED, S.CHECKING, ((728, 214), (798, 214)), (762, 188)),
    Arrow((Act.OBSERVE,), S.CHECKING, S.OBSERVING, ((894, 245), (894, 339)), (902, 288), "start"),
    Arrow((Act.KEEP, Act.LAPSE), S.OBSERVING, S.CHECKING, ((866, 341), (866, 247)), (858, 274), "end"),
    Arrow((Act.SEND_BACK,), S.CHECKING, S.SENT_BACK, ((814, 245), (814, 352), (526, 352)), (676, 345), split=False),
    Arrow((Act.SEND_BACK,), S.OBSERVING, S.SENT_BACK, ((830, 374), (526, 374)), (676, 368), split=False),
    Arrow((Act.FAIL,), S.OBSERVING, S.SENT_BACK, ((830, 396), (526, 396)), (676, 390), split=False),
    Arrow((Act.EXPIRE,), TEAM, S.TRANSFERRED, ((390, 424), (390, 519)), (380, 474), "end"),
    Arrow((Act.TRANSFER,), OPEN, S.TRANSFERRED, ((570, 436), (570, 519)), (582, 464), "start",
          more="再次不通过 failed again"),
    Arrow((Act.PASS,), S.CHECKING, S.PASSED, ((908, 200), (1140, 200)), (1064, 190), split=False),
    Arrow((Act.CLEAR,), OPEN, S.PASSED, ((974, 226), (1140, 226)), (1064, 246), split=False),
    Arrow((Act.CLEAR,), OPEN, S.WITHDRAWN, ((974, 358), (1140, 358)), (1064, 332), split=False),
    Arrow((Act.WITHDRAW, Act.GRANT_APPEAL), LIVE, S.WITHDRAWN, ((986, 386), (1140, 386)), (1064, 406), split=False),
    Arrow((Act.CLOSE,), S.TRANSFERRED, S.CLOSED, ((666, 574), (1140, 574)), (1064, 564), split=False),
)  # fmt: skip

# Light and dark, each colour with what it says: whose turn it was.
COLOURS = {
    Party.ADDRESSEE: ("#1d4ed8", "#7cb0ff"),
    Party.ENTERPRISE: ("#15803d", "#5fd38a"),
    Party.CHECKER: ("#7e22ce", "#c79bff"),
    Party.BODY: ("#b91c1c", "#ff8f8f"),
    Party.PROGRAM: ("#64748b", "#9fb0c6"),
}
STYLE = """\
    .page { fill: #ffffff } .frame { fill: none; stroke: #cbd5e1; stroke-width: 1.2 }
    .team { fill: #eff6ff; stroke: #bfdbfe; stroke-width: 1.2 }
    .box { fill: #f8fafc; stroke: #475569; stroke-width: 1.5 } .end { fill: #ecfdf5; stroke: #047857; stroke-width: 2 }
    .grave { fill: #fef2f2; stroke: #b91c1c; stroke-width: 1.5 }
    text { font-family: system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; fill: #0f172a }
    .zh { font-size: 17px; font-weight: 600 } .en { font-size: 13px } .word { font-size: 13px }
    .quiet { font-size: 13px; fill: #475569 }
    .way { fill: none; stroke-width: 1.8; stroke-linejoin: round }
    .program { stroke-dasharray: 6 4 }"""
DARK = """\
      .page { fill: #0d1117 } .frame { stroke: #334155 } .team { fill: #101c33; stroke: #274472 }
      .box { fill: #1e293b; stroke: #94a3b8 } .end { fill: #0b2b22; stroke: #34d399 }
      .grave { fill: #2f1518; stroke: #ff8f8f } text { fill: #f1f5f9 } .quiet { fill: #b6c2d1 }"""


def picture(scenario: Scenario) -> str:
    """The picture as SVG; ValueError where the scenario has a way that no arrow shows, or the other way round."""
    _require_all_shown(scenario)
    by = {act: next(party for party in COLOURS if party in rule.by) for act, rule in scenario.acts.items()}
    days = scenario.clocks[Clock.RECTIFY].days
    parts = [
        f'  <rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="10"/>',
        *_frame(LIVE, "frame", f"{_both(ACTS[Act.APPEAL])} · {_both(ACTS[Act.DENY_APPEAL])}"),
        *_frame(OPEN, "frame"),
        *_frame(TEAM, "team", f"{days} 个工作日 working days"),
        f'  <circle class="dot" cx="{ARROWS[0].way[0][0]}" cy="{ARROWS[0].way[0][1]}" r="6"/>',
        *(line for arrow in ARROWS for line in _arrow(arrow, by[arrow.acts[0]], _cleared(scenario, arrow))),
        *(line for state in TicketState for line in _state(state, _stays(scenario, state))),
        *_legend(),
    ]
    return "\n".join([*_head(), *parts, "</svg>", ""])


def _require_all_shown(scenario: Scenario) -> None:
    shown: dict[tuple[Act, TicketState], set[TicketState]] = defaultdict(set)
    for arrow in ARROWS:
        for act in arrow.acts:
            shown[act, arrow.to] |= arrow.sources
    ways = {(rule.act, rule.to): set(rule.sources) for rule in scenario.acts.values() if rule.to}
    ways |= {(Act.CLEAR, state): set(scenario.acts[Act.CLEAR].sources) for state in scenario.cleared.values()}
    differing = [
        f"{act} to {to}" for act, to in shown.keys() | ways.keys() if shown.get((act, to)) != ways.get((act, to))
    ]
    differing += [act for act in (Act.APPEAL, Act.DENY_APPEAL) if scenario.acts[act].sources != LIVE.states]
    if scenario.clocks[Clock.RECTIFY].runs != TEAM.states:
        differing.append(Clock.RECTIFY)
    if differing:
        raise ValueError(f"the picture differs from the scenario: {sorted(differing)}")


def _stays(scenario: Scenario, state: TicketState) -> list[Act]:
    """What people do in this state alone without leaving it."""
    rules = scenario.acts.values()
    return [rule.act for rule in rules if rule.to is None and rule.sources == {state} and Party.PROGRAM not in rule.by]


def _head() -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">'
    yield '  <title id="title">派单状态 The states of a ticket, and the acts that lead from one to another</title>'
    yield f"  <style>\n{STYLE}"
    for party, (light, _) in COLOURS.items():
        yield f"    .way.{party}, .dot {{ stroke: {light} }} .tip.{party}, .dot {{ fill: {light} }}"
    yield f"    @media (prefers-color-scheme: dark) {{\n{DARK}"
    for party, (_, dark) in COLOURS.items():
        yield f"      .way.{party}, .dot {{ stroke: {dark} }} .tip.{party}, .dot {{ fill: {dark} }}"
    yield "    }\n  </style>\n  <defs>"
    for party in COLOURS:
        yield f'    <marker id="{party}" markerWidth="7" markerHeight="7" refX="6" refY="3.5" orient="auto">'
        yield f'      <path class="tip {party}" d="M0,0 L7,3.5 L0,7 z"/>\n    </marker>'
    yield "  </defs>"


def _frame(frame: Frame, kind: str, more: str = "") -> Iterator[str]:
    left, top, right, bottom = frame.box
    yield f'  <rect class="{kind}" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="12"/>'
    yield _text((left + 14, top + 23), "quiet", " · ".join(filter(None, [_both(frame.name), more])), "start")


def _cleared(scenario: Scenario, arrow: Arrow) -> list[str]:
    """Which kinds of ticket take this way when their findings are gone."""
    kinds = [kind for kind, state in scenario.cleared.items() if state is arrow.to and Act.CLEAR in arrow.acts]
    return [_both(KINDS[kind]) for kind in kinds]


def _arrow(arrow: Arrow, party: Party, kinds: list[str]) -> Iterator[str]:
    way = " L".join(f"{x},{y}" for x, y in arrow.way)
    yield f'  <path class="way {party}" marker-end="url(#{party})" d="M{way}"/>'
    words = [word for act in arrow.acts for word in (ACTS[act] if arrow.split else [_both(ACTS[act])])]
    x, y = arrow.at
    for number, word in enumerate([*words, *kinds, *filter(None, [arrow.more])]):
        yield _text((x, y + number * LINE), "word", word, arrow.anchor)


def _state(state: TicketState, stays: list[Act]) -> Iterator[str]:
    (x, y), kind = PLACES[state], "end" if state in ENDS else "grave" if stays else "box"
    wide, tall = (392, 106) if stays else (WIDE, TALL)
    yield f'  <rect class="{kind}" x="{x - wide // 2}" y="{y - tall // 2}" width="{wide}" height="{tall}" rx="10"/>'
    (chinese, english), _ = STATES[state]
    top = y - tall // 2
    yield _text((x, top + 27), "zh", chinese)
    yield _text((x, top + 47), "en", english)
    for number in range(0, len(stays), 2):
        line = " · ".join(_both(ACTS[act]) for act in stays[number : number + 2])
        yield _text((x, top + 70 + number * 10), "word", line)


def _legend() -> Iterator[str]:
    x, y = 30, HEIGHT - 28
    for party in COLOURS:
        words = _both(PARTIES[party])
        yield f'  <path class="way {party}" marker-end="url(#{party})" d="M{x},{y} L{x + 44},{y}"/>'
        yield _text((x + 54, y + 5), "word", words, "start")
        # A Chinese character is about twice as wide as a letter.
        x += 90 + sum(13 if letter > "\u2e80" else 7 for letter in words)


def _text(at: Point, kind: str, words: str, anchor: str = "middle") -> str:
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'  <text class="{kind}" x="{at[0]}" y="{at[1]}"{placed}>{words}</text>'


def _both(words: Pair) -> str:
    return " ".join(words)
