"""The states of tickets: `python -m service.docs_states` writes docs/states.md and its picture from the scenario."""

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from service.docs_picture import LIVE, OPEN, picture
from service.docs_tables import table
from service.domain import roster, stop_works
from service.domain.findings.base import TICKETED, FindingKind
from service.domain.scenario import ActRule, ClockRule, Scenario, parse_scenario
from service.domain.sites import TeamKind
from service.domain.tickets import Act, Label, Loop, Party, TicketState
from service.texts.words import ACTS, CLOCKS, KINDS, LABELS, LOOPS, OTHER_ACTS, OTHER_STATES, PARTIES, STATES, Pair

ROOT = Path(__file__).parents[1]
SCENARIO_FILE = ROOT / "migrations" / "data" / "key_personnel-1.json"
STATES_FILE, PICTURE_FILE = ROOT / "docs" / "states.md", ROOT / "docs" / "states.svg"

HEAD = """\
<!-- Written by `python -m service.docs_states` from migrations/data/key_personnel-1.json, service/texts/words.py. -->
# States of a ticket 派单状态

When a rule finds something wrong on a project, all findings of one kind, team and month become one ticket, sent to the
team that has to put it right. A ticket carries a copy of the scenario below and keeps to it: a later scenario only
changes later tickets. The colour of an arrow says whose act it is; broken lines are the program's.

规则发现问题后，同一项目部、同一类、同一月份的问题合并为一张派单，发给责任项目部。每张派单带着下面这份流程的副本，流程以后修改，
只影响以后的派单。箭头颜色表示由谁办理，虚线为系统自动。

![States and acts of a ticket 派单的状态与操作](states.svg)
"""
STATES_INTRO = "\n## States 状态\n"
PARTIES_INTRO = """
## Parties 各方

Who is what to a ticket, by the team it was sent to. The checker 核查方 is the verifier at first, and the body once the
verifier let his time pass, or where nobody could verify. Nobody judges a ticket about himself, or one that he has to
answer. Where a ticket is the body's, the city may judge in its place: its only officer may be concerned. A copy names
no people.

首先由核查人核查；核查人逾期或空缺时，由监督机构核查。任何人不得处理与本人有关或由本人整改的派单。派单由监督机构核查或办理时，
市级管理人员可代为处理。抄送内容不含人员信息。
"""
ACTS_INTRO = """
## Acts 操作

An act without a state to lead to leaves the ticket where it is. *Note* 说明: the act needs a word of explanation.
没有目标状态的操作不改变派单状态。
"""
CLOCKS_INTRO = """
## Clocks 时限

Time is counted in working days 工作日 from the day after a clock begins, and ends with the last of them in Shanghai. A
clock goes on while the ticket stays in the states it runs in, and begins anew when it comes back to them.
从次日起算，到最后一个工作日结束（上海时间）；在所列状态之间移动时，时限连续计算，离开后再回到这些状态则重新起算。
"""
TOLD_INTRO = "\n## Who is told 通知\n"
LOOPS_INTRO = "\n## Labels and loops 标签与闭环\n"
OTHERS_INTRO = """
## Roster lines 任职

The names are those of the [glossary](glossary.md). 名称见[术语表](glossary.md)。
"""
STOP_WORKS_INTRO = "\n## Stop-works 停工\n"


def the_scenario() -> Scenario:
    """The scenario that new installations begin with."""
    return parse_scenario(json.loads(SCENARIO_FILE.read_text(encoding="utf-8")))


def states_document(scenario: Scenario) -> str:
    """The whole of docs/states.md."""
    return "".join([
        HEAD,
        STATES_INTRO,
        table(("state", "中文", "含义", "meaning"), (_named(state, STATES[state]) for state in TicketState)),
        PARTIES_INTRO,
        table(("party", "中文", "English", "施工 construction", "监理 supervision"),
              (_party(scenario, party) for party in Party)),
        ACTS_INTRO,
        table(("act", "中文", "from", "to", "by", "note"), (_act(scenario, rule) for rule in scenario.acts.values())),
        _exceptions(scenario),
        CLOCKS_INTRO,
        table(("clock", "中文", "runs in", "working days", "then"), map(_clock, scenario.clocks.values())),
        TOLD_INTRO,
        table(("after", "中文", "told"), (_told(word, who) for word, who in scenario.tells.items())),
        LOOPS_INTRO,
        table(("code", "中文", "何时", "when"), (_named(word, LABELS[word]) for word in Label)),
        table(("code", "中文", "何时", "when"), (_named(word, LOOPS[word]) for word in Loop)),
        OTHERS_INTRO,
        _steps(roster.STEPS.items()),
        STOP_WORKS_INTRO,
        _steps(stop_works.STEPS.items()),
    ])  # fmt: skip


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _ordered(kind: type[StrEnum], words: Iterable[str]) -> str:
    """In the order in which the code names them, because sets have none."""
    known = set(words)
    return _codes(word for word in kind if word in known)


