"""What a photo file says of itself, as its header is read before any decoder is trusted with it."""

import struct
from dataclasses import dataclass

# A 12 MB photo has some 200 JPEG segments, or 1,500 PNG chunks of 8 KB; more only cost time.
MAX_PARTS = 20_000
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class Container:
    """A photo file: its `format`, the `body` a decoder needs, and what was read from its header.

    `size` is (width, height) before turning, None where only the decoder knows (HEIC). `orientation` is EXIF's 1 to 8.
    `scans` counts the passes of a JPEG. `whole` says that decoding needs memory for every pixel at once: true of all
    but single-pass JPEGs, which libjpeg reduces as it reads. `alpha` says that its pixels may be transparent, where the
    header of a PNG or WebP tells it.
    """

    format: str
    body: bytes
    size: tuple[int, int] | None = None
    orientation: int = 1
    scans: int = 1
    whole: bool = True
    animated: bool = False
    alpha: bool = False


def orientation_of(exif: bytes) -> int:
    """EXIF's orientation, 1 to 8; 1 when absent or unreadable, because a photo is not refused for its EXIF."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        entries = (struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * n) for n in range(count))
        found = next((int(value) for tag, _, _, value in entries if tag == _ORIENTATION), 1)
    except struct.error:
        return 1
    return found if found in range(1, 9) else 1
