"""WebP files; an animated one says so and is left to the caller."""

import struct
from collections.abc import Iterator

from face.formats.container import MAX_PARTS, Container, orientation_of


def read(data: bytes) -> Container:
    """A WebP file as it is: Pillow hands its metadata on without reading it.

    Raises:
        ValueError, struct.error: the file is cut off or contradicts itself.
    """
    chunks = list(_chunks(data))
    if not chunks:
        raise ValueError("the file holds nothing")
    orientation = next((orientation_of(payload) for kind, payload in chunks if kind == b"EXIF"), 1)
    animated = any(kind == b"ANIM" for kind, _ in chunks)
    return Container("webp", data, _canvas(*chunks[0]), orientation, animated=animated, alpha=_alpha(*chunks[0]))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise ValueError("the file is cut off")
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise ValueError("too many chunks")


def _alpha(kind: bytes, payload: bytes) -> bool:
    """Whether the first chunk announces transparency; a plain lossy picture has none."""
    if kind == b"VP8X":
        return bool(payload[0] & 0x10)
    return kind == b"VP8L" and bool(payload[4] & 0x10)


def _canvas(kind: bytes, payload: bytes) -> tuple[int, int]:
    """The canvas, by the first chunk: extended, lossless or lossy (RFC 9649)."""
    if kind == b"VP8X":
        return 1 + int.from_bytes(payload[4:7], "little"), 1 + int.from_bytes(payload[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(payload[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", payload, 6)
    return width & 0x3FFF, height & 0x3FFF
