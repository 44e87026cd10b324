"""Where people meet in the picture, who is who is told by how they came and how they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from stridewise.people.detections import Array, Detections, Index, weighted_mean
from stridewise.people.join import ends, join, looks

#: Bodies whose centres are nearer than this, in body sizes, may be taken for one another.
_NEAR = 0.35
#: People who stay nearer than the first figure for longer than the second (treadmills side by
#: side) are followed better from frame to frame: straight motion says nothing about them.
_TOGETHER = 0.6
_LONGEST_S = 1.5
#: A person who is lost is thought to go on for this long.
_GOES_ON_S = 0.5
#: Only people seen for this long meet, and at most so many of them.
_SEEN_S = 0.3
_MOST = 100
#: How far from the way between before and after a body may be, in body sizes.
_OFF = 0.4


@dataclass(frozen=True)
class _Way:
    """Where a person is in each frame from `first` on, seen or not."""

    first: int
    centre: Array
    size: float

    @property
    def end(self) -> int:
        return self.first + len(self.centre)


def untangle(bodies: Detections, people: Sequence[Index]) -> list[Index]:
    """Cut people apart where they meet, and join them again by their motion from both sides.

    Parameters
    ----------
    bodies : Detections
    people : sequence of ndarray
        Rows of each person, by time.

    Returns
    -------
    list of ndarray
        The same bodies, told apart better; a few from within a meeting may be left out.
    """
    span = np.array([np.ptp(bodies.seconds[rows]) for rows in people])
    seen = [i for i in np.argsort(-span, kind="stable")[:_MOST].tolist() if span[i] >= _SEEN_S]
    if len(seen) < 2:
        return list(people)
    ways = {i: _way(bodies, people[i]) for i in seen}
    meetings: dict[int, list[tuple[int, int]]] = {}
    for i, j in combinations(seen, 2):
        for meeting in _meetings(ways[i], ways[j], bodies.time):
            meetings.setdefault(i, []).append(meeting)
            meetings.setdefault(j, []).append(meeting)
    if not meetings:
        return list(people)

    untouched = [rows for i, rows in enumerate(people) if i not in meetings]
    pieces: list[Index] = []
    loose: list[Index] = []
    followed: list[tuple[int, int]] = []
    for i, times in meetings.items():
        within, parts = _cut(bodies.frame, people[i], times)
        loose.append(within)
        followed += [(k, k + 1) for k in range(len(pieces), len(pieces) + len(parts) - 1)]
        pieces += parts
    again = _keep(join(bodies, pieces, (_LONGEST_S,)), pieces, followed)
    return [*untouched, *_fill(bodies, again, np.sort(np.concatenate(loose)))]


def _way(bodies: Detections, rows: Index) -> _Way:
    """Interpolate a person's way, and let it go on a little to both sides."""
    head, tail = (ends(bodies, [rows], first=first) for first in (True, False))
    inside = (bodies.time >= head.time[0] - _GOES_ON_S) & (bodies.time <= tail.time[0] + _GOES_ON_S)
    frames = np.flatnonzero(inside)
    time = bodies.time[frames]
    centre = np.stack([np.interp(time, bodies.seconds[rows], c) for c in bodies.centre[rows].T])
    for end, outside in ((head, time < head.time[0]), (tail, time > tail.time[0])):
        since = time[outside] - end.time[0]
        centre[:, outside] = end.place[0][:, None] + end.velocity[0][:, None] * since
    return _Way(int(frames[0]), centre.T, float(np.median(bodies.size[rows])))


def _meetings(a: _Way, b: _Way, time: Array) -> list[tuple[int, int]]:
    """Return first and last frame of each short meeting."""
    first, end = max(a.first, b.first), min(a.end, b.end)
    if end <= first:
        return []
    apart = a.centre[first - a.first : end - a.first] - b.centre[first - b.first : end - b.first]
    apart_in_sizes = np.linalg.norm(apart, axis=1) * 2 / (a.size + b.size)
    return [
        (first + s + near[0], first + s + near[-1])
        for s, e in _runs(apart_in_sizes < _TOGETHER)
        if time[first + e - 1] - time[first + s] <= _LONGEST_S
        and (near := np.flatnonzero(apart_in_sizes[s:e] < _NEAR).tolist())
    ]


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where each run of True begins, and where it has ended."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _cut(
    frame: Index, rows: Index, meetings: Sequence[tuple[int, int]]
) -> tuple[Index, list[Index]]:
    """Return a person's rows within meetings, and the pieces between them."""
    own = frame[rows]
    number = np.zeros(len(rows), dtype=int)
    within = np.zeros(len(rows), dtype=bool)
    for first, last in meetings:
        within |= (own >= first) & (own <= last)
        number += own > last
    parts = [rows[~within & (number == k)] for k in np.unique(number[~within])]
    return rows[within], parts


def _keep(
    joined: list[Index], pieces: Sequence[Index], followed: Sequence[tuple[int, int]]
) -> list[Index]:
    """Join what was one person before and now goes on in nobody else."""
    starts = {int(rows[0]): rows for rows in joined}
    ends = {int(rows[-1]): rows for rows in joined}
    for k, then in followed:
        before, after = ends.get(int(pieces[k][-1])), starts.get(int(pieces[then][0]))
        if before is None or after is None or before is after:
            continue
        one = np.concatenate((before, after))
        del ends[int(before[-1])], starts[int(after[0])]
        starts[int(one[0])] = ends[int(one[-1])] = one
    return list(starts.values())


def _fill(bodies: Detections, people: list[Index], loose: Index) -> list[Index]:
    """Give bodies from within meetings to the people whose way and looks they fit best."""
    from scipy.optimize import linear_sum_assignment

    ways = [_way(bodies, rows) for rows in people]
    typical = [looks(bodies, rows) for rows in people]
    seen = [set(bodies.frame[rows].tolist()) for rows in people]
    given: list[list[int]] = [[] for _ in people]
    shapes = bodies.shape(loose)
    for frame in np.unique(bodies.frame[loose]).tolist():
        at = np.flatnonzero(bodies.frame[loose] == frame)
        free = [
            p for p, way in enumerate(ways) if way.first <= frame < way.end and frame not in seen[p]
        ]
        if not free:
            continue
        place = np.array([ways[p].centre[frame - ways[p].first] for p in free])
        size = np.array([ways[p].size for p in free])
        off = np.linalg.norm(bodies.centre[loose[at], None] - place, axis=2) / size
        unlike = np.stack(
            [weighted_mean(shapes[at] - typical[p], bodies.weight) for p in free], axis=1
        )
        cost = off + np.where(np.isfinite(unlike), unlike, 0.0)
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if off[row, column] < _OFF:
                given[free[column]].append(int(loose[at[row]]))
    return [
        np.sort(np.concatenate((rows, np.array(more, dtype=rows.dtype))))
        for rows, more in zip(people, given, strict=True)
    ]
