"""The seed's network and ours: what they see, how they are built and trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.seed.rows import INPUTS, LABEL_PX

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]

_PAIRS = tuple(combinations(range(len(INPUTS) - 1), 2))
#: Training steps of ours, whatever the number of rows, and rows in each.
_STEPS, _BATCH, _RATE = 8000, 64, 3e-3
#: L1 penalty on the first layer of ours: few of the distances should do. It and the width were
#: chosen by cross-validation within the training part of the first 1,000 rows.
_SPARSE = 2e-3
#: Rows of ours are copied until they are about so many.
_COPIED = 12_800


@dataclass(frozen=True)
class Recipe:
    """A network and its training.

    Parameters
    ----------
    see : callable
        Rows, shape (rows, 7), to what the network sees, shape (rows, numbers).
    units : tuple of int
        Hidden layers.
    sparse : float
        L1 penalty on the weights of the first layer.
    copied : bool
        Whether small sets are copied for training, which is quicker than many passes.
    schedule : callable
        Number of training rows to (epochs, batch, learning rate or schedule).
    """

    see: Callable[[Array], Array]
    units: tuple[int, ...]
    sparse: float
    copied: bool
    schedule: Callable[[int], tuple[int, int, Any]]


def distances(x: Array) -> Array:
    """Sideways distances between all six joints in label units, and the scale."""
    apart = [np.abs(x[:, i] - x[:, j]) / LABEL_PX for i, j in _PAIRS]
    return np.stack([*apart, x[:, -1]], axis=1)


def _ours(rows: int) -> tuple[int, int, Any]:
    import keras

    falling = keras.optimizers.schedules.CosineDecay(_RATE, _STEPS)
    return max(_STEPS * _BATCH // rows, 1), _BATCH, falling


#: The seed as its notebook records it, and ours: the same rows and numbers, seen as distances.
RECIPES: Mapping[str, Recipe] = {
    "seed": Recipe(lambda x: x, (64, 128, 64), 0.0, False, lambda _: (50, 32, 1e-3)),
    "ours": Recipe(distances, (32,), _SPARSE, True, _ours),
}


def predict(recipe: Recipe, x: Array, label: Labels, new: Array, seed: int) -> Labels:
    """Train on rows and say of new rows whether they bear the label.

    Parameters
    ----------
    recipe : Recipe
    x : ndarray, shape (rows, 7)
    label : ndarray of bool, shape (rows,)
    new : ndarray, shape (new rows, 7)
    seed : int
        Of the weights and of the order of the rows.
    """
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    seen, unseen = recipe.see(x), recipe.see(new)
    mean, sd = seen.mean(axis=0), seen.std(axis=0)
    sparse = [keras.regularizers.L1(recipe.sparse), *[None] * (len(recipe.units) - 1)]
    hidden = [
        layers.Dense(units, activation="relu", kernel_regularizer=penalty)
        for units, penalty in zip(recipe.units, sparse, strict=True)
    ]
    model = keras.Sequential(
        [keras.Input((seen.shape[1],)), *hidden, layers.Dense(1, activation="sigmoid")]
    )
    epochs, batch, rate = recipe.schedule(len(seen))
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    # Passing seldom over many copies is quicker than often over few rows.
    copies = max(_COPIED // len(seen), 1) if recipe.copied else 1
    model.fit(
        np.tile((seen - mean) / sd, (copies, 1)),
        np.tile(label.astype("float32"), copies),
        batch,
        epochs // copies,
        verbose=0,
    )
    said = model.predict((unseen - mean) / sd, batch_size=4096, verbose=0)
    return np.asarray(said[:, 0] > 0.5)
