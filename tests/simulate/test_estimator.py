"""Real estimators' errors on perfect points: fingerprints made up, and those that ship."""

from __future__ import annotations

import argparse
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.gait.motion import Event
from stridewise.readers import read
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, fingerprint, imitate, simulate
from stridewise.simulate.cli import add_arguments
from stridewise.simulate.estimator import (
    KNOTS,
    STEPS,
    Fingerprint,
    Habits,
    at_phase,
    leg_phase,
    load,
    root,
    save,
    twins,
    view_of,
)
from stridewise.simulate.estimators import FOLDER, names
from stridewise.skeletons import LAYOUTS

POINTS = tuple(
    f"{side}_{part}"
    for part in ("shoulder", "hip", "knee", "ankle", "heel", "big_toe")
    for side in ("left", "right")
)
LEG_PX, STRIDE_S = 200.0, 0.7
N = len(POINTS)
UPPER = np.triu_indices(2 * N)


def habits(**changes: Any) -> Habits:
    """An estimator that gets nothing wrong, but for what is given."""
    perfect = Habits(
        films=1,
        lag_s=np.zeros(N),
        shape=np.zeros((N, 2, 5)),
        bends=np.zeros((1, N, 2, 3)),
        people=np.zeros((1, 1)),
        pace_s=np.array([STRIDE_S]),
        spread=np.zeros((N, 2, 4)),
        level=np.zeros((1, N)),
        alike=np.stack([np.eye(2 * N)[UPPER]] * 2),
        memory=np.stack([np.ones(2 * N), np.full(2 * N, 0.1)]),
        tail=np.tile(KNOTS, (N, 1)),
        over=np.zeros((1, N, 2, 10), np.uint8),
        seen=np.full((N, 4), 3.0),
        seen_level=np.zeros((1, N)),
        seen_over=np.zeros(N),
        seen_memory=np.stack([np.zeros(N), np.full(N, 0.1)]),
        lost=np.zeros((2, 1)),
    )
    return replace(perfect, **changes)


def source(**changes: Any) -> Fingerprint:
    return Fingerprint("made-up", "blazepose-33", POINTS, {"side": habits(**changes)})


def events(seconds: float) -> list[Event]:
    """Contacts of the right leg at 0, of the left half a stride later."""
    times = np.arange(0.0, seconds, STRIDE_S)
    return [
        Event(kind, side, t + late + (0.25 if kind == "toe_off" else 0.0), 0.0)  # type: ignore[arg-type]
        for t in times
        for side, late in (("right", 0.0), ("left", STRIDE_S / 2))
        for kind in ("initial_contact", "toe_off")
    ]


def perfect(fps: float = 60.0, seconds: float = 7.0, speed_px: float = 0.0) -> Recording:
    """Points that swing: each at a place of its own, the legs against one another."""
    time = np.arange(round(seconds * fps)) / fps
    turn = 2 * np.pi * time / STRIDE_S
    xy = np.zeros((len(time), N, 2))
    for i, name in enumerate(POINTS):
        swing = 60.0 if name.startswith("right") else -60.0
        xy[:, i, 0] = 500 + speed_px * time + swing * np.sin(turn) + 3 * i
        xy[:, i, 1] = 100 + 40 * i + 5 * np.cos(turn)
    return Recording(xy, np.ones(xy.shape[:2]), time, POINTS)


def seen(made: Fingerprint, recording: Recording, yaw_deg: float = 0.0, seed: int = 1) -> Recording:
    rng = np.random.default_rng(seed)
    return imitate(recording, made, events(recording.time[-1]), yaw_deg, LEG_PX, rng)


def test_an_estimator_without_faults_changes_nothing() -> None:
    exact = perfect()
    for yaw in (0.0, 180.0):
        made = seen(source(), exact, yaw)
        assert made.keypoints == POINTS
        np.testing.assert_allclose(made.xy, exact.xy, atol=1e-6)
        assert made.confidence == pytest.approx(1 / (1 + np.exp(-3.0)))


