"""Bring a recording into the shape the gait models expect, and count what was done to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.repair.ends import find_ends
from stridewise.repair.frames import find_pictures
from stridewise.repair.gaps import fill, keep_length
from stridewise.repair.noise import noise_level
from stridewise.repair.outliers import find_outliers
from stridewise.repair.resample import nearest_index, resample
from stridewise.repair.roll import find_roll, turn
from stridewise.repair.size import VARIES, even_size, find_size, varies
from stridewise.repair.swaps import ARMS, FACE, HIPS, LEGS, exchange, find_swaps
from stridewise.skeletons import SIDES
from stridewise.view import leg_length

Array = NDArray[np.float64]

#: Longest gap that is filled (Winter 2009; the reference catalogue asks for 0.1 s at the feet).
MAX_GAP_S = 0.1
#: Points that jitter by more than this share of the leg length are too noisy for a polynomial over
#: their gaps; Akima's cubics fill those.
MAX_NOISE = 0.015
#: Confidence below which a point counts as not seen; the default of Sports2D and others.
MIN_CONFIDENCE = 0.3
#: Time stamps this close to an even clock are an even clock, written in whole milliseconds.
ROUNDING_S = 0.001
#: Frames further apart than this many usual intervals have a gap between them.
_GAP = 1.6


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


def clean(recording: Recording, off: Collection[str] = ()) -> tuple[Recording, tuple[Repair, ...]]:
    """Take every step of `STEPS`, one after the other.

    Parameters
    ----------
    recording : Recording
        As read, on the runner's own clock (slow motion already taken out).
    off : collection of str
        Steps to leave out. Without `time_base`, frames count as evenly spaced from the first time
        stamp to the last, because whatever follows needs an even clock.

    Returns
    -------
    Recording
        On an even time base, gaps of up to `MAX_GAP_S` filled, longer ones NaN; not smoothed.
    tuple of Repair
        What was done.

    Raises
    ------
    InputError
        When the time stamps are too uneven to make sense of.
    """
    repairs = []
    for name, step in STEPS.items():
        if name not in off:
            recording, repair = step(recording)
            if repair is not None:
                repairs.append(repair)
    if "time_base" in off and recording.frames > 2:
        even = np.linspace(recording.time[0], recording.time[-1], recording.frames)
        recording = recording.with_(time=even)
    return recording, tuple(repairs)


def _drop_unsure(recording: Recording) -> tuple[Recording, Repair | None]:
    unsure = (recording.confidence < MIN_CONFIDENCE) & np.isfinite(recording.xy[..., 0])
    count = int(unsure.sum())
    if not count:
        return recording, None
    recording = recording.with_(xy=np.where(unsure[..., None], np.nan, recording.xy))
    detail = f"{count} points with a confidence below {MIN_CONFIDENCE} were left out"
    return recording, Repair("low_confidence", count, detail)


def _drop_repeated(recording: Recording) -> tuple[Recording, Repair | None]:
    """Leave out frames that show a picture again, and say when the others were taken."""
    pictures = find_pictures(recording)
    count = recording.frames - len(pictures.time)
    if not count:
        return recording, None
    details = (
        (pictures.frozen, "frames at the beginning, which show one frozen picture, were left out"),
        (
            pictures.repeated,
            "frames that show the picture before them again were left out, as in files of another "
            "frame rate than the camera's, and the others put evenly in time",
        ),
        (pictures.equal, "frames that repeat the one before were left out"),
    )
    detail = "; ".join(f"{frames} {what}" for frames, what in details if frames)
    recording = recording.take(pictures.kept).with_(time=pictures.time)
    return recording, Repair("repeated_frames", count, detail)


def _crop(recording: Recording) -> tuple[Recording, Repair | None]:
    """Leave out the ends of a recording into which the runner comes or from which he goes."""
    kept = find_ends(recording)
    before, after = kept.start, recording.frames - kept.stop
    if not before + after:
        return recording, None
    detail = (
        f"the first {before} and the last {after} frames, in which not all leg points are seen, "
        "were left out"
    )
    return recording.take(kept), Repair("ends", before + after, detail)


def _undo_swaps(recording: Recording) -> tuple[Recording, Repair | None]:
    """Put left and right back in order."""
    leg = _leg_length(recording)
    if leg is None:
        return recording, None
    found = find_swaps(recording, leg)
    count = int(found.any.sum())
    if not count:
        return recording, None
    for parts, frames in (
        (LEGS, found.legs),
        (HIPS, found.hips),
        (ARMS, found.arms),
        (FACE, found.face),
    ):
        recording = exchange(recording, parts, frames)
    detail = (
        f"left and right had changed places and were put back in {count} frames "
        f"(legs {found.legs.sum()}, arms {found.arms.sum()})"
    )
    return recording, Repair("swaps", count, detail)


def _drop_outliers(recording: Recording) -> tuple[Recording, Repair | None]:
    leg = _leg_length(recording)
    if leg is None:
        return recording, None
    wrong = find_outliers(recording, leg)
    count = int(wrong.sum())
    if not count:
        return recording, None
    recording = recording.with_(xy=np.where(wrong[..., None], np.nan, recording.xy))
    detail = f"{count} points that jumped or made a limb impossibly long or short were left out"
    return recording, Repair("outliers", count, detail)


def _leg_length(recording: Recording) -> float | None:
    """Leg length in the unit of the recording; None when no leg is ever seen whole."""
    try:
        return leg_length(recording)
    except InputError:
        return None


def _even_time(recording: Recording) -> tuple[Recording, Repair | None]:
    """Resample to the usual frame interval when the time stamps are uneven; gaps stay gaps."""
    old = recording.time
    if len(old) < 3:
        return recording, None
    even = np.linspace(old[0], old[-1], len(old))
    if np.abs(old - even).max() <= ROUNDING_S:
        return recording.with_(time=even), None
    steps = np.diff(old)
    interval = float(np.median(steps))
    frames = int(recording.duration / interval + 1e-6) + 1
    if frames > 4 * len(old) + 600:
        raise InputError(
            "The time stamps jump",
            expected=f"frames about every {interval:.4g} s",
            received=f"one pause of {steps.max():.4g} s",
            hint="Cut the recording at the pause, or check the unit of the times",
        )
    time = old[0] + interval * np.arange(frames)
    values = [resample(old, point, time, _GAP * interval) for point in _points(recording)]
    confidence = recording.confidence[nearest_index(old, time)]
    recording = _with_points(recording, values, time=time, confidence=confidence)
    detail = (
        f"uneven time stamps ({steps.min():.4g} to {steps.max():.4g} s) "
        f"were brought to one frame every {interval:.4g} s"
    )
    return recording, Repair("time_base", frames, detail)


def _fill_gaps(recording: Recording) -> tuple[Recording, Repair | None]:
    missing = ~np.isfinite(recording.xy[..., 0])
    if not missing.any():
        return recording, None
    # A gap of n frames lies between samples that are n + 1 intervals apart.
    widest = MAX_GAP_S + 1.05 / recording.fps
    time, names = recording.time, recording.keypoints
    gappy = [name for name, gaps in zip(names, missing.T, strict=True) if gaps.any()]
    limit = MAX_NOISE * (_leg_length(recording) or 0.0)
    level = dict(zip(gappy, noise_level(recording.select(gappy)).tolist(), strict=True))
    steady = {name for name in gappy if level[name] < limit}
    values = []
    for name, point in zip(names, _points(recording), strict=True):
        if name in steady:
            point = fill(time, point, widest)
        elif name in level:
            point = resample(time, point, time, widest)
        values.append(point)
    for side in SIDES:
        if f"{side}_ankle" in steady and f"{side}_knee" in names:
            knee, ankle = (names.index(f"{side}_{part}") for part in ("knee", "ankle"))
            values[ankle] = keep_length(time, ~missing[:, ankle], values[ankle], values[knee])
    filled = _with_points(recording, values)
    count = int((missing & np.isfinite(filled.xy[..., 0])).sum())
    if not count:
        return recording, None
    detail = f"{count} points in gaps of up to {MAX_GAP_S} s were filled"
    return filled, Repair("gaps", count, detail)


def _even_size(recording: Recording) -> tuple[Recording, Repair | None]:
    """Take out zoom and approach."""
    size = find_size(recording)
    if size is None or varies(size) <= VARIES:
        return recording, None
    detail = (
        f"the size of the runner in the picture varies by {100 * varies(size):.0f} % (approach or "
        "zoom) and was made even"
    )
    return even_size(recording, size), Repair("size", recording.frames, detail)


def _level(recording: Recording) -> tuple[Recording, Repair | None]:
    """Turn the picture upright when it is surely not."""
    roll = find_roll(recording)
    if roll is None or not roll.sure:
        return recording, None
    way = "anticlockwise" if roll.angle_deg > 0 else "clockwise"
    detail = (
        f"the picture was turned {way} by {abs(roll.angle_deg):.1f}° ± {roll.sd_deg:.1f}° (tilted "
        "camera or sloping ground) and was turned back"
    )
    return turn(recording, roll.angle_deg), Repair("roll", recording.frames, detail)


def _points(recording: Recording) -> Iterator[Array]:
    """Yield each keypoint's positions, shape (frames, 2), or (frames, 3) with depth."""
    for k in range(len(recording.keypoints)):
        point = recording.xy[:, k]
        if recording.depth is not None:
            point = np.column_stack([point, recording.depth[:, k]])
        yield point


def _with_points(recording: Recording, points: Sequence[Array], **changes: Array) -> Recording:
    """Put positions as `_points` gives them back into a recording, along with other changes."""
    values = np.stack(points, axis=1)
    depth = None if recording.depth is None else values[..., 2]
    return recording.with_(xy=values[..., :2], depth=depth, **changes)


_Step = Callable[[Recording], tuple[Recording, Repair | None]]

#: Every repair step by name, in the order taken. Swaps come before outliers, which they would look
#: like, and both before anything is interpolated; size and roll are read from whole
#: strides.
STEPS: Mapping[str, _Step] = {
    "low_confidence": _drop_unsure,
    "repeated_frames": _drop_repeated,
    "ends": _crop,
    "swaps": _undo_swaps,
    "outliers": _drop_outliers,
    "time_base": _even_time,
    "gaps": _fill_gaps,
    "size": _even_size,
    "roll": _level,
}
