"""Chapter 6, its second half: a month passes by a fixed plan, and comes to the numbers worked out by hand."""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from demo.album import small_shot
from demo.caller import Row, ok, told, verdict
from demo.steps_face import COUNTS
from demo.steps_prelude import REST
from demo.story import Story, eventually

# The first project's March, worked out by hand. It counts from the 2nd, which leaves 30 days, and rests from the 16th
# to the 19th, which leaves 26 that are due.
#
#   team          cat.  post                  who                     due  valid  because
#   construction  1     project_manager       Obama                    26     26  of 08:00 and 17:00 every day
#   construction  2     technical_lead        nobody                   26      0  it is vacant
#   construction  2     safety_officer        Biden                    26      0  of 08:00 and 11:00: too close
#   construction  2     quality_officer       Collins, on the 2nd       1      1  of 08:00 and 17:00
#   construction  2     quality_officer       nobody, from the 3rd     25      0  it is vacant
#   supervision   1     chief_engineer        Godot                    26      0  he never comes
#   supervision   2     supervision_engineer  nobody                   26      0  it is vacant
#   supervision   2     supervisor            nobody                   26      0  it is vacant
#
#   construction, category 1: 26 of 26 = 100 %               supervision, category 1: 0 of 26 = 0 %
#   construction, category 2: 1 of 26+26+1+25 = 78, 1.28 %   supervision, category 2: 0 of 26+26 = 52, 0 %
#   the project,  category 1: 26 of 26+26 = 52, 50 %         the project, category 2: 1 of 78+52 = 130, 0.77 %
#
# The other project is at work from the 30th, with nobody on its roster: on 2 days 2 posts of category 1 and 5 of
# category 2. The body has both projects, and the city has no others:
#
#   category 1: over projects (50 + 0) / 2 = 25 %       over person-days 26 of 52+4 = 56, 46.43 %
#   category 2: over projects (0.77 + 0) / 2 = 0.38 %   over person-days 1 of 130+10 = 140, 0.71 %
MONTH = "2026-03"
BEFORE_REST, AFTER_REST = range(3, 16), range(20, 32)
# Who punches at which hour; on the 2nd everybody was there at 08:00 already.
Plan = Mapping[str, tuple[str, ...]]
PLAN: Plan = {"08:00": ("obama", "biden"), "11:00": ("biden",), "17:00": ("obama",)}
SECOND: Plan = {"11:00": ("biden",), "17:00": ("obama", "collins")}
# Who, on which post, and his days: valid of due, and why they are no more.
DAYS = (
    ("Barack Obama", "project_manager", "26 of 26"),
    ("Joe Biden", "safety_officer", "0 of 26: gap_too_short"),
    ("Eileen Collins", "quality_officer", "1 of 1"),
    ("Godot", "chief_engineer", "0 of 26: no_punch_counts"),
    (None, "technical_lead", "0 of 26: post_vacant"),
    (None, "quality_officer", "0 of 25: post_vacant"),
    (None, "supervision_engineer", "0 of 26: post_vacant"),
    (None, "supervisor", "0 of 26: post_vacant"),
)
# The same by team and category, with the percentage asked.
GROUPS = (
    ("construction", 1, "26 of 26, 100.0 %, 80 asked"),
    ("construction", 2, "1 of 78, 1.3 %, 80 asked"),
    ("supervision", 1, "0 of 26, 0.0 %, 50 asked"),
    ("supervision", 2, "0 of 52, 0.0 %, 80 asked"),
)
# Over what, the category, and both averages: over projects, and over person-days.
RATES = (
    ("project", 1, "50.0 %; 26 of 52, 50.0 %"),
    ("project", 2, "0.8 %; 1 of 130, 0.8 %"),
    ("body", 1, "25.0 %; 26 of 56, 46.4 %"),
    ("body", 2, "0.4 %; 1 of 140, 0.7 %"),
    ("city", 1, "25.0 %; 26 of 56, 46.4 %"),
    ("city", 2, "0.4 %; 1 of 140, 0.7 %"),
)
CLOSED = "through 2026-03-31, 2 projects"


def play(story: Story) -> None:
    """Let it pass, and read what it came to."""
    _pass(story)
    _days(story)
    _rates(story)


def _pass(story: Story) -> None:
    for title, expected, act in (
        ("2 March: Biden goes at 11:00, the others at 17:00", "3 of 3 count", lambda: _by_plan(story, [2], SECOND)),
        ("April's attendance, asked for in March", "422 month_not_begun", lambda: told(_month(story, "2026-04"))),
        ("3 to 15 March", "52 of 52 count", lambda: _by_plan(story, BEFORE_REST, PLAN)),
        ("17 March: Obama comes although the site rests", "accepted, stop_work", lambda: _uncalled(story)),
        ("20 to 31 March", "48 of 48 count", lambda: _by_plan(story, AFTER_REST, PLAN)),
        ("The night after it closes March", CLOSED, lambda: _closed(story)),
    ):
        story.step(title, expected, act)


