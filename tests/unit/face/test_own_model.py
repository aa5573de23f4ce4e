"""A deployment's own model behind the same detector: what its description must say, and what is wrong with it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from demo import photos
from face.engines import loading
from face.engines.base import Reading
from face.errors import EngineUnavailable

MODELS = Path("var/models")
SIDE, LENGTH = 64, 16


def model(path: Path, side: int = SIDE, length: int = LENGTH) -> None:
    """A real network of one fixed projection, seeded."""
    weights = np.random.default_rng(3).normal(size=(3 * side * side, length)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])],
        "own",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, side, side])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", length])],
        [numpy_helper.from_array(weights, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


@pytest.fixture
def described(tmp_path: Path) -> Path:
    model(tmp_path / "own.onnx")
    return written(tmp_path)


def written(folder: Path, **changes: Any) -> Path:
    told = {"file": "own.onnx", "side": SIDE, "length": LENGTH, "mean": [127.5] * 3, "scale": 127.5} | changes
    path = folder / "own.json"
    path.write_text(json.dumps({name: value for name, value in told.items() if value is not None}), encoding="utf-8")
    return path


def test_it_describes_faces_as_told(described: Path) -> None:
    engine = loading.load(f"onnx:{described}", MODELS)
    reading = engine.describe(photos.portrait("obama"))
    assert isinstance(reading, Reading)
    assert engine.id == "onnx"
    assert reading.descriptor.shape == (LENGTH,)
    assert np.linalg.norm(reading.descriptor) == pytest.approx(1, abs=1e-5)


def test_another_model_or_description_is_another_version(described: Path) -> None:
    versions = {loading.load(f"onnx:{described}", MODELS).version}
    versions.add(loading.load(f"onnx:{written(described.parent, channels='bgr')}", MODELS).version)
    model(described.parent / "own.onnx", length=LENGTH + 1)
    versions.add(loading.load(f"onnx:{written(described.parent, length=LENGTH + 1)}", MODELS).version)
    assert len(versions) == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"file": "gone.onnx"}, r"gone\.onnx cannot be read"),
        ({"side": 80}, "does not take its input"),
        ({"length": 512}, "gives shape"),
        ({"channels": "cmyk"}, "a value that is not known"),
        ({"alignment": "eyes"}, "a value that is not known"),
        ({"scale": 0}, "a value that is not known"),
        ({"mean": [1, 2]}, "a value that is not known"),
        ({"mean": "grey"}, "not usable"),
        ({"mean": [1, 2, float("nan")]}, "a value that is not known"),
        ({"side": None}, "not usable"),
        ({"side": "64"}, "not usable"),
        ({"side": 64.5}, "not usable"),
        ({"surprise": 1}, "not usable"),
    ],
)
def test_what_is_wrong_is_said(described: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(EngineUnavailable, match=sentence):
        loading.load(f"onnx:{written(described.parent, **changes)}", MODELS)


def test_a_missing_description_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"gone\.json is not usable"):
        loading.load(f"onnx:{tmp_path / 'gone.json'}", MODELS)


def test_an_unknown_engine_names_those_that_there_are() -> None:
    with pytest.raises(EngineUnavailable, match="fused, sface, dlib, onnx:FILE"):
        loading.load("magic", MODELS)


@pytest.mark.parametrize("name", ["sface", "dlib"])
def test_the_other_engines_tell_persons_apart(name: str) -> None:
    engine = loading.load(name, MODELS)
    readings = [engine.describe(photos.portrait(person)) for person in ("obama", "obama2", "biden")]
    first, second, other = (each.descriptor for each in readings if isinstance(each, Reading))
    assert np.linalg.norm(first - second) < 0.75 * np.linalg.norm(first - other)
