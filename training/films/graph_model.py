"""TensorFlow.js graph models into ONNX, so that onnxruntime runs them, several times faster.

Only the operations of pose networks are known. Pictures are NHWC in the one and NCHW in the other:
each convolution is put between two transpositions, most of which onnxruntime takes out again.
Integers become 64 bits wide, as ONNX wants its indices.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET = 18
#: What only bears another name.
_SAME = {
    "AddV2": "Add",
    "Sub": "Sub",
    "Mul": "Mul",
    "RealDiv": "Div",
    # Of integers that are not negative.
    "FloorDiv": "Div",
    "Sigmoid": "Sigmoid",
    "Sqrt": "Sqrt",
    "Identity": "Identity",
    "GatherNd": "GatherND",
    "Reshape": "Reshape",
}
_TENSORS = {"DT_FLOAT": TensorProto.FLOAT, "DT_INT32": TensorProto.INT32}
_VALUES = {"DT_FLOAT": TensorProto.FLOAT, "DT_INT32": TensorProto.INT64}


def to_onnx(model: Mapping[str, Any], data: bytes) -> bytes:
    """Convert a graph model: its JSON, and the bytes of its weights."""
    graph, signature = _Graph(weights(model["weightsManifest"], data)), model["signature"]
    wanted = [about["name"] for about in signature["outputs"].values()]
    for node in _needed(model["modelTopology"]["node"], wanted):
        inputs, op, name, attributes = _read(node), node["op"], node["name"], node.get("attr", {})
        if op in _SAME:
            graph.put(_SAME[op], inputs, name)
        elif op not in ("Const", "Placeholder"):
            _OPERATIONS[op](graph, name, inputs, attributes)
    made = helper.make_graph(
        graph.nodes,
        "pose",
        [_described(about) for about in signature["inputs"].values()],
        [_described(about) for about in signature["outputs"].values()],
        [numpy_helper.from_array(value, name) for name, value in graph.constants.items()],
    )
    opset = helper.make_opsetid("", _OPSET)
    whole = helper.make_model(made, opset_imports=[opset], ir_version=9)
    onnx.checker.check_model(whole)
    return bytes(whole.SerializeToString())


def _read(node: Mapping[str, Any]) -> list[str]:
    """Name what a node reads; each is named as the node that it comes from, but for further parts.

    Sizes that are worked out for transposed convolutions are left out: they follow from the rest.
    """
    inputs = [entry.removesuffix(":0") for entry in node.get("input", ())]
    return inputs[1:] if node["op"] == "Conv2DBackpropInput" else inputs


def _needed(nodes: Sequence[Mapping[str, Any]], outputs: Sequence[str]) -> list[Mapping[str, Any]]:
    """Take the nodes that the outputs depend on, in their order."""
    used = {name.partition(":")[0] for name in outputs}
    for node in reversed(nodes):
        if node["name"] in used:
            used |= {name.partition(":")[0] for name in _read(node)}
    return [node for node in nodes if node["name"] in used]


def weights(manifest: Sequence[Mapping[str, Any]], data: bytes) -> dict[str, NDArray[Any]]:
    """Take the weights apart; those that were kept in half precision come back in single."""
    out: dict[str, NDArray[Any]] = {}
    at = 0
    for weight in (weight for group in manifest for weight in group["weights"]):
        stored = np.dtype(weight.get("quantization", weight)["dtype"])
        if stored not in (np.float16, np.float32, np.int32):
            raise ValueError(f"Weights as {stored} are not known")
        count = int(np.prod(weight["shape"]))
        values = np.frombuffer(data, stored, count, at).reshape(weight["shape"])
        out[weight["name"]] = values.astype(np.int64 if stored == np.int32 else np.float32)
        at += count * stored.itemsize
    return out


class _Graph:
    """Nodes and constants, as they come about."""

    def __init__(self, known: Mapping[str, NDArray[Any]]) -> None:
        self.known = known
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def put(self, op: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Add a node; the weights that it reads become constants. Return its output."""
        self.constants |= {entry: self.known[entry] for entry in inputs if entry in self.known}
        output = output or f"made/{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def constant(self, value: Any) -> str:
        """Add a constant."""
        name = f"constant/{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name


def _described(about: Mapping[str, Any]) -> onnx.ValueInfoProto:
    """Describe an input or output; a length of -1 is not known beforehand."""
    lengths = [int(dim["size"]) for dim in about["tensorShape"]["dim"]]
    shape = [None if length < 0 else length for length in lengths]
    name = about["name"].removesuffix(":0")
    return helper.make_tensor_value_info(name, _TENSORS[about["dtype"]], shape)


