"""The still network: one pose to phase, camera and angles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.form import pose
from stridewise.form.snapshot import AREAS, TO_THE_RIGHT, UNIT_DEG, VALUES, shows
from stridewise.form.variables import by_area, margins

Array = NDArray[np.float64]

UNITS, DECAY = (256, 128), 3e-3
PASSES, BATCH, RATE = 80, 256, 3e-3
#: Share of the stills in each pass.
SHARE = 0.4
#: How poses are varied: turned (degrees), points and kinds of points left out.
_TURN, _LOSE, _LOSE_FEET, _LOSE_ARMS, _LOSE_SIDE = 2.0, 0.03, 0.4, 0.15, 0.2
_FEET = [i for i, name in enumerate(pose.POINTS) if name.endswith(("heel", "toe"))]
_ARMS = [i for i, name in enumerate(pose.POINTS) if name.endswith(("elbow", "wrist"))]
SAYS = len(pose.PHASES) + 2 + 2 * len(VALUES)


def truth(pool: Mapping[str, Array], cuts: Array) -> dict[str, Array]:
    """Return what is true of the stills of a pool: phase, yaw, values, areas.

    The network learns the first three; what it says of areas follows from its angles.
    """
    past = margins(pool["still_past"], cuts)[..., 0]
    areas = past[:, [by_area()[name] for name in AREAS]]
    phase = pool["phase"].astype(int)
    visible = np.array([[shows(name, p) for name in AREAS] for p in range(len(pose.PHASES))])
    return {
        "phase": phase,
        "yaw": np.asarray(pool["yaw"], dtype=float),
        "values": np.asarray(pool["values"], dtype=float),
        "areas": np.where(visible[phase], np.where(np.isnan(areas), np.nan, areas > 0), np.nan),
    }


def varied(xy: Array, true: Mapping[str, Array], rng: np.random.Generator) -> tuple[Array, Array]:
    """Turn poses a little and leave points out; return them with what is then to be said.

    Half of the pictures are turned round: left is right, and the camera stands opposite.
    """
    count = len(xy)
    turn = rng.random(count) < 0.5
    seen = np.where(turn[:, None, None], pose.mirrored(xy), xy)
    angle = np.radians(_TURN * rng.standard_normal(count))
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    seen = np.einsum("nij,npj->npi", rotation, seen)
    for chance, points in ((_LOSE_FEET, _FEET), (_LOSE_ARMS, _ARMS)):
        seen[np.ix_(rng.random(count) < chance, points)] = np.nan
    side = np.flatnonzero(rng.random(count) < _LOSE_SIDE)
    for left in (0, 1):
        seen[np.ix_(side[rng.random(len(side)) < 0.5], range(left, len(pose.POINTS), 2))] = np.nan
    seen[rng.random(seen.shape[:2]) < _LOSE] = np.nan
    return seen, wanted(true, turn)


def wanted(true: Mapping[str, Array], turn: NDArray[np.bool_]) -> Array:
    """Return what the network should say, shape (poses, 1 + 2 + values)."""
    phase = np.where(turn, (true["phase"] + 4) % 8, true["phase"])
    yaw = np.radians(np.where(turn, 180.0 - true["yaw"], true["yaw"]))
    sign = np.array([-1.0 if name in TO_THE_RIGHT else 1.0 for name, _ in VALUES])
    twin = [
        VALUES.index((name, {"left": "right", "right": "left", "": ""}[side]))
        for name, side in VALUES
    ]
    values = np.where(turn[:, None], true["values"][:, twin] * sign, true["values"])
    parts = [phase[:, None], np.cos(yaw)[:, None], np.sin(yaw)[:, None], values / UNIT_DEG]
    return np.concatenate(parts, axis=1).astype(np.float32)


def loss(true: Any, said: Any) -> Any:
    """Entropy of the phase, squared error of the camera, Gaussian likelihood of values."""
    import keras
    from keras import ops

    phases, values = len(pose.PHASES), len(VALUES)
    a = phases + 2
    entropy = keras.losses.sparse_categorical_crossentropy(
        true[:, 0], said[:, :phases], from_logits=True
    )
    camera = ops.mean((true[:, 1:3] - said[:, phases:a]) ** 2)
    value, log_sd = said[:, a : a + values], ops.clip(said[:, a + values :], -5, 2)
    target = true[:, 3:]
    known = ops.cast(ops.logical_not(ops.isnan(target)), "float32")
    pull = ops.abs(value - ops.nan_to_num(target)) * ops.exp(-log_sd)
    # Beyond 3 SD a line: a missing point is not Gaussian, and a cut would pay for false certainty.
    squared = ops.where(pull < 3.0, 0.5 * pull**2, 3.0 * pull - 4.5)
    # Without it, what is hard at first would be called uncertain and never learnt.
    spread = ops.stop_gradient(ops.exp(log_sd))
    likelihood = ops.sum((squared + log_sd) * spread * known)
    return ops.mean(entropy) + 2 * camera + likelihood / (ops.sum(known) + 1.0)


def train(xy: Array, true: Mapping[str, Array], seed: int) -> Any:
    """Train on stills; return the Keras model."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    x = inputs = keras.Input((pose.FEATURES,), name="features")
    for units in UNITS:
        x = layers.Dense(units, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(SAYS, name="head")(x))
    steps = PASSES * -(-int(SHARE * len(xy)) // BATCH)
    falling = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.AdamW(falling, weight_decay=DECAY), loss)
    for _ in range(PASSES):
        rows = rng.choice(len(xy), int(SHARE * len(xy)), replace=False)
        seen, target = varied(xy[rows], {k: v[rows] for k, v in true.items()}, rng)
        model.fit(pose.encode(seen).astype(np.float32), target, BATCH, 1, verbose=0)
    return model
