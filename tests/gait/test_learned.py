from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stridewise.gait import learned
from stridewise.gait.encoding import OUTPUTS, RATE, Key, encode, placing
from stridewise.gait.learned import (
    REACH,
    Reading,
    events,
    mean_reading,
    on_grid,
    read,
    shipped,
)
from stridewise.gait.motion import Event
from stridewise.repair.clean import clean
from stridewise.simulate import Camera, Noise, Runner, Simulation, simulate
from stridewise.skeletons import SIDES, Side

TIME = np.arange(240) / 60


def reading(contact: dict[Side, list[tuple[float, float]]], wrong_s: float = 0.0) -> Reading:
    """What a network without fault would say about these stances."""
    value: dict[Key, np.ndarray] = {key: np.zeros(len(TIME)) for key in OUTPUTS}
    sd: dict[Key, np.ndarray] = {key: np.full(len(TIME), 0.004) for key in OUTPUTS}
    probability: dict[Side, np.ndarray] = {side: np.zeros(len(TIME)) for side in SIDES}
    for side, stances in contact.items():
        for start, end in stances:
            probability[side][(start <= TIME) & (end > TIME)] = 1.0
        for kind, at in (("initial_contact", 0), ("toe_off", 1)):
            instants = np.array([stance[at] for stance in stances])
            away = instants - TIME[:, None]
            nearest = away[np.arange(len(TIME)), np.abs(away).argmin(axis=1)]
            value[kind, side] = nearest + wrong_s
    return Reading(TIME, value, sd, probability, 0.0)


def simulated(yaw: float = 0.0, fps: float = 60.0, **noise: float) -> Simulation:
    return simulate(Runner(seed=5), Camera(yaw_deg=yaw, fps=fps), Noise(**noise), duration_s=6.0)


def test_events_are_finer_than_a_frame() -> None:
    stances: dict[Side, list[tuple[float, float]]] = {
        "left": [(0.5037, 0.7521), (1.2011, 1.4489)],
        "right": [(0.8513, 1.1007)],
    }
    found = events(reading(stances))
    expected = sorted(
        (t, kind, side)
        for side, own in stances.items()
        for stance in own
        for t, kind in zip(stance, ("initial_contact", "toe_off"), strict=True)
    )
    assert [(e.kind, e.side) for e in found] == [(kind, side) for _, kind, side in expected]
    assert [e.time_s for e in found] == pytest.approx([t for t, _, _ in expected], abs=1e-6)
    assert [e.sd_s for e in found] == pytest.approx([0.004] * len(found))


def test_what_frames_say_about_an_event_moves_it() -> None:
    stances: dict[Side, list[tuple[float, float]]] = {"left": [(0.5, 0.75)], "right": [(1.0, 1.2)]}
    late = events(reading(stances, wrong_s=0.006))
    assert [e.time_s for e in late] == pytest.approx([0.506, 0.756, 1.006, 1.206], abs=1e-6)


def test_specks_and_holes_are_no_events() -> None:
    it = reading({"left": [(0.5, 0.75)], "right": [(1.0, 1.2)]})
    it.contact["left"][37] = 0.0
    it.contact["right"][150] = 1.0
    assert len(events(it)) == 4


def test_a_stance_cut_by_the_end_has_one_event() -> None:
    assert [e.kind for e in events(reading({"left": [(3.8, 5.0)], "right": [(1.0, 1.2)]}))] == [
        "initial_contact",
        "toe_off",
        "initial_contact",
    ]


@pytest.mark.parametrize("yaw", [0.0, 180.0, 40.0, -90.0, 90.0])
def test_contacts_of_a_simulated_runner_from_any_side(yaw: float) -> None:
    it = simulated(yaw, white=0.003)
    recording, _ = clean(it.recording)
    found = events(read(shipped(), recording))
    inside = [e for e in it.truth.events if 0.5 < e.time_s < recording.time[-1] - 0.5]
    assert len(inside) > 20
    for true in inside:
        same = [e for e in found if (e.kind, e.side) == (true.kind, true.side)]
        # The simulated runner is not one of those the network learnt from.
        assert min(abs(e.time_s - true.time_s) for e in same) < 0.035


def test_the_yaw_of_the_camera_is_found() -> None:
    for yaw in (0.0, 60.0, 150.0, -120.0):
        recording, _ = clean(simulated(yaw, white=0.003).recording)
        away = read(shipped(), recording).yaw_deg - yaw
        assert abs((away + 180) % 360 - 180) < 25.0


