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
        """Add a convolution over time of width 3: what was, is and will be, side by side.

        A whole recording keeps its length, of the newest steps the first `dilation` go.
        """
        kernel, bias = (np.asarray(w) for w in layer.get_weights())
        steps = self.axes([dilation], f"{name}.steps")
        before = self.add("Mul", ["whole", steps], f"{name}.before")
        sides = ["none", before, "none", "none", steps, "none"]
        around = self.add("Concat", sides, f"{name}.pads", axis=0)
        x = self.add("Pad", [x, around], f"{name}.padded")
        twice = self.axes([2 * dilation], f"{name}.twice")
        ends = [self.axes([-k * dilation], f"{name}.end{k}") for k in (2, 1)]
        shifted = [
            self.add("Slice", [x, start, end, "time_axis"], f"{name}.shift{k}")
            for k, (start, end) in enumerate(
                zip(["none", steps, twice], [*ends, "far"], strict=True)
            )
        ]
        three = self.add("Concat", shifted, f"{name}.three", axis=-1)
        flat = self.weight(kernel.reshape(-1, kernel.shape[2]), f"{name}.kernel")
        product = self.add("MatMul", [three, flat], f"{name}.product")
        return self.add("Add", [product, self.weight(bias, f"{name}.bias")], name)

    def cropped(self, x: str, steps: int, name: str) -> str:
        """Leave the first steps out, where only the newest are asked for."""
        start = self.add("Mul", ["cropping", self.axes([steps], f"{name}.by")], f"{name}.start")
        return self.add("Slice", [x, start, "far", "time_axis"], name)


def export(model: Any) -> onnx.ModelProto:
    """Turn a network of `network.build` into ONNX, its weights in half precision.

    Inputs beside those of the network: `newest`, whether only the last steps are asked for; those
    given must reach `stridewise.gait.learned.REACH` steps further back, and `known` must hold the
    `means` over the recording that reading it whole gave.
    """
    graph = Graph()
    layer = model.get_layer
    time_axis = graph.axes([1], "time_axis")
    graph.axes([0], "none")
    graph.axes([2**31], "far")
    cropping = graph.add("Cast", ["newest"], "cropping", to=TensorProto.INT64)
    graph.add("Sub", [graph.axes([1], "one"), cropping], "whole")
    small = graph.weight(np.array([1e-3]), "small")
    x = graph.dense(layer("stem"), "features", "stem")
    gone = 0
    means: list[str] = []
    for i, dilation in enumerate(DILATIONS):
        y = graph.norm(layer(f"norm{i}"), x, f"norm{i}")
        y = graph.conv(layer(f"conv{i}"), y, dilation, f"conv{i}")
        y = graph.add("Relu", [y], f"relu{i}")
        y = graph.dense(layer(f"mix{i}"), y, f"mix{i}")
        x = graph.add("Add", [graph.cropped(x, dilation, f"kept{i}"), y], f"add{i}")
        gone += dilation
        if i in CONTEXT_AFTER:
            shown = graph.cropped("shown", gone, f"shown{i}")
            seen = graph.add("Mul", [x, shown], f"seen{i}")
            total = graph.add("ReduceSum", [seen, time_axis], f"total{i}", keepdims=1)
            count = graph.add("ReduceSum", [shown, time_axis], f"steps{i}", keepdims=1)
            count = graph.add("Add", [count, small], f"count{i}")
            mean = graph.add("Div", [total, count], f"mean{i}")
            place = [graph.axes([len(means) + k], f"place{i}.{k}") for k in range(2)]
            known = graph.add("Slice", ["known", *place, time_axis], f"known{i}")
            means.append(graph.add("Where", ["newest", known, mean], f"taken{i}"))
            c = graph.dense(layer(f"context{i}"), means[-1], f"context{i}")
            c = graph.add("Relu", [c], f"c{i}")
            x = graph.add("Add", [x, graph.dense(layer(f"tell{i}"), c, f"tell{i}")], f"told{i}")
    x = graph.norm(layer("norm"), x, "norm")
    x = graph.add("Concat", [x, graph.cropped("features", gone, "asked")], "skip", axis=-1)
    graph.dense(layer("head"), x, "says")
    graph.add("Concat", means, "means", axis=1)

    def described(name: str, type_: int, *shape: Any) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, type_, shape)

    means_shape = ["batch", len(CONTEXT_AFTER), layer("stem").units]
    made = helper.make_graph(
        graph.nodes,
        "gait",
        [
            described("features", TensorProto.FLOAT, "batch", "steps", PATCH * FEATURES),
            described("shown", TensorProto.FLOAT, "batch", "steps", 1),
            described("newest", TensorProto.BOOL, 1),
            described("known", TensorProto.FLOAT, *means_shape),
        ],
        [
            described("says", TensorProto.FLOAT, "batch", "asked", PATCH * SAYS),
            described("means", TensorProto.FLOAT, *means_shape),
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
