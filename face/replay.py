"""Whether a photo is an earlier photo again: a fingerprint of its fine detail, laid over the face by its landmarks.

Measured on 45 portraits with 140 copies of each kind, YuNet's landmarks found anew in every copy and moved by another
1 % of the eye distance; the share of copies found:

* compressed to JPEG quality 40 to 95: 100 %; resized to 0.4: 100 %, by 0.4 to 1.5: 100 %
* cropped by 8 % on one side: 99 %; by up to 4 % on all: 96-99 %; by up to 8 % on all: 95 %; by 8 % on all: 90 %, but
  80 % of the copies of the five large portraits (the other 40 are grey, 92 x 112 pixels, and enlarged)
* cropped by up to 8 %, resized and compressed at once: 96-98 %; with 2 % of jitter a figure falls by up to 3 points

Against it, different photos found to be one:

* of two persons in one studio: none of 78 000 pairs, the nearest 33 bits apart
* of one person on different occasions: none of 3 pairs, the nearest 99 bits apart, which is too few to give a rate
* of one person within seconds in one seat: 4.7 % of 1800 pairs, so frames of one burst are not to be compared
* a portrait turned, cropped and lit anew: 21 % of 1500 pairs; 89 % if tilted alike within a degree, none beyond three

The limit and the grid were chosen on these same pictures, so the rates are somewhat better than new pictures will give.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

# Of 256. Above the figures of nearly all copies, and well below 33, the nearest of 78 000 pairs of different persons.
SAME_PHOTO_BITS = 20

# The region's side in units of the landmarks' spread: about 1.7 times the face's width, so that hair and collar count.
# A sixth more found no more copies.
_REGION = 6.0
_CELLS = 64
# Detail is what lies between these two blurs, in cells: finer is lost in a JPEG, coarser is the same in every photo.
_FINE, _COARSE = 1, 4
# Grey levels of 255 below which a detail's sign is the noise of compression.
_NOISE = 1.0
# A detector's next run on a cropped copy moves the region by up to 4 cells and changes its size by up to 6 %.
_ZOOMS = np.linspace(0.94, 1.06, 9)
_SHIFTS = range(-_COARSE, _COARSE + 1)
# Where the rough look looks: a zoom in between is at most 2 % away, but detail is only a cell wide.
_ROUGH_ZOOMS, _ROUGH_ROWS, _CANDIDATES = np.array([0.96, 1.0, 1.04]), 8, 4
# Fewer cells known in both than a tenth say nothing.
_LEAST = _CELLS * _CELLS // 10

_Plane = npt.NDArray[np.bool_]
_Words = npt.NDArray[np.uint64]


def fingerprint(image: Image.Image, landmarks: npt.NDArray[np.floating]) -> bytes:
    """The 1024 bytes that know this photo again when it was compressed, resized or cropped.

    `landmarks` has shape (5, 2), pixels of the upright RGB `image`. A head's tilt is left in: a photo turned by more
    than a degree or two is another photo. First come 64 x 64 signs, then the cells in which they are known, which
    leaves out what lies outside of the picture. The face can be sketched from it: it is to be kept like a photo.
    """
    grey, inside = _region(image, landmarks)
    margin = _COARSE - _FINE
    detail = _blurred(grey, _FINE)[margin:-margin, margin:-margin] - _blurred(grey, _COARSE)
    known = (_blurred(inside, _COARSE) == 1) & (np.abs(detail) >= _NOISE)
    planes = np.pad(np.stack([(detail > 0) & known, known]), ((0, 0), (_COARSE, _COARSE), (_COARSE, _COARSE)))
    return np.packbits(planes).tobytes()


def bits_apart(one: bytes, other: bytes) -> int:
    """How many of 256 signs differ where the two fingerprints fit best; 256 if they share too few to tell.

    Up to SAME_PHOTO_BITS it is the same photo. Exchanging the two changes the number by a few bits at most, since one
    of them is zoomed.

    Raises:
        ValueError: one is no fingerprint.
    """
    return int(_apart(_placed(one, _ZOOMS), _words([other]))[0])


def same_photo(mark: bytes, earlier: Sequence[bytes]) -> tuple[int, int] | None:
    """Which of `earlier` is the same photo as `mark`, by index, and how many bits apart; None if none is.

    A rough look, at every eighth row and a third of the zooms, leaves the few that are then compared exactly. Among 40
    variants of one portrait, more alike than real photos, it led to what `bits_apart` finds in all of 120 trials, and
    with every second shift left out in 111. Takes about 5 ms for 500 marks.

    Raises:
        ValueError: one is no fingerprint.
    """
    if not earlier:
        return None
    words = _words(earlier)
    rough = _apart(_placed(mark, _ROUGH_ZOOMS)[..., ::_ROUGH_ROWS], words[..., ::_ROUGH_ROWS])
    nearest = np.argsort(rough)[:_CANDIDATES]
    apart = _apart(_placed(mark, _ZOOMS), words[:, nearest])
    best = int(apart.argmin())
    return (int(nearest[best]), int(apart[best])) if apart[best] <= SAME_PHOTO_BITS else None


def _region(
    image: Image.Image, landmarks: npt.NDArray[np.floating]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Grey levels of the region's cells, and the part of each that lies inside of the picture."""
    centre = landmarks.mean(axis=0)
    half = _REGION / 2 * float(np.sqrt(((landmarks - centre) ** 2).sum(axis=1).mean()))
    left, top, right, bottom = edges = np.concatenate([centre - half, centre + half])
    frame = (int(left // 1), int(top // 1), int(right // 1) + 1, int(bottom // 1) + 1)
    box = tuple(edges - np.tile(frame[:2], 2))
    layers = (image.convert("L"), Image.new("L", image.size, 1))
    cells = (layer.crop(frame).convert("F").resize((_CELLS, _CELLS), Image.Resampling.BOX, box) for layer in layers)
    grey, inside = (np.asarray(each, dtype=np.float32) for each in cells)
    return grey, inside


def _blurred(cells: npt.NDArray[np.float32], radius: int) -> npt.NDArray[np.float32]:
    """The mean of the square around each cell whose square lies inside of the array."""
    side = 2 * radius + 1
    windows = np.lib.stride_tricks.sliding_window_view(cells, (side, side))
    return np.asarray(windows.mean(axis=(2, 3)))


def _planes(mark: bytes) -> _Plane:
    """Signs and known cells, shape (2, 64, 64)."""
    return np.unpackbits(np.frombuffer(mark, np.uint8)).reshape(2, _CELLS, _CELLS).astype(np.bool_)


def _zoomed(planes: _Plane, factor: float) -> _Plane:
    """The planes seen `factor` times as wide a region; an empty frame keeps shifted rows from running into others."""
    middle = (_CELLS - 1) / 2
    source = np.rint((np.arange(_CELLS) - middle) * factor + middle).astype(int).clip(0, _CELLS - 1)
    zoomed = np.zeros_like(planes)
    core = slice(_COARSE, -_COARSE)
    zoomed[:, core, core] = planes[:, source[core, None], source[core]]
    return zoomed


def _words(marks: Sequence[bytes]) -> _Words:
    """One word a row of cells, (2, marks, 64): signs, and where they are known."""
    return np.stack([np.frombuffer(mark, ">u8").reshape(2, _CELLS) for mark in marks], axis=1).astype(np.uint64)


def _placed(mark: bytes, zooms: npt.NDArray[np.float64]) -> _Words:
    """A fingerprint in every place in which it might fit another, (2, places, 64)."""
    zoomed = _words([np.packbits(_zoomed(_planes(mark), zoom)).tobytes() for zoom in zooms])
    down = np.stack([np.roll(zoomed, shift, axis=-1) for shift in _SHIFTS], axis=2)
    across = [down >> np.uint64(shift) if shift > 0 else down << np.uint64(-shift) for shift in _SHIFTS]
    return np.stack(across, axis=2).reshape(2, -1, _CELLS)


def _apart(placed: _Words, others: _Words) -> npt.NDArray[np.float64]:
    """For each of `others`, (2, n, rows), the signs of 256 that differ in the place that fits it best, (n,)."""
    compared = np.zeros((placed.shape[1], others.shape[1]), np.uint16)
    differing = np.zeros_like(compared)
    # A row at a time, which is three times as fast as adding up along rows afterwards.
    for row in range(placed.shape[2]):
        (signs, known), (other_signs, other_known) = placed[:, :, None, row], others[:, None, :, row]
        both = known & other_known
        compared += np.bitwise_count(both)
        differing += np.bitwise_count((signs ^ other_signs) & both)
    enough = compared >= _LEAST * placed.shape[2] // _CELLS
    bits = np.rint(256.0 * differing / np.maximum(compared, 1))
    return np.asarray(np.where(enough, bits, 256).min(axis=0))
