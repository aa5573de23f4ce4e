"""Chapter 4: answers that get lost and processes that get killed; nothing is lost, nothing is judged twice."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil

from demo.album import large_shot, shot
from demo.caller import Row, Unexpected, ok, told, verdict
from demo.pause import resume, suspend, suspended
from demo.places import SITE_ON_THE_MAP
from demo.story import Story, eventually

# Shorter than any photo takes, so that a worker cannot begin and end one between two looks.
SLICE_S = 0.03
TRIES = 8


def play(story: Story) -> None:
    """The phone's side first, then ours."""
    story.table.chapter("4. Faults: lost answers, killed workers, killed Redis")
    _lost_answer(story)
    photo, here = shot("obama"), story.claim()
    story.step("Sent twice at the same instant", "200 and 202, 1 check-in", lambda: _at_once(story, photo, here))
    there = story.claim(SITE_ON_THE_MAP, ref=here["client_ref"])
    reused = "422 client_ref_reused"
    story.step("That reference again, another position", reused, lambda: told(story.cast["obama"].punch(there, photo)))
    worker_killed = "accepted, attempts 2, 1 record"
    story.step("12 megapixels; all workers killed in mid-photo", worker_killed, lambda: _workers_killed(story))
    redis_killed = "accepted, attempts 1, 1 record"
    story.step("Redis killed between receipt and verification", redis_killed, lambda: _redis_killed(story))
    story.step("All check-ins so far, in the end", "0 twice, 0 waiting", lambda: _all_once(story))


def _lost_answer(story: Story) -> None:
    photo, here = shot("obama"), story.claim()
    obama, ref = story.cast["obama"], here["client_ref"]

    def lose() -> str:
        try:
            return told(obama.punch(here, photo, read_s=0.001))
        except httpx.ReadTimeout:
            return eventually(lambda: f"{len(story.sent_as('obama', ref))} check-in", "1 check-in")

    def again() -> str:
        answer = obama.punch(here, photo, wait_s=10)
        return f"{told(answer)}, {len(story.sent_as('obama', ref))} check-in"

    story.step("The phone hangs up before the answer", "1 check-in", lose)
    story.step("And sends the same again", "200, 1 check-in", again)


def _at_once(story: Story, photo: bytes, here: Row) -> str:
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: story.cast["obama"].punch(here, photo), range(2)))
    rows = story.sent_as("obama", here["client_ref"])
    return f"{' and '.join(sorted(told(answer) for answer in answers))}, {len(rows)} check-in"


def _workers_killed(story: Story) -> str:
    for _ in range(TRIES):
        photo = large_shot("biden")
        workers = story.instance.parts.workers()
        with suspended(workers):
            row = ok(story.cast["biden"].punch(story.claim(), photo))
            if _begun(story, row, workers):
                for worker in workers:
                    worker.kill()
                return _outcome(story, row)
    raise Unexpected(f"no worker could be caught in {TRIES} photos")


def _begun(story: Story, row: Row, workers: list[psutil.Process]) -> bool:
    """Let the workers run slice by slice until one has begun the photo; False when it was judged unnoticed."""
    while (seen := ok(story.cast["officer"].get(f"/check-ins/{row['id']}")))["state"] == "received":
        if seen["attempts"]:
            return True
        resume(workers)
        time.sleep(SLICE_S)
        suspend(workers)
    return False


def _redis_killed(story: Story) -> str:
    photo = shot("biden")
    with suspended(story.instance.parts.workers()):
        row = ok(story.cast["biden"].punch(story.claim(), photo))
        # What it held is gone: this instance's Redis writes nothing to disk.
        story.instance.parts.redis().kill()
        if ok(story.cast["officer"].get(f"/check-ins/{row['id']}"))["state"] != "received":
            raise Unexpected("judged although every worker was suspended")
    return _outcome(story, row)


def _outcome(story: Story, row: Row) -> str:
    """The verdict as the body sees it, how often a worker began, and how often it was decided."""
    seen = story.cast["officer"].judged(row)
    seen = ok(story.cast["officer"].get(f"/check-ins/{seen['id']}"))
    outcome = "accepted" if seen["state"] == "accepted" else verdict(seen)
    return f"{outcome}, attempts {seen['attempts']}, {len(seen['records'])} record"


def _all_once(story: Story) -> str:
    """How many have more or fewer records than one, beside the reviewer's second one, and how many have no verdict."""
    officer = story.cast["officer"]
    listed = ok(officer.get("/check-ins", limit="200"))["items"]
    rows = [ok(officer.get(f"/check-ins/{row['id']}")) for row in listed]
    odd = [row for row in rows if len(row["records"]) != 1 + (row["id"] == story.rows["review"]["id"])]
    waiting = [row for row in rows if row["state"] == "received"]
    return f"{len(odd)} twice, {len(waiting)} waiting"