def _by_plan(story: Story, days: Iterable[int], plan: Plan) -> str:
    """Let days pass; those who come at the same hour punch at the same moment, and each day awaits its verdicts."""
    verdicts: list[str] = []
    with ThreadPoolExecutor(2) as threads:
        for day in days:
            sent: list[tuple[str, Row]] = []
            for hour, people in plan.items():
                photos = list(threads.map(small_shot, people))
                story.at(f"2026-03-{day:02}T{hour}")
                sent += zip(people, threads.map(story.send, people, photos), strict=True)
            verdicts += [verdict(story.cast[who].judged(row)) for who, row in sent]
    return f"{verdicts.count(COUNTS)} of {len(verdicts)} count"


def _uncalled(story: Story) -> str:
    story.at("2026-03-17T08:00")
    return verdict(story.punch("obama", small_shot("obama")))


def _closed(story: Story) -> str:
    story.at("2026-04-01T00:00")

    def look() -> str:
        first = next(iter(_rates_of(story, "body").values()), None)
        return f"through {first['through']}, {first['projects']} projects" if first else "nothing"

    return eventually(look, CLOSED)


def _month(story: Story, month: str) -> httpx.Response:
    return story.cast["officer"].get(f"/projects/{story.ids['project']}/attendance", month=month)


def _days(story: Story) -> None:
    """Person by person, post by post, group by group; and what Obama is told of himself."""
    month = ok(_month(story, MONTH))
    rows = {(row["person_name"], row["post_code"]): row for row in month["rows"]}
    for name, post, expected in DAYS:
        story.step(f"{name or 'Nobody'}, {post.replace('_', ' ')}", expected, partial(_told, rows[name, post]))
    obama = rows["Barack Obama", "project_manager"]
    story.step("Obama on the four days of rest", "not_due: stop_work", lambda: _rested(obama))
    story.step("What Obama is told of himself", "26 of 26, the same rows", lambda: _own(story, obama))
    groups = {(group["team_kind"], group["category"]): group for group in month["groups"]}
    for team, category, expected in GROUPS:
        story.step(f"{team.title()}, category {category}", expected, partial(_asked, groups[team, category]))


def _told(row: Row) -> str:
    codes = {why["code"] for day in row["days"] if day["outcome"] != "not_due" for why in day["why"]}
    return ": ".join([_share(row), *sorted(codes)])


def _share(sums: Row) -> str:
    return f"{sums['valid']} of {sums['due']}"


def _asked(group: Row) -> str:
    return f"{_share(group)}, {group['rate']} %, {group['threshold']} asked"


def _rested(row: Row) -> str:
    days = [day for day in row["days"] if REST["starts_on"] <= day["day"] <= REST["ends_on"]]
    return "; ".join(sorted({f"{day['outcome']}: {why['code']}" for day in days for why in day["why"]}))


def _own(story: Story, row: Row) -> str:
    (month,) = ok(story.cast["obama"].get("/me/attendance", month=MONTH))["items"]
    return f"{_told(month['rows'][0])}, {'the same rows' if month['rows'] == [row] else 'other rows'}"


def _rates(story: Story) -> None:
    for over, category, expected in RATES:
        title = f"The {over}, category {category}: by project; by person-day"
        story.step(title, expected, partial(_both, story, over, category))
    story.step("By which policy", "attendance-1", lambda: ", ".join(_rates_of(story, "city")[1]["policy_versions"]))
    story.step("Computed anew from the punches alone", "2 projects, 0 not as kept", lambda: _recomputed(story))


def _rates_of(story: Story, over: str) -> dict[int, Row]:
    """The rates of March over the project, the body or the city, by category."""
    scope = {f"{over}_id": story.ids[over]} if over in story.ids else {}
    items = ok(story.cast["city"].get("/attendance/rates", month=MONTH, **scope))["items"]
    return {each["category"]: each for each in items}


def _both(story: Story, over: str, category: int) -> str:
    rates = _rates_of(story, over)[category]
    percent = {each["name"]: each["percent"] for each in rates["averages"]}
    return f"{percent['over_projects']} %; {_share(rates)}, {percent['over_person_days']} %"


def _recomputed(story: Story) -> str:
    said = story.instance.command("attendance", "recompute", "--month", MONTH)
    projects, changed = re.findall(r"\d+", said)
    return f"{projects} projects, {changed} not as kept"
