"""The parts of the demo that could make it say something wrong; the story itself is run by `make demo`."""

from typing import Any

import pytest

from demo import instance
from demo.album import shot
from demo.caller import verdict
from demo.story import Broken, Story
from demo.table import Table


def row(state: str, *, counts: bool | None, against: tuple[str, ...] = (), reasons: tuple[str, ...] = ()) -> Any:
    coded = ({"reasons": reasons, "counting_reasons": against}).items()
    return {"state": state, "counts": counts, **{name: [{"code": code} for code in codes] for name, codes in coded}}


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (row("accepted", counts=True), "accepted, counts"),
        (row("accepted", counts=False, against=("outside_window",)), "accepted, outside_window"),
        (
            row("accepted", counts=False, against=("not_on_roster", "outside_window")),
            "accepted, not_on_roster, outside_window",
        ),
        (row("accepted", counts=False), "accepted, "),
        (row("refused", counts=False, reasons=("no_face", "outside_fence")), "refused: no_face, outside_fence"),
    ],
)
def test_a_verdict_is_told_whole(seen: Any, text: str):
    assert verdict(seen) == text


def test_a_difference_is_counted_and_an_error_ends_the_story(capsys: pytest.CaptureFixture[str]):
    table = Table()
    story = Story(instance=None, table=table)  # type: ignore[arg-type] - no step here needs one
    story.step("as expected", "200", lambda: "200")
    story.step("different", "200", lambda: "404 not_found")
    with pytest.raises(Broken):
        story.step("an error", "200", lambda: {}["missing"])
    assert table.summary().startswith("3 steps, 2 differences, ")
    printed = capsys.readouterr().out
    assert printed.count("✓") == 1
    assert printed.count("✗") == 2


def test_the_instance_gets_none_of_the_settings_of_the_shell(monkeypatch: pytest.MonkeyPatch):
    for name in ("DATABASE_URL", "REDIS_URL", "WECHAT_BASE_URL", "DAOGANG_KEYS", "DAOGANG_LEASE_S", "DAOGANG_CLOCK"):
        monkeypatch.setenv(name, "somebody's")
    assert "somebody's" not in instance._environment().values()


def test_no_two_photos_are_the_same():
    assert shot("obama") != shot("obama")
