"""The whole chain on simulated runners, whose truth is known exactly."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from stridewise import Context, InputError, Recording, analyze
from stridewise.gait.combined import CombinedModel
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.motion import Event
from stridewise.placement import EXACT
from stridewise.repair.roll import turn
from stridewise.result import Analysis
from stridewise.simulate import LEVELS, Camera, Noise, Runner, Simulation, degrade, simulate
from stridewise.skeletons import KEYPOINTS, REQUIRED, SIDES, Side, other

SCHEMA = json.loads((files("stridewise") / "analysis.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)

YAW = {"right": 0.0, "left": 180.0, "front": 90.0, "back": -90.0}
RATES = (30, 60, 120, 240)
#: Events this close to either end of a recording are not asked for.
MARGIN_S = 0.6


@cache
def typical() -> Simulation:
    """The typical runner for 12 s, seen by a perfect estimator at 240 frames/s."""
    return simulate(Runner(individual=0.0), Camera(fps=240.0), Noise(), 12.0)


def film(
    view: str = "right", frames: Any = slice(None, None, 4), white: float = 0.004
) -> Recording:
    """The typical runner from another side, in some of the frames, with jitter."""
    truth = typical().truth
    camera = Camera(yaw_deg=YAW[view])
    xyz, time = truth.xyz[frames], truth.time[frames]
    perfect = Recording(
        xy=camera.project(xyz, np.zeros(3)),
        confidence=np.ones(xyz.shape[:2]),
        time=time,
        keypoints=KEYPOINTS,
        source="a simulated runner",
    )
    leg_px = truth.leg_length_m * camera.focal_px / camera.distance_m
    return degrade(perfect, Noise(white=white), leg_px, np.random.default_rng(7))


@cache
def seen(view: str, fps: int) -> Analysis:
    """The analysis of `film` from one side at one of `RATES`."""
    return analyze(film(view, slice(None, None, 240 // fps)), Context(height_m=1.75))


def instants(events: tuple[Event, ...], kind: str, side: str) -> np.ndarray:
    return np.array([e.time_s for e in events if (e.kind, e.side) == (kind, side)])


def errors(found: tuple[Event, ...], kind: str) -> np.ndarray:
    """Found less true of every event, after making sure that each is found once."""
    truth = typical().truth.events
    out = []
    for side in SIDES:
        true, own = instants(truth, kind, side), instants(found, kind, side)
        inside = true[(true > MARGIN_S) & (true < 12.0 - MARGIN_S)]
        distance = np.abs(own[:, None] - true)
        assert (distance.min(axis=1) < 0.06).all(), f"an invented {kind} of the {side} foot"
        near = np.abs(inside[:, None] - own) < 0.06
        assert (near.sum(axis=1) == 1).all(), f"a {kind} of the {side} foot missed or doubled"
        out.append((near * own).sum(axis=1) - inside)
    return np.concatenate(out)


# --- truth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("view", ["right", "back", "front"])
def test_every_event_is_found_once_and_in_time(view: str, fps: int) -> None:
    found = seen(view, fps).events
    for kind in ("initial_contact", "toe_off"):
        error = errors(found, kind)
        assert len(error) >= 28
        assert np.abs(error).max() < 0.035
        assert np.sqrt(np.mean(error**2)) < 0.018
    assert [e.time_s for e in found] == sorted(e.time_s for e in found)


@pytest.mark.parametrize("view", ["right", "back", "front"])
def test_events_do_not_move_with_the_frame_rate(view: str) -> None:
    """A slip of one frame would move them by 33 ms at 30 frames/s and by 4 ms at 240."""
    for kind in ("initial_contact", "toe_off"):
        means = [errors(seen(view, fps).events, kind).mean() for fps in RATES]
        assert np.ptp(means) < 0.008


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("view", ["right", "back", "front"])
def test_cadence_is_exact(view: str, fps: int) -> None:
    true = typical().truth.metrics["cadence"]["both"]
    assert seen(view, fps).metric("cadence").value == pytest.approx(true, abs=0.5)


@pytest.mark.parametrize("fps", RATES)
def test_contact_time_is_not_biased_by_the_frame_rate(fps: int) -> None:
    """One frame too many or too few would be 33 ms at 30 frames/s and 17 ms at 60."""
    true = typical().truth.metrics["ground_contact_time"]
    for side in SIDES:
        found = seen("right", fps).metric("ground_contact_time", side)
        assert found.value == pytest.approx(true[side], abs=0.012)
        assert found.sd is not None
        assert 0.005 <= found.sd < 0.025


def test_durations_fit_together() -> None:
    """What is cut out of the same instants must add up."""
    analysis = seen("right", 120)
    step, contact, flight, stride = (
        np.mean([analysis.metric(name, side).value for side in SIDES])  # type: ignore[misc]
        for name in ("step_time", "ground_contact_time", "flight_time", "stride_time")
    )
    assert contact + flight == pytest.approx(step, abs=0.003)
    assert 2 * step == pytest.approx(stride, abs=0.002)
    assert 60 / step == pytest.approx(analysis.metric("cadence").value, rel=0.003)


@pytest.mark.parametrize("view", YAW)
def test_the_view_is_found(view: str) -> None:
    capture = seen(view, 60).capture
    assert capture.view == view
    off = (capture.yaw_deg - YAW[view] + 180) % 360 - 180
    assert abs(off) < 6
    facing = {"right": "right", "left": "left", "front": "towards", "back": "away"}
    assert capture.facing == facing[view]
    assert capture.quality == "A"
    # The camera may move along as well.
    assert capture.surface == "unknown"
    assert "a treadmill or the camera moves along cannot be seen" in " ".join(capture.notes)


@pytest.mark.parametrize("view", ["right", "left"])
@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("knee_flex_ic", 4.0),
        ("knee_flex_peak_stance", 4.0),
        ("shank_ic", 4.0),
        ("thigh_to", 5.0),
        ("overstride", 0.04),
    ],
)
def test_angles_of_the_near_leg_are_right(view: Side, name: str, within: float) -> None:
    true = typical().truth.metrics[name][view]
    assert seen(view, 120).metric(name, view).value == pytest.approx(true, abs=within)


def test_what_the_view_does_not_show_is_absent_with_a_reason() -> None:
    side, back = seen("right", 60), seen("back", 60)
    for analysis, name in ((side, "arm_cross"), (back, "head_pos")):
        estimate = analysis.metrics[[e.id for e in analysis.metrics].index(name)]
        assert estimate.status == "absent"
        assert estimate.value is None
        assert estimate.reason
    assert side.metric("trunk_lean").status == "ok"
    assert back.metric("trunk_lat", "left").status == "ok"


@cache
def seen_well(view: str) -> Analysis:
    """The analysis of `film` by a model that knows of points on their joints."""
    exact = CombinedModel(geometric=GeometricModel(offsets=EXACT))
    return analyze(film(view), Context(height_m=1.75), model=exact)


def test_what_offsets_of_points_drown_is_only_advisory() -> None:
    """A hip line that is off by nine degrees does not show a drop of five."""
    for view, name in (("back", "contralateral_pelvic_drop"), ("right", "knee_flex_ic")):
        told, sure = (a.metric(name, "left") for a in (seen(view, 60), seen_well(view)))
        assert (told.status, sure.status) == ("advisory", "ok")
        assert told.reason is not None
        assert "runners differ by" in told.reason
        assert told.value == pytest.approx(sure.value)
        assert told.sd > told.norm.sd > sure.sd - 3.0


@pytest.mark.parametrize("seed", [140, 143, 161])
def test_a_faultless_runner_does_not_drop_the_hip_for_an_estimator_that_is_off(seed: int) -> None:
    """Points that lie 2 % of leg length beside the joints tilt the hip line by 9 degrees."""
    yaw = YAW["back"] if seed < 160 else YAW["front"]
    made = simulate(Runner(seed=seed), Camera(yaw_deg=yaw), LEVELS["typical"], 12.0)
    analysis = analyze(made.recording)
    raised = {finding.area for finding in analysis.findings}
    assert not raised & {"pelvic_drop", "hip_adduction", "asymmetry"}
    for side in SIDES:
        drop = analysis.metric("contralateral_pelvic_drop", side)
        true = made.truth.metrics["contralateral_pelvic_drop"][side]
        assert true < 6
        assert drop.status == "advisory"
        assert drop.ci95 is not None
        assert drop.ci95[0] < true < drop.ci95[1]
    between = analysis.metric("asym_contralateral_pelvic_drop")
    assert between.sd == pytest.approx(2 * drop.sd, rel=0.1)


@pytest.mark.parametrize("yaw", [45.0, -45.0])
def test_an_oblique_camera_does_not_judge_how_far_ahead_the_foot_lands(yaw: float) -> None:
    """Of 0.3 leg lengths the network tells 0.2 from there."""
    runner = Runner(seed=9501, speed_mps=3.2, faults={"overstride": 1.8})
    made = simulate(runner, Camera(yaw_deg=yaw), Noise(white=0.003), 8.0)
    analysis = analyze(made.recording)
    for side in SIDES:
        assert made.truth.metrics["overstride"][side] > 0.28
        told = analysis.metric("overstride", side)
        assert told.status == "advisory"
        assert "askew" in str(told.reason)


def test_another_plane_is_told_less_surely() -> None:
    side, back = seen_well("right"), seen_well("back")
    sure, unsure = (analysis.metric("knee_flex_ic", "left") for analysis in (side, back))
    assert unsure.status != "absent"
    assert unsure.sd > sure.sd


def test_poses_show_the_key_instants_of_a_typical_step() -> None:
    analysis = seen("right", 60)
    assert [(pose.side, pose.phase) for pose in analysis.poses] == [
        (side, phase) for side in SIDES for phase in ("initial_contact", "mid_stance", "toe_off")
    ]
    for pose in analysis.poses:
        assert pose.xy.shape == (len(KEYPOINTS), 2)
        assert np.isfinite(pose.xy).all()
        knee = pose.angles["knee_flexion"]
        index = [pose.keypoints.index(f"{pose.side}_{part}") for part in ("hip", "knee", "ankle")]
        hip_px, knee_px, ankle_px = pose.xy[index]
        thigh, shank = knee_px - hip_px, ankle_px - knee_px
        bend = np.degrees(np.arctan2(thigh[0], thigh[1]) - np.arctan2(shank[0], shank[1]))
        assert knee == pytest.approx(bend, abs=4)
    by_phase = {(pose.side, pose.phase): pose for pose in analysis.poses}
    for side in SIDES:
        start, middle, end = (
            by_phase[side, phase].time_s for phase in ("initial_contact", "mid_stance", "toe_off")
        )
        assert start < middle < end
        assert start in instants(analysis.events, "initial_contact", side)
        assert end in instants(analysis.events, "toe_off", side)
    assert {pose.plane for pose in analysis.poses} == {"sagittal"}
    assert {pose.plane for pose in seen("back", 60).poses} == {"frontal"}


def test_curves_go_from_contact_to_contact() -> None:
    analysis = seen("right", 120)
    knees = {c.side: c for c in analysis.curves if c.id == "knee_flexion"}
    assert set(knees) == set(SIDES)
    for side, curve in knees.items():
        assert curve.mean.shape == curve.sd.shape == (101,)
        assert curve.unit == "deg"
        assert curve.n >= 12
        assert curve.mean[0] == pytest.approx(curve.mean[100], abs=2)
        assert curve.mean[0] == pytest.approx(analysis.metric("knee_flex_ic", side).value, abs=1.5)
        assert curve.toe_off_percent == pytest.approx(
            100 * analysis.metric("duty_factor", side).value,
            abs=1,  # type: ignore[operator]
        )
    assert {c.side for c in analysis.curves if c.id == "trunk_lean"} == {"both"}


# --- the clock -----------------------------------------------------------------------------------

METRICS_OF_TIME = ("cadence", "step_time", "ground_contact_time", "flight_time", "stride_time")


def same_times(one: Analysis, two: Analysis, within: float) -> None:
    for estimate in one.metrics:
        if estimate.id in METRICS_OF_TIME:
            value = two.metric(estimate.id, estimate.side).value
            limit = 0.3 if estimate.id == "cadence" else within
            assert value == pytest.approx(estimate.value, abs=limit), estimate.id


def test_jittered_time_stamps_are_honoured() -> None:
    """A camera that takes 3 to 5 ticks of 1/240 s for a frame: 48 to 80 frames/s."""
    ticks = np.cumsum(np.random.default_rng(1).integers(3, 6, 720))
    uneven = film(frames=ticks[ticks < 2880], white=0.002)
    found = analyze(uneven, Context(height_m=1.75))
    same_times(analyze(film(white=0.002), Context(height_m=1.75)), found, 0.004)
    for kind in ("initial_contact", "toe_off"):
        assert np.abs(errors(found.events, kind)).max() < 0.03
    assert any("uneven time stamps" in note for note in found.capture.notes)
    assert "time_base" in [repair["step"] for repair in found.provenance["repairs"]]


def test_a_frame_rate_that_halves_midway_is_honoured() -> None:
    ticks = np.concatenate([np.arange(0, 1440, 4), np.arange(1440, 2880, 8)])
    found = analyze(film(frames=ticks), Context(height_m=1.75))
    same_times(seen("right", 60), found, 0.010)
    for kind in ("initial_contact", "toe_off"):
        assert np.abs(errors(found.events, kind)).max() < 0.03


def test_dropped_frames_are_bridged() -> None:
    kept = np.random.default_rng(2).random(720) > 0.1
    found = analyze(film(frames=np.arange(0, 2880, 4)[kept]), Context(height_m=1.75))
    same_times(seen("right", 60), found, 0.008)
    assert found.recording["frames"] == kept.sum()
    assert found.recording["fps"] == pytest.approx(60)


def test_slow_motion_that_is_stated_changes_nothing() -> None:
    real = film()
    slow = real.with_(time=10.0 + 4.0 * real.time)
    found = analyze(slow, Context(time_scale=4.0, height_m=1.75))
    expected = analyze(real.with_(time=10.0 + real.time), Context(height_m=1.75))
    assert found.capture.time_scale == 4.0
    left, right = (analysis.to_dict() for analysis in (found, expected))
    left["capture"]["time_scale"] = 1.0
    close(left, right)


def test_a_later_start_moves_events_and_nothing_else() -> None:
    real = film()
    late = analyze(real.with_(time=real.time + 1000.0), Context(height_m=1.75))
    now = analyze(real, Context(height_m=1.75))
    times = [e.time_s for e in now.events]
    assert [e.time_s - 1000.0 for e in late.events] == pytest.approx(times, abs=1e-6)
    left, right = late.to_dict(), now.to_dict()
    del left["events"], right["events"]
    close(left, right, rel=1e-5)


def close(left: Any, right: Any, rel: float = 1e-6) -> None:
    """Compare two JSON forms: texts and structure the same, numbers nearly so."""
    assert type(left) is type(right)
    if isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            close(left[key], right[key], rel)
    elif isinstance(left, list):
        assert len(left) == len(right)
        for a, b in zip(left, right, strict=True):
            close(a, b, rel)
    elif isinstance(left, float):
        assert left == pytest.approx(right, rel=rel, abs=10 * rel)
    else:
        assert left == right


# --- symmetries ----------------------------------------------------------------------------------


def mirrored(recording: Recording) -> Recording:
    """What a mirror shows: x turned round, left and right changed over."""
    swapped = {f"{side}_": f"{other(side)}_" for side in SIDES}
    names = [
        next((new + n.removeprefix(old) for old, new in swapped.items() if n.startswith(old)), n)
        for n in recording.keypoints
    ]
    return recording.with_(
        xy=recording.xy * [-1.0, 1.0] + [1920.0, 0.0], keypoints=tuple(names)
    ).select(list(recording.keypoints))


@pytest.mark.parametrize("view", ["right", "back", "front"])
def test_a_mirror_changes_left_and_right_and_nothing_else(view: str) -> None:
    real = film(view)
    one = analyze(real, Context(height_m=1.75))
    two = analyze(mirrored(real), Context(height_m=1.75))
    assert two.capture.view == {"right": "left"}.get(view, view)
    swap = {"left": "right", "right": "left", "both": "both"}
    assert [(e.kind, swap[e.side]) for e in two.events] == [(e.kind, e.side) for e in one.events]
    times = [e.time_s for e in one.events]
    assert [e.time_s for e in two.events] == pytest.approx(times, abs=1e-6)
    for a in one.metrics:
        b = two.metric(a.id, swap[a.side])  # type: ignore[arg-type]
        assert (a.status, a.n, a.label, a.unit) == (b.status, b.n, b.label, b.unit), a.id
        sign = -1 if a.id.startswith("asym_") else 1
        if a.value is None:
            assert b.value is None
        else:
            assert b.value == pytest.approx(sign * a.value, rel=2e-4, abs=2e-4), a.id
            assert b.sd == pytest.approx(a.sd, rel=1e-3), a.id
    turned = ("pelvic_obliquity", "trunk_lateral")
    curves = {(c.id, c.side): c for c in two.curves}
    assert len(curves) == len(one.curves)
    for c in one.curves:
        if c.id not in turned:
            np.testing.assert_allclose(
                curves[c.id, swap[c.side]].mean,  # type: ignore[index]
                c.mean,
                atol=2e-3,
            )


@pytest.mark.parametrize("view", ["right", "back"])
def test_pixels_have_no_size_of_their_own(view: str) -> None:
    real = film(view)
    double = analyze(real.with_(xy=2.0 * real.xy), Context(height_m=1.75))
    assert double.to_json() == analyze(real, Context(height_m=1.75)).to_json()


def test_the_place_in_the_picture_does_not_matter() -> None:
    real = film()
    moved = analyze(real.with_(xy=real.xy + np.array([512.0, -256.0])), Context(height_m=1.75))
    close(moved.to_dict(), analyze(real, Context(height_m=1.75)).to_dict(), rel=1e-5)


def test_the_order_of_points_does_not_matter() -> None:
    real = film()
    turned = analyze(real.select(KEYPOINTS[::-1]), Context(height_m=1.75)).to_dict()
    straight = analyze(real, Context(height_m=1.75)).to_dict()
    assert turned["recording"].pop("keypoints") == straight["recording"].pop("keypoints")[::-1]
    close(turned, straight)


# --- purity --------------------------------------------------------------------------------------


def test_the_same_recording_gives_the_same_analysis() -> None:
    assert analyze(film()).to_json() == analyze(film()).to_json()


def test_the_recording_is_left_as_it_is() -> None:
    recording = film("back")
    before = [a.copy() for a in (recording.xy, recording.confidence, recording.time)]
    for array in (recording.xy, recording.confidence, recording.time):
        array.flags.writeable = False
    analyze(recording)
    for array, copy in zip(
        (recording.xy, recording.confidence, recording.time), before, strict=True
    ):
        np.testing.assert_array_equal(array, copy)


def test_analyses_in_threads_agree_with_one_after_another() -> None:
    recordings = [film(view, slice(None, None, every)) for view in YAW for every in (8, 4)]
    alone = [analyze(recording).to_json() for recording in recordings]
    with ThreadPoolExecutor(4) as pool:
        together = [a.to_json() for a in pool.map(analyze, recordings)]
    assert together == alone


# --- what the user knows -------------------------------------------------------------------------


def test_what_the_user_states_is_taken() -> None:
    context = Context(view="right", surface="overground", speed_mps=3.3, height_m=1.8, mass_kg=60)
    analysis = analyze(film(), context)
    assert analysis.capture.surface == "overground"
    assert analysis.capture.speed_mps == 3.3
    assert analysis.metric("step_length", "left").unit == "m"
    assert analysis.metric("leg_stiffness").value is not None
    plain = analyze(film())
    assert plain.metric("vertical_oscillation").unit == "L"
    assert plain.metric("leg_stiffness").status == "absent"


def test_a_stated_view_wins_over_the_points_and_the_report_says_so() -> None:
    capture = analyze(film("back"), Context(view="front")).capture
    assert (capture.view, capture.facing) == ("front", "towards")
    assert any(note.startswith("The view is stated as front") for note in capture.notes)


def test_another_gait_model_takes_the_place_of_the_own_one() -> None:
    from stridewise.gait.geometric import GeometricModel

    class Later(GeometricModel):
        name = "later/1"

        def read(self, recording: Any, view: Any) -> Any:
            motion = super().read(recording, view)
            events = tuple(replace(e, time_s=e.time_s + 0.05) for e in motion.events)
            return replace(motion, events=events, model=self.name)

    one, two = (analyze(film(), model=model) for model in (GeometricModel(), Later()))
    assert two.provenance["gait_model"] == "later/1"
    assert two.events[0].time_s == pytest.approx(one.events[0].time_s + 0.05)


# --- what is refused -----------------------------------------------------------------------------


def refused(recording: Recording, context: Context | None = None) -> str:
    with pytest.raises(InputError) as caught:
        analyze(recording, context)
    return str(caught.value)


def cut(recording: Recording, frames: Any) -> Recording:
    return recording.with_(
        xy=recording.xy[frames],
        confidence=recording.confidence[frames],
        time=recording.time[frames],
    )


def walker(cadence: float = 112.0, seconds: float = 10.0, fps: float = 60.0) -> Recording:
    """A walker from the right: legs swing as sines, the lower foot carries the hips."""
    time = np.arange(0.0, seconds, 1 / fps)
    phase = 2 * np.pi * cadence / 120 * time
    legs, reach = {}, []
    for side, shift in (("right", 0.0), ("left", np.pi)):
        thigh = np.radians(5 + 24 * np.cos(phase + shift))
        knee = np.radians(
            8 + 28 * (1 + np.sin(phase + shift)) ** 2 / 4 * (1 - np.cos(phase + shift))
        )
        shank = thigh - np.minimum(knee, np.radians(65))
        legs[side] = (thigh, shank)
        reach.append(180 * np.cos(thigh) + 180 * np.cos(shank))
    hip = np.stack([np.full_like(time, 960.0), 900.0 - np.maximum(*reach)], axis=1)
    points = {}
    for side, (thigh, shank) in legs.items():
        knee_xy = hip + 180 * np.stack([np.sin(thigh), np.cos(thigh)], axis=1)
        ankle = knee_xy + 180 * np.stack([np.sin(shank), np.cos(shank)], axis=1)
        points |= {f"{side}_hip": hip, f"{side}_knee": knee_xy, f"{side}_ankle": ankle}
        points[f"{side}_heel"] = ankle + np.array([-20.0, 25.0])
        points[f"{side}_big_toe"] = ankle + np.array([55.0, 25.0])
    xy = np.stack(list(points.values()), axis=1)
    return Recording(xy, np.ones(xy.shape[:2]), time, tuple(points))


def test_too_few_frames() -> None:
    assert refused(cut(film(), slice(5))).startswith(
        "The recording is too short. Expected at least"
    )
    assert "59 frames over 0.97 s" in refused(cut(film(), slice(59)))


def test_too_few_frames_per_second() -> None:
    slow = film(frames=slice(None, None, 24))
    assert refused(slow).startswith("The frame rate is too low to see foot contacts.")
    assert "10 frames/s" in refused(slow)


@pytest.mark.parametrize("point", REQUIRED)
def test_a_leg_point_that_is_never_seen(point: str) -> None:
    xy = film().xy.copy()
    xy[:, KEYPOINTS.index(point)] = np.nan
    assert refused(film().with_(xy=xy)).startswith(f"These points are never seen: {point}.")


def test_a_leg_that_is_nearly_never_seen() -> None:
    xy = film().xy.copy()
    for part in ("knee", "ankle"):
        xy[5:, KEYPOINTS.index(f"left_{part}")] = np.nan
    assert "No running was found" in refused(film().with_(xy=xy))


def test_standing_still() -> None:
    one = film().xy[:1]
    still = one + np.random.default_rng(3).normal(0, 1.0, (720, 26, 2))
    assert "No running was found" in refused(film().with_(xy=still))


def test_points_that_never_move() -> None:
    frozen = np.repeat(film().xy[:1], 720, axis=0)
    assert "No running was found" in refused(film().with_(xy=frozen))


def test_a_body_without_size() -> None:
    assert refused(film().with_(xy=np.ones((720, 26, 2)))).startswith("No leg is seen whole")


def test_noise_is_no_runner() -> None:
    noise = np.random.default_rng(4).uniform(0, 1000, (720, 26, 2))
    refused(film().with_(xy=noise))


@pytest.mark.parametrize("cadence", [96.0, 104.0, 112.0])
def test_walking_is_not_running(cadence: float) -> None:
    assert "as in walking" in refused(walker(cadence))


@pytest.mark.parametrize(("factor", "named"), [(4.0, 4), (8.0, 8), (2.0, 2)])
def test_slow_motion_that_is_not_stated(factor: float, named: int) -> None:
    """The message names the factor that brings the cadence nearest to that of most runners."""
    slow = film(frames=slice(None)).with_(time=factor * typical().truth.time)
    message = refused(slow)
    assert "outside what runners show" in message
    assert f"--time-scale {named}:" in message
    close(
        analyze(slow, Context(time_scale=factor)).to_dict()["metrics"],
        analyze(film(frames=slice(None))).to_dict()["metrics"],
    )


def test_a_stated_time_scale_that_gives_an_odd_cadence_counts_with_a_doubt() -> None:
    slow = film(frames=slice(None)).with_(time=4.0 * typical().truth.time)
    capture = analyze(slow, Context(time_scale=8.0)).capture
    assert capture.quality == "C"
    assert any("--time-scale 4:" in note for note in capture.notes)
    # Half as fast as life, nobody falls freely.
    assert "--time-scale 4:" in refused(slow, Context(time_scale=2.0))


def test_a_tilt_that_is_not_corrected_keeps_segment_angles_back() -> None:
    tilted = turn(film(), -14.0)
    told = analyze(tilted, Context(repairs_off=("roll",)))
    assert told.capture.quality == "C"
    lean = told.metric("trunk_lean")
    assert lean.status == "absent"
    assert lean.reason == "the picture is tilted, and it is not sure enough by how much"
    assert told.metric("knee_flex_ic", "right").status != "absent"
    assert analyze(tilted).metric("trunk_lean").status != "absent"


def test_an_activity_that_nobody_defined() -> None:
    message = refused(film(), Context(activity="juggling"))
    assert message == "The activity is not known. Expected one of running. Received juggling."


def test_time_stamps_with_a_long_pause() -> None:
    time = film().time.copy()
    time[400:] += 3600.0
    assert refused(film().with_(time=time)).startswith("The time stamps jump.")


# --- the JSON form -------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("view", YAW)
def test_every_analysis_fits_the_schema(view: str, fps: int) -> None:
    VALID.validate(json.loads(seen(view, fps).to_json()))


def hidden(recording: Recording, share: float, frames: int) -> np.ndarray:
    """Stretches in which a point is not seen, shape (frames, keypoints, 1)."""
    stretches = -(-recording.frames // frames)
    drawn = np.random.default_rng(5).random((stretches, len(recording.keypoints))) < share
    return np.repeat(drawn, frames, axis=0)[: recording.frames, :, None]


@pytest.mark.parametrize(
    "changed",
    [
        lambda r: cut(r, slice(150)),
        lambda r: r.select([n for n in KEYPOINTS if n.split("_")[-1] in ("hip", "knee", "ankle")]),
        lambda r: r.with_(xy=np.where(hidden(r, 0.12, 40), np.nan, r.xy)),
        lambda r: r.with_(confidence=np.where(hidden(r, 0.12, 40)[..., 0], 0.1, 0.9)),
        lambda r: r.with_(xy=r.xy + np.random.default_rng(7).normal(0, 12, r.xy.shape)),
        lambda r: r.with_(xy=r.xy / 8),
    ],
    ids=["short", "legs only", "gaps", "low confidence", "shaky", "small"],
)
def test_a_poor_recording_fits_the_schema(changed: Any) -> None:
    analysis = analyze(changed(film()))
    assert analysis.capture.quality != "A"
    assert analysis.capture.notes
    VALID.validate(json.loads(analysis.to_json()))


def test_a_runner_with_faults_is_told_what_to_change() -> None:
    runner = Runner(individual=0.0, faults={"excess_lean": 1.5, "low_cadence": 1.5})
    analysis = analyze(
        simulate(runner, Camera(), Noise(white=0.003), 12.0).recording,
        Context(speed_mps=3.0, height_m=1.75),
    )
    VALID.validate(json.loads(analysis.to_json()))
    areas = [finding.area for finding in analysis.findings]
    assert {"excess_lean", "low_cadence"} <= set(areas)
    assert [f.priority for f in analysis.findings][: min(3, len(areas))] == [1, 2, 3][: len(areas)]


def test_three_dimensional_points_fit_the_schema() -> None:
    truth = typical().truth
    xyz = truth.xyz[::4]
    recording = Recording(
        xy=xyz[..., :2] * [1.0, -1.0],
        confidence=np.ones(xyz.shape[:2]),
        time=truth.time[::4],
        keypoints=KEYPOINTS,
        unit="m",
        depth=-xyz[..., 2],
    )
    analysis = analyze(recording)
    VALID.validate(json.loads(analysis.to_json()))
    for name in ("knee_flex_ic", "contralateral_pelvic_drop"):  # both planes are seen
        assert analysis.metric(name, "left").value == pytest.approx(
            truth.metrics[name]["left"], abs=4
        )
    assert analysis.metric("step_length", "left").unit == "m"


# --- real recordings -----------------------------------------------------------------------------


@pytest.mark.parametrize(("trial", "seed"), [("01_25", 1), ("12_35", 2), ("22_45", 3)])
def test_a_laboratory_runner_against_the_force_plate(
    laboratory: Path, trial: str, seed: int
) -> None:
    from training.lab import read_trial
    from training.lab import seen as filmed

    truth = read_trial(laboratory / "treadmill_running" / f"runner{trial}.npz")
    recording = filmed(truth, Camera(), Noise(white=0.005), seed)
    analysis = analyze(recording, Context(speed_mps=truth.speed_mps))
    VALID.validate(json.loads(analysis.to_json()))
    last = recording.time[-1] - MARGIN_S
    for kind in ("initial_contact", "toe_off"):
        error: list[float] = []
        for side in SIDES:
            true = instants(truth.events, kind, side)
            found = instants(analysis.events, kind, side)
            inside = true[(true > MARGIN_S) & (true < last)]
            nearest = found[np.abs(inside[:, None] - found).argmin(axis=1)]
            error += (nearest - inside).tolist()
            assert len(np.unique(nearest)) == len(inside)
        assert np.abs(error).max() < 0.1, f"a {kind} is missed"
        assert np.sqrt(np.mean(np.square(error))) < 0.015
    contacts = [e.time_s for e in truth.events if e.kind == "initial_contact"]
    cadence = 60 * (len(contacts) - 1) / (contacts[-1] - contacts[0])
    assert analysis.metric("cadence").value == pytest.approx(cadence, abs=0.5)
