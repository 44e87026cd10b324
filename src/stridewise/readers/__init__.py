"""Readers, one module per file format, behind one registry."""

from __future__ import annotations

from stridewise.readers import (
    alphapose,
    bvh,
    c3d,
    coco,
    csv,
    csv_long,
    deeplabcut,
    mediapipe,
    mediapipe_csv,
    mmpose,
    movement,
    movenet,
    mpii,
    npz,
    openpose,
    sleap,
    trc,
    yolo,
)
from stridewise.readers.csv import write_csv
from stridewise.readers.movement import from_xarray
from stridewise.readers.registry import Options, Reader, formats, read, read_people, register

for _module in (
    alphapose,
    bvh,
    c3d,
    coco,
    csv,
    csv_long,
    deeplabcut,
    mediapipe,
    mediapipe_csv,
    mmpose,
    movenet,
    movement,
    mpii,
    npz,
    openpose,
    sleap,
    trc,
    yolo,
):
    register(_module.reader)

__all__ = [
    "Options",
    "Reader",
    "formats",
    "from_xarray",
    "read",
    "read_people",
    "register",
    "write_csv",
]
