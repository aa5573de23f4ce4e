from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from face.errors import EngineFailed, EngineUnavailable
from face.passive import PassiveSettings, load

BOX = (40.0, 40.0, 60.0, 60.0)
# Each class is one colour's mean over the input: class 0 of the first plane, class 2 of the third.
MEANS = [helper.make_node("ReduceMean", ["faces", "axes"], ["out"], keepdims=0)]
SOFTMAX = [
    helper.make_node("ReduceMean", ["faces", "axes"], ["means"], keepdims=0),
    helper.make_node("Softmax", ["means"], ["out"], axis=1),
]


def model(
    path: Path, nodes: list[onnx.NodeProto] = MEANS, shape: tuple[object, ...] = (1, 3, 8, 10), classes: object = 3
) -> PassiveSettings:
    """A model on the disk and the settings that fit it."""
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("faces", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [shape[0], classes])],
        [numpy_helper.from_array(np.array([2, 3]), "axes")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(made)
    onnx.save(made, path)
    return PassiveSettings(path, live_class=0, live_threshold=0.5, size=(10, 8), crop=1.0, scale=(0.01,) * 3, bgr=False)


@pytest.fixture
def settings(tmp_path: Path) -> PassiveSettings:
    return model(tmp_path / "model.onnx")


def picture(face: tuple[int, int, int], around: tuple[int, int, int] = (0, 0, 0)) -> Image.Image:
    """A face of one colour at BOX and another colour around it."""
    image = Image.new("RGB", (100, 100), around)
    image.paste(face, (40, 40, 60, 60))
    return image


def test_outputs_that_are_no_probabilities_go_through_softmax(settings: PassiveSettings) -> None:
    expected = np.exp(2) / (np.exp(2) + np.exp(1) + 1)
    assert load(settings).live(picture((200, 100, 0)), BOX) == pytest.approx(expected, abs=1e-6)


def test_probabilities_are_taken_as_they_are(tmp_path: Path) -> None:
    expected = np.exp(2) / (np.exp(2) + np.exp(1) + 1)
    passive = load(model(tmp_path / "soft.onnx", SOFTMAX))
    assert passive.live(picture((200, 100, 0)), BOX) == pytest.approx(expected, abs=1e-6)


def test_huge_outputs_do_not_overflow(settings: PassiveSettings) -> None:
    assert load(replace(settings, scale=(100.0,) * 3)).live(picture((255, 0, 0)), BOX) == 1.0


def test_the_live_class_is_the_one_of_the_settings(settings: PassiveSettings) -> None:
    image = picture((250, 0, 0))
    assert load(settings).live(image, BOX) > 0.8
    assert load(replace(settings, live_class=2)).live(image, BOX) < 0.1


def test_bgr_exchanges_red_and_blue(settings: PassiveSettings) -> None:
    one = load(settings).live(picture((250, 10, 90)), BOX)
    assert load(replace(settings, bgr=True)).live(picture((90, 10, 250)), BOX) == one


def test_mean_is_taken_off_before_scaling(settings: PassiveSettings) -> None:
    passive = load(replace(settings, mean=(200.0, 100.0, 0.0)))
    assert passive.live(picture((200, 100, 0)), BOX) == pytest.approx(1 / 3)


def test_the_crop_factor_widens_the_square_around_the_face(settings: PassiveSettings) -> None:
    image = picture((250, 0, 0), around=(0, 250, 0))
    assert load(settings).live(image, BOX) > 0.8
    assert load(replace(settings, crop=4.0)).live(image, BOX) < 0.5


def test_what_lies_outside_of_the_picture_is_black(settings: PassiveSettings) -> None:
    # Three quarters of the square lie outside: a mean of 62.5, which becomes 0.625.
    expected = np.exp(0.625) / (np.exp(0.625) + 2)
    alive = load(settings).live(Image.new("RGB", (100, 100), (250, 0, 0)), (-20, -20, 20, 20))
    assert alive == pytest.approx(expected, abs=0.03)


def test_a_free_batch_and_free_sizes_fit(tmp_path: Path) -> None:
    settings = model(tmp_path / "free.onnx", shape=("n", 3, "h", "w"), classes="classes")
    assert load(settings).live(picture((250, 0, 0)), BOX) > 0.8


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"model none\.onnx is missing"):
        load(PassiveSettings(tmp_path / "none.onnx", live_class=0, live_threshold=0.5))


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (path := tmp_path / "text.onnx").write_bytes(b"no model")
    with pytest.raises(EngineUnavailable, match=r"text\.onnx is no ONNX model"):
        load(PassiveSettings(path, live_class=0, live_threshold=0.5))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"size": (8, 10)}, r"its input is \[1, 3, 8, 10\], not \[1, 3, 10, 8\]"),
        ({"live_class": 3}, r"its output is \[1, 3\] and holds no class 3"),
        ({"live_class": -1}, "holds no class -1"),
    ],
)
def test_shapes_that_do_not_fit_are_told(settings: PassiveSettings, changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(EngineUnavailable, match=sentence):
        load(replace(settings, **changed))


def test_two_outputs_do_not_fit(tmp_path: Path) -> None:
    model(path := tmp_path / "two.onnx", SOFTMAX)
    two = onnx.load(path)
    two.graph.output.append(helper.make_tensor_value_info("means", TensorProto.FLOAT, [1, 3]))
    onnx.save(two, path)
    with pytest.raises(EngineUnavailable, match="1 inputs and 2 outputs"):
        load(PassiveSettings(path, live_class=0, live_threshold=0.5, size=(10, 8)))


def test_numbers_that_are_none_judge_nothing(settings: PassiveSettings) -> None:
    passive = load(replace(settings, scale=(float("nan"),) * 3))
    with pytest.raises(EngineFailed, match="no number"):
        passive.live(picture((250, 0, 0)), BOX)


def test_a_class_that_a_free_output_does_not_hold_judges_nothing(tmp_path: Path) -> None:
    settings = model(tmp_path / "free.onnx", shape=(1, "colours", 8, 10), classes="classes")
    with pytest.raises(EngineFailed):
        load(replace(settings, live_class=7)).live(picture((250, 0, 0)), BOX)


def test_an_empty_box_judges_nothing(settings: PassiveSettings) -> None:
    with pytest.raises(EngineFailed, match="anti-spoof model failed"):
        load(settings).live(picture((250, 0, 0)), (40, 40, 40, 40))
