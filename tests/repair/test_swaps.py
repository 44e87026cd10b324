from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runner import runner

from stridewise.recording import Recording
from stridewise.repair.clean import Repair, clean
from stridewise.repair.swaps import ARMS, FACE, HIPS, LEGS, Swaps, exchange, find_swaps
from stridewise.skeletons import SIDES
from stridewise.view import leg_length


def frames(recording: Recording, *stretches: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(recording.frames, dtype=bool)
    for start, stop in stretches:
        mask[start:stop] = True
    return mask


def same(a: Recording, b: Recording) -> bool:
    return np.array_equal(a.xy, b.xy, equal_nan=True) and np.array_equal(a.confidence, b.confidence)


def found(recording: Recording) -> Swaps:
    return find_swaps(recording, leg_length(recording))


def only(step: str, repairs: tuple[Repair, ...]) -> list[tuple[str, int]]:
    return [(repair.step, repair.count) for repair in repairs if repair.step == step]


def test_exchange_moves_every_paired_point_and_nothing_else() -> None:
    given_ = runner()
    confidence = np.linspace(0.5, 1, given_.confidence.size).reshape(given_.confidence.shape)
    depth = given_.xy[..., 0] / 3
    given_ = given_.with_(confidence=confidence, depth=depth)
    there = frames(given_, (10, 20))
    turned = exchange(given_, ("ankle",), there)
    left, right = (given_.keypoints.index(f"{side}_ankle") for side in ("left", "right"))
    for name in ("xy", "confidence", "depth"):
        before, after = getattr(given_, name), getattr(turned, name)
        assert np.array_equal(after[10:20, left], before[10:20, right])
        assert np.array_equal(after[10:20, right], before[10:20, left])
        changed = (after != before).reshape(*before.shape[:2], -1).any(axis=2)
        assert set(np.flatnonzero(changed.any(axis=0))) == {left, right}
        assert set(np.flatnonzero(changed.any(axis=1))) == set(range(10, 20))
    assert same(exchange(turned, ("ankle",), there), given_)


BURSTS = {
    "one frame": [(100, 101)],
    "several single frames": [(40, 41), (43, 44), (150, 151), (222, 223)],
    "a burst": [(100, 115)],
    "longer than a stride": [(90, 160)],
    "at the start": [(0, 20)],
    "at the end": [(281, 300)],
    "a third, in many bursts": [(20, 45), (70, 72), (100, 130), (180, 200), (230, 253)],
}
#: From the side, arms pass each other all at once and tell less: some may be left as they are.
UNCLEAR = [(yaw, "a third, in many bursts") for yaw in (0.0, 180.0)]


@pytest.mark.parametrize("burst", BURSTS)
@pytest.mark.parametrize("yaw", [0.0, 30.0, 90.0, -90.0, 180.0])
@pytest.mark.parametrize(
    "parts", [[LEGS], [ARMS], [LEGS, HIPS, ARMS, FACE]], ids=["legs", "arms", "all"]
)
def test_a_swap_is_undone_bit_for_bit(parts: list[tuple[str, ...]], yaw: float, burst: str) -> None:
    whole = runner(yaw)
    there = frames(whole, *BURSTS[burst])
    swapped = whole
    for part in parts:
        swapped = exchange(swapped, part, there)
    assert not same(swapped, whole)
    if ARMS in parts and (yaw, burst) in UNCLEAR:
        mended = found(swapped)
        assert np.array_equal(mended.legs, there & (LEGS in parts))
        assert np.count_nonzero(mended.arms != there) <= there.sum()
        return
    cleaned, repairs = clean(swapped, off=("outliers",))
    assert same(cleaned, whole)
    assert only("swaps", repairs) == [("swaps", int(there.sum()))]


@pytest.mark.parametrize("fps", [15.0, 30.0, 120.0, 240.0])
def test_a_swap_is_undone_at_any_frame_rate(fps: float) -> None:
    whole = runner(fps=fps)
    there = frames(whole, (round(fps), round(1.4 * fps)), (round(3 * fps), round(3 * fps) + 1))
    cleaned, _ = clean(exchange(whole, LEGS, there), off=("outliers",))
    assert same(cleaned, whole)


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0, 240.0])
@pytest.mark.parametrize("yaw", [0.0, 45.0, 90.0, -90.0, 180.0])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_clean_recording_is_left_alone(fps: float, yaw: float, noise: float) -> None:
    whole = runner(yaw, fps, noise)
    assert not found(whole).any.any()


