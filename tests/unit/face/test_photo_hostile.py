import contextlib
import io
import struct
import tracemalloc
import zlib

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin

from face import photo
from face.errors import EngineFailed, Refusal
from face.photo import PhotoInfo, inspect, pixels


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    image.save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def heic(image: Image.Image) -> bytes:
    pillow_heif.from_pillow(image).save(file := io.BytesIO(), quality=60)
    return file.getvalue()


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(width: int, height: int, packed: bytes, *extra: bytes) -> bytes:
    """A one-bit grey PNG around already compressed rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def one_colour(width: int, height: int) -> bytes:
    squeeze = zlib.compressobj()
    row = bytes(1 + (width + 7) // 8)
    return b"".join([squeeze.compress(row) for _ in range(height)]) + squeeze.flush()


SAMPLE = Image.effect_noise((176, 176), 40).convert("RGB")
SAMPLES = [
    saved(SAMPLE, "JPEG"),
    saved(SAMPLE, "JPEG", progressive=True),
    saved(SAMPLE, "PNG"),
    saved(SAMPLE, "WEBP"),
    heic(SAMPLE),
]


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test when any picture is decoded."""

    def decode(*_: object) -> None:
        pytest.fail("the picture was decoded")

    monkeypatch.setattr(photo, "decode", decode)


def bombs() -> list[bytes]:
    jpeg = bytearray(saved(SAMPLE, "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 30_000, 30_000)
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (16_382).to_bytes(3, "little") * 2
    webp = b"RIFF" + struct.pack("<I", 4 + len(canvas)) + b"WEBP" + canvas
    return [png(30_000, 30_000, one_colour(30_000, 30_000)), bytes(jpeg), webp]


@pytest.mark.usefixtures("no_decoding")
@pytest.mark.parametrize("data", bombs(), ids=["png", "jpeg", "webp"])
def test_a_decompression_bomb_is_refused_by_its_header_alone(data: bytes) -> None:
    tracemalloc.start()
    refusal = inspect(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(refusal, Refusal)
    assert refusal.code == "photo_too_many_pixels"
    assert peak < 1_000_000
    with pytest.raises(EngineFailed):
        pixels(data)


@pytest.mark.usefixtures("no_decoding")
def test_what_cannot_be_decoded_small_has_the_lower_limit() -> None:
    refusal = inspect(png(6_000, 6_000, zlib.compress(b"")))
    assert refusal == Refusal("photo_too_many_pixels", {"width": 6000, "height": 6000, "limit_pixels": 16_000_000})


def test_a_heic_bigger_than_it_says_is_damaged() -> None:
    big = heic(Image.new("RGB", (2000, 2000), (90, 90, 90)))
    lying = big.replace(struct.pack(">II", 2000, 2000), struct.pack(">II", 200, 200))
    assert lying != big
    refusal = inspect(lying)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "photo_damaged"


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_text_inside_a_png_is_never_inflated(kind: bytes) -> None:
    text = zlib.compress(bytes(50_000_000))
    head = b"note\0\0" if kind == b"zTXt" else b"note\0\x01\0\0\0"
    data = png(200, 200, one_colour(200, 200), chunk(kind, head + text))
    tracemalloc.start()
    info = inspect(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert info == PhotoInfo("png", "image/png", 200, 200)
    assert peak < 1_000_000


def test_pixel_data_beyond_the_last_row_is_never_inflated() -> None:
    data = png(200, 200, zlib.compress(bytes(50_000_000)))
    assert isinstance(inspect(data), PhotoInfo)


def test_a_progressive_jpeg_of_a_thousand_scans_is_refused_undecoded() -> None:
    data = saved(SAMPLE, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    many = data[:last] + data[last:-2] * 1000 + data[-2:]
    refusal = inspect(many)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "photo_damaged"
    assert refusal.data["limit_scans"] == 20


def test_scans_in_an_appended_film_do_not_count() -> None:
    film = b"\xff\xda\x00\x08" * 1000
    assert isinstance(inspect(saved(SAMPLE, "JPEG") + film), PhotoInfo)


def test_a_second_size_inside_a_jpeg_does_not_slip_past_the_first() -> None:
    data = saved(SAMPLE, "JPEG")
    frame = data.index(b"\xff\xc0")
    segment = bytearray(data[frame : frame + 2 + int.from_bytes(data[frame + 2 : frame + 4], "big")])
    segment[5:9] = struct.pack(">HH", 30_000, 30_000)
    refusal = inspect(data[:frame] + data[frame : frame + len(segment)] + bytes(segment) + data[frame + len(segment) :])
    assert isinstance(refusal, Refusal)
    assert refusal.code == "photo_damaged"


def test_a_file_of_a_million_empty_segments_is_given_up() -> None:
    refusal = inspect(b"\xff\xd8\xff" + b"\xff\xe1\x00\x02" * 1_000_000)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "photo_damaged"


def test_megabytes_of_exif_cost_nothing() -> None:
    data = saved(SAMPLE, "JPEG")
    segment = b"\xff\xe1\xff\xff" + b"Exif\0\0II*\0\x08\0\0\0\xff\xff".ljust(0xFFFD, b"\1")
    assert isinstance(inspect(data[:2] + segment * 150 + data[2:]), PhotoInfo)


def test_pillows_process_wide_switches_stay_as_they_were() -> None:
    before = (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK)
    formats = set(Image.OPEN)
    for data in SAMPLES:
        inspect(data)
        pixels(data)
    assert before == (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK)
    assert "HEIF" not in set(Image.OPEN) - formats


def answers(data: bytes) -> None:
    """Either answer will do, an exception will not; and `pixels` breaks in its own way only."""
    assert isinstance(inspect(data), (PhotoInfo, Refusal))
    with contextlib.suppress(EngineFailed):
        assert pixels(data, 64).mode == "RGB"


HEADS = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\0\0\0WEBP", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"]


@given(head=st.sampled_from([b"", *HEADS]), tail=st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_random_bytes_never_raise(head: bytes, tail: bytes) -> None:
    answers(head + tail)


@given(data=st.sampled_from(SAMPLES), part=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_truncated_photo_never_raises_and_is_never_taken(data: bytes, part: float) -> None:
    cut = data[: int(len(data) * part) - 1 if part else 0]
    answers(cut)
    assert isinstance(inspect(cut), Refusal)


@given(data=st.sampled_from(SAMPLES), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=150, deadline=None)
def test_a_flipped_bit_never_raises(data: bytes, where: float, bit: int) -> None:
    spoilt = bytearray(data)
    spoilt[int(where * len(data))] ^= 1 << bit
    answers(bytes(spoilt))


@given(data=st.sampled_from(SAMPLES), where=st.integers(0, 600), put=st.binary(min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_an_overwritten_header_never_raises(data: bytes, where: int, put: bytes) -> None:
    answers(data[:where] + put + data[where + len(put) :])
