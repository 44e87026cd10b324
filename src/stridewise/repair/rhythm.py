"""What the rhythm of running makes of the difference between left and right.

Running repeats itself, and half a stride later it is its own mirror image. So left minus right of
knees, ankles and feet goes round a loop once per stride and lies on the other side half a stride
later: an offset and the odd harmonics of the stride describe it. Where in the loop a frame lies is
told by what does not care which side is which, the sum of the heights of both feet, and that makes
the loop a witness of its own about which side is which: an exchanged frame lies where the loop was
half a stride ago.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.skeletons import SIDES

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: What rises and falls with each step, against the hips.
_RISING = ("knee", "ankle", "heel", "big_toe")
#: So many steps and frames make a rhythm, and a point must be seen in this share of the frames.
_STEPS, _FRAMES, _SEEN = 4.0, 30, 0.5
#: Over how many steps the rhythm is averaged (standard deviation of a Gaussian), and how many of
#: those it reaches.
_MEMORY, _REACH = 1.0, 3.0
#: How many harmonics of the stride describe the loop: the first, third and so on, because half a
#: stride later it is its own mirror image.
_HARMONICS = 4
#: Phases of a step that are looked at one by one when nothing is believed about sides.
_BINS = 16
#: How stiff harmonics and offset are, as a share of the frames: a few odd frames do not bend them.
_STIFF, _STIFF_OFFSET = 1e-3, 2e-2
#: The first round is for the offset and the first harmonic alone, so many more for all of it.
_COARSE, _ROUNDS = 3, 3
#: Within this share of its size, a loop leaves nothing to be looked for.
_CLEAR = 0.2
_TINY = 1e-12


class Loop(NamedTuple):
    """Left minus right as the rhythm has it.

    Parameters
    ----------
    value : ndarray, shape (frames, pairs, axes)
        As most frames have their sides.
    misfit : float
        How far a typical frame lies from it whatever its sides, as a share of its size.
    other : float
        Share of the frames that lie on the other side of it.
    """

    value: Array
    misfit: float
    other: float


def heights(recording: Recording, leg_length: float) -> Array:
    """Return the sum of the heights of both sides against that of the hips, shape (frames, parts).

    Parameters
    ----------
    recording : Recording
    leg_length : float
        In the unit of the recording.
    """

    def both(part: str) -> Array:
        left, right = (recording.point(f"{side}_{part}")[:, 1] for side in SIDES)
        return np.asarray(left + right)

    hips = both("hip")
    return np.stack([both(part) - hips for part in _RISING], axis=1) / leg_length


def step_phase(rising: Array, time: Array) -> Array | None:
    """Find where in the rhythm of its steps each frame lies, whichever side is which.

    Parameters
    ----------
    rising : ndarray, shape (frames, parts)
        From `heights`; points may be missing.
    time : ndarray, shape (frames,)
        May be uneven.

    Returns
    -------
    ndarray, shape (frames,), or None
        In radians, one turn for each step; None where there is no rhythm.
    """
    if len(time) < _FRAMES:
        return None
    rising = rising[:, np.isfinite(rising).mean(axis=0) > _SEEN]
    if not rising.size:
        return None
    even = np.linspace(time[0], time[-1], len(time))
    rising = _filled(rising, time, even)
    rising -= rising.mean(axis=0)
    rate = _strongest_rate(rising, even)
    if rate is None:
        return None
    from scipy.ndimage import gaussian_filter1d

    beat = np.exp(-2j * np.pi * rate * even)
    width = _MEMORY / rate / (even[1] - even[0])
    slow = gaussian_filter1d(
        rising * beat[:, None], width, axis=0, mode="constant", truncate=_REACH
    )
    _, vectors = np.linalg.eigh(slow.conj().T @ slow)
    turned: Array = np.unwrap(np.angle((slow @ vectors[:, -1]) / beat))
    phase: Array = np.interp(time, even, turned)
    return phase


def _filled(values: Array, time: Array, at: Array) -> Array:
    """Read columns at other times, over gaps as well; zero where nothing is known."""
    return np.stack(
        [
            np.interp(at, time[known], column[known]) if known.any() else np.zeros(len(at))
            for column, known in zip(values.T, np.isfinite(values).T, strict=True)
        ],
        axis=1,
    )


def _strongest_rate(values: Array, time: Array) -> float | None:
    """Return the strongest rate that comes round often enough, per second."""
    size = 1 << int(np.ceil(np.log2(4 * len(time))))
    power = (np.abs(np.fft.rfft(values * np.hanning(len(time))[:, None], size, axis=0)) ** 2).sum(1)
    rate = np.fft.rfftfreq(size, (time[-1] - time[0]) / (len(time) - 1))
    power[rate < _STEPS / (time[-1] - time[0])] = 0.0
    return float(rate[power.argmax()]) if power.any() else None


def find_loop(apart: Array, phase: Array) -> Loop:
    """Find the loop on which left minus right moves, though sides may be exchanged.

    Parameters
    ----------
    apart : ndarray, shape (frames, pairs, axes)
        Left minus right in leg lengths; NaN where not known, but not throughout.
    phase : ndarray, shape (frames,)
        From `step_phase`.
    """
    frames = np.arange(float(len(apart)))
    flat = apart.reshape(len(apart), -1)
    seen = np.asarray(np.isfinite(flat).any(axis=1))
    flat = _filled(flat, frames, frames)
    waves = _waves(phase)
    found = _fit(flat, waves, seen, np.ones(len(flat)))
    # When all sides are in order as they are named, there is nothing else to be had.
    if found.other > 0 or found.misfit > _CLEAR:
        others = (_fit(flat, waves, seen, order) for order in _blind_orders(flat, phase, seen))
        found = min(found, *others, key=lambda loop: loop.misfit)
    return found._replace(value=found.value.reshape(apart.shape))


def _waves(phase: Array) -> Array:
    """Return offset and harmonics of the stride, shape (frames, terms), the slowest first."""
    first = np.exp(0.5j * phase)
    odd = np.cumprod(np.stack([first, *[first**2] * (_HARMONICS - 1)], axis=1), axis=1)
    return np.concatenate([np.ones((len(phase), 1)), odd.view(float)], axis=1)


def _fit(flat: Array, waves: Array, seen: Mask, order: Array) -> Loop:
    """Fit a loop, robustly, and put the sides in its order, by turns."""
    stiff = np.array([_STIFF_OFFSET, *[_STIFF] * (waves.shape[1] - 1)]) * len(waves)
    weight, distance = seen.astype(float), np.einsum("tc,tc->t", flat, flat)
    for terms in (_COARSE, *[waves.shape[1]] * _ROUNDS):
        some = waves[:, :terms]
        heavy = some.T * weight
        inner = heavy @ some + np.diag(stiff[:terms])
        value = some @ np.linalg.solve(inner, heavy @ (order[:, None] * flat))
        along, size = np.einsum("tc,tc->t", flat, value), np.einsum("tc,tc->t", value, value)
        order = np.where(along < 0, -1.0, 1.0)
        error = np.maximum(distance - 2 * np.abs(along) + size, 0.0)
        usual = float(np.median(error[seen]))
        weight = seen / (1.0 + error / max(usual, _TINY))
    misfit = float(np.sqrt(usual / max(size.mean(), _TINY)))
    other = float((order[seen] < 0).mean())
    return Loop(-value, misfit, 1.0 - other) if other > 0.5 else Loop(value, misfit, other)


def _blind_orders(flat: Array, phase: Array, seen: Mask) -> tuple[Array, Array]:
    """Put left and right in order without believing the names of either.

    Along which line left minus right lies at each phase of a step is the same either way round, and
    from phase to phase the line turns a little. After a step it has come back to where it was (left
    stays left of right, as from the front) or lies the other way round (the legs have passed each
    other).
    """
    step, within = np.divmod(phase / (2 * np.pi), 1.0)
    at = np.minimum((_BINS * within).astype(int), _BINS - 1)
    bins = [flat[seen & (at == k)] for k in range(_BINS)]
    _, vectors = np.linalg.eigh(np.stack([rows.T @ rows for rows in bins]))
    lines = vectors[..., -1]
    turns = np.where((lines[1:] * lines[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    lines[1:] *= np.cumprod(turns)[:, None]
    stays = np.where((flat * lines[at]).sum(axis=1) < 0, -1.0, 1.0)
    return stays, np.where(step % 2 == 0, stays, -stays)
