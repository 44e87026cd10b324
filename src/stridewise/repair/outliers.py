"""Points where no joint can be: sudden jumps, and limbs of an impossible length."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.skeletons import SIDES

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A point jumps when it misses every guess from its neighbours by this many times what nine tenths
#: of its frames miss theirs by, and by this many leg lengths at least.
_TIMES, _LEAST = 4.0, 0.06
_QUANTILE = 90.0
#: Neighbours are this far apart, or one frame: nearer ones share the errors of a burst.
_NEIGHBOUR_S = 1.0 / 60.0
#: After the worst are gone, those beside them show.
_ROUNDS = 2
#: Bones of one side whose projected length is checked.
_BONES = (("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"))
#: A bone is impossible when it is longer than its usual full length by this share, and shorter by
#: it where it always shows its full length.
_LENGTH, _STEADY = 0.25, 0.85
#: The usual length is taken anew for stretches of this many seconds.
_STRETCH_S = 2.0
#: The size of a runner who comes closer is followed over this time.
_SIZE_S = 0.7


def find_outliers(recording: Recording, leg_length: float) -> Mask:
    """Find points that cannot be right.

    Parameters
    ----------
    recording : Recording
        Left and right in order; points may be missing.
    leg_length : float
        In the unit of the recording.

    Returns
    -------
    ndarray of bool, shape (frames, keypoints)
    """
    points = recording.xy / leg_length
    if recording.depth is not None:
        points = np.concatenate([points, recording.depth[..., None] / leg_length], axis=2)
    out = np.zeros(points.shape[:2], dtype=bool)
    if recording.frames < 5:
        return out
    points /= _growth(recording)[:, None, None]
    apart = max(1, round(_NEIGHBOUR_S * recording.fps))
    for _ in range(_ROUNDS):
        jump = _jumps(points, recording.time, apart)
        found = (jump > 1.0) | _wrong_lengths(recording, points, jump)
        if not found.any():
            break
        out |= found
        points = np.where(found[..., None], np.nan, points)
    return out


def _growth(recording: Recording) -> Array:
    """Size of the runner in the image over time against its median, from the trunk; 1 if unseen."""
    from scipy.ndimage import median_filter

    top, bottom = (
        np.mean([recording.point(f"{side}_{part}") for side in SIDES], axis=0)
        for part in ("shoulder", "hip")
    )
    trunk = np.sqrt(((top - bottom) ** 2).sum(axis=1))
    known = np.flatnonzero(trunk > 0)
    if not known.size:
        return np.ones(recording.frames)
    trunk = np.interp(np.arange(recording.frames), known, trunk[known])
    window = 2 * round(_SIZE_S * recording.fps / 2) + 1
    smooth = median_filter(trunk, window, mode="nearest")
    growth: Array = smooth / np.median(smooth)
    return growth


def _jumps(points: Array, time: Array, apart: int) -> Array:
    """How far each point misses the best guess, as a share of what is allowed; 0 when unknown.

    The guesses go on from the two frames before, from the two after, and between the neighbours:
    beside an outlier one of them is still right.
    """
    out = np.zeros(points.shape[:2])
    frames = len(points)

    def neighbours(values: Array) -> list[Array]:
        """Two before and two after each frame; NaN outside the recording."""
        edge = np.full((2 * apart, values.shape[1]), np.nan)
        wide = np.concatenate([edge, values, edge])
        return [wide[n * apart :][:frames] for n in (0, 1, 3, 4)]

    t = time[:, None]
    t1, t2, t3, t4 = neighbours(t)
    before, after = (t - t2) / (t2 - t1), (t - t3) / (t4 - t3)
    between = (t - t2) / (t3 - t2)
    for k in range(points.shape[1]):
        point = points[:, k]
        p1, p2, p3, p4 = neighbours(point)
        guesses = (
            p2 + before * (p2 - p1),
            p3 + after * (p4 - p3),
            p2 + between * (p3 - p2),
        )
        misses = [((point - guess) ** 2).sum(axis=1) for guess in guesses]
        miss = np.sqrt(np.fmin(np.fmin(misses[0], misses[1]), misses[2]))
        # Where only one guess can be made it goes on from outside, and errs twice as much as one
        # from the middle.
        miss[np.isfinite(misses).sum(axis=0) == 1] /= 2
        known = np.isfinite(miss)
        if known.any():
            usual = float(np.percentile(miss[known], _QUANTILE))
            out[known, k] = miss[known] / max(_TIMES * usual, _LEAST)
    return out


def _wrong_lengths(recording: Recording, points: Array, jump: Array) -> Mask:
    """Mark, of each bone of impossible length, the end that jumps more."""
    index = {name: i for i, name in enumerate(recording.keypoints)}
    out = np.zeros(points.shape[:2], dtype=bool)
    for side in SIDES:
        for upper, lower in _BONES:
            i, j = index.get(f"{side}_{upper}"), index.get(f"{side}_{lower}")
            if i is None or j is None:
                continue
            length = np.sqrt(((points[:, i] - points[:, j]) ** 2).sum(axis=1))
            wrong = _impossible(length, recording.time)
            upper_worse = jump[:, i] > jump[:, j]
            out[:, i] |= wrong & upper_worse
            out[:, j] |= wrong & ~upper_worse
    return out


def _impossible(length: Array, time: Array) -> Mask:
    """Mark lengths that a bone of fixed length cannot show."""
    wrong = np.zeros(len(length), dtype=bool)
    stretch = ((time - time[0]) / _STRETCH_S).astype(int)
    stretch = np.minimum(stretch, max(int(stretch[-1]) - 1, 0))  # no short one at the end
    for start, stop in _stretches(stretch):
        some = length[start:stop]
        known = some[np.isfinite(some)]
        if not known.size:
            continue
        short, full = np.percentile(known, (10.0, 80.0))
        wrong[start:stop] = some > (1 + _LENGTH) * full
        if short > _STEADY * full:
            wrong[start:stop] |= some < (1 - _LENGTH) * full
    return wrong


def _stretches(label: NDArray[np.int_]) -> list[tuple[int, int]]:
    edges = [0, *(np.flatnonzero(np.diff(label)) + 1).tolist(), len(label)]
    return list(itertools.pairwise(edges))
