from __future__ import annotations

from stridewise.skeletons import BONES, KEYPOINTS, LAYOUTS, REQUIRED, other


def test_names_are_unique_and_paired() -> None:
    assert len(set(KEYPOINTS)) == len(KEYPOINTS) == 26
    for name in KEYPOINTS:
        if name.startswith("left_"):
            assert name.replace("left_", "right_") in KEYPOINTS


def test_legs_are_required_and_nothing_else() -> None:
    assert set(REQUIRED) == {
        f"{side}_{part}" for side in ("left", "right") for part in ("hip", "knee", "ankle")
    }


def test_bones_join_known_points_of_one_side() -> None:
    for a, b in BONES:
        assert {a, b} <= set(KEYPOINTS)
        assert a != b
        if a.partition("_")[2] != b.partition("_")[2]:
            sides = {name.partition("_")[0] for name in (a, b)} & {"left", "right"}
            assert len(sides) < 2


def test_coco_17_is_in_its_published_order() -> None:
    assert LAYOUTS["coco-17"] == (
        "nose",
        "left_eye",
        "right_eye",
        "left_ear",
        "right_ear",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
    )


def test_blazepose_33_has_the_published_indices() -> None:
    layout = LAYOUTS["blazepose-33"]
    assert len(layout) == 33
    published = {
        0: "nose",
        2: "left_eye",
        5: "right_eye",
        7: "left_ear",
        8: "right_ear",
        11: "left_shoulder",
        12: "right_shoulder",
        13: "left_elbow",
        14: "right_elbow",
        15: "left_wrist",
        16: "right_wrist",
        23: "left_hip",
        24: "right_hip",
        25: "left_knee",
        26: "right_knee",
        27: "left_ankle",
        28: "right_ankle",
        29: "left_heel",
        30: "right_heel",
        31: "left_big_toe",
        32: "right_big_toe",
    }
    assert {i: name for i, name in enumerate(layout) if name is not None} == published


def test_every_layout_names_known_points_once() -> None:
    for layout in LAYOUTS.values():
        named = [name for name in layout if name is not None]
        assert len(set(named)) == len(named)
        assert set(named) <= set(KEYPOINTS)
        assert set(REQUIRED) <= set(named)


def test_the_other_side() -> None:
    assert other("left") == "right"
    assert other("right") == "left"
