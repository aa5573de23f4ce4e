"""dlib's face network, read from its file and written as an ONNX model that computes the same numbers faster.

The file is a flat list of layers, input first, each behind its name. Integers are one length byte (high bit: sign) and
that many little-endian bytes; a tensor is the integer 2, four sizes and raw little-endian float32.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Array = npt.NDArray[np.float32]

CHIP_SIDE, LENGTH = 150, 128
# What dlib subtracts from red, green and blue of 0 to 255, and divides by.
MEAN, SCALE = (122.782, 117.001, 104.298), 256.0
OPSET, IR_VERSION = 21, 10
_LAYER = re.compile(rb"con_4|affine_|relu_|max_pool_2|avg_pool_2|add_prev_|fc_2")


class _File:
    """The bytes, read from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def layer(self) -> str | None:
        """Go behind the next layer's name, which may end in digits of its own; None at the end of the list."""
        found = _LAYER.search(self.data, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group().decode()

    def integer(self) -> int:
        head = self.data[self.at]
        size = head & 0x7F
        value = int.from_bytes(self.data[self.at + 1 : self.at + 1 + size], "little")
        self.at += 1 + size
        return -value if head & 0x80 else value

    def integers(self, count: int) -> list[int]:
        return [self.integer() for _ in range(count)]

    def tensor(self) -> Array:
        version, *sizes = self.integers(5)
        if version != 2:  # noqa: PLR2004 - the only version dlib has written since 2016
            raise ValueError(f"a tensor of version {version}")
        start, self.at = self.at, self.at + 4 * int(np.prod(sizes))
        return np.frombuffer(self.data[start : self.at], "<f4").astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer's output: its name, how many channels, and how many rows and columns each has."""

    name: str
    channels: int
    side: int


class _Graph:
    """The ONNX graph as it grows."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, value: npt.NDArray[Any]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, inputs: list[str], **attributes: Any) -> str:  # noqa: ANN401 - onnx takes numbers and lists
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def padded(self, layer: _Layer, channels: int, side: int) -> str:
        """What dlib does where two branches differ: zeros behind the smaller one's channels, rows and columns."""
        if (layer.channels, layer.side) == (channels, side):
            return layer.name
        ends = [0, channels - layer.channels, side - layer.side, side - layer.side]
        return self.add("Pad", [layer.name, self.weight(np.array([0] * 4 + ends, np.int64))])


def build(source: Path) -> onnx.ModelProto:
    """The network of a `dlib_face_recognition_resnet_model_v1.dat`: chips (n, 3, 150, 150) in, (n, 128) out.

    Chips are RGB minus MEAN, divided by SCALE. A file of another structure raises ValueError or IndexError.
    """
    file, graph = _File(source.read_bytes()), _Graph()
    top = _Layer("chip", 3, CHIP_SIDE)
    # Where the block began, whose output is added back at its end.
    began = top
    ended = True
    while (kind := file.layer()) is not None:
        if kind == "con_4":
            top = _convolution(file, graph, top)
        elif kind == "relu_":
            top = replace(top, name=graph.add("Relu", [top.name]))
        elif kind == "max_pool_2":
            top = began = _max_pool(file, graph, top)
        elif kind == "avg_pool_2":
            top, began = _average_pool(file, graph, top, began)
        elif kind == "add_prev_":
            top = _sum(graph, top, began)
        elif kind == "fc_2":
            top = _Layer(_projection(file, graph, top), LENGTH, 1)
        # Of the two activations of a block only the one behind the sum ends it.
        if kind == "relu_" and ended:
            began = top
        ended = kind == "add_prev_"
    return _model(graph, top)


def _convolution(file: _File, graph: _Graph, top: _Layer) -> _Layer:
    """A convolution with the affine layer behind it folded in."""
    numbers = file.tensor()
    filters, rows, columns, stride, _, padding, _ = file.integers(7)
    weights, bias = numbers[:-filters].reshape(filters, top.channels, rows, columns), numbers[-filters:]
    if file.layer() != "affine_":
        raise ValueError("a convolution without its affine layer")
    gamma, beta = np.split(file.tensor(), 2)
    inputs = [top.name, graph.weight(weights * gamma[:, None, None, None]), graph.weight(bias * gamma + beta)]
    name = graph.add("Conv", inputs, strides=[stride] * 2, pads=[padding] * 4, kernel_shape=[rows, columns])
    return _Layer(name, filters, (top.side + 2 * padding - rows) // stride + 1)


def _max_pool(file: _File, graph: _Graph, top: _Layer) -> _Layer:
    window, _, stride, _ = file.integers(4)
    name = graph.add("MaxPool", [top.name], kernel_shape=[window] * 2, strides=[stride] * 2)
    return _Layer(name, top.channels, (top.side - window) // stride + 1)


def _average_pool(file: _File, graph: _Graph, top: _Layer, began: _Layer) -> tuple[_Layer, _Layer]:
    """A window of 0 pools everything at the network's end; else the way around a block is made smaller."""
    window, _, stride, _ = file.integers(4)
    if window == 0:
        return _Layer(graph.add("GlobalAveragePool", [top.name]), top.channels, 1), began
    name = graph.add("AveragePool", [began.name], kernel_shape=[window] * 2, strides=[stride] * 2)
    return top, _Layer(name, began.channels, (began.side - window) // stride + 1)


def _sum(graph: _Graph, one: _Layer, other: _Layer) -> _Layer:
    channels, side = max(one.channels, other.channels), max(one.side, other.side)
    parts = [graph.padded(each, channels, side) for each in (one, other)]
    return _Layer(graph.add("Add", parts), channels, side)


def _projection(file: _File, graph: _Graph, top: _Layer) -> str:
    outputs, inputs = file.integers(2)
    matrix = file.tensor().reshape(inputs, outputs)
    return graph.add("MatMul", [graph.add("Flatten", [top.name]), graph.weight(matrix)])


def _model(graph: _Graph, top: _Layer) -> onnx.ModelProto:
    chips = helper.make_tensor_value_info("chip", onnx.TensorProto.FLOAT, ["n", 3, CHIP_SIDE, CHIP_SIDE])
    out = helper.make_tensor_value_info(top.name, onnx.TensorProto.FLOAT, ["n", LENGTH])
    made = helper.make_graph(graph.nodes, "dlib_face_recognition_resnet_model_v1", [chips], [out], graph.weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