@pytest.mark.parametrize(("yaw", "near", "ahead"), [(5.0, "right", 1), (175.0, "left", -1)])
def test_an_offset_lies_ahead_and_up_of_the_near_leg(yaw: float, near: str, ahead: int) -> None:
    shape = np.zeros((N, 2, 5))
    shape[POINTS.index("right_ankle"), :, 0] = 0.03, 0.02
    exact = perfect()
    error = seen(source(shape=shape), exact, yaw).xy - exact.xy
    ankle = POINTS.index(f"{near}_ankle")
    assert error[:, ankle, 0] == pytest.approx(0.03 * LEG_PX * ahead)
    assert error[:, ankle, 1] == pytest.approx(-0.02 * LEG_PX)
    assert np.abs(np.delete(error, ankle, axis=1)).max() < 1e-6


def test_a_shape_follows_the_stride_of_the_own_leg() -> None:
    shape = np.zeros((N, 2, 5))
    shape[:, 1, 1] = 0.01  # cosine of the first harmonic: up at contact
    exact = perfect()
    up = -(seen(source(shape=shape), exact).xy - exact.xy)[..., 1] / LEG_PX
    for leg, late in (("right", 0.0), ("left", STRIDE_S / 2)):
        at_contact = np.interp(
            late + STRIDE_S * np.arange(1, 9), exact.time, up[:, POINTS.index(f"{leg}_big_toe")]
        )
        assert at_contact == pytest.approx(0.01, abs=2e-4)


def test_people_differ_by_their_bends() -> None:
    bends = np.zeros((1, N, 2, 3))
    bends[0, :, 0, 0] = 0.01
    exact, made = (
        perfect(seconds=2.0),
        source(
            bends=bends,
            people=np.array([[2.0], [-2.0]]),
            pace_s=np.full(2, STRIDE_S),
            level=np.zeros((2, N)),
            over=np.zeros((2, N, 2, 10), np.uint8),
            seen_level=np.zeros((2, N)),
            lost=np.zeros((2, 2)),
        ),
    )
    offsets = [(seen(made, exact, seed=k).xy - exact.xy)[0, 0, 0] / LEG_PX for k in range(60)]
    # Three quarters of the variance are that of the filmed people, 2^2, the rest is of its own.
    assert np.std(offsets) == pytest.approx(0.01 * np.sqrt(0.75 * 4 + 0.25), rel=0.15)


def test_points_lag_behind_their_motion_and_not_behind_the_runner() -> None:
    lag = 0.03
    still, passing = (perfect(fps=120.0, speed_px=speed) for speed in (0.0, 400.0))
    for exact in (still, passing):
        made = seen(source(lag_s=np.full(N, lag)), exact)
        swing = np.interp(exact.time - lag, still.time, still.xy[:, 0, 0])
        inside = exact.time > 0.1
        travel = exact.xy[:, 0, 0] - still.xy[:, 0, 0]
        np.testing.assert_allclose(made.xy[inside, 0, 0], (swing + travel)[inside], atol=1.5)


def test_legs_change_places_at_their_phase_and_nothing_else_does() -> None:
    over = np.zeros((1, N, 2, 10), np.uint8)
    legs = [i for i, name in enumerate(POINTS) if "ankle" in name or "toe" in name]
    over[:, legs, :, 2] = STEPS
    exact = perfect()
    made = seen(source(over=over, seen_over=np.full(N, -3.0)), exact)
    # From the right contact on, a fifth to three tenths of the (evenly told) stride.
    phase = leg_phase(exact.time, events(7.0), "right") % 1.0
    there = (phase >= 0.2) & (phase < 0.3)
    assert 0.05 < there.mean() < 0.2
    twin = twins(POINTS)
    expected = exact.xy.copy()
    for i in legs:
        expected[there, i] = exact.xy[there, twin[i]]
    np.testing.assert_allclose(made.xy, expected, atol=1e-6)
    assert made.confidence[there][:, legs] == pytest.approx(0.5)
    assert made.confidence[~there] == pytest.approx(1 / (1 + np.exp(-3.0)))


