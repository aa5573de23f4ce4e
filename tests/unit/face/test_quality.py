import numpy as np
import numpy.typing as npt
import pytest

from face.errors import Refusal
from face.quality import (
    MAX_BRIGHTNESS,
    MAX_YAW,
    MIN_BRIGHTNESS,
    MIN_FACE_PX,
    MIN_INSIDE,
    VIEW,
    Quality,
    check,
    inside,
    measure,
)

GOOD = Quality(face_px=150.0, brightness=130.0, contrast=45.0, sharpness=0.1)


def chessboard(low: int, high: int) -> npt.NDArray[np.uint8]:
    """Squares of two pixels, so that half the size has squares of one."""
    squares = ((np.indices((150, 150)) // 2).sum(axis=0) % 2).astype(np.uint8)
    return np.repeat((low + squares * (high - low))[:, :, None], 3, axis=2).astype(np.uint8)


def test_a_chessboard_measures_as_computed_by_hand() -> None:
    quality = measure(chessboard(100, 200), 120.0)
    assert quality.face_px == 120.0
    assert quality.brightness == pytest.approx(150, abs=0.1)
    assert quality.contrast == pytest.approx(50, abs=0.02)
    # Each square differs by 100 from its four neighbours: the Laplacian is +400 or -400, 160000 over 2500.
    assert quality.sharpness == pytest.approx(64, abs=0.1)


def test_the_light_does_not_change_the_sharpness() -> None:
    assert measure(chessboard(10, 20), 120.0).sharpness == pytest.approx(measure(chessboard(100, 200), 120.0).sharpness)


def test_a_chip_of_one_colour_is_measured_without_dividing_by_zero() -> None:
    assert measure(np.full((150, 150, 3), 90, np.uint8), 120.0).sharpness == 0.0


def test_an_ordinary_face_passes() -> None:
    assert check(GOOD) is None


@pytest.mark.parametrize(
    ("numbers", "reason", "limit"),
    [
        ({"face_px": MIN_FACE_PX - 1}, "face_too_small", "limit_face_px"),
        ({"brightness": MIN_BRIGHTNESS - 1}, "too_dark", "limit_brightness"),
        ({"brightness": MAX_BRIGHTNESS + 1}, "too_bright", "limit_brightness"),
        ({"inside": 0.49}, "cropped", "limit_inside"),
        ({"yaw": 0.61}, "turned_away", "limit_yaw"),
        ({"yaw": -0.61}, "turned_away", "limit_yaw"),
        ({"contrast": 4.0, "brightness": 60.0}, "too_dark", "limit_contrast"),
        ({"contrast": 4.0, "brightness": 200.0}, "too_bright", "limit_contrast"),
        ({"sharpness": 0.007}, "too_blurred", "limit_sharpness"),
    ],
)
def test_each_limit_has_its_reason_and_its_numbers(numbers: dict[str, float], reason: str, limit: str) -> None:
    refusal = check(Quality(**(GOOD.numbers() | numbers)))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.data["reason"]) == ("low_quality", reason)
    assert limit in refusal.data


def test_the_limits_themselves_pass() -> None:
    assert check(Quality(MIN_FACE_PX, MIN_BRIGHTNESS, 5.0, 0.008, MAX_YAW, MIN_INSIDE)) is None


@pytest.mark.parametrize(("right", "down", "part"), [(0, 0, 1.0), (-75, 0, 0.5), (0, 90, 0.4), (400, 0, 0.0)])
def test_the_part_of_the_square_inside_the_picture(right: float, down: float, part: float) -> None:
    assert inside(VIEW + np.array([right, down], np.float32), (150, 150)) == pytest.approx(part, abs=0.03)