def _named(code: str, words: tuple[Pair, Pair]) -> tuple[str, ...]:
    (chinese, _), meaning = words
    return f"`{code}`", chinese, *meaning


def _party(scenario: Scenario, party: Party) -> tuple[str, ...]:
    roles = scenario.parties.get(party, {})
    return f"`{party}`", *PARTIES[party], *(_codes(sorted(roles.get(team, ()))) for team in TeamKind)


def _act(scenario: Scenario, rule: ActRule) -> tuple[str, ...]:
    only = "" if rule.kinds == TICKETED else f" ({_kinds(rule.kinds)})"
    to = f"`{rule.to}`" if rule.to else ""
    if rule.act is Act.CLEAR:
        to = "; ".join(f"{_kinds([kind])}: `{state}`" for kind, state in scenario.cleared.items())
    marks = [mark for mark, given in (("说明 note", rule.needs_note), ("回避 not about himself", rule.judges)) if given]
    return (
        f"`{rule.act}`",
        ACTS[rule.act][0] + only,
        _from(rule.sources),
        to,
        _ordered(Party, rule.by),
        ", ".join(marks),
    )


def _from(sources: frozenset[TicketState]) -> str:
    if sources == LIVE.states:
        return "any but an end 任一未办结状态"
    return (
        "any but an end and `transferred` 未办结且未转派" if sources == OPEN.states else _ordered(TicketState, sources)
    )


def _kinds(kinds: Iterable[FindingKind]) -> str:
    return ", ".join(" ".join(KINDS[kind]) for kind in sorted(kinds))


def _exceptions(scenario: Scenario) -> str:
    limit, proven = scenario.rework_limit, _kinds(scenario.proven)
    again = _codes(rule.act for rule in scenario.acts.values() if rule.restarts)
    return f"""
* After {limit} time(s) sent back, `send_back` and `fail` lead to `transferred`. 已退回 {limit} 次的，再次不通过即转派。
* `check` leads where `clear` leads once all findings are closed. 转核查时问题已全部消除的，按自动销项处理。
* {again} begin the time of the body anew. 上述操作使监督机构的期限重新起算。
* `join` adds findings while the team is at work; later ones wait until the ticket ended or is sent back.
  项目部整改期间，新发现的同类问题并入派单；其后发现的，待派单终结或重新整改后再派。
* `pass` waits until data proves {proven}: no finding of the ticket is open. 证书类派单须问题全部消除后方可核查通过。
* A {proven} finding still open when its ticket ended gets a new one the month after.
  派单终结后仍未消除的证书问题，次月重新派单。
* `close` waits until an appeal is answered. 有未答复的申诉时不能办结。
* `observe`, once a submission, asks for {scenario.observed_days} due days at the threshold.
  每次提交后只能转观察一次，观察期为 {scenario.observed_days} 个应到岗日。
"""


def _clock(rule: ClockRule) -> tuple[str, ...]:
    runs = _ordered(TicketState, rule.runs) + (f", checker `{rule.checker}`" if rule.checker else "")
    days = {None: "at once 即时", 0: "each evening 每日日终"}.get(rule.days, str(rule.days))
    then = f"`{rule.act}` {ACTS[rule.act][0]}" if rule.act else "`keep` or `fail`, as data says 由数据决定"
    return f"`{rule.clock}`", CLOCKS[rule.clock][0], runs, days, then


def _told(word: str, parties: Iterable[Party]) -> tuple[str, ...]:
    chinese = STATES[word][0][0] if word in STATES else ACTS[word][0]
    return f"`{word}`", chinese, _ordered(Party, parties)


def _steps(steps: Iterable[tuple[tuple[StrEnum, StrEnum], StrEnum]]) -> str:
    return table(
        ("from", "act", "to"),
        (
            (f"`{state}` {OTHER_STATES[state]}", f"`{act}` {OTHER_ACTS[act]}", f"`{to}` {OTHER_STATES[to]}")
            for (state, act), to in steps
        ),
    )


def main() -> None:
    """Write both files."""
    scenario = the_scenario()
    STATES_FILE.write_text(states_document(scenario), encoding="utf-8")
    PICTURE_FILE.write_text(picture(scenario), encoding="utf-8")


if __name__ == "__main__":
    main()
