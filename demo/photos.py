"""Public photos of faces for the demo and the tests, read from package archives and never written to disk.

The portraits are official ones of the White House and of NASA, works of the United States government.
"""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO, cast

import pillow_heif
from PIL import Image, ImageEnhance, ImageOps

from face.photo import pixels

FOLDER = Path(__file__).parents[1] / "var" / "photos"
PORTRAITS = ("obama", "obama2", "obama3", "biden", "collins")
_ORIENTATION, _SIDEWAYS = 0x0112, 6  # the EXIF tag, and its value in a photo from a phone held upright


@cache
def portrait(name: str) -> bytes:
    """The photo file of one of PORTRAITS: JPEGs of a president and a vice president, a PNG of an astronaut.

    Raises:
        KeyError: no such portrait.
        FileNotFoundError: the archives were not fetched; names the command that does it.
    """
    if name not in PORTRAITS:
        raise KeyError(name)
    if name == "collins":
        return _from_wheel("skimage/data/astronaut.png")
    with tarfile.open(_archive("face_recognition-*.tar.gz")) as archive:
        inside = next(each for each in archive if each.name.endswith(f"/test_images/{name}.jpg"))
        return cast("IO[bytes]", archive.extractfile(inside)).read()


@cache
def landscape() -> bytes:
    """A JPEG photo without a face: a rocket on its pad."""
    return _from_wheel("skimage/data/rocket.jpg")


def variant(data: bytes, *, seed: int, side: int = 1280) -> bytes:
    """Another JPEG of the same person, as a second shot would be; the same seed and side give the same bytes.

    At most `side` pixels long, up to 4 % cut from each side, the head tilted within 6 degrees, light changed within
    15 %, JPEG quality 75 to 95.
    """
    draw = _dice(seed)
    image = pixels(data, side)
    turned = image.rotate(draw(-6, 6), Image.Resampling.BICUBIC, fillcolor=(128, 128, 128))
    width, height = turned.size
    cut = turned.crop((draw(0, 0.04) * width, draw(0, 0.04) * height, draw(0.96, 1) * width, draw(0.96, 1) * height))
    lit = ImageEnhance.Brightness(cut).enhance(draw(0.85, 1.15))
    # The comment makes two seeds differ in their bytes even where they would agree in every pixel.
    return _saved(lit, "JPEG", quality=round(draw(75, 95)), comment=f"variant {seed}")


def side_by_side(left: bytes, right: bytes) -> bytes:
    """One JPEG with both photos beside each other, equally high: two faces of about the same size."""
    one, other = (ImageOps.fit(pixels(data, 960), (480, 640), centering=(0.5, 0.2)) for data in (left, right))
    both = Image.new("RGB", (960, 640))
    both.paste(one, (0, 0))
    both.paste(other, (480, 0))
    return _saved(both, "JPEG")


def as_png(data: bytes) -> bytes:
    """The same picture as a PNG."""
    return _saved(pixels(data), "PNG")


def as_heic(data: bytes) -> bytes:
    """The same picture as an iPhone would send it."""
    pillow_heif.from_pillow(pixels(data)).save(file := io.BytesIO(), quality=90)
    return file.getvalue()


def as_grey(data: bytes) -> bytes:
    """The same picture as a grey JPEG of one channel."""
    return _saved(pixels(data).convert("L"), "JPEG")


def as_cmyk(data: bytes) -> bytes:
    """The same picture as a JPEG in printing colours, inverted as Adobe does it."""
    return _saved(pixels(data).convert("CMYK"), "JPEG")


def exif_rotated(data: bytes) -> bytes:
    """The same picture lying on its side, with the EXIF tag that says how to turn it upright."""
    (exif := Image.Exif())[_ORIENTATION] = _SIDEWAYS
    return _saved(pixels(data).transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    image.save(file := io.BytesIO(), kind, **({"quality": 95} | options))
    return file.getvalue()


def _dice(seed: int) -> Callable[[float, float], float]:
    """Evenly spread numbers, the same with every Python version."""
    numbers = iter(memoryview(hashlib.shake_256(str(seed).encode()).digest(128)).cast("Q"))
    return lambda low, high: low + (high - low) * next(numbers) / 2**64


def _from_wheel(path: str) -> bytes:
    with zipfile.ZipFile(_archive("scikit_image-*.whl")) as archive:
        return archive.read(path)


def _archive(pattern: str) -> Path:
    found = sorted(FOLDER.glob(pattern))
    if not found:
        raise FileNotFoundError(f"no {pattern} in {FOLDER}: run `make photos` once")
    return found[-1]
