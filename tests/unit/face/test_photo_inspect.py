import io
import subprocess
import sys

import pillow_heif
import pytest
from PIL import Image

from face.errors import Refusal
from face.photo import PhotoInfo, PhotoLimits, inspect


def picture(width: int = 240, height: int = 320, mode: str = "RGB") -> Image.Image:
    """Red above, blue below, so that a turned picture is told from an upright one."""
    image = Image.new("RGB", (width, height), (200, 30, 30))
    image.paste((30, 30, 200), (0, height // 2, width, height))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    image.save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def heic(image: Image.Image, **options: object) -> bytes:
    pillow_heif.from_pillow(image).save(file := io.BytesIO(), **options)
    return file.getvalue()


def turned_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def test_an_empty_upload_is_refused() -> None:
    assert inspect(b"") == Refusal("photo_empty", {"bytes": 0})


def test_too_many_bytes_are_refused_with_both_numbers() -> None:
    refusal = inspect(b"x" * 101, PhotoLimits(max_bytes=100))
    assert refusal == Refusal("photo_too_large", {"bytes": 101, "limit_bytes": 100})


@pytest.mark.parametrize(
    "data",
    [
        b"this is a text called photo.jpg",
        b"\0" * 500,
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        saved(picture(), "GIF"),
        saved(picture(), "TIFF"),
        saved(picture(), "BMP"),
        saved(picture(), "AVIF"),
    ],
    ids=["text", "zeros", "svg", "gif", "tiff", "bmp", "avif"],
)
def test_what_is_none_of_the_four_formats_is_not_an_image(data: bytes) -> None:
    refusal = inspect(data)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "not_an_image"
    assert refusal.data["animated"] is False


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_not_a_photo(kind: str) -> None:
    moving = saved(picture(), kind, save_all=True, append_images=[picture(mode="L").convert("RGB")])
    refusal = inspect(moving)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.data["animated"]) == ("not_an_image", True)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (saved(picture(), "JPEG"), "jpeg"),
        (saved(picture(), "JPEG", progressive=True), "jpeg"),
        (saved(picture(mode="L"), "JPEG"), "jpeg"),
        (saved(picture(mode="CMYK"), "JPEG"), "jpeg"),
        (saved(picture(), "MPO", save_all=True, append_images=[picture(80, 80)]), "jpeg"),
        (saved(picture(), "PNG"), "png"),
        (saved(picture(mode="P"), "PNG"), "png"),
        (saved(picture(mode="RGBA"), "PNG"), "png"),
        (saved(picture(mode="L").convert("I;16"), "PNG"), "png"),
        (saved(picture(), "WEBP"), "webp"),
        (saved(picture(), "WEBP", lossless=True), "webp"),
        (saved(picture(mode="RGBA"), "WEBP"), "webp"),
        (heic(picture()), "heic"),
    ],
    ids=[
        *("jpeg", "progressive", "grey", "cmyk", "mpo", "png", "palette", "alpha", "16-bit"),
        *("webp", "webp-lossless", "webp-alpha", "heic"),
    ],
)
def test_the_four_formats_are_taken_in_all_their_colours(data: bytes, expected: str) -> None:
    assert inspect(data) == PhotoInfo(expected, f"image/{expected}", 240, 320)


@pytest.mark.parametrize(
    "data",
    [
        saved(picture(), "JPEG", exif=turned_exif(6)),
        saved(picture(), "PNG", exif=turned_exif(6)),
        saved(picture(), "WEBP", exif=turned_exif(6)),
        heic(picture(), exif=turned_exif(6).tobytes()),
    ],
    ids=["jpeg", "png", "webp", "heic"],
)
def test_the_pixels_are_counted_upright(data: bytes) -> None:
    info = inspect(data)
    assert isinstance(info, PhotoInfo)
    assert (info.width, info.height) == (320, 240)


@pytest.mark.parametrize(
    "data", [saved(picture(), "JPEG"), saved(picture(), "PNG"), saved(picture(), "WEBP"), heic(picture())]
)
@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_a_file_cut_off_on_its_way_is_damaged(data: bytes, kept: float) -> None:
    refusal = inspect(data[: int(len(data) * kept)])
    assert isinstance(refusal, Refusal)
    assert refusal.code == "photo_damaged"


def test_a_png_with_one_altered_byte_is_damaged() -> None:
    data = bytearray(saved(Image.effect_noise((200, 200), 50), "PNG"))
    data[len(data) // 2] ^= 1
    refusal = inspect(bytes(data))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "photo_damaged"


def test_a_photo_with_a_tiny_side_is_too_small() -> None:
    assert inspect(saved(picture(159, 300), "JPEG")) == Refusal(
        "photo_too_small", {"width": 159, "height": 300, "limit_side": 160}
    )


def test_a_strip_has_an_odd_shape_and_its_limit_does_not() -> None:
    refusal = inspect(saved(picture(161, 645), "JPEG"))
    assert refusal == Refusal("photo_odd_shape", {"width": 161, "height": 645, "limit_ratio": 4.0})
    assert isinstance(inspect(saved(picture(161, 644), "JPEG")), PhotoInfo)


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\0"])
def test_broken_exif_is_ignored_in_silence(exif: bytes) -> None:
    assert inspect(saved(picture(), "JPEG", exif=exif)) == PhotoInfo("jpeg", "image/jpeg", 240, 320)


def test_inspecting_needs_neither_dlib_nor_numpy() -> None:
    program = "import face.photo, sys; print(sorted({'dlib', 'numpy', '_dlib_pybind11'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
