"""How good probabilities are, and by how much that may be luck."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]

_BINS = 10
_DRAWS = 200


def accuracy(said: Labels, true: Labels) -> float:
    """Share of right answers."""
    return float((said == true).mean())


def precision(said: Labels, true: Labels) -> float:
    """Share of right answers among those raised; NaN where nothing was raised."""
    return float(true[said].mean()) if said.any() else float("nan")


def recall(said: Labels, true: Labels) -> float:
    """Share of what is true that was raised; NaN where nothing is true."""
    return float(said[true].mean()) if true.any() else float("nan")


def average_precision(score: Array, true: Labels) -> float:
    """Area under the precision-recall curve, as average precision; ties count as one step."""
    if not true.any():
        return float("nan")
    values, index = np.unique(-score, return_inverse=True)
    hits = np.bincount(index, weights=true, minlength=len(values))
    raised = np.cumsum(np.bincount(index, minlength=len(values)))
    return float((hits / true.sum() * np.cumsum(hits) / raised).sum())


def calibration_error(probability: Array, true: Labels) -> float:
    """Return the mean gap between said and seen in ten bins, by their size."""
    index = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    gap = np.bincount(index, weights=probability - true, minlength=_BINS)
    return float(np.abs(gap).sum() / len(true))


def interval(
    runner: NDArray[np.str_], measure: Callable[[NDArray[np.intp]], float], seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a measure over rows, by drawing whole runners with replacement."""
    rng = np.random.default_rng(seed)
    names = np.unique(runner)
    rows = {name: np.flatnonzero(runner == name) for name in names}
    found = []
    for _ in range(_DRAWS):
        drawn = rng.choice(names, len(names))
        found.append(measure(np.concatenate([rows[name] for name in drawn])))
    known = np.array(found)[np.isfinite(found)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def logistic(x: Array, true: Labels, counts: Array, usual: Array, prior: float = 20.0) -> Array:
    """Weights of a logistic regression, held near usual ones.

    Parameters
    ----------
    x : ndarray, shape (rows, numbers)
    true : ndarray of bool, shape (rows,)
    counts : ndarray, shape (rows,)
        How much each row counts.
    usual : ndarray, shape (numbers,)
    prior : float
        How many rows' worth of belief in the usual weights.
    """
    weight = usual.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weight, -30, 30)))
        slope = x.T @ (counts * (p - true)) + prior * (weight - usual)
        curve = (x * (counts * p * (1 - p))[:, None]).T @ x + prior * np.eye(len(usual))
        step = np.linalg.solve(curve, slope)
        weight = weight - np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-8:
            break
    return weight


def platt(logit: Array, true: Labels) -> tuple[float, float]:
    """Slope and offset that turn logits into probabilities (Platt 1999), held near (1, 0)."""
    x = np.stack([logit, np.ones(len(logit))], axis=1)
    slope, offset = logistic(x, true, np.ones(len(x)), np.array([1.0, 0.0]))
    return float(max(slope, 0.05)), float(offset)
