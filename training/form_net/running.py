"""A running pose or not: a network learnt from photographs, and from the laboratory's runners."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stridewise.form import pose

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]

#: Folds of the cross-validation; people in one picture stay together.
FOLDS = 5
UNITS, DROPOUT, DECAY = (256, 128), 0.3, 1e-3
PASSES, BATCH, RATE = 100, 256, 2e-3
#: Share of other poses in a pass, how often each running pose comes in it, and how many poses of
#: the laboratory come with each of these.
SHARE, REPEATED, LABORATORY = 0.4, 6, 3
#: How poses are varied: turned (degrees), moved (leg lengths), points left out.
_TURN, _MOVE, _LOSE = 6.0, 0.02, 0.05
_FEET = [i for i, name in enumerate(pose.POINTS) if name.endswith(("heel", "toe"))]


def folds(group: NDArray[np.str_], seed: int = 0) -> Iterator[NDArray[np.bool_]]:
    """Yield which rows are left out, groups in one piece."""
    names = np.unique(group)
    part = dict(
        zip(
            np.random.default_rng(seed).permutation(names),
            np.arange(len(names)) % FOLDS,
            strict=True,
        )
    )
    own = np.array([part[name] for name in group])
    for fold in range(FOLDS):
        yield own == fold


def varied(xy: Array, rng: np.random.Generator) -> Array:
    """Mirror, turn and move poses a little, and leave points out."""
    turned = np.where(rng.random(len(xy))[:, None, None] < 0.5, pose.mirrored(xy), xy)
    angle = np.radians(_TURN * rng.standard_normal(len(xy)))
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    turned = np.einsum("nij,npj->npi", rotation, turned)
    size = pose.leg_length(turned * [1.0, -1.0])
    turned = turned + _MOVE * size[:, None, None] * rng.standard_normal(turned.shape)
    turned[rng.random(turned.shape[:2]) < _LOSE] = np.nan
    return np.asarray(turned)


def as_photographed(runners: Array, like: Array) -> Array:
    """Hide of laboratory poses what is hidden in as many photographs, and their feet."""
    seen = np.where(np.isfinite(like).all(axis=2)[..., None], runners, np.nan)
    seen[:, _FEET] = np.nan
    return np.asarray(seen[np.isfinite(pose.leg_length(seen))])


def train(xy: Array, label: Labels, runners: Array, seed: int) -> object:
    """Train on poses; return the Keras model, which gives the logit of a running pose.

    Parameters
    ----------
    xy : ndarray, shape (photographs, points, 2)
    label : ndarray of bool, shape (photographs,)
        Running or not. Batches hold running poses more often than the table does.
    runners : ndarray, shape (poses, points, 2)
        Poses of runners in a laboratory, which join those of the photographs: these are few.
    seed : int
    """
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    inputs = keras.Input((pose.FEATURES,), name="features")
    x = inputs
    for units in UNITS:
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(DROPOUT)(x)
    model = keras.Model(inputs, layers.Dense(1, name="running")(x))
    yes, no = np.flatnonzero(label), np.flatnonzero(~label)
    some, more = int(SHARE * len(no)), LABORATORY * REPEATED * len(yes)
    steps = PASSES * -(-(some + REPEATED * len(yes) + more) // BATCH)
    falling = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(
        keras.optimizers.AdamW(falling, weight_decay=DECAY),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    for _ in range(PASSES):
        rows = np.concatenate([rng.choice(no, some, replace=False), *[yes] * REPEATED])
        joined = as_photographed(
            runners[rng.integers(len(runners), size=more)], xy[rng.choice(yes, more)]
        )
        poses = np.concatenate([xy[rows], joined])
        runs = np.concatenate([label[rows], np.ones(len(joined), bool)])
        seen = pose.encode(varied(poses, rng)).astype(np.float32)
        model.fit(seen, runs.astype(np.float32)[:, None], BATCH, 1, verbose=0)
    return model


def auc(score: Array, label: Labels) -> float:
    """Area under the ROC curve (Mann and Whitney's U)."""
    order = np.argsort(score)
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    for value in np.unique(score[label]):
        tie = score == value
        rank[tie] = rank[tie].mean()
    yes = int(label.sum())
    return float((rank[label].sum() - yes * (yes + 1) / 2) / (yes * (len(label) - yes)))
