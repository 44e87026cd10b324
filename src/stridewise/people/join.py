"""Chains of one person are joined over losses, when motion before and after agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stridewise.people.chains import pairs_with
from stridewise.people.detections import Array, Detections, Index, weighted_mean

#: Losses that are bridged, in seconds, short ones first: longer chains know their motion better.
LOSSES_S = (0.1, 0.3, 1.0, 3.0)
#: Motion at an end of a chain is taken from this long, about a step, so that its bounce averages
#: out; chains shorter than the second figure do not know their motion.
_END_S = 0.4
_SHORTEST_S = 0.12
#: A chain this long shows how its person typically looks.
_LOOKS_S = 0.3
#: A chain is followed over a loss of this long, and of so many times its own length.
_REACH_S = LOSSES_S[0]
_REACH = 5.0
#: Over losses shorter than this a runner's pose stays much the same.
_SAME_POSE_S = 0.1
#: What a join may cost, in body sizes: at once, and more for each second of loss up to one.
_GATE = 0.35
_GATE_PER_S = 0.3
#: What a difference of velocity costs (body sizes for one body size per second), and one of size.
_VELOCITY_COST_S = 0.2
_SIZE_COST = 0.5
#: What a second of loss costs, so that what is seen between is not passed over.
_LOSS_COST_PER_S = 0.05


@dataclass(frozen=True)
class Ends:
    """What is known at one end of each chain: time, place, velocity, and whether it is known."""

    time: Array
    place: Array
    velocity: Array
    moving: Array


def join(
    bodies: Detections, chains: Sequence[Index], losses: Sequence[float] = LOSSES_S
) -> list[Index]:
    """Join chains over losses of up to each of these lengths in turn.

    Which chain goes on in which is decided for the whole recording at once: the assignment with the
    least total cost, where to end and to begin anew costs as much as the worst join allowed.

    Parameters
    ----------
    bodies : Detections
    chains : sequence of ndarray
        Rows of each chain, by time.
    losses : sequence of float
        Seconds.

    Returns
    -------
    list of ndarray
        Rows of each joined chain.
    """
    joined = list(chains)
    for longest in losses:
        while after := _best_joins(bodies, joined, longest):
            joined = _follow(joined, after)
    return joined


def _follow(chains: Sequence[Index], after: dict[int, int]) -> list[Index]:
    """Concatenate chains along `after`, which leads from a chain to the one that goes on."""
    continued = set(after.values())
    joined = []
    for start in range(len(chains)):
        if start in continued:
            continue
        parts, at = [chains[start]], start
        while at in after:
            at = after[at]
            parts.append(chains[at])
        joined.append(np.concatenate(parts))
    return joined


def _best_joins(bodies: Detections, chains: Sequence[Index], longest: float) -> dict[int, int]:
    """Return which chain goes on in which."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    if len(chains) < 2:
        return {}
    a, b, cost = _candidates(bodies, chains, longest)
    if not len(a):
        return {}
    n = len(chains)
    # Beside the n chains that may follow, each chain has a column of its own: to end here.
    ends = np.unique(a)
    rows = np.concatenate((np.searchsorted(ends, a), np.arange(len(ends))))
    columns = np.concatenate((b, n + np.arange(len(ends))))
    weights = np.concatenate((cost + 1.0, np.full(len(ends), 2.0)))
    graph = csr_array((weights, (rows, columns)), shape=(len(ends), n + len(ends)))
    row, column = min_weight_full_bipartite_matching(graph)
    taken = column < n
    return dict(zip(ends[row[taken]].tolist(), column[taken].tolist(), strict=True))


