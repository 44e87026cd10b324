"""Planted errors are found again: taken apart, and put into figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.planted import LEGS, Faults, exchanged, film
from training.films.aligned import align, gather
from training.films.errors import Errors, take_apart
from training.films.figures import Figures, figures

FAULTS = Faults(
    lag_s={"hip": 0.028, "shoulder": 0.028, "knee": 0.012, "ankle": 0.005},
    offset={"right_hip": (0.02, -0.03), "left_hip": (0.01, -0.02), "right_heel": (0.03, 0.0)},
    wave={"right_ankle": (0.02, 0.0), "left_ankle": (0.0, 0.015), "right_hip": (0.0, 0.01)},
    exchanged=(0.05, 0.15),
)
#: Two people from the right, one from the left.
FILMS = [
    film(FAULTS, runner="03", seed=1),
    film(FAULTS, runner="04", seed=2),
    film(FAULTS, runner="08", seed=3, yaw_deg=180.0),
]


@pytest.fixture(scope="module")
def errors() -> Errors:
    return take_apart(gather(FILMS, "blazepose-full")["side"])


@pytest.fixture(scope="module")
def told(errors: Errors) -> Figures:
    return figures(errors)


def test_lags_are_found(told: Figures) -> None:
    for name, lag in zip(told.keypoints, told.lag_s, strict=True):
        part = name.partition("_")[2]
        if part in ("hip", "shoulder", "knee", "ankle", "heel", "big_toe"):
            # A wave of the stride looks a little like a lag, and a lag like a wave.
            near = 0.004 if name in FAULTS.wave else 0.0015
            assert lag == pytest.approx(FAULTS.lag_s.get(part, 0.0), abs=near), name


def test_offsets_are_found_and_are_those_of_the_near_leg_from_either_side(errors: Errors) -> None:
    for i, name in enumerate(errors.keypoints):
        if name.partition("_")[2] in ("hip", "knee", *LEGS):
            want = np.array(FAULTS.offset.get(name, (0.0, 0.0)))
            np.testing.assert_allclose(errors.own[:, i, :, 0], np.tile(want, (3, 1)), atol=2e-3)


def test_lag_and_wave_together_make_the_error_over_the_stride(errors: Errors) -> None:
    i = errors.keypoints.index("right_ankle")
    lag_apart = (errors.lag_s[i] - 0.005) * 3.0  # by its speed in the picture, leg lengths a second
    assert errors.own[:, i, 0, 1] == pytest.approx(0.02, abs=2e-3 + abs(lag_apart))
    i = errors.keypoints.index("left_ankle")
    assert errors.own[:, i, 1, 1] == pytest.approx(0.015, abs=2e-3)


def test_what_remains_is_the_noise(told: Figures) -> None:
    for name, size in zip(told.keypoints, told.remainder, strict=True):
        assert size == pytest.approx(0.003, rel=0.12), name
    assert np.abs(told.alike).max() < 0.25
    assert told.tail.max() < 0.005


def test_exchanged_legs_are_put_back_frame_by_frame(errors: Errors) -> None:
    for one, over in zip(errors.seen, errors.over, strict=True):
        planted = exchanged(one.phase[:, 0], 0.05, 0.15)
        for part in LEGS:
            for side in ("left", "right"):
                i = errors.keypoints.index(f"{side}_{part}")
                twin = errors.keypoints.index(f"{'right' if side == 'left' else 'left'}_{part}")
                apart = np.linalg.norm(one.true[:, i] - one.true[:, twin], axis=1) > 0.15
                found = over[:, i] > 0.5
                assert np.mean((found == planted)[apart]) > 0.99, (part, side)
        knee = errors.keypoints.index("left_knee")
        assert (over[:, knee] > 0.5).mean() < 0.01


def test_exchanges_in_figures(told: Figures, errors: Errors) -> None:
    found = told.exchanges
    assert found.share == pytest.approx(0.045, abs=0.008)
    assert found.by_phase[1:3] == pytest.approx(0.5, abs=0.1)
    assert np.delete(found.by_phase, [1, 2]).max() < 0.02
    masks = [exchanged(one.phase[:, 0], 0.05, 0.15) for one in errors.seen]
    times = sum(np.count_nonzero(np.diff(mask.astype(int), prepend=0) == 1) for mask in masks)
    planted = sum(mask.sum() for mask in masks) / times / 60
    assert found.lengths_s.mean() == pytest.approx(planted, abs=0.004)
    assert found.with_legs["ankle"] > 0.95
    assert found.with_legs["hip"] == found.with_legs["knee"] == 0.0
    assert found.one_leg < 0.01


def test_visibility_right_and_wrong(told: Figures) -> None:
    ankle = told.keypoints.index("right_ankle")
    assert told.visible_over[ankle] == pytest.approx(0.6, abs=0.02)
    assert told.visible[ankle] == pytest.approx(0.9 - 0.05 * 0.3, abs=0.01)
    assert told.unseen.max() == 0.0
    assert told.lost == 0.0


def test_bounce_that_is_kept_and_bounce_that_is_lost(told: Figures) -> None:
    # The planted wave is one of strides, not of steps; a lag takes nothing of the size.
    assert told.bounce["hip"] == pytest.approx(1.0, abs=0.03)
    assert told.bounce["shoulder"] == pytest.approx(1.0, abs=0.03)
    flat = film(Faults())
    points = flat.points["blazepose-full"].copy()
    names = align(flat, "blazepose-full")[0].keypoints
    for side in ("left", "right"):
        y = points[:, names.index(f"{side}_hip"), 1]
        y += 0.5 * (flat.true[f"{side}_hip"][:, 1].mean() - flat.true[f"{side}_hip"][:, 1])
    halved = replace(flat, points={"blazepose-full": points})
    found = figures(take_apart(align(halved, "blazepose-full"))).bounce
    assert found["hip"] == pytest.approx(0.5, abs=0.03)
    assert found["hip over shoulder"] == pytest.approx(
        found["hip over shoulder, true"] * found["hip"] / found["shoulder"]
    )


def test_nobody_is_nobody() -> None:
    points = FILMS[0].points["blazepose-full"].copy()
    points[50:74] = np.nan
    lost = replace(FILMS[0], points={"blazepose-full": points})
    told = figures(take_apart(align(lost, "blazepose-full")))
    assert told.lost == pytest.approx(24 / 480)
    assert told.offset[told.keypoints.index("right_hip")] == pytest.approx((0.02, -0.03), abs=2e-3)


def test_no_side_is_near_from_behind() -> None:
    behind = film(Faults(offset={"right_knee": (0.02, 0.0)}), yaw_deg=-88.0)
    both = align(behind, "blazepose-full")
    assert [one.view for one in both] == ["back", "back"]
    one, other = both
    left, right = (one.keypoints.index(f"{side}_knee") for side in ("left", "right"))
    np.testing.assert_allclose(one.points[:, right] * [-1, 1], other.points[:, left])
    np.testing.assert_allclose(one.true[:, left] * [-1, 1], other.true[:, right])
    assert np.array_equal(one.phase, other.phase[:, ::-1])
    own = take_apart(both).own[..., 0]
    assert own[0, right, 0] == pytest.approx(0.02, abs=2e-3)
    assert own[1, left, 0] == pytest.approx(-0.02, abs=2e-3)


def test_short_films_and_runners_are_left_out() -> None:
    short = film(Faults(), runner="10", seconds=1.5)
    found = gather([*FILMS, short], "blazepose-full", without=("04",))
    assert [one.runner for one in found["side"]] == ["03", "08"]
    assert gather(FILMS, "movenet-thunder") == {}


def test_of_repeated_pictures_one_is_kept() -> None:
    one = FILMS[0]
    twice = np.repeat(np.arange(100), 2)
    slow = replace(
        one,
        time=one.time[twice],
        stamp=np.arange(200) / 120,
        leg_px=one.leg_px[twice],
        true={name: xy[twice] for name, xy in one.true.items()},
        points={name: xy[:200] for name, xy in one.points.items()},
    )
    (seen,) = align(slow, "blazepose-full")
    assert np.array_equal(seen.time, one.time[:100])
    assert seen.fps == pytest.approx(60.0)
    first = seen.keypoints.index("nose")
    kept = one.points["blazepose-full"][1:200:2, first, 0] / one.leg_px[0]
    np.testing.assert_allclose(seen.points[:, first, 0], kept)
