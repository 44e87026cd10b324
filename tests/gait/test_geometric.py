from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.context import Context
from stridewise.gait.body import Body
from stridewise.gait.contacts import ContactPoints, find_stances
from stridewise.gait.frontal import FRONTAL_SIGNALS
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.motion import Motion
from stridewise.gait.sagittal import SAGITTAL_SIGNALS
from stridewise.placement import Offsets
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.simulate.camera import Camera
from stridewise.simulate.noise import Noise
from stridewise.skeletons import SIDES, Side
from stridewise.view import View, find_view
from training.lab import read_trial, seen

LEG = 300.0
RATE = 2.8
RIGHT = View("right", 0.0, 0.0, "right", LEG)
FRONT = View("front", 90.0, 0.0, "towards", LEG)
SPACE = View("right", 0.0, 0.0, "right", LEG, flat=False)


def down(start: tuple[float, float], angle_deg: float, length: float) -> tuple[float, float]:
    """Go `length` down from a point, `angle_deg` to its front (or right)."""
    angle = np.radians(angle_deg)
    return start[0] + length * np.sin(angle), start[1] - length * np.cos(angle)


def standing(points: dict[str, tuple[float, float]], frames: int = 60) -> Recording:
    """Hold a pose, given in leg lengths with y up."""
    pose = LEG * np.array([(x, -y) for x, y in points.values()])
    xy = np.repeat(pose[None], frames, axis=0)
    return Recording(xy, np.ones(xy.shape[:2]), np.arange(frames) / 60, tuple(points))


def side_pose() -> dict[str, tuple[float, float]]:
    """Thigh 25° ahead, shank 10° behind, foot 15° up, trunk 8° forward, arms bent; both sides."""
    points = {}
    for side in SIDES:
        hip = (0.0, 0.9)
        knee = down(hip, 25.0, 0.47)
        ankle = down(knee, -10.0, 0.45)
        heel = (ankle[0] - 0.05, ankle[1] - 0.05)
        toe = (heel[0] + 0.3 * np.cos(np.radians(15)), heel[1] + 0.3 * np.sin(np.radians(15)))
        shoulder = down(hip, 180.0 - 8.0, 0.55)
        elbow = down(shoulder, -30.0, 0.35)
        wrist = down(elbow, 60.0, 0.3)
        ear = (shoulder[0] + 0.11, shoulder[1] + 0.2)
        for part, place in (
            ("hip", hip),
            ("knee", knee),
            ("ankle", ankle),
            ("heel", heel),
            ("big_toe", toe),
            ("shoulder", shoulder),
            ("elbow", elbow),
            ("wrist", wrist),
            ("ear", ear),
        ):
            points[f"{side}_{part}"] = place
    return points


def value(motion: Motion, name: str, side: Side | None = None) -> float:
    """Return the one value that a signal has throughout."""
    signal = motion.signals[name, side].value
    assert np.ptp(signal) < 1e-9
    return float(signal[0])


def test_side_view_of_a_held_pose() -> None:
    motion = GeometricModel().read(standing(side_pose()), RIGHT)
    assert motion.events == ()
    for side in SIDES:
        for name, degrees in (
            ("thigh", 25.0),
            ("shank", -10.0),
            ("foot", 15.0),
            ("knee_flexion", 35.0),
            ("hip_flexion", 33.0),
            ("ankle_dorsiflexion", 25.0),
            ("upper_arm", -30.0),
            ("elbow_flexion", 90.0),
        ):
            assert value(motion, name, side) == pytest.approx(degrees), name
        ankle = 0.47 * np.sin(np.radians(25)) - 0.45 * np.sin(np.radians(10))
        assert value(motion, "ankle_ahead", side) == pytest.approx(ankle)
        foot = ankle - 0.05 + 0.15 * np.cos(np.radians(15))
        assert value(motion, "foot_ahead", side) == pytest.approx(foot)
        wrist = (-0.35 * np.sin(np.radians(30)) + 0.3 * np.sin(np.radians(60))) / 0.55
        assert value(motion, "wrist_ahead", side) == pytest.approx(wrist)
    assert value(motion, "trunk_lean") == pytest.approx(8.0)
    assert value(motion, "head_ahead") == pytest.approx(0.11 / 0.55)
    assert value(motion, "shoulder_rotation") == pytest.approx(0.0)
    assert value(motion, "pelvis_height") == pytest.approx(0.9)
    assert set(motion.absent) == {*FRONTAL_SIGNALS, "pelvis_travel"}
    assert motion.absent["knee_gap"] == "the camera is 90° away from a front or back view"