def _candidates(
    bodies: Detections, chains: Sequence[Index], longest: float
) -> tuple[Index, Index, Array]:
    """Return pairs of chains that may be one person, and what each costs (1: the most allowed)."""
    head = ends(bodies, chains, first=True)
    tail = ends(bodies, chains, first=False)
    order = np.argsort(head.time, kind="stable")
    starts = head.time[order]
    first = np.searchsorted(starts, tail.time, side="right")
    reach = np.minimum(longest, _REACH_S + _REACH * (tail.time - head.time))
    last = np.searchsorted(starts, tail.time + reach, side="right")
    a, at = pairs_with(np.arange(len(chains)), first, last - first)
    b = order[at]

    lengths = np.array([len(chain) for chain in chains])
    log_size = np.add.reduceat(
        np.log(bodies.size[np.concatenate(chains)]), np.cumsum(lengths) - lengths
    )
    size = np.exp(log_size / lengths)
    between = np.maximum(size[a], size[b])
    loss = head.time[b] - tail.time[a]
    way = head.place[b] - tail.place[a]
    known = tail.moving[a] + head.moving[b]
    ahead = np.linalg.norm(way - tail.velocity[a] * loss[:, None], axis=1)
    back = np.linalg.norm(way - head.velocity[b] * loss[:, None], axis=1)
    missed = np.where(
        known > 0,
        (ahead * tail.moving[a] + back * head.moving[b]) / np.maximum(known, 1.0),
        ahead,
    )
    turn = np.linalg.norm(tail.velocity[a] - head.velocity[b], axis=1) * (known == 2.0)
    cost = (missed + _VELOCITY_COST_S * turn) / between
    cost += _SIZE_COST * np.abs(np.log(size[a] / size[b]))
    cost += _LOSS_COST_PER_S * loss
    gate = _GATE + _GATE_PER_S * np.minimum(loss, 1.0)
    near = cost < gate
    a, b, cost, gate, loss = a[near], b[near], cost[near], gate[near], loss[near]
    cost += np.where(
        loss < _SAME_POSE_S, _pose_change(bodies, chains, a, b), _unlike(bodies, chains, a, b)
    )
    near = cost < gate
    return a[near], b[near], cost[near] / gate[near]


def ends(bodies: Detections, chains: Sequence[Index], *, first: bool) -> Ends:
    """Fit a straight motion to one end of each chain, by least squares over its last bodies."""
    rows = np.concatenate(chains)
    count = len(chains)
    chain = np.repeat(np.arange(count), [len(each) for each in chains])
    end = np.array([each[0 if first else -1] for each in chains])
    since = bodies.seconds[rows] - bodies.seconds[end][chain]
    near = np.abs(since) <= _END_S
    rows, chain, since = rows[near], chain[near], since[near]

    def mean(values: Array) -> Array:
        return np.bincount(chain, values, count) / np.bincount(chain, minlength=count)

    middle = mean(since)
    off = since - middle[chain]
    spread = mean(off**2)
    longest = np.zeros(count)
    np.maximum.at(longest, chain, np.abs(since))
    moving = (longest >= _SHORTEST_S) & (np.bincount(chain, minlength=count) > 2)
    place = bodies.centre[end].copy()
    velocity = np.zeros((count, 2))
    for axis in range(2):
        centre = bodies.centre[rows, axis]
        speed = mean(off * centre)[moving] / spread[moving]
        velocity[moving, axis] = speed
        place[moving, axis] = mean(centre)[moving] - speed * middle[moving]
    return Ends(bodies.seconds[end], place, velocity, moving.astype(float))


def looks(bodies: Detections, chain: Index) -> Array:
    """Return the typical pose of a chain about its centre, in body sizes, shape (keypoints, 2).

    It shows which way a person faces and how the body is built; NaN where never seen.
    """
    shape = bodies.shape(chain)
    seen = np.isfinite(shape)
    total = np.where(seen, shape, 0.0).sum(axis=0)
    count = seen.sum(axis=0)
    mean: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def _pose_change(bodies: Detections, chains: Sequence[Index], a: Index, b: Index) -> Array:
    """Return how unlike the last pose of one chain and the first of the other are."""
    last = np.array([chain[-1] for chain in chains])[a]
    first = np.array([chain[0] for chain in chains])[b]
    change = bodies.distance(last, first, moved=True)
    return np.where(np.isfinite(change), change, 0.0)


def _unlike(bodies: Detections, chains: Sequence[Index], a: Index, b: Index) -> Array:
    """Return how unlike the typical poses of two chains are; 0 where one is too short to tell."""
    span = np.array([np.ptp(bodies.seconds[chain[[0, -1]]]) for chain in chains])
    known = np.intersect1d(np.flatnonzero(span >= _LOOKS_S), np.union1d(a, b))
    typical = {i: looks(bodies, chains[i]) for i in known.tolist()}
    unknown = np.full((len(bodies.keypoints), 2), np.nan)
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    apart = np.array([typical.get(i, unknown) - typical.get(j, unknown) for i, j in pairs])
    unlike = weighted_mean(apart.reshape(-1, *unknown.shape), bodies.weight)
    return np.where(np.isfinite(unlike), unlike, 0.0)
