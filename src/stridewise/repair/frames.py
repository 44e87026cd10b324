"""When the pictures of a file were really taken, told by how the posture moves on.

Files repeat pictures (24 frames/s written as 30), begin with a frozen one, lack some, or stamp
uneven ones evenly. Posture is a clock (`posture`): a picture that is shown twice, or one that is
missing, is a step of that clock against the file's. What it tells is believed only where a whole
pattern of repeats fits, where several pictures are missing, or where strides come more unevenly
than any runner's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.repair.posture import Clock, posture_clock
from stridewise.repair.smooth import low_pass

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Strides are lost from sight in pauses longer than this, in seconds; and slower ones than this are
#: slow motion, whose time is not known.
_PAUSE_S, _SLOWEST_S = 0.3, 1.3
#: A clock whose error in the middle of frames is more than this share of their interval is none.
_ERRS = 0.3
#: Around each frame, in seconds, and of the motions there, which share is usual motion or less.
_AROUND_S, _USUAL = 0.3, 75.0

#: A film is frozen at its beginning where its frames show the same moment of the stride, to within
#: the first figure, for longer than the second and at most the third, in seconds; one that shows
#: another counts as much against it as four that do for it. So many must do so at first.
_MOMENT_S, _FROZEN_S, _LONGEST_S, _OTHER, _AT_FIRST = 0.03, 0.15, 3.0, -4.0, 0.6

#: Rates of cameras and of the files that they are converted to.
_CONVERSIONS = ((24, 30), (25, 30), (30, 60), (24, 60), (25, 60), (24, 50), (30, 50))
#: Frames in which one pattern of repeats is looked for, and how finely it is shifted.
_BLOCK, _SHIFTS = 200, 24
#: By how much less of the usual motion repeats must show than other frames, and how many standard
#: errors that must be.
_LESS, _SURE = 0.28, 6.0
#: Frequency below which the times of pictures follow those of the file, in Hz.
_FILE_HZ = 0.7

#: Price of a missing picture, of each further one beside it, and of a tenth of a frame by which the
#: rhythm drifts, as negative log-probabilities.
_MISSING, _FURTHER, _DRIFT = 9.0, 4.0, 2.3
#: How much of a frame's evidence is new: errors live for so long, in seconds, and never less than
#: the first figure comes anew with each frame; degrees of freedom of their tails.
_NEW, _ALIKE_S, _TAILS = 0.6, 1 / 60, 2.0
#: Most pictures that are missing in one place.
_MOST = 3
#: The rhythm is steady over this time to both sides, in seconds; a clock that is off by more than
#: the second figure all the same went astray, as where left and right are exchanged for long.
_RHYTHM_S, _ASTRAY_S = 2.0, 0.15
#: Levels of the clock against the file's, per frame.
_LEVELS = 10
#: Missing pictures are looked for anew from what was found, so many times at most. Fewer than this
#: are not sure, nor are such as last shorter, in seconds, than strides come early or late.
_ROUNDS, _FEWEST, _SHORTEST_S = 4, 5, 0.012
#: Before that, this many frames on both sides must lie apart by so much, in frames.
_SIDES, _APART = 3, 0.5

#: Strides that come more unevenly than this, in seconds, are the file's doing; what counts lies
#: between these shares of the frequency of strides. (Stride times that vary by 2 %, each for
#: itself, make 5 ms.)
_UNEVEN_S, _STRIDE_TO_STRIDE = 0.008, (0.7, 0.25)
#: Between these shares of the usual one lie the intervals between uneven pictures.
_INTERVALS = (0.5, 2.0)
#: Frequency below which the clock tells the time itself, in Hz.
_TELLS_HZ = 3.0


@dataclass(frozen=True, eq=False)
class Timeline:
    """Which frames show a picture of their own, and when those were taken.

    Parameters
    ----------
    kept : ndarray of bool, shape (frames,)
    time : ndarray, shape (kept frames,)
        Seconds.
    frozen, repeated, missing : int
        Frames of a frozen start, others that repeat a picture, and pictures that are not there.
    uneven : bool
        Whether the times are those at which strides come evenly.
    """

    kept: Mask
    time: Array
    frozen: int = 0
    repeated: int = 0
    missing: int = 0
    uneven: bool = False


def find_timeline(recording: Recording) -> Timeline:
    """Find which frames show a picture of their own, and when those were taken.

    Parameters
    ----------
    recording : Recording
        As read; points may be missing, and left and right may have changed places.

    Returns
    -------
    Timeline
        That of the file where nothing else is sure.
    """
    kept = np.ones(recording.frames, dtype=bool)
    if recording.frames < 3 or np.diff(recording.time).max() > _PAUSE_S:
        return Timeline(kept, recording.time)
    clock = posture_clock(recording)
    if clock is None:
        return Timeline(kept, recording.time)
    frozen = _frozen(clock, recording.time)
    if frozen:
        kept[:frozen] = False
        clock = posture_clock(_only(recording, kept))
    repeats = None if clock is None else _repeats(clock, _only(recording, kept))
    if repeats is not None and repeats.any():
        kept[np.flatnonzero(kept)[repeats]] = False
        clock = posture_clock(_only(recording, kept))
    time = recording.time[kept]
    repeated = recording.frames - len(time) - frozen
    time = _even(time) if repeated else time
    if clock is None or np.ptp(time) / np.ptp(clock.strides) > _SLOWEST_S:
        return Timeline(kept, time, frozen, repeated)
    missing = _missing(clock, time)
    count = int(missing.sum())
    if count:
        time = time + float(np.median(np.diff(time))) * np.r_[0, np.cumsum(missing)]
    # Uneven intervals look like missing pictures in part; those do not explain them all.
    even = _strides_even(clock, time, _UNEVEN_S / 2 if count else _UNEVEN_S)
    if even is not None:
        return Timeline(kept, even, frozen, repeated, uneven=True)
    return Timeline(kept, time, frozen, repeated, count)


def _only(recording: Recording, kept: Mask) -> Recording:
    """Keep positions and times of some frames."""
    return recording.with_(
        xy=recording.xy[kept],
        confidence=recording.confidence[kept],
        time=recording.time[kept],
        depth=None,
    )


def _motion(recording: Recording) -> Array:
    """How fast the points move on from each frame to the next, on average, per second."""
    away = np.linalg.norm(np.diff(recording.xy, axis=0), axis=2)
    seen = np.isfinite(away)
    mean = np.where(seen, away, 0.0).sum(1) / np.maximum(seen.sum(1), 1)
    speed: Array = np.where(seen.any(1), mean, np.nan) / np.diff(recording.time)
    return speed


def _frozen(clock: Clock, stamp: Array) -> int:
    """Count the frames of a frozen start: one moment of the stride, and then at once another."""
    if _noise((clock.time(stamp) - stamp) / float(np.median(np.diff(stamp)))) > _ERRS:
        return 0
    since = stamp - stamp[0]
    stride_s = float(since[-1] / np.ptp(clock.strides))

    def turns(within_s: float) -> NDArray[np.complex128]:
        first = int((since < within_s).sum())
        turned: NDArray[np.complex128] = np.exp(2j * np.pi * clock.anywhere(slice(0, first)))
        return turned

    def same(all_: NDArray[np.complex128], count: int) -> Mask:
        middle = np.median(all_[:count].real) + 1j * np.median(all_[:count].imag)
        away = np.abs(np.angle(all_ * np.conj(middle))) / (2 * np.pi) * stride_s
        near: Mask = away < _MOMENT_S
        return near

    first = turns(_FROZEN_S)
    if same(first, len(first)).mean() < _AT_FIRST:
        return 0
    first = turns(min(_LONGEST_S, since[-1] / 2))
    frozen, best = 0, 0.0
    for count in range(2, len(first)):
        shown = same(first, count)
        score = float(np.where(shown[:count], 1.0, _OTHER).sum())
        if shown[count - 1] and not shown[count] and score > best:
            frozen, best = count, score
    return frozen if since[max(frozen - 1, 0)] >= _FROZEN_S else 0


def _repeats(clock: Clock, recording: Recording) -> Mask:
    """Find the frames that repeat the picture before them, by a pattern that comes again."""
    from scipy.ndimage import percentile_filter

    interval = np.diff(recording.time)
    by_clock = np.diff(clock.strides) / interval
    by_clock = by_clock / np.percentile(by_clock, 70.0)
    seen = _motion(recording)
    seen = np.where(np.isfinite(seen), seen, np.nanmedian(seen))
    around = 2 * round(_AROUND_S / float(np.median(interval))) + 1
    seen = seen / np.maximum(percentile_filter(seen, _USUAL, around), 1e-9)
    moves = np.clip((np.clip(by_clock, 0.0, 2.0) + seen) / 2, 0.0, 1.0)
    repeat = [np.zeros(1, dtype=bool)]
    for block in np.array_split(moves, max(1, len(moves) // _BLOCK)):
        patterns = _patterns(len(block))
        shares = patterns.mean(axis=1)
        less = (block @ ~patterns.T) / (1 - shares) - (block @ patterns.T) / shares
        less /= len(block)
        error = block.std() / np.sqrt(len(block) * shares * (1 - shares)) + 1e-9
        surest = int(np.argmax(less / error))
        if less[surest] < _LESS or less[surest] < _SURE * error[surest]:
            return np.zeros(recording.frames, dtype=bool)
        repeat.append(patterns[surest])
    return np.concatenate(repeat)


@lru_cache(maxsize=8)
def _patterns(frames: int) -> Mask:
    """Return which of so many frames are repeats, one row for each way in which they may be."""
    number = np.arange(frames + 1)
    rows = [
        np.diff(np.floor(number * camera / file + shift)) == 0
        for camera, file in _CONVERSIONS
        for shift in np.arange(_SHIFTS) / _SHIFTS
    ]
    patterns: Mask = np.unique(rows, axis=0)
    return patterns[(patterns.any(1)) & ~patterns.all(1)]


def _even(stamp: Array) -> Array:
    """Even out times of which each is late by up to a frame of the file."""
    line = np.linspace(stamp[0], stamp[-1], len(stamp))
    fps = (len(stamp) - 1) / (stamp[-1] - stamp[0])
    time: Array = line + low_pass(stamp - line, _FILE_HZ, fps)
    return time


def _missing(clock: Clock, stamp: Array) -> NDArray[np.int64]:
    """Count the pictures that are missing before each frame but the first."""
    none = np.zeros(len(stamp) - 1, dtype=np.int64)
    interval = float(np.median(np.diff(stamp)))
    if interval < _SHORTEST_S:
        return none
    early = (clock.time(stamp) - stamp) / interval
    new = _NEW * min(1.0, interval / _ALIKE_S)
    missing = none
    # At first over a few frames, most of which lie between missing pictures.
    for over_s in (0.15, *(0.5,) * _ROUNDS):
        count = np.r_[0, np.cumsum(missing)]
        level = _level(early - count, over_s, interval)
        noise = _noise(level)
        if noise > _ERRS or np.count_nonzero(_rises(level + count) > _APART) < _FEWEST:
            return none
        better = _steps_up(level + count, noise, new)
        if np.array_equal(better, missing):
            break
        missing = better
    left = _level(early - np.r_[0, np.cumsum(missing)], 0.5, interval) * interval
    astray = np.ptp(np.percentile(left, (1.0, 99.0))) > _ASTRAY_S
    return none if astray or missing.sum() < _FEWEST else missing


def _rises(level: Array) -> Array:
    """How much higher the level lies over the next frames than over the last."""
    middle = np.median(np.lib.stride_tricks.sliding_window_view(level, _SIDES), axis=1)
    rises: Array = middle[_SIDES:] - middle[:-_SIDES]
    return rises


def _noise(ahead: Array) -> float:
    """Error of a clock from frame to frame, in frames."""
    steps = np.diff(ahead)
    return float(1.4826 * np.median(np.abs(steps - np.median(steps))) / 2**0.5)


def _level(early: Array, over_s: float, interval: float) -> Array:
    """Take out how much faster or slower than at other times the runner's rhythm is."""
    from scipy.ndimage import median_filter

    apart = max(3, round(over_s / interval))
    if apart >= len(early):
        return early
    rate = (early[apart:] - early[:-apart]) / apart
    rate = median_filter(rate, min(len(rate), 2 * round(_RHYTHM_S / interval) + 1), mode="nearest")
    level: Array = (
        early - np.r_[0.0, np.cumsum(np.pad(rate, (apart // 2, apart), "edge"))][: len(early)]
    )
    return level - np.median(level)


def _steps_up(ahead: Array, noise: float, new: float) -> NDArray[np.int64]:
    """Find whole steps up of a noisy level that drifts slowly: the cheapest path (Viterbi 1967)."""
    low, high = np.percentile(ahead, (0.5, 99.5))
    level = np.arange(low - 0.5, high + 0.5, 1.0 / _LEVELS)
    noise = max(noise, 0.5 / _LEVELS)
    far = (ahead[:, None] - level) ** 2 / (_TAILS * noise**2)
    cost = new * (_TAILS + 1) / 2 * np.log1p(far)
    moves = [(1, _DRIFT), (-1, _DRIFT)]
    moves += [(k * _LEVELS, _MISSING + (k - 1) * _FURTHER) for k in range(1, _MOST + 1)]
    moves = [(up, price) for up, price in moves if abs(up) < len(level)]
    came = np.zeros(cost.shape, dtype=np.int16)
    best = cost[0]
    for i in range(1, len(cost)):
        now, step = best.copy(), came[i]
        for up, price in moves:
            to, start = (
                (slice(up, None), slice(None, -up))
                if up > 0
                else (slice(None, up), slice(-up, None))
            )
            through = best[start] + price
            cheaper = through < now[to]
            now[to][cheaper] = through[cheaper]
            step[to][cheaper] = up
        best = now + cost[i]
    missing = np.zeros(len(cost) - 1, dtype=np.int64)
    at = int(np.argmin(best))
    for i in range(len(cost) - 1, 0, -1):
        up = int(came[i, at])
        missing[i - 1] = max(up, 0) // _LEVELS
        at -= up
    return missing


def _strides_even(clock: Clock, stamp: Array, limit_s: float) -> Array | None:
    """Return the times at which strides come evenly, where they do not by more than a limit."""
    interval = float(np.median(np.diff(stamp)))
    early = clock.time(stamp) - stamp
    if _noise(early / interval) > _ERRS:
        return None
    per_s = float(np.ptp(clock.strides) / np.ptp(stamp))
    slow, slower = (low_pass(early, share * per_s, 1 / interval) for share in _STRIDE_TO_STRIDE)
    uneven = slow - slower
    if min(1.4826 * float(np.median(np.abs(uneven))), float(uneven.std())) < limit_s:
        return None
    time = stamp + low_pass(early, _TELLS_HZ, 1 / interval)
    told: Array = time - np.polyval(np.polyfit(stamp, time - stamp, 1), stamp)
    short, long = np.diff(told).min() / interval, np.diff(told).max() / interval
    # Otherwise the clock went astray.
    return told if short > _INTERVALS[0] and long < _INTERVALS[1] else None
