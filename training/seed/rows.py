"""Rows, label and splits of the seed's task, from the MPII table."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: The seed's inputs, in its order; all positions are pixels, -1 where a joint is not visible.
INPUTS = ("r ankle_X", "r knee_X", "r hip_X", "l hip_X", "l knee_X", "l ankle_X", "Scale")
#: The label: knees further apart sideways than this, in pixels.
LABEL_PX = 100.0
TEST_SHARE = 0.3
#: Seed of the split; the networks have seeds of their own.
SPLIT_SEED = 42


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of the table.

    Parameters
    ----------
    x : ndarray, shape (rows, 7)
        `INPUTS`.
    running : ndarray of bool, shape (rows,)
        Whether the picture's activity is running.
    """

    x: Array
    running: NDArray[np.bool_]

    @property
    def label(self) -> NDArray[np.bool_]:
        """Whether the knees lie more than 100 pixels apart sideways, shape (rows,)."""
        gap = self.x[:, INPUTS.index("r knee_X")] - self.x[:, INPUTS.index("l knee_X")]
        return np.asarray(np.abs(gap) > LABEL_PX)


def table() -> Path:
    """Return the MPII table in the folder that STRIDEWISE_DATA names, or leave with a line."""
    path = Path(os.environ.get("STRIDEWISE_DATA", "")) / "mpii" / "mpii_human_pose.csv"
    if not path.is_file():
        raise SystemExit(
            "Set STRIDEWISE_DATA to a folder that holds mpii/mpii_human_pose.csv "
            "(the MPII Human Pose annotations as CSV)."
        )
    return path


def read(path: Path) -> Rows:
    """Read every row of the table."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    x = np.array([[float(row[name]) for name in INPUTS] for row in rows])
    running = np.array([row["Category"].strip() == "running" for row in rows])
    return Rows(x, running)


def split(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows for training and test, 70/30, as scikit-learn's train_test_split draws them."""
    order = np.random.RandomState(SPLIT_SEED).permutation(count)
    test = int(np.ceil(TEST_SHARE * count))
    return order[test:], order[:test]


def folds(count: int, parts: int, seed: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield rows for training and test of a cross-validation, shuffled by `seed`."""
    order = np.random.default_rng(seed).permutation(count)
    for part in range(parts):
        test = order[part::parts]
        yield np.setdiff1d(order, test), test
