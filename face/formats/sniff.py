"""Which of the four formats these bytes are, by their own first bytes and never by a name or a stated type."""

from face.formats import jpeg, png, webp
from face.formats.container import Container

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})


def read(data: bytes) -> Container | None:
    """Read the file's own account of itself; None for a format we do not take.

    Raises:
        ValueError, struct.error: the format is known but the file is cut off or contradicts itself.
    """
    if data.startswith(jpeg.MAGIC):
        return jpeg.read(data)
    if data.startswith(png.MAGIC):
        return png.read(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return webp.read(data)
    # Libheif turns the picture itself, holds the decoder to the announced size, and notices missing bytes.
    return Container("heic", data) if _is_heic(data) else None


def _is_heic(data: bytes) -> bool:
    """A still HEVC picture by its brand; `mif1` alone could be AVIF, so it must also name an HEVC brand."""
    brands = {data[at : at + 4] for at in range(16, min(int.from_bytes(data[:4], "big"), 256), 4)}
    major = data[8:12]
    return data[4:8] == b"ftyp" and (major in _HEIC_BRANDS or (major == b"mif1" and bool(brands & _HEIC_BRANDS)))
