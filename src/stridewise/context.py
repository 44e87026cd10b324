"""What the user knows about a recording that the points do not say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from stridewise.errors import InputError

ViewName = Literal["left", "right", "front", "back"]
Surface = Literal["treadmill", "overground"]

#: Names of the repair steps, in the order taken (`stridewise.repair.clean.STEPS`).
REPAIRS = (
    "low_confidence",
    "repeated_frames",
    "ends",
    "swaps",
    "outliers",
    "time_base",
    "gaps",
    "size",
    "roll",
)

#: What people can be and do, with the unit asked for.
_POSSIBLE = {
    "height_m": (0.8, 2.6, "metres"),
    "mass_kg": (10.0, 350.0, "kilograms"),
    "speed_mps": (0.5, 13.0, "metres per second"),
}


@dataclass(frozen=True)
class Context:
    """Facts stated by the user; everything is optional.

    Parameters
    ----------
    view : {"auto", "left", "right", "front", "back"}
        Which side of the runner the camera sees.
    surface : {"auto", "treadmill", "overground"}
        Treadmill and overground running have different norms.
    speed_mps : float, optional
        Running speed; estimated when absent.
    height_m, mass_kg : float, optional
        Of the runner; without height, lengths are in leg lengths.
    time_scale : float
        How many times slower than life the recording plays (8 for 240 fps shown at 30).
    activity : str
        Name of a registered activity.
    estimator : str, optional
        Pose estimator that wrote the points (`stridewise.estimator.choices`); told from the file
        and its points when absent.
    repairs_off : tuple of str
        Repair steps to leave out, by name (see `REPAIRS`).

    Raises
    ------
    InputError
        When a fact cannot be; most of those are in another unit.
    """

    view: Literal["auto", "left", "right", "front", "back"] = "auto"
    surface: Literal["auto", "treadmill", "overground"] = "auto"
    speed_mps: float | None = None
    height_m: float | None = None
    mass_kg: float | None = None
    time_scale: float = 1.0
    activity: str = "running"
    estimator: str | None = None
    repairs_off: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, known in (("view", get_args(ViewName)), ("surface", get_args(Surface))):
            if getattr(self, name) not in ("auto", *known):
                raise InputError(
                    f"The {name} is not known",
                    expected=f"auto, {', '.join(known)}",
                    received=getattr(self, name),
                )
        if self.estimator is not None:
            from stridewise.estimator import check

            check(self.estimator)
        unknown = [step for step in self.repairs_off if step not in REPAIRS]
        if unknown:
            raise InputError(
                "The repair step is not known",
                expected=", ".join(REPAIRS),
                received=", ".join(unknown),
            )
        if not (math.isfinite(self.time_scale) and self.time_scale > 0):
            raise InputError(
                "The time scale is not usable",
                expected="a positive number, such as 8 for 240 frames/s shown at 30",
                received=self.time_scale,
            )
        for name, (low, high, unit) in _POSSIBLE.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InputError(
                    f"The {name.partition('_')[0]} is not possible",
                    expected=f"{low:g} to {high:g} {unit}",
                    received=value,
                )
