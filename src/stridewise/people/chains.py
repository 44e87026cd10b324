"""From bodies to chains of bodies: the links that leave no doubt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stridewise.people.detections import Array, Detections, Index

Mask = NDArray[np.bool_]

#: Bodies of one frame nearer than this (in body sizes, over all points) are one body found twice:
#: jitter of 2 % of leg length puts two findings 0.01 apart. Simulated runners who cross stay 0.08
#: apart; one who overtakes another of the same size in one line may come to 0.02 for a frame.
SAME_BODY = 0.03
#: Frames further apart than this are not linked here.
_STEP_S = 0.15
#: How far the fastest runner goes in the picture, in body sizes per second, and what jitter adds.
_FASTEST = 6.0
_JITTER = 0.1
#: How much a runner's pose changes, in the same units (weighted mean over points).
_POSE_SPEED = 1.5
_POSE_JITTER = 0.05
#: A link is clear when all others of either body cost more by this factor.
_CLEAR = 0.6
#: Without sight for longer than this, the estimator's tracker is believed wherever it goes.
_TRUSTED_S = 1.0
_ROWS = 100_000


def doubles(bodies: Detections) -> Mask:
    """Mark bodies that are found a second time in the same frame; the surer one is kept.

    Returns
    -------
    ndarray of bool, shape (bodies,)
    """
    double = np.zeros(len(bodies), dtype=bool)
    for step in range(1, len(bodies)):
        a = np.flatnonzero(bodies.frame[step:] == bodies.frame[:-step])
        if not a.size:
            break
        same = bodies.distance(a, a + step) < SAME_BODY
        a = a[same]
        worse = bodies.score[a + step] <= bodies.score[a]
        double[np.where(worse, a + step, a)] = True
    return double


def chains(bodies: Detections) -> tuple[list[Index], list[str]]:
    """Link bodies over frames, by the estimator's own tracker or by position and pose.

    Parameters
    ----------
    bodies : Detections

    Returns
    -------
    chains : list of ndarray
        Rows of each chain, by time; every row is in one chain.
    notes : list of str
        What is said about the estimator's own tracker.
    """
    numbered = bodies.track >= 0
    if numbered.mean() > 0.5:
        keys = np.stack((bodies.frame[numbered], bodies.track[numbered]))
        if len(np.unique(keys, axis=1).T) == numbered.sum():
            return _split(_by_number(bodies, np.flatnonzero(numbered))), []
        note = "Track numbers in the file come twice in a frame and were not used."
        return _split(_by_motion(bodies)), [note]
    return _split(_by_motion(bodies)), []


def _split(previous: Index) -> list[Index]:
    """Return the rows of each chain, from the row before each row (itself where there is none)."""
    root = previous
    while not np.array_equal(root, further := root[root]):
        root = further
    order = np.argsort(root, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(root[order])) + 1) if len(order) else []


def _by_number(bodies: Detections, rows: Index) -> Index:
    """Link bodies of one track number, but not over jumps that no runner makes."""
    order = rows[np.lexsort((bodies.frame[rows], bodies.track[rows]))]
    a, b = order[:-1], order[1:]
    same = bodies.track[a] == bodies.track[b]
    step, moved = _moves(bodies, a, b)
    linked = same & ((moved < _JITTER + _FASTEST * step) | (step > _TRUSTED_S))
    previous = np.arange(len(bodies))
    previous[b[linked]] = a[linked]
    return previous


def _by_motion(bodies: Detections) -> Index:
    """Link bodies of neighbouring frames that are each other's nearest by far."""
    previous = np.arange(len(bodies))
    for a, b in _neighbours(bodies.frame):
        step, moved = _moves(bodies, a, b)
        near = (step < _STEP_S) & (moved < _JITTER + _FASTEST * step)
        a, b, step = a[near], b[near], step[near]
        pose = bodies.distance(a, b, moved=True)
        cost = np.where(pose < _POSE_JITTER + _POSE_SPEED * step, bodies.distance(a, b), np.inf)
        linked = _clearly_least(a, cost) & _clearly_least(b, cost)
        previous[b[linked]] = a[linked]
    return previous


def _moves(bodies: Detections, a: Index, b: Index) -> tuple[Array, Array]:
    """Return seconds from a to b, and how far the centre went, in body sizes."""
    moved = np.linalg.norm(bodies.centre[b] - bodies.centre[a], axis=1)
    size = np.maximum(bodies.size[a], bodies.size[b])
    return bodies.seconds[b] - bodies.seconds[a], moved / size


def _neighbours(frame: Index) -> Iterator[tuple[Index, Index]]:
    """Yield all pairs of rows in frames that follow each other, some rows at a time."""
    starts = np.flatnonzero(np.diff(frame, prepend=-1))
    counts = np.diff(starts, append=len(frame))
    at = np.repeat(np.arange(len(starts)), counts)
    with_next = np.flatnonzero(at < len(starts) - 1)
    for part in range(0, len(with_next), _ROWS):
        rows = with_next[part : part + _ROWS]
        yield pairs_with(rows, starts[at[rows] + 1], counts[at[rows] + 1])


def pairs_with(rows: Index, first: Index, count: Index) -> tuple[Index, Index]:
    """Return each row `count` times, and beside it `first`, `first` + 1, and so on."""
    begin = np.cumsum(count) - count
    offset = np.arange(int(count.sum())) - np.repeat(begin, count)
    return np.repeat(rows, count), np.repeat(first, count) + offset


def _clearly_least(group: Index, cost: Array) -> Mask:
    """Mark what costs least in its group, by far."""
    order = np.lexsort((cost, group))
    sorted_group, sorted_cost = group[order], cost[order]
    leads = np.diff(sorted_group, prepend=-1) != 0
    alone = np.diff(sorted_group, append=-1) != 0
    runner_up = np.where(alone, np.inf, np.roll(sorted_cost, -1))
    marked = np.zeros(len(group), dtype=bool)
    marked[order] = leads & np.isfinite(sorted_cost) & (sorted_cost <= _CLEAR * runner_up)
    return marked
