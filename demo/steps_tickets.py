"""Chapter 7: what the night found goes to the team that must mend it, and ends in a small loop or in a medium one."""

from collections.abc import Sequence
from functools import partial

from demo.caller import Row, ok, told
from demo.story import Story, eventually

ATTENDANCE, SUPERVISION, CERTIFICATE = "construction attendance", "supervision attendance", "construction certificate"
# Each ticket by its team and kind: its month and what was found, a category a number.
OPENED = (
    (ATTENDANCE, "2026-03: 1.3 of 80 %"),
    (SUPERVISION, "2026-03: 0.0 of 50, 0.0 of 80 %"),
    (CERTIFICATE, "2026-04: expired 2026-03-31"),
)
# Who sees which of the three; the project manager gets a copy of the supervision's.
SEEN = (
    ("The project manager", "project-manager", "2 construction, 1 supervision"),
    ("His office", "office", "2 construction, 0 supervision"),
    ("Their enterprise", "enterprise", "2 construction, 0 supervision"),
    ("The supervision office", "supervision-office", "0 construction, 1 supervision"),
    ("Another project's office", "other-office", "0 construction, 0 supervision"),
)
# Seven working days after 1 April: the 2nd and 3rd, after Qingming (4 to 6 April) the 7th to 10th, and Monday the 13th.
LAST_DAY = "2026-04-13"
# Who does which act, what is said with it, and what comes of it.
Acts = Sequence[tuple[str, str, str, str | None, str]]
SENT_BACK_ONCE: Acts = (
    ("The client acknowledges it", "client", "acknowledge", None, "403 act_of_others"),
    ("The office submits at once; what it may do", "office", "submit", "已安排。", "409: acknowledge, appeal"),
    ("So it acknowledges", "office", "acknowledge", None, "acknowledged"),
    ("And submits; the program has looked already", "office", "submit", "安全员将全天在岗。", "checking"),
    ("It passes its own ticket", "office", "pass", None, "403 act_of_others"),
    ("The chief engineer sends it back without a word", "chief-engineer", "send_back", None, "422 note_needed"),
    ("And with his opinion", "chief-engineer", "send_back", "技术负责人、质量员仍空缺。", "sent_back"),
    ("The enterprise urges", "enterprise", "urge", "请在本周内补齐。", "rectifying"),
    ("The office submits again", "office", "submit", "两个岗位的任职已申报。", "checking"),
    ("The chief engineer passes it", "chief-engineer", "pass", None, "passed"),
)
PASSED_AT_FIRST: Acts = (
    ("The supervision ticket, by who has a copy", "project-manager", "acknowledge", None, "403 act_of_others"),
    ("The supervision office acknowledges", "supervision-office", "acknowledge", None, "acknowledged"),
    ("And submits", "supervision-office", "submit", "总监理工程师即日到岗。", "checking"),
    ("The client passes it", "client", "pass", None, "passed"),
)
TOO_LATE: Acts = (
    ("The office submits now; what it may do", "office", "submit", "证书已延期。", "409: reply, appeal"),
    ("The officer closes it", "officer", "close", "已约谈，责令更换安全员。", "closed"),
)


def play(story: Story) -> None:
    """Three tickets: one sent back, one passed at first, one that nobody heeds."""
    story.table.chapter("7. Tickets: to the team that must mend it, round their loops, past a deadline")
    story.at("2026-04-01T09:00")
    _opened(story)
    stale = partial(_act, story, "office", ATTENDANCE, "acknowledge", behind=-1)
    story.step("The construction ticket, over a past version", "412 version_conflict", stale)
    _acts(story, ATTENDANCE, SENT_BACK_ONCE)
    _ended(story, ATTENDANCE, "check_passed, medium")
    for title, expected, acts in (
        ("Its history: begun", "dispatch, acknowledge, submit", slice(0, 3)),
        ("Its history: sent back", "check, send_back, urge", slice(3, 6)),
        ("Its history: passed", "submit, check, pass", slice(6, None)),
    ):
        story.step(title, expected, partial(_history, story, ATTENDANCE, acts))
    _acts(story, SUPERVISION, PASSED_AT_FIRST)
    _ended(story, SUPERVISION, "check_passed, small")
    _ignored(story)


