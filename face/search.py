"""Find the templates nearest to a vector, and all pairs that lie near each other, by Euclidean distance."""

from collections.abc import Callable, Hashable, Iterable, KeysView, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Key = TypeVar("Key", bound=Hashable)
Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

# Pairs measured at once: two float32 copies and a float64 difference of 256 numbers take 4 KB a pair, 16 MB in all.
_AT_ONCE = 4096
# Above this squared length sums of products could leave float32; it bounds what is no number and infinity, too.
_TOO_LONG = 1e36


@dataclass(frozen=True, slots=True)
class Hit(Generic[Key]):
    """A template that was found and its Euclidean distance."""

    key: Key
    distance: float


class Index(Generic[Key]):
    """Vectors of `length` float32 numbers under keys, searched exactly. Not for many threads at once.

    One matrix product ranks all rows. Its rounding could exchange neighbours, so every row that might be among the
    nearest is measured again by subtraction; on real templates that is hardly a row more than asked for.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self._slots: dict[Key, int] = {}
        self._keys: list[Key] = []
        self._rows: Vectors = np.empty((0, length), np.float32)
        self._squared: Vectors = np.empty(0, np.float32)

    def __len__(self) -> int:
        return len(self._keys)

    def keys(self) -> KeysView[Key]:
        """The keys held now, as a live view in no particular order."""
        return self._slots.keys()

    def vectors(self, keys: Sequence[Key]) -> Vectors:
        """A copy of the vectors of these keys, (len(keys), length); KeyError for one that is not held."""
        return self._rows[[self._slots[key] for key in keys]]

    def put(self, keys: Sequence[Key], vectors: npt.ArrayLike) -> None:
        """Add or replace; `vectors` has shape (len(keys), length). Of a key given twice the last vector stays.

        Raises:
            ValueError: another shape, or a number that is not finite; nothing was put then.
        """
        rows, squared = _measured(vectors, (len(keys), self.length))
        for key in keys:
            if key not in self._slots:
                self._slots[key] = len(self._keys)
                self._keys.append(key)
        self._reserve(len(self._keys))
        slots = [self._slots[key] for key in keys]
        self._rows[slots], self._squared[slots] = rows, squared

    def drop(self, keys: Iterable[Key]) -> None:
        """Forget these; keys that are not held are passed over."""
        for key in keys:
            slot = self._slots.pop(key, None)
            if slot is None:
                continue
            last, moved = len(self._keys) - 1, self._keys.pop()
            if slot != last:
                self._rows[slot], self._squared[slot] = self._rows[last], self._squared[last]
                self._keys[slot], self._slots[moved] = moved, slot
            # What was dropped is a face's data and must not linger in the spare rows.
            self._rows[last] = 0

    def nearest(self, query: npt.ArrayLike, k: int = 2, among: Iterable[Key] | None = None) -> list[Hit[Key]]:
        """The `k` nearest templates, nearest first, fewer if there are fewer; `query` has shape (length,).

        With `among` only those keys are looked at, at a cost that depends on their number alone; keys that are not
        held are passed over. Equal distances come in no particular order.

        Raises:
            ValueError: another shape, or a number that is not finite.
        """
        vector, squared = _measured(query, (self.length,))
        slots = self._candidates(vector, float(squared), k) if among is None else self._slots_of(among)
        found = distances(self._rows, vector[np.newaxis], slots, np.zeros_like(slots))
        return [Hit(self._keys[slots[at]], float(found[at])) for at in np.argsort(found, kind="stable")[:k]]

    def _candidates(self, vector: Vectors, squared: float, k: int) -> Positions:
        """All slots whose distance may be among the `k` smallest."""
        count = len(self._keys)
        if k >= count:
            return np.arange(count)
        held = self._squared[:count]
        scores = held - 2 * (self._rows[:count] @ vector)
        limit = np.partition(scores, k - 1)[k - 1] + 2 * _slack(self.length, max(squared, float(held.max())))
        return np.flatnonzero(scores <= limit)

    def _slots_of(self, keys: Iterable[Key]) -> Positions:
        return np.array(sorted({self._slots[key] for key in keys if key in self._slots}), np.intp)

    def _reserve(self, count: int) -> None:
        """Make room for `count` rows, at least half as many again, so that adding one by one copies little."""
        held = len(self._rows)
        if count <= held:
            return
        rows, squared = self._rows, self._squared
        room = max(count, held + held // 2)
        self._rows, self._squared = np.empty((room, self.length), np.float32), np.empty(room, np.float32)
        self._rows[:held], self._squared[:held] = rows, squared


def distances(left: Vectors, right: Vectors, i: Positions, j: Positions) -> Floats:
    """The Euclidean distance of `left[i]` and `right[j]` for each of the (m,) positions, by subtraction, shape (m,)."""
    found = np.empty(len(i))
    for at in range(0, len(i), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        gaps = np.subtract(left[i[part]], right[j[part]], dtype=np.float64)
        found[part] = np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
    return found


def pairs_within(
    vectors: npt.ArrayLike,
    limit: float,
    *,
    most: int | None = None,
    block: int = 1024,
    progress: Callable[[int], None] | None = None,
) -> tuple[Positions, Floats]:
    """All pairs i < j no farther apart than `limit`: positions of shape (m, 2) and distances (m,), nearest first.

    `vectors` has shape (n, length). Of more than `most` pairs the nearest are given; never much more than twice as
    many are held. Blocks of `block` rows are multiplied with each other; `progress` is told after each row of blocks
    how many vectors are done.

    Raises:
        ValueError: not two-dimensional, or a number that is not finite.
    """
    rows, squared = _measured(vectors, (*np.shape(vectors), 0)[:2])
    half = squared * np.float32(0.5)
    slack = _slack(rows.shape[1], float(squared.max(initial=0)))
    pairs, gaps, held = [np.empty((0, 2), np.intp)], [np.empty(0)], 0
    for top in range(0, len(rows), block):
        for left in range(top, len(rows), block):
            i, j = _near(rows, half, (limit * limit + slack) / 2, (top, left, block))
            found = distances(rows, rows, i, j)
            kept = found <= limit
            pairs.append(np.column_stack((i, j))[kept])
            gaps.append(found[kept])
            held += len(gaps[-1])
            if most is not None and held > 2 * most:
                nearest, apart = _ranked(pairs, gaps, most)
                pairs, gaps, held, limit = [nearest], [apart], most, float(apart[-1])
        if progress:
            progress(min(top + block, len(rows)))
    return _ranked(pairs, gaps, most)


def _ranked(pairs: Sequence[Positions], gaps: Sequence[Floats], most: int | None) -> tuple[Positions, Floats]:
    """All of these pairs and their distances, nearest first, of more than `most` the nearest."""
    every, apart = np.concatenate(pairs), np.concatenate(gaps)
    order = np.lexsort((every[:, 1], every[:, 0], apart))[:most]
    return every[order], apart[order]


def _near(rows: Vectors, half: Vectors, reach: float, tile: tuple[int, int, int]) -> tuple[Positions, Positions]:
    """The pairs i < j of one tile whose squared distance, as products give it, is at most twice `reach`."""
    top, left, block = tile
    down, across = slice(top, top + block), slice(left, left + block)
    # Half the squared distance is (a.a + b.b) / 2 - a.b; each side of the comparison carries one of the squares.
    products = rows[down] @ rows[across].T
    products -= half[across]
    i, j = np.nonzero(products >= (half[down] - reach)[:, np.newaxis])
    once = i + top < j + left
    return i[once] + top, j[once] + left


def _measured(vectors: npt.ArrayLike, shape: tuple[int, ...]) -> tuple[Vectors, Vectors]:
    """The vectors as float32 and their squared lengths, if they have that shape and finite lengths."""
    with np.errstate(over="ignore"):
        made = np.asarray(vectors, dtype=np.float32)
    if made.shape != shape:
        raise ValueError(f"the vectors have shape {made.shape}, not {shape}")
    squared = np.einsum("...i,...i->...", made, made)
    if not (squared < _TOO_LONG).all():
        raise ValueError("a vector holds a number that is not finite, or is too long")
    return made, squared


def _slack(length: int, squared: float) -> float:
    """How far rounding may move a squared distance computed from products, no squared length being over `squared`.

    Each product and each square is a sum of `length` terms, every one off by at most half an epsilon of the whole.
    """
    return 2 * (length + 8) * float(np.finfo(np.float32).eps) * squared