def _convolution(depthwise: bool) -> Callable[..., None]:
    def add(graph: _Graph, name: str, inputs: list[str], attributes: Mapping[str, Any]) -> None:
        kernel = graph.known[inputs[1]]
        if depthwise:
            high, wide, channels, times = kernel.shape
            turned = kernel.reshape(high, wide, 1, channels * times).transpose(3, 2, 0, 1)
        else:
            channels, turned = 1, kernel.transpose(3, 2, 0, 1)
        values = graph.put(
            "Conv",
            [
                graph.put("Transpose", [inputs[0]], perm=[0, 3, 1, 2]),
                graph.constant(np.ascontiguousarray(turned)),
                *inputs[2:3],
            ],
            auto_pad={"SAME": "SAME_UPPER", "VALID": "VALID"}[_text(attributes["padding"])],
            strides=_list(attributes["strides"])[1:3],
            dilations=_list(attributes["dilations"])[1:3],
            group=channels,
        )
        for fused in map(_text, attributes.get("fused_ops", {}).get("list", {}).get("s", ())):
            if fused == "Relu6":
                limits = graph.constant(np.float32(0)), graph.constant(np.float32(6))
                values = graph.put("Clip", [values, *limits])
            elif fused == "Relu":
                values = graph.put("Relu", [values])
            elif fused != "BiasAdd":
                raise ValueError(f"{name}: {fused} within a convolution is not known")
        graph.put("Transpose", [values], name, perm=[0, 2, 3, 1])

    return add


def _transposed(graph: _Graph, name: str, inputs: list[str], attributes: Mapping[str, Any]) -> None:
    kernel = np.ascontiguousarray(graph.known[inputs[0]].transpose(3, 2, 0, 1))
    values = graph.put(
        "ConvTranspose",
        [graph.put("Transpose", [inputs[1]], perm=[0, 3, 1, 2]), graph.constant(kernel)],
        auto_pad={"SAME": "SAME_UPPER", "VALID": "VALID"}[_text(attributes["padding"])],
        strides=_list(attributes["strides"])[1:3],
    )
    graph.put("Transpose", [values], name, perm=[0, 2, 3, 1])


def _resize(graph: _Graph, name: str, inputs: list[str], attributes: Mapping[str, Any]) -> None:
    if not attributes["half_pixel_centers"]["b"] or attributes["align_corners"]["b"]:
        raise ValueError(f"{name}: only half pixel centres are known")
    values = graph.put(
        "Resize",
        [graph.put("Transpose", [inputs[0]], perm=[0, 3, 1, 2]), "", "", inputs[1]],
        axes=[2, 3],
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    graph.put("Transpose", [values], name, perm=[0, 2, 3, 1])


def _pack(graph: _Graph, name: str, inputs: list[str], attributes: Mapping[str, Any]) -> None:
    axis = int(attributes["axis"]["i"])
    along = graph.constant(np.array([axis]))
    graph.put("Concat", [graph.put("Unsqueeze", [e, along]) for e in inputs], name, axis=axis)


def _unpack(graph: _Graph, name: str, inputs: list[str], attributes: Mapping[str, Any]) -> None:
    axis = int(attributes["axis"]["i"])
    for i in range(int(attributes["num"]["i"])):
        which = graph.constant(np.int64(i))
        graph.put("Gather", [inputs[0], which], f"{name}:{i}" if i else name, axis=axis)


def _cast(graph: _Graph, name: str, inputs: list[str], attributes: Mapping[str, Any]) -> None:
    graph.put("Cast", inputs, name, to=_VALUES[attributes["DstT"]["type"]])


def _expand(graph: _Graph, name: str, inputs: list[str], _: Mapping[str, Any]) -> None:
    graph.put("Unsqueeze", [inputs[0], graph.constant(graph.known[inputs[1]].reshape(1))], name)


def _squeeze(graph: _Graph, name: str, inputs: list[str], attributes: Mapping[str, Any]) -> None:
    graph.put("Squeeze", [inputs[0], graph.constant(_list(attributes["squeeze_dims"]))], name)


def _arg_max(graph: _Graph, name: str, inputs: list[str], _: Mapping[str, Any]) -> None:
    graph.put("ArgMax", inputs[:1], name, axis=int(graph.known[inputs[1]]), keepdims=0)


def _join(graph: _Graph, name: str, inputs: list[str], _: Mapping[str, Any]) -> None:
    graph.put("Concat", inputs[:-1], name, axis=int(graph.known[inputs[-1]]))


def _squared(graph: _Graph, name: str, inputs: list[str], _: Mapping[str, Any]) -> None:
    apart = graph.put("Sub", inputs)
    graph.put("Mul", [apart, apart], name)


def _list(attribute: Mapping[str, Any]) -> list[int]:
    return [int(entry) for entry in attribute["list"]["i"]]


def _text(attribute: Mapping[str, str] | str) -> str:
    coded = attribute if isinstance(attribute, str) else attribute["s"]
    return base64.b64decode(coded).decode()


_OPERATIONS: Mapping[str, Callable[[_Graph, str, list[str], Mapping[str, Any]], None]] = {
    "_FusedConv2D": _convolution(depthwise=False),
    "FusedDepthwiseConv2dNative": _convolution(depthwise=True),
    "DepthwiseConv2dNative": _convolution(depthwise=True),
    "Conv2DBackpropInput": _transposed,
    "ResizeBilinear": _resize,
    "Pack": _pack,
    "Unpack": _unpack,
    "Cast": _cast,
    "ExpandDims": _expand,
    "Squeeze": _squeeze,
    "ArgMax": _arg_max,
    "ConcatV2": _join,
    "SquaredDifference": _squared,
}