def test_the_left_side_is_the_mirror_image_of_the_right() -> None:
    right = standing(side_pose())
    mirrored = right.with_(xy=right.xy * [-1.0, 1.0])
    motion = GeometricModel().read(right, RIGHT)
    other = GeometricModel().read(mirrored, View("left", -180.0, 0.0, "left", LEG))
    for (name, side), signal in motion.signals.items():
        assert other.signals[name, side].value == pytest.approx(signal.value, abs=1e-9), name


def test_a_shoulder_ahead_turns_the_shoulders() -> None:
    pose = side_pose()
    x, y = pose["right_shoulder"]
    pose["right_shoulder"] = (x + 0.21, y)
    motion = GeometricModel().read(standing(pose), RIGHT)
    assert value(motion, "shoulder_rotation") == pytest.approx(30.0)


def front_pose() -> dict[str, tuple[float, float]]:
    """Place (right, up): pelvis 5° down on the left, right knee in, trunk 4° to the right."""
    tilt = np.radians(5.0)
    right_hip = (0.09 * np.cos(tilt), 0.9 + 0.09 * np.sin(tilt))
    left_hip = (-right_hip[0], 0.9 - 0.09 * np.sin(tilt))
    right_knee = down(right_hip, -6.0, 0.47)
    left_knee = down(left_hip, -1.0, 0.47)
    lean = np.radians(4.0)
    top = (0.55 * np.sin(lean), 0.9 + 0.55 * np.cos(lean))
    return {
        "left_hip": left_hip,
        "right_hip": right_hip,
        "left_knee": left_knee,
        "right_knee": right_knee,
        "left_ankle": down(left_knee, 0.0, 0.45),
        "right_ankle": down(right_knee, 3.0, 0.45),
        "left_shoulder": (top[0] - 0.2, top[1]),
        "right_shoulder": (top[0] + 0.2, top[1]),
        "left_wrist": (0.05, 0.9),
        "right_wrist": (0.2, 0.9),
    }


@pytest.mark.parametrize("view", ["front", "back", "space"])
def test_front_and_back_view_of_a_held_pose(view: str) -> None:
    recording = standing(front_pose())
    if view == "front":  # the runner's right is on the left of the image
        motion = GeometricModel().read(recording.with_(xy=recording.xy * [-1.0, 1.0]), FRONT)
    elif view == "back":
        motion = GeometricModel().read(recording, View("back", -90.0, 0.0, "away", LEG))
    else:  # seen from the right; depth grows to the runner's left
        depth = -recording.xy[..., 0]
        flat = recording.with_(xy=recording.xy * [0.0, 1.0], depth=depth)
        motion = GeometricModel().read(flat, SPACE)
    assert value(motion, "pelvic_obliquity") == pytest.approx(5.0)
    assert value(motion, "thigh_adduction", "right") == pytest.approx(6.0)
    assert value(motion, "thigh_adduction", "left") == pytest.approx(-1.0)
    # In right stance the left hip drops by 5°, in left stance the right one rises.
    assert value(motion, "hip_adduction", "right") == pytest.approx(11.0)
    assert value(motion, "hip_adduction", "left") == pytest.approx(-6.0)
    assert value(motion, "frontal_knee", "right") == pytest.approx(6.0 + 3.0)
    assert value(motion, "frontal_knee", "left") == pytest.approx(-1.0)
    assert value(motion, "trunk_lateral") == pytest.approx(4.0)
    points = front_pose()
    for side in SIDES:
        aside = points[f"{side}_ankle"][0]
        assert value(motion, "ankle_lateral", side) == pytest.approx(aside)
    gap = (points["right_knee"][0] - points["left_knee"][0]) / 0.18
    assert value(motion, "knee_gap") == pytest.approx(gap)
    # Level with the hips the midline is at 0: the left wrist has crossed it, the right one has not.
    assert value(motion, "wrist_lateral", "left") == pytest.approx(0.05 / 0.4)
    assert value(motion, "wrist_lateral", "right") == pytest.approx(-0.2 / 0.4)
    assert ("thigh", "right") in motion.signals or view != "space"


