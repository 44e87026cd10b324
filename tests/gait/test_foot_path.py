from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from stridewise.gait.foot_path import (
    GRID_S,
    LARGEST_S,
    POINTS,
    SMOOTHINGS_S,
    FootPaths,
    refine,
    shipped,
)
from stridewise.gait.motion import KINDS, Event
from stridewise.recording import Recording
from stridewise.skeletons import SIDES
from stridewise.view import View

LEG = 400.0
#: No whole number of frames: each stride is seen at phases of its own.
STRIDE, CONTACT = 0.7037, 0.26


def view(yaw: float) -> View:
    return View("right", yaw, 2.0, "right", LEG)


def truth(seconds: float = 16.0) -> list[Event]:
    events = []
    for i, side in enumerate(SIDES):
        for start in np.arange(0.5 + 0.5 * i * STRIDE, seconds - 1.0, STRIDE):
            events.append(Event("initial_contact", side, float(start), 0.006))
            events.append(Event("toe_off", side, float(start) + CONTACT, 0.006))
    return sorted(events, key=lambda event: event.time_s)


def film(
    yaw: float = 0.0, fps: float = 60.0, noise: float = 0.004, seconds: float = 16.0
) -> Recording:
    """Feet that move about each event as the mean runner's do, in front of a camera."""
    time = np.arange(0.013, seconds, 1 / fps)
    names = [f"{side}_{point}" for side in SIDES for point in POINTS]
    xy = np.empty((len(time), len(names), 2))
    for k, name in enumerate(names):
        side, _, point = name.partition("_")
        for axis, scale in ((0, LEG * np.cos(np.radians(yaw))), (1, -LEG)):
            at, to, reached = [], [], 0.0
            for event in (e for e in truth(seconds) if e.side == side):
                path = shipped()[event.kind][0].mean[axis, POINTS.index(point)]
                at.append(event.time_s + GRID_S)
                to.append(reached + path - path[0])
                reached = float(to[-1][-1])
            line = np.concatenate(at), np.concatenate(to)
            xy[:, k, axis] = 500 + scale * np.interp(time, *line)
    xy += LEG * noise * np.random.default_rng(3).standard_normal(xy.shape)
    return Recording(xy, np.ones(xy.shape[:2]), time, names)


def late(events: list[Event], by_s: float) -> list[Event]:
    return [replace(event, time_s=event.time_s + by_s) for event in events]


def errors(found: tuple[Event, ...], seconds: float = 16.0) -> NDArray[np.float64]:
    true = truth(seconds)
    assert [(e.kind, e.side) for e in found] == [(e.kind, e.side) for e in true]
    return np.array([f.time_s - t.time_s for f, t in zip(found, true, strict=True)])


@pytest.mark.parametrize("by_s", [-0.010, 0.0, 0.007])
@pytest.mark.parametrize(("yaw", "fps"), [(0, 60), (180, 60), (-30, 120), (90, 240), (0, 30)])
def test_contacts_move_to_where_all_strides_place_them(yaw: float, fps: float, by_s: float) -> None:
    found = refine(late(truth(), by_s), film(yaw, fps), view(yaw))
    # What was found before keeps a say.
    assert np.abs(errors(found)).max() < 0.0015 + 0.35 * abs(by_s)
    assert max(event.sd_s for event in found) < 0.005


@pytest.mark.parametrize("smoothing", SMOOTHINGS_S[1:4])
def test_smoothed_keypoints_mislead_nobody(smoothing: float) -> None:
    """The corner in the path is round then, and yet lies where it lay."""
    sharp = film(noise=0.003)
    smooth = sharp.with_(xy=gaussian_filter1d(sharp.xy, smoothing * 60, axis=0))
    found, plain = (refine(late(truth(), 0.006), each, view(0)) for each in (smooth, sharp))
    assert np.abs(errors(found)).max() < 0.005
    # Smoothed samples err alike and tell less.
    assert found[0].sd_s > 1.1 * plain[0].sd_s


@pytest.mark.parametrize("by_s", [-0.008, 0.008])
def test_a_camera_that_pans_changes_nothing(by_s: float) -> None:
    still = film()
    pan = still.time[:, None] * [1.5 * LEG, -0.1 * LEG]
    panned = still.with_(xy=still.xy + pan[:, None])
    still_found, found = (refine(late(truth(), by_s), each, view(0)) for each in (still, panned))
    assert errors(found) == pytest.approx(errors(still_found), abs=0.001)


def test_left_and_right_may_differ() -> None:
    mixed = [replace(e, time_s=e.time_s + (0.004 if e.side == "left" else -0.004)) for e in truth()]
    assert np.abs(errors(refine(mixed, film(), view(0)))).max() < 0.003


def test_without_feet_nothing_is_claimed() -> None:
    blank = film().with_(xy=np.full((len(film().time), 8, 2), np.nan))
    given_events = late(truth(), 0.006)
    found = refine(given_events, blank, view(0))
    assert errors(found) == pytest.approx(0.006, abs=1e-9)
    assert [e.sd_s for e in found] == pytest.approx([0.006] * len(found), rel=0.02)


def test_a_foot_out_of_sight_follows_the_other() -> None:
    """What is wrong with one foot is mostly wrong with the other, and that is less sure."""
    whole = film()
    hidden = np.array([name.startswith("left") for name in whole.keypoints])
    half = whole.with_(xy=np.where(hidden[:, None], np.nan, whole.xy))
    found = refine(late(truth(), 0.008), half, view(0))
    left = np.array([e.side == "left" for e in found])
    assert np.abs(errors(found)[~left]).max() < 0.003
    assert 0.0 < errors(found)[left].mean() < 0.005
    assert found[0].sd_s != found[1].sd_s


def test_a_few_contacts_stay_as_they_are() -> None:
    few = truth()[:6]
    assert refine(few, film(), view(0)) == tuple(
        replace(e, sd_s=pytest.approx(e.sd_s, rel=0.02)) for e in few
    )
    assert refine([], film(), view(0)) == ()


def test_gaps_do_no_harm() -> None:
    whole = film()
    seen = np.random.default_rng(1).random((*whole.xy.shape[:2], 1)) > 0.4
    found = refine(late(truth(), -0.008), whole.with_(xy=np.where(seen, whole.xy, np.nan)), view(0))
    assert np.abs(errors(found)).max() < 0.004


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.floats(0.0, 1e4), yaw=st.floats(-180, 180))
def test_whatever_the_points_do_events_stay_near(seed: int, size: float, yaw: float) -> None:
    rng = np.random.default_rng(seed)
    recording = film(seconds=6.0)
    wild = recording.with_(xy=recording.xy + size * rng.standard_normal(recording.xy.shape))
    events = truth(6.0)
    found = refine(events, wild, view(yaw))
    assert np.isfinite([e.time_s for e in found]).all()
    assert all(0 < e.sd_s <= 0.006 for e in found)
    assert np.abs(errors(found, 6.0)).max() <= LARGEST_S


def test_what_ships_is_whole() -> None:
    paths: FootPaths = shipped()
    for kind in KINDS:
        assert len(paths[kind]) == len(SMOOTHINGS_S)
        for path in paths[kind]:
            assert path.mean.shape == path.ways.shape[1:] == (2, len(POINTS), len(GRID_S))
            assert np.abs(path.mean[..., len(GRID_S) // 2]).max() < 1e-6
            assert 0 < path.rest < 1e-4
