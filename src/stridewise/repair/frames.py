"""Which frames of a file show a picture of their own, told by how much the points move.

Files that were changed after they were taken repeat pictures (24 frames/s written as 30) or begin
with a frozen one. They were encoded once more, so that points of repeated pictures are not equal,
and those of estimators that smooth glide on. Repeats are therefore believed only where one of the
patterns in which files repeat pictures fits all along.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Rates of cameras and of the files that they are converted to, frames/s.
CONVERSIONS = ((24, 30), (25, 30), (30, 60), (24, 60), (25, 60), (24, 50), (30, 50))
#: Frames in which one pattern is looked for, as rates are seldom exactly those; fewer than the
#: second figure tell nothing. In how many places a pattern may begin.
_BLOCK, _FEWEST, _SHIFTS = 200, 30, 25
#: In repeats there must be less motion than in other frames, by so many standard errors; and
#: three of four points must move less than in the frames beside, by this share. In films
#: (benchmarks/files.py) a file that repeats nothing reaches 5.8 of the first at most, and all but
#: two of 87 that do reach 6.0 and 0.22. Feet whose rhythm is that of a pattern are many standard
#: errors less, but not all points then slow down together: 0.09 at most.
_SURE, _LESS, _OF_POINTS = 5.5, 0.15, 25.0
#: Usual motion is that which this share of frames, in percent, within so many seconds do not pass.
_USUAL, _AROUND_S = 75.0, 0.3
#: A start is frozen where points move less than the first figure, as a share of what is usual in
#: the first seconds, for longer than the second, in seconds; a frame in which they move more counts
#: against two. Films that begin as they should do so for 0.07 s. Whoever stands still at first
#: starts slowly; a film goes on with a jump of more than the usual motion.
_STILL, _FROZEN_S, _FIRST_S = 0.4, 0.15, 4.0
#: When fewer frames than this share differ from the one before, repetition is no fault of the file.
_MOVING = 0.1


@dataclass(frozen=True, eq=False)
class Pictures:
    """Which frames show a picture of their own, and when those were taken.

    Parameters
    ----------
    kept : ndarray of bool, shape (frames,)
    time : ndarray, shape (kept frames,)
        Seconds; those of the file, evened out where it repeats pictures in a pattern.
    frozen, repeated, equal : int
        Frames that are not kept: of a frozen start, repeated in a pattern, and others in which all
        points are those of the frame before.
    """

    kept: Mask
    time: Array
    frozen: int
    repeated: int
    equal: int


def find_pictures(recording: Recording) -> Pictures:
    """Find which frames show a picture of their own, and when those were taken.

    Parameters
    ----------
    recording : Recording
        As read.

    Returns
    -------
    Pictures
    """
    kept, time = np.ones(recording.frames, dtype=bool), recording.time
    frozen = find_frozen(recording)
    kept[:frozen] = False
    repeats = find_repeats(recording.take(kept))
    if repeats.any():
        kept[frozen:] = ~repeats
        # They were taken evenly, though they came to show late.
        shown = np.flatnonzero(kept)
        even = np.linspace(shown[0], shown[-1], len(shown))
        time = time.copy()
        time[kept] = np.interp(even, np.arange(recording.frames), recording.time)
    equal = _equal(recording.take(kept))
    kept[np.flatnonzero(kept)[equal]] = False
    return Pictures(kept, time[kept], frozen, int(repeats.sum()), int(equal.sum()))


def _equal(recording: Recording) -> Mask:
    """Find frames equal to the one before, as some video codecs write them; none if most are."""
    now, before = recording.xy[1:], recording.xy[:-1]
    same = (now == before) | (np.isnan(now) & np.isnan(before))
    equal = same.all(axis=(1, 2)) & np.isfinite(now).any(axis=(1, 2))
    if len(equal) - equal.sum() < _MOVING * recording.frames:
        equal = np.zeros_like(equal)
    found: Mask = np.r_[False, equal][: recording.frames]
    return found


def find_frozen(recording: Recording) -> int:
    """Count the frames at the beginning in which nothing moves.

    Parameters
    ----------
    recording : Recording
        As read.

    Returns
    -------
    int
        0 where the recording begins with motion, or hardly has any.
    """
    moves = _motion(recording).mean(axis=1)[recording.time[1:] < recording.time[0] + _FIRST_S]
    if not len(moves):
        return 0
    usual = float(np.median(moves))
    still = np.cumsum(np.where(moves < _STILL * usual, 1, -2))
    end = int(np.argmax(still)) + 1
    long = still[end - 1] >= _FROZEN_S * recording.fps
    return end + 1 if long and end < len(moves) and moves[end] > usual else 0


def find_repeats(recording: Recording) -> Mask:
    """Find the frames that show the picture before them again, in a pattern of its own.

    Parameters
    ----------
    recording : Recording
        As read, without a frozen start.

    Returns
    -------
    ndarray of bool, shape (frames,)
    """
    from scipy.ndimage import percentile_filter

    none = np.zeros(recording.frames, dtype=bool)
    away = _motion(recording)
    moves = away.mean(axis=1)
    if len(moves) < _FEWEST or not moves.any():
        return none
    around = 2 * round(_AROUND_S * recording.fps) + 1
    usual = percentile_filter(moves, _USUAL, around)
    moves = np.minimum(moves / np.maximum(usual, 1e-9), 1.0)
    found = [none[:1]]
    for frames in np.array_split(np.arange(len(moves)), max(1, len(moves) // _BLOCK)):
        block, patterns = moves[frames], _patterns(len(frames))
        share = patterns.mean(axis=1)
        less = ((block @ ~patterns.T) / (1 - share) - (block @ patterns.T) / share) / len(block)
        error = block.std() / np.sqrt(len(block) * share * (1 - share)) + 1e-9
        surest = int(np.argmax(less / error))
        if less[surest] < _SURE * error[surest] or _slower(away[frames], patterns[surest]) < _LESS:
            return none
        found.append(patterns[surest])
    return np.concatenate(found)


def _slower(away: Array, repeat: Mask) -> float:
    """By which share all but a quarter of the points move less in repeats than in frames beside."""
    before, after = np.r_[repeat[1:], False] & ~repeat, np.r_[False, repeat[:-1]] & ~repeat
    beside = np.minimum(away[before].mean(axis=0), away[after].mean(axis=0))
    slower = 1.0 - away[repeat].mean(axis=0) / np.maximum(beside, 1e-9)
    return float(np.percentile(slower, _OF_POINTS))


def _motion(recording: Recording) -> Array:
    """How far each point moves on to each frame but the first; as the others where not seen."""
    away = np.linalg.norm(np.diff(recording.xy, axis=0), axis=2)
    seen = np.isfinite(away)
    known = seen.any(axis=1)
    if not known.any():
        return np.zeros_like(away)
    mean = np.where(seen, away, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    mean = np.where(known, mean, np.median(mean[known]))
    moves: Array = np.where(seen, away, mean[:, None])
    return moves


@lru_cache(maxsize=8)
def _patterns(intervals: int) -> Mask:
    """Return in which of so many frames a picture is repeated, a row for each way of repeating."""
    frame = np.arange(intervals + 1)
    rows = [
        np.diff(np.floor(frame * camera / file + shift / _SHIFTS)) == 0
        for camera, file in CONVERSIONS
        for shift in range(_SHIFTS)
    ]
    patterns: Mask = np.unique(rows, axis=0)
    return patterns[patterns.any(axis=1) & ~patterns.all(axis=1)]
