from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.smooth import runs

POINTS = ("left_hip", "right_hip", "left_ankle")


def position(time: np.ndarray) -> np.ndarray:
    """Three points that swing at 1.4 Hz, 100 pixels each way; shape (frames, 3, 2)."""
    phase = 2 * np.pi * 1.4 * time[:, None] + np.arange(3)
    return 100 * np.stack([np.cos(phase), np.sin(phase)], axis=2)


def recording(time: np.ndarray, *, depth: bool = False) -> Recording:
    return Recording(
        xy=position(time),
        confidence=np.ones((len(time), 3)),
        time=time,
        keypoints=POINTS,
        depth=position(time)[..., 0] / 2 if depth else None,
    )


def without(whole: Recording, point: int, start: int, stop: int) -> Recording:
    xy = whole.xy.copy()
    xy[start:stop, point] = np.nan
    return replace(whole, xy=xy)


def test_a_good_recording_is_left_alone() -> None:
    given_ = recording(np.arange(120) / 60)
    cleaned, repairs = clean(given_)
    assert repairs == ()
    assert np.array_equal(cleaned.xy, given_.xy)
    assert cleaned.time == pytest.approx(given_.time, abs=1e-12)


def test_unsure_points_count_as_not_seen() -> None:
    given_ = recording(np.arange(60) / 60)
    confidence = given_.confidence.copy()
    confidence[:20, 1] = 0.29
    confidence[30:50, 2] = 0.3
    cleaned, repairs = clean(replace(given_, confidence=confidence))
    assert [(r.step, r.count) for r in repairs] == [("low_confidence", 20)]
    assert np.isnan(cleaned.xy[:20, 1]).all()
    assert np.isfinite(cleaned.xy[:, 2]).all()


@pytest.mark.parametrize(
    ("fps", "longest"), [(25.0, 2), (29.97, 3), (30.0, 3), (60.0, 6), (240.0, 24)]
)
def test_gaps_of_a_tenth_of_a_second_are_filled_and_no_longer_ones(
    fps: float, longest: int
) -> None:
    whole = recording(np.arange(200) / fps)
    cleaned, repairs = clean(without(whole, 0, 50, 50 + longest))
    assert [(r.step, r.count) for r in repairs] == [("gaps", longest)]
    # The widest gap is a fifth of a swing.
    assert cleaned.xy == pytest.approx(whole.xy, abs=4.0)
    cleaned, repairs = clean(without(whole, 0, 50, 51 + longest))
    assert repairs == ()
    assert np.isnan(cleaned.xy[50 : 51 + longest, 0]).all()


def test_nothing_is_filled_at_the_ends() -> None:
    whole = recording(np.arange(60) / 60)
    cleaned, repairs = clean(without(without(whole, 0, 0, 2), 1, 57, 60))
    assert repairs == ()
    assert int(np.isnan(cleaned.xy[..., 0]).sum()) == 5


@pytest.mark.parametrize("fps", [24.0, 59.94, 120.0, 240.0])
def test_time_stamps_in_whole_milliseconds_are_an_even_clock(fps: float) -> None:
    even = np.arange(400) / fps
    given_ = replace(recording(even), time=np.round(even, 3))
    cleaned, repairs = clean(given_)
    assert repairs == ()
    assert np.array_equal(cleaned.xy, given_.xy)
    assert cleaned.time == pytest.approx(even, abs=0.0006)
    assert np.ptp(np.diff(cleaned.time)) < 1e-12


def test_uneven_times_are_brought_to_an_even_clock_at_the_true_instants() -> None:
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.choice([0.015, 0.0165, 0.018], 400))
    cleaned, repairs = clean(recording(time, depth=True))
    interval = float(np.median(np.diff(time)))
    assert [r.step for r in repairs] == ["time_base"]
    assert np.diff(cleaned.time) == pytest.approx(interval)
    assert cleaned.time[0] == time[0]
    assert time[-1] - interval < cleaned.time[-1] <= time[-1] + 1e-9
    assert cleaned.xy == pytest.approx(position(cleaned.time), abs=0.5)
    assert cleaned.depth == pytest.approx(position(cleaned.time)[..., 0] / 2, abs=0.3)
    assert (cleaned.confidence == 1).all()