def test_oblique_views_give_no_angles_but_say_why() -> None:
    motion = GeometricModel().read(standing(side_pose()), View("right", 40.0, 5.0, "right", LEG))
    assert set(motion.signals) == {("pelvis_height", None)}
    assert motion.absent["thigh"] == "the camera is 40° away from a side view"
    assert motion.absent["frontal_knee"] == "the camera is 50° away from a front or back view"
    assert "pass from the side" in motion.absent["pelvis_travel"]


def test_an_angle_seen_from_a_little_off_the_side_is_corrected() -> None:
    recording = standing(side_pose())
    narrow = recording.with_(xy=recording.xy * [np.cos(np.radians(15)), 1.0])
    motion = GeometricModel().read(narrow, View("right", 15.0, 0.0, "right", LEG))
    assert value(motion, "thigh", "right") == pytest.approx(25.0)
    assert value(motion, "knee_flexion", "right") == pytest.approx(35.0)


def test_missing_points_are_named() -> None:
    pose = {k: v for k, v in side_pose().items() if "toe" not in k and "shoulder" not in k}
    del pose["left_wrist"]
    motion = GeometricModel().read(standing(pose), RIGHT)
    assert ("knee_flexion", "right") in motion.signals
    assert ("foot", "right") not in motion.signals
    assert motion.absent["foot"] == "heel and toe are not seen together"
    assert motion.absent["ankle_dorsiflexion"] == "knee, ankle, heel and toe are not seen together"
    assert motion.absent["trunk_lean"] == "hips and shoulders are not seen together"
    # Without the toe, the ankle stands for the foot.
    assert value(motion, "foot_ahead", "left") == value(motion, "ankle_ahead", "left")


def test_random_errors_follow_from_the_noise_of_the_points() -> None:
    rng = np.random.default_rng(0)
    still = standing(side_pose(), frames=4000)
    noisy = still.with_(xy=still.xy + 0.005 * LEG * rng.standard_normal(still.xy.shape))
    motion = GeometricModel().read(noisy, RIGHT)
    for name in ("thigh", "shank", "foot", "knee_flexion", "trunk_lean", "upper_arm"):
        side: Side | None = None if name == "trunk_lean" else "right"
        signal = motion.signals[name, side]
        assert signal.sd == pytest.approx(np.std(signal.value), rel=0.2), name
        if side:  # the far side is less sure
            assert motion.signals[name, "left"].sd == pytest.approx(1.5 * signal.sd, rel=0.1)


@pytest.mark.parametrize(
    ("pose", "view", "names"),
    [
        (
            side_pose(),
            RIGHT,
            (
                "thigh",
                "shank",
                "knee_flexion",
                "hip_flexion",
                "trunk_lean",
                "upper_arm",
                "elbow_flexion",
                "wrist_ahead",
                "head_ahead",
                "ankle_ahead",
            ),
        ),
        (
            {name: (-right, up) for name, (right, up) in front_pose().items()},
            FRONT,
            (
                "pelvic_obliquity",
                "thigh_adduction",
                "hip_adduction",
                "frontal_knee",
                "trunk_lateral",
                "knee_gap",
            ),
        ),
    ],
    ids=["side", "front"],
)
def test_lasting_errors_follow_from_the_offsets_of_the_points(
    pose: dict[str, tuple[float, float]], view: View, names: tuple[str, ...]
) -> None:
    """One draw of offsets is one recording: what they make of it no frame averages out."""
    rng, offset, model = np.random.default_rng(0), 0.005, GeometricModel(offsets=Offsets(0.005))
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(150):
        moved = {name: xy + offset * rng.standard_normal(2) for name, xy in pose.items()}
        motion = model.read(standing(moved, frames=20), view)
        for name in names:
            found[name].append(
                value(motion, name, "right" if (name, None) not in motion.signals else None)
            )
    still = model.read(standing(pose, frames=20), view)
    for name in names:
        signal = still.signals.get((name, None)) or still.signals[name, "right"]
        assert np.std(found[name]) == pytest.approx(signal.points_sd, rel=0.2), name
        assert signal.bias_sd >= signal.points_sd


def test_points_in_space_have_no_offsets_but_those_of_the_norms() -> None:
    recording = standing(side_pose())
    space = recording.with_(depth=np.zeros(recording.xy.shape[:2]))
    motion = GeometricModel().read(space, SPACE)
    assert {signal.points_sd for signal in motion.signals.values()} == {0.0}


