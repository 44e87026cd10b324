from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from stridewise.errors import InputError
from stridewise.readers import bvh, read

LEG = """{indent}JOINT {hip}
{indent}{{
{indent}OFFSET {x} 0 0
{indent}CHANNELS 3 Zrotation Yrotation Xrotation
{indent}JOINT {knee}
{indent}{{
{indent}OFFSET 0 -4 0
{indent}CHANNELS 3 Zrotation Yrotation Xrotation
{indent}JOINT {ankle}
{indent}{{
{indent}OFFSET 0 -5 0
{indent}CHANNELS 3 Zrotation Yrotation Xrotation
{indent}JOINT {toe}
{indent}{{
{indent}OFFSET 0 -1 1
{indent}CHANNELS 3 Zrotation Yrotation Xrotation
{indent}End Site
{indent}{{
{indent}OFFSET 0 0 1
{indent}}}
{indent}}}
{indent}}}
{indent}}}
{indent}}}
"""
NAMES = {"hip": "{S}UpLeg", "knee": "{S}Leg", "ankle": "{S}Foot", "toe": "{S}ToeBase"}


def skeleton(names=NAMES, indent="  ") -> str:
    legs = ""
    for side, x in (("Left", 1), ("Right", -1)):
        filled = {
            part: name.format(S=side, s=side[0].lower(), L=side[0]) for part, name in names.items()
        }
        legs += LEG.format(indent=indent, x=x, **filled)
    return (
        "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\n"
        "CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation\n" + legs + "}\n"
    )


def motion(frames, frame_time="0.01") -> str:
    rows = "\n".join(" ".join(map(str, frame)) for frame in frames)
    return f"MOTION\nFrames: {len(frames)}\nFrame Time: {frame_time}\n{rows}\n"


def frame(root=(0.5, 10, 0), **turns) -> list[float]:
    """Return the channels of a frame; turns about z, y, x by joint: hips, left_knee and so on."""
    joints = [f"{side}_{part}" for side in ("left", "right") for part in NAMES]
    values = [*root, *turns.get("hips", (0, 0, 0))]
    for joint in joints:
        values += turns.get(joint, (0, 0, 0))
    return values


RUN = [frame((0.5, 10, 5 * t), left_knee=(0, 0, 10 * t), right_hip=(0, 0, -5)) for t in range(5)]


@pytest.fixture
def file(tmp_path):
    def make(text: str):
        path = tmp_path / "run.bvh"
        path.write_text(text)
        return path

    return make


# --- forward kinematics -----------------------------------------------------------------------


def chain(order="zyx", positions=""):
    """Return a root, a joint 2 above it and the end of the chain 3 along x from there."""
    channels = [f"{axis}p" for axis in positions] + [f"{axis}r" for axis in order]
    root = bvh._Joint("root", -1, np.array([1.0, 0, 0]), channels, 0, [1])
    joint = bvh._Joint("joint", 0, np.array([0.0, 2, 0]), [f"{a}r" for a in order], len(channels))
    joint.children = [2]
    return [root, joint, bvh._Joint("", 1, np.array([3.0, 0, 0]))]


def test_a_chain_without_turns_is_its_offsets():
    found = bvh.positions(chain(), np.zeros((1, 6)), [0, 1, 2])
    np.testing.assert_array_equal(found[0], [[1, 0, 0]])
    np.testing.assert_array_equal(found[1], [[1, 2, 0]])
    np.testing.assert_array_equal(found[2], [[4, 2, 0]])


def test_a_chain_by_hand():
    # Root turned 90 degrees about z: its y is then -x. Joint turned 90 degrees about y: its x is
    # then -z. So joint = (1, 0, 0) + 2 (-1, 0, 0), and end = joint + 3 (0, 0, -1).
    found = bvh.positions(chain(), np.array([[90.0, 0, 0, 0, 90, 0]]), [1, 2])
    np.testing.assert_allclose(found[1], [[-1, 0, 0]], atol=1e-15)
    np.testing.assert_allclose(found[2], [[-1, 0, -3]], atol=1e-15)


def test_turns_of_the_root_carry_those_of_the_joint():
    # Root 90 degrees about x: y becomes z. Joint 90 degrees about z: its x points along its
    # parent's y, which is the laboratory's z.
    found = bvh.positions(chain(), np.array([[0.0, 0, 90, 90, 0, 0]]), [1, 2])
    np.testing.assert_allclose(found[1], [[1, 0, 2]], atol=1e-15)
    np.testing.assert_allclose(found[2], [[1, 0, 5]], atol=1e-15)


