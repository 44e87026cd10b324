"""The body stays in one piece and on the floor, whoever runs and however badly."""

import numpy as np
import pytest

from stridewise.simulate.faults import FAULTS
from stridewise.simulate.run import GRAVITY, SKID_S
from stridewise.simulate.runner import Runner
from stridewise.skeletons import KEYPOINTS, SIDES

BONES = (
    *((f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in (("hip", "knee"), ("knee", "ankle"))),
    *((f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in (("ankle", "heel"), ("heel", "big_toe"))),
    *((f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in (("shoulder", "elbow"),)),
    *((f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in (("elbow", "wrist"),)),
    ("left_hip", "right_hip"),
    ("left_shoulder", "right_shoulder"),
    ("mid_hip", "neck"),
    ("neck", "head_top"),
    ("neck", "nose"),
)
clock = np.arange(0, 4, 0.002)
RUNNERS = [
    *(Runner(speed_mps=v, seed=s) for v in (2.0, 3.5, 5.5) for s in (0, 1)),
    *(Runner(speed_mps=3.5, seed=2, faults={name: 1.0}) for name in FAULTS),
]


def at(xyz, name):
    return xyz[:, KEYPOINTS.index(name)]


def stances(run, side, margin=0.0):
    contact, off = run._own(side)
    inside = np.zeros(len(clock), dtype=bool)
    for a, b in zip(contact, off, strict=True):
        inside |= (clock >= a - margin) & (clock <= b + margin)
    return inside


def label(runner):
    return f"{runner.speed_mps}-{runner.seed}-{','.join(runner.faults)}"


@pytest.fixture(scope="module", params=RUNNERS, ids=label)
def moving(request):
    run = request.param.run(clock[-1] + 0.1)
    return run, run.points(clock)


def test_bones_keep_their_length(moving):
    _, xyz = moving
    for a, b in BONES:
        assert np.ptp(np.linalg.norm(at(xyz, a) - at(xyz, b), axis=1)) < 1e-9, (a, b)


def test_foot_is_on_the_floor_in_stance_and_off_it_in_swing(moving):
    run, xyz = moving
    for side in SIDES:
        sole = at(xyz, f"{side}_ankle")[:, 1] - run.foot.height(run._leg(side, clock)["foot"])
        stance = stances(run, side)
        # A leg at full stretch may lift the foot a little at high speed.
        assert np.abs(sole[stance]).max() < 0.005
        assert sole[~stance].min() > 0


def test_nothing_is_below_the_floor(moving):
    _, xyz = moving
    assert xyz[..., 1].min() > 0.005


def test_stance_foot_moves_with_the_belt_once_it_has_landed(moving):
    run, xyz = moving
    for side in SIDES:
        contact, off = run._own(side)
        pitch = run._leg(side, clock)["foot"]
        floor = at(xyz, f"{side}_ankle")[:, 0] - run.foot.advance(pitch) * np.cos(
            np.radians(run.person.toe_out[side])
        )
        for a, b in zip(contact, off, strict=True):
            inside = (clock > a + 4 * SKID_S) & (clock < b - 0.02)
            if inside.sum() > 10:
                speed = np.polyfit(clock[inside], floor[inside], 1)[0]
                assert speed == pytest.approx(-run.speed, rel=0.01)


def test_pelvis_falls_nearly_freely_in_flight(moving):
    run, xyz = moving
    flight = ~(stances(run, "left", 0.015) | stances(run, "right", 0.015))
    flight[[0, 1, -2, -1]] = False
    fall = np.gradient(np.gradient(at(xyz, "mid_hip")[:, 1], clock), clock)[flight].mean()
    assert -1.35 * GRAVITY < fall < -0.5 * GRAVITY


def test_knees_bend_one_way_and_nothing_jumps(moving):
    run, xyz = moving
    for side in SIDES:
        hip, knee, ankle = (at(xyz, f"{side}_{p}") for p in ("hip", "knee", "ankle"))
        normal = np.cross(knee - hip, ankle - knee)[:, 2]
        assert normal.max() < 0.002
    assert np.abs(np.diff(xyz, axis=0)).max() / 0.002 < 3.0 * run.speed


def test_treadmill_runner_stays_and_overground_runner_goes():
    here, there = (
        Runner(speed_mps=3.0, surface=surface, variation=0).run(4.1).points(clock)
        for surface in ("treadmill", "overground")
    )
    assert np.abs(at(here, "mid_hip")[:, 0]).max() < 0.15
    assert there[..., 0] - here[..., 0] == pytest.approx(
        np.broadcast_to(3.0 * clock[:, None], there.shape[:2])
    )


def test_any_instant_can_be_asked_for():
    run = Runner(seed=4).run(4.0)
    instants = np.array([3.1, 0.20001, 1.7])
    together = run.points(instants)
    for i, instant in enumerate(instants):
        assert run.points(np.array([instant]))[0] == pytest.approx(together[i], abs=1e-12)
