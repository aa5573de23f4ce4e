"""The default engine on photographs as sites send them: helmets, tilts, bystanders, small, close, dark, blurred."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from demo import photos
from face.adapting import SHIPPED
from face.engines.base import Reading
from face.engines.network_engine import NetworkEngine
from face.errors import EngineFailed, Refusal
from face.match import MatchOutcome, compare
from face.photo import pixels
from face.space import space_of
from face.template import Template, build

THRESHOLDS = SHIPPED["fused"]
Change = Callable[[Image.Image], Image.Image]


def jpeg(image: Image.Image, quality: int = 92) -> bytes:
    image.convert("RGB").save(file := io.BytesIO(), "JPEG", quality=quality)
    return file.getvalue()


def read(engine: NetworkEngine, data: bytes) -> Reading:
    reading = engine.describe(data)
    assert isinstance(reading, Reading), reading
    return reading


def reason(engine: NetworkEngine, image: Image.Image) -> object:
    refusal = engine.describe(jpeg(image))
    assert isinstance(refusal, Refusal), refusal
    return refusal.data.get("reason", refusal.code)


@pytest.fixture(scope="session")
def template(fused: NetworkEngine) -> Template:
    built = build([read(fused, photos.variant(photos.portrait("obama"), seed=seed)) for seed in range(3)], fused)
    assert isinstance(built, Template)
    return built


def distance(fused: NetworkEngine, template: Template, data: bytes) -> float:
    return compare(template.vector, read(fused, data).descriptor, space_of(fused), THRESHOLDS).distance


def obama2() -> Image.Image:
    return pixels(photos.portrait("obama2"), 1200)


def helmet(image: Image.Image) -> Image.Image:
    """A safety helmet over hair and forehead, its brim right above the eyes."""
    worn = image.copy()
    draw = ImageDraw.Draw(worn)
    width, height = worn.size
    eyes, middle, half = 0.305 * height, 0.5 * width, 0.27 * width
    draw.pieslice((middle - half, eyes - 2.4 * half, middle + half, eyes + 0.9 * half), 180, 360, fill=(240, 200, 20))
    draw.rounded_rectangle(
        (middle - 1.15 * half, eyes - 0.85 * half, middle + 1.15 * half, eyes - 0.5 * half), 9, fill=(225, 180, 10)
    )
    return worn


CHANGES: dict[str, Change] = {
    "as it is": lambda image: image,
    "helmet": helmet,
    "tilted 20": lambda image: image.rotate(20, Image.Resampling.BICUBIC, expand=True),
    "tilted -30": lambda image: image.rotate(-30, Image.Resampling.BICUBIC, expand=True),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "small in a large photo": lambda image: padded(image.resize((250, 480)), (3000, 2400)),
    "far away on a site": lambda image: padded(image.resize((300, 575)), (6000, 4500)),
    "close": lambda image: image.crop((150, 180, 520, 680)),
    "a third of the light": lambda image: ImageEnhance.Brightness(image).enhance(0.35),
    "a little blurred": lambda image: image.filter(ImageFilter.GaussianBlur(3)),
    "grey": lambda image: image.convert("L").convert("RGB"),
}


def padded(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    around = Image.new("RGB", size, (120, 130, 140))
    around.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return around


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_owner_is_accepted(fused: NetworkEngine, template: Template, change: Change) -> None:
    match = compare(template.vector, read(fused, jpeg(change(obama2()))).descriptor, space_of(fused), THRESHOLDS)
    assert match.outcome is MatchOutcome.MATCH


@pytest.mark.parametrize("name", ["biden", "collins"])
@pytest.mark.parametrize("change", ["as it is", "tilted 20", "mirrored", "a third of the light"])
def test_another_person_is_refused(fused: NetworkEngine, template: Template, name: str, change: str) -> None:
    photo = jpeg(CHANGES[change](pixels(photos.portrait(name), 1200)))
    match = compare(template.vector, read(fused, photo).descriptor, space_of(fused), THRESHOLDS)
    assert match.outcome is MatchOutcome.MISMATCH


@pytest.mark.parametrize("form", [photos.as_png, photos.as_heic, photos.as_cmyk, photos.exif_rotated])
def test_the_form_of_the_file_does_not_change_the_person(
    fused: NetworkEngine, template: Template, form: Callable[[bytes], bytes]
) -> None:
    portrait = photos.portrait("obama2")
    assert distance(fused, template, form(portrait)) == pytest.approx(distance(fused, template, portrait), abs=0.12)


def test_a_bystander_clearly_behind_does_not_count(fused: NetworkEngine, template: Template) -> None:
    scene = padded(obama2(), (1400, 1300))
    scene.paste(pixels(photos.portrait("biden")).resize((190, 430)), (40, 200))
    reading = read(fused, jpeg(scene))
    assert reading.faces == 2
    match = compare(template.vector, reading.descriptor, space_of(fused), THRESHOLDS)
    assert match.outcome is MatchOutcome.MATCH


def test_two_faces_of_about_the_same_size_are_not_clear(fused: NetworkEngine) -> None:
    refusal = fused.describe(photos.side_by_side(photos.portrait("obama"), photos.portrait("biden")))
    assert refusal == Refusal("many_faces", {"faces": 2})


def test_a_landscape_has_no_face(fused: NetworkEngine) -> None:
    assert fused.describe(photos.landscape()) == Refusal("no_face", {"faces": 0})


def blank_behind(image: Image.Image) -> Image.Image:
    """The same picture cut through the face: its lower half is outside."""
    return image.crop((0, 0, image.width, int(0.33 * image.height)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda image: padded(image.resize((110, 210)), (900, 900)), "face_too_small"),
        (blank_behind, "cropped"),
        (lambda image: ImageEnhance.Brightness(image).enhance(0.06), "too_dark"),
        (lambda image: image.point(lambda value: min(255, 235 + value // 6)), "too_bright"),
        (lambda image: image.filter(ImageFilter.GaussianBlur(14)), "too_blurred"),
    ],
)
def test_a_photo_that_cannot_be_judged_says_why(fused: NetworkEngine, change: Change, expected: str) -> None:
    assert reason(fused, change(obama2())) == expected


def test_a_reading_holds_what_liveness_and_replay_need(fused: NetworkEngine) -> None:
    reading = read(fused, photos.portrait("obama"))
    assert reading.descriptor.shape == (256,)
    assert np.isfinite(reading.descriptor).all()
    assert np.linalg.norm(reading.descriptor[128:]) == pytest.approx(1, abs=1e-5)
    assert reading.landmarks is not None
    left, top, right, bottom = reading.box
    assert ((reading.landmarks > [left, top]) & (reading.landmarks < [right, bottom])).all()
    assert reading.fingerprint
    assert reading.quality["inside"] == 1


def test_the_same_photo_always_gives_the_same_numbers(fused: NetworkEngine) -> None:
    one, other = (read(fused, photos.portrait("collins")) for _ in range(2))
    assert np.array_equal(one.descriptor, other.descriptor)
    assert one.fingerprint == other.fingerprint


def test_a_mirrored_photo_gives_the_same_person(fused: NetworkEngine) -> None:
    image = pixels(photos.portrait("biden"))
    one, other = (read(fused, jpeg(each, 98)) for each in (image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    # Both hold the mean of the picture and its mirror image.
    assert np.linalg.norm(np.subtract(*space_of(fused).project(np.stack([one.descriptor, other.descriptor])))) < 0.3


def test_an_undecodable_photo_is_an_engine_failure(fused: NetworkEngine) -> None:
    with pytest.raises(EngineFailed):
        fused.describe(photos.portrait("obama")[:9_000])


def test_the_engine_says_what_made_its_numbers(fused: NetworkEngine) -> None:
    assert (fused.id, [part.name for part in fused.parts]) == ("fused", ["dlib", "sface"])
    assert fused.version.startswith("1+")


def test_the_library_that_loads_the_forbidden_landmarks_is_imported_nowhere() -> None:
    importing = [
        path
        for folder in ("face", "service", "jobs")
        for path in Path(folder).rglob("*.py")
        if "import face_recognition" in path.read_text(encoding="utf-8")
        or "68_face_landmarks" in path.read_text("utf-8")
    ]
    assert importing == []
