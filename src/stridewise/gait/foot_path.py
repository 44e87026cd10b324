"""Time contacts once more, from all strides of a recording laid over one another.

Frames lie too far apart to show the instant at which a foot stops sinking, but each stride shows
it at other phases. Laid over one another about the contacts found so far, the points of a foot are
seen every few milliseconds. How such a path looks about a true contact was learnt from laboratory
runners with a force plate (`python -m training.foot_path`): its mean, and the ways in which runners
differ from it. Where along the measured path this pattern fits best tells by how much all contacts
of that foot came too early or too late: an error that lasts, and that no single stride shows.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from stridewise.gait.motion import KINDS, Event, EventKind
from stridewise.recording import Recording
from stridewise.skeletons import SIDES, Side
from stridewise.view import View

Array = NDArray[np.float64]

#: Points whose paths are compared; one that was not seen is left out.
POINTS = ("heel", "big_toe", "small_toe", "ankle")
#: Width of a bin, seconds; how far about a contact the path is compared; largest correction.
STEP_S, REACH_S, LARGEST_S = 0.004, 0.068, 0.024
_REACH, _LARGEST = round(REACH_S / STEP_S), round(LARGEST_S / STEP_S)
#: Times of a learnt path about its event.
GRID_S = STEP_S * np.arange(-_REACH - _LARGEST, _REACH + _LARGEST + 1)
#: Corrections that are weighed.
_SHIFTS_S = STEP_S * np.arange(-_LARGEST, _LARGEST + 1)
#: Gaussian smoothing of the keypoints that is reckoned with, seconds: none, and what low-pass
#: filters with a cut-off at 17, 9.5, 6 and 4.5 Hz do.
SMOOTHINGS_S = (0.0, 0.008, 0.014, 0.022, 0.030)
#: By how much a smoothed path must fit better (difference of log-likelihoods) to be believed.
_PLAIN = 10.0
#: Fewer contacts of a foot than this do not make a path.
_MIN_CONTACTS = 3
#: Neighbouring samples and points err alike, so that each tells less than it seems to.
_TOLD = 0.35
#: Noise and variation from stride to stride, leg lengths: usual, and at least.
_USUAL_SCATTER, _LEAST_SCATTER = 0.0065, 0.003
#: Standard deviations of what differs freely: a level, leg lengths; a drift, leg lengths per
#: second, up and (belt, pan of the camera) sideways; how far moving forward seems to lift a foot.
_LEVEL, _DRIFT_UP, _DRIFT_SIDEWAYS, _PERSPECTIVE = 1.0, 0.4, 4.0, 0.3
#: Ways of differing whose forward part perspective may show as up or down.
_SEEN_IN_DEPTH = 3
#: How far a foot moves sideways about a contact, leg lengths; not learnt.
_SIDEWAYS = 0.02
#: Of the standard deviation of an event, what lasts; how alike it is left and right.
_LASTING, _ALIKE = 0.85, 0.8


@dataclass(frozen=True, eq=False)
class FootPath:
    """How the points of a foot move about one kind of event.

    Forward and up, in leg lengths, 0 at the event; forward is against the treadmill's belt.

    Parameters
    ----------
    mean : ndarray, shape (2, points, times)
        Times are those of `GRID_S`.
    ways : ndarray, shape (ways, 2, points, times)
        Ways in which runners differ from the mean, of unit variance each.
    rest : float
        Variance that the ways leave unexplained.
    """

    mean: Array
    ways: Array
    rest: float


#: For each kind of event, its path at each of `SMOOTHINGS_S`.
FootPaths = Mapping[EventKind, Sequence[FootPath]]


@dataclass(frozen=True)
class Folded:
    """A foot's path, of all strides of a recording.

    Parameters
    ----------
    mean : ndarray, shape (2, points, bins)
        Image x and up, leg lengths; 0 where there is no sample.
    count : ndarray, shape (2, points, bins)
        Samples.
    scatter : float
        Standard deviation of one sample.
    """

    mean: Array
    count: Array
    scatter: float


@cache
def shipped() -> FootPaths:
    """Read the paths that ship with the package."""
    return load(Path(str(files(__package__) / "foot_path.npz")))


def load(path: Path) -> FootPaths:
    """Read paths from a file that `training.foot_path` wrote."""
    with np.load(path) as data:
        return {
            kind: tuple(
                FootPath(mean.astype(float), ways.astype(float), float(rest))
                for mean, ways, rest in zip(
                    *(data[f"{kind}_{part}"] for part in ("mean", "ways", "rest")), strict=True
                )
            )
            for kind in KINDS
        }


def refine(
    events: Sequence[Event],
    recording: Recording,
    view: View,
    paths: FootPaths | None = None,
) -> tuple[Event, ...]:
    """Move all events of a kind and foot to where the paths of its strides place them.

    Parameters
    ----------
    events : sequence of Event
        As found stride by stride.
    recording : Recording
        Cleaned, not smoothed, on an even time base.
    view : View
    paths : FootPaths, optional
        Those that ship with the package by default.

    Returns
    -------
    tuple of Event
        In order of time. Events of a recording that tells nothing come back as they are.
    """
    pieces = refine_in_pieces(events, recording, view, paths)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            refined: tuple[Event, ...] = end.value
            return refined


def refine_in_pieces(
    events: Sequence[Event], recording: Recording, view: View, paths: FootPaths | None = None
) -> Generator[None, None, tuple[Event, ...]]:
    """Do what `refine` does, yielding about every two milliseconds: live, frames must not wait."""
    paths = shipped() if paths is None else paths
    groups = {
        (kind, side): [e for e in events if (e.kind, e.side) == (kind, side)]
        for kind in KINDS
        for side in SIDES
    }
    folded: dict[tuple[EventKind, Side], Folded] = {}
    for (kind, side), found in groups.items():
        if len(found) >= _MIN_CONTACTS:
            instants = np.array([event.time_s for event in found])
            folded[kind, side] = fold(recording, view, side, instants, paths[kind][0])
            yield
    contacts = [f for (kind, _), f in folded.items() if kind == KINDS[0]]
    fits = []
    for path in paths[KINDS[0]]:
        fits.append(_best_fit(contacts, view, path))
        yield
    fits[0] += _PLAIN
    smoothed = int(np.argmax(fits))
    independent = _independent(SMOOTHINGS_S[smoothed], 1 / recording.fps)
    out: list[Event] = []
    for kind in KINDS:
        known = [event.sd_s for side in SIDES for event in groups[kind, side]]
        if not known:
            continue
        path, told = paths[kind][smoothed], []
        for side in SIDES:
            known_path = folded.get((kind, side))
            told.append(None if known_path is None else log_likelihood(known_path, view, path))
            yield
        before = _LASTING * float(np.median(known))
        shift, sd = _shifts(told, before)
        sd = np.minimum(sd / independent**0.5, before)
        yield
        for i, side in enumerate(SIDES):
            learnt = max(before**2 - sd[i] ** 2, 0.0)
            for event in groups[kind, side]:
                # What is new in each step stays.
                variance = event.sd_s**2
                left = max(variance - learnt, (1 - _LASTING**2) * variance)
                time = float(event.time_s + shift[i])
                out.append(replace(event, time_s=time, sd_s=float(left) ** 0.5))
    first, last = recording.time[0], recording.time[-1]
    return tuple(sorted((e for e in out if first <= e.time_s <= last), key=lambda e: e.time_s))


def _best_fit(contacts: Sequence[Folded], view: View, path: FootPath) -> float:
    """Tell how well a path fits both feet about contact after the best shift."""
    some = range(0, len(_SHIFTS_S), 3)
    return sum(float(np.max(log_likelihood(folded, view, path, some))) for folded in contacts)


def _independent(smoothing_s: float, interval_s: float) -> float:
    """Return the share of samples that tell something of their own after Gaussian smoothing.

    White noise smoothed so has the variance of independent samples 2 sqrt(pi) times the smoothing's
    standard deviation apart.
    """
    return min(1.0, interval_s / (2 * np.pi**0.5 * smoothing_s)) if smoothing_s else 1.0


def _shifts(told: Sequence[Array | None], before_s: float) -> tuple[Array, Array]:
    """Return by how much the events of each foot come too early, and its standard deviation.

    Both feet are judged at once, because what is wrong with one is mostly wrong with the other.

    Parameters
    ----------
    told : sequence of ndarray, shape (shifts,), or None
        Log-likelihood of each shift of `_SHIFTS_S`, left and right.
    before_s : float
        Standard deviation of the shift before anything was told.
    """
    fine = np.arange(-LARGEST_S, LARGEST_S + 1e-9, 0.0005)
    left, right = (
        np.zeros(len(fine)) if log is None else CubicSpline(_SHIFTS_S, log)(fine) for log in told
    )
    a, b = np.meshgrid(fine, fine, indexing="ij")
    apart = (a**2 - 2 * _ALIKE * a * b + b**2) / (1 - _ALIKE**2) / before_s**2
    log = _TOLD * (left[:, None] + right) - apart / 2
    joint = np.exp(log - log.max())
    each = np.stack([joint.sum(axis=1), joint.sum(axis=0)]) / joint.sum()
    shift = each @ fine
    return shift, np.sqrt(np.maximum(each @ fine**2 - shift**2, 0.0))


def fold(recording: Recording, view: View, side: Side, instants: Array, path: FootPath) -> Folded:
    """Lay all strides of one foot over one another.

    What drifts (a belt, a camera that pans) and the level of each stride are taken out against the
    mean path, so that it does not matter at which phases a stride was seen.

    Parameters
    ----------
    recording : Recording
    view : View
    side : {"left", "right"}
    instants : ndarray, shape (events,)
        Seconds.
    path : FootPath

    Returns
    -------
    Folded
    """
    names = [f"{side}_{point}" for point in POINTS]
    position = np.stack([recording.point(name) for name in names], axis=1)
    position = position * (np.array([1.0, -1.0]) / view.leg_length)
    reach = (_REACH + 0.499) * STEP_S
    first = np.searchsorted(recording.time, instants - reach)
    length = np.searchsorted(recording.time, instants + reach) - first
    stride = np.repeat(np.arange(len(instants)), length)
    frame = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    frame += first[stride]
    since = recording.time[frame] - instants[stride]
    cell = np.rint(since / STEP_S).astype(int) + _REACH
    bins = 2 * _REACH + 1
    middle = slice(_LARGEST, _LARGEST + bins)
    expected = _projected(path.mean, view.yaw_deg)
    mean, count = np.zeros((2, len(POINTS), bins)), np.zeros((2, len(POINTS), bins))
    square, free = 0.0, 0
    for axis in range(2):
        for p in range(len(POINTS)):
            value = position[frame, p, axis] - np.interp(since, GRID_S, expected[axis, p])
            seen = np.isfinite(value)
            if not seen.any():
                continue
            own, t, s = value[seen], since[seen], stride[seen]
            own, t = _centred(own, s), _centred(t, s)
            own = _centred(value[seen] - since[seen] * (t @ own) / max(t @ t, 1e-12), s)
            n = np.bincount(cell[seen], minlength=bins).astype(float)
            total = np.bincount(cell[seen], own, bins)
            count[axis, p] = n
            level = total / np.maximum(n, 1.0)
            mean[axis, p] = np.where(n > 0, level + expected[axis, p, middle], 0.0)
            square += float(np.sum((own - level[cell[seen]]) ** 2))
            free += int(len(own) - np.count_nonzero(n))
    usual = 20.0
    scatter = (square + usual * _USUAL_SCATTER**2) / (max(free, 0) + usual)
    return Folded(mean, count, max(float(scatter) ** 0.5, _LEAST_SCATTER))


def _centred(value: Array, group: NDArray[np.intp]) -> Array:
    """Take the mean of each group out."""
    n = np.maximum(np.bincount(group), 1)
    centred: Array = value - (np.bincount(group, value) / n)[group]
    return centred


def _projected(path: Array, yaw_deg: float) -> Array:
    """Turn forward and up into image x and up."""
    projected: Array = path * np.array([np.cos(np.radians(yaw_deg)), 1.0])[:, None, None]
    return projected


def log_likelihood(
    folded: Folded, view: View, path: FootPath, which: Sequence[int] = range(len(_SHIFTS_S))
) -> Array:
    """Tell how well the learnt path fits after the shifts `which` of `_SHIFTS_S`.

    What differs between runners, levels, drifts and perspective are Gaussian unknowns that are
    integrated out (Bayesian linear regression; Bishop 2006, Pattern Recognition, section 3.5).

    Returns
    -------
    ndarray, shape (shifts,)
        Up to a constant.
    """
    basis, expected, precision = _design(path, round(view.yaw_deg), tuple(which))
    unknown = np.array([(_SIDEWAYS * np.sin(np.radians(view.yaw_deg))) ** 2, 0.0])[:, None, None]
    variance = folded.scatter**2 / np.maximum(folded.count, 1.0) + path.rest + unknown
    seen = folded.count > 0
    weight = np.where(seen, 1.0 / variance, 0.0).ravel()
    left = folded.mean.ravel() - expected
    weighted = basis * weight
    inner = weighted @ basis.transpose(0, 2, 1) + np.diag(precision)
    outer = np.einsum("sij,sj->si", weighted, left)
    lower = np.linalg.cholesky(inner)
    solved = np.linalg.solve(lower, outer[..., None])[..., 0]
    explained = np.sum(solved**2, axis=1) - left**2 @ weight
    log: Array = explained / 2 - np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    log -= np.log(variance[seen]).sum() / 2
    return log


@lru_cache(maxsize=16)
def _design(path: FootPath, yaw_deg: int, which: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Return regressors and mean path for the shifts `which`, and the regressors' precision.

    Returns
    -------
    basis : ndarray, shape (shifts, regressors, cells)
    expected : ndarray, shape (shifts, cells)
    precision : ndarray, shape (regressors,)
    """
    bins = 2 * _REACH + 1
    starts = [2 * _LARGEST - i for i in which]
    mean = np.stack([path.mean[..., s : s + bins] for s in starts])
    ways = np.stack([path.ways[..., s : s + bins] for s in starts])
    depth = np.zeros((len(starts), 1 + _SEEN_IN_DEPTH, *mean.shape[1:]))
    depth[:, 0, 1], depth[:, 1:, 1] = mean[:, 0], ways[:, :_SEEN_IN_DEPTH, 0]
    free = np.zeros((2, 2, len(POINTS), 2, len(POINTS), bins))
    for axis in range(2):
        for p in range(len(POINTS)):
            free[0, axis, p, axis, p] = 1.0
            free[1, axis, p, axis, p] = STEP_S * np.arange(-_REACH, _REACH + 1)
    each = free.reshape(1, -1, 2, len(POINTS), bins).repeat(len(starts), axis=0)
    basis = np.concatenate([_projected(ways, yaw_deg), depth, each], axis=1)
    away = abs(np.sin(np.radians(yaw_deg))) + 0.05
    drift = np.repeat([_DRIFT_SIDEWAYS, _DRIFT_UP], len(POINTS))
    sd = np.concatenate(
        [
            np.ones(ways.shape[1]),
            np.full(1 + _SEEN_IN_DEPTH, _PERSPECTIVE * away),
            np.full(2 * len(POINTS), _LEVEL),
            drift,
        ]
    )
    cells = mean[0].size
    return (
        basis.reshape(len(starts), -1, cells),
        _projected(mean, yaw_deg).reshape(len(starts), cells),
        sd**-2.0,
    )
