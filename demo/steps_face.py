"""Chapter 3: who is in the photo, what the caller learns of it, and a punch that counts once its line is in force."""

from collections.abc import Iterator
from datetime import timedelta

from demo.album import shot, together, view
from demo.caller import ok, told, verdict
from demo.photos import portrait, saved_anew
from demo.steps_people import put_on_roster
from demo.steps_setup import STARTED
from demo.story import Story, eventually

COUNTS = "accepted, counts"
PAUSE = timedelta(minutes=3)


def play(story: Story) -> None:
    """The wrong face, too many, none, an old one; and the right one in another photo."""
    story.table.chapter("3. Who: faces, photos, and the roster")
    _check_in(story, "Somebody else's photo", "refused: face_mismatch", shot("biden"), keep="mismatch")
    story.step("What Obama learns of it: numbers about the face", "0 numbers", lambda: _learned(story))
    story.step("What the body's record says of it", "distance above the limit", lambda: _recorded(story))
    _check_in(story, "Two faces", "refused: many_faces", together("obama", "biden"))
    _check_in(story, "A landscape", "refused: no_face", view())
    photo = portrait("obama2")
    _check_in(story, "Obama in another photograph", COUNTS, photo)
    _check_in(story, "The very same photo again", "refused: photo_reused", photo)
    _check_in(story, "And in a third one", COUNTS, portrait("obama3"))
    _check_in(story, "The same photo, cropped and compressed again", "refused: photo_reused", saved_anew(photo))
    story.step(
        "A sixth at once: five were refused for the face", "429 check_in_paused, 3 minutes", lambda: _paused(story)
    )
    story.step("Three minutes later", COUNTS, lambda: _rested(story))
    story.step("A text named photo.jpg", "422 not_an_image", lambda: _no_image(story))
    _roster(story)


def _check_in(story: Story, title: str, expected: str, photo: bytes, keep: str = "last") -> None:
    def act() -> str:
        row = story.rows[keep] = story.punch("obama", photo)
        return verdict(row)

    story.step(title, expected, act)


def _paused(story: Story) -> str:
    answer = story.cast["obama"].punch(story.claim(), shot("obama"))
    return f"{told(answer)}, {answer.json()['errors'][0]['data']['minutes']} minutes"


def _rested(story: Story) -> str:
    ok(story.cast["city"].put("/clock", {"now": (story.now() + PAUSE).isoformat()}))
    return verdict(story.punch("obama", shot("obama")))


def _roster(story: Story) -> None:
    photo = shot("collins")

    def punch() -> str:
        row = story.rows["collins"] = story.punch("collins", photo)
        return verdict(row)

    def again() -> str:
        path = f"/check-ins/{story.rows['collins']['id']}"
        return eventually(lambda: verdict(ok(story.cast["collins"].get(path))), COUNTS)

    story.step("Collins, on no roster: kept, does not count", "accepted, not_on_roster", punch)
    title = "Her line comes into force"
    story.step(title, "in_force", lambda: put_on_roster(story, "collins", "quality_officer"))
    story.step("The same punch, counted anew", COUNTS, again)
    story.step("The client ends her line with this day", f"ended, {STARTED}", lambda: _ended(story))


def _ended(story: Story) -> str:
    client = story.cast["client"]
    (line,) = ok(client.get("/roster-lines", person_id=story.ids["collins"]))["items"]
    ended = ok(client.post(f"/roster-lines/{line['id']}/end", {"ends_on": STARTED}, seen=line["version"]))
    return f"{ended['state']}, {ended['ends_on']}"


def _learned(story: Story) -> str:
    row = ok(story.cast["obama"].get(f"/check-ins/{story.rows['mismatch']['id']}"))
    numbers = list(_numbers(row))
    return f"{len(numbers)} numbers" if row == story.rows["mismatch"] else "another answer than before"


def _numbers(value: object) -> Iterator[float]:
    """Every number in an answer, at whatever depth; True and False are none."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _numbers(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def _recorded(story: Story) -> str:
    row = ok(story.cast["officer"].get(f"/check-ins/{story.rows['mismatch']['id']}"))
    face = row["records"][0]["record"]["face"]
    return f"distance {'above' if face['distance'] > face['refuse'] else 'within'} the limit"


def _no_image(story: Story) -> str:
    return told(story.cast["obama"].punch(story.claim(), b"This is a text."))
