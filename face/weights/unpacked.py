"""Networks shipped with their weights in blocks of 8 bits, rewritten with plain weights that ONNX Runtime can fold."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from face.weights.dlib_resnet import IR_VERSION, OPSET

Weights = dict[str, npt.NDArray[Any]]


def build(source: Path, free: dict[int, str]) -> onnx.ModelProto:
    """The same network with its weights constant; the input's axes named in `free` may have any size.

    Three things change and no result by more than rounding: dequantising and reshaping of weights is done here, once;
    weights are no longer listed as inputs, which hides from the runtime that they are constant; and each PReLU becomes
    ReLU and two scalings, because the runtime has no fast PReLU: SFace takes 7 ms instead of 19.
    """
    graph = onnx.load(source).graph
    weights: Weights = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    kept: list[onnx.NodeProto] = []
    for node in graph.node:
        kept += _rewritten(node, weights)
    used = {name for node in kept for name in node.input}
    inputs = [each for each in graph.input if each.name not in weights and each.name in used]
    for axis, name in free.items():
        inputs[0].type.tensor_type.shape.dim[axis].dim_param = name
    # The sizes of the outputs follow from the input's.
    outputs = [helper.make_tensor_value_info(each.name, onnx.TensorProto.FLOAT, None) for each in graph.output]
    constants = [
        numpy_helper.from_array(np.ascontiguousarray(weights[name]), name) for name in sorted(used & set(weights))
    ]
    made = helper.make_graph(kept, source.stem, inputs, outputs, constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _rewritten(node: onnx.NodeProto, weights: Weights) -> list[onnx.NodeProto]:
    """What stands in the new graph for a node; constants go to `weights` instead."""
    constant = bool(node.input) and all(name in weights for name in node.input)
    match node.op_type:
        case "DequantizeLinear" if constant:
            weights[node.output[0]] = _dequantised(node, *(weights[name] for name in node.input))
        case "Reshape" if constant:
            weights[node.output[0]] = weights[node.input[0]].reshape(weights[node.input[1]])
        case "Constant":
            weights[node.output[0]] = numpy_helper.to_array(helper.get_node_attr_value(node, "value"))
        case "Dropout":
            # It does nothing outside of training.
            return [helper.make_node("Identity", node.input[:1], node.output)]
        case "PRelu":
            return _prelu(node, weights)
        case _:
            return [node]
    return []


def _dequantised(
    node: onnx.NodeProto, blocks: npt.NDArray[Any], scale: npt.NDArray[Any], zero: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    axis, size = attributes.get("axis", 1), attributes.get("block_size", 0)
    if scale.ndim and not size:
        shape = [-1 if at == axis else 1 for at in range(blocks.ndim)]
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    elif scale.ndim:
        scale, zero = (np.repeat(each, size, axis).take(range(blocks.shape[axis]), axis) for each in (scale, zero))
    return np.asarray((blocks.astype(np.int32) - zero.astype(np.int32)).astype(np.float32) * scale)


def _prelu(node: onnx.NodeProto, weights: Weights) -> list[onnx.NodeProto]:
    """Slope * x + (1 - slope) * max(x, 0), each scaling a convolution of one number a channel."""
    (x, slopes), (y,) = node.input, node.output
    slope = weights[slopes].reshape(-1, 1, 1, 1)
    weights[f"{y}_below"], weights[f"{y}_above"] = slope, 1 - slope
    scaling: dict[str, Any] = {"group": len(slope), "kernel_shape": [1, 1]}
    return [
        helper.make_node("Relu", [x], [f"{y}_relu"]),
        helper.make_node("Conv", [f"{y}_relu", f"{y}_above"], [f"{y}_part"], **scaling),
        helper.make_node("Conv", [x, f"{y}_below"], [f"{y}_rest"], **scaling),
        helper.make_node("Add", [f"{y}_part", f"{y}_rest"], [y]),
    ]
