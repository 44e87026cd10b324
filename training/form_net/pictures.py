"""Poses of people in photographs: the MPII table, and stills that people judged right or wrong."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.form import pose
from stridewise.readers.mpii import poses

Array = NDArray[np.float64]

_LEGS = [
    pose.POINTS.index(f"{side}_{part}")
    for part in ("hip", "knee", "ankle")
    for side in ("left", "right")
]
#: MediaPipe's numbers of the points that the judged stills have; all of the left side.
_JUDGED = {
    "left_shoulder": 11,
    "left_elbow": 13,
    "left_wrist": 15,
    "left_hip": 23,
    "left_knee": 25,
    "left_ankle": 27,
}


@dataclass(frozen=True, eq=False)
class Pictures:
    """Poses with what people said about them.

    Parameters
    ----------
    xy : ndarray, shape (pictures, points, 2)
        Points of `stridewise.form.pose`, pixels, y down; NaN where not visible.
    label : ndarray of bool, shape (pictures,)
        Running, or judged right.
    group : ndarray of str, shape (pictures,)
        Picture or clip: what is split by.
    what : ndarray of str, shape (pictures,)
        Activity.
    """

    xy: Array
    label: NDArray[np.bool_]
    group: NDArray[np.str_]
    what: NDArray[np.str_]

    @property
    def legs_visible(self) -> NDArray[np.bool_]:
        """Whether both hips, knees and ankles are visible."""
        return np.asarray(np.isfinite(self.xy[:, _LEGS]).all(axis=(1, 2)))


def mpii(path: Path) -> Pictures:
    """Read the MPII table; the label is its category `running`."""
    xy, rows = poses(path, pose.POINTS)
    return Pictures(
        xy,
        np.array([row["Category"].strip() == "running" for row in rows]),
        np.array([row["NAME"] for row in rows]),
        np.array([row["Activity"].strip() for row in rows]),
    )


def judged(folder: Path) -> Pictures:
    """Read the stills of people running in place or on a treadmill, judged right or wrong."""
    rows: list[dict[str, str]] = []
    for name in ("answer", "wrong"):
        with (folder / f"{name}_annotated_data.csv").open(encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file))
    xy = np.full((len(rows), len(pose.POINTS), 2), np.nan)
    for name, number in _JUDGED.items():
        for axis, letter in enumerate("XY"):
            xy[:, pose.POINTS.index(name), axis] = [float(row[f"{letter}{number}"]) for row in rows]
    clips = ["/".join(row["Time/Frame"].split("/")[1::2][:2]) for row in rows]
    return Pictures(
        xy,
        np.array([float(row["Label"]) == 1 for row in rows]),
        np.array(clips),
        np.array(["running in place or on a treadmill"] * len(rows)),
    )
