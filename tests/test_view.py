from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.view import View, find_view, leg_length

#: Forward, up and right of the average runner, leg lengths; knees are bent in nine frames of ten.
BENT = {"hip": (0.0, 0.93), "knee": (0.145 / 0.9, 0.53), "ankle": (0.0, 0.13)}
STRAIGHT = {"hip": (0.0, 0.93), "knee": (0.0, 0.48), "ankle": (0.0, 0.0)}
FEET = {"heel": (-0.05, 0.0), "big_toe": (0.134, 0.0)}
HALF_WIDTH = {"shoulder": 0.21}
FRAMES = 100


def body(*parts: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Return names and positions (frames, points, 3) in leg lengths: x forward, y up, z right."""
    names, points = [], []
    for side, sign in (("left", -1), ("right", 1)):
        for part in parts or (*BENT, *FEET, "shoulder"):
            names.append(f"{side}_{part}")
            pose = [STRAIGHT if frame % 10 == 0 else BENT for frame in range(FRAMES)]
            ahead = [({**FEET, "shoulder": (0.0, 1.5)} | p)[part] for p in pose]
            z = sign * HALF_WIDTH.get(part, 0.183 / 2)
            points.append([(x, y, z) for x, y in ahead])
    return tuple(names), np.array(points).transpose(1, 0, 2)


def filmed(yaw_deg: float, *parts: str, leg_px: float = 400.0) -> Recording:
    """Film the runner from afar, without perspective."""
    names, xyz = body(*parts)
    yaw = np.radians(yaw_deg)
    x = xyz[..., 0] * np.cos(yaw) - xyz[..., 2] * np.sin(yaw)
    xy = leg_px * np.stack([x, -xyz[..., 1]], axis=2) + 700
    return Recording(xy, np.ones(xy.shape[:2]), np.arange(FRAMES) / 60, names)


def off(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


@given(yaw=st.floats(-180, 180), leg_px=st.floats(20, 2000))
def test_the_average_runner_is_seen_at_the_true_angle(yaw: float, leg_px: float) -> None:
    view = find_view(filmed(yaw, leg_px=leg_px), Context())
    assert off(view.yaw_deg, yaw) < 1e-6
    # The straight leg lies across the line of sight, but from behind it is taken to be bent.
    assert leg_px * (1 - 1e-6) <= view.leg_length <= leg_px * 1.03 * (1 + 1e-6)
    if yaw > -45:
        assert view.leg_length == pytest.approx(leg_px)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_runner_is_as_large_from_behind_as_from_the_side(seed: int) -> None:
    size = [
        find_view(
            simulate(
                Runner(seed=seed), Camera(yaw_deg=yaw, distance_m=5.0), Noise(), 6.0
            ).recording,
            Context(),
        ).leg_length
        for yaw in (0.0, -90.0)
    ]
    assert size[1] == pytest.approx(size[0], rel=0.015)


@pytest.mark.parametrize(
    ("yaw", "name", "facing"),
    [
        (0, "right", "right"),
        (44, "right", "right"),
        (46, "front", "towards"),
        (90, "front", "towards"),
        (134, "front", "towards"),
        (136, "left", "left"),
        (180, "left", "left"),
        (-136, "left", "left"),
        (-134, "back", "away"),
        (-90, "back", "away"),
        (-46, "back", "away"),
        (-44, "right", "right"),
    ],
)
def test_the_view_is_named_after_the_nearest_plain_one(yaw: float, name: str, facing: str) -> None:
    view = find_view(filmed(yaw), Context())
    assert (view.name, view.facing) == (name, facing)


@pytest.mark.parametrize("yaw", range(-180, 180, 15))
@pytest.mark.parametrize(
    ("distance", "height", "pitch"), [(3.0, 0.5, 8.0), (4.0, 1.0, 0.0), (8.0, 1.8, -10.0)]
)
def test_perspective_turns_the_view_by_a_few_degrees_at_most(
    yaw: float, distance: float, height: float, pitch: float
) -> None:
    names, xyz = body()
    camera = Camera(yaw_deg=yaw, pitch_deg=pitch, distance_m=distance, height_m=height)
    xy = camera.project(0.9 * xyz, np.array([0.0, 0.9, 0.0]))
    recording = Recording(xy, np.ones(xy.shape[:2]), np.arange(FRAMES) / 60, names)
    view = find_view(recording, Context())
    assert off(view.yaw_deg, yaw) < 3.0
    assert view.leg_length == pytest.approx(0.9 * camera.focal_px / distance, rel=0.06)


def test_the_uncertainty_of_each_view_is_that_of_what_crosses_it() -> None:
    # Side: hips 0.02 * sqrt(2) / 0.183 = 0.1546 and shoulders 0.02 * sqrt(2) / 0.42 = 0.0673.
    side = find_view(filmed(0), Context())
    assert side.yaw_sd_deg == pytest.approx(np.degrees((0.1546**-2 + 0.0673**-2) ** -0.5), rel=1e-3)
    legs = find_view(filmed(0, "hip", "knee", "ankle"), Context())
    assert legs.yaw_sd_deg == pytest.approx(np.degrees(0.1546), rel=1e-3)
    # Front: of both sides, knees 0.02 * sqrt(1.5) / 0.145 = 0.1689, toes 0.02 * sqrt(2) / 0.184.
    front = find_view(filmed(90), Context())
    both = (2 * 0.1689**-2 + 2 * 0.1537**-2) ** -0.5
    assert front.yaw_sd_deg == pytest.approx(np.degrees(both), rel=1e-3)


def test_points_refine_the_angle_of_the_stated_view() -> None:
    view = find_view(filmed(10), Context(view="right"))
    assert (view.name, view.yaw_deg) == ("right", pytest.approx(10))
    view = find_view(filmed(50), Context(view="right"))
    assert (view.name, view.yaw_deg) == ("right", pytest.approx(50))


def test_the_stated_view_wins_over_points_that_contradict_it_with_a_note() -> None:
    view = find_view(filmed(10), Context(view="front"))
    assert (view.name, view.yaw_deg) == ("front", 90.0)
    assert view.note.startswith("The view is stated as front, but the points look like right")
    assert find_view(filmed(10), Context(view="right")).note == ""


def test_the_wrong_side_is_refused() -> None:
    with pytest.raises(InputError, match=r"point to the right of the picture.*--view right"):
        find_view(filmed(10), Context(view="left"))


def test_one_leg_and_nothing_else_still_shows_which_way_it_runs() -> None:
    right = filmed(180).select(["right_hip", "right_knee", "right_ankle"])
    view = find_view(right, Context())
    assert view.name == "left"
    assert view.leg_length == pytest.approx(400)
    # Nothing shows the sine: it may be anything.
    assert view.yaw_sd_deg == pytest.approx(np.degrees(1.0))


def test_missing_frames_do_not_matter() -> None:
    recording = filmed(30)
    xy = recording.xy.copy()
    xy[35:65] = np.nan
    assert find_view(recording.with_(xy=xy), Context()).yaw_deg == pytest.approx(30, abs=0.5)


def test_three_dimensional_sources_show_every_plane() -> None:
    flat = filmed(0)
    view = find_view(flat.with_(depth=np.zeros(flat.xy.shape[:2])), Context())
    assert (view.flat, view.name, view.yaw_deg, view.yaw_sd_deg) == (False, "right", 0.0, 0.0)
    assert (view.off_sagittal_deg, view.off_frontal_deg) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("yaw", "sagittal", "frontal"),
    [(0, 0, 90), (30, 30, 60), (-90, 90, 0), (170, 10, 80), (-180, 0, 90), (-100, 80, 10)],
)
def test_angles_off_the_plain_views(yaw: float, sagittal: float, frontal: float) -> None:
    view = View("right", yaw, 2.0, "right", 1.0)
    assert (view.off_sagittal_deg, view.off_frontal_deg) == (sagittal, frontal)


def test_a_leg_that_is_never_seen_whole_has_no_length() -> None:
    recording = filmed(0, "hip", "knee", "ankle")
    xy = recording.xy.copy()
    xy[::2, [0, 3]] = np.nan
    xy[1::2, [2, 5]] = np.nan
    with pytest.raises(InputError, match="No leg is seen whole"):
        leg_length(recording.with_(xy=xy))


def test_a_leg_without_size_is_refused() -> None:
    recording = filmed(0)
    with pytest.raises(InputError, match="No leg is seen whole"):
        find_view(recording.with_(xy=np.zeros_like(recording.xy)), Context())
