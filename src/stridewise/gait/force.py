"""Put the network's ground force right, once the contacts are timed over all strides.

The network sees one stride at a time and rounds what is short: the rise after contact, the peak of
braking. By how much depends on the view and the frame rate, and on the runner: one whose contacts
it reads late has a force of another shape than it says. What it leaves out on runners whom it never
saw, over the course of a stance, was regressed on what is known of a recording
(`training.gait_net.force`) and is added to every stance.

Whoever runs without rising or sinking for good is carried by the ground: over whole strides the
vertical force of both feet is one body weight, no more and no less. What it comes to instead is
shared out in proportion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.learned import Reading
from stridewise.gait.motion import KINDS, Event, instants
from stridewise.repair.resample import nearest_index
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]
Force = Literal["vertical_force", "fore_aft_force"]

FORCES: tuple[Force, Force] = ("vertical_force", "fore_aft_force")
#: Course of a stance, 0 at contact and 1 at toe-off.
COURSE = np.linspace(-0.1, 1.1, 31)
#: Longest stance, seconds; fewer stances than this say too little.
_LONGEST_S, _FEWEST = 0.5, 3
#: Where a stride lasts longer, a contact was missed.
_LONGEST_STRIDE_S = 1.2
#: What is further from one body weight is not for want of scale.
_MOST = 0.15
#: An event of the network and one that was timed better belong together within this time.
_SAME_S = 0.1


@dataclass(frozen=True)
class Correction:
    """What is added to a force over the course of a stance: linear in what is known.

    Parameters
    ----------
    base : ndarray, shape (len(COURSE),)
        Body weights.
    slopes : ndarray, shape (knowns, len(COURSE))
        Body weights per unit of each known.
    usual : ndarray, shape (knowns,)
        At which `base` holds.
    least, most : ndarray, shape (knowns,)
        Range of the knowns that were learnt from; beyond, nothing more is added.
    """

    base: Array
    slopes: Array
    usual: Array
    least: Array
    most: Array

    def at(self, known: Array) -> Array:
        """Return what is to be added, shape (len(COURSE),)."""
        added: Array = (
            self.base + (np.clip(known, self.least, self.most) - self.usual) @ self.slopes
        )
        return added


def from_json(entry: Mapping[str, Any]) -> dict[Force, Correction]:
    """Make corrections from a network's calibration."""
    return {
        force: Correction(**{name: np.array(value) for name, value in entry[force].items()})
        for force in FORCES
        if force in entry
    }


def corrected(
    reading: Reading,
    own: Sequence[Event],
    events: Sequence[Event],
    interval_s: float,
    corrections: Mapping[Force, Correction],
) -> Reading:
    """Add to the force what the network leaves out.

    Parameters
    ----------
    reading : Reading
    own : sequence of Event
        Events as the network times them.
    events : sequence of Event
        The same, timed better.
    interval_s : float
        Time between the frames of the source.
    corrections : mapping of force to Correction

    Returns
    -------
    Reading
        Stances of which both ends are seen are corrected, the others stay; then the vertical force
        is brought to one body weight.
    """
    value = dict(reading.value)
    for side in SIDES:
        start, stop = stances(events, side)
        if len(start) < _FEWEST:
            continue
        known = knowns(reading, own, events, side, interval_s)
        ahead = start + COURSE[0] * (stop - start)
        at = np.searchsorted(ahead, reading.time, side="right") - 1
        share = (reading.time - start[at]) / (stop - start)[at]
        inside = (at >= 0) & (share <= COURSE[-1])
        for force, correction in corrections.items():
            added = np.interp(share[inside], COURSE, correction.at(known))
            value[force, side] = value[force, side].copy()
            value[force, side][inside] += added
    carried = weight(replace(reading, value=value), events)
    for side in SIDES:
        value["vertical_force", side] = value["vertical_force", side] / carried
    return replace(reading, value=value)


def weight(reading: Reading, events: Sequence[Event]) -> float:
    """Return the mean vertical force of both feet over a whole stride, in body weights.

    Median over strides; 1 with too few of them to say, or where it is nowhere near.
    """
    both = np.sum([reading.value["vertical_force", side] for side in SIDES], axis=0)
    known = np.isfinite(both)
    if not known.any():
        return 1.0
    time, both = reading.time[known], both[known]
    impulse = np.append(0.0, np.cumsum((both[1:] + both[:-1]) / 2 * np.diff(time)))
    means: list[float] = []
    for side in SIDES:
        contact = instants(events, "initial_contact", side)
        contact = contact[(contact >= time[0]) & (contact <= time[-1])]
        stride = np.diff(contact)
        mean = np.diff(np.interp(contact, time, impulse)) / stride
        means += mean[stride < _LONGEST_STRIDE_S].tolist()
    carried = float(np.median(means)) if len(means) >= _FEWEST else 1.0
    return carried if abs(carried - 1) < _MOST else 1.0


def stances(events: Sequence[Event], side: Side) -> tuple[Array, Array]:
    """Return contact and toe-off of each whole stance of a foot, shape (stances,)."""
    contact, off = (instants(events, kind, side) for kind in KINDS)
    if not len(contact) or not len(off):
        return np.empty(0), np.empty(0)
    next_off = np.append(off, np.inf)[np.searchsorted(off, contact, side="right")]
    whole = next_off - contact < _LONGEST_S
    return contact[whole], next_off[whole]


def knowns(
    reading: Reading,
    own: Sequence[Event],
    events: Sequence[Event],
    side: Side,
    interval_s: float,
) -> Array:
    """Return what the corrections depend on, shape (knowns,).

    By how much the network times contact and toe-off too early (in 5 ms), the stance (in 0.1 s) and
    as a share of the stride (in tenths), the view (0 from the side, 1 from front or back), and the
    frame rate (log2 of the interval over 1/60 s).
    """
    start, stop = stances(events, side)
    stance = float(np.median(stop - start))
    stride = float(np.median(np.diff(start)))
    return np.array(
        [
            *(_early(own, events, kind, side) / 0.005 for kind in KINDS),
            10 * stance,
            10 * stance / stride,
            abs(np.sin(np.radians(reading.yaw_deg))),
            np.log2(60 * interval_s),
        ]
    )


def _early(own: Sequence[Event], events: Sequence[Event], kind: str, side: Side) -> float:
    """Return by how much the network's own events come too early, in seconds; 0 if unknown."""
    mine, better = (instants(found, kind, side) for found in (own, events))
    if not len(mine) or not len(better):
        return 0.0
    late = better[nearest_index(better, mine)] - mine
    same = np.abs(late) < _SAME_S
    return float(np.median(late[same])) if same.any() else 0.0
