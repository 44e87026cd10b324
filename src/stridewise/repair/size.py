"""How large the runner appears over time, and a recording in which that is the same throughout.

Someone who comes nearer, or a camera that zooms, makes every length in the picture grow, and with
it bounce and step width. The lengths of trunk and legs, averaged over whole strides, tell by how
much: p = c + s q, with size s, the point c that growing points move away from, and q what a camera
at constant distance would show. The middle of the picture is c sideways; upwards a tilted lens has
it elsewhere, so there c is where the hips keep a constant height.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.skeletons import SIDES

Array = NDArray[np.float64]

#: Size that varies by more than this share is made even.
VARIES = 0.05
#: Steps of a body's outline whose mean length is followed: the same pose comes back each stride.
_LINES = (("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"))
#: Half the time over which size is averaged: one slow stride, so two in all with falling weight.
_HALF_S = 0.9
#: Frames between the places where it is computed, in seconds.
_EVERY_S = 0.1


def find_size(recording: Recording) -> Array | None:
    """Find how large the runner is over time, against the median.

    Parameters
    ----------
    recording : Recording
        On an even time base, left and right in order.

    Returns
    -------
    ndarray, shape (frames,), or None
        None where trunk and legs are not seen in most of the frames, for points in space, and for
        less than two strides.
    """
    if recording.depth is not None or recording.duration < 2 * _HALF_S:
        return None
    length = _length(recording)
    known = np.isfinite(length) & (length > 0)
    if known.mean() < 0.5:
        return None
    time = recording.time
    nodes = np.linspace(time[0], time[-1], int(recording.duration / _EVERY_S) + 2)
    size = np.exp(_local_lines(time[known], np.log(length[known]), nodes))
    size = np.interp(time, nodes, size)
    even: Array = size / np.median(size)
    return even


def varies(size: Array) -> float:
    """Return by which share of itself size varies, the twentieth largest part against the least."""
    low, high = np.percentile(size, (2.5, 97.5))
    return float(high / low - 1.0)


def even_size(recording: Recording, size: Array) -> Recording:
    """Show the runner at the median size throughout."""
    hips = (recording.point("left_hip") + recording.point("right_hip")) / 2
    known = np.isfinite(hips[:, 0])
    if not known.any():
        # A hip that is never seen: whatever is seen stands for the middle.
        seen = np.isfinite(recording.xy)
        hips = np.where(seen, recording.xy, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        known = np.asarray(seen.any(axis=(1, 2)))
    picture = recording.image_size
    x = picture[0] / 2 if picture else float(np.median(hips[known, 0]))
    _, y = np.linalg.lstsq(
        np.column_stack([size[known], np.ones(known.sum())]), hips[known, 1], rcond=None
    )[0]
    centre = np.array([x, float(y)])
    return recording.with_(xy=(recording.xy - centre) / size[:, None, None] + centre)


def _length(recording: Recording) -> Array:
    """Sum of the lengths of trunk, thighs and shanks, of those that are seen in most frames."""
    total = np.zeros(recording.frames)
    for upper, lower in _LINES:
        for side in SIDES:
            step = recording.point(f"{side}_{upper}") - recording.point(f"{side}_{lower}")
            length = np.sqrt((step**2).sum(axis=1))
            if np.isfinite(length).mean() > 0.5:
                total += length
    return np.where(total > 0, total, np.nan)


def _local_lines(time: Array, values: Array, at: Array) -> Array:
    """Local straight lines with tricube weights (Cleveland 1979), at increasing instants."""
    out = np.full(len(at), np.nan)
    starts, stops = (np.searchsorted(time, at + shift) for shift in (-_HALF_S, _HALF_S))
    for i, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        if stop - start < 4:
            continue
        t = (time[start:stop] - at[i]) / _HALF_S
        weight = (1 - np.abs(t) ** 3) ** 3
        s0, s1, s2 = (float(weight @ t**n) for n in range(3))
        kernel = weight * (s2 - s1 * t)
        if s0 * s2 - s1**2 > 1e-9:
            out[i] = kernel @ values[start:stop] / (s0 * s2 - s1**2)
    known = np.isfinite(out)
    return np.interp(at, at[known], out[known]) if known.any() else np.zeros(len(at))