def test_the_labels_of_most_frames_are_kept() -> None:
    # Nothing in a side view tells a runner from one whose sides all have each other's names.
    mirrored = exchange(runner(), LEGS, frames(runner(), (0, 300)))
    assert not found(mirrored).any.any()
    most = exchange(runner(), LEGS, frames(runner(), (50, 290)))
    assert np.array_equal(found(most).legs, ~frames(most, (50, 290)))


def test_someone_who_stands_in_a_side_view_is_no_swap() -> None:
    # Both sides at the same place: only the noise of the points tells them apart.
    rng = np.random.default_rng(0)
    whole = runner()
    xy = np.repeat(whole.xy[:1], 600, axis=0)
    for k, name in enumerate(whole.keypoints):
        if name.startswith("left_"):
            xy[:, k] = xy[:, whole.keypoints.index(name.replace("left", "right"))]
    xy += 0.01 * leg_length(whole) * rng.standard_normal(xy.shape)
    still = Recording(xy, np.ones(xy.shape[:2]), np.arange(600) / 60, whole.keypoints)
    assert not found(still).any.any()


@settings(max_examples=20, deadline=None)
@given(
    bursts=st.lists(st.tuples(st.integers(0, 299), st.integers(1, 30)), max_size=5),
    holes=st.lists(
        st.tuples(st.integers(0, 25), st.integers(0, 299), st.integers(1, 30)), max_size=8
    ),
)
def test_gaps_do_not_hide_a_swap(
    bursts: list[tuple[int, int]], holes: list[tuple[int, int, int]]
) -> None:
    xy = runner(30.0).xy.copy()
    for point, start, length in holes:
        xy[start : start + length, point] = np.nan
    whole = runner(30.0).with_(xy=xy)
    there = frames(whole, *((start, start + length) for start, length in bursts))
    if 2 * there.sum() > 290:
        return
    swapped = exchange(whole, LEGS, there)
    mended = exchange(swapped, LEGS, found(swapped).legs)
    # With neither knees nor ankles, little is left that tells.
    told = np.isfinite([whole.point(f"{s}_{p}")[:, 0] for s in SIDES for p in ("knee", "ankle")])
    told = told.all(axis=0)
    assert np.array_equal(mended.xy[told], whole.xy[told], equal_nan=True)


def test_points_that_run_through_each_other_do_not_turn_what_follows() -> None:
    # A smoothing estimator that swaps for a moment: the sides meet half-way and part again.
    whole = runner(fps=240.0)
    xy = whole.xy.copy()
    for part in LEGS:
        left, right = (whole.keypoints.index(f"{side}_{part}") for side in ("left", "right"))
        for frame, share in ((300, 0.7), (301, 0.45), (302, 0.15)):
            a, b = whole.xy[frame, left], whole.xy[frame, right]
            xy[frame, left], xy[frame, right] = a + share * (b - a), b + share * (a - b)
    assert set(np.flatnonzero(found(whole.with_(xy=xy)).any)) <= {300, 301, 302}


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_recordings_of_a_few_frames(count: int) -> None:
    whole = runner()
    few = Recording(whole.xy[:count], whole.confidence[:count], whole.time[:count], whole.keypoints)
    assert find_swaps(few, 400.0).any.tolist() == [False] * count


def test_points_that_are_never_seen_and_bodies_without_pairs() -> None:
    whole = runner()
    assert not find_swaps(whole.with_(xy=np.full_like(whole.xy, np.nan)), 400.0).any.any()
    one_leg = whole.select([k for k in whole.keypoints if not k.startswith("left")])
    assert not find_swaps(one_leg, 400.0).any.any()


def test_the_report_counts_frames_of_legs_and_of_arms() -> None:
    whole = runner(30.0)
    swapped = exchange(whole, LEGS, frames(whole, (100, 110)))
    swapped = exchange(swapped, ARMS, frames(whole, (105, 125)))
    (repair,) = (r for r in clean(swapped)[1] if r.step == "swaps")
    assert repair.count == 25
    assert repair.detail.endswith("in 25 frames (legs 10, arms 20)")


def test_off_by_option() -> None:
    whole = runner()
    swapped = exchange(whole, LEGS, frames(whole, (100, 110)))
    cleaned, repairs = clean(swapped, off=("swaps", "outliers"))
    assert repairs == ()
    assert same(cleaned, swapped)
