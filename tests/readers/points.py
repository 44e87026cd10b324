"""Points that tell where they come from, for formats with any number of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.people.scene import FPS, detections, is_person, mirrored, passing

Array = NDArray[np.float64]


def numbered(points: int, frames: int = 4) -> Array:
    """Return one body, shape (frames, points, 3): x, y and confidence that name point and frame."""
    point, frame = np.meshgrid(np.arange(points), np.arange(frames))
    return np.stack((10.0 * point + frame + 0.25, 500.0 - point, 0.1 + point / 200), axis=-1)


def crossing() -> list[list[tuple[Array, int]]]:
    """Return two who run past each other: for each frame its bodies in any order, and who each is.

    A body has x, y and confidence of 17 points, all 0 where a point is not seen.
    """
    bodies, who = detections(_runners())
    points = np.concatenate(
        (np.nan_to_num(bodies.xy), np.isfinite(bodies.xy[..., :1]) * 0.9), axis=-1
    )
    return [
        [(points[i], int(who[i])) for i in np.flatnonzero(bodies.frame == frame)]
        for frame in range(len(bodies.time))
    ]


def _runners() -> tuple[Array, Array]:
    return passing(0, 3.0), mirrored(passing(1, 3.5))


def check_crossing(people) -> None:
    """Both runners of `crossing` are there, whole, frame for frame and value for value."""
    assert len(people) == 2
    a, b = _runners()
    assert sorted((is_person(each, a), is_person(each, b)) for each in people) == [(0, 1), (1, 0)]
    assert people[0].fps == pytest.approx(FPS)
    assert sum(np.isfinite(each.xy).any(axis=(1, 2)).sum() for each in people) == sum(
        map(len, crossing())
    )


def check_layout(recording, published, points: int, confidence: bool = True) -> None:
    """Each published index has become the keypoint of that name, value for value."""
    truth = numbered(points, recording.frames)
    assert set(recording.keypoints) == set(published.values())
    for index, name in published.items():
        np.testing.assert_array_equal(recording.point(name), truth[:, index, :2], err_msg=name)
        if confidence:
            column = recording.confidence[:, recording.keypoints.index(name)]
            np.testing.assert_array_equal(column, truth[:, index, 2], err_msg=name)


def _sides(first: int, *parts: str) -> dict[int, str]:
    """Number left and right of each part in turn."""
    return {
        first + 2 * i + j: f"{side}_{part}"
        for i, part in enumerate(parts)
        for j, side in enumerate(("left", "right"))
    }


#: cocodataset.org, keypoints of the category person.
COCO_17 = {
    0: "nose",
    **_sides(1, "eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"),
}
#: github.com/Fang-Haoshu/Halpe-FullBody, body points; Halpe-136 goes on with face and hands.
HALPE_26 = {
    **COCO_17,
    17: "head_top",
    18: "neck",
    19: "mid_hip",
    **_sides(20, "big_toe", "small_toe", "heel"),
}
#: github.com/jin-s13/COCO-WholeBody, body and feet of 133 points.
WHOLEBODY_133 = {
    **COCO_17,
    17: "left_big_toe",
    18: "left_small_toe",
    19: "left_heel",
    20: "right_big_toe",
    21: "right_small_toe",
    22: "right_heel",
}
#: OpenPose, doc/02_output.md and poseParameters.cpp.
BODY_25 = {
    0: "nose",
    1: "neck",
    2: "right_shoulder",
    3: "right_elbow",
    4: "right_wrist",
    5: "left_shoulder",
    6: "left_elbow",
    7: "left_wrist",
    8: "mid_hip",
    9: "right_hip",
    10: "right_knee",
    11: "right_ankle",
    12: "left_hip",
    13: "left_knee",
    14: "left_ankle",
    15: "right_eye",
    16: "left_eye",
    17: "right_ear",
    18: "left_ear",
    19: "left_big_toe",
    20: "left_small_toe",
    21: "left_heel",
    22: "right_big_toe",
    23: "right_small_toe",
    24: "right_heel",
}
OPENPOSE_18 = {
    0: "nose",
    1: "neck",
    2: "right_shoulder",
    3: "right_elbow",
    4: "right_wrist",
    5: "left_shoulder",
    6: "left_elbow",
    7: "left_wrist",
    8: "right_hip",
    9: "right_knee",
    10: "right_ankle",
    11: "left_hip",
    12: "left_knee",
    13: "left_ankle",
    14: "right_eye",
    15: "left_eye",
    16: "right_ear",
    17: "left_ear",
}
PUBLISHED = {17: COCO_17, 26: HALPE_26, 136: HALPE_26, 133: WHOLEBODY_133}
