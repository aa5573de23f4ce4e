"""Series of photos for the demo: what is sent of a folder, by whom, and how it is counted."""

import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from demo.series import Album, Series, Unusable, divided, read, rounds
from demo.tally import NAME, PAUSED, Tally, fitted, lines


def picture(side: int = 200) -> bytes:
    Image.new("RGB", (side, side)).save(file := io.BytesIO(), "JPEG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three people with three photos each."""
    for person in "abc":
        (tmp_path / person).mkdir()
        for number in range(3):
            (tmp_path / person / f"{number}.jpg").write_bytes(picture())
    return tmp_path


def series(*counts: int) -> list[Series]:
    """People with no photo enrolled and so many to be sent."""
    return [
        Series(f"person {at}", (), tuple(Path(f"{at}/{number}") for number in range(count)))
        for at, count in enumerate(counts)
    ]


def test_what_the_api_would_refuse_is_left_out_and_counted(folder: Path) -> None:
    (folder / "a" / "small.jpg").write_bytes(picture(100))
    (folder / "a" / "notes.txt").write_text("no photo")
    (folder / "a" / ".hidden.jpg").write_bytes(picture())
    (folder / "a" / "more").mkdir()
    (folder / ".hidden").mkdir()
    (folder / "d").mkdir()
    (folder / "d" / "only.jpg").write_bytes(picture())
    album = read(folder)
    assert [(each.name, len(each.enrolled), len(each.rest)) for each in album.series] == [
        ("a", 1, 2),
        ("b", 1, 2),
        ("c", 1, 2),
    ]
    assert album.skipped == {"photo_too_small": 1, "not_an_image": 1}
    assert album.too_few == 1


def test_a_folder_with_too_few_people_says_what_it_lacks(folder: Path) -> None:
    for path in (folder / "a").iterdir():
        path.write_bytes(picture(100))
    with pytest.raises(
        Unusable, match=r"has 2 people with 2 usable photos, 3 are needed; left out: 3 photo_too_small$"
    ):
        read(folder)


def test_what_is_no_folder_is_named() -> None:
    with pytest.raises(Unusable, match=r"nowhere is no folder"):
        read(Path("nowhere"))


@pytest.mark.parametrize(
    ("count", "enrolled"), [(2, [0]), (3, [0]), (4, [0, 2]), (10, [0, 2, 4, 6, 8]), (50, [0, 10, 20, 30, 40])]
)
def test_the_enrolment_is_spread_over_the_series(count: int, enrolled: list[int]) -> None:
    photos = [Path(str(at)) for at in range(count)]
    whole = divided("somebody", photos)
    assert [int(path.name) for path in whole.enrolled] == enrolled
    assert sorted(whole.enrolled + whole.rest) == sorted(photos)


@given(st.lists(st.integers(0, 12), min_size=2, max_size=9))
def test_every_photo_is_sent_once_and_nobody_sends_more_than_two_at_a_time(counts: list[int]) -> None:
    people = series(*counts)
    played = list(rounds(people))
    punches = [punch for each in played for punch in each]
    assert sorted(punch.photo for punch in punches) == sorted(photo for each in people for photo in each.rest)
    assert all(punch.photo in punch.owner.rest for punch in punches)
    assert all(max(Counter(punch.sender.name for punch in each).values()) <= 2 for each in played)


def test_a_third_of_the_photos_is_an_impostors_the_next_in_the_list() -> None:
    people = series(6, 6, 6)
    punches = [punch for each in rounds(people) for punch in each]
    impostors = [punch for punch in punches if punch.sender is not punch.owner]
    assert len(impostors) == len(punches) // 3
    assert all(people.index(each.sender) == (people.index(each.owner) + 1) % 3 for each in impostors)


def test_verdicts_are_counted_by_account_with_their_reasons_and_rates() -> None:
    people = [Series(name, (Path("1"),), (Path("2"), Path("3"))) for name in ("a", "b", "c")]
    tally = Tally(enrolled={"a": 1, "b": 1, "c": 0}, cases=1)
    for state in ("accepted", "accepted", "refused"):
        tally.note("a", "genuine", state, ["low_quality too_dark"] if state == "refused" else [])
    tally.note("b", "impostor", "review", ["face_uncertain"])
    tally.note("b", "impostor", PAUSED)
    tally.problems["c"]["no_face"] += 1
    printed = list(lines(Album(tuple(people), Counter(photo_too_small=2), 4), tally))
    cells = {line.split()[0]: line.split()[1:] for line in printed[2:6]}
    assert cells["a"] == ["3", "1", "2", "0", "1", "0", "0", "0"]
    assert cells["b"] == ["3", "1", "0", "0", "0", "0", "1", "0"]
    assert cells["all"] == ["9", "2", "2", "0", "1", "0", "1", "0"]
    assert "  genuine: 3 judged, accepted 66.7 %, review 0.0 %, refused 33.3 %" in printed
    assert "    refused for 1 low_quality too_dark" in printed
    assert "  impostor: 1 judged, accepted 0.0 %, review 100.0 %, refused 0.0 %" in printed
    assert "  identity cases 1, pauses 1" in printed
    assert "  c: enrolment refused for 1 no_face; then enrolled with 0 photos" in printed
    assert "  people left out, with fewer than two usable photos: 4" in printed


@pytest.mark.parametrize(
    ("name", "kept"),
    [("s1", "s1"), ("a" * 30, "a" * NAME), ("陈立项" * 5, "陈立项" * 4), ("a" + "陈" * 20, "a" + "陈" * 11)],
)
def test_a_name_is_cut_and_filled_to_the_width_of_its_column(name: str, kept: str) -> None:
    wide = sum(character in "陈立项" for character in fitted(name))
    assert (fitted(name).strip(), len(fitted(name)) + wide) == (kept, NAME)