@pytest.mark.parametrize("order", ["".join(p) for p in permutations("xyz")])
def test_every_order_of_turns(order):
    # Intrinsic turns: each about the axes that the one before has turned (capitals in scipy).
    angles = np.array([[20.0, -35, 70], [100, 10, -5]])
    channels = np.concatenate((angles, np.zeros((2, 3))), axis=1)
    found = bvh.positions(chain(order), channels, [2])
    turn = Rotation.from_euler(order.upper(), angles, degrees=True)
    np.testing.assert_allclose(
        found[2], turn.apply([3.0, 2, 0]) + np.array([1.0, 0, 0]), atol=1e-14
    )


def test_positions_of_the_root_come_on_top_of_its_offset():
    channels = np.array([[10.0, 20, 30, 0, 0, 0, 0, 0, 0]])
    found = bvh.positions(chain(positions="xyz"), channels, [0, 2])
    np.testing.assert_array_equal(found[0], [[11, 20, 30]])
    np.testing.assert_array_equal(found[2], [[14, 22, 30]])


def test_positions_of_a_joint_stand_in_the_place_of_its_offset():
    joints = chain()
    joints[1].channels = ["xp", "yp", "zp", "zr", "yr", "xr"]
    found = bvh.positions(joints, np.array([[0.0, 0, 0, 0, 7, 1, 0, 0, 0]]), [1])
    np.testing.assert_array_equal(found[1], [[1, 7, 1]])


# --- files ------------------------------------------------------------------------------------


def test_a_run(file):
    recording = read(file(skeleton() + motion(RUN)))
    assert recording.format == "bvh"
    assert recording.unit == "leg"
    np.testing.assert_allclose(recording.time, np.arange(5) / 100)
    scale = 0.93 / 9  # thigh 4 and shank 5
    # Forward is z of the file and y is up, so that x of the file points to the runner's left.
    at = recording.keypoints.index
    places = np.concatenate((recording.xy, recording.depth[..., None]), axis=2) / scale
    t = np.arange(5)
    np.testing.assert_allclose(places[:, at("left_hip")], np.c_[5 * t, -10 + 0 * t, 1.5 + 0 * t])
    np.testing.assert_allclose(places[:, at("left_knee")], np.c_[5 * t, -6 + 0 * t, 1.5 + 0 * t])
    bend = np.radians(10 * t)  # about x: the shank swings from down to backwards (-z)
    ankle = np.c_[5 * t - 5 * np.sin(bend), -(6 - 5 * np.cos(bend)), 1.5 + 0 * t]
    np.testing.assert_allclose(places[:, at("left_ankle")], ankle, atol=1e-12)
    # The toe is the end of the foot: 1 down and 2 ahead of the ankle, turned with the shank.
    np.testing.assert_allclose(places[0, at("left_big_toe")], [2, 0, 1.5], atol=1e-12)
    np.testing.assert_allclose(recording.point("left_heel"), np.nan)
    assert "leg lengths, not in metres" in recording.notes[-1]


@pytest.mark.parametrize(
    "names",
    [
        {"hip": "{S}Hip", "knee": "{S}Knee", "ankle": "{S}Ankle", "toe": "{S}Toe"},
        {"hip": "Bip01 {L} Thigh", "knee": "Bip01 {L} Calf", "ankle": "Bip01 {L} Foot"}
        | {"toe": "Bip01 {L} Toe0"},
        {"hip": "{s}Thigh", "knee": "{s}Shin", "ankle": "{s}Foot", "toe": "{s}Toe"},
        {"hip": "thigh_{s}", "knee": "calf_{s}", "ankle": "foot_{s}", "toe": "ball_{s}"},
        {"hip": "mixamorig:{S}UpLeg", "knee": "mixamorig:{S}Leg", "ankle": "mixamorig:{S}Foot"}
        | {"toe": "mixamorig:{S}ToeBase"},
        {"hip": "{L}_Hip", "knee": "{L}_Knee", "ankle": "{L}_Ankle", "toe": "{L}_Foot"},
    ],
)
def test_names_of_other_programs(file, names):
    plain = read(file(skeleton() + motion(RUN)))
    other = read(file(skeleton(names) + motion(RUN)))
    assert other.keypoints == plain.keypoints
    np.testing.assert_array_equal(other.xy, plain.xy)


