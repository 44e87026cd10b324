"""What an estimator gets wrong in films from one view, taken apart.

A point is where it was a moment ago (lag), beside that by an amount that returns with every stride
(offset and shape; common to people and each one's own), sometimes on its way over to the other
side's point, and the rest is the remainder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stridewise.simulate.curves import basis
from stridewise.simulate.estimator import later, sides, twins
from training.films.aligned import HEAD, Aligned
from training.films.known import median

Array = NDArray[np.float64]

HARMONICS = 14
#: A point is on its way over when it lies this share of the way off, and by this many leg lengths;
#: points closer to one another than `_APART` cannot be told apart.
OFF_SHARE, _OFF, _APART = 0.2, 0.05, 0.1
#: From here on it has arrived.
ARRIVED = 0.8
#: How little a point tells about its own place while it is over.
_UNSURE = 0.15
#: Errors beyond this, in leg lengths, tell nothing about the lag.
_WILD = 0.15
#: Curves bend less the higher the harmonic: this stands against the number of frames.
_STIFF = np.concatenate([[0.0], 0.3 * np.repeat(np.arange(1, HARMONICS + 1), 2) ** 2.0])
_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of one estimator from one view.

    Parameters
    ----------
    seen : sequence of Aligned
        The films.
    lag_s : ndarray, shape (points,)
    own : ndarray, shape (films, points, 2, coefficients)
        Offset (the first) and shape over the stride of the point's leg, in leg lengths.
    over : sequence of ndarray, shape (frames, points)
        Share of the way to the other side's point, 0 where it is at home.
    remainder : sequence of ndarray, shape (frames, points, 2)
        In leg lengths.
    """

    seen: Sequence[Aligned]
    lag_s: Array
    own: Array
    over: Sequence[Array]
    remainder: Sequence[Array]

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Names of the points."""
        return self.seen[0].keypoints

    @property
    def common(self) -> Array:
        """Mean over films, shape (points, 2, coefficients)."""
        mean: Array = self.own.mean(axis=0)
        return mean


def take_apart(seen: Sequence[Aligned]) -> Errors:
    """Take the errors of an estimator apart."""
    keypoints = seen[0].keypoints
    seen = [_with_head(one) for one in seen]
    lag = np.zeros(len(keypoints))
    common = np.zeros((len(keypoints), 2, len(_STIFF)))
    over = [np.zeros(one.visible.shape) for one in seen]
    for _ in range(_ROUNDS):
        placed = [_placed(one, lag, common, far) for one, far in zip(seen, over, strict=True)]
        over = [_over(one, there) for one, there in zip(seen, placed, strict=True)]
        home = [
            _at_home(one, there, far) for one, there, far in zip(seen, placed, over, strict=True)
        ]
        lag = lag + _lag_left(seen, home, lag, over)
        error = [
            points - later(one.time, one.true, lag) for one, points in zip(seen, home, strict=True)
        ]
        own = np.array(
            [
                curves(one, wrong, _trust(far), common)
                for one, wrong, far in zip(seen, error, over, strict=True)
            ]
        )
        common = own.mean(axis=0)
    remainder = [
        wrong - along(one, each) for one, wrong, each in zip(seen, error, own, strict=True)
    ]
    # Of the head only the remainder is known; else it is taken to go with its shoulder.
    for i, name in enumerate(keypoints):
        if name in HEAD:
            shoulder = keypoints.index("left_shoulder" if name == "left_ear" else "right_shoulder")
            lag[i], own[:, i] = lag[shoulder], own[:, shoulder]
    return Errors(seen, lag, own, over, remainder)


def _with_head(one: Aligned) -> Aligned:
    """Take for true of the head what moves with the stride, seen from the shoulders."""
    names = one.keypoints
    true = one.true.copy()
    middle = true[:, [names.index(f"{side}_shoulder") for side in ("left", "right")]].mean(axis=1)
    for name in HEAD:
        if name in names and not np.isfinite(true[:, names.index(name)]).any():
            i = names.index(name)
            apart = one.points - middle[:, None]
            none = np.zeros((len(names), 2, len(_STIFF)))
            path = along(one, curves(one, apart, np.ones(one.visible.shape), none))
            true[:, i] = middle + path[:, i]
    return replace(one, true=true)


def _placed(one: Aligned, lag: Array, common: Array, over: Array) -> Array:
    """Return where the points would lie at home: late, beside the truth as with everybody."""
    at = later(one.time, one.true, lag) + along(one, common)
    at_home = (over == 0)[..., None]
    return at + np.nan_to_num(median(np.where(at_home, one.points - at, np.nan)))


def _over(one: Aligned, placed: Array) -> Array:
    """Return how far over to the other side each point lies, shape (frames, points)."""
    way = placed[:, twins(one.keypoints)] - placed
    apart = np.linalg.norm(way, axis=-1)
    share = ((one.points - placed) * way).sum(axis=-1) / np.maximum(apart, 1e-9) ** 2
    off = (share > OFF_SHARE) & (share * apart > _OFF)
    over = np.where(off, np.where(share > ARRIVED, 1.0, share), 0.0)
    # While a point and its twin pass one another, it goes on as before and after.
    told = (apart > _APART) & np.isfinite(share)
    for point in np.flatnonzero(told.any(axis=0)):
        known = told[:, point]
        over[:, point] = np.interp(one.time, one.time[known], over[known, point])
    over[:, ~told.any(axis=0)] = 0.0
    return over


def _at_home(one: Aligned, placed: Array, over: Array) -> Array:
    """Bring points back from the other side."""
    way = placed[:, twins(one.keypoints)] - placed
    return one.points - np.where((over > 0)[..., None], over[..., None] * way, 0.0)


def _trust(over: Array) -> Array:
    """Weigh frames: a point that is over tells what its twin gets wrong as much as its own."""
    return np.where(over > 0, _UNSURE, 1.0)


def _lag_left(
    seen: Sequence[Aligned], home: Sequence[Array], lag: Array, over: Sequence[Array]
) -> Array:
    """Return what is still missing of the lag: slope of the error on the speed, all films."""
    product, square = np.zeros(len(lag)), np.full(len(lag), 1e-12)
    for one, points, far in zip(seen, home, over, strict=True):
        path = later(one.time, one.true, lag)
        error, speed = points - path, np.gradient(path, one.time, axis=0)
        error, speed = (x - median(x) for x in (error, speed))
        good = (np.abs(error) < _WILD) & np.isfinite(speed) & (_trust(far) == 1)[..., None]
        product += np.where(good, error * speed, 0.0).sum(axis=(0, 2))
        square += np.where(good, speed**2, 0.0).sum(axis=(0, 2))
    return -product / square


def along(one: Aligned, shape: Array) -> Array:
    """Return curves over the stride at the frames of a film, (frames, points, 2)."""
    waves = basis(one.phase, (shape.shape[-1] - 1) // 2)
    return np.einsum("tpc,pxc->tpx", waves[:, sides(one.keypoints)], shape)


def curves(one: Aligned, error: Array, trust: Array, prior: Array) -> Array:
    """Fit curves over the stride, robustly; where little is known they stay with the prior's.

    Parameters
    ----------
    one : Aligned
        The film.
    error : ndarray, shape (frames, points, 2)
        NaN where there is none.
    trust : ndarray, shape (frames, points)
        Weight, up to 1.
    prior : ndarray, shape (points, 2, coefficients)

    Returns
    -------
    ndarray, shape (points, 2, coefficients)
    """
    leg, change = sides(one.keypoints), np.zeros_like(prior)
    missed = np.nan_to_num(error - along(one, prior))
    sure = np.isfinite(error) * trust[..., None]
    for side, wave in enumerate(np.moveaxis(basis(one.phase, HARMONICS), 1, 0)):
        mine = leg == side
        squares = (wave[:, :, None] * wave[:, None]).reshape(len(wave), -1)
        y, most = (x[:, mine].reshape(len(wave), -1) for x in (missed, sure))
        weight = most
        for _ in range(6):
            inner = (squares.T @ weight).T.reshape(-1, len(_STIFF), len(_STIFF))
            right = (wave.T @ (weight * y)).T
            found = np.linalg.solve(inner + np.diag(_STIFF + 1e-6), right[..., None])[..., 0]
            left = np.abs(y - wave @ found.T)
            ranked = np.sort(np.where(most == 1, left, np.inf), axis=0)
            usual = ranked[(most == 1).sum(axis=0) // 2, np.arange(len(found))]
            weight = most * np.minimum(1.0, 6.0 * np.minimum(usual, 1.0) / np.maximum(left, 1e-9))
        change[mine] = found.reshape(-1, 2, len(_STIFF))
    return prior + change