def test_dropped_frames_are_short_gaps_and_a_pause_stays_a_hole() -> None:
    time = np.arange(600) / 60
    kept = np.ones(600, dtype=bool)
    kept[100:103] = False
    kept[300:420] = False
    cleaned, repairs = clean(recording(time[kept]))
    assert [(r.step, r.count) for r in repairs] == [("time_base", 600), ("gaps", 9)]
    assert cleaned.time == pytest.approx(time, abs=1e-9)
    assert np.isnan(cleaned.xy[300:420]).all()
    kept[300:420], kept[100:103] = False, True
    assert cleaned.xy[kept] == pytest.approx(position(time[kept]), abs=0.5)


def test_repeated_frames_are_left_out() -> None:
    # 30 pictures a second in a file of 60: each picture twice, with times of their own.
    true = np.arange(100) / 30
    pictures = recording(true, depth=True)
    twice = np.repeat(np.arange(100), 2)
    given_ = Recording(
        xy=pictures.xy[twice],
        confidence=pictures.confidence[twice],
        time=np.arange(200) / 60,
        keypoints=POINTS,
        depth=None if pictures.depth is None else pictures.depth[twice],
    )
    cleaned, repairs = clean(given_)
    assert [(r.step, r.count) for r in repairs] == [("repeated_frames", 100)]
    assert cleaned.time == pytest.approx(true)
    assert np.array_equal(cleaned.xy, pictures.xy)
    assert cleaned.depth is not None
    assert np.array_equal(cleaned.depth, pictures.depth)


def test_a_frozen_picture_counts_as_not_seen() -> None:
    whole = recording(np.arange(300) / 60)
    xy = whole.xy.copy()
    xy[101:140] = xy[100]
    cleaned, repairs = clean(replace(whole, xy=xy))
    assert [r.step for r in repairs] == ["repeated_frames", "time_base"]
    assert np.isnan(cleaned.xy[101:140]).all()
    assert cleaned.xy[140:] == pytest.approx(whole.xy[140:])


def test_someone_who_stands_still_is_not_taken_for_repeated_frames() -> None:
    still = recording(np.arange(60) / 60)
    still = replace(still, xy=np.repeat(still.xy[:1], 60, axis=0))
    cleaned, repairs = clean(still)
    assert repairs == ()
    assert cleaned.frames == 60


def test_a_point_never_seen_is_no_repeated_frame() -> None:
    nothing = without(without(without(recording(np.arange(60) / 60), 0, 0, 60), 1, 0, 60), 2, 0, 60)
    cleaned, repairs = clean(nothing)
    assert repairs == ()
    assert np.isnan(cleaned.xy).all()


def test_time_stamps_that_jump_are_refused_in_one_line() -> None:
    time = np.arange(100) / 60
    time[50:] += 3600
    with pytest.raises(
        InputError, match=r"^The time stamps jump\. .*one pause of 3600 s\."
    ) as error:
        clean(recording(time))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_very_short_recordings(frames: int) -> None:
    given_ = recording(np.array([0.0, 0.1, 0.5])[:frames])
    cleaned, _ = clean(given_)
    assert np.array_equal(cleaned.xy[0], given_.xy[0])


@settings(max_examples=60, deadline=None)
@given(
    holes=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 119), st.integers(1, 40)), max_size=12
    )
)
def test_known_points_stay_and_only_short_gaps_are_filled(
    holes: list[tuple[int, int, int]],
) -> None:
    given_ = recording(np.arange(120) / 60)
    for point, start, length in holes:
        given_ = without(given_, point, start, start + length)
    cleaned, repairs = clean(given_)
    known = np.isfinite(given_.xy)
    assert np.array_equal(cleaned.xy[known], given_.xy[known])
    filled = 0
    for k in range(3):
        for start, stop in runs(~known[:, k, 0]):
            fillable = stop - start <= 6 and start > 0 and stop < 120
            assert np.isfinite(cleaned.xy[start:stop, k]).all() == fillable
            assert np.isfinite(cleaned.xy[start:stop, k]).any() == fillable
            filled += fillable * (stop - start)
    assert sum(r.count for r in repairs if r.step == "gaps") == filled