def test_names_of_ones_own(file):
    names = {"hip": "{S}Coxa", "knee": "{S}Genu", "ankle": "{S}Talus", "toe": "{S}Digit"}
    path = file(skeleton(names) + motion(RUN))
    with pytest.raises(InputError, match=r"No joint of the file is left_hip.*--map"):
        read(path)
    parts = {"Coxa": "hip", "Genu": "knee", "Talus": "ankle"}
    mapped = {f"{s}{a}": f"{s.lower()}_{b}" for s in ("Left", "Right") for a, b in parts.items()}
    recording = read(path, map=mapped)
    expected = read(file(skeleton() + motion(RUN)))
    np.testing.assert_array_equal(recording.point("left_ankle"), expected.point("left_ankle"))


def test_braces_on_the_line_of_the_joint_and_tabs(file):
    text = skeleton(indent="\t").replace("\n{\n", " {\n").replace("\n\t{\n", " {\n")
    expected = read(file(skeleton() + motion(RUN)))
    np.testing.assert_array_equal(read(file(text + motion(RUN))).xy, expected.xy)


def test_a_first_frame_in_the_rest_pose_is_dropped(file):
    turned = [frame((0.5, 10, 5 * t), hips=(1, 2, 3)) for t in range(4)]
    recording = read(file(skeleton() + motion([frame(), *turned])))
    assert recording.frames == 4
    assert recording.notes[0] == "The first frame is the rest pose and was dropped."


def test_cut_off_files(file):
    text = skeleton() + motion(RUN)
    recording = read(file(text[: text.rindex(" ")]))
    assert recording.frames == 4
    assert recording.notes[:2] == (
        "The last line is cut off and was dropped.",
        "The file says 5 frames and holds 4.",
    )


def test_the_frame_rate_when_the_file_states_none(file):
    path = file(skeleton() + motion(RUN, frame_time="0"))
    np.testing.assert_allclose(read(path, fps=50).time, np.arange(5) / 50)
    with pytest.raises(InputError, match="--fps"):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MOTION", "MOTI", "skeleton of the BVH file is not whole"),
        ("OFFSET 0 -4 0", "OFFSET 0 -4", r"OFFSET in line \d+ cannot be used"),
        ("OFFSET 0 -4 0", "OFFSET 0 nan 0", r"OFFSET in line \d+ cannot be used"),
        ("CHANNELS 3 Z", "CHANNELS 2 Z", r"CHANNELS in line \d+ cannot be used"),
        ("CHANNELS 3 Zrotation", "CHANNELS 3 Zrot", r"CHANNELS in line \d+ cannot be used"),
        (
            "OFFSET 0 -4 0",
            "CHANNELS 1 Xrotation",
            r"Line \d+ gives CHANNELS to a joint that has some",
        ),
        ("0.5 10 5 ", "0.5 x 5 ", r"Line \d+ is no frame\. Expected 30 numbers"),
        ("0.5 10 5 ", "0.5 nan 5 ", "frames without numbers"),
        ("0.5 10 5 ", "0.5 10 5 1 ", r"Line \d+ is no frame"),
        ("LeftLeg", "LeftThing", "No joint of the file is left_knee"),
        ("}\n}\n}\n", "}\n", "not whole"),
    ],
)
def test_damaged_files(file, old, new, message):
    text = skeleton(indent="") + motion(RUN)
    assert old in text
    with pytest.raises(InputError, match=message) as caught:
        read(file(text.replace(old, new, 1)))
    assert "\n" not in str(caught.value)


def test_a_deep_skeleton_is_refused(file):
    joints = "JOINT a\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Zrotation\n" * 5000
    with pytest.raises(InputError, match="skeleton is too large"):
        read(file("HIERARCHY\nROOT a\n{\n" + joints))


def test_limbs_of_the_laboratory_keep_their_length(laboratory):
    files = sorted((laboratory / "full_body").glob("09_*.bvh"))
    assert len(files) == 11
    for path in files:
        recording = read(path)
        assert recording.fps == pytest.approx(120, rel=1e-4)
        assert 1.0 < recording.duration < 1.5
        xyz = np.concatenate((recording.xy, recording.depth[..., None]), axis=2)
        at = recording.keypoints.index
        for side in ("left", "right"):
            joints = [at(f"{side}_{part}") for part in ("hip", "knee", "ankle")]
            lengths = np.linalg.norm(np.diff(xyz[:, joints], axis=1), axis=2)
            assert np.ptp(lengths, axis=0).max() < 1e-12
            np.testing.assert_allclose(lengths.sum(axis=1), 0.93, atol=0.01)
        # Forward is where the runner goes, and the runner stands upright.
        assert np.ptp(xyz[:, at("left_hip"), 0]) > 2
        assert (xyz[:, at("head_top"), 1] < xyz[:, at("left_hip"), 1]).all()
