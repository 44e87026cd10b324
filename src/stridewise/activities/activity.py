"""What an activity is: everything the rest of the code needs to know about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Literal, Protocol

from stridewise.gait.motion import EventKind

#: Instants of a typical step that the report draws.
Phase = Literal["initial_contact", "mid_stance", "toe_off"]


@dataclass(frozen=True)
class Limits:
    """What is plausible in an activity.

    Parameters
    ----------
    stride_time_s, cadence_spm : (float, float)
        Lowest and highest: seconds from contact to contact of one foot, steps of both feet per
        minute.
    usual_cadence_spm : float
        In the middle of what people show; slow motion is recognised by it.
    duty_factor_below : float
        Share of the stride that one foot is on the ground stays below this.
    flight : bool
        Whether both feet leave the ground.
    """

    stride_time_s: tuple[float, float]
    cadence_spm: tuple[float, float]
    usual_cadence_spm: float
    duty_factor_below: float
    flight: bool


class Decline(Protocol):
    """Says why a recording does not show the activity."""

    def __call__(
        self,
        *,
        alternating_contacts: int,
        cadence_spm: float | None,
        duty_factor: float | None,
        pelvis_movement: float | None = None,
        time_scale: float = 1.0,
    ) -> str | None:
        """Return the reason in plain words, or None when the recording can be analysed.

        Parameters
        ----------
        alternating_contacts : int
            Contacts found that follow one of the other foot.
        cadence_spm : float or None
            Steps per minute of both feet, with `time_scale` applied.
        duty_factor : float or None
            Mean share of the stride that a foot is on the ground.
        pelvis_movement : float, optional
            Rise and fall of the hips in each step, in leg lengths.
        time_scale : float
            What the user said about slow motion.
        """
        ...


@dataclass(frozen=True)
class Activity:
    """One activity.

    Parameters
    ----------
    name, title : str
        What the user types, and what the report says.
    events : tuple of {"initial_contact", "toe_off"}
        Instants to find; a cycle goes from the first to the next of the same side.
    key_frames : tuple of {"initial_contact", "mid_stance", "toe_off"}
        Instants to draw.
    metrics : tuple of str
        Ids of the metrics that make sense.
    norms, areas, wording : package resource or Path
        Data files: what comparable people show, improvement areas, and their words.
    limits : Limits
        What is plausible.
    decline_reason : callable
        Why a recording does not show it.
    cadence_doubt : callable
        What is odd about a cadence at a stated time scale, or None.
    """

    name: str
    title: str
    events: tuple[EventKind, ...]
    key_frames: tuple[Phase, ...]
    metrics: tuple[str, ...]
    norms: Traversable
    areas: Traversable
    wording: Traversable
    limits: Limits
    decline_reason: Decline
    cadence_doubt: Callable[[float, float], str | None]
