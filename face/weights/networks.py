"""The three networks of the engines: where each comes from, how it is converted, and what it is proved against."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dlib
import numpy as np
import numpy.typing as npt
import onnx

from face.weights import dlib_resnet, unpacked
from face.weights.runtime import session_of
from face.weights.sources import DLIB_NETWORK, SFACE, YUNET, Source

Array = npt.NDArray[np.float32]
#: From a picture of 0 to 255, (1, 3, side, side), to the network's outputs.
Run = Callable[[Array], list[Array]]


@dataclass(frozen=True, slots=True)
class Network:
    """How one weight file becomes a model for ONNX Runtime."""

    source: Source
    side: int
    build: Callable[[Path], onnx.ModelProto]
    #: The original as its own library computes it.
    original: Callable[[Path], Run]
    #: What the converted network wants in place of a picture of 0 to 255.
    prepare: Callable[[Array], Array] = lambda picture: picture


def dlib_input(chips: npt.NDArray[np.uint8] | Array) -> Array:
    """RGB chips of 0 to 255, (n, 3, 150, 150), as dlib's network wants them."""
    mean = np.array(dlib_resnet.MEAN, np.float32).reshape(3, 1, 1)
    return (np.asarray(chips, np.float32) - mean) / np.float32(dlib_resnet.SCALE)


def _dlib_original(path: Path) -> Run:
    network = dlib.face_recognition_model_v1(str(path))

    def run(picture: Array) -> list[Array]:
        chip = np.ascontiguousarray(picture[0].transpose(1, 2, 0).astype(np.uint8))
        return [np.array(network.compute_face_descriptor(chip), np.float32)[None]]

    return run


def _plain_original(path: Path) -> Run:
    """The shipped model, mended only where the runtime stops: inputs nobody needs, and blocks of a single scale."""
    model = onnx.load(path)
    single = {each.name for each in model.graph.initializer if list(each.dims) in ([], [1])}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[1] in single:
            del node.attribute[:]
    computed = {name for node in model.graph.node for name in node.output}
    computed |= {each.name for each in model.graph.initializer}
    wanted = {name for node in model.graph.node for name in node.input} - computed
    inputs = [each for each in model.graph.input if each.name in wanted]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    loaded, name = session_of(model), inputs[0].name
    return lambda picture: loaded.run(None, {name: picture})


DESCRIBE = Network(DLIB_NETWORK, dlib_resnet.CHIP_SIDE, dlib_resnet.build, _dlib_original, dlib_input)
EMBED = Network(SFACE, 112, lambda path: unpacked.build(path, {0: "n"}), _plain_original)
DETECT = Network(YUNET, 640, lambda path: unpacked.build(path, {2: "rows", 3: "columns"}), _plain_original)
