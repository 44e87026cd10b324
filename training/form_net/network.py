"""The stride network: how much surer or less sure than the rules one should be; its ONNX form."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import onnx
from keras import layers, ops
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from stridewise.form.variables import STRIDE_AREAS

AREAS = len(STRIDE_AREAS)
#: Severities that are judged.
LEVELS = 3
UNITS = 24


def build(width: int, units: int = UNITS, dropout: float = 0.3) -> keras.Model:
    """Make an untrained network: features and the rules' logits to corrected logits.

    Its last layer is zero, so that it begins as the rules. One correction serves all severities.

    Parameters
    ----------
    width : int
        Features of a stride; the rules' logits have shape (batch, areas * 3), as has what it says.
    """
    features = keras.Input((width,), name="features")
    rules = keras.Input((AREAS * LEVELS,), name="rules")
    x = layers.Dropout(dropout, name="drop0")(features)
    x = layers.Dense(units, activation="relu", name="dense0")(x)
    x = layers.Dropout(dropout, name="drop1")(x)
    correction = layers.Dense(AREAS, kernel_initializer="zeros", name="head")(x)
    says = layers.Add(name="says")([rules, layers.Lambda(_each_level, name="levels")(correction)])
    return keras.Model([features, rules], says, name="stride")


def _each_level(correction: Any) -> Any:
    return ops.repeat(correction, LEVELS, axis=1)


def loss(wanted: Any, said: Any) -> Any:
    """Mean entropy of logits against 0 or 1, NaN where not known; shapes (batch, areas * 3)."""
    known = ops.cast(ops.logical_not(ops.isnan(wanted)), "float32")
    entropy = ops.relu(said) - said * ops.nan_to_num(wanted) + ops.log1p(ops.exp(-ops.abs(said)))
    return ops.sum(entropy * known) / (ops.sum(known) + 1.0)


def export(model: Any, name: str) -> onnx.ModelProto:
    """Turn a stack of dense layers into ONNX, its weights in half precision.

    Parameters
    ----------
    model : keras.Model
        Dense layers one after the other behind its first input; others are activated by ReLU, the
        last one is what the exported network says.
    name : str
    """
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []

    def add(operator: str, inputs: list[str], out: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [out], **attributes))
        return out

    def constant(value: NDArray[Any], out: str) -> str:
        weights.append(numpy_helper.from_array(value, out))
        return out

    width = model.inputs[0].shape[-1]
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    x = "features"
    for i, layer in enumerate(dense):
        last = i == len(dense) - 1
        halves = []
        for part, value in zip(("kernel", "bias"), layer.get_weights(), strict=True):
            half = constant(np.asarray(value).astype(np.float16), f"{part}{i}.half")
            halves.append(add("Cast", [half], f"{part}{i}", to=TensorProto.FLOAT))
        x = add("Gemm", [x, *halves], "says" if last else f"sum{i}")
        if not last:
            x = add("Relu", [x], f"relu{i}")
    made = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", width])],
        [helper.make_tensor_value_info("says", TensorProto.FLOAT, ["batch", dense[-1].units])],
        weights,
    )
    finished = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(finished)
    return finished
