import json

import numpy as np
import pytest

from stridewise.form import pose
from stridewise.form.areas import load_areas
from stridewise.form.snapshot import (
    AREAS,
    SHOWN,
    VALUES,
    look,
    margins,
    off_side,
    points_of,
    shipped,
    shows,
)
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate

NOTHING = np.full((1, len(pose.POINTS), 2), np.nan)


@pytest.fixture(scope="module")
def run():
    """Three seconds of a simulated runner from the right, and the truth."""
    return simulate(Runner(seed=6, speed_mps=3.2), Camera(fps=60.0), Noise(white=0.003), 3.0)


@pytest.fixture(scope="module")
def found(run):
    recording: Recording = run.recording
    return look(points_of(recording), [str(i) for i in range(recording.frames)])


def test_every_area_is_judged_or_has_its_reason(found) -> None:
    ids = {area.id for area in load_areas().areas}
    for snapshot in found:
        assert set(snapshot.areas) | set(snapshot.untold) == ids
        assert not set(snapshot.areas) & set(snapshot.untold)
        assert all(0 <= p <= 1 for p in snapshot.areas.values())


def test_what_needs_several_steps_is_never_judged(found) -> None:
    for snapshot in found:
        for area in ("low_cadence", "high_bounce", "asymmetry", "fatigue_drift", "stiff_landing"):
            assert "several steps" in snapshot.untold[area]


def test_areas_are_judged_in_their_phase_only(found) -> None:
    for snapshot in found:
        for area in snapshot.areas:
            assert shows(area, pose.PHASES.index(snapshot.phase))


def test_a_runner_looks_like_running(found) -> None:
    assert np.median([s.running for s in found]) > 0.5


def test_the_phase_is_mostly_right_where_it_is_told(run, found) -> None:
    contacts = sorted(run.truth.events, key=lambda e: e.time_s)
    right = told = 0
    for snapshot, instant in zip(found, run.recording.time, strict=True):
        before = [e for e in contacts if e.time_s <= instant]
        if not before or snapshot.phase is None:
            continue
        stance = before[-1].kind == "initial_contact"
        told += 1
        right += (snapshot.phase.startswith("flight")) != stance
    assert told > 40
    assert right / told > 0.8


def test_the_camera_is_found_from_the_side(found) -> None:
    yaws = np.array([s.yaw_deg for s in found if s.yaw_deg is not None])
    assert np.median(np.abs(yaws)) < 25


def test_angles_are_near_the_truth(run, found) -> None:
    true = run.truth.signals["knee_flexion", "right"]
    wrong = [
        a.value - true[i]
        for i, s in enumerate(found)
        for a in s.angles
        if (a.signal, a.side) == ("knee_flexion", "right")
    ]
    assert len(wrong) > 60
    assert np.sqrt(np.mean(np.square(wrong))) < 12


def test_areas_that_are_not_told_reliably_are_withheld(found) -> None:
    for snapshot in found:
        assert set(snapshot.areas) <= set(shipped().calibration["told"])
        assert "reliably" in snapshot.untold["pelvic_drop"]


def poses_with(area: str, angle_deg: float, side: str = "") -> tuple[np.ndarray, np.ndarray]:
    """One pose with nothing but the angle of an area, and an uncertainty of 3°."""
    value = np.zeros((1, len(VALUES)))
    value[0, VALUES.index((SHOWN[area].signal, side))] = angle_deg
    return value, np.full(value.shape, 3.0)


@pytest.mark.parametrize(
    ("area", "right", "angle", "side", "expected"),
    [
        # Cut-offs of 13° and 2° of lean, 48° of knee bend, 6° of drop; sqrt(3² + 4²) = 5.
        ("excess_lean", True, 18.0, "", 1.0),
        ("upright_back", True, -3.0, "", 1.0),
        ("upright_back", False, 7.0, "", -1.0),
        ("deep_stance_knee", True, 53.0, "right", 1.0),
        ("deep_stance_knee", False, 53.0, "left", 1.0),
        ("deep_stance_knee", False, 53.0, "right", -48.0 / 5.0),
        ("pelvic_drop", True, 11.0, "", 1.0),
        ("pelvic_drop", False, -11.0, "", 1.0),
    ],
)
def test_an_area_is_as_far_past_as_the_angle_of_the_leg_on_the_ground(
    area: str, right: bool, angle: float, side: str, expected: float
) -> None:
    value, sd = poses_with(area, angle, side)
    assert margins(area, np.array([right]), value, sd, 4.0) == pytest.approx([expected])


def test_a_doubtful_angle_tells_less() -> None:
    value, sd = poses_with("excess_lean", 23.0)
    near, far = (margins("excess_lean", np.array([True]), value, k * sd, 1.0)[0] for k in (1, 3))
    assert 0 < far < near / 2


def test_one_side_of_the_body_is_enough_for_the_trunk_and_nothing_else(run) -> None:
    both = points_of(run.recording)
    left = both.copy()
    left[:, 1 : len(pose.POINTS) : 2] = np.nan
    told = look(left, [""] * len(left))
    judged = [s for s in told if s.areas]
    assert len(judged) > 20
    for snapshot in judged:
        assert {a.signal for a in snapshot.angles if not a.side} <= {"trunk_lean"}
        assert {a.side for a in snapshot.angles} <= {"", "left"}

    def doubt(found) -> float:
        return float(np.median([a.sd for s in found for a in s.angles if a.signal == "trunk_lean"]))

    assert doubt(told) > doubt(look(both, [""] * len(both)))


def test_a_view_that_hides_an_area_is_the_reason() -> None:
    it = simulate(Runner(seed=6), Camera(fps=60.0, yaw_deg=-90.0), Noise(), 1.0).recording
    found = look(points_of(it), [""] * it.frames)
    reasons = {s.untold.get("excess_lean", "") for s in found}
    assert any("away from a side view" in reason for reason in reasons)


def test_no_pose_no_answer() -> None:
    (snapshot,) = look(NOTHING, ["empty"])
    assert np.isnan(snapshot.running)
    assert snapshot.areas == {}
    assert set(snapshot.untold.values()) == {"neither a leg nor the trunk is seen"}


def test_points_that_an_angle_needs_must_be_there(run) -> None:
    xy = points_of(run.recording)[:20].copy()
    xy[:, pose.POINTS.index("right_ankle")] = np.nan
    for snapshot in look(xy, ["x"] * 20):
        told = {(a.signal, a.side) for a in snapshot.angles}
        assert not told & {("knee_flexion", "right"), ("shank", "right")}


def test_json(found) -> None:
    content = json.loads(found[10].to_json())
    assert content["schema"] == "stridewise.snapshot/1"
    assert content["running"] == found[10].running
    assert set(content["areas"]) <= set(AREAS)


def test_the_head_is_drawn_and_not_looked_at(run, found) -> None:
    points = points_of(run.recording)
    assert points.shape[1] == len(pose.POINTS) + len(pose.HEAD)
    nose = len(pose.POINTS) + pose.HEAD.index("nose")
    assert np.array_equal(points[:, nose], run.recording.point("nose"), equal_nan=True)
    without = look(points[:5, : len(pose.POINTS)], [str(i) for i in range(5)])
    assert [s.to_json() for s in without] == [s.to_json() for s in found[:5]]


@pytest.mark.parametrize(
    ("yaw", "off"),
    [(0, 0), (180, 0), (-180, 0), (90, 90), (-90, 90), (30, 30), (150, 30), (-170, 10)],
)
def test_how_far_a_camera_is_off_the_side(yaw: float, off: float) -> None:
    assert off_side(yaw) == pytest.approx(off)
