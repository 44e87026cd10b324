"""What a file holds, without analysing it: people, times, points, view and likely problems."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.gait.rhythm import free_fall, swing_cadence
from stridewise.layout_map import LayoutMap, Source
from stridewise.people.runner import choose
from stridewise.quality import find_tilt, grade
from stridewise.readers import read_people
from stridewise.recognise import check
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.noise import noise_level
from stridewise.repair.smooth import runs
from stridewise.view import find_view

#: Frames further apart than this many usual intervals have a hole between them.
_HOLE = 1.6
#: Times are regular when no interval differs from the usual one by more than this share, or by more
#: than the rounding to whole milliseconds.
_EVEN_SHARE = 0.05
_ROUNDING_S = 0.00101
_MANY_STEPS = 1000
_UNITS = {"px": "pixels", "m": "metres", "leg": "leg lengths"}


@dataclass(frozen=True)
class Times:
    """The clock of a recording.

    Parameters
    ----------
    duration_s : float
        From the first to the last frame.
    fps : float or None
        Median frame rate; None for a single frame.
    regular : bool
        Whether all intervals but the holes are the same.
    largest_deviation_s : float
        Of an interval that is no hole from the usual one.
    holes : int
        How often frames are left out.
    longest_hole_s : float
        From one frame to the next; 0 without holes.
    """

    duration_s: float
    fps: float | None
    regular: bool
    largest_deviation_s: float
    holes: int
    longest_hole_s: float


@dataclass(frozen=True)
class Point:
    """One keypoint of a recording.

    Parameters
    ----------
    name : str
        Canonical.
    seen : float
        Share of frames.
    longest_gap_s : float
        Longest time without it, up to the ends of the recording.
    confidence : float or None
        Mean where it is seen; None where it never is.
    """

    name: str
    seen: float
    longest_gap_s: float
    confidence: float | None


@dataclass(frozen=True)
class Inspection:
    """What a file holds.

    Parameters
    ----------
    source, format : str
        File and reader.
    people : int
        How many the file shows; the rest is about the runner among them.
    frames : int
    unit : {"px", "m", "leg"}
    depth : bool
        Whether the points are in space.
    image_size : (width, height) or None
        In pixels.
    times : Times
    points : tuple of Point
    leg_length : float or None
        In `unit`; None where no leg is seen whole.
    height : float or None
        Median distance between the highest and the lowest point of a frame, in `unit`.
    view : {"left", "right", "front", "back"} or None
        Side of the runner that the camera sees; None where it cannot be told.
    yaw_deg, yaw_sd_deg : float or None
        Camera direction around the runner, and how sure it is.
    cadence_spm : float or None
        Steps per minute by which the ankles pass each other; None without a clear rhythm.
    free_fall : float or None
        How fast the hips fall at their fastest, as a share of gravity: runners come near 1, walkers
        stay near 0.5, slow motion far below.
    noise : float or None
        Keypoint noise as a share of leg length.
    problems : tuple of str
        What stands in the way of good measures, and what to do about it.
    notes : tuple of str
        What the reader had to assume or leave out.
    """

    source: str
    format: str
    people: int
    frames: int
    unit: str
    depth: bool
    image_size: tuple[int, int] | None
    times: Times
    points: tuple[Point, ...]
    leg_length: float | None
    height: float | None
    view: str | None
    yaw_deg: float | None
    yaw_sd_deg: float | None
    cadence_spm: float | None
    free_fall: float | None
    noise: float | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> str:
        """Return all fields as JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False)


