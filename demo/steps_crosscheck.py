"""Chapter 8, its second half: what no longer fits is found at a check-in, by night, and in a whole simulated city."""

from collections.abc import Sequence
from functools import partial

import httpx

from demo.album import small_shot
from demo.caller import Caller, ok, told, verdict
from demo.steps_face import COUNTS
from demo.steps_registries import TODAY, finding, pushed
from demo.story import Story, eventually

TOMORROW = "2026-04-16"
SUSPENDED = "certificate_suspended"


def play(story: Story) -> None:
    """From a certificate that is suspended to a city of mistakes that are all found."""
    _suspended(story)
    _leaving(story)
    _by_the_city(story)


def _suspended(story: Story) -> None:
    for title, expected, act in (
        ("The registry: Obama's class 1 is suspended", "changed", lambda: _registry(story, "suspended")),
        ("He punches: proved, counted, and found", COUNTS, lambda: _punch(story)),
        ("What opened with his check-in", "open", lambda: finding(story, SUSPENDED, "open")),
        ("Valid again, says the registry", "changed", lambda: _registry(story, "valid")),
        ("The finding", "closed", lambda: finding(story, SUSPENDED)),
    ):
        story.step(title, expected, act)


def _registry(story: Story, status: str) -> str:
    holder = {"document": {"kind": "passport", "number": "DEMO1961", "name": "Barack Obama"}}
    record = {
        "key": "c-1",
        "type": "constructor_1",
        "number": "沪1312020202100001",
        "holder": holder,
        "valid_from": "2024-07-01",
        "valid_until": "2027-06-30",
        "status": status,
        "status_from": TODAY,
        "changed_at": "2026-04-15T07:00:00+08:00",
    }
    return pushed(story, "certificates", record)


def _punch(story: Story) -> str:
    story.at(f"{TODAY}T08:00")
    return verdict(story.punch("obama", small_shot("obama")))


def _leaving(story: Story) -> None:
    for title, expected, act in (
        ("Biden works for the contractor; his number in full", "403 forbidden; 200", lambda: _unmasked(story)),
        ("He leaves: its own enterprise says so, once", "1 employment, 1 line", lambda: _left(story)),
        ("Said again", "0 employments, 0 lines", lambda: _left(story)),
        ("What is left to compare with the filing", "not_on_roster", lambda: _differences(story)),
    ):
        story.step(title, expected, act)


def _unmasked(story: Story) -> str:
    biden = story.ids["biden"]
    employed = {"unit_id": story.ids["contractor"], "starts_on": "2024-07-01"}
    ok(story.cast["officer"].post(f"/people/{biden}/employments", employed))
    why = {"reason": "identity_check"}
    asked = [story.cast[who].post(f"/people/{biden}/unmask", why) for who in ("office", "officer")]
    return "; ".join(map(told, asked))


def _left(story: Story) -> str:
    values = {"unit_id": story.ids["contractor"], "left_on": TODAY}
    left = ok(story.cast["enterprise"].post(f"/people/{story.ids['biden']}/leave", values))
    return ", ".join(_counted(left[f"{word}s"], word) for word in ("employment", "line"))


def _counted(rows: Sequence[object], word: str) -> str:
    return f"{len(rows)} {word}{'' if len(rows) == 1 else 's'}"


def _differences(story: Story) -> str:
    path = f"/projects/{story.ids['project']}/list-differences"
    rows = ok(story.cast["officer"].get(path, day=TOMORROW))["items"]
    return ", ".join(row["difference"] for row in rows if row["person_id"] == story.ids["biden"])


def _by_the_city(story: Story) -> None:
    city = story.cast["city"]
    sooner = partial(_ruled, city, TODAY)
    story.step("The city warns 60 days ahead, from today on", "422 effective_too_early", lambda: told(sooner()))
    story.step("From tomorrow on", "201", lambda: told(_ruled(city, TOMORROW)))
    story.step("The night finds Biden's post vacant", "safety_officer", lambda: _night(story))
    story.step("A city of 60 projects with mistakes planted", "all found, 0 missed, 0 false", lambda: _simulated(story))


def _ruled(city: Caller, since: str) -> httpx.Response:
    """A new version of what is asked of safety officers, in which certificates are told later."""
    (post,) = [each for each in ok(city.get("/posts", limit="100"))["items"] if each["code"] == "safety_officer"]
    fields = ("category", "certificates", "concurrency", "staffing", "binding", "warn_days")
    rule = {name: post["rule"][name] for name in fields}
    return city.post("/posts/safety_officer/rules", {**rule, "effective_from": since, "warn_days": [60, 30]})


def _night(story: Story) -> str:
    # Past the hour until which the night waits for the registries.
    story.at(f"{TOMORROW}T02:05")

    def look() -> str:
        scope = {"project_id": story.ids["project"], "rule": "post_vacant", "open": "true"}
        rows = ok(story.cast["officer"].get("/findings", **scope))["items"]
        return ", ".join(row["post_code"] for row in rows if row["post_code"] == "safety_officer")

    return eventually(look, "safety_officer")


def _simulated(story: Story) -> str:
    figures = story.instance.benchmark("crosscheck_night", "--projects", "60", "--people", "600")
    found = "all found" if figures["found"] == figures["planted"] else f"{figures['found']} of {figures['planted']}"
    return f"{found}, {figures['missed']} missed, {figures['false']} false"
