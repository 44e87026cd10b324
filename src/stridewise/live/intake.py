"""What is let in: frames in order, at a possible rate, with points of the right number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stridewise.errors import InputError
from stridewise.live.grid import SHORTEST_S
from stridewise.repair.clean import MIN_CONFIDENCE
from stridewise.skeletons import KEYPOINTS, REQUIRED

Array = NDArray[np.float64]
Fate = Literal["good", "late", "too_fast", "repeated", "jump"]

#: A clock that goes back or forth by more than this has been set anew, in seconds.
JUMP_S = 1.0
#: A picture shown again within this time is no new picture, in seconds.
_REPEATED_S = 0.1
#: Coordinates and times beyond are no measurements.
_LARGEST = 1e9


class Intake:
    """Checks frames one by one and counts what is left out.

    Parameters
    ----------
    keypoints : sequence of str
        Canonical names of the points of every frame.

    Raises
    ------
    InputError
        When names are unknown or repeated, or hips, knees or ankles are not among them.
    """

    def __init__(self, keypoints: Sequence[str]) -> None:
        unknown = sorted(set(keypoints) - set(KEYPOINTS))
        if unknown or len(set(keypoints)) != len(keypoints):
            raise InputError(
                f"Unknown or repeated keypoint names: {', '.join(unknown) or 'repeated'}",
                expected="names of the canonical vocabulary, each once",
                hint="See stridewise.skeletons.KEYPOINTS",
            )
        lacking = [name for name in REQUIRED if name not in keypoints]
        if lacking:
            raise InputError(
                "Keypoints are lacking without which running cannot be analysed",
                expected=", ".join(REQUIRED),
                hint=f"Add {', '.join(lacking)}",
            )
        self._points = len(keypoints)
        self._last_s: float | None = None
        self._last_xy: bytes | None = None
        #: Frames by fate.
        self.counts: dict[Fate, int] = dict.fromkeys(
            ("good", "late", "too_fast", "repeated", "jump"), 0
        )

    def check(
        self, time_s: float, xy: ArrayLike, confidence: ArrayLike | None
    ) -> tuple[float, Array]:
        """Return time and positions, NaN where a point is not seen.

        Raises
        ------
        InputError
            When the time is no time, or the numbers are not as many as the points.
        """
        try:
            time_s = float(time_s)
            points = np.array(xy, dtype=float)
            sure = None if confidence is None else np.array(confidence, dtype=float)
        except (TypeError, ValueError) as error:
            raise InputError("A frame is not made of numbers", received=error) from error
        if not abs(time_s) < _LARGEST:
            raise InputError("The time of a frame is no time", expected="seconds", received=time_s)
        if points.shape != (self._points, 2):
            raise InputError(
                "A frame has the wrong size",
                expected=f"positions of shape ({self._points}, 2)",
                received=f"shape {points.shape}",
            )
        if sure is not None and sure.shape != (self._points,):
            raise InputError(
                "A frame has the wrong size",
                expected=f"confidences of shape ({self._points},)",
                received=f"shape {sure.shape}",
            )
        with np.errstate(invalid="ignore"):
            lost = ~(np.abs(points) < _LARGEST).all(axis=1)
            if sure is not None:
                lost |= ~(sure >= MIN_CONFIDENCE)
        points[lost] = np.nan
        return time_s, points

    def sort(self, time_s: float, xy: Array) -> Fate:
        """Say what becomes of a checked frame, and count it."""
        fate = self._fate(time_s, xy)
        self.counts[fate] += 1
        if fate in ("good", "jump"):
            self._last_s, self._last_xy = time_s, xy.tobytes()
        return fate

    def _fate(self, time_s: float, xy: Array) -> Fate:
        if self._last_s is None or self._last_xy is None:
            return "good"
        later = time_s - self._last_s
        if abs(later) > JUMP_S:
            return "jump"
        if later <= 0:
            return "late"
        if later < 0.9 * SHORTEST_S:
            return "too_fast"
        if later < _REPEATED_S and xy.tobytes() == self._last_xy:
            return "repeated"
        return "good"
