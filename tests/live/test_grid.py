from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stridewise.gait.encoding import RATE, to_grid
from stridewise.live.grid import Grid

Array = NDArray[np.float64]


def swinging(time: Array) -> Array:
    """Two points on smooth paths of running's tempo, shape (frames, 2, 2)."""
    a = np.stack([np.sin(8.0 * time), np.cos(8.0 * time)], axis=1)
    return np.stack([a, 2.0 * a[:, ::-1] + time[:, None]], axis=1)


def streamed(time: Array, xy: Array, seconds: float = 5.0) -> tuple[Array, Array]:
    grid = Grid(xy.shape[1], seconds)
    for t, points in zip(time, xy, strict=True):
        grid.add(t, points)
        grid.advance()
    return grid.last(10_000)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0, 120.0, 240.0])
def test_even_frames_give_the_rows_that_the_whole_recording_gives(fps: float) -> None:
    time = 3.0 + np.arange(round(2 * fps)) / fps
    xy = swinging(time)
    got_time, got = streamed(time, xy)
    want_time, want = to_grid(time, xy)
    assert got_time == pytest.approx(want_time)
    # Rows close to the end still change when more frames come; fast frames are smoothed a little
    # differently at the start.
    inner = slice(6, -14)
    assert got[inner] == pytest.approx(want[inner], abs=0.004)


def test_uneven_frames_lie_on_the_path() -> None:
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.uniform(0.010, 0.030, 200))
    got_time, got = streamed(time, swinging(time))
    assert np.abs(got - swinging(got_time))[6:-14].max() < 0.01


def test_a_short_gap_is_closed_when_it_ends_and_a_long_one_never() -> None:
    time = np.arange(120) / 60
    xy = np.stack([time, 2 * time], axis=1)[:, None, :].repeat(2, axis=1)
    xy[30:35, 0] = np.nan
    xy[30:45, 1] = np.nan
    grid = Grid(2, 5.0)
    for t, points in zip(time[:33], xy[:33], strict=True):
        grid.add(t, points)
    grid.advance()
    assert np.isnan(grid.last(2)[1][:, 0]).all()
    _, rows = streamed(time, xy)
    assert rows[30:35, 0] == pytest.approx(np.stack([time, 2 * time], axis=1)[30:35])
    assert np.isnan(rows[30:45, 1]).all()
    assert np.isfinite(rows[45:, 1]).all()


def test_frames_that_did_not_come_leave_a_hole() -> None:
    time = np.concatenate([np.arange(60), np.arange(90, 150)]) / 60
    got_time, rows = streamed(time, swinging(time))
    inside = (got_time > 59.5 / 60) & (got_time < 89.5 / 60)
    assert inside.sum() == 30
    assert np.isnan(rows[inside]).all()
    assert np.isfinite(rows[~inside]).all()


def test_only_the_last_seconds_are_kept() -> None:
    time = np.arange(1200) / 60
    got_time, rows = streamed(time, swinging(time), seconds=2.0)
    assert len(rows) == 120
    assert got_time[-1] == pytest.approx(time[-1])
    assert np.diff(got_time) == pytest.approx(np.full(119, 1 / RATE))


def test_after_clearing_the_next_frame_is_the_first() -> None:
    grid = Grid(2, 2.0)
    for t in (0.0, 0.1, 0.2):
        grid.add(t, np.ones((2, 2)))
        grid.advance()
    grid.clear()
    grid.add(100.0, np.zeros((2, 2)))
    assert grid.advance() == 1
    assert grid.last(5)[0].tolist() == [100.0]
