"""Series of real photos in `DIR/<person>/<image>`: which are usable, who is enrolled with which, who sends which."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from face.errors import Refusal
from face.photo import inspect

PERSONS, PHOTOS = 3, 2
MOST_ENROLLED = 5
# One photo in so many is sent by somebody else.
IMPOSTOR_EVERY = 3


class Unusable(Exception):  # noqa: N818 - it says what the folder is
    """Why a folder cannot be played, in one line."""


@dataclass(frozen=True, slots=True)
class Series:
    """One person's photos: those he is enrolled with, and the others, which are sent."""

    name: str
    enrolled: tuple[Path, ...]
    rest: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Album:
    """All that can be played, how many photos were left out, by code, and how many people with too few."""

    series: tuple[Series, ...]
    skipped: Counter[str]
    too_few: int


@dataclass(frozen=True, slots=True)
class Punch:
    """A photo of `owner` to be sent from the account of `sender`: both the same, or an impostor."""

    sender: Series
    owner: Series
    photo: Path


def read(folder: Path) -> Album:
    """Look every photo through as the API will.

    Raises:
        Unusable: no folder, or not enough people in it with photos the API takes.
    """
    if not folder.is_dir():
        raise Unusable(f"{folder} is no folder: PHOTOS names one with a folder of photos for each person")
    skipped: Counter[str] = Counter()
    people = [(each.name, list(_usable(each, skipped))) for each in _visible(folder) if each.is_dir()]
    series = tuple(divided(name, photos) for name, photos in people if len(photos) >= PHOTOS)
    if len(series) < PERSONS:
        left_out = f"; left out: {told(skipped)}" if skipped else ""
        raise Unusable(f"{folder} has {len(series)} people with {PHOTOS} usable photos, {PERSONS} are needed{left_out}")
    return Album(series, skipped, len(people) - len(series))


def told(counted: Counter[str]) -> str:
    """Codes with their numbers, the most frequent first."""
    return ", ".join(f"{count} {code}" for code, count in counted.most_common())


def divided(name: str, photos: list[Path]) -> Series:
    """At most half of the photos for the enrolment, from the whole series: neighbours in it are the most alike."""
    count = min(MOST_ENROLLED, len(photos) // 2)
    places = {at * len(photos) // count for at in range(count)}
    rest = (photo for at, photo in enumerate(photos) if at not in places)
    return Series(name, tuple(photos[at] for at in sorted(places)), tuple(rest))


def rounds(series: list[Series]) -> Iterator[list[Punch]]:
    """Every photo that is left, once: the first of everybody, then the second, an impostor's every third of them.

    The impostor is the next one in the list. Nobody's account sends more than two photos in a round.
    """
    for turn, photos in enumerate(zip_longest(*(each.rest for each in series))):
        yield [
            Punch(series[(at + _is_impostors(turn + at)) % len(series)], series[at], photo)
            for at, photo in enumerate(photos)
            if photo is not None
        ]


def _is_impostors(number: int) -> bool:
    return number % IMPOSTOR_EVERY == IMPOSTOR_EVERY - 1


def _usable(folder: Path, skipped: Counter[str]) -> Iterator[Path]:
    for path in _visible(folder):
        if not path.is_file():
            continue
        try:
            seen = inspect(path.read_bytes())
        except OSError:
            skipped["not_readable"] += 1
            continue
        if isinstance(seen, Refusal):
            skipped[seen.code] += 1
        else:
            yield path


def _visible(folder: Path) -> Iterable[Path]:
    return (each for each in sorted(folder.iterdir()) if not each.name.startswith("."))
