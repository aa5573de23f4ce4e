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
from PIL import Image, ImageChops, ImageEnhance, ImageOps

from face.photo import pixels

FOLDER = Path(__file__).parents[1] / "var" / "photos"
PORTRAITS = ("obama", "obama2", "obama3", "biden", "collins")
_ORIENTATION, _SIDEWAYS = 0x0112, 6  # the EXIF tag, and its value in a photo from a phone held upright
_GREY = (128, 128, 128)
# How far a second shot is from the first: chosen so that `face.replay` takes it for another photo, and no more.
_PATCHES, _SHADE = 48, 14
_CLOTH, _REACH = 8, 0.007

_Dice = Callable[[float, float], float]


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

    At most `side` pixels long, up to 4 % cut from each side, the head tilted within 6 degrees, features moved by up to
    0.7 % of the long side, light changed within 15 % and from place to place by up to 14 of 255, JPEG quality 75 to 95.

    Measured in the fused engine: of 900 variants against the mean of three all lie within 0.76 (1.10 is accepted);
    none of 8,850 pairs of one portrait is the same photo to `face.replay`, the nearest 25 bits apart.
    """
    draw = _dice(seed)
    image = pixels(data, side)
    turned = image.rotate(draw(-6, 6), Image.Resampling.BICUBIC, fillcolor=_GREY)
    width, height = turned.size
    cut = turned.crop((draw(0, 0.04) * width, draw(0, 0.04) * height, draw(0.96, 1) * width, draw(0.96, 1) * height))
    lit = _lit_elsewhere(ImageEnhance.Brightness(cut).enhance(draw(0.85, 1.15)), draw)
    # The comment makes two seeds differ in their bytes even where they would agree in every pixel.
    return _saved(_moved(lit, draw), "JPEG", quality=round(draw(75, 95)), comment=f"variant {seed}")


def _lit_elsewhere(image: Image.Image, draw: _Dice) -> Image.Image:
    """Light and shade of another moment, as patches of a 48th of the side."""
    patches = bytes(int(draw(0, 2 * _SHADE + 1)) for _ in range(_PATCHES * _PATCHES))
    field = Image.frombytes("L", (_PATCHES, _PATCHES), patches).resize(image.size, Image.Resampling.BICUBIC)
    return ImageChops.add(image, field.convert("RGB"), offset=-_SHADE)


def _moved(image: Image.Image, draw: _Dice) -> Image.Image:
    """The picture on a cloth that was pulled here and there."""
    width, height = image.size
    reach = _REACH * max(image.size)

    def pulled(column: int, row: int) -> tuple[float, float]:
        return column * width / _CLOTH + draw(-reach, reach), row * height / _CLOTH + draw(-reach, reach)

    knots = [[pulled(column, row) for column in range(_CLOTH + 1)] for row in range(_CLOTH + 1)]
    across, down = ([round(at * size / _CLOTH) for at in range(_CLOTH + 1)] for size in image.size)
    mesh = [
        (
            (across[x], down[y], across[x + 1], down[y + 1]),
            (*knots[y][x], *knots[y + 1][x], *knots[y + 1][x + 1], *knots[y][x + 1]),
        )
        for y in range(_CLOTH)
        for x in range(_CLOTH)
    ]
    return image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR, fillcolor=_GREY)


def saved_anew(data: bytes) -> bytes:
    """The same photo, cropped by 3 % on each side and compressed again, as somebody would send it once more."""
    image = pixels(data)
    width, height = image.size
    cut = image.crop((round(0.03 * width), round(0.03 * height), round(0.97 * width), round(0.97 * height)))
    return _saved(cut, "JPEG", quality=60)


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


def _dice(seed: int) -> _Dice:
    """Evenly spread numbers, the same with every Python version."""
    numbers = iter(memoryview(hashlib.shake_256(str(seed).encode()).digest(20_480)).cast("Q"))
    return lambda low, high: low + (high - low) * next(numbers) / 2**64


def _from_wheel(path: str) -> bytes:
    with zipfile.ZipFile(_archive("scikit_image-*.whl")) as archive:
        return archive.read(path)


def _archive(pattern: str) -> Path:
    found = sorted(FOLDER.glob(pattern))
    if not found:
        raise FileNotFoundError(f"no {pattern} in {FOLDER}: run `make photos` once")
    return found[-1]
