"""The canonical keypoint vocabulary and the maps from estimator layouts to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")

_PAIRED = (
    "eye",
    "ear",
    "shoulder",
    "elbow",
    "wrist",
    "hip",
    "knee",
    "ankle",
    "heel",
    "big_toe",
    "small_toe",
)

#: Every keypoint name the package knows: COCO names, feet, and three points on the midline.
KEYPOINTS: tuple[str, ...] = (
    "nose",
    "head_top",
    "neck",
    "mid_hip",
    *(f"{side}_{part}" for part in _PAIRED for side in SIDES),
)

#: Without these, running cannot be analysed at all.
REQUIRED: tuple[str, ...] = tuple(
    f"{side}_{part}" for part in ("hip", "knee", "ankle") for side in SIDES
)

#: Lines to draw between keypoints.
BONES: tuple[tuple[str, str], ...] = (
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
    *(
        (f"{side}_{a}", f"{side}_{b}")
        for side in SIDES
        for a, b in (
            ("shoulder", "hip"),
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("hip", "knee"),
            ("knee", "ankle"),
            ("ankle", "heel"),
            ("heel", "big_toe"),
            ("ankle", "big_toe"),
        )
    ),
    ("nose", "neck"),
    ("head_top", "neck"),
)

_COCO_17 = (
    "nose",
    *(f"{s}_{p}" for p in ("eye", "ear", "shoulder", "elbow", "wrist", "hip") for s in SIDES),
    *(f"{s}_{p}" for p in ("knee", "ankle") for s in SIDES),
)

#: Layout name to the canonical name of each of its points; None where we have no use for a point.
LAYOUTS: Mapping[str, Sequence[str | None]] = {
    "coco-17": _COCO_17,
    "blazepose-33": (
        "nose",
        None,
        "left_eye",
        None,
        None,
        "right_eye",
        None,
        "left_ear",
        "right_ear",
        None,
        None,
        *(f"{s}_{p}" for p in ("shoulder", "elbow", "wrist") for s in SIDES),
        *(None,) * 6,
        *(f"{s}_{p}" for p in ("hip", "knee", "ankle", "heel", "big_toe") for s in SIDES),
    ),
}


def other(side: Side) -> Side:
    """Return the opposite side."""
    return "right" if side == "left" else "left"
