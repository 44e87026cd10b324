from __future__ import annotations

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import timing


def test_missing_frame_numbers_become_holes_in_time():
    time = timing.from_frames(np.array([0.0, 1, 2, 5, 6]), fps=50)
    np.testing.assert_allclose(time, [0, 0.02, 0.04, 0.10, 0.12], rtol=0, atol=1e-15)


def test_the_user_wins_over_the_file_when_there_are_no_times():
    np.testing.assert_array_equal(
        timing.from_frames(np.arange(2.0), fps=50, file_fps=30), [0, 0.02]
    )
    np.testing.assert_array_equal(
        timing.from_frames(np.arange(2.0), fps=None, file_fps=20), [0, 0.05]
    )


def test_no_rate_at_all_asks_for_fps():
    with pytest.raises(InputError, match="--fps"):
        timing.from_frames(np.arange(3.0), fps=None)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_a_frame_rate_that_cannot_be(fps):
    with pytest.raises(InputError, match="frame rate"):
        timing.check_fps(fps)


def test_time_stamps_are_kept_and_the_stated_rate_is_noted():
    time, notes = timing.from_stamps(np.array([0.0, 0.03, 0.07]), fps=60)
    np.testing.assert_array_equal(time, [0, 0.03, 0.07])
    assert notes == ["The file has its own times, so the stated 60 frames/s was not used."]


def test_milliseconds_are_converted_with_a_note():
    time, notes = timing.from_stamps(np.array([0.0, 16.7, 33.3]), fps=None)
    np.testing.assert_allclose(time, [0, 0.0167, 0.0333], rtol=1e-12)
    assert "milliseconds" in notes[0]


def test_frame_numbers_in_a_time_column_are_refused():
    with pytest.raises(InputError, match="frame numbers"):
        timing.from_stamps(np.arange(5.0), fps=None)


def test_steps_of_no_unit_are_refused():
    with pytest.raises(InputError, match="no plausible unit"):
        timing.from_stamps(np.array([0.0, 16_700.0, 33_400.0]), fps=None)


def test_repeated_times_are_dropped_with_a_note():
    kept, notes = timing.increasing(np.array([0.0, 0.1, 0.1, 0.1, 0.2]))
    np.testing.assert_array_equal(kept, [0, 1, 4])
    assert notes == ["2 frame(s) with a repeated time were dropped."]


def test_time_going_back_is_refused():
    with pytest.raises(InputError, match=r"go back.*0\.1 after 0\.2"):
        timing.increasing(np.array([0.0, 0.2, 0.1]))


@pytest.mark.parametrize("n", [0, 1])
def test_few_frames_are_fine(n):
    kept, notes = timing.increasing(np.arange(float(n)))
    assert len(kept) == n
    assert notes == []
