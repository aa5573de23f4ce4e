import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageEnhance

from demo import photos
from face.photo import pixels
from face.replay import SAME_PHOTO_BITS, bits_apart, fingerprint, same_photo

Array = npt.NDArray[np.float64]

# The landmarks of the portraits as `pixels` shows them.
LANDMARKS: dict[str, Array] = {
    "obama": np.array([[365, 181], [466, 183], [411, 233], [369, 268], [454, 274]], float),
    "obama2": np.array([[198, 299], [299, 303], [228, 364], [202, 409], [288, 419]], float),
    "obama3": np.array([[300, 162], [351, 161], [328, 190], [301, 211], [346, 216]], float),
    "biden": np.array([[230, 141], [289, 143], [261, 177], [230, 201], [279, 204]], float),
    "collins": np.array([[203, 101], [245, 102], [223, 125], [203, 144], [240, 142]], float),
}
NAMES = tuple(LANDMARKS)


def portrait(name: str) -> Image.Image:
    return pixels(photos.portrait(name))


def compressed(image: Image.Image, quality: int) -> Image.Image:
    image.save(file := io.BytesIO(), "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def copied(
    name: str, *, quality: int = 90, scale: float = 1.0, crop: tuple[float, float, float, float] = (0, 0, 0, 0)
) -> bytes:
    """The fingerprint of a portrait cropped by shares of its sides, resized, and saved anew."""
    image, (left, top, right, bottom) = portrait(name), crop
    width, height = image.size
    corner = np.array([round(left * width), round(top * height)])
    cut = image.crop((*corner, round((1 - right) * width), round((1 - bottom) * height)))
    small = cut.resize((round(cut.width * scale), round(cut.height * scale)), Image.Resampling.BICUBIC)
    return fingerprint(compressed(small, quality), (LANDMARKS[name] - corner) * small.width / cut.width)


def jittered(name: str, seed: int, part: float) -> Array:
    """The landmarks off by a part of the eye distance."""
    points = LANDMARKS[name]
    off = np.random.default_rng(seed).normal(0, part * np.linalg.norm(points[1] - points[0]), points.shape)
    return points + off


