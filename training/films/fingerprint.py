"""Fingerprints of pose estimators: `python -m training.films.fingerprint`.

Measures what each estimator gets wrong in all films, and writes the statistics that drive
`stridewise simulate --estimator`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from stridewise.simulate.estimator import (
    KNOTS,
    STEPS,
    Fingerprint,
    Habits,
    at_phase,
    save,
    sides,
)
from stridewise.simulate.estimators import FOLDER
from training.films import known
from training.films.aligned import Aligned, gather
from training.films.errors import Errors, take_apart
from training.films.record import ESTIMATORS, Film, kept, read_all

Array = NDArray[np.float64]

#: A view with fewer films is not learnt.
LEAST_FILMS = 6
#: An estimator that saw fewer films than this is not learnt at all.
_FEWEST = 20
#: What is kept: directions in which people differ, people, strides of each, bins of a stride.
COMPONENTS, PEOPLE, STRIDES = 16, 24, 6
BINS, FINE_BINS, COARSE_BINS = 48, 48, 6
#: People are told apart by so many harmonics; what is common to them has more.
OWN_HARMONICS = 7
#: Visibilities are rounded to a percent; log odds need some air.
_LEAST_SEEN = 0.005
#: The spread at a phase is told by this share of the errors there: more than the half that a median
#: heeds, so that phases with many large errors have a wide spread and not only a long tail.
_OUTER = 0.85
#: Over so many frames the memory of what remains is measured, and time constants tried, in s.
_LAGS, _CONSTANTS = range(1, 9), np.geomspace(0.01, 1.0, 60)


def main() -> None:
    films = read_all()
    for estimator in ESTIMATORS:
        made = fit(films, estimator)
        if sum(habits.films for habits in made.views.values()) < _FEWEST:
            continue
        path = FOLDER / f"{estimator}.npz"
        with path.open("wb") as file:
            save(made, file)
        counts = ", ".join(f"{view} {habits.films}" for view, habits in made.views.items())
        print(f"{estimator}: {counts}; {path.stat().st_size / 1000:.0f} kB", file=sys.stderr)


def fit(films: Sequence[Film], estimator: str, without: Collection[str] = ()) -> Fingerprint:
    """Learn the fingerprint of an estimator; runners may be left out."""
    views = {
        view: habits(take_apart(seen))
        for view, seen in gather(films, estimator, without).items()
        if len({one.film for one in seen}) >= LEAST_FILMS
    }
    return Fingerprint(estimator, ESTIMATORS[estimator], kept(estimator), views)


def habits(errors: Errors) -> Habits:
    """Sum errors up."""
    seen = errors.seen
    own = [one.phase[:, sides(errors.keypoints)] for one in seen]
    spread = _spread(own, errors.remainder)
    scaled = [
        left / np.maximum(at_phase(phase, spread), 1e-6)
        for left, phase in zip(errors.remainder, own, strict=True)
    ]
    level = 1.4826 * np.array(
        [
            known.median(np.abs(np.moveaxis(left, 2, 0)).reshape(-1, left.shape[1]))
            for left in scaled
        ]
    )
    level = np.where(np.isfinite(level), np.maximum(level, 1e-3), 1.0)
    scaled = [left / by[:, None] for left, by in zip(scaled, level, strict=True)]
    tail = _tail(np.concatenate(scaled))
    scores = [_scores(left, tail) for left in scaled]
    bends, people = _people(errors.own)
    bank = _bank(seen)
    odds = [
        np.log(v / (1 - v))
        for v in (np.clip(one.visible, _LEAST_SEEN, 1 - _LEAST_SEEN) for one in seen)
    ]
    seen_mean, seen_level, seen_over, seen_memory = _visibility(errors, own, odds)
    return Habits(
        films=len({one.film for one in seen}),
        lag_s=errors.lag_s,
        shape=errors.common,
        bends=bends,
        people=people[bank],
        pace_s=np.array([_pace(seen[i]) for i in bank]),
        spread=spread,
        level=np.log(level[bank]),
        alike=_alike(seen, scores),
        memory=_memory(seen, scores),
        tail=tail,
        over=np.array([_strides(seen[i], errors.over[i]) for i in bank]),
        seen=seen_mean,
        seen_level=seen_level[bank],
        seen_over=seen_over,
        seen_memory=seen_memory,
        lost=np.array([_lost(seen[i]) for i in bank]).T,
    )


def _bins(phase: Array, bins: int) -> NDArray[np.intp]:
    return (phase % 1.0 * bins).astype(int) % bins


def _spread(own: Sequence[Array], remainder: Sequence[Array]) -> Array:
    """Return the spread of the remainder by phase, shape (points, 2, BINS)."""
    left, at = np.abs(np.concatenate(remainder)), _bins(np.concatenate(own), BINS)
    spread = np.zeros((left.shape[1], 2, BINS))
    for point in range(left.shape[1]):
        for b in range(BINS):
            here = left[at[:, point] == b, point]
            spread[point, :, b] = known.quantile(here, _OUTER) / ndtri((1 + _OUTER) / 2)
    return np.nan_to_num(spread)


def _tail(scaled: Array) -> Array:
    """Return the size of the scaled remainder at normal scores, shape (points, knots)."""
    shares = 2 * ndtr(KNOTS) - 1
    size = np.abs(scaled)
    size = np.moveaxis(size, 2, 0).reshape(-1, size.shape[1])
    tail = np.nan_to_num(np.stack([known.quantile(size, share) for share in shares], axis=1))
    tail[:, 0] = 0.0
    return tail + 1e-6 * KNOTS


def _scores(scaled: Array, tail: Array) -> Array:
    """Return normal scores of the scaled remainder, shape (frames, 2 * points); 0 where missing."""
    size = np.stack(
        [np.interp(np.abs(scaled[:, i]), one, KNOTS) for i, one in enumerate(tail)], axis=1
    )
    return np.nan_to_num(np.sign(scaled) * size).reshape(len(scaled), -1)


def _alike(seen: Sequence[Aligned], scores: Sequence[Array]) -> Array:
    """Return how scores go together by phase of the right leg, upper triangles."""
    at = _bins(np.concatenate([one.phase[:, 0] for one in seen]), COARSE_BINS)
    together = np.concatenate(scores)
    upper = np.triu_indices(together.shape[1])
    found = []
    for b in range(COARSE_BINS):
        here = together[at == b]
        here = here / np.maximum(here.std(axis=0), 1e-6)
        found.append(np.cov(here, rowvar=False)[upper])
    return np.array(found)


def _memory(seen: Sequence[Aligned], scores: Sequence[Array]) -> Array:
    """Return share that is new in every frame and time constant of each score."""
    lags, alike, weight = [], [], []
    for one, score in zip(seen, scores, strict=True):
        for k in _LAGS:
            lags.append(k / one.fps)
            alike.append((score[k:] * score[:-k]).mean(axis=0) / (score**2).mean(axis=0))
            weight.append(len(score))
    kept_s, alike_, w = np.array(lags), np.array(alike), np.array(weight, dtype=float)
    fading = np.exp(-kept_s / _CONSTANTS[:, None])
    share = np.clip((fading * w) @ alike_ / ((fading**2) @ w)[:, None], 0.0, 1.0)
    missed = (w[:, None] * (alike_ - share[:, None] * fading[..., None]) ** 2).sum(axis=1)
    best, which = missed.argmin(axis=0), np.arange(alike_.shape[1])
    return np.stack([1 - share[best, which], _CONSTANTS[best]])


def _people(own: Array) -> tuple[Array, Array]:
    """Return the directions in which films differ, and where in them each lies."""
    films = len(own)
    count = min(COMPONENTS, films - 1)
    own = own[..., : 2 * OWN_HARMONICS + 1]
    u, s, v = np.linalg.svd((own - own.mean(axis=0)).reshape(films, -1), full_matrices=False)
    bends = (s[:count, None] * v[:count] / np.sqrt(films)).reshape(count, *own.shape[1:])
    return bends, u[:, :count] * np.sqrt(films)


def _bank(seen: Sequence[Aligned]) -> list[int]:
    """Choose the people that are kept, runners in turn."""
    turn: dict[str, int] = {}
    order = []
    for i in np.random.default_rng(0).permutation(len(seen)):
        turn[seen[i].runner] = turn.get(seen[i].runner, 0) + 1
        order.append((turn[seen[i].runner], len(order), int(i)))
    return [i for _, _, i in sorted(order)[:PEOPLE]]


def _pace(one: Aligned) -> float:
    """Return how long a stride lasts, in seconds."""
    return float((one.time[-1] - one.time[0]) / np.ptp(one.phase[:, 0]))


def _strides(one: Aligned, over: Array) -> NDArray[np.uint8]:
    """Return how far points lie over, from whole strides, shape (points, strides, bins)."""
    phase = one.phase[:, 0]
    whole = np.arange(np.ceil(phase[0]), np.floor(phase[-1]))
    taken = np.resize(whole[max(len(whole) - STRIDES, 0) // 2 :], STRIDES)
    at = taken[:, None] + (np.arange(FINE_BINS) + 0.5) / FINE_BINS
    after = np.clip(np.searchsorted(phase, at), 1, len(phase) - 1)
    nearest = after - (at - phase[after - 1] < phase[after] - at)
    way = np.round(STEPS * np.nan_to_num(over[nearest])).astype(np.uint8)
    return np.moveaxis(way, -1, 0)


def _visibility(
    errors: Errors, own: Sequence[Array], odds: Sequence[Array]
) -> tuple[Array, Array, Array, Array]:
    """Return visibility by phase, of each film, where a point is over, and spread and memory."""
    points = len(errors.keypoints)
    found = [np.isfinite(one.points[..., 0]) for one in errors.seen]
    over = [far > 0.5 for far in errors.over]
    home = np.concatenate([f & ~o for f, o in zip(found, over, strict=True)])
    together, at = np.concatenate(odds), _bins(np.concatenate(own), BINS)
    mean = np.zeros((points, BINS))
    for point in range(points):
        for b in range(BINS):
            here = home[:, point] & (at[:, point] == b)
            mean[point, b] = together[here, point].mean() if here.any() else 0.0
    left = [
        np.where(f, odd - at_phase(phase, mean[:, None])[..., 0], np.nan)
        for odd, phase, f in zip(odds, own, found, strict=True)
    ]
    level = np.array(
        [
            np.nan_to_num(known.mean(rest, f & ~o))
            for rest, f, o in zip(left, found, over, strict=True)
        ]
    )
    left = [rest - by for rest, by in zip(left, level, strict=True)]
    wrong = np.concatenate([f & o for f, o in zip(found, over, strict=True)])
    shift = np.nan_to_num(known.mean(np.concatenate(left), wrong))
    left = [np.nan_to_num(rest - shift * o) for rest, o in zip(left, over, strict=True)]
    product = sum((rest[1:] * rest[:-1]).sum(axis=0) for rest in left)
    square = sum((rest**2).sum(axis=0) for rest in left)
    alike = np.clip(product / np.maximum(square, 1e-9), 1e-3, 0.999)
    frame_s = float(np.mean([1 / one.fps for one in errors.seen]))
    spread = np.sqrt(square / sum(len(rest) for rest in left))
    return mean, level, shift, np.stack([spread, -frame_s / np.log(alike)])


def _lost(one: Aligned) -> tuple[float, float]:
    """Return how often a second nobody is found, and for how long."""
    nobody = np.isnan(one.points[..., 0]).all(axis=1)
    times = int((np.diff(nobody.astype(int), prepend=0) == 1).sum())
    seconds = len(nobody) / one.fps
    return times / seconds, nobody.mean() * seconds / times if times else 0.0


if __name__ == "__main__":
    main()