@pytest.mark.parametrize("fps", [30.0, 240.0])
def test_what_remains_has_its_size_and_its_memory_at_any_frame_rate(fps: float) -> None:
    memory = np.stack([np.full(2 * N, 0.25), np.full(2 * N, 0.1)])
    made = source(spread=np.full((N, 2, 4), 0.01), memory=memory)
    exact = perfect(fps=fps, seconds=60.0)
    error = (seen(made, exact).xy - exact.xy) / LEG_PX
    assert error.std() == pytest.approx(0.01, rel=0.03)
    apart = round(0.1 * fps)
    alike = (error[apart:] * error[:-apart]).mean() / error.var()
    assert alike == pytest.approx(0.75 * np.exp(-1.0), abs=0.03)


def test_what_remains_goes_together_as_told() -> None:
    alike = np.eye(2 * N)
    alike[0, 2] = alike[2, 0] = 0.6  # the second point's x with the first one's
    assert root(alike[UPPER]) @ root(alike[UPPER]).T == pytest.approx(alike)
    tail = np.tile(KNOTS, (N, 1))
    tail[0] = 3 * KNOTS
    made = source(spread=np.full((N, 2, 4), 0.01), alike=np.stack([alike[UPPER]] * 2), tail=tail)
    exact = perfect(seconds=60.0)
    error = (seen(made, exact).xy - exact.xy) / LEG_PX
    assert np.corrcoef(error[:, 0, 0], error[:, 1, 0])[0, 1] == pytest.approx(0.6, abs=0.03)
    assert error[:, 0].std() == pytest.approx(0.03, rel=0.05)


def test_nobody_is_found_as_often_and_as_long_as_told() -> None:
    made = seen(source(lost=np.array([[0.2], [0.5]])), perfect(fps=20.0, seconds=600.0))
    gone = np.isnan(made.xy[..., 0])
    assert (gone.all(axis=1) == gone.any(axis=1)).all()
    assert gone.mean() == pytest.approx(1 - np.exp(-0.1), rel=0.25)
    assert (made.confidence[gone] == 0).all()


def test_missing_points_stay_missing() -> None:
    exact = perfect()
    xy = exact.xy.copy()
    xy[100:130, POINTS.index("left_knee")] = np.nan
    made = seen(source(lag_s=np.full(N, 0.02)), exact.with_(xy=xy))
    gone = np.isnan(made.xy[..., 0])
    assert gone[100:130, POINTS.index("left_knee")].all()
    assert gone.sum() == 30
    without = exact.select([n for n in POINTS if n != "left_knee"])
    assert seen(source(), without).keypoints == without.keypoints


def test_views_are_told_apart() -> None:
    told = {0: "side", 170: "side", -10: "side", 45: "oblique", 130: "oblique", -140: "oblique"}
    told |= {90: "front", 100: "front", -90: "back", 270: "back"}
    assert {yaw: view_of(yaw) for yaw in told} == told


def test_a_view_without_films_is_refused() -> None:
    with pytest.raises(InputError, match=r"not known for this view \(back\).*one of: side"):
        seen(source(), perfect(), yaw_deg=-90.0)


def test_a_leg_needs_contacts() -> None:
    with pytest.raises(InputError, match="left leg has too few contacts"):
        leg_phase(np.arange(3.0), events(0.5), "left")


def test_phases_go_on_beyond_the_events() -> None:
    time = np.linspace(-2.0, 9.0, 400)
    phase = leg_phase(time, events(5.0), "right")
    assert np.isfinite(phase).all()
    assert (np.diff(phase) > 0).all()
    at_contacts = np.interp(STRIDE_S * np.arange(-2, 12), time, phase) % 1.0
    assert np.minimum(at_contacts, 1 - at_contacts) == pytest.approx(0, abs=0.01)