def test_a_view_less_sure_makes_angles_less_sure() -> None:
    sure, unsure = (
        GeometricModel().read(standing(side_pose()), View("right", 0.0, sd, "right", LEG))
        for sd in (2.0, 8.0)
    )
    for name in ("thigh", "knee_flexion"):
        biases = [m.signals[name, "right"].bias_sd for m in (sure, unsure)]
        assert 0 < biases[0] < biases[1]


@pytest.mark.parametrize(("speed", "passes"), [(0.0, False), (0.1, False), (3.0, True)])
def test_only_a_runner_who_covers_ground_travels(speed: float, passes: bool) -> None:
    recording = running(seconds=5.0)
    shift = LEG * speed * recording.time[:, None, None] * [1.0, 0.0]
    motion = GeometricModel().read(recording.with_(xy=recording.xy + shift), RIGHT)
    assert (("pelvis_travel", None) in motion.signals) == passes
    if passes:
        travel = motion.signals["pelvis_travel", None].value
        assert travel[-1] - travel[0] == pytest.approx(speed * recording.duration, abs=0.05)


def running(seconds: float = 6.0, fps: float = 60.0) -> Recording:
    """Move like a runner, by sines alone, seen from the right; left stances come first."""
    time = np.arange(int(seconds * fps)) / fps
    phase = np.pi * RATE * time
    bounce = -0.04 * np.sin(2 * phase)
    points = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        ahead = 0.4 * sign * np.cos(phase + np.pi / 4)
        lift = 0.1 - 0.1 * sign * np.cos(phase - np.pi / 4)
        for part, x, y in (
            ("hip", 0 * time, 0.9 + bounce),
            ("knee", 0.15 + ahead / 2, 0.5 + lift / 2),
            ("ankle", ahead, 0.1 + lift),
            ("heel", ahead - 0.05, 0.05 + lift),
            ("big_toe", ahead + 0.2, 0.03 + lift),
            ("shoulder", 0.05 + 0 * time, 1.45 + bounce),
            ("elbow", -0.1 - ahead / 3, 1.2 + bounce),
            ("wrist", 0.1 - ahead / 2, 1.1 + bounce),
            ("ear", 0.1 + 0 * time, 1.65 + bounce),
        ):
            points[f"{side}_{part}"] = LEG * np.stack([x, -y], axis=1)
    xy = np.stack(list(points.values()), axis=1)
    return Recording(xy, np.ones(xy.shape[:2]), time, tuple(points))


def check(motion: Motion) -> None:
    """What must hold for any recording."""
    times = [event.time_s for event in motion.events]
    assert times == sorted(times)
    assert all(motion.time[0] <= t <= motion.time[-1] for t in times)
    assert all(0 < event.sd_s < 0.2 for event in motion.events)
    for (name, _), signal in motion.signals.items():
        assert signal.value.shape == motion.time.shape
        assert np.isfinite(signal.value).any()
        assert np.isfinite([signal.sd, signal.bias_sd]).all(), name
        assert signal.sd >= 0
    assert all(reason for reason in motion.absent.values())


def test_each_foot_lands_and_leaves_once_a_stride() -> None:
    motion = GeometricModel().read(running(), RIGHT)
    check(motion)
    order = [(event.kind, event.side) for event in motion.events]
    cycle = [(kind, side) for side in ("right", "left") for kind in ("initial_contact", "toe_off")]
    assert len(order) >= 4 * 7
    start = cycle.index(order[0])
    assert order == [cycle[(start + i) % 4] for i in range(len(order))]


def test_the_flat_foot_in_mid_stance_is_the_zero_of_the_foot() -> None:
    recording = running()
    toes = [recording.keypoints.index(f"{side}_big_toe") for side in SIDES]
    xy = recording.xy.copy()
    xy[:, toes, 1] -= 0.05 * LEG
    for given_ in (recording, recording.with_(xy=xy)):
        motion = GeometricModel().read(given_, RIGHT)
        for side in SIDES:
            # This foot keeps its pitch throughout.
            assert np.abs(motion.signals["foot", side].value).max() < 0.1
            shank = motion.signals["shank", side].value
            ankle = motion.signals["ankle_dorsiflexion", side].value
            assert ankle == pytest.approx(-shank, abs=0.1)


