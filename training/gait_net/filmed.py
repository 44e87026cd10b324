"""Films of the virtual laboratory as the network sees them, with the truth about each instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import learned
from stridewise.gait.encoding import MIRROR
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from training.films.record import Film
from training.gait_net.footage import footage, targets
from training.gait_net.scene import FRAMES, encoded, knowable, mirrored

Array = NDArray[np.float64]

#: Scenes are cut from a film this far apart, in frames of the network's grid.
_APART = 48
#: The least that a scene shows, in frames.
_SHORTEST = 60


@dataclass(frozen=True, eq=False)
class Seen:
    """A film on the network's grid.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        On the clock of the file.
    xy : ndarray, shape (frames, len(INPUT_POINTS), 2)
        Repaired, y up; NaN where missing.
    wanted : ndarray, shape (frames, outputs)
        What the network should say of the picture as it is, not mirrored; NaN where the truth is
        not known.
    interval_s : float
        Between the frames of the file.
    """

    time: Array
    xy: Array
    wanted: Array
    interval_s: float


def seen(film: Film, recording: Recording) -> Seen:
    """Bring a film, as an estimator or the truth has its points, on the grid of the network.

    Raises
    ------
    InputError
        When the points do not make a recording that can be read.
    """
    recording, _ = clean(recording)
    time, xy = learned.on_grid(recording)
    source = footage(film.trial)
    xyz = film.whole(film.trial).xyz
    wanted = targets(source, xyz, xyz, slice(None), film.taken(time), film.yaw_deg)
    hips = learned.legs_seen(xy)
    wanted[~(hips["left"] | hips["right"])] = np.nan
    return Seen(time, xy, knowable(wanted, xy), 1 / recording.fps)


def scenes(film: Seen, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Cut a film into scenes to train on, as `training.gait_net.scene.film` makes them.

    Yields
    ------
    features : ndarray, shape (FRAMES, FEATURES)
    targets : ndarray, shape (FRAMES, outputs)
    """
    last = max(len(film.time) - FRAMES, 0)
    for start in _starts(last, rng):
        xy, wanted = (_padded(part[start : start + FRAMES]) for part in (film.xy, film.wanted))
        if rng.random() < 0.5:
            xy, wanted = xy[:, MIRROR] * [-1.0, 1.0], mirrored(wanted)
        if np.isfinite(xy[:, :, 0]).any(axis=1).sum() < _SHORTEST:
            continue
        yield encoded(xy, wanted, film.interval_s)


def _starts(last: int, rng: np.random.Generator) -> Sequence[int]:
    count = 1 + last // _APART
    starts: list[int] = np.sort(rng.integers(last + 1, size=count)).tolist()
    return starts


def _padded(part: Array) -> Array:
    """Fill up to the length of a scene with what is not there."""
    missing = np.full((FRAMES - len(part), *part.shape[1:]), np.nan)
    return np.concatenate([part, missing])
