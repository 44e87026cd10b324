"""The gait network over the last seconds, and the contacts that it has just come to know."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import (
    EXTRAS,
    INPUT_POINTS,
    OUTPUTS,
    PATCH,
    RATE,
    Key,
    Placing,
    encode,
    placing,
)
from stridewise.gait.learned import (
    REACH,
    WINDOW,
    Network,
    Reading,
    events,
    interpret,
    legs_seen,
)
from stridewise.gait.motion import KINDS, Event, EventKind, instants
from stridewise.live.grid import Grid
from stridewise.live.ring import Ring
from stridewise.repair.resample import nearest_index
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

#: Rows between two readings of the network at most, where frames come as often.
STRIDE = 3
#: Rows between two readings of the whole window; in between only what is new is read.
_WHOLE_EVERY = 48
#: How far ahead of a contact the frames must reach before it is said, in seconds.
LISTEN_S = 0.05
#: Where contacts are looked for: the longest stance and flight fit in, in seconds.
_TAIL_S = 0.5
#: How far the network looks ahead of what is said once and for all, in rows: 0.1 s.
_LOOK_AHEAD = 6
#: One foot cannot land twice within this time: half of the shortest stride.
_SAME_S = 0.2
#: Contacts kept: 20 s of a sprinter.
_KEPT = 160
#: Contacts of one kind and foot from which on a lasting difference can be told.
_TO_CALIBRATE = 3
_TOLD: tuple[Key, ...] = tuple(
    (name, side) for name in ("initial_contact", "toe_off", "vertical_force") for side in SIDES
)


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
        here = [i for i, name in enumerate(INPUT_POINTS) if name in keypoints]
        self._lacking = [i for i in range(len(INPUT_POINTS)) if i not in here]
        self._here = here if self._lacking else slice(None)
        self._there = [list(keypoints).index(INPUT_POINTS[i]) for i in here]
        numbers = 2 * len(OUTPUTS) + len(EXTRAS)
        # What the network said about each row of the grid, and whether it saw a mirrored picture.
        self._said = Ring(round(seconds * RATE), (numbers + 1,))
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._shift: dict[tuple[EventKind, Side], float] = {}
        self._last: dict[tuple[str, str], float] = {}
        # How the picture is placed and what the network keeps of the window, from the last reading
        # of the whole; None before it.
        self._known: tuple[Placing, Array] | None = None
        self._since_whole = 0
        #: Whether both hips and a knee or ankle were seen in most of the last half second.
        self.legs_seen = False

    def read(self, new_rows: int) -> tuple[Reading, list[Event]] | None:
        """Let the network read what is new in the grid; None where it can say nothing.

        Parameters
        ----------
        new_rows : int
            Rows since the last time.

        Returns
        -------
        reading : Reading
            The last half second: contact, contact times and vertical force.
        new : list of Event
            Contacts that were not known before.
        """
        time, xy = self._grid.last(WINDOW)
        points = self.points(xy)
        tail = slice(-round(_TAIL_S * RATE), None)
        seen = legs_seen(points[tail])
        self.legs_seen = bool(np.mean(seen["left"] | seen["right"]) > 0.5)
        if len(time) < WINDOW or not any(s.any() for s in seen.values()):
            self._blank(new_rows)
            return None
        self._say(points[None], new_rows)
        said = self._said.last(len(seen["left"]))
        reading = interpret(self.network, time[tail], said[:, :-1], said[:, -1] > 0.5, seen, _TOLD)
        return reading, self._new(reading)

    def events(self, since_s: float) -> list[Event]:
        """Return the contacts from an instant on, as said."""
        return [self._shifted(event) for event in self.own_events(since_s)]

    def own_events(self, since_s: float) -> list[Event]:
        """Return the contacts from an instant on, as the network alone times them."""
        newest = takewhile(lambda event: event.time_s >= since_s, reversed(self._events))
        return list(newest)[::-1]

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
        points = np.empty((len(xy), len(INPUT_POINTS), 2))
        if self._lacking:
            points[:, self._lacking] = np.nan
        points[:, self._here] = xy.take(self._there, axis=1)
        np.negative(points[..., 1], out=points[..., 1])
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
        self._known = None

    def _blank(self, rows: int) -> None:
        self._said.extend(np.full((rows, 2 * len(OUTPUTS) + len(EXTRAS) + 1), np.nan))
        self._known = None

    def _say(self, points: Array, new_rows: int) -> None:
        """Let the network say what is new, and anew what has got more to look ahead at."""
        self._since_whole += new_rows
        fresh = _LOOK_AHEAD + new_rows
        if self._known is None or fresh > WINDOW - REACH:
            place, said = self._read_whole(points)
            fresh = WINDOW
        else:
            place, means = self._known
            newest = REACH + PATCH * -(-fresh // PATCH)
            features = encode(points, self._grid.interval_s, place, newest)[0]
            said = self.network.says_of_newest(features, means)
        self._said.drop(fresh - new_rows)
        rows = np.empty((fresh, said.shape[1] + 1))
        rows[:, :-1] = said[-fresh:]
        rows[:, -1] = place.mirrored[0]
        self._said.extend(rows)

    @property
    def stale(self) -> bool:
        """Whether the whole window should be read again."""
        return self._known is not None and self._since_whole >= _WHOLE_EVERY

    def refresh(self) -> None:
        """Read the whole window again: how the picture is placed, and what the network keeps."""
        _, xy = self._grid.last(WINDOW)
        self._read_whole(self.points(xy)[None])

    def _read_whole(self, points: Array) -> tuple[Placing, Array]:
        place = placing(points)
        said, means = self.network.says(encode(points, self._grid.interval_s, place)[0])
        self._known, self._since_whole = (place, means), 0
        return place, said

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
