"""How the camera sees the runner: direction, angle, scale, vertical (contents to follow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stridewise.context import ViewName


@dataclass(frozen=True)
class View:
    """How the camera sees the runner.

    Parameters
    ----------
    name : {"left", "right", "front", "back"}
        The nearest of the four plain views.
    yaw_deg : float
        Camera direction around the runner: 0 right side, 90 front, 180 left side, -90 back.
    yaw_sd_deg : float
        Standard deviation of `yaw_deg`.
    facing : {"left", "right", "towards", "away"}
        Where the runner runs in the image.
    leg_length : float
        Leg length in the unit of the recording.
    """

    name: ViewName
    yaw_deg: float
    yaw_sd_deg: float
    facing: Literal["left", "right", "towards", "away"]
    leg_length: float
