"""The stride network: fully connected; how it is built, what it is punished for, its ONNX form."""

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
#: Numbers per area: how far past each of three severities, and the log of the standard deviation.
SAYS = 4
UNITS = (128, 96)
#: Logistic and normal distribution agree best at this slope.
LOGISTIC = 1.702
_BETA = 0.5
_SMALLEST, _LARGEST = -4.0, 2.5


def build(width: int, skip: int, dropout: float = 0.1) -> keras.Model:
    """Make an untrained network: (batch, width) to (batch, areas * 4).

    The last `skip` numbers go to the output layer directly as well.
    """
    inputs = keras.Input((width,), name="features")
    x = inputs
    for i, units in enumerate(UNITS):
        x = layers.Dense(units, activation="relu", name=f"dense{i}")(x)
        x = layers.Dropout(dropout, name=f"drop{i}")(x)
    if skip:
        x = layers.Concatenate(name="skip")([x, inputs[:, width - skip :]])
    return keras.Model(inputs, layers.Dense(AREAS * SAYS, name="head")(x), name="stride")


def loss(wanted: Any, said: Any) -> Any:
    """Gaussian likelihood of the margins with beta weighting, and entropy of being past the first.

    Parameters
    ----------
    wanted : tensor, shape (batch, areas * 3)
        Margins; NaN where not known.
    said : tensor, shape (batch, areas * 4)
    """
    true = ops.reshape(wanted, (-1, AREAS, 3))
    said = ops.reshape(said, (-1, AREAS, SAYS))
    log_sd = ops.clip(said[..., 3:], _SMALLEST, _LARGEST)
    known = ops.cast(ops.logical_not(ops.isnan(true)), "float32")
    true = ops.nan_to_num(true)
    pull = ops.abs(said[..., :3] - true) * ops.exp(-log_sd)
    squared = ops.where(pull < 3.0, 0.5 * pull**2, 3.0 * pull - 4.5)
    likelihood = (squared + log_sd) * ops.stop_gradient(ops.exp(log_sd)) ** _BETA
    logit = LOGISTIC * said[..., 0] * ops.exp(-log_sd[..., 0])
    past = ops.cast(true[..., 0] > 0, "float32")
    entropy = ops.relu(logit) - logit * past + ops.log1p(ops.exp(-ops.abs(logit)))
    count = ops.sum(known) + 1.0
    return ops.sum(likelihood * known) / count + ops.sum(entropy * known[..., 0]) / count


def export(model: Any, skip: int, name: str) -> onnx.ModelProto:
    """Turn a stack of dense layers into ONNX, its weights in half precision.

    Parameters
    ----------
    model : keras.Model
        Dense layers one after the other, the last called "head".
    skip : int
        How many of the last inputs the head sees directly.
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
        if last and skip:
            ends = [np.array([n], dtype=np.int64) for n in (width - skip, width, 1)]
            names = [constant(e, f"slice{k}") for k, e in enumerate(ends)]
            x = add("Concat", [x, add("Slice", ["features", *names], "passed")], "joined", axis=1)
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
