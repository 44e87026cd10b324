"""The MPII Human Pose table: 17,372 photographs with 16 joints each, which are no recording."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers import tables
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

_COLUMNS = {"r ankle_x", "l ankle_x", "upper neck_x", "scale", "activity"}


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the header is that of the MPII table."""
    return set(tables.header_of(head)) >= _COLUMNS


#: The table's joints by our names; it has no feet and no face.
_JOINTS = {
    f"{side}_{part}": f"{side[0]} {part}"
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
}


def poses(path: Path, points: tuple[str, ...]) -> tuple[NDArray[np.float64], list[dict[str, str]]]:
    """Read every pose of the table.

    Parameters
    ----------
    path : Path
    points : tuple of str
        Keypoints wanted; those that the table lacks are NaN.

    Returns
    -------
    xy : ndarray, shape (pictures, points, 2)
        Pixels, y down; NaN where a joint is not visible.
    rows : list of dict
        The table's cells by column.

    Raises
    ------
    InputError
        When a cell is no number.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    xy = np.full((len(rows), len(points), 2), np.nan)
    for name, theirs in _JOINTS.items():
        for axis, letter in enumerate("XY"):
            try:
                values = np.array([float(row[f"{theirs}_{letter}"]) for row in rows])
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    f"{path.name} has a cell that cannot be read",
                    expected=f"a number in the column {theirs}_{letter} of every row",
                    received=error,
                ) from error
            xy[:, points.index(name), axis] = np.where(values < 0, np.nan, values)
    xy[np.isnan(xy).any(axis=2)] = np.nan
    return xy, rows


def read(path: Path, options: Options) -> Recording:
    """Decline: every row is another picture of another person.

    Raises
    ------
    InputError
        Always.
    """
    raise InputError(
        f"{path.name} is the MPII table of still pictures, each of another person, so there is no "
        "movement in it",
        expected="keypoints of one runner over time",
        hint="stridewise score looks at all pictures, stridewise analyze --person N at one of them",
    )


reader = Reader(
    name="mpii",
    description="MPII Human Pose table: still pictures, recognised and declined",
    suffixes=(".csv",),
    recognise=recognise,
    read=read,
)
