"""Bring a recording into the shape the gait models expect, and count what was done to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.repair.smooth import fill_gaps

Array = NDArray[np.float64]

#: Longest gap that is filled (Winter 2009; the reference catalogue asks for 0.1 s at the feet).
MAX_GAP_S = 0.1
#: Confidence below which a point counts as not seen; common estimator default.
MIN_CONFIDENCE = 0.3
#: Frame intervals that vary by less than this share count as regular.
_REGULAR = 0.02


@dataclass(frozen=True)
class Repair:
    """One repair step that changed something.

    Parameters
    ----------
    step : str
        Name of the step.
    count : int
        How many points or frames it changed.
    detail : str
        In plain words.
    """

    step: str
    count: int
    detail: str


def clean(recording: Recording) -> tuple[Recording, tuple[Repair, ...]]:
    """Drop unsure points, make the time base uniform and fill short gaps.

    Parameters
    ----------
    recording : Recording
        As read, on the runner's own clock (slow motion already taken out).

    Returns
    -------
    Recording
        On a uniform time base, short gaps filled, longer ones NaN; not smoothed.
    tuple of Repair
        What was done.

    Raises
    ------
    InputError
        When the time stamps are too uneven to make sense of.
    """
    repairs: list[Repair] = []
    recording = _drop_unsure(recording, repairs)
    recording = _uniform(recording, repairs)
    recording = _fill(recording, repairs)
    return recording, tuple(repairs)


def _drop_unsure(recording: Recording, repairs: list[Repair]) -> Recording:
    unsure = (recording.confidence < MIN_CONFIDENCE) & np.isfinite(recording.xy[..., 0])
    if not unsure.any():
        return recording
    count = int(unsure.sum())
    repairs.append(Repair("low_confidence", count, f"{count} points below {MIN_CONFIDENCE} left"))
    return recording.with_(xy=np.where(unsure[..., None], np.nan, recording.xy))


def _uniform(recording: Recording, repairs: list[Repair]) -> Recording:
    """Resample to the median frame rate when the time stamps are irregular; holes stay holes."""
    steps = np.diff(recording.time)
    interval = float(np.median(steps))
    if np.abs(steps - interval).max() <= _REGULAR * interval:
        return recording
    frames = round(recording.duration / interval) + 1
    if frames > 4 * recording.frames + 600:
        raise InputError(
            "The time stamps jump",
            expected=f"frames about every {interval:.4g} s",
            received=f"one pause of {steps.max():.4g} s",
            hint="Cut the recording at the pause, or check the unit of the times",
        )
    time = recording.time[0] + interval * np.arange(frames)
    stacked = recording.xy
    if recording.depth is not None:
        stacked = np.concatenate([stacked, recording.depth[..., None]], axis=2)
    values = _interpolate(recording.time, stacked, time)
    hole = _in_hole(recording.time, time, max(MAX_GAP_S, 1.6 * interval))
    values[hole] = np.nan
    nearest = np.clip(np.searchsorted(recording.time, time), 0, recording.frames - 1)
    repairs.append(
        Repair(
            "time_base",
            frames,
            f"uneven time stamps ({steps.min():.4g} to {steps.max():.4g} s) "
            f"brought to one frame every {interval:.4g} s",
        )
    )
    return recording.with_(
        xy=values[..., :2],
        depth=values[..., 2] if recording.depth is not None else None,
        confidence=recording.confidence[nearest],
        time=time,
    )


def _interpolate(old: Array, values: Array, new: Array) -> Array:
    """Cubic interpolation of each point over its own finite samples."""
    from scipy.interpolate import CubicSpline

    out = np.full((len(new), *values.shape[1:]), np.nan)
    for k in range(values.shape[1]):
        ok = np.isfinite(values[:, k, 0])
        if ok.sum() < 2:
            continue
        column = CubicSpline(old[ok], values[ok, k], extrapolate=False)(new)
        column[_in_hole(old[ok], new, MAX_GAP_S)] = np.nan
        out[:, k] = column
    return out


def _in_hole(known: Array, asked: Array, limit: float) -> NDArray[np.bool_]:
    """Say which instants lie between two known ones that are more than `limit` apart."""
    after = np.clip(np.searchsorted(known, asked), 1, len(known) - 1)
    wide = known[after] - known[after - 1] > max(limit, 1.6 * float(np.median(np.diff(known))))
    on_sample = (np.abs(asked - known[after]) < 1e-9) | (np.abs(asked - known[after - 1]) < 1e-9)
    inside: NDArray[np.bool_] = wide & ~on_sample
    return inside


def _fill(recording: Recording, repairs: list[Repair]) -> Recording:
    limit = int(MAX_GAP_S * recording.fps + 1e-6)
    missing = ~np.isfinite(recording.xy[..., 0])
    if not missing.any() or limit < 1:
        return recording
    xy = fill_gaps(recording.xy, limit)
    depth = None if recording.depth is None else fill_gaps(recording.depth, limit)
    count = int((missing & np.isfinite(xy[..., 0])).sum())
    if count:
        repairs.append(
            Repair("gaps", count, f"{count} points in gaps of up to {MAX_GAP_S} s filled")
        )
    return recording.with_(xy=xy, depth=depth)
