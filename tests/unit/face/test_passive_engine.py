"""The passive model within an engine: how its description is read, and on which photos it looks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from demo.photos import landscape, portrait
from face.engines.base import Engine, Reading
from face.engines.network_engine import NetworkEngine, with_passive
from face.errors import EngineUnavailable
from service.deps import load_engine


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A network whose classes are the means of its input's planes: the first one is red's."""
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["faces", "axes"], ["out"], keepdims=0)],
        "means",
        [helper.make_tensor_value_info("faces", TensorProto.FLOAT, [1, 3, 8, 10])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.array([2, 3]), "axes")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(made, tmp_path / "means.onnx")
    return described(tmp_path)


def described(folder: Path, **changes: Any) -> Path:
    told = {"path": "means.onnx", "live_class": 0, "live_threshold": 0.5, "size": [10, 8], "crop": 1.0, "bgr": False}
    told |= {"mean": [0, 0, 0], "scale": [0.01] * 3, **changes}
    path = folder / "passive.json"
    path.write_text(json.dumps({name: value for name, value in told.items() if value is not None}), encoding="utf-8")
    return path


def live(engine: Engine, *, turned: bool = False) -> float | None:
    reading = engine.describe(portrait("obama"), turned=turned)
    assert isinstance(reading, Reading)
    return reading.live


def test_a_photo_is_looked_at_and_a_turned_frame_is_not(fused: NetworkEngine, model: Path) -> None:
    watched = with_passive(fused, model)
    # Skin is redder than anything else.
    assert 1 / 3 < (live(watched) or 0) < 1
    assert live(watched, turned=True) is None
    assert live(fused) is None


def test_a_worker_loads_it_with_its_engine(model: Path) -> None:
    assert live(load_engine("fused", Path("var/models"), model)) is not None


def test_descriptors_and_their_version_stay(fused: NetworkEngine, model: Path) -> None:
    watched = with_passive(fused, model)
    one, other = (engine.describe(portrait("obama")) for engine in (fused, watched))
    assert isinstance(one, Reading)
    assert isinstance(other, Reading)
    assert np.array_equal(one.descriptor, other.descriptor)
    assert (watched.id, watched.version) == (fused.id, fused.version)


def test_where_nobody_is_found_nothing_is_asked(fused: NetworkEngine, model: Path) -> None:
    assert with_passive(fused, model).describe(landscape()) == fused.describe(landscape())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"path": "none.onnx"}, r"model none\.onnx is missing"),
        ({"path": None}, "passive.json is not usable: KeyError"),
        ({"path": 7}, "passive.json is not usable: TypeError"),
        ({"live_class": None}, "passive.json is not usable: TypeError"),
        ({"live_class": 3}, "holds no class 3"),
        ({"size": [8, 10]}, "does not fit its settings"),
        ({"scale": ["a", "b", "c"]}, "passive.json is not usable: EngineFailed"),
        ({"mean": [1, 2]}, "passive.json is not usable: EngineFailed"),
        ({"colour": "rgb"}, "passive.json is not usable: TypeError"),
    ],
    ids=str,
)
def test_a_description_that_does_not_fit_stops_the_start(
    fused: NetworkEngine, model: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(EngineUnavailable, match=sentence):
        with_passive(fused, described(model.parent, **changes))


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "7"])
def test_a_file_that_is_no_description_stops_the_start(fused: NetworkEngine, tmp_path: Path, content: str) -> None:
    (path := tmp_path / "passive.json").write_text(content)
    with pytest.raises(EngineUnavailable, match=r"passive\.json is not usable"):
        with_passive(fused, path)


def test_a_missing_description_stops_the_start(fused: NetworkEngine, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"none\.json is not usable: FileNotFoundError"):
        with_passive(fused, tmp_path / "none.json")


def test_the_reference_engine_takes_none(engine: Engine, model: Path) -> None:
    with pytest.raises(EngineUnavailable, match="dlib takes no passive model"):
        with_passive(engine, model)


def test_a_turned_head_is_refused_in_a_photo_and_read_in_a_frame(fused: NetworkEngine, monkeypatch: Any) -> None:
    # No public portrait at hand is turned that far; with a limit near zero every one is.
    monkeypatch.setattr("face.quality.MAX_YAW", 1e-6)
    refusal = fused.describe(portrait("obama"))
    assert refusal.data["reason"] == "turned_away"
    read = fused.describe(portrait("obama"), turned=True)
    assert isinstance(read, Reading)
    assert abs(read.quality["yaw"]) > 1e-6