def test_tables_go_round() -> None:
    table = np.array([[[0.0, 1.0, 2.0, 3.0]]])
    own = np.array([[0.125], [0.25], [1.375], [0.0], [-0.125]])
    assert at_phase(own, table)[:, 0, 0] == pytest.approx([0.0, 0.5, 1.0, 1.5, 3.0])


def test_a_fingerprint_comes_back_from_its_file() -> None:
    rng = np.random.default_rng(0)
    own = habits(
        shape=rng.normal(0, 0.02, (N, 2, 5)),
        over=rng.integers(0, STEPS + 1, (1, N, 2, 10)).astype(np.uint8),
        lag_s=rng.normal(0, 0.02, N),
    )
    file, again = BytesIO(), BytesIO()
    for to in (file, again):
        save(Fingerprint("made-up", "blazepose-33", POINTS, {"side": own}), to)
    assert file.getvalue() == again.getvalue()
    file.seek(0)
    back = load(file)
    assert (back.name, back.layout, back.keypoints) == ("made-up", "blazepose-33", POINTS)
    side = back.views["side"]
    assert np.array_equal(side.over, own.over)
    np.testing.assert_allclose(side.lag_s, own.lag_s, rtol=1e-5)
    np.testing.assert_allclose(side.shape, own.shape, atol=0.06 / 127)
    np.testing.assert_allclose(side.alike, own.alike, atol=1 / 127)


# What ships -------------------------------------------------------------------------------------


def test_what_ships_is_small_and_known() -> None:
    assert {"blazepose-full", "blazepose-full-frames", "movenet-thunder"} <= set(names())
    assert sum(path.stat().st_size for path in FOLDER.glob("*.npz")) < 1_000_000


@pytest.mark.parametrize("name", names())
def test_each_estimator_writes_its_own_points(name: str) -> None:
    made = fingerprint(name)
    assert set(made.keypoints) <= set(LAYOUTS[made.layout])
    runner, camera = Runner(seed=4), Camera(yaw_deg=10.0, fps=30.0)
    first, again = (simulate(runner, camera, made, 4.0).recording for _ in range(2))
    other = simulate(Runner(seed=5), camera, made, 4.0).recording
    assert first.keypoints == made.keypoints
    assert np.array_equal(first.xy, again.xy, equal_nan=True)
    assert np.array_equal(first.confidence, again.confidence)
    assert not np.allclose(first.xy, other.xy, equal_nan=True)
    exact = simulate(runner, camera, Noise(), 4.0)
    scale = exact.truth.leg_length_m * camera.focal_px / camera.distance_m
    error = (first.xy - exact.recording.select(first.keypoints).xy) / scale
    # Some percent of a leg, whoever it is.
    assert 0.003 < np.nanmedian(np.abs(error)) < 0.06
    assert ("left_heel" in first.keypoints) == (made.layout == "blazepose-33")


def test_nothing_is_known_of_others() -> None:
    with pytest.raises(InputError, match=r"Nothing is known.*blazepose-full"):
        fingerprint("camera-obscura")


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    run = add_arguments(parser)
    return run(parser.parse_args(words))


def test_the_command_imitates(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.csv"
    assert command("--out", str(out), "--duration", "2", "--estimator", "movenet-thunder") == 0
    assert "seen by movenet-thunder" in capsys.readouterr().out
    again = read(out)
    assert again.keypoints == fingerprint("movenet-thunder").keypoints
    assert again.frames == 120


@pytest.mark.parametrize("words", [("--noise", "low"), ("--noise", "0.004")])
def test_noise_and_estimator_exclude_one_another(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command("--estimator", "blazepose-full", *words)
    assert "not allowed with" in capsys.readouterr().err


def test_the_command_knows_its_estimators(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command("--estimator", "camera-obscura")
    said = capsys.readouterr().err
    assert all(name in said for name in names())