def _opened(story: Story) -> None:
    for name, expected in OPENED:
        story.step(f"The night opened: {name}", expected, partial(_found, story, name))
    for name, who, expected in SEEN:
        story.step(f"{name} sees of them", expected, partial(_seen, story, who))


def _found(story: Story, name: str) -> str:
    team, kind = name.split()
    scope = {"project_id": story.ids["project"], "team_kind": team, "kind": kind}
    # Certificates are looked at once the night has read the registries.
    eventually(lambda: str(len(ok(story.cast["officer"].get("/tickets", **scope))["items"])), "1")
    (ticket,) = ok(story.cast["officer"].get("/tickets", **scope))["items"]
    story.ids[name] = ticket["id"]
    findings = _read(story, "officer", name)["findings"]
    return f"{ticket['period']}: {', '.join(map(_evidence, findings))}{' %' if kind == 'attendance' else ''}"


def _evidence(finding: Row) -> str:
    evidence = finding["evidence"]
    if finding["kind"] == "attendance":
        return f"{evidence['rate']} of {evidence['threshold']}"
    return ", ".join(f"expired {need['certificate']['valid_until']}" for need in evidence["needs"])


def _seen(story: Story, who: str) -> str:
    tickets = ok(story.cast[who].get("/tickets", project_id=story.ids["project"]))["items"]
    teams = [ticket["team_kind"] for ticket in tickets]
    return ", ".join(f"{teams.count(team)} {team}" for team in ("construction", "supervision"))


def _read(story: Story, who: str, name: str) -> Row:
    ticket: Row = ok(story.cast[who].get(f"/tickets/{story.ids[name]}"))
    return ticket


def _acts(story: Story, name: str, acts: Acts) -> None:
    for title, who, act, note, expected in acts:
        story.step(title, expected, partial(_act, story, who, name, act, note))


def _act(story: Story, who: str, name: str, act: str, note: str | None = None, *, behind: int = 0) -> str:
    """The state an act leads to; or why it is refused, and where it comes at the wrong time what may be done now."""
    seen = _read(story, who, name)["version"] + behind
    answer = story.cast[who].post(f"/tickets/{story.ids[name]}/{act}", {"note": note}, seen=seen)
    if answer.is_success:
        return str(answer.json()["state"])
    (problem,) = answer.json()["errors"]
    return f"409: {', '.join(problem['data']['allowed'])}" if problem["code"] == "act_not_allowed" else told(answer)


def _ended(story: Story, name: str, expected: str) -> None:
    def look() -> str:
        ticket = _read(story, "officer", name)
        return f"{ticket['label']}, {ticket['loop']}"

    story.step("Its label and its loop", expected, look)


def _history(story: Story, name: str, part: slice) -> str:
    return ", ".join(event["act"] for event in _read(story, "officer", name)["history"][part])


def _ignored(story: Story) -> None:
    """The certificate's ticket: nobody does anything, until the officer must."""
    story.step("The certificate's ticket is in time until", LAST_DAY, lambda: _last_day(story))
    _later(story, "2026-04-03T00:00", "Nobody has read it: its enterprise is told", "enterprise", "ticket_remind")
    story.at(f"{LAST_DAY}T23:00")
    story.step("On the last day", "dispatched", lambda: str(_read(story, "officer", CERTIFICATE)["state"]))
    _later(story, "2026-04-14T00:00", "The night after: what the officer is told", "officer", "ticket_transferred")
    _acts(story, CERTIFICATE, TOO_LATE)
    _ended(story, CERTIFICATE, "check_failed_transferred, medium")
    story.step("Its history", "dispatch, remind, expire, close", lambda: _history(story, CERTIFICATE, slice(None)))


def _last_day(story: Story) -> str:
    deadlines = {each["clock"]: each for each in _read(story, "officer", CERTIFICATE)["deadlines"]}
    return f"{deadlines['rectify']['last_day']}{', provisional' if deadlines['rectify']['provisional'] else ''}"


def _later(story: Story, moment: str, title: str, who: str, expected: str) -> None:
    """Let time pass, and see what somebody is told of the ticket meanwhile."""

    def look() -> str:
        notices = ok(story.cast[who].get("/inbox", unread="true"))["items"]
        return ", ".join(each["code"] for each in notices if each["ticket_id"] == story.ids[CERTIFICATE])

    def wait() -> str:
        story.at(moment)
        return eventually(look, expected)

    story.step(title, expected, wait)
