import io

import pillow_heif
import pytest
from PIL import Image

from face.errors import EngineFailed
from face.photo import pixels

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(mode: str = "RGB") -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", (240, 320), RED)
    image.paste(BLUE, (0, 160, 240, 320))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    image.save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def heic(image: Image.Image, **options: object) -> bytes:
    pillow_heif.from_pillow(image).save(file := io.BytesIO(), quality=90, **options)
    return file.getvalue()


def near(pixel: object, colour: tuple[int, int, int], within: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(found - wanted) <= within for found, wanted in zip(pixel, colour, strict=True))


@pytest.mark.parametrize(
    "data",
    [
        saved(picture(), "JPEG"),
        saved(picture("CMYK"), "JPEG"),
        saved(picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (80, 80), "lime")]),
        saved(picture().quantize(4), "PNG"),
        saved(picture("RGBA"), "PNG"),
        saved(picture(), "WEBP"),
        heic(picture()),
    ],
    ids=["jpeg", "cmyk", "mpo", "palette", "alpha", "webp", "heic"],
)
def test_colours_survive_every_format(data: bytes) -> None:
    image = pixels(data)
    assert (image.mode, image.size) == ("RGB", (240, 320))
    assert near(image.getpixel((120, 40)), RED)
    assert near(image.getpixel((120, 280)), BLUE)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_all_eight_orientations_come_out_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = picture()
    upright.paste((30, 200, 30), (0, 0, 60, 80))
    lying = upright.transpose(turn[orientation]) if orientation in turn else upright
    data = heic(lying, exif=exif.tobytes()) if kind == "HEIC" else saved(lying, kind, exif=exif)
    image = pixels(data)
    assert image.size == (240, 320)
    assert near(image.getpixel((20, 20)), (30, 200, 30))
    assert near(image.getpixel((200, 40)), RED)
    assert near(image.getpixel((120, 280)), BLUE)


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    grey = Image.new("I;16", (200, 200), 0x8000)
    assert pixels(saved(grey, "PNG")).getpixel((5, 5)) == (128, 128, 128)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_lies_on_white(kind: str) -> None:
    clear = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    assert near(pixels(saved(clear, kind)).getpixel((5, 5)), (255, 255, 255))


def test_a_palette_with_a_transparent_colour_lies_on_white() -> None:
    data = saved(Image.new("P", (200, 200), 0), "PNG", transparency=b"\0")
    assert pixels(data).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_long_side_is_reduced_to_what_was_asked(kind: str) -> None:
    assert pixels(saved(Image.new("RGB", (3000, 4000)), kind), 960).size == (720, 960)


def test_a_small_photo_is_not_enlarged() -> None:
    assert pixels(saved(picture(), "JPEG"), 960).size == (240, 320)


@pytest.mark.parametrize("data", [b"", b"no photo", saved(picture(), "JPEG")[:500], saved(picture(), "GIF")])
def test_what_cannot_be_decoded_is_an_engine_failure(data: bytes) -> None:
    with pytest.raises(EngineFailed, match="cannot be decoded"):
        pixels(data)
