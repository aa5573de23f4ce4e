"""Chapter 2: where somebody is, in which datum, how exactly, and what a person decides when the machine cannot."""

from demo.album import shot
from demo.caller import Row, ok, told, verdict
from demo.places import GATE, MISTAKEN, SITE, SITE_ON_THE_MAP, Spot
from demo.story import Story


def play(story: Story) -> None:
    """Inside, outside and in between."""
    story.table.chapter("2. Where: datums, the margin, and a reviewer")
    _check_in(story, "obama", "Obama, inside by WGS-84", "accepted, counts", SITE)
    _check_in(story, "biden", "Biden, inside by GCJ-02", "accepted, counts", SITE_ON_THE_MAP)
    _check_in(story, "obama", "The GCJ-02 numbers claimed as WGS-84", "refused: outside_fence, 320 m", MISTAKEN)
    _check_in(story, "obama", "20 m outside, accuracy 45 m, margin 50 m", "review: location_uncertain, 20 m", GATE)
    story.step("Reviews: not the office's; the chief engineer's", "403 forbidden; 1 open", lambda: _reviews(story))
    story.step("The chief engineer looks at the photo", "200 image/jpeg", lambda: _photo(story))
    story.step("Decides over a version that is past", "412 version_conflict", lambda: _decide(story, -1))
    story.step("Decides over the version that is there", "200 accepted, counts", lambda: _decide(story, 0))
    story.step("The records: the machine's and the reviewer's", "review, accepted", lambda: _records(story))


def _check_in(story: Story, who: str, title: str, expected: str, spot: Spot) -> None:
    photo = shot(who)

    def act() -> str:
        row = story.rows[who] = story.punch(who, photo, spot)
        return verdict(row) + _metres(row)

    story.step(title, expected, act)


def _metres(row: Row) -> str:
    """The distance the caller is told, where there is one."""
    found = [item["data"]["distance_m"] for item in row["reasons"] if "distance_m" in item["data"]]
    return "".join(f", {metres} m" for metres in found)


def _reviews(story: Story) -> str:
    rows = ok(story.cast["chief-engineer"].get("/reviews", project_id=story.ids["project"]))["items"]
    story.rows["review"] = rows[0]
    return f"{told(story.cast['office'].get('/reviews'))}; {len(rows)} open"


def _photo(story: Story) -> str:
    answer = story.cast["chief-engineer"].get(f"/check-ins/{story.rows['review']['id']}/photo")
    return f"{told(answer)} {answer.headers['Content-Type']}"


def _decide(story: Story, behind: int) -> str:
    row = story.rows["review"]
    body = {"verdict": "accepted", "note": "Seen at the gate by the site's camera."}
    seen = row["version"] + behind
    answer = story.cast["chief-engineer"].post(f"/check-ins/{row['id']}/decide", body, seen=seen)
    return f"{told(answer)} {verdict(answer.json())}" if answer.is_success else told(answer)


def _records(story: Story) -> str:
    row = ok(story.cast["officer"].get(f"/check-ins/{story.rows['review']['id']}"))
    return ", ".join(record["verdict"] for record in row["records"])
