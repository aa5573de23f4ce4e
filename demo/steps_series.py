"""A series of real photos: people of a folder are enrolled and check in, as themselves and as each other."""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from demo.caller import VERDICT_S, Row, Unexpected, ok, told
from demo.people import bind_phone, register
from demo.series import Album, Punch, Series, rounds
from demo.steps_people import put_on_roster
from demo.story import Story
from demo.tally import PAUSED, Tally, lines

# So far apart that five failures never come within three minutes; three tries may still come within ten.
BETWEEN = timedelta(minutes=4)
PAGE = "200"


def play(story: Story, album: Album) -> None:
    """Enrol everybody, send what is left, and print what came of it; no verdict is a wrong one here."""
    story.table.chapter("2. A series of real photos: what a face comes to is counted, and fails nothing")
    tally, people = Tally(), album.series
    story.step("The office registers them, on the roster", f"{len(people)} in force", lambda: _people(story, people))
    decided = f"{len(people)} decided"
    story.step("The officer enrols them, up to 5 photos each", decided, lambda: _enrolments(story, people, tally))
    senders = [each for each in people if tally.enrolled[each.name]]
    for turn, punches in enumerate(rounds(senders), start=1):
        story.step(f"Round {turn} of check-ins", f"{len(punches)} answered", partial(_round, story, punches, tally))
    story.step("Who may be somebody else, as the officer sees it", "counted", lambda: _cases(story, tally))
    print("", *lines(album, tally), sep="\n", flush=True)


def _people(story: Story, people: Sequence[Series]) -> str:
    in_force = 0
    for number, each in enumerate(people, start=1):
        # A folder's name is for its owner: the instance knows these people by numbers.
        story.ids[each.name] = register(story.cast["office"], f"Series {number}", f"SERIES{number:05d}")
        in_force += put_on_roster(story, each.name, "quality_officer") == "in_force"
        user = f"series-{number}"
        story.cast[each.name] = bind_phone(story.instance, story.cast["officer"], story.ids[each.name], user)
    return f"{in_force} in force"


def _enrolments(story: Story, people: Sequence[Series], tally: Tally) -> str:
    for each in people:
        tally.enrolled[each.name] = _enrol(story, each, tally)
    return f"{len(tally.enrolled)} decided"


def _enrol(story: Story, series: Series, tally: Tally) -> int:
    """With how many photos somebody is enrolled: if refused, without those that are named, as long as some are left."""
    photos = list(series.enrolled)
    while photos:
        row = _enrolment(story, series, photos)
        if row["state"] != "refused":
            break
        tally.problems[series.name].update(map(_named, row["problems"]))
        blamed = {problem["photo"] for problem in row["problems"]}
        left = [photo for at, photo in enumerate(photos, start=1) if at not in blamed]
        photos = left if len(left) < len(photos) else []
    return len(photos)


def _enrolment(story: Story, series: Series, photos: Sequence[Path]) -> Row:
    form = {"client_ref": f"desk-{uuid4()}", "consents": ["face", "location"], "notice_version": "2026-01"}
    officer = story.cast["officer"]
    row: Row = ok(officer.enrol(story.ids[series.name], form, [photo.read_bytes() for photo in photos]))
    until = time.monotonic() + VERDICT_S
    while row["state"] == "received":
        if time.monotonic() > until:
            raise Unexpected(f"no enrolment within {VERDICT_S:.0f} s")
        time.sleep(0.05)
        row = ok(officer.get(f"/enrolments/{row['id']}"))
    return row


def _round(story: Story, punches: Sequence[Punch], tally: Tally) -> str:
    ok(story.cast["city"].put("/clock", {"now": (story.now() + BETWEEN).isoformat()}))
    for punch in punches:
        _send(story, punch, tally)
    return f"{len(punches)} answered"


def _send(story: Story, punch: Punch, tally: Tally) -> None:
    sender, kind = story.cast[punch.sender.name], "genuine" if punch.sender is punch.owner else "impostor"
    answer = sender.punch(story.claim(), punch.photo.read_bytes(), wait_s=5)
    if told(answer) == "429 check_in_paused":
        tally.note(punch.sender.name, kind, PAUSED)
        return
    row = sender.judged(ok(answer))
    tally.note(punch.sender.name, kind, row["state"], map(_named, row["reasons"]))


def _named(reason: Row) -> str:
    """A reason's code; of a bad photo also what is bad about it."""
    why = reason["data"].get("reason")
    return f"{reason['code']} {why}" if why else str(reason["code"])


def _cases(story: Story, tally: Tally) -> str:
    query = {"limit": PAGE}
    while True:
        page = ok(story.cast["officer"].get("/identity-cases", **query))
        tally.cases += len(page["items"])
        if page["next"] is None:
            return "counted"
        query["cursor"] = page["next"]
