"""The clock of a recording: what the file says about time, and what the user adds to it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError

Array = NDArray[np.float64]
Index = NDArray[np.intp]

#: A frame step beyond this many seconds is no recording of movement: the unit must be another.
LONGEST_STEP_S = 1.0


def check_fps(fps: float) -> float:
    """Return a frame rate that can be used.

    Raises
    ------
    InputError
        When it is not finite and positive.
    """
    if not (math.isfinite(fps) and fps > 0):
        raise InputError(
            "The frame rate cannot be used", expected="frames per second above 0", received=fps
        )
    return float(fps)


def from_frames(frame: Array, *, fps: float | None, file_fps: float | None = None) -> Array:
    """Return times from frame numbers; numbers left out become holes in time.

    Parameters
    ----------
    frame : ndarray, shape (frames,)
        Frame numbers.
    fps : float or None
        Frame rate stated by the user; it wins over the file's.
    file_fps : float, optional
        Frame rate stated in the file.

    Returns
    -------
    ndarray, shape (frames,)
        Seconds.

    Raises
    ------
    InputError
        When nobody states a usable frame rate.
    """
    rate = fps if fps is not None else file_fps
    if rate is None:
        raise InputError(
            "The file has no times and no frame rate",
            expected="time stamps in the file, or a frame rate",
            hint="State the frame rate of the video with --fps, for example --fps 60",
        )
    return frame / check_fps(rate)


def from_stamps(time: Array, *, fps: float | None) -> tuple[Array, list[str]]:
    """Return times in seconds from the time stamps of a file.

    Steps of more than a second can only be milliseconds; they are converted, and the note says so.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Time stamps as written.
    fps : float or None
        Frame rate stated by the user; not used, as the file knows better.

    Returns
    -------
    time : ndarray, shape (frames,)
        Seconds.
    notes : list of str
        What was converted or left aside.

    Raises
    ------
    InputError
        When the stamps are frame numbers or have no plausible unit.
    """
    notes = []
    if fps is not None:
        notes.append(f"The file has its own times, so the stated {fps:g} frames/s was not used.")
    step = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
    if step < LONGEST_STEP_S:
        return time, notes
    if np.all(np.diff(time) == 1.0):
        raise InputError(
            "The times look like frame numbers",
            expected="times in seconds",
            received="steps of exactly 1",
            hint="Name the column frame and state the frame rate with --fps",
        )
    if step > 1000 * LONGEST_STEP_S:
        raise InputError(
            "The times are in no plausible unit",
            expected="seconds (or milliseconds)",
            received=f"steps of {step:g}",
        )
    notes.append("The times are in milliseconds by their steps; converted to seconds.")
    return time / 1000.0, notes


def increasing(time: Array) -> tuple[Index, list[str]]:
    """Return which frames to keep so that times increase: the first of each repeated time.

    Raises
    ------
    InputError
        When time goes back.
    """
    step = np.diff(time)
    back = np.flatnonzero(step < 0)
    if back.size:
        at = int(back[0])
        raise InputError(
            "The times go back",
            expected="times that increase from frame to frame",
            received=f"{time[at + 1]:.10g} after {time[at]:.10g}",
            hint="Sort the frames, or keep one person or take per file",
        )
    keep = np.flatnonzero(np.concatenate(([True], step > 0))[: len(time)])
    dropped = len(time) - len(keep)
    if not dropped:
        return keep, []
    return keep, [f"{dropped} frame(s) with a repeated time were dropped."]
