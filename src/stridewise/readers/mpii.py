"""The MPII Human Pose table: 17,372 photographs with 16 joints each, which are no recording."""

from __future__ import annotations

from pathlib import Path

from stridewise.errors import InputError
from stridewise.readers import tables
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

_COLUMNS = {"r ankle_x", "l ankle_x", "upper neck_x", "scale", "activity"}


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the header is that of the MPII table."""
    return set(tables.header_of(head)) >= _COLUMNS


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
    )


reader = Reader(
    name="mpii",
    description="MPII Human Pose table: still pictures, recognised and declined",
    suffixes=(".csv",),
    recognise=recognise,
    read=read,
)
