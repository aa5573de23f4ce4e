"""Chapter 5: whoever is not concerned gets no data, and without a token nobody gets anything."""

from collections.abc import Callable

from demo.caller import Caller, ok, told
from demo.story import Story


def play(story: Story) -> None:
    """The same questions from the project's own office, from another's, and from nobody."""
    story.table.chapter("5. Reach: another project's office, and nobody")
    own, other = story.cast["office"], story.cast["other-office"]
    check_in, person = f"/check-ins/{story.rows['review']['id']}", f"/people/{story.ids['obama']}"
    project = f"/projects/{story.ids['project']}"
    for what, path in (("a check-in", check_in), ("a person", person), ("the project", project)):
        story.step(f"{what.capitalize()}: its own office; another's", "200; 404 not_found", _both(own, other, path))
    for what, path in (("The photo", f"{check_in}/photo"), ("His enrolments", f"{person}/enrolments")):
        story.step(f"{what}: another's office", "403 forbidden", _asked(other, path))
    story.step("All check-ins, as another's office lists them", "0 of them", lambda: f"{_count(other)} of them")
    obamas = f"/check-ins/{story.rows['obama']['id']}"
    story.step("A colleague's check-in", "404 not_found", lambda: told(story.cast["biden"].get(obamas)))
    nobody, forger = Caller(story.instance.api), Caller(story.instance.api, "not-a-token")
    story.step("Without a token", "401 token_missing", lambda: told(nobody.get("/check-ins")))
    story.step("With a made-up token", "401 token_invalid", lambda: told(forger.get("/check-ins")))


def _asked(caller: Caller, path: str) -> Callable[[], str]:
    return lambda: told(caller.get(path))


def _both(own: Caller, other: Caller, path: str) -> Callable[[], str]:
    return lambda: f"{told(own.get(path))}; {told(other.get(path))}"


def _count(caller: Caller) -> int:
    return len(ok(caller.get("/check-ins"))["items"])
