from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.ends import find_ends
from stridewise.skeletons import REQUIRED

FPS = 50


def recording(frames: int = 200) -> Recording:
    xy = np.random.default_rng(0).normal(0.0, 1.0, (frames, len(REQUIRED), 2))
    return Recording(xy, np.ones(xy.shape[:2]), np.arange(frames) / FPS, REQUIRED)


def without(whole: Recording, point: int, start: int, stop: int) -> Recording:
    xy = whole.xy.copy()
    xy[start:stop, point] = np.nan
    return whole.with_(xy=xy)


def ends(given_: Recording) -> tuple[int, int]:
    kept = find_ends(given_)
    return kept.start, kept.stop


@pytest.mark.parametrize("point", range(len(REQUIRED)))
def test_frames_before_and_after_the_legs_are_whole(point: int) -> None:
    cut = without(without(recording(), point, 0, 40), (point + 1) % 6, 170, 200)
    assert ends(cut) == (40, 170)


def test_a_tenth_of_a_second_is_no_entrance() -> None:
    assert ends(without(without(recording(), 0, 0, 5), 1, 195, 200)) == (0, 200)
    assert ends(without(recording(), 0, 0, 6)) == (6, 200)


def test_gaps_in_the_middle_stay() -> None:
    assert ends(without(recording(), 0, 80, 120)) == (0, 200)


def test_a_glimpse_is_no_entrance() -> None:
    assert ends(without(without(recording(), 0, 0, 10), 0, 15, 60)) == (60, 200)
    assert ends(without(without(recording(), 0, 0, 10), 0, 16, 60)) == (10, 200)


def test_gaps_of_one_point_after_the_other_are_no_entrance() -> None:
    gaps = recording()
    for point in range(6):
        gaps = without(gaps, point, 10 + 12 * point, 25 + 12 * point)
    assert ends(gaps) == (0, 200)


def test_what_would_be_too_short_is_left_whole() -> None:
    assert ends(without(recording(), 0, 0, 151)) == (0, 200)
    assert ends(without(recording(), 0, 0, 150)) == (150, 200)


def test_a_point_never_seen_cuts_nothing() -> None:
    assert ends(without(recording(), 0, 0, 200)) == (0, 200)


def test_the_cut_is_told() -> None:
    cleaned, repairs = clean(without(without(recording(), 0, 0, 40), 0, 190, 200), ("outliers",))
    assert repairs[0].step == "ends"
    assert repairs[0].count == 50
    assert repairs[0].detail.startswith("the first 40 and the last 10 frames,")
    assert cleaned.frames == 150
    assert cleaned.time[0] == pytest.approx(40 / FPS)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 199), st.integers(1, 120)), max_size=8))
def test_a_cut_is_where_a_point_comes_or_goes(holes: list[tuple[int, int, int]]) -> None:
    given_ = recording()
    for point, start, length in holes:
        given_ = without(given_, point, start, start + length)
    first, last = ends(given_)
    assert last - first >= FPS
    seen = np.isfinite(given_.xy[..., 0])
    if first:
        assert (seen[first] & ~seen[first - 1]).any()
    if last < 200:
        assert (seen[last - 1] & ~seen[last]).any()
