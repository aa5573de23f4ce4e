"""PNG files; an animated one says so and is left to the caller."""

import struct
import zlib
from collections.abc import Iterator

from face.formats.container import MAX_PARTS, Container, orientation_of

MAGIC = b"\x89PNG\r\n\x1a\n"

# Without the text chunks a PNG cannot hide megabytes of inflated text.
_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def read(data: bytes) -> Container:
    """The picture of a PNG file, without its metadata.

    Raises:
        ValueError, struct.error: the file is cut off or contradicts itself.
    """
    kept, orientation, animated = [memoryview(data)[:8]], 1, False
    for kind, chunk in _chunks(data):
        if kind in _KEPT:
            kept.append(chunk)
        elif kind == b"eXIf":
            orientation = orientation_of(bytes(chunk[8:-4]))
        animated |= kind == b"acTL"
    if data[12:16] != b"IHDR":
        raise ValueError("the header is not first")
    width, height = struct.unpack_from(">II", data, 16)
    # Bit 4 of the colour type is alpha; a palette's transparency takes no channel of its own.
    alpha = bool(data[25] & 4)
    return Container("png", b"".join(kept), (width, height), orientation, animated=animated, alpha=alpha)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view, at = memoryview(data), 8
    for _ in range(MAX_PARTS):
        length, kind = struct.unpack_from(">I4s", data, at)
        chunk = view[at : at + 12 + length]
        # Pillow checks no sum over the pixels; the last four bytes of a chunk are its sum.
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            raise ValueError("a chunk is cut off or altered")
        yield kind, chunk
        if kind == b"IEND":
            return
        at += 12 + length
    raise ValueError("too many chunks")