@pytest.mark.parametrize("yaw", [0.0, 90.0])
def test_a_mirrored_picture_gives_the_mirrored_runner(yaw: float) -> None:
    recording, _ = clean(simulated(yaw, white=0.003).recording)
    swapped = tuple(
        name.replace("left", "#").replace("right", "left").replace("#", "right")
        for name in recording.keypoints
    )
    turned = recording.with_(xy=recording.xy * [-1.0, 1.0], keypoints=swapped)
    plain, other = (read(shipped(), it) for it in (recording, turned))
    for name in ("knee_flexion", "vertical_force"):
        assert other.value[name, "left"] == pytest.approx(plain.value[name, "right"], abs=1e-6)
    assert other.value["pelvic_obliquity", None] == pytest.approx(
        -plain.value["pelvic_obliquity", None], abs=1e-6
    )
    assert np.cos(np.radians(other.yaw_deg + plain.yaw_deg)) == pytest.approx(-1.0, abs=1e-9)


def test_two_readings_count_by_their_certainty() -> None:
    time, one = np.array([0.0]), ("knee_flexion", "left")
    a, b = (
        Reading(time, {one: np.array([v])}, {one: np.array([sd])}, dict.fromkeys(SIDES, time), 90.0)
        for v, sd in ((10.0, 1.0), (20.0, 3.0))
    )
    both = mean_reading(a, b)
    assert both.value[one] == pytest.approx(11.0)  # weights 9 to 1
    assert both.sd[one] == pytest.approx((0.9 * 1.0 + 0.1 * 9.0) ** 0.5)


def test_force_over_whole_strides_is_about_body_weight() -> None:
    recording, _ = clean(simulated(white=0.003).recording)
    it = read(shipped(), recording)
    own = [e.time_s for e in events(it) if (e.kind, e.side) == ("initial_contact", "right")]
    inside = (it.time >= own[1]) & (it.time < own[-1])
    force = sum(it.value["vertical_force", side][inside] for side in SIDES)
    assert np.mean(force) == pytest.approx(1.0, abs=0.08)


def test_without_hips_nothing_is_said() -> None:
    recording, _ = clean(simulated(white=0.003).recording)
    xy = recording.xy.copy()
    hip = recording.keypoints.index("left_hip")
    xy[100:200, hip] = np.nan
    it = read(shipped(), recording.with_(xy=xy))
    assert np.isnan(it.value["knee_flexion", "right"][100:200]).all()
    assert np.isnan(it.contact["left"][100:200]).all()
    assert np.isfinite(it.value["knee_flexion", "right"][210:]).all()


def test_a_leg_out_of_sight_has_no_events() -> None:
    recording, _ = clean(simulated(white=0.003).recording)
    xy = recording.xy.copy()
    for part in ("knee", "ankle"):
        xy[120:240, recording.keypoints.index(f"left_{part}")] = np.nan
    found = events(read(shipped(), recording.with_(xy=xy)))
    hidden = [e.side for e in found if recording.time[119] < e.time_s < recording.time[240]]
    assert "right" in hidden
    assert "left" not in hidden


def test_a_stance_half_out_of_sight_has_half_its_events() -> None:
    it = reading({"left": [(0.5, 0.75), (1.2, 1.45)], "right": [(0.85, 1.1)]})
    hole = (TIME > 0.6) & (TIME < 0.9)
    it.contact["left"][hole] = np.nan
    it.contact["right"][hole] = np.nan
    assert [(e.kind, e.side) for e in events(it)] == [
        ("initial_contact", "left"),
        ("toe_off", "right"),
        ("initial_contact", "left"),
        ("toe_off", "left"),
    ]


def test_long_recordings_are_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    recording, _ = clean(simulated(white=0.003).recording)
    whole = read(shipped(), recording)
    monkeypatch.setattr(learned, "_CHUNK", 100)
    pieces = read(shipped(), recording)
    away = pieces.value["knee_flexion", "left"] - whole.value["knee_flexion", "left"]
    # Only the mean over the recording, which is told to the network, differs.
    assert np.abs(away).max() < 3.0


def test_the_newest_frames_are_read_as_the_whole_is() -> None:
    xy = on_grid(clean(simulated(white=0.003).recording)[0])[1][None, :300]
    features = encode(xy, 1 / RATE, placing(xy))[0]
    whole, means = shipped().says(features)
    newest = shipped().says_of_newest(features[-(REACH + 10) :], means)
    assert newest.shape == (10, whole.shape[1])
    np.testing.assert_allclose(newest, whole[-10:], atol=1e-4)
    # What is left out of the end is missed.
    too_short = shipped().says_of_newest(features[-(REACH + 20) : -10], means)
    assert np.abs(too_short - whole[-20:-10]).max() > 0.01


def test_events_carry_the_calibrated_error() -> None:
    it = reading({"left": [(0.5, 0.75)], "right": [(1.0, 1.2)]})
    wide = replace(it, sd={key: 2 * value for key, value in it.sd.items()})
    assert [e.sd_s for e in events(wide)] == pytest.approx([0.008] * 4)
    assert all(isinstance(e, Event) for e in events(wide))
