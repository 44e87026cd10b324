"""What an estimator gets wrong from one view, in figures; of films, or of imitations of films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.simulate.curves import basis
from stridewise.skeletons import SIDES
from training.films import known
from training.films.aligned import Aligned
from training.films.errors import HARMONICS, Errors

Array = NDArray[np.float64]

#: Parts of a leg by which it is told whether legs have changed places.
LEG = ("ankle", "heel", "big_toe")
#: A point counts as lying at the other side's from half of the way on.
HALF = 0.5
#: Bins of a stride in which exchanges are counted.
PHASES = 20
#: Errors beyond so many robust standard deviations are the tail.
FAR_OUT = 4.0
#: Below this, a visibility says that the point is not seen.
SEEN = 0.5


@dataclass(frozen=True, eq=False)
class Exchanges:
    """When legs change places.

    Parameters
    ----------
    share : float
        Of frames.
    by_film : ndarray
        The same of each film.
    by_phase : ndarray, shape (PHASES,)
        Of frames at each phase of the right leg (the near one, from the side).
    lengths_s : ndarray
        How long each lasts.
    with_legs : mapping of part to float
        In which share of exchanged frames these points of both sides go along.
    one_leg : float
        Share of frames in which both feet lie at one of the legs.
    """

    share: float
    by_film: Array
    by_phase: Array
    lengths_s: Array
    with_legs: dict[str, float]
    one_leg: float


@dataclass(frozen=True, eq=False)
class Figures:
    """What an estimator gets wrong from one view; lengths are in leg lengths, axes along and up.

    Parameters
    ----------
    films, runners : int
    keypoints : tuple of str
    offset, offset_sd : ndarray, shape (points, 2)
        Constant error: mean over runners, and standard deviation between them.
    locked, common, between : ndarray, shape (points, 2)
        What returns with each stride: standard deviation over the stride in a film, of what is
        common to all films, and of what differs between films.
    lag_s : ndarray, shape (points,)
    remainder : ndarray, shape (points, 2)
        Robust standard deviation of the rest.
    tail : ndarray, shape (points,)
        Share of the rest beyond `FAR_OUT` of them.
    alike : ndarray, shape (points,)
        Correlation of the rest from frame to frame.
    over : ndarray, shape (points,)
        Share of frames in which the point lies at the other side's.
    visible, unseen, visible_over : ndarray, shape (points,)
        Mean visibility; share below `SEEN`; mean where the point lies at the other side's.
    lost : float
        Share of frames in which nobody is found.
    bounce : mapping of str to float
        Up and down of the middle of hips and of shoulders against the true one, and the ratio of
        hips to shoulders as estimated.
    exchanges : Exchanges
    """

    films: int
    runners: int
    keypoints: tuple[str, ...]
    offset: Array
    offset_sd: Array
    locked: Array
    common: Array
    between: Array
    lag_s: Array
    remainder: Array
    tail: Array
    alike: Array
    over: Array
    visible: Array
    unseen: Array
    visible_over: Array
    lost: float
    bounce: dict[str, float]
    exchanges: Exchanges


def figures(errors: Errors) -> Figures:
    """Put errors into figures."""
    seen = errors.seen
    who = np.array([one.runner for one in seen])
    runners = np.unique(who)
    offset = np.array([errors.own[who == runner, ..., 0].mean(axis=0) for runner in runners])
    waves = errors.own[..., 1:]
    rest, over = np.concatenate(errors.remainder), np.concatenate(errors.over) > HALF
    remainder = 1.4826 * known.median(np.abs(rest))
    visible = np.concatenate([one.visible for one in seen])
    found = np.isfinite(np.concatenate([one.points for one in seen])[..., 0])
    return Figures(
        films=len({one.film for one in seen}),
        runners=len(runners),
        keypoints=errors.keypoints,
        offset=offset.mean(axis=0),
        offset_sd=offset.std(axis=0),
        locked=np.sqrt((waves**2).sum(axis=-1).mean(axis=0) / 2),
        common=np.sqrt((waves.mean(axis=0) ** 2).sum(axis=-1) / 2),
        between=np.sqrt(waves.var(axis=0).sum(axis=-1) / 2),
        lag_s=errors.lag_s,
        remainder=remainder,
        tail=known.mean(np.abs(rest) > FAR_OUT * remainder, np.isfinite(rest)).mean(axis=1),
        alike=_alike(errors.remainder, remainder),
        over=over.mean(axis=0),
        visible=known.mean(visible, found),
        unseen=known.mean(visible < SEEN, found),
        visible_over=known.mean(visible, over & found),
        lost=float(1 - found.any(axis=1).mean()),
        bounce=bounce(seen),
        exchanges=exchanges(seen, errors.over),
    )


def _alike(remainder: Sequence[Array], usual: Array) -> Array:
    """Correlation from frame to frame; single wild errors count no more than four usual ones."""
    product = square = np.zeros(len(usual))
    for rest in remainder:
        tame = np.nan_to_num(np.clip(rest, -FAR_OUT * usual, FAR_OUT * usual))
        product = product + (tame[1:] * tame[:-1]).sum(axis=(0, 2))
        square = square + (tame**2).sum(axis=(0, 2))
    alike: Array = product / np.maximum(square, 1e-12)
    return alike


def exchanges(seen: Sequence[Aligned], over: Sequence[Array]) -> Exchanges:
    """Find when legs change places."""
    names = seen[0].keypoints
    legs = {s: [names.index(f"{s}_{p}") for p in LEG if f"{s}_{p}" in names] for s in SIDES}
    feet = [
        np.stack([(far[:, legs[s]] > HALF).mean(axis=1) >= HALF for s in SIDES], axis=1)
        for far in over
    ]
    both = [f.all(axis=1) for f in feet]
    together, phase = np.concatenate(both), np.concatenate([one.phase[:, 0] for one in seen])
    at = (phase % 1.0 * PHASES).astype(int) % PHASES
    frames = np.bincount(at, minlength=PHASES)
    lies_over = np.concatenate(over)[together] > HALF
    return Exchanges(
        share=float(together.mean()),
        by_film=np.array([b.mean() for b in both]),
        by_phase=np.bincount(at, together, PHASES) / np.maximum(frames, 1),
        lengths_s=np.concatenate([_runs(b) / one.fps for b, one in zip(both, seen, strict=True)]),
        with_legs={
            part: float(lies_over[:, [names.index(f"{s}_{part}") for s in SIDES]].mean())
            for part in dict.fromkeys(name.partition("_")[2] for name in names if "_" in name)
            if together.any()
        },
        one_leg=float(np.mean(np.concatenate(feet).sum(axis=1) == 1)),
    )


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the lengths of runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    lengths: NDArray[np.intp] = edges[1::2] - edges[::2]
    return lengths


def bounce(seen: Sequence[Aligned]) -> dict[str, float]:
    """Compare how far hips and shoulders go up and down with every step, as told and in truth."""
    size: dict[str, list[float]] = {}
    for one in seen:
        for part in ("hip", "shoulder"):
            pair = [one.keypoints.index(f"{side}_{part}") for side in SIDES]
            for which, points in (("told", one.points), ("true", one.true)):
                size.setdefault(f"{which} {part}", []).append(_up_and_down(one, points[:, pair]))
    mean = {name: float(np.sqrt(np.mean(np.square(values)))) for name, values in size.items()}
    return {
        "hip": mean["told hip"] / mean["true hip"],
        "shoulder": mean["told shoulder"] / mean["true shoulder"],
        "hip over shoulder": mean["told hip"] / mean["told shoulder"],
        "hip over shoulder, true": mean["true hip"] / mean["true shoulder"],
    }


def _up_and_down(one: Aligned, pair: Array) -> float:
    """Return the standard deviation of the height of two points that returns with every step."""
    height = pair[..., 1].mean(axis=1)
    known = np.isfinite(height)
    wave = basis(one.phase[:, 0], HARMONICS)
    shape = np.linalg.lstsq(wave[known], height[known], rcond=None)[0]
    # Even harmonics of the stride are those of the steps.
    steps = shape[1:].reshape(-1, 2)[1::2]
    return float(np.sqrt((steps**2).sum() / 2))
