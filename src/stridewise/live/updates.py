"""What a live analysis says: each update is one small message, ready for the wire.

`msgspec.json.encode` gives the JSON form with the name of the message under `type`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stridewise.estimate import MetricSide
from stridewise.gait.motion import EventKind
from stridewise.skeletons import Side

Phase = Literal["waiting", "warm_up", "running", "suspended"]
CueKind = Literal["correct", "praise", "target"]


class Contact(msgspec.Struct, frozen=True, tag="event"):
    """A foot has met or left the ground.

    Parameters
    ----------
    kind : {"initial_contact", "toe_off"}
    side : {"left", "right"}
    time_s : float
        When it happened, seconds on the clock of the frames.
    sd_s : float
        Standard deviation of `time_s`.
    known_s : float
        Time of the frame with which it became known.
    """

    kind: EventKind
    side: Side
    time_s: float
    sd_s: float
    known_s: float


class StepDone(msgspec.Struct, frozen=True, tag="step"):
    """A step is over: the other foot has landed.

    Parameters
    ----------
    side : {"left", "right"}
        The foot that had landed at `time_s`.
    time_s : float
        Its initial contact.
    values : dict of str to float
        Metric id to value in seconds; only what is known.
    """

    side: Side
    time_s: float
    values: dict[str, float]


class StrideDone(msgspec.Struct, frozen=True, tag="stride"):
    """A stride is over: the same foot has landed again.

    Parameters
    ----------
    side : {"left", "right"}
    time_s : float
        Initial contact with which the stride began.
    values : dict of str to float
        Metric id to value in the unit of the catalogue; `cadence` is that of this stride.
    """

    side: Side
    time_s: float
    values: dict[str, float]


class Value(msgspec.Struct, frozen=True):
    """One metric, smoothed for showing.

    Parameters
    ----------
    id, side, unit : str
        As in the catalogue.
    value : float
        Median of the last strides.
    n : int
        Strides behind it.
    sd : float or None
        Standard uncertainty; None until a whole round was evaluated.
    low, high : float or None
        Where most runners of this speed lie (norm mean -+ 2 sd).
    """

    id: str
    side: MetricSide
    value: float
    unit: str
    n: int
    sd: float | None = None
    low: float | None = None
    high: float | None = None


class Values(msgspec.Struct, frozen=True, tag="values"):
    """Smoothed values that have changed.

    Parameters
    ----------
    time_s : float
        Of the newest frame behind them.
    values : tuple of Value
    """

    time_s: float
    values: tuple[Value, ...]


class Trace(msgspec.Struct, frozen=True, tag="trace"):
    """Contact and ground force since the last trace; the newest points are provisional.

    Parameters
    ----------
    time_s : list of float
        Seconds, one for each point.
    contact_left, contact_right : list of float or None
        Probability that the foot is on the ground; None where the leg is not seen.
    force_left, force_right : list of float or None
        Vertical ground force in body weights.
    """

    time_s: list[float]
    contact_left: list[float | None]
    contact_right: list[float | None]
    force_left: list[float | None]
    force_right: list[float | None]


class State(msgspec.Struct, frozen=True, tag="state"):
    """The phase of the training has changed.

    Parameters
    ----------
    time_s : float
    phase : {"waiting", "warm_up", "running", "suspended"}
    reason : str
        Why, in plain words.
    """

    time_s: float
    phase: Phase
    reason: str


class Cue(msgspec.Struct, frozen=True, tag="cue"):
    """One thing to say to the runner.

    Parameters
    ----------
    time_s : float
    kind : {"correct", "praise", "target"}
    area : str
        Area of running form, or "cadence" in target mode.
    text : str
        What to say.
    why : str
        What it rests on, for reading.
    """

    time_s: float
    kind: CueKind
    area: str
    text: str
    why: str = ""


class Target(msgspec.Struct, frozen=True, tag="target"):
    """Where the runner is against the cadence aimed at.

    Parameters
    ----------
    time_s : float
    baseline, cadence, goal, low, high : float
        Steps per minute: own cadence, that of the last strides, the one aimed at, its band.
    in_band : bool
        Whether the last strides lie within the band: sound the tone.
    metronome : bool
        Whether the metronome should sound now.
    """

    time_s: float
    baseline: float
    cadence: float
    goal: float
    low: float
    high: float
    in_band: bool
    metronome: bool


class Notice(msgspec.Struct, frozen=True, tag="notice"):
    """Something about the capture or the stream.

    Parameters
    ----------
    time_s : float
    kind : {"capture", "stream"}
        Advice on camera and light, or a fault of the stream.
    text : str
        In plain words.
    """

    time_s: float
    kind: Literal["capture", "stream"]
    text: str


Update = Contact | StepDone | StrideDone | Values | Trace | State | Cue | Target | Notice
