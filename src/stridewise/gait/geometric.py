"""The geometric gait model: contacts from moving points, angles from their positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.body import Body
from stridewise.gait.contacts import ContactPoints, Stance, find_stances
from stridewise.gait.frontal import add_frontal
from stridewise.gait.fusion import ContactTable, fuse, load_tables, nearest, plane_of
from stridewise.gait.motion import KINDS, Event, Motion
from stridewise.gait.sagittal import add_sagittal
from stridewise.gait.signals import Collector, Signals, add_pelvis
from stridewise.placement import USUAL, Offsets
from stridewise.recording import Recording
from stridewise.skeletons import SIDES, Side
from stridewise.view import View

Array = NDArray[np.float64]

#: Shorter stances are no stances.
_MIN_CONTACT_S = 0.05


class GeometricModel:
    """Events by fused rules and planar angles; the fallback and the check of every other model.

    Parameters
    ----------
    tables : sequence of ContactTable, optional
        Lags and errors of the contact rules; those that ship with the package by default.
    offsets : Offsets
        How far points lie beside their joints throughout.
    """

    name = "geometric/1"

    def __init__(
        self, tables: Sequence[ContactTable] | None = None, offsets: Offsets = USUAL
    ) -> None:
        self._tables = tables
        self.offsets = offsets

    def read(self, recording: Recording, view: View) -> Motion:
        """Turn a cleaned recording (even time base) and its view into motion."""
        body = Body(recording, view, offsets=self.offsets)
        out = Collector()
        add_pelvis(body, out)
        add_sagittal(body, out)
        add_frontal(body, out)
        events = self.contacts(body)
        zero_feet(out.signals, events, recording.time)
        return Motion(recording.time, events, out.signals, out.absent, self.name)

    def contacts(self, body: Body) -> tuple[Event, ...]:
        """Find the foot contacts of a body."""
        tables = load_tables() if self._tables is None else self._tables
        table = nearest(tables, plane_of(body.view), body.fps)
        stances = find_stances(ContactPoints.of(body))
        return _events(stances, table, body.noise, body.recording.time)


def _events(
    stances: Sequence[Stance], table: ContactTable, noise: float, time: Array
) -> tuple[Event, ...]:
    """Fuse each stance's candidates; leave out what makes no sense or lies outside."""
    events: list[Event] = []
    for stance in stances:
        fused = [(kind, *fuse(stance, kind, table, noise)) for kind in KINDS]
        (_, contact, _), (_, off, _) = fused
        if off - contact < _MIN_CONTACT_S:
            continue
        events += [
            Event(kind, stance.side, instant, sd)
            for kind, instant, sd in fused
            if time[0] <= instant <= time[-1]
        ]
    return tuple(sorted(events, key=lambda event: event.time_s))


def zero_feet(signals: Signals, events: Sequence[Event], time: Array) -> None:
    """Take the pitch of each flat foot in mid-stance as its zero, in place.

    Heel and toe points lie at different heights of the shoe; a flat foot is the common zero
    (catalogue, A0). Flat is where the foot turns slowest: 20 to 50 % of stance.
    """
    for side in SIDES:
        if ("foot", side) not in signals:
            continue
        zero = _flat_pitch(signals["foot", side].value, events, time, side)
        for name in ("foot", "ankle_dorsiflexion"):
            old = signals.get((name, side))
            if old is not None:
                signals[name, side] = replace(old, value=old.value - zero)


def _flat_pitch(pitch: Array, events: Sequence[Event], time: Array, side: Side) -> float:
    """Median over stances of the pitch between 20 and 50 % of stance; 0 without stances."""
    flat = []
    for contact, off in pairwise(event for event in events if event.side == side):
        stance = off.time_s - contact.time_s
        if (contact.kind, off.kind) != KINDS or stance > 0.6:
            continue
        i, j = np.searchsorted(time, contact.time_s + stance * np.array([0.2, 0.5]))
        window = pitch[i : j + 1]
        if np.isfinite(window).any():
            flat.append(float(np.nanmedian(window)))
    return float(np.median(flat)) if flat else 0.0