def inspect(
    path: str | Path,
    *,
    format: str | None = None,
    fps: float | None = None,
    person: int | None = None,
    map: Source | LayoutMap | None = None,
) -> Inspection:
    """Say what a file holds, without analysing it; parameters as of `stridewise.read`.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    people = read_people(path, format=format, fps=fps, person=person, map=map)
    return describe(choose(people, person), len(people))


def describe(recording: Recording, people: int = 1) -> Inspection:
    """Say what a recording holds.

    Parameters
    ----------
    recording : Recording
        As read.
    people : int
        How many people its file shows.
    """
    times = _times(recording.time)
    problems = []
    view = even = None
    noise = float("nan")
    try:
        check(recording)
    except InputError as error:
        problems.append(str(error))
    if times.holes:
        problems.append(
            f"Frames are missing in {times.holes} place(s), up to {times.longest_hole_s:.2f} s."
        )
    if not times.regular:
        problems.append(
            f"The frame times are uneven, by up to {1000 * times.largest_deviation_s:.0f} ms."
        )
    try:
        view = find_view(recording, Context())
        if recording.frames > 2:
            even, repairs = clean(recording)
            problems += [f"{repair.detail}." for repair in repairs if repair.step != "time_base"]
    except InputError as error:
        problems.append(str(error))
    cadence = swing_cadence(even) if even is not None else None
    if even is not None and view is not None and not recording.missing_required():
        level = noise_level(even)
        known = level[np.isfinite(level)]
        noise = float(np.median(known)) / view.leg_length if known.size else noise
        # Steps are not found here; those of the rhythm stand for them.
        steps = round(cadence / 60.0 * times.duration_s) if cadence else _MANY_STEPS
        problems += grade(even, view, noise, steps, find_tilt(even))[1]
    return Inspection(
        source=recording.source,
        format=recording.format,
        people=people,
        frames=recording.frames,
        unit=recording.unit,
        depth=recording.depth is not None,
        image_size=recording.image_size,
        times=times,
        points=tuple(_points(recording)),
        leg_length=view.leg_length if view else None,
        height=_height(recording),
        view=view.name if view else None,
        yaw_deg=view.yaw_deg if view else None,
        yaw_sd_deg=view.yaw_sd_deg if view else None,
        cadence_spm=cadence,
        free_fall=_known(free_fall(even)) if even is not None and cadence else None,
        noise=_known(noise),
        problems=tuple(dict.fromkeys(problems)),
        notes=recording.notes,
    )


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _times(time: NDArray[np.float64]) -> Times:
    steps = np.diff(time)
    if not len(steps):
        return Times(0.0, None, True, 0.0, 0, 0.0)
    usual = float(np.median(steps))
    holes = steps > _HOLE * usual
    off = np.abs(steps[~holes] - usual)
    largest = float(off.max()) if off.size else 0.0
    return Times(
        duration_s=float(time[-1] - time[0]),
        fps=1.0 / usual,
        regular=largest <= max(_EVEN_SHARE * usual, _ROUNDING_S),
        largest_deviation_s=largest,
        holes=int(holes.sum()),
        longest_hole_s=float(steps[holes].max()) if holes.any() else 0.0,
    )


def _points(recording: Recording) -> Iterator[Point]:
    seen = np.isfinite(recording.xy[..., 0])
    edges = np.append(recording.time, recording.time[-1:])
    for i, name in enumerate(recording.keypoints):
        here = seen[:, i]
        gaps = [edges[stop] - edges[start] for start, stop in runs(~here)]
        yield Point(
            name=name,
            seen=float(here.mean()) if len(here) else 0.0,
            longest_gap_s=float(max(gaps, default=0.0)),
            confidence=float(recording.confidence[here, i].mean()) if here.any() else None,
        )


def _height(recording: Recording) -> float | None:
    y = recording.xy[..., 1]
    y = y[np.isfinite(y).any(axis=1)]
    return float(np.median(np.nanmax(y, axis=1) - np.nanmin(y, axis=1))) if len(y) else None


def text(found: Inspection) -> str:
    """Return what a file holds, in plain words for a terminal."""
    unit = _UNITS[found.unit]
    times = found.times
    lines = [
        f"{found.source}: {found.format}, {found.people} "
        + ("person" if found.people == 1 else "people")
        + f", {found.frames} frames",
        _clock(times),
        f"Positions in {unit}"
        + (" with depth" if found.depth else "")
        + (f", image {found.image_size[0]} x {found.image_size[1]}" if found.image_size else ""),
    ]
    if found.leg_length is not None and found.height is not None:
        lines.append(
            f"Runner: {found.height:.4g} {unit} high in the picture, leg {found.leg_length:.4g}"
        )
    if found.view is not None and found.yaw_deg is not None:
        lines.append(
            "View: seen from all sides (points in space)"
            if found.depth
            else f"View: {found.view}, camera at {found.yaw_deg:.0f}° ± {found.yaw_sd_deg:.0f}° "
            "(0 right side, 90 front)"
        )
    if found.cadence_spm is not None and found.free_fall is not None:
        lines.append(
            f"Rhythm: about {found.cadence_spm:.0f} steps/min; the hips fall at "
            f"{found.free_fall:.2f} of gravity (running near 1, walking 0.5, slow motion less)"
        )
    if found.noise is not None:
        lines.append(f"Noise: {100 * found.noise:.2f} % of leg length")
    lines += ["", f"{'point':17} {'seen':>6} {'longest gap':>12} {'confidence':>11}"]
    for point in found.points:
        confidence = "-" if point.confidence is None else f"{point.confidence:.2f}"
        lines.append(
            f"{point.name:17} {100 * point.seen:4.0f} % {point.longest_gap_s:10.2f} s "
            f"{confidence:>11}"
        )
    for title, items in (("Likely problems", found.problems), ("Notes", found.notes)):
        if items:
            lines += ["", f"{title}:", *(f"- {item}" for item in items)]
    return "\n".join(lines)


def _clock(times: Times) -> str:
    if times.fps is None:
        return "Times: a single frame"
    return (
        f"Times: {times.duration_s:.2f} s at {times.fps:.4g} frames/s, "
        + ("regular" if times.regular else "uneven")
        + (f", {times.holes} hole(s)" if times.holes else ", no holes")
    )
