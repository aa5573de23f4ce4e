"""What came of series of real photos, counted by person, and printed as a table with its rates."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from unicodedata import east_asian_width

from demo.series import Album, Series, told

STATES = ("accepted", "review", "refused")
PAUSED = "paused"
KINDS = ("genuine", "impostor")
NAME, NUMBER = 24, 9
# Where the API's limit on a photo asks for something that the operator can do.
SMALL = "photo_too_small: the API takes no side under 160 pixels; enlarge them first"


@dataclass
class Tally:
    """Counts; an impostor's photo counts for the person from whose account it was sent."""

    enrolled: dict[str, int] = field(default_factory=dict)
    #: By account, kind and state.
    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    #: By kind, state and code.
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    #: What enrolments were refused for, by person.
    problems: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    cases: int = 0

    def note(self, account: str, kind: str, state: str, codes: Iterable[str] = ()) -> None:
        """One verdict, or PAUSED."""
        self.outcomes[account, kind, state] += 1
        self.reasons.update((kind, state, code) for code in codes)

    def of(self, kind: str, state: str) -> int:
        """A kind's total."""
        return sum(count for (_, *key), count in self.outcomes.items() if key == [kind, state])


def lines(album: Album, tally: Tally) -> Iterator[str]:
    """The table, the reasons behind what was not accepted, and the rates."""
    names = [f"{kind} {state}" for kind in KINDS for state in STATES]
    yield _line("", "", "", *(name.split()[0] for name in names))
    yield _line("person", "photos", "enrolled", *(name.split()[1] for name in names))
    for each in album.series:
        yield _line(
            each.name,
            _photos(each),
            tally.enrolled.get(each.name, 0),
            *(tally.outcomes[each.name, kind, state] for kind in KINDS for state in STATES),
        )
    totals = (tally.of(kind, state) for kind in KINDS for state in STATES)
    yield _line("all", sum(map(_photos, album.series)), sum(tally.enrolled.values()), *totals)
    yield ""
    yield from _rates(tally)
    yield f"  identity cases {tally.cases}, pauses {sum(tally.of(kind, PAUSED) for kind in KINDS)}"
    yield from _left_out(album, tally)


def _rates(tally: Tally) -> Iterator[str]:
    for kind in KINDS:
        counts = [tally.of(kind, state) for state in STATES]
        judged = sum(counts)
        shares = ", ".join(
            f"{state} {100 * count / max(1, judged):.1f} %" for state, count in zip(STATES, counts, strict=True)
        )
        yield f"  {kind}: {judged} judged, {shares}"
        for state in ("refused", "review"):
            codes = Counter({code: count for (*key, code), count in tally.reasons.items() if key == [kind, state]})
            if codes:
                yield f"    {state} for {told(codes)}"


def _left_out(album: Album, tally: Tally) -> Iterator[str]:
    for name, problems in tally.problems.items():
        yield f"  {name}: enrolment refused for {told(problems)}; then enrolled with {tally.enrolled[name]} photos"
    if album.skipped:
        yield f"  photos left out: {told(album.skipped)}"
    if "photo_too_small" in album.skipped:
        yield f"    {SMALL}"
    if album.too_few:
        yield f"  people left out, with fewer than two usable photos: {album.too_few}"


def _photos(series: Series) -> int:
    return len(series.enrolled) + len(series.rest)


def _line(name: str, *cells: object) -> str:
    return f"  {fitted(name)}{''.join(f'{cell:>{NUMBER}}' for cell in map(str, cells))}"


def fitted(name: str) -> str:
    """A name cut and filled to its column; a Chinese character is as wide as two others."""
    kept, room = "", NAME
    for character in name:
        room -= 2 if east_asian_width(character) in "WF" else 1
        if room < 0:
            return kept + " " * (room + 2 if east_asian_width(character) in "WF" else 0)
        kept += character
    return kept + " " * room
