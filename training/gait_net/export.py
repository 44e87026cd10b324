"""Write a trained network as ONNX: `python -m training.gait_net.export WEIGHTS OUT.onnx`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from stridewise.gait.encoding import FEATURES, PATCH
from training.gait_net.network import CONTEXT_AFTER, DILATIONS, SAYS, WIDTH, build

OPSET = 18


class Graph:
    """Nodes and weights gathered one after the other."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node and return the name of what it gives."""
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def weight(self, value: NDArray[Any], name: str) -> str:
        """Add an array stored in half precision, used in single."""
        half = value.astype(np.float16)
        self.weights.append(numpy_helper.from_array(half, f"{name}.half"))
        return self.add("Cast", [f"{name}.half"], name, to=TensorProto.FLOAT)

    def axes(self, value: list[int], name: str) -> str:
        """Add whole numbers."""
        self.weights.append(numpy_helper.from_array(np.array(value, dtype=np.int64), name))
        return name

    def dense(self, layer: Any, x: str, name: str) -> str:
        """Add a dense layer."""
        kernel, bias = (np.asarray(w) for w in layer.get_weights())
        product = self.add("MatMul", [x, self.weight(kernel, f"{name}.kernel")], f"{name}.product")
        return self.add("Add", [product, self.weight(bias, f"{name}.bias")], name)

    def norm(self, layer: Any, x: str, name: str) -> str:
        """Add a layer normalisation."""
        gamma, beta = (np.asarray(w) for w in layer.get_weights())
        inputs = [x, self.weight(gamma, f"{name}.gamma"), self.weight(beta, f"{name}.beta")]
        return self.add("LayerNormalization", inputs, name, axis=-1, epsilon=layer.epsilon)

    def conv(self, layer: Any, x: str, dilation: int, name: str) -> str:
        """Add a convolution over time of width 3 that keeps the length."""
        kernel, bias = (np.asarray(w) for w in layer.get_weights())
        turned = self.add("Transpose", [x], f"{name}.turned", perm=[0, 2, 1])
        inputs = [
            turned,
            self.weight(kernel.transpose(2, 1, 0), f"{name}.kernel"),
            self.weight(bias, f"{name}.bias"),
        ]
        y = self.add("Conv", inputs, f"{name}.sum", dilations=[dilation], pads=[dilation, dilation])
        return self.add("Transpose", [y], name, perm=[0, 2, 1])


def export(model: Any) -> onnx.ModelProto:
    """Turn a network of `network.build` into ONNX, its weights in half precision."""
    graph = Graph()
    layer = model.get_layer
    time_axis = graph.axes([1], "time_axis")
    shown = graph.add("ReduceSum", ["shown", time_axis], "shown_sum", keepdims=1)
    small = graph.weight(np.array([1e-3]), "small")
    shown = graph.add("Add", [shown, small], "shown_count")
    x = graph.dense(layer("stem"), "features", "stem")
    for i, dilation in enumerate(DILATIONS):
        y = graph.norm(layer(f"norm{i}"), x, f"norm{i}")
        y = graph.conv(layer(f"conv{i}"), y, dilation, f"conv{i}")
        y = graph.add("Relu", [y], f"relu{i}")
        y = graph.dense(layer(f"mix{i}"), y, f"mix{i}")
        x = graph.add("Add", [x, y], f"add{i}")
        if i in CONTEXT_AFTER:
            seen = graph.add("Mul", [x, "shown"], f"seen{i}")
            total = graph.add("ReduceSum", [seen, time_axis], f"total{i}", keepdims=1)
            c = graph.add("Div", [total, shown], f"mean{i}")
            c = graph.add("Relu", [graph.dense(layer(f"context{i}"), c, f"context{i}")], f"c{i}")
            x = graph.add("Add", [x, graph.dense(layer(f"tell{i}"), c, f"tell{i}")], f"told{i}")
    x = graph.norm(layer("norm"), x, "norm")
    x = graph.add("Concat", [x, "features"], "skip", axis=-1)
    graph.dense(layer("head"), x, "says")
    made = helper.make_graph(
        graph.nodes,
        "gait",
        [
            helper.make_tensor_value_info(
                "features", TensorProto.FLOAT, ["batch", "steps", PATCH * FEATURES]
            ),
            helper.make_tensor_value_info("shown", TensorProto.FLOAT, ["batch", "steps", 1]),
        ],
        [
            helper.make_tensor_value_info(
                "says", TensorProto.FLOAT, ["batch", "steps", PATCH * SAYS]
            )
        ],
        graph.weights,
    )
    finished = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(finished)
    return finished


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a trained network as ONNX.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=WIDTH)
    args = parser.parse_args()
    model = build(args.width)
    model.load_weights(args.weights)
    onnx.save(export(model), args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB, {model.count_params():,} weights")


if __name__ == "__main__":
    main()
