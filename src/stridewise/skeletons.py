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

_HALPE_26 = (
    *_COCO_17,
    "head_top",
    "neck",
    "mid_hip",
    *(f"{s}_{p}" for p in ("big_toe", "small_toe", "heel") for s in SIDES),
)
_RIGHT_FIRST: tuple[Side, Side] = ("right", "left")
_OPENPOSE_ARMS = (
    "nose",
    "neck",
    *(f"{s}_{p}" for s in _RIGHT_FIRST for p in ("shoulder", "elbow", "wrist")),
)
_OPENPOSE_LEGS = tuple(f"{s}_{p}" for s in _RIGHT_FIRST for p in ("hip", "knee", "ankle"))
_OPENPOSE_FACE = tuple(f"{s}_{p}" for p in ("eye", "ear") for s in _RIGHT_FIRST)

#: Layout name to the canonical name of each of its points; None where we have no use for a point.
#: COCO-WholeBody and Halpe-136 go on with face and hands.
LAYOUTS: Mapping[str, Sequence[str | None]] = {
    "coco-17": _COCO_17,
    "halpe-26": _HALPE_26,
    "halpe-136": (*_HALPE_26, *(None,) * 110),
    "coco-wholebody-133": (
        *_COCO_17,
        *(f"{s}_{p}" for s in SIDES for p in ("big_toe", "small_toe", "heel")),
        *(None,) * 110,
    ),
    "openpose-18": (*_OPENPOSE_ARMS, *_OPENPOSE_LEGS, *_OPENPOSE_FACE),
    "body-25": (
        *_OPENPOSE_ARMS,
        "mid_hip",
        *_OPENPOSE_LEGS,
        *_OPENPOSE_FACE,
        *(f"{s}_{p}" for s in SIDES for p in ("big_toe", "small_toe", "heel")),
    ),
    "mpii-16": (
        *(f"right_{p}" for p in ("ankle", "knee", "hip")),
        *(f"left_{p}" for p in ("hip", "knee", "ankle")),
        "mid_hip",
        "neck",  # "thorax", between the shoulders; the next, "upper neck", lies below the skull
        None,
        "head_top",
        *(f"right_{p}" for p in ("wrist", "elbow", "shoulder")),
        *(f"left_{p}" for p in ("shoulder", "elbow", "wrist")),
    ),
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
