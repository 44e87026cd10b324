"""Several people in one picture: told apart over the frames, and the runner among them found."""

from __future__ import annotations

from stridewise.people.detections import Detections
from stridewise.people.runner import choose
from stridewise.people.separate import separate

__all__ = ["Detections", "choose", "separate"]
