"""The gait network over the last seconds, and the contacts that it has just come to know."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import EXTRAS, INPUT_POINTS, OUTPUTS, RATE, Key
from stridewise.gait.learned import (
    LOOK_AHEAD_S,
    WINDOW,
    Network,
    Reading,
    events,
    interpret,
    legs_seen,
    say,
)
from stridewise.gait.motion import KINDS, Event, EventKind, instants
from stridewise.live.grid import Grid
from stridewise.live.ring import Ring
from stridewise.repair.resample import nearest_index
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

#: Rows between two readings of the network: two frames at 60 per second.
STRIDE = 2
#: How far ahead of a contact the frames must reach before it is said, in seconds.
LISTEN_S = 0.05
#: Where contacts are looked for: the longest stance and flight fit in, in seconds.
_TAIL_S = 0.5
#: One foot cannot land twice within this time: half of the shortest stride.
_SAME_S = 0.2
#: Contacts kept: 20 s of a sprinter.
_KEPT = 160
#: Contacts of one kind and foot from which on a lasting difference can be told.
_TO_CALIBRATE = 3
_TOLD: tuple[Key, ...] = tuple(
    (name, side) for name in ("initial_contact", "toe_off", "vertical_force") for side in SIDES
)

#: The end of a window, what the network said about it, whether it was mirrored, and legs seen.
_Heard = tuple[Array, Array, NDArray[np.bool_], dict[Side, NDArray[np.bool_]]]


class LiveReader:
    """Runs the network over the newest window of a grid.

    Parameters
    ----------
    network : Network
    grid : Grid
    keypoints : sequence of str
        Names of the grid's points.
    seconds : float
        How long what was said is kept.
    """

    def __init__(
        self, network: Network, grid: Grid, keypoints: Sequence[str], seconds: float
    ) -> None:
        self.network = network
        self._grid = grid
        self._here = [i for i, name in enumerate(INPUT_POINTS) if name in keypoints]
        self._there = [list(keypoints).index(INPUT_POINTS[i]) for i in self._here]
        numbers = 2 * len(OUTPUTS) + len(EXTRAS)
        # What the network said about each row of the grid, and whether it saw a mirrored picture.
        self._said = Ring(round(seconds * RATE), (numbers + 1,))
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._shift: dict[tuple[EventKind, Side], float] = {}
        self._last: dict[tuple[str, str], float] = {}
        self._was_blank = True
        self._heard: _Heard | None = None
        #: Whether both hips and a knee or ankle were seen in most of the last half second.
        self.legs_seen = False

    def run(self, new_rows: int) -> None:
        """Run the network over the newest window, once it is full.

        Parameters
        ----------
        new_rows : int
            Rows since the last run.
        """
        self._heard = None
        time, xy = self._grid.last(WINDOW)
        points = self.points(xy)
        seen = legs_seen(points)
        tail = slice(-round(_TAIL_S * RATE), None)
        self.legs_seen = bool(np.mean((seen["left"] | seen["right"])[tail]) > 0.5)
        if len(time) < WINDOW or not any(s.any() for s in seen.values()):
            self._blank(new_rows)
            return
        said, mirrored = say(self.network, points, self._grid.interval_s)
        self._keep(said, mirrored, new_rows)
        flags = np.full(len(said[tail]), mirrored)
        told = {side: s[tail] for side, s in seen.items()}
        self._heard = (time[tail].copy(), said[tail], flags, told)

    def listen(self) -> tuple[Reading, list[Event]] | None:
        """Understand what the last run said; None where it said nothing.

        Returns
        -------
        reading : Reading
            The last half second: contact, contact times and vertical force.
        new : list of Event
            Contacts that were not known before.
        """
        if self._heard is None:
            return None
        reading = interpret(self.network, *self._heard, _TOLD)
        return reading, self._new(reading)

    @property
    def events(self) -> list[Event]:
        """Contacts of the last seconds, as said."""
        return [self._shifted(event) for event in self._events]

    @property
    def own_events(self) -> list[Event]:
        """Contacts of the last seconds as the network alone times them."""
        return list(self._events)

    def calibrate(self, timed: Sequence[Event]) -> None:
        """Learn by how much the contacts of this runner are read early or late.

        Parameters
        ----------
        timed : sequence of Event
            Contacts of the last seconds, timed as they are offline: too slow for each step, but
            most of the difference is the same in every step. None leave everything as it is.
        """
        for kind in KINDS:
            for side in SIDES:
                own, better = (instants(found, kind, side) for found in (self._events, timed))
                if not len(own) or len(better) < _TO_CALIBRATE:
                    continue
                late = better - own[nearest_index(own, better)]
                self._shift[kind, side] = float(np.median(late))

    def _shifted(self, event: Event) -> Event:
        shift = self._shift.get((event.kind, event.side), 0.0)
        return replace(event, time_s=event.time_s + shift)

    def points(self, xy: Array) -> Array:
        """Return the network's points of rows of the grid, y up."""
        points = np.full((len(xy), len(INPUT_POINTS), 2), np.nan)
        points[:, self._here] = xy[:, self._there] * [1.0, -1.0]
        return points

    def whole(self, time: Array, xy: Array) -> Reading:
        """Return all that was said about the last rows of the grid, for as long as it is kept."""
        said = self._said.last(len(time))
        time, xy = time[len(time) - len(said) :], xy[len(xy) - len(said) :]
        seen = legs_seen(self.points(xy))
        return interpret(self.network, time, said[:, :-1], said[:, -1] > 0.5, seen)

    def clear(self) -> None:
        """Forget everything."""
        self._said.clear()
        self._events.clear()
        self._last.clear()
        self._was_blank = True
        self._heard = None

    def _blank(self, rows: int) -> None:
        self._said.extend(np.full((rows, 2 * len(OUTPUTS) + len(EXTRAS) + 1), np.nan))
        self._was_blank = True

    def _keep(self, said: Array, mirrored: bool, new_rows: int) -> None:
        """Write what is new, and anew what has got more to look ahead at."""
        open_rows = WINDOW if self._was_blank else round(LOOK_AHEAD_S * RATE)
        self._was_blank = False
        count = min(open_rows + new_rows, WINDOW)
        self._said.drop(count - new_rows)
        rows = np.empty((count, said.shape[1] + 1))
        rows[:, :-1] = said[-count:]
        rows[:, -1] = mirrored
        self._said.extend(rows)

    def _new(self, reading: Reading) -> list[Event]:
        sure = float(reading.time[-1]) - LISTEN_S
        new = []
        for event in events(reading, LISTEN_S):
            last = self._last.get((event.kind, event.side), -np.inf)
            if last + _SAME_S < event.time_s <= sure:
                self._last[event.kind, event.side] = event.time_s
                new.append(event)
        self._events.extend(new)
        return [self._shifted(event) for event in new]
