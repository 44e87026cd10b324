"""Which pose estimator wrote the points: stated, told by the file's format, or by the points.

What an estimator gets wrong depends on which one it is and on whether it smooths over time
(docs/estimators.md). The layout of BlazePose is its own; whether its filter was on shows in how
much the hips tremble, because it holds them most. Which size of model wrote them does not show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.simulate.estimators import names
from stridewise.skeletons import LAYOUTS, SIDES

KnownBy = Literal["stated", "format", "points", "nothing"]

#: True joints, as of markers or made by the simulator; and points of which nothing is known.
EXACT, UNKNOWN = "exact", "unknown"
#: Names for several estimators at once.
BLAZEPOSE, SMOOTHED, FRAMES, MOVENET = (
    "blazepose",
    "blazepose-smoothed",
    "blazepose-frames",
    "movenet",
)
#: Formats that one family of estimators writes, and those of marker systems.
_FORMATS = {
    "mediapipe": BLAZEPOSE,
    "mediapipe_csv": BLAZEPOSE,
    "movenet": MOVENET,
    "c3d": EXACT,
    "bvh": EXACT,
}
#: Files of up to so many frames/s, where motion itself looks like tremble, and the tremble of the
#: hips, in leg lengths a second, below which the filter was on and above which it was off. In films
#: 5 % of either kind lie on the wrong side (benchmarks/identify.py).
SLOW_FPS = 40.0
_SLOW, _FAST = (0.64, 1.35), (0.86, 1.19)


@dataclass(frozen=True)
class Estimator:
    """Which pose estimator is taken to have written the points.

    Parameters
    ----------
    name : str
        One of `choices()`.
    known_by : {"stated", "format", "points", "nothing"}
        How that is known; "nothing" for an unknown one that nobody stated.
    """

    name: str
    known_by: KnownBy

    @property
    def among(self) -> tuple[str, ...]:
        """Estimators of which a fingerprint is at hand that it can be; all for an unknown one."""
        return tuple(name for name in names() if _may_be(name, self.name))


def choices() -> tuple[str, ...]:
    """Return the names that can be stated."""
    return (*names(), BLAZEPOSE, SMOOTHED, FRAMES, MOVENET, EXACT, UNKNOWN)


def check(name: str) -> None:
    """Refuse a name that is none of `choices()`.

    Raises
    ------
    InputError
    """
    if name not in choices():
        raise InputError(
            "The pose estimator is not known", expected=", ".join(choices()), received=name
        )


def identify(
    recording: Recording, leg_length: float, *, time_scale: float = 1.0, stated: str | None = None
) -> Estimator:
    """Tell which pose estimator wrote the points.

    Parameters
    ----------
    recording : Recording
        Not smoothed.
    leg_length : float
        In the unit of the recording.
    time_scale : float
        How many times slower than the recording's clock the file played that the estimator saw.
    stated : str, optional
        What the user says; it is believed.
    """
    if stated is not None:
        return Estimator(stated, "stated")
    family = _FORMATS.get(recording.format)
    if family is None and _is_blazepose(recording):
        family = BLAZEPOSE
    if family is None:
        return Estimator(UNKNOWN, "nothing")
    if family == BLAZEPOSE:
        tremble = hip_tremble(recording, leg_length) / time_scale
        family = by_tremble(tremble, _SLOW if recording.fps / time_scale <= SLOW_FPS else _FAST)
    return Estimator(family, "points" if family in (SMOOTHED, FRAMES) else "format")


def by_tremble(tremble: float, limits: tuple[float, float]) -> str:
    """Say whether BlazePose's filter was on, below the lower limit, or off, above the upper one."""
    on, off = limits
    return SMOOTHED if tremble < on else FRAMES if tremble > off else BLAZEPOSE


def hip_tremble(recording: Recording, leg_length: float) -> float:
    """Typical fourth difference of the hips' positions, in leg lengths, times the frame rate.

    The filter takes out the more, the more frames it has: with this factor one limit serves all
    frame rates. NaN where the hips are never seen in five frames running.
    """
    hips = np.concatenate([recording.point(f"{side}_hip") for side in SIDES], axis=1)
    bends = np.abs(np.diff(hips, n=4, axis=0)).T
    seen = [bend[np.isfinite(bend)] for bend in bends]
    typical = [float(np.median(bend)) for bend in seen if bend.size]
    return float(np.mean(typical)) / leg_length * recording.fps if typical else float("nan")


def _is_blazepose(recording: Recording) -> bool:
    """Say whether the points are BlazePose's: with heels and toes, but one toe a foot."""
    layout = {name for name in LAYOUTS["blazepose-33"] if name}
    points = set(recording.keypoints)
    return points <= layout and points >= layout - {"left_eye", "right_eye"}


def _may_be(known: str, name: str) -> bool:
    """Say whether an estimator of which there is a fingerprint goes by a name."""
    frames = known.endswith("-frames")
    if name == UNKNOWN:
        return True
    if name in (SMOOTHED, FRAMES):
        return known.startswith(BLAZEPOSE) and frames == (name == FRAMES)
    return known == name or (name in (BLAZEPOSE, MOVENET) and known.startswith(f"{name}-"))
