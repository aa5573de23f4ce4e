"""JPEG files, also those with a second picture (MPO) or a film behind the first."""

import re
import struct
from collections.abc import Iterator

from face.formats.container import MAX_PARTS, Container, orientation_of

MAGIC = b"\xff\xd8\xff"

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOF_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
# Tables, frames, scans, JFIF (APP0) and Adobe's colour note (APP14). EXIF, MPF, ICC, XMP and comments stay out, so
# Pillow neither warns about them nor spends memory on them.
_KEPT = _SOF | {0xC4, 0xCC, _SOS, 0xDB, 0xDC, 0xDD, 0xE0, 0xEE}


def read(data: bytes) -> Container:
    """The first picture of a JPEG file, without its metadata.

    Raises:
        ValueError, struct.error: the file is cut off or contradicts itself.
    """
    kept, scans, orientation, progressive = [b"\xff\xd8"], 0, 1, False
    size: tuple[int, int] | None = None
    for kind, segment in _segments(data):
        scans += kind == _SOS
        if kind in _SOF and size is None:
            height, width = struct.unpack_from(">HH", segment, 5)
            size, progressive = (width, height), kind in _SOF_PROGRESSIVE
        elif kind == _APP1 and segment[4:10] == b"Exif\0\0":
            orientation = orientation_of(segment[4:])
        if kind in _KEPT:
            kept.append(segment)
    if size is None or not scans:
        raise ValueError("no frame or no scan")
    kept.append(b"\xff\xd9")
    # libjpeg keeps every coefficient of a progressive or many-pass photo, whatever the scale asked for.
    return Container("jpeg", b"".join(kept), size, orientation, scans, whole=progressive or scans > 1)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The segments up to the first image's end: a second image (MPO) or an appended film is not looked at."""
    at = 2
    for _ in range(MAX_PARTS):
        start = _next_marker(data, at)
        kind = data[start + 1]
        if kind == _EOI:
            return
        at = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if kind == _SOS:
            at = _next_marker(data, at)
        yield kind, data[start:at]
    raise ValueError("too many segments")


def _next_marker(data: bytes, at: int) -> int:
    found = _MARKER.search(data, at)
    if found is None:
        raise ValueError("the file ends without its end marker")
    return found.start()
