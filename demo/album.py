"""The photos the story takes: every one is new, so that an enrolment and a probe never share bytes."""

import io
from itertools import count

from PIL import Image

from demo.photos import landscape, portrait, side_by_side, variant

_SEEDS = count(1)
# What the camera of a phone makes.
_PHONE_PIXELS = 12_000_000


def require() -> None:
    """Open both archives, so that photos which were never fetched are missed before anything is started.

    Raises:
        FileNotFoundError: names the command that fetches them.
    """
    portrait("obama")
    landscape()


def shot(who: str) -> bytes:
    """A new photo of somebody: another crop, tilt, light and quality than any before."""
    return variant(portrait(who), seed=next(_SEEDS))


def small_shot(who: str) -> bytes:
    """A new photo that is quickly made and judged, for a month of them: a face far inside what can be read."""
    return variant(portrait(who), seed=next(_SEEDS), side=640)


def large_shot(who: str) -> bytes:
    """A new photo in the size in which a phone takes it."""
    with Image.open(io.BytesIO(shot(who))) as photo:
        scale = (_PHONE_PIXELS / (photo.width * photo.height)) ** 0.5
        file = io.BytesIO()
        photo.resize((round(photo.width * scale), round(photo.height * scale))).save(file, "JPEG", quality=90)
    return file.getvalue()


def together(one: str, other: str) -> bytes:
    """Two people in one photo."""
    return side_by_side(shot(one), shot(other))


def view() -> bytes:
    """A photo with nobody in it."""
    return landscape()
