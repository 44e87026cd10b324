"""Runners, pools and films for the form networks, on trials made up in a moment."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from stridewise.form import pose, stride
from stridewise.form.variables import conditions, measure
from stridewise.gait.encoding import INPUT_POINTS
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.strides import Steps
from stridewise.metrics import Measured
from stridewise.simulate import Camera, Noise
from stridewise.skeletons import SIDES
from training.form_net import films, keypoints, pool
from training.form_net.bodies import RECORDED_S, changed, part, real, simulated, truth
from training.gait_net.folds import FOLDS, RUNNERS
from training.gait_net.footage import Footage
from training.lab import Trial

LEGS = [INPUT_POINTS.index(f"{s}_{p}") for s in SIDES for p in ("hip", "knee", "ankle", "heel")]


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def runner() -> Trial:
    return simulated(7, rng())


def test_a_real_runner_keeps_the_legs_and_gets_a_trunk(source: Footage) -> None:
    found = real(source, rng())
    assert found.keypoints == INPUT_POINTS
    for i in LEGS:
        own = source.trial.keypoints.index(INPUT_POINTS[i])
        assert np.array_equal(found.xyz[:, i], source.trial.xyz[:, own])
    shoulders = found.xyz[:, [INPUT_POINTS.index(f"{side}_shoulder") for side in SIDES], 1]
    hips = found.xyz[:, [INPUT_POINTS.index(f"{side}_hip") for side in SIDES], 1]
    assert (shoulders - hips > 0.3).all()


def test_a_changed_runner_is_as_much_larger_and_faster_as_it_says(source: Footage) -> None:
    old, new = source.trial, changed(source, rng())
    size = new.leg_length_m / old.leg_length_m
    tempo = (old.time[1] - old.time[0]) / (new.time[1] - new.time[0])
    assert 0.85 <= size <= 1.15
    assert size != 1.0
    assert new.speed_mps == pytest.approx(old.speed_mps * size * tempo)
    assert [e.time_s * tempo for e in new.events] == pytest.approx([e.time_s for e in old.events])
    ankle = INPUT_POINTS.index("left_ankle")
    moved = new.xyz[:, ankle] / size - old.xyz[:, old.keypoints.index("left_ankle")]
    assert 0.0 < np.abs(moved).max() < 0.2


def test_a_simulated_runner_is_drawn_by_its_seed(runner: Trial) -> None:
    again, other = simulated(7, rng()), simulated(8, rng())
    assert np.array_equal(runner.xyz, again.xyz)
    assert not np.array_equal(runner.xyz, other.xyz)
    assert runner.xyz.shape == (int(RECORDED_S * 150), len(INPUT_POINTS), 3)
    assert all(0 <= e.time_s <= RECORDED_S for e in runner.events)
    assert {(e.kind, e.side) for e in runner.events} == {
        (kind, side) for kind in ("initial_contact", "toe_off") for side in SIDES
    }


def test_a_part_is_a_stretch_with_its_own_events(source: Footage) -> None:
    found = part(source.trial, rng())
    assert found.time[-1] - found.time[0] == pytest.approx(RECORDED_S, abs=0.01)
    start = int(np.searchsorted(source.trial.time, found.time[0]))
    assert np.array_equal(found.xyz, source.trial.xyz[start : start + len(found.time)])
    assert all(found.time[0] < e.time_s < found.time[-1] for e in found.events)
    assert len(found.events) < len(source.trial.events)
    short = replace(source.trial, time=source.trial.time / 10)
    assert np.array_equal(part(short, rng()).xyz, short.xyz)


def test_the_truth_has_every_step_and_what_the_laboratory_did_not_see(runner: Trial) -> None:
    exact = truth(runner)
    contacts = [e.time_s for e in runner.events if e.kind == "initial_contact"]
    assert exact.steps.initial_contact == pytest.approx(sorted(contacts)[: len(exact.steps)])
    assert exact.leg_length_m is None
    for name in ("trunk_lean", "trunk_lateral"):
        assert np.isfinite(exact.motion.signals[name, None].value).all()
    told = measure(exact, "treadmill", exact.speed)
    known = np.isfinite(told.values[3:-3]).mean(axis=0)
    assert (known > 0.9).all()


def steps(contact: list[float], right: list[bool]) -> Steps:
    nothing = np.full(len(contact), np.nan)
    fields = dict.fromkeys(Steps.__dataclass_fields__, nothing)
    return Steps(**fields | {"initial_contact": np.array(contact), "right": np.array(right)})


def test_strides_meet_by_side_and_contact() -> None:
    exact = steps([0.0, 0.35, 0.7, 1.05], [True, False, True, False])
    seen = steps([0.71, 0.02, 0.36, 0.95, 1.06], [True, True, True, False, False])
    # The third is of the other side, the fourth too far from any.
    found = pool.partners(seen, np.arange(5), exact)
    assert found.tolist() == [2, 0, -1, -1, 3]
    assert pool.partners(seen, np.array([4, 1]), exact).tolist() == [3, 0]
    assert pool.partners(seen, np.arange(5), steps([0.0], [False])).tolist() == [-1] * 5


def test_nobody_is_read_by_a_network_that_saw_them(source: Footage) -> None:
    for i, name in enumerate(RUNNERS):
        assert pool.gait_fold(replace(source.trial, runner=name), rng()) == i % FOLDS
    assert 0 <= pool.gait_fold(source.trial, rng()) < FOLDS


def test_foot_paths_are_those_without_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {"27": SimpleNamespace()}
    monkeypatch.setattr(pool, "_paths", lambda: paths)
    pool.gait_model.cache_clear()
    try:
        assert pool.gait_model(2, "27").paths is paths["27"]
        assert pool.gait_model(2, "simulated").paths is None
        assert pool.gait_model(2, "27").network is pool.gait_model(2, "simulated").network
        assert pool.gait_model(2, "27").network is not pool.gait_model(1, "27").network
    finally:
        pool.gait_model.cache_clear()


@pytest.fixture(scope="module")
def filmed(runner: Trial) -> pool.Filmed:
    raw, recording = pool.film(runner, Camera(yaw_deg=0.0, fps=120.0), Noise(), 1)
    return pool.read(raw, recording, GeometricModel(), Measured(runner.speed_mps, 0.0, "told"))


def test_what_is_kept_of_strides(runner: Trial, filmed: pool.Filmed) -> None:
    kept = pool.strides(filmed, runner)
    count = len(kept["true"])
    assert count > 20
    assert len(set(kept["true"].tolist())) == count
    told = measure(truth(runner), "treadmill", truth(runner).speed)
    assert np.array_equal(kept["past"], told.past[kept["true"]], equal_nan=True)
    assert kept["features"].shape == (count, stride.width())
    assert kept["cuts"].shape == (count, len(conditions()), 3)
    assert np.array_equal(kept["right"], truth(runner).steps.right[kept["true"]])
    # Without noise, from the side: the rule sees the knee as it is, within half a change.
    knee = [c.metric for c in conditions()].index("knee_flex_peak_stance")
    assert np.abs(kept["rule"][:, knee] - kept["past"][:, knee]).max() < 0.5
    assert np.isnan(kept["doubt"]).tolist() == np.isnan(kept["rule"]).tolist()


def test_keypoints_of_a_stride_are_presence_and_places_about_the_hips(
    filmed: pool.Filmed,
) -> None:
    found = keypoints.encode(filmed.recording, filmed.steps)
    rows = stride.whole(filmed.steps)
    assert found.shape == (len(rows), stride.POINTS * len(INPUT_POINTS) * 2 + len(INPUT_POINTS))
    places = found[:, : -len(INPUT_POINTS)].reshape(len(rows), stride.POINTS, -1, 2)
    hips = [INPUT_POINTS.index(f"{side}_hip") for side in SIDES]
    assert places[:, :, hips].mean(axis=(1, 2)) == pytest.approx(0.0, abs=1e-9)
    # From contact on the own ankle lies below the hips, by less than a leg's length.
    ankle = places[:, :9, INPUT_POINTS.index("right_ankle"), 1]
    assert ((ankle < -0.6) & (ankle > -1.15)).all()


def test_stills_come_with_what_is_true_of_them(runner: Trial, filmed: pool.Filmed) -> None:
    found = keypoints.stills(runner, filmed.raw, Camera(yaw_deg=30.0), rng())
    assert found["still"].shape == (keypoints.STILLS, len(pose.POINTS), 2)
    assert set(np.unique(found["phase"])) <= set(range(len(pose.PHASES)))
    assert set(found["yaw"]) == {30.0}
    exact = truth(runner)
    by_frame = {p.tobytes(): t for p, t in zip(_points(filmed), filmed.raw.time, strict=True)}
    for still, phase in zip(found["still"], found["phase"], strict=True):
        time = by_frame[still.tobytes()]
        step = int(np.searchsorted(exact.steps.initial_contact, time, side="right")) - 1
        side = "right" if exact.steps.right[step] else "left"
        named = pose.PHASES[int(phase)]
        assert named.endswith(side) or named.startswith(side)
        assert ("flight" in named) == (time >= exact.steps.toe_off[step])


def _points(filmed: pool.Filmed) -> np.ndarray:
    return np.stack([filmed.raw.point(name) for name in pose.POINTS], axis=1)


def test_films_have_both_models_in_the_same_strides(
    source: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_paths", dict)
    pool.gait_model.cache_clear()
    try:
        found = films._filmed(source.trial, "side", 0)
    finally:
        pool.gait_model.cache_clear()
    count = len(found["past"])
    assert {len(value) for value in found.values()} == {count}
    assert "true" not in found
    assert (set(found["runner"]), set(found["view"]), set(found["recording"])) == (
        {"00"},
        {"side"},
        {0},
    )
    contacts = sum(e.kind == "initial_contact" for e in source.trial.events)
    assert contacts - 8 <= count <= contacts
    knee = [c.metric for c in conditions()].index("knee_flex_peak_stance")
    known = np.isfinite(found["geometry"][:, knee])
    assert known.mean() > 0.9
    for name in ("rule", "geometry"):
        assert np.median(np.abs(found[name] - found["past"])[known, knee]) < 1.0
    assert np.isnan(found["geometry_doubt"]).tolist() == np.isnan(found["geometry"]).tolist()