@pytest.fixture(scope="module")
def originals() -> dict[str, bytes]:
    return {name: fingerprint(portrait(name), LANDMARKS[name]) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_is_itself(originals: dict[str, bytes], name: str) -> None:
    assert len(originals[name]) == 1024
    assert bits_apart(originals[name], originals[name]) == 0


@pytest.mark.parametrize("quality", [40, 60, 75, 95])
@pytest.mark.parametrize("name", NAMES)
def test_a_compressed_photo_is_the_same(originals: dict[str, bytes], name: str, quality: int) -> None:
    assert bits_apart(copied(name, quality=quality), originals[name]) <= SAME_PHOTO_BITS


@pytest.mark.parametrize("scale", [0.4, 0.7, 1.5])
@pytest.mark.parametrize("name", NAMES)
def test_a_resized_photo_is_the_same(originals: dict[str, bytes], name: str, scale: float) -> None:
    assert bits_apart(copied(name, scale=scale), originals[name]) <= SAME_PHOTO_BITS


@pytest.mark.parametrize("crop", [(0.08, 0, 0, 0), (0, 0.08, 0, 0), (0, 0, 0.08, 0), (0, 0, 0, 0.08), (0.08,) * 4])
@pytest.mark.parametrize("name", NAMES)
def test_a_cropped_photo_is_the_same(
    originals: dict[str, bytes], name: str, crop: tuple[float, float, float, float]
) -> None:
    assert bits_apart(copied(name, crop=crop), originals[name]) <= SAME_PHOTO_BITS


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_cropped_resized_and_compressed_is_the_same(originals: dict[str, bytes], name: str) -> None:
    copy = copied(name, quality=60, scale=0.6, crop=(0.02, 0.07, 0.05, 0.03))
    assert bits_apart(copy, originals[name]) <= SAME_PHOTO_BITS
    assert bits_apart(originals[name], copy) <= SAME_PHOTO_BITS


@pytest.mark.parametrize("name", NAMES)
def test_landmarks_found_a_little_elsewhere_do_not_matter(originals: dict[str, bytes], name: str) -> None:
    image = portrait(name)
    apart = [bits_apart(fingerprint(image, jittered(name, seed, 0.015)), originals[name]) for seed in range(8)]
    assert max(apart) <= SAME_PHOTO_BITS


def test_light_and_contrast_do_not_matter(originals: dict[str, bytes]) -> None:
    lit = ImageEnhance.Contrast(ImageEnhance.Brightness(portrait("obama")).enhance(0.85)).enhance(0.9)
    assert bits_apart(fingerprint(lit, LANDMARKS["obama"]), originals["obama"]) <= SAME_PHOTO_BITS


def test_different_photos_are_far_apart_also_of_one_person(originals: dict[str, bytes]) -> None:
    apart = [bits_apart(originals[one], originals[other]) for one in NAMES for other in NAMES if one < other]
    assert min(apart) > 4 * SAME_PHOTO_BITS


def test_a_photo_turned_by_five_degrees_is_another(originals: dict[str, bytes]) -> None:
    image, points = portrait("obama"), LANDMARKS["obama"]
    middle = np.array(image.size) / 2
    cos, sin = np.cos(np.radians(5)), np.sin(np.radians(5))
    turned = (points - middle) @ np.array([[cos, -sin], [sin, cos]]) + middle
    copy = fingerprint(image.rotate(5, Image.Resampling.BICUBIC), turned)
    assert bits_apart(copy, originals["obama"]) > SAME_PHOTO_BITS


def test_a_picture_without_detail_is_equal_to_nothing_not_even_itself() -> None:
    flat = fingerprint(Image.new("RGB", (640, 640), (90, 90, 90)), LANDMARKS["obama"])
    assert bits_apart(flat, flat) == 256


def test_bytes_that_are_no_fingerprint_are_an_error(originals: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="reshape"):
        bits_apart(originals["obama"][:-1], originals["obama"])


def test_what_lies_outside_of_the_picture_is_not_compared(originals: dict[str, bytes]) -> None:
    # Cut right at the face: the missing surroundings count neither as equal nor as different.
    box = (300, 60, 530, 340)
    cut = fingerprint(portrait("obama").crop(box), LANDMARKS["obama"] - box[:2])
    assert bits_apart(cut, originals["obama"]) <= SAME_PHOTO_BITS
    known = np.unpackbits(np.frombuffer(cut, np.uint8))[4096:].sum()
    assert known < np.unpackbits(np.frombuffer(originals["obama"], np.uint8))[4096:].sum()


def strangers(originals: dict[str, bytes], number: int) -> list[bytes]:
    """Fingerprints of other photos: detail of the same kind, farther away than any copy of it can be found."""
    dice, made = np.random.default_rng(0), []
    for at in range(number):
        planes = np.unpackbits(np.frombuffer(originals[NAMES[at % len(NAMES)]], np.uint8)).reshape(2, 64, 64)
        made.append(np.packbits(np.roll(planes, dice.integers(8, 56, 2), (1, 2))).tobytes())
    return made


def lookalikes(original: bytes, number: int) -> list[bytes]:
    """Fingerprints that differ from one in every sixth patch of 4 x 4 cells: just no copies of it."""
    dice, made = np.random.default_rng(1), []
    planes = np.unpackbits(np.frombuffer(original, np.uint8)).reshape(2, 64, 64)
    for _ in range(number):
        turned = np.kron(dice.random((16, 16)) < 1 / 6, np.ones((4, 4), bool))
        made.append(np.packbits(np.stack([planes[0] ^ (turned & planes[1]), planes[1]])).tobytes())
    return made


@pytest.mark.parametrize("seed", range(30))
def test_the_fast_way_finds_among_500_what_the_slow_way_finds(originals: dict[str, bytes], seed: int) -> None:
    dice, name = np.random.default_rng(seed), NAMES[seed % len(NAMES)]
    left, top, right, bottom = dice.uniform(0, 0.08, 4)
    quality, scale = int(dice.integers(40, 96)), float(dice.uniform(0.4, 1.5))
    copy = copied(name, quality=quality, scale=scale, crop=(left, top, right, bottom))
    earlier = strangers(originals, 440) + lookalikes(originals[name], 60)
    place = int(dice.integers(500))
    earlier.insert(place, originals[name])
    apart = bits_apart(copy, originals[name])
    assert same_photo(copy, earlier) == ((place, apart) if apart <= SAME_PHOTO_BITS else None)
    others = [each for each in earlier if each != originals[name]]
    assert min(bits_apart(copy, each) for each in others[440:]) > SAME_PHOTO_BITS
    assert same_photo(copy, others) is None


def test_of_several_copies_the_nearest_is_found(originals: dict[str, bytes]) -> None:
    copies = [copied("obama", quality=40, scale=0.4), originals["obama"], copied("obama", crop=(0.05, 0, 0, 0))]
    assert same_photo(originals["obama"], copies) == (1, 0)


def test_among_no_photos_and_among_photos_without_detail_nothing_is_found(originals: dict[str, bytes]) -> None:
    flat = fingerprint(Image.new("RGB", (640, 640), (90, 90, 90)), LANDMARKS["obama"])
    assert [same_photo(originals["obama"], earlier) for earlier in ([], [flat] * 20)] == [None, None]
    assert same_photo(flat, [flat, originals["obama"]]) is None


def test_among_earlier_marks_one_that_is_no_fingerprint_is_an_error(originals: dict[str, bytes]) -> None:
    for broken in (originals["obama"][:-8], b"x" * 2048, b""):
        with pytest.raises(ValueError, match="reshape"):
            same_photo(originals["obama"], [originals["biden"], broken])
