"""Tables of poses: one picture a row, or one frame of a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.form import pose
from stridewise.form.snapshot import points_of
from stridewise.readers import mpii
from stridewise.recording import Recording

#: Points and head of `form.pose`, shape (poses, points, 2), and a name for each pose.
Poses = tuple[NDArray[np.float64], list[str]]
_HEAD = 4096


def is_table(path: Path) -> bool:
    """Say whether a file is a table of pictures."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return mpii.recognise(file.read(_HEAD), path)


def poses(path: Path) -> Poses:
    """Read a table of pictures; those without a leg or a trunk are kept, with NaN.

    Raises
    ------
    InputError
        When a cell cannot be read.
    """
    xy, rows = mpii.poses(path, (*pose.POINTS, *pose.HEAD))
    return xy, [row.get("NAME") or f"row {i}" for i, row in enumerate(rows, start=1)]


def recorded(recording: Recording) -> Poses:
    """Take every frame of a recording as a pose."""
    return points_of(recording), [f"frame {i}" for i in range(recording.frames)]
