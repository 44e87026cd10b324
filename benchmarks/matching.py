"""Which found contact is which true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stridewise.gait.motion import Event

Pair = tuple[Event, Event]


@dataclass(frozen=True)
class Matching:
    """What became of true events, and what was found beside them.

    Parameters
    ----------
    right : tuple of (Event, Event)
        True events and what was found of them.
    other : tuple of (Event, Event)
        The same, where it was found on the other foot.
    lost : tuple of Event
        True ones of which nothing was found.
    invented : tuple of Event
        Found ones of which nothing is true.
    """

    right: tuple[Pair, ...]
    other: tuple[Pair, ...]
    lost: tuple[Event, ...]
    invented: tuple[Event, ...]


def match(
    true: Sequence[Event],
    found: Sequence[Event],
    within_s: float,
    start_s: float = -np.inf,
    end_s: float = np.inf,
) -> Matching:
    """Match events one to one by kind and time, the nearest first, the right foot before the other.

    Parameters
    ----------
    true, found : sequence of Event
    within_s : float
        How far a found event may lie from its true one.
    start_s, end_s : float
        Only what happened in between is told; what lies outside may be a partner.
    """
    right = _pairs(true, found, within_s, same_foot=True)
    true, found = _without(true, found, right)
    other = _pairs(true, found, within_s, same_foot=False)
    true, found = _without(true, found, other)

    def inside(event: Event) -> bool:
        return start_s < event.time_s < end_s

    return Matching(
        tuple(pair for pair in right if inside(pair[0])),
        tuple(pair for pair in other if inside(pair[0])),
        tuple(event for event in true if inside(event)),
        tuple(event for event in found if inside(event)),
    )


def _pairs(
    true: Sequence[Event], found: Sequence[Event], within_s: float, *, same_foot: bool
) -> list[Pair]:
    """Pair events off, those that are closest to one another first."""
    near = [
        (abs(a.time_s - b.time_s), i, j)
        for i, a in enumerate(true)
        for j, b in enumerate(found)
        if a.kind == b.kind
        and (a.side == b.side) == same_foot
        and abs(a.time_s - b.time_s) <= within_s
    ]
    chosen: dict[int, int] = {}
    for _, i, j in sorted(near):
        if i not in chosen and j not in chosen.values():
            chosen[i] = j
    return [(true[i], found[j]) for i, j in sorted(chosen.items())]


def _without(
    true: Sequence[Event], found: Sequence[Event], pairs: Sequence[Pair]
) -> tuple[list[Event], list[Event]]:
    """Leave out the events that have a partner."""
    taken = {id(event) for pair in pairs for event in pair}
    left, rest = ([e for e in events if id(e) not in taken] for events in (true, found))
    return left, rest
