"""Photo files that are damaged, hostile or no photos at all, made the same for the same dice."""

import io
import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import pillow_heif
from PIL import Image, ImageOps

from demo.photos import portrait
from face.photo import DEFAULT_LIMITS, pixels

Dice = random.Random
_PNG = b"\x89PNG\r\n\x1a\n"


@cache
def face(name: str = "obama", size: tuple[int, int] = (480, 640)) -> Image.Image:
    """A portrait cut to that size."""
    return ImageOps.fit(pixels(portrait(name), 1280), size, centering=(0.5, 0.2))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The file's bytes."""
    image.save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def heic(image: Image.Image, **options: object) -> bytes:
    """A HEIC file's bytes."""
    pillow_heif.from_pillow(image).save(file := io.BytesIO(), **({"quality": 60} | options))
    return file.getvalue()


@cache
def samples() -> list[bytes]:
    """One good photo in each format."""
    image = face()
    return [
        saved(image, "JPEG"),
        saved(image, "JPEG", progressive=True),
        saved(image, "PNG"),
        saved(image, "WEBP"),
        heic(image),
    ]


def chunk(kind: bytes, payload: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(width: int, height: int, packed: bytes, *extra: bytes, bits: int = 1, colour: int = 0) -> bytes:
    """A PNG around already compressed rows, grey of one bit unless told otherwise."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return _PNG + header + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def rows(height: int, row: bytes) -> bytes:
    """The same row over and over, compressed as it is made."""
    squeeze = zlib.compressobj()
    return b"".join([squeeze.compress(b"\0" + row) for _ in range(height)]) + squeeze.flush()


def truncated(dice: Dice) -> Iterator[bytes]:
    """Cut off somewhere, a few only at the very end."""
    for data in samples():
        for _ in range(12):
            yield data[: dice.randrange(1, len(data))]
        for lost in (1, 2, 100):
            yield data[:-lost]


def flipped(dice: Dice) -> Iterator[bytes]:
    """One to a hundred bits turned over."""
    for data in samples():
        for bits in (1, 1, 1, 2, 4, 4, 8, 8, 16, 30, 60, 100):
            spoilt = bytearray(data)
            for _ in range(bits):
                spoilt[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            yield bytes(spoilt)


def overwritten(dice: Dice) -> Iterator[bytes]:
    """Random bytes in the header, and whole stretches of the picture gone or doubled."""
    for data in samples():
        for _ in range(8):
            at, length = dice.randrange(min(600, len(data))), dice.randrange(1, 13)
            yield data[:at] + dice.randbytes(length) + data[at + length :]
        for _ in range(3):
            one, two = sorted(dice.sample(range(len(data)), 2))
            yield data[:one] + data[two:]
            yield data[:two] + data[one:]


def swapped(dice: Dice) -> Iterator[bytes]:
    """One format's beginning before another's end."""
    for data in samples():
        for other in samples():
            if other is not data:
                length = dice.choice([4, 12, 40, 300])
                yield other[:length] + data[length:]


def bombs(_: Dice) -> Iterator[bytes]:
    """Small files that want much memory or time."""
    baseline, progressive = samples()[:2]
    for width, height in ((30_000, 30_000), (65_535, 65_535), (7_000, 7_000), (65_500, 200)):
        size = struct.pack(">HH", height, width)
        for data, marker in ((baseline, b"\xff\xc0"), (progressive, b"\xff\xc2")):
            frame = data.index(marker) + 5
            yield data[:frame] + size + data[frame + 4 :]
        canvas = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (min(width, 16_383) - 1).to_bytes(3, "little") * 2
        yield b"RIFF" + struct.pack("<I", 4 + len(canvas)) + b"WEBP" + canvas
        yield png(width, height, zlib.compress(b""))
        yield samples()[-1].replace(struct.pack(">II", 480, 640), struct.pack(">II", width, height))
    zeros = zlib.compress(bytes(100_000_000))
    yield png(30_000, 30_000, rows(30_000, bytes(3750)))
    yield png(400, 400, zeros)
    for kind, head in ((b"zTXt", b"note\0\0"), (b"iTXt", b"note\0\x01\0\0\0"), (b"iCCP", b"note\0\0")):
        yield png(400, 400, rows(400, bytes(50)), chunk(kind, head + zeros))
    last = progressive.rindex(b"\xff\xda")
    for scans in (20, 50, 900):
        yield progressive[:last] + progressive[last:-2] * scans + progressive[-2:]
    yield b"\xff\xd8\xff" + b"\xff\xe1\x00\x02" * 1_000_000
    yield _PNG + chunk(b"tEXt", b"a\0b") * 500_000


def large(_: Dice) -> Iterator[bytes]:
    """As many pixels as the limits allow, in the forms that cost most."""
    wide, whole = face("obama", (900, 1200)).resize((6100, 8100)), face("obama", (900, 1200)).resize((4300, 5700))
    yield saved(wide, "JPEG")
    yield saved(wide, "JPEG", quality=90, subsampling=0)
    many = whole.resize((3860, 5160))
    yield saved(many, "JPEG", progressive=True, quality=95, subsampling=0)
    yield saved(many.convert("CMYK"), "JPEG", progressive=True)
    for flat in (Image.new("L", (4000, 4990), 99), Image.new("RGB", (4000, 4990), "pink")):
        scans = saved(flat, "JPEG", progressive=True)
        last = scans.rindex(b"\xff\xda")
        yield scans[:last] + scans[last:-2] * (DEFAULT_LIMITS.max_scans - scans.count(b"\xff\xda") + 1) + scans[-2:]
    yield saved(whole.resize((2000, 2600)).convert("RGBA"), "PNG", compress_level=1)
    for bits, colour, pixel in ((16, 6, 8), (16, 2, 6), (8, 6, 4), (16, 0, 2), (8, 4, 2)):
        yield png(4990, 5000, rows(5000, bytes(4990 * pixel)), bits=bits, colour=colour)
        wide = 2000 if colour & 4 else 3990
        yield png(wide, 3990, rows(3990, bytes(wide * pixel)), bits=bits, colour=colour)
    yield saved(Image.new("RGBA", (2000, 3100), (9, 9, 9, 9)), "WEBP", lossless=True, method=0)
    # A small face in them is cut from a larger copy of the photo.
    site = Image.new("RGB", (4280, 5700), (120, 130, 140))
    site.paste(face("obama", (500, 660)), (1800, 2400))
    yield heic(site, quality=60)
    yield saved(site.resize((3860, 5160)), "JPEG", progressive=True, subsampling=0)
    yield saved(site.resize((3500, 4500)), "PNG", compress_level=1)
    yield saved(site.resize((3000, 4100)), "WEBP", quality=60, method=0)
    for size in ((4300, 5700), (3024, 4032)):
        yield saved(whole.resize(size), "WEBP", quality=60, method=0)
        yield saved(Image.new("RGBA", size, (9, 9, 9, 9)), "WEBP", lossless=True, method=0)
        yield heic(whole.resize(size), quality=30)


def exif(dice: Dice) -> Iterator[bytes]:
    """Every orientation, and EXIF that is noise, endless, or points into itself."""
    for orientation in range(10):
        (tags := Image.Exif())[0x0112] = orientation
        for kind in ("JPEG", "PNG", "WEBP"):
            yield saved(face(), kind, exif=tags)
        yield heic(face(), exif=tags.tobytes())
    loop = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
    for noise in [loop, loop * 1000, *(b"Exif\0\0II*\0" + dice.randbytes(dice.randrange(1, 400)) for _ in range(20))]:
        for kind in ("JPEG", "WEBP"):
            yield saved(face(), kind, exif=noise)


def nested(_: Dice) -> Iterator[bytes]:
    """Pictures within pictures, and one file behind another."""
    small = saved(face("biden").resize((120, 160)), "JPEG")
    for _at in range(4):
        segment = b"\xff\xe1" + struct.pack(">H", len(small) + 8) + b"Exif\0\0" + small
        small = small[:2] + segment + small[2:]
        yield samples()[0][:2] + segment + samples()[0][2:] if len(segment) < 65_535 else small
    for data in samples():
        for other in samples():
            yield data + other
    yield heic(face(), thumbnails=[64, 128, 200])


def no_photos(dice: Dice) -> Iterator[bytes]:
    """Nothing, text, other files, noise, and a format's first bytes alone."""
    yield from (
        b"",
        b"\0",
        b"\0" * 100_000,
        b"\xff" * 100_000,
        b"hello",
        "照片".encode() * 1000,
        b"GIF89a",
        b"BM",
        b"%PDF-1.7",
    )
    yield from (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html>", b"PK\3\4" + bytes(100), b"{}" * 500)
    yield bytes(11_999_999)
    yield samples()[0] + bytes(12_000_000)
    for data in samples():
        for length in (2, 3, 4, 8, 12, 16, 30):
            yield data[:length]
        yield data[:12] + dice.randbytes(5000)
    for _ in range(20):
        yield dice.randbytes(dice.randrange(1, 20_000))
