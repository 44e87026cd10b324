"""What a gait model says about a recording: events and signals, each with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.skeletons import Side
from stridewise.view import View

Array = NDArray[np.float64]
EventKind = Literal["initial_contact", "toe_off"]
KINDS: tuple[EventKind, EventKind] = ("initial_contact", "toe_off")


@dataclass(frozen=True)
class Event:
    """One instant of foot contact.

    Parameters
    ----------
    kind : {"initial_contact", "toe_off"}
        Vertical ground force crossing 50 N upwards or downwards.
    side : {"left", "right"}
        Whose foot.
    time_s : float
        Seconds on the recording's clock, finer than a frame.
    sd_s : float
        Standard deviation of `time_s`, in seconds.
    """

    kind: EventKind
    side: Side
    time_s: float
    sd_s: float


def instants(events: Iterable[Event], kind: str, side: Side) -> Array:
    """Return the times of one kind of event of one foot, in the order given, in seconds."""
    return np.array([e.time_s for e in events if (e.kind, e.side) == (kind, side)])


@dataclass(frozen=True)
class Signal:
    """One quantity over time.

    Parameters
    ----------
    value : ndarray, shape (frames,)
        NaN where it cannot be had.
    sd : float
        Standard deviation of the random error of one frame, in the unit of `value`.
    bias_sd : float
        Standard deviation of the error that does not average out (view, lasting offsets of points).
    points_sd : float
        The part of `bias_sd` that lasting offsets of points make: whatever else is read from the
        same points shares it.
    """

    value: Array
    sd: float
    bias_sd: float = 0.0
    points_sd: float = 0.0

    @property
    def own_sd(self) -> float:
        """The lasting error without that of the points."""
        return math.sqrt(max(self.bias_sd**2 - self.points_sd**2, 0.0))


@dataclass(frozen=True)
class Motion:
    """Everything that metrics are made from.

    Signals are keyed by `(name, side)`; side is None for the midline. Angles are in degrees with
    the signs of `stridewise.gait.angles`; positions are in leg lengths.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Seconds.
    events : tuple of Event
        In order of time.
    signals : mapping of (str, side or None) to Signal
        What the view and the points allow.
    absent : mapping of str to str
        Signals that are not there, by name, with the reason in plain words.
    model : str
        Identifier of the model that made it.
    doubt : str
        Why the model that should have read this is not, or not wholly, to be trusted, in plain
        words; else empty.
    yaw_deg : float, optional
        Camera direction that the model found by itself (see `stridewise.view`).
    """

    time: Array
    events: tuple[Event, ...]
    signals: Mapping[tuple[str, Side | None], Signal]
    absent: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    doubt: str = ""
    yaw_deg: float | None = None


class GaitModel(Protocol):
    """The one interface behind which events and angles are found.

    The geometric model implements it; a learned model does the same.
    """

    name: str

    def read(self, recording: Recording, view: View) -> Motion:
        """Turn a cleaned recording and its view into motion."""
        ...