@settings(max_examples=50, deadline=None)
@given(
    holes=st.lists(
        st.tuples(st.integers(0, 17), st.integers(0, 239), st.integers(1, 240)), max_size=15
    ),
    blackout=st.tuples(st.integers(0, 239), st.integers(0, 200)),
    yaw=st.sampled_from([0.0, 10.0, 45.0, 65.0, 90.0, 170.0, -90.0, -120.0]),
)
def test_no_hole_is_any_trouble(
    holes: list[tuple[int, int, int]], blackout: tuple[int, int], yaw: float
) -> None:
    recording = running(seconds=4.0)
    xy = recording.xy.copy()
    for point, start, length in holes:
        xy[start : start + length, point] = np.nan
    xy[blackout[0] : sum(blackout)] = np.nan
    name = find_view(recording, Context()).name
    cleaned, _ = clean(recording.with_(xy=xy))
    check(GeometricModel().read(cleaned, View(name, yaw, 5.0, "right", LEG)))


@pytest.mark.parametrize("gone", ["left", "right", "hip", "ankle", "knee", "everything"])
def test_whole_parts_missing_are_no_trouble(gone: str) -> None:
    recording = running()
    xy = recording.xy.copy()
    hidden = [k for k, name in enumerate(recording.keypoints) if gone in (*name.split("_"), "")]
    xy[:, hidden if gone != "everything" else slice(None)] = np.nan
    motion = GeometricModel().read(recording.with_(xy=xy), RIGHT)
    check(motion)
    assert (motion.events == ()) == (gone != "knee")
    without = recording.select([k for k in recording.keypoints if gone not in k.split("_")] or [])
    if without.keypoints and gone != "everything":
        same = GeometricModel().read(without, RIGHT)
        assert same.events == motion.events
        assert set(same.signals) == set(motion.signals)


def test_three_dimensional_sources_show_both_planes() -> None:
    recording = running()
    right = np.array([1.0 if "right" in name else -1.0 for name in recording.keypoints])
    depth = np.broadcast_to(-0.09 * LEG * right, recording.xy.shape[:2])
    motion = GeometricModel().read(recording.with_(depth=depth), SPACE)
    check(motion)
    assert {name for name, _ in motion.signals} == {
        *SAGITTAL_SIGNALS,
        *FRONTAL_SIGNALS,
        "pelvis_height",
    }
    assert value(motion, "pelvic_obliquity") == pytest.approx(0.0)
    # No leg is the far one.
    assert motion.signals["thigh", "left"].sd == pytest.approx(motion.signals["thigh", "right"].sd)


@pytest.mark.parametrize("noise", [0.0, 0.002, 0.01])
def test_body_measures_its_noise(noise: float) -> None:
    rng = np.random.default_rng(0)
    recording = running(seconds=20.0)
    shaky = recording.xy + noise * LEG * rng.standard_normal(recording.xy.shape)
    body = Body(recording.with_(xy=shaky), RIGHT)
    assert body.noise == pytest.approx(noise, rel=0.05, abs=1e-5)
    assert body.noise_of("right_ankle") < max(noise, 1e-5)


@pytest.mark.parametrize(("trial", "yaw"), [("runner01_25", 0.0), ("runner03_45", -90.0)])
def test_laboratory_runners_have_each_contact_once(
    laboratory: Path, trial: str, yaw: float
) -> None:
    truth = read_trial(laboratory / "treadmill_running" / f"{trial}.npz")
    recording, _ = clean(seen(truth, Camera(yaw_deg=yaw), Noise(white=0.005), seed=1))
    motion = GeometricModel().read(recording, find_view(recording, Context()))
    check(motion)
    for kind in ("initial_contact", "toe_off"):
        for side in SIDES:
            true, found = (
                np.array([e.time_s for e in events if (e.kind, e.side) == (kind, side)])
                for events in (truth.events, motion.events)
            )
            inside = true[(true > 0.6) & (true < motion.time[-1] - 0.6)]
            nearest = found[np.abs(found - inside[:, None]).argmin(axis=1)]
            assert len(set(nearest)) == len(inside)
            assert np.abs(nearest - inside).max() < 0.05
            assert abs(np.mean(nearest - inside)) < 0.02
    stances = find_stances(ContactPoints.of(Body(recording, find_view(recording, Context()))))
    assert all(a.side != b.side for a, b in pairwise(stances))
