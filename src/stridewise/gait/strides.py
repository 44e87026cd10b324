"""Steps and strides: foot contacts put in order, and signals read at and between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stridewise.estimate import MetricSide
from stridewise.gait.motion import Event, EventKind, Motion
from stridewise.result import Curve
from stridewise.skeletons import SIDES, Side, other

Array = NDArray[np.float64]

#: Frames further apart than this, in seconds, are a hole: nothing is read across it.
MAX_GAP_S = 0.1

#: Points of a time-normalised stance, swing or step; 5 ms or finer at every running speed.
WINDOW_POINTS = 51

#: Points of a time-normalised stride, the custom of the field.
CURVE_POINTS = 101

#: A window counts when at least this share of it is known.
MIN_COVERAGE = 0.9

#: Median absolute deviation to standard deviation, for a normal distribution.
MAD_TO_SD = 1.4826

#: Signals that are not angles, with their unit.
_UNITS = {
    "ankle_ahead": "L",
    "foot_ahead": "L",
    "pelvis_height": "L",
    "pelvis_travel": "L",
    "ankle_lateral": "L",
    "wrist_ahead": "1",
    "head_ahead": "1",
    "knee_gap": "1",
    "wrist_lateral": "1",
    "vertical_force": "BW",
    "fore_aft_force": "BW",
}


class Limits(NamedTuple):
    """Durations in seconds, shortest and longest, that a gait can have.

    The defaults span everything from slow jogging to sprinting; a step lies between half of the
    two `stride` limits.
    """

    contact: tuple[float, float] = (0.08, 0.6)
    stride: tuple[float, float] = (0.4, 1.2)


@dataclass(frozen=True)
class Step:
    """One foot on the ground, and the contacts around it; None where unknown.

    Parameters
    ----------
    side : {"left", "right"}
        Whose foot.
    initial_contact, mid_stance, toe_off : float
        Seconds. Mid-stance is the time of peak stance knee flexion, or of the lowest pelvis where
        the knee cannot be seen to flex.
    previous_contact, next_contact : float
        Initial contact of the other foot before and after this one, in seconds.
    next_same : float
        Next initial contact of the same foot, in seconds.
    contact_sd, toe_off_sd : float
        Standard deviations of the two instants, in seconds.
    """

    side: Side
    initial_contact: float
    mid_stance: float | None
    toe_off: float | None
    previous_contact: float | None
    next_contact: float | None
    next_same: float | None
    contact_sd: float
    toe_off_sd: float | None


@dataclass(frozen=True, eq=False)
class Steps:
    """All steps of a recording as columns, in order of time; NaN where unknown.

    The columns are those of `Step`, each of shape (steps,); `right` is True for the right foot.
    """

    right: NDArray[np.bool_]
    initial_contact: Array
    mid_stance: Array
    toe_off: Array
    previous_contact: Array
    next_contact: Array
    next_same: Array
    contact_sd: Array
    toe_off_sd: Array

    def __len__(self) -> int:
        return len(self.right)

    def __getitem__(self, i: int) -> Step:
        def known(column: Array) -> Any:
            return None if np.isnan(column[i]) else float(column[i])

        columns = {f.name: known(getattr(self, f.name)) for f in fields(self)[1:]}
        return Step(side="right" if self.right[i] else "left", **columns)

    def __iter__(self) -> Iterator[Step]:
        return (self[i] for i in range(len(self)))

    def where(self, mask: NDArray[np.bool_]) -> Steps:
        """Return the steps for which `mask`, shape (steps,), is True."""
        return Steps(*(getattr(self, f.name)[mask] for f in fields(self)))

    def of(self, side: MetricSide) -> Steps:
        """Return the steps of one side, or all of them for "both"."""
        return self if side == "both" else self.where(self.right == (side == "right"))


def find_steps(motion: Motion, limits: Limits | None = None) -> Steps:
    """Put the foot contacts of a recording in order.

    Contacts that are missing, that lie on the other side of a hole in the recording or that would
    make a contact, step or stride of an impossible length are left unknown (NaN).

    Parameters
    ----------
    motion : Motion
        Events of both sides; they need not alternate.
    limits : Limits, optional
        Possible durations; those of running by default.

    Returns
    -------
    Steps
        One row for each initial contact.
    """
    limits = limits or Limits()
    contacts = {side: _instants(motion.events, "initial_contact", side) for side in SIDES}
    columns = [
        np.concatenate(halves)
        for halves in zip(
            *(_one_side(motion, limits, contacts, side) for side in SIDES), strict=True
        )
    ]
    order = np.argsort(columns[1], kind="stable")
    steps = Steps(*(column[order] for column in columns))
    return replace(steps, mid_stance=_mid_stance(motion, steps))


def _one_side(
    motion: Motion, limits: Limits, contacts: dict[Side, tuple[Array, Array]], side: Side
) -> tuple[NDArray[Any], ...]:
    """Columns of `Steps` for one side; mid-stance is still unknown."""
    contact, contact_sd = contacts[side]
    opposite, _ = contacts[other(side)]
    offs, offs_sd = _instants(motion.events, "toe_off", side)
    before = np.concatenate(([-np.inf], contact))[:-1]
    after = np.concatenate((contact, [np.inf]))[1:]

    i_next, i_off = (
        np.searchsorted(instants, contact, side="right") for instants in (opposite, offs)
    )
    next_contact, toe_off = _take(opposite, i_next), _take(offs, i_off)
    previous = _take(opposite, np.searchsorted(opposite, contact) - 1)
    # Two contacts of the other foot within one stride: a contact of this foot was missed.
    whole = np.searchsorted(opposite, after) - i_next < 2

    def keep(instant: Array, valid: NDArray[np.bool_], limit: tuple[float, float]) -> Array:
        lasts = np.abs(instant - contact)
        valid = valid & (lasts >= limit[0]) & (lasts <= limit[1])
        valid &= ~_hole_between(
            motion.time, np.minimum(contact, instant), np.maximum(contact, instant)
        )
        return np.where(valid, instant, np.nan)

    half = (limits.stride[0] / 2, limits.stride[1] / 2)
    toe_off = keep(toe_off, toe_off < after, limits.contact)
    return (
        np.full(len(contact), side == "right"),
        contact,
        np.full(len(contact), np.nan),
        toe_off,
        keep(previous, previous > before, half),
        keep(next_contact, next_contact < after, half),
        keep(after, whole, limits.stride),
        contact_sd,
        np.where(np.isnan(toe_off), np.nan, _take(offs_sd, i_off)),
    )


def _instants(events: tuple[Event, ...], kind: EventKind, side: Side) -> tuple[Array, Array]:
    """Return times and standard deviations of one kind of event, in order of time."""
    found = sorted(
        (e.time_s, e.sd_s)
        for e in events
        if e.kind == kind and e.side == side and np.isfinite(e.time_s)
    )
    both = np.array(found, dtype=float).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _take(values: Array, index: NDArray[np.intp]) -> Array:
    """Values at `index`, NaN where there is no such index."""
    return np.append(values, np.nan)[np.where(index < 0, len(values), index)]


def _hole_between(time: Array, start: Array, stop: Array) -> NDArray[np.bool_]:
    """Whether the recording has a hole somewhere between two instants."""
    last = np.flatnonzero(np.diff(time) > MAX_GAP_S)
    begun = np.searchsorted(time[last], stop)
    over = np.searchsorted(time[last + 1], start, side="right")
    return np.asarray(begun > over)


def _mid_stance(motion: Motion, steps: Steps) -> Array:
    """Time of peak knee flexion in stance, else of the lowest pelvis; NaN where neither is seen."""
    found = np.full(len(steps), np.nan)
    for side in SIDES:
        rows = np.flatnonzero(steps.right == (side == "right"))
        for name, owner, sign in (("knee_flexion", side, 1.0), ("pelvis_height", None, -1.0)):
            signal = motion.signals.get((name, owner))
            rows = rows[np.isnan(found[rows])]
            if signal is None or not len(rows):
                continue
            start, stop = steps.initial_contact[rows], steps.toe_off[rows]
            _, share = peak(between(motion.time, start, stop).value(sign * signal.value))
            found[rows] = start + share * (stop - start)
    return found


@dataclass(frozen=True, eq=False)
class Sampler:
    """Reads signals at given instants by cubic interpolation over the true time stamps.

    Parameters
    ----------
    first : ndarray of int, shape (...)
        The first of the four frames around each instant.
    weights, rates : ndarray, shape (4, ...)
        Their weights for the value and for the rate of change.
    bracket : ndarray of int, shape (...)
        The frame before each instant.
    share : ndarray, shape (...)
        Where the instant lies between that frame and the next, 0 to 1.
    """

    first: NDArray[np.intp]
    weights: Array
    rates: Array | None
    bracket: NDArray[np.intp]
    share: Array

    def value(self, signal: Array) -> Array:
        """Values of `signal`, shape (frames,), at the instants.

        Linear next to a hole in the signal; NaN within a hole, outside the recording and where the
        instant itself is NaN.
        """
        value = self._combine(signal, self.weights)
        holes = np.isnan(value) & np.isfinite(self.share)
        if holes.any():
            a, b = signal[self.bracket[holes]], signal[self.bracket[holes] + 1]
            value[holes] = a + (b - a) * self.share[holes]
        return value

    def rate(self, signal: Array) -> Array:
        """Rate of change of `signal` at the instants, per second; NaN next to a hole."""
        assert self.rates is not None, "made without rates"
        return self._combine(signal, self.rates)

    def _combine(self, signal: Array, weights: Array) -> Array:
        if len(signal) < 4:
            return np.full(self.share.shape, np.nan)
        total: Array = weights[0] * signal[self.first]
        for k in range(1, 4):
            total += weights[k] * signal[self.first + k]
        return total


def at(time: Array, instants: Array, *, rates: bool = True) -> Sampler:
    """Prepare to read signals at instants.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Increasing time stamps, in seconds.
    instants : ndarray, shape (...)
        Seconds; may be NaN.
    rates : bool
        Whether rates of change will be asked for.
    """
    frames = len(time)
    if frames < 4:
        nowhere = np.zeros(instants.shape, dtype=np.intp)
        nan = np.full((4, *instants.shape), np.nan)
        return Sampler(nowhere, nan, nan, nowhere, nan[0])
    bracket = np.clip(np.searchsorted(time, instants, side="right") - 1, 0, frames - 2)
    step = time[bracket + 1] - time[bracket]
    share = (instants - time[bracket]) / step
    share = np.where((share >= 0) & (share <= 1) & (step <= MAX_GAP_S), share, np.nan)

    first = np.clip(bracket - 1, 0, frames - 4)
    # Lagrange's polynomial through the four frames, in offsets from the instant.
    offset = np.stack([time[first + k] for k in range(4)]) - instants
    weights, slopes = np.empty_like(offset), np.zeros_like(offset)
    for k in range(4):
        a, b, c = (offset[m] for m in range(4) if m != k)
        scale = 1 / ((a - offset[k]) * (b - offset[k]) * (c - offset[k]))
        weights[k] = np.where(np.isnan(share), np.nan, a * b * c * scale)
        if rates:
            slopes[k] = -(a * b + b * c + a * c) * scale + 0.0 * weights[k]
    return Sampler(first, weights, slopes if rates else None, bracket, share)


def between(time: Array, start: Array, stop: Array, points: int = WINDOW_POINTS) -> Sampler:
    """Prepare to read signals at evenly spaced instants from `start` to `stop`, both included.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Increasing time stamps, in seconds.
    start, stop : ndarray, shape (n,)
        Seconds; may be NaN.
    points : int
        How many instants each window has.

    Returns
    -------
    Sampler
        Of shape (n, points).
    """
    shares = np.linspace(0.0, 1.0, points)
    return at(time, start[:, None] + shares * (stop - start)[:, None], rates=False)


def peak(windows: Array) -> tuple[Array, Array]:
    """Return the largest value of each window, and where it lies.

    The largest sample and its neighbours are taken for a parabola.

    Parameters
    ----------
    windows : ndarray, shape (n, points)
        NaN where unknown.

    Returns
    -------
    value, share : ndarray, shape (n,)
        The maximum and its place from 0 (start) to 1 (end of the window); NaN where less than
        `MIN_COVERAGE` of the window is known.
    """
    n, points = windows.shape
    known = np.isfinite(windows)
    rows = np.arange(n)
    top = np.where(known, windows, -np.inf).argmax(axis=1)
    middle = np.clip(top, 1, points - 2)
    a, b, c = (windows[rows, middle + k] for k in (-1, 0, 1))
    bend, tilt = a - 2 * b + c, (c - a) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = -tilt / bend
    inside = (bend < 0) & (np.abs(shift) <= 1)
    value = np.where(inside, b + tilt * shift / 2, windows[rows, top])
    place = np.where(inside, middle + shift, top) / (points - 1)
    whole = known.mean(axis=1) >= MIN_COVERAGE
    return np.where(whole, value, np.nan), np.where(whole, place, np.nan)


def mean(windows: Array) -> Array:
    """Return the mean over time of each window; NaN where less than `MIN_COVERAGE` is known.

    By the trapezoidal rule: the first and last point stand for half as long as the others.

    Parameters
    ----------
    windows : ndarray, shape (n, points)
        NaN where unknown.
    """
    weight = np.ones(windows.shape[1])
    weight[[0, -1]] = 0.5
    known = np.isfinite(windows)
    total = np.where(known, windows, 0.0) @ weight
    enough = known.mean(axis=1) >= MIN_COVERAGE
    return np.where(enough, total / np.maximum(known @ weight, 0.5), np.nan)


def strides_of(motion: Motion, steps: Steps, side: MetricSide) -> Sampler:
    """Prepare to read signals over whole strides, `CURVE_POINTS` of each."""
    chosen = steps.of(side)
    return between(motion.time, chosen.initial_contact, chosen.next_same, CURVE_POINTS)


def curve(
    motion: Motion, steps: Steps, name: str, side: MetricSide, whole: Sampler | None = None
) -> Curve | None:
    """Return the mean course of a signal from initial contact to the next of the same side.

    Strides with less than 90 % of the signal known are left out, and so are those whose distance
    from the median stride is more than 3 scaled median absolute deviations above its median.

    Parameters
    ----------
    motion : Motion
        Whose signals.
    steps : Steps
        From `find_steps`.
    name : str
        Name of the signal.
    side : {"left", "right", "both"}
        Whose strides; for a signal of the midline, "both" takes the strides of both feet together.
    whole : Sampler, optional
        From `strides_of`, which all signals of a side share.

    Returns
    -------
    Curve or None
        101 points, mean and standard deviation over strides; None where the motion has no such
        signal or fewer than two strides remain.
    """
    signal = motion.signals.get((name, None))
    if side != "both":
        signal = motion.signals.get((name, side), signal)
    if signal is None:
        return None
    chosen = steps.of(side)
    start, stop = chosen.initial_contact, chosen.next_same
    strides = (whole or strides_of(motion, steps, side)).value(signal.value)
    kept = np.isfinite(strides).mean(axis=1) >= MIN_COVERAGE
    strides, start, stop = strides[kept], start[kept], stop[kept]
    off = chosen.toe_off[kept]
    if len(strides) < 2:
        return None
    kept = _alike(strides)
    strides, start, stop, off = strides[kept], start[kept], stop[kept], off[kept]
    average, spread = _mean_and_sd(strides)
    share = 100 * (off - start) / (stop - start)
    share = share[np.isfinite(share)]
    return Curve(
        id=name,
        side=side,
        unit=_UNITS.get(name, "deg"),
        mean=average,
        sd=spread,
        n=len(strides),
        toe_off_percent=float(share.mean()) if len(share) else None,
    )


def _alike(strides: Array) -> NDArray[np.bool_]:
    """Which strides are no further from the median stride than strides of this runner can be."""
    if len(strides) < 4:
        return np.ones(len(strides), dtype=bool)
    filled = np.where(np.isfinite(strides), strides, _mean_and_sd(strides)[0])
    distance = np.sqrt(mean((filled - np.median(filled, axis=0)) ** 2))
    usual = np.median(distance)
    return np.asarray(distance <= usual + 3 * MAD_TO_SD * np.median(np.abs(distance - usual)))


def _mean_and_sd(strides: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each column; NaN where too little is known."""
    known = np.isfinite(strides)
    count = known.sum(axis=0).astype(float)
    with np.errstate(invalid="ignore"):
        average = np.where(known, strides, 0.0).sum(axis=0) / np.where(count > 0, count, np.nan)
        squares = np.where(known, (strides - average) ** 2, 0.0).sum(axis=0)
        return average, np.sqrt(squares / np.where(count > 1, count - 1, np.nan))
