"""From the bytes somebody sent to a photo that is safe to keep, and to its upright pixels."""

from dataclasses import dataclass

from PIL import Image

from face.errors import EngineFailed, Refusal
from face.formats import sniff
from face.formats.container import Container
from face.formats.decode import decode, size_of, upright_rgb

_FIRST_SIDEWAYS = 5  # EXIF orientations 5 to 8 exchange width and height


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """What a photo may be. Phones send 1 to 8 MB and 12 to 50 megapixels; a screen is 2.2 times as long as wide.

    The limits by format bind the files that cannot be decoded small (HEIC, PNG, WebP, JPEGs of several passes), half of
    them those with transparency: each is what takes 170 to 190 MB, and a phone's 24 megapixels of HEIC fit.
    `max_scans`: each empty pass over such a JPEG takes 20 ms, and encoders write 10.
    """

    max_bytes: int = 12_000_000
    max_pixels: int = 50_000_000
    max_heic_pixels: int = 25_000_000
    max_png_pixels: int = 16_000_000
    max_webp_pixels: int = 12_500_000
    max_progressive_pixels: int = 20_000_000
    max_scans: int = 20
    min_side: int = 160
    max_ratio: float = 4.0


DEFAULT_LIMITS = PhotoLimits()


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """A photo that decodes: `format` (jpeg, png, webp, heic), its media type, and its upright pixels after EXIF."""

    format: str
    media_type: str
    width: int
    height: int


def inspect(data: bytes, limits: PhotoLimits = DEFAULT_LIMITS) -> PhotoInfo | Refusal:
    """Say what photo these bytes are, or why they are none. Never raises, whatever the bytes.

    Everything the header says is checked before anything is decoded; then the picture is decoded once, a JPEG at an
    eighth of its size, so that a file cut off on its way is refused now and not when a worker opens it.
    """
    if not data:
        return Refusal("photo_empty", {"bytes": 0})
    if len(data) > limits.max_bytes:
        return Refusal("photo_too_large", {"bytes": len(data), "limit_bytes": limits.max_bytes})
    try:
        file = sniff.read(data)
        if file is None or file.animated:
            return Refusal("not_an_image", {"bytes": len(data), "animated": file is not None})
        return _inspect(file, limits)
    except Exception:  # noqa: BLE001 - a decoder may raise anything on hostile bytes, and here it all means one thing
        return Refusal("photo_damaged", {"bytes": len(data)})


def pixels(data: bytes, max_side: int = 960, slack: float = 1.0) -> Image.Image:
    """Decode to 8-bit RGB, upright, the long side at most `max_side` pixels (never enlarged), transparency on white.

    What is decoded no larger than `slack` times `max_side` stays as it is: resizing costs more than a few pixels more.

    Raises:
        EngineFailed: the bytes cannot be decoded, or would need more memory than any photo `inspect` takes.
    """
    try:
        return _pixels(data, max_side, slack)
    except Exception as error:
        raise EngineFailed(f"the photo cannot be decoded: {type(error).__name__}") from error


def decodes_whole(data: bytes) -> bool:
    """True of a file that can only be decoded in full size, whatever size is asked for.

    Raises:
        EngineFailed: the bytes are no photo.
    """
    try:
        file = sniff.read(data)
    except Exception as error:
        raise EngineFailed(f"the photo cannot be read: {type(error).__name__}") from error
    return file is not None and file.whole


def _pixels(data: bytes, max_side: int, slack: float) -> Image.Image:
    file = sniff.read(data)
    if file is None:
        raise ValueError("no known format")
    width, height = size_of(file)
    if refusal := _too_much(file, width, height, DEFAULT_LIMITS):
        raise ValueError(refusal.code)
    scale = min(1.0, max_side / max(width, height))
    target = max(1, round(width * scale)), max(1, round(height * scale))
    image = decode(file, target)
    target = image.size if max(image.size) <= slack * max_side else target
    return upright_rgb(image, file.orientation, target)


def _inspect(file: Container, limits: PhotoLimits) -> PhotoInfo | Refusal:
    width, height = size_of(file)
    if file.orientation >= _FIRST_SIDEWAYS:
        width, height = height, width
    refusal = _too_much(file, width, height, limits) or _odd_shape(width, height, limits)
    if refusal is None:
        decode(file, (1, 1), "L")
    return refusal or PhotoInfo(file.format, f"image/{file.format}", width, height)


def _too_much(file: Container, width: int, height: int, limits: PhotoLimits) -> Refusal | None:
    whole = {
        "heic": limits.max_heic_pixels,
        "png": limits.max_png_pixels,
        "webp": limits.max_webp_pixels,
        "jpeg": limits.max_progressive_pixels,
    }
    limit = min(limits.max_pixels, whole[file.format] // (1 + file.alpha)) if file.whole else limits.max_pixels
    if width * height > limit:
        return Refusal("photo_too_many_pixels", {"width": width, "height": height, "limit_pixels": limit})
    if file.scans > limits.max_scans:
        return Refusal("photo_damaged", {"scans": file.scans, "limit_scans": limits.max_scans})
    return None


def _odd_shape(width: int, height: int, limits: PhotoLimits) -> Refusal | None:
    if min(width, height) < limits.min_side:
        return Refusal("photo_too_small", {"width": width, "height": height, "limit_side": limits.min_side})
    if max(width, height) > limits.max_ratio * min(width, height):
        return Refusal("photo_odd_shape", {"width": width, "height": height, "limit_ratio": limits.max_ratio})
    return None
