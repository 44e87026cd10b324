"""Frames as they arrive, brought to the even time base of the gait network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import RATE
from stridewise.live.ring import Ring
from stridewise.repair.clean import MAX_GAP_S

Array = NDArray[np.float64]

#: Rows whose frames may still get neighbours that fill a gap are made anew, in seconds.
_OPEN_S = MAX_GAP_S + 0.1
#: Frames kept as they came, in seconds, and how many there can be of them.
_RAW_S = 2 * _OPEN_S
#: Frames by which the usual time between two is told.
_USUAL = 60
#: Shortest time between two frames; faster sources are thinned out.
SHORTEST_S = 1 / 500
#: Standard deviation of the bell that thins out fast sources, as in `encoding.to_grid`.
_BELL_S = 0.005


class Grid:
    """Points on the network's time base; gaps of up to `MAX_GAP_S` are closed when they end.

    Parameters
    ----------
    points : int
        Keypoints of a frame.
    seconds : float
        How much is kept.
    """

    def __init__(self, points: int, seconds: float) -> None:
        self._raw_time = Ring(round(_RAW_S / SHORTEST_S))
        self._raw = Ring(round(_RAW_S / SHORTEST_S), (points, 2))
        self._rows = Ring(round(seconds * RATE), (points, 2))
        self._start = 0.0
        #: Usual time between the latest frames, in seconds.
        self.interval_s = 1 / RATE
        # Up to here rows stay as they are, unless a gap closes.
        self._settled_s = -np.inf

    def add(self, time_s: float, xy: Array) -> None:
        """Take in a frame, later than those before it; xy (points, 2), NaN where missing."""
        if not self._raw_time.total:
            self._start, self._settled_s = time_s, time_s
        self._raw_time.extend(np.array([time_s]))
        self._raw.extend(xy[None])

    @property
    def pending(self) -> int:
        """Rows that the frames allow and that are not made yet."""
        if not self._raw_time.total:
            return 0
        newest = float(self._raw_time.last(1)[0])
        return int(np.floor((newest - self._start) * RATE + 1e-6)) + 1 - self._rows.total

    def advance(self) -> int:
        """Make the rows that are pending, the open ones before them anew; return how many new."""
        new = self.pending
        if new <= 0:
            return 0
        time = self._raw_time.last()
        recent = int(np.searchsorted(time, time[-1] - _RAW_S))
        self._rows.drop(self._open_rows(self._raw.last()[recent:]))
        first = self._rows.total
        # The frame before is needed too: it may be the near side of a hole.
        since = max(int(np.searchsorted(time, self._start + first / RATE - _OPEN_S)) - 1, 0)
        self.interval_s = _usual(np.diff(time[-_USUAL:]))
        time, xy = time[since:], self._raw.last()[since:]
        rows = self.pending
        instants = self._start + (first + np.arange(rows)) / RATE
        self._rows.extend(interpolate(time, close_gaps(time, xy), instants))
        self._settled_s = float(time[-2:][0]) - 3 * _BELL_S
        return new

    def _open_rows(self, recent: Array) -> int:
        """Rows that new frames may change: those beside the newest frames, and gaps."""
        known = np.isfinite(recent[..., 0])
        if (known.any(axis=0) != known.all(axis=0)).any():
            return round(_OPEN_S * RATE)
        settled = int(np.floor((self._settled_s - self._start) * RATE)) + 1
        return max(self._rows.total - max(settled, 0), 0)

    def last(self, rows: int) -> tuple[Array, Array]:
        """Return the last rows: times (rows,) and positions (rows, points, 2)."""
        xy = self._rows.last(rows)
        first = self._rows.total - len(xy)
        return self._start + (first + np.arange(len(xy))) / RATE, xy

    def clear(self) -> None:
        """Forget everything; the next frame starts a new time base."""
        for ring in (self._raw_time, self._raw, self._rows):
            ring.clear()
        self.interval_s = 1 / RATE


def _usual(steps: Array) -> float:
    """Median; numpy's own takes longer than all else that is done with a frame."""
    return float(np.sort(steps)[len(steps) // 2]) if len(steps) else 1 / RATE


def close_gaps(time: Array, xy: Array) -> Array:
    """Bridge gaps of up to `MAX_GAP_S` of single points by lines.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Increasing seconds.
    xy : ndarray, shape (frames, points, 2)
    """
    known = np.isfinite(xy[..., 0])
    gappy = np.flatnonzero(known.any(axis=0) & ~known.all(axis=0))
    if not len(gappy):
        return xy
    xy = xy.copy()
    for k in gappy:
        at = time[known[:, k]]
        lost = np.flatnonzero(~known[:, k])
        near = np.searchsorted(at, time[lost])
        inside = (near > 0) & (near < len(at))
        lost, near = lost[inside], near[inside]
        lost = lost[at[near] - at[near - 1] <= MAX_GAP_S + 1 / RATE]
        for axis in range(2):
            xy[lost, k, axis] = np.interp(time[lost], at, xy[known[:, k], k, axis])
    return xy


def interpolate(time: Array, xy: Array, instants: Array) -> Array:
    """Read positions at instants, by the methods of `encoding.to_grid` for uneven frames.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Increasing seconds.
    xy : ndarray, shape (frames, points, 2)
    instants : ndarray, shape (rows,)
        Within `time`.

    Returns
    -------
    ndarray, shape (rows, points, 2)
        NaN where a neighbouring frame lacks the point or frames are further apart than a gap.
    """
    if len(time) < 2:
        return np.repeat(xy[:1], len(instants), axis=0)
    if _usual(np.diff(time)) < 0.8 / RATE:
        xy = _bell(time, xy)
    last = len(time) - 1
    i = np.clip(np.searchsorted(time, instants + 1e-6, side="right") - 1, 0, last - 1)
    step = time[i + 1] - time[i]
    u = ((instants - time[i]) / step)[:, None, None]
    here, there = xy[i], xy[i + 1]
    span = step[:, None, None]
    line = (there - here) / span
    before, after = np.maximum(i - 1, 0), np.minimum(i + 2, last)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope_here = (there - xy[before]) / (time[i + 1] - time[before])[:, None, None]
        slope_there = (xy[after] - here) / (time[after] - time[i])[:, None, None]
    # Beyond a gap, or an end, the line goes on.
    slope_here = np.where(np.isfinite(slope_here), slope_here, line)
    slope_there = np.where(np.isfinite(slope_there), slope_there, line)
    curve: Array = (
        here
        + u * span * slope_here
        + u**2 * (3 * (there - here) - span * (2 * slope_here + slope_there))
        + u**3 * (2 * (here - there) + span * (slope_here + slope_there))
    )
    curve[(step > MAX_GAP_S + 1 / RATE) | (instants < time[0] - 1e-6)] = np.nan
    curve = np.where(np.abs(u) < 1e-3, here, curve)
    return np.where(np.abs(u - 1) < 1e-3, there, curve)


def _bell(time: Array, xy: Array) -> Array:
    """Smooth fast frames; missing points count for nothing and stay missing."""
    weight = np.exp(-0.5 * ((time[:, None] - time) / _BELL_S) ** 2)
    known = np.isfinite(xy)
    flat = np.where(known, xy, 0.0).reshape(len(time), -1)
    total = (weight @ flat) / np.maximum(weight @ known.reshape(len(time), -1), 1e-9)
    return np.where(known, total.reshape(xy.shape), np.nan)
