"""Train stride networks on a pool of strides, and find out how sure they may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.form.stride import CURVES, POINTS, SCALARS
from stridewise.form.variables import STRIDE_AREAS, conditions, margins

Array = NDArray[np.float64]

#: Margins further away than this are not told apart.
FAR = 5.0
#: Cut-offs are shifted by this much (SD, in smallest detectable changes) from stride to stride, so
#: that the network learns to compare and not to know people by their areas.
_SHIFT = 0.7
_PASSES, _BATCH, _RATE, _DECAY = 14, 256, 2e-3, 3e-3
_CONDITIONS = len(conditions())
#: Share of the strides in each pass (those of a recording are much alike), and how many times as
#: often those come that the laboratory saw.
_SHARE, _REAL = 0.25, 2.0
#: What points that are never there leave out: how often, curves and metrics.
_ABSENT = (
    (0.15, ("trunk_lean", "trunk_lateral"), ("trunk_lean", "trunk_lat")),
    (0.15, ("foot",), ("foot_ic",)),
)
SKIP = 4 * _CONDITIONS + SCALARS


@dataclass(frozen=True)
class Inputs:
    """What a network sees of a pool.

    Parameters
    ----------
    name : {"gait", "keypoints"}
        The gait model's curves with the rule's variables, or the keypoints.
    """

    name: str

    def of(self, pool: Mapping[str, Array]) -> Array:
        """Return the features of all strides, the cut-offs and scalars last."""
        features = np.asarray(pool["features"], dtype=np.float32)
        if self.name == "gait":
            return features
        blind = features[:, -SKIP:].copy()
        blind[:, : 3 * _CONDITIONS] = 0.0
        return np.concatenate([np.asarray(pool["keypoints"], dtype=np.float32), blind], axis=1)


def left_out(features: Array, rng: np.random.Generator) -> Array:
    """Leave trunk, or feet, out of some strides, as estimators without these points do.

    Parameters
    ----------
    features : ndarray, shape (strides, numbers)
        Of the gait model's curves.
    """
    features = features.copy()
    for chance, signals, metrics in _ABSENT:
        curves = [k for k, (name, _) in enumerate(CURVES) if name in signals]
        rows = [i for i, c in enumerate(conditions()) if c.metric in metrics]
        start = len(CURVES) * (POINTS + 1)
        columns = [k * POINTS + p for k in curves for p in range(POINTS)]
        columns += [len(CURVES) * POINTS + k for k in curves]
        columns += [start + block * _CONDITIONS + i for block in range(3) for i in rows]
        out = np.flatnonzero(rng.random(len(features)) < chance)
        features[np.ix_(out, columns)] = 0.0
    return features


def shifted(features: Array, past: Array, shift: Array) -> tuple[Array, Array]:
    """Move the cut-offs outwards by `shift`, shape (strides, conditions), seen and true alike."""
    moved = features.copy()
    start = moved.shape[1] - SKIP
    c = _CONDITIONS
    known = moved[:, start + c : start + 2 * c]
    moved[:, start : start + c] -= shift * known
    moved[:, start + 2 * c : start + 3 * c] -= shift * (known > 0)
    moved[:, start + 3 * c : start + 4 * c] += shift
    return moved, past - shift


def targets(past: Array, cuts: Array) -> Array:
    """Margins of all areas, shape (strides, areas * 3), clipped."""
    found = margins(past, cuts)
    return np.asarray(np.clip(found, -FAR, FAR).reshape(len(past), -1))


def train(inputs: Inputs, pool: Mapping[str, Array], rows: NDArray[np.intp], seed: int) -> Any:
    """Train on these strides of a pool; return the Keras model."""
    import keras

    from training.form_net.network import build, loss

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    features, past, cuts = inputs.of(pool)[rows], pool["past"][rows], pool["cuts"][rows]
    weight = np.where(pool["kind"][rows] == "real", _REAL, 1.0).astype(np.float32)
    model = build(features.shape[1], SKIP)
    steps = _PASSES * int(_SHARE * float(weight.sum())) // _BATCH + 1
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(_RATE, steps), weight_decay=_DECAY
        ),
        loss,
    )
    for _ in range(_PASSES):
        keep = np.flatnonzero(rng.random(len(rows)) < _SHARE * weight)
        shift = (_SHIFT * rng.standard_normal((len(keep), _CONDITIONS))).astype(np.float32)
        # The same metric moves alike wherever it is asked for.
        present = left_out(features[keep], rng) if inputs.name == "gait" else features[keep]
        seen, true = shifted(present, past[keep], _same(shift))
        wanted = targets(true, cuts[keep]).astype(np.float32)
        model.fit(seen, wanted, _BATCH, 1, verbose=0)
    return model


def _same(shift: Array) -> Array:
    first: dict[str, int] = {}
    out = np.array(
        [1.0 if c.direction != "below" else -1.0 for c in conditions()], dtype=np.float32
    )
    index = [first.setdefault(c.metric, i) for i, c in enumerate(conditions())]
    return np.asarray(shift[:, index] * out[index] * out)


def say(model: Any, features: Array) -> Array:
    """Let a network speak, shape (strides, areas, 4)."""
    said = model.predict(features, batch_size=4096, verbose=0)
    return np.asarray(said, dtype=float).reshape(len(features), len(STRIDE_AREAS), -1)
