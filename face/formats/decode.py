"""Decoding a photo file whose header has been read, and bringing its pixels to one form."""

import io
from collections.abc import Callable, Mapping

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif import HeifImageFile

from face.formats.container import Container

# The opener is chosen by our own reading of the bytes: nothing is registered with Pillow, none of its other formats can
# be reached, and its process-wide bomb limit and warnings are never involved.
_OPENERS: Mapping[str, Callable[[io.BytesIO], ImageFile]] = {
    "jpeg": JpegImageFile,
    "png": PngImageFile,
    "webp": WebPImageFile,
    "heic": HeifImageFile,
}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def size_of(file: Container) -> tuple[int, int]:
    """Width and height as stored, from the header alone; libheif is asked for HEIC, whose sizes are turned already."""
    if file.size is not None:
        return file.size
    with _OPENERS[file.format](io.BytesIO(file.body)) as image:
        return image.size


def decode(file: Container, target: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """Decode all of it; a JPEG at the smallest of 1, 1/2, 1/4, 1/8 that still covers `target` (width, height).

    HEIC is not drafted: its draft is the thumbnail inside, which could show somebody else.
    """
    image = _OPENERS[file.format](io.BytesIO(file.body))
    if file.size not in {None, image.size}:
        raise ValueError("the decoder sees another size than the header")
    if file.format == "jpeg":
        image.draft(mode, target)
    image.load()
    return image


def upright_rgb(image: Image.Image, orientation: int, target: tuple[int, int]) -> Image.Image:
    """The image as 8-bit RGB, `target` (width, height before turning) in size, then turned; transparency on white."""
    plain = _without_alpha(_eight_bit(image).resize(target, Image.Resampling.LANCZOS))
    return plain.transpose(_TURNS[orientation]) if orientation in _TURNS else plain


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode == "I;16":
        # Pillow would clip 16-bit grey at 255; the high byte of each little-endian pair is the grey in 8 bits.
        image = Image.frombytes("L", image.size, image.tobytes()[1::2])
    mode = "RGBA" if image.has_transparency_data else "RGB"
    # Converting to what it is would copy it: 100 MB for a large photo.
    return image if image.mode == mode else image.convert(mode)


def _without_alpha(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")
