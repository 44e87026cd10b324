"""What the user knows about a recording that the points do not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ViewName = Literal["left", "right", "front", "back"]
Surface = Literal["treadmill", "overground"]


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
    """

    view: Literal["auto", "left", "right", "front", "back"] = "auto"
    surface: Literal["auto", "treadmill", "overground"] = "auto"
    speed_mps: float | None = None
    height_m: float | None = None
    mass_kg: float | None = None
    time_scale: float = 1.0
    activity: str = "running"
