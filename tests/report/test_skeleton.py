from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from stridewise.report.skeleton import (
    _arc,
    _between,
    _points,
    pose_figure,
    stage,
    undrawn,
)
from stridewise.result import Pose

from .example import SHAPES, back_pose, side_pose

DRAWN_AS_MEASURED = (
    "shank",
    "thigh",
    "foot",
    "knee_flexion",
    "hip_flexion",
    "ankle_dorsiflexion",
    "trunk_lean",
)


@pytest.mark.parametrize("phase", SHAPES)
@pytest.mark.parametrize("name", DRAWN_AS_MEASURED)
@pytest.mark.parametrize("mirrored", [False, True])
def test_an_arc_is_as_wide_as_its_angle(phase: str, name: str, mirrored: bool) -> None:
    pose = side_pose(phase, "right", 1.0)
    if mirrored:
        pose = replace(pose, xy=pose.xy * [-1, 1])
    arc = _arc(name, pose, _points(pose))
    assert arc is not None
    assert math.degrees(abs(_between(arc))) == pytest.approx(abs(pose.angles[name]), abs=1.0)


def test_a_pelvis_arc_is_as_wide_as_the_drop() -> None:
    pose = back_pose("mid_stance", "left", 1.0, drop=7.0)
    arc = _arc("contralateral_drop", pose, _points(pose))
    assert arc is not None
    assert math.degrees(abs(_between(arc))) == pytest.approx(7.0)
    assert arc.label == "pelvis 7°"


def labels(picture: str) -> list[str]:
    return [t.text or "" for t in ET.fromstring(picture).findall("text")]


def test_labels_say_name_and_degrees() -> None:
    pose = side_pose("initial_contact", "left", 1.0)
    assert labels(pose_figure(pose, stage([pose]))) == [
        "knee 13°",
        "shin 11°",
        "foot 16°",
        "trunk 8°",
    ]
    assert undrawn(pose) == ["hip 32°", "ankle 5°"]


@pytest.mark.parametrize(
    ("plane", "drawn"), [("sagittal", "knee 13°"), ("frontal", "trunk −2°"), (None, None)]
)
def test_only_angles_of_the_plane_that_the_picture_shows_are_drawn(
    plane: Literal["sagittal", "frontal"] | None, drawn: str | None
) -> None:
    pose = side_pose("initial_contact", "left", 1.0)
    pose = replace(pose, plane=plane, angles={"knee_flexion": 13.0, "trunk_lateral": -2.0})
    assert labels(pose_figure(pose, stage([pose]))) == ([drawn] if drawn else [])
    below = {"sagittal": ["trunk lateral −2°"], "frontal": ["knee 13°"]}
    assert undrawn(pose) == below.get(str(plane), ["knee 13°", "trunk lateral −2°"])


def boxes(picture: str) -> list[tuple[float, float, float]]:
    texts = ET.fromstring(picture).findall("text")
    return [(float(t.get("x", 0)), float(t.get("y", 0)), 3.7 * len(t.text or "")) for t in texts]


@pytest.mark.parametrize("phase", SHAPES)
@pytest.mark.parametrize("draw", [side_pose, back_pose])
def test_labels_do_not_overlap_and_stay_inside(phase: str, draw: object) -> None:
    assert callable(draw)
    pose = draw(phase, "right", 1.0)
    on = stage([pose])
    found = boxes(pose_figure(pose, on))
    for i, (x, y, half) in enumerate(found):
        assert half <= x <= on.size[0] - half
        assert 10 <= y <= on.size[1]
        for other_x, other_y, other_half in found[i + 1 :]:
            assert abs(x - other_x) > half + other_half or abs(y - other_y) > 13


def test_missing_points_are_left_out() -> None:
    pose = side_pose("initial_contact", "left", 1.0)
    xy = pose.xy.copy()
    for name in ("left_knee", "right_shoulder", "left_shoulder", "left_ear", "right_ear"):
        xy[pose.keypoints.index(name)] = np.nan
    picture = pose_figure(replace(pose, xy=xy), stage([replace(pose, xy=xy)]))
    assert labels(picture) == ["foot 16°"]
    assert "nan" not in picture


def test_a_pose_without_points_says_so() -> None:
    pose = Pose("toe_off", "left", 1.0, ("left_hip",), np.full((1, 2), np.nan))
    picture = pose_figure(pose, stage([pose]))
    assert "no points were seen" in picture


def test_bodies_share_one_scale() -> None:
    poses = [side_pose(phase, "left", 1.0) for phase in SHAPES]
    small = [replace(p, xy=p.xy * 0.1) for p in poses]
    assert stage(small).scale == pytest.approx(10 * stage(poses).scale)
    assert stage(small).size == pytest.approx(stage(poses).size)


def test_the_leg_in_question_is_drawn_on_top_and_strong() -> None:
    pose = side_pose("mid_stance", "left", 1.0)
    limbs = ET.fromstring(pose_figure(pose, stage([pose]))).findall("g")
    legs = [limb.findall("g")[1] for limb in limbs]
    colours = [leg.findall("line")[0].get("stroke") for leg in legs]
    assert colours == ["var(--right)", "var(--left)"]
    assert [leg.get("opacity") for leg in legs] == ["0.38", "1"]
