"""The network: residual dilated convolutions over time, told about the whole recording."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from keras import layers, ops

from stridewise.gait.encoding import EXTRAS, FEATURES, OUTPUTS, PATCH

WIDTH = 128
DILATIONS = (1, 2, 4, 8, 1, 2, 4)
#: Blocks after which the mean over the recording is mixed in.
CONTEXT_AFTER = (2, 5)
CONTEXT = 48
VALUES = len(OUTPUTS)
#: Numbers per frame: values, logs of their standard deviations, extras.
SAYS = 2 * VALUES + len(EXTRAS)

#: How much each output counts in training; 1 where nothing is said.
_WEIGHT = {
    "initial_contact": 5.0,
    "toe_off": 6.0,
    "vertical_force": 2.0,
    "fore_aft_force": 1.5,
    "elbow_flexion": 0.3,
    "upper_arm": 0.3,
}
_BETA = 0.5


@keras.saving.register_keras_serializable("stridewise")
class MeanOverTime(layers.Layer):  # type: ignore[misc]
    """Mean of all steps that show the runner."""

    def call(self, inputs: list[Any]) -> Any:
        """Average `inputs[0]` (batch, steps, width) over steps where `inputs[1]` is 1."""
        x, shown = inputs
        return ops.sum(x * shown, axis=1, keepdims=True) / (
            ops.sum(shown, axis=1, keepdims=True) + 1e-3
        )


def build(width: int = WIDTH, dropout: float = 0.0) -> keras.Model:
    """Make an untrained network: (batch, steps, PATCH * FEATURES) to (..., PATCH * SAYS)."""
    inputs = keras.Input((None, PATCH * FEATURES), name="features")
    shown_input = keras.Input((None, 1), name="shown")
    x = layers.Dense(width, name="stem")(inputs)
    for i, dilation in enumerate(DILATIONS):
        y = layers.LayerNormalization(name=f"norm{i}")(x)
        y = layers.Conv1D(width, 3, padding="same", dilation_rate=dilation, name=f"conv{i}")(y)
        y = layers.Activation("relu", name=f"relu{i}")(y)
        y = layers.SpatialDropout1D(dropout / 2, name=f"quiet{i}")(y)
        y = layers.Dense(width, name=f"mix{i}")(y)
        x = layers.Add(name=f"add{i}")([x, y])
        if i in CONTEXT_AFTER:
            c = MeanOverTime(name=f"mean{i}")([x, shown_input])
            c = layers.Dense(CONTEXT, activation="relu", name=f"context{i}")(c)
            c = layers.Dropout(dropout, name=f"drop{i}")(c)
            c = layers.Dense(width, name=f"tell{i}")(c)
            x = layers.Add(name=f"told{i}")([x, c])
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.Concatenate(name="skip")([x, inputs])
    says = layers.Dense(PATCH * SAYS, name="head")(x)
    return keras.Model([inputs, shown_input], says, name="gait")


def loss(wanted: Any, said: Any) -> Any:
    """Gaussian likelihood of values with beta weighting (Seitzer et al. 2022), and the extras.

    Both arguments have shape (batch, steps, PATCH * n); wanted holds NaN where nothing is known.
    """
    n = len(OUTPUTS) + len(EXTRAS)
    wanted = ops.reshape(wanted, (-1, n))
    said = ops.reshape(said, (-1, SAYS))
    value, log_sd, extra = said[:, :VALUES], said[:, VALUES : 2 * VALUES], said[:, 2 * VALUES :]
    log_sd = ops.clip(log_sd, -5.0, 2.0)
    true, true_extra = wanted[:, :VALUES], wanted[:, VALUES:]
    known = ops.cast(ops.logical_not(ops.isnan(true)), "float32")
    true = ops.nan_to_num(true)
    pull = (value - true) * ops.exp(-log_sd)
    # The squared pull, going over to a line beyond 3 SD: swaps and lost points are not Gaussian.
    size = ops.abs(pull)
    squared = ops.where(size < 3.0, 0.5 * size**2, 3.0 * size - 4.5)
    likelihood = (squared + log_sd) * ops.stop_gradient(ops.exp(log_sd)) ** _BETA
    weight = ops.convert_to_tensor([_WEIGHT.get(name, 1.0) for name, _ in OUTPUTS], dtype="float32")
    values = ops.sum(likelihood * known * weight) / (ops.sum(known) + 1.0)
    known_extra = ops.cast(ops.logical_not(ops.isnan(true_extra)), "float32")
    true_extra = ops.nan_to_num(true_extra)
    logit, contact = extra[:, :2], true_extra[:, :2]
    entropy = ops.relu(logit) - logit * contact + ops.log1p(ops.exp(-ops.abs(logit)))
    turned = (extra[:, 2:] - true_extra[:, 2:]) ** 2
    both = ops.concatenate([entropy, turned], axis=1)
    return values + ops.sum(both * known_extra) / (ops.sum(known_extra) + 1.0)
