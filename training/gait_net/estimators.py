"""Points as real pose estimators write them, for scenes to be filmed with.

What is known of an estimator's errors is learnt anew without the films of the runners of a fold, so
that a network which is measured on those has met nothing of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import INPUT_POINTS
from stridewise.gait.motion import Event
from stridewise.recording import Recording
from stridewise.repair.clean import STEPS
from stridewise.simulate.estimator import Fingerprint, imitate, load, save, view_of
from training.films.fingerprint import fit
from training.films.record import Film, read_all
from training.gait_net.folds import held_out

Array = NDArray[np.float64]

#: Estimators and how often scenes are filmed with them: as people use them, and the hard ones.
SHARES = {
    "blazepose-full": 0.25,
    "blazepose-heavy": 0.17,
    "blazepose-full-frames": 0.15,
    "blazepose-lite": 0.13,
    "movenet-thunder": 0.12,
    "blazepose-heavy-frames": 0.07,
    "blazepose-lite-frames": 0.06,
    "movenet-lightning": 0.05,
}
#: Contacts this far beyond the ends of a scene still tell the phase in it.
_AROUND_S = 3.0
#: Share of scenes that are repaired before they are read, as in use; the network learns from the
#: others to read what repair leaves.
_REPAIRED = 0.6
#: Steps of repair that leave frames where they are.
_STEPS = ("low_confidence", "swaps", "outliers", "gaps")


def sources(folder: Path, fold: int | None) -> list[Fingerprint]:
    """Return what is known of each estimator without the runners of a fold; learnt once."""
    folder.mkdir(parents=True, exist_ok=True)
    films: Sequence[Film] = ()
    found = []
    for name in SHARES:
        path = folder / f"{name}_{fold}.npz"
        if not path.exists():
            films = films or read_all()
            with path.open("wb") as file:
                save(fit(films, name, without=held_out(fold)), file)
        with path.open("rb") as file:
            found.append(load(file))
    return found


def draw_source(
    known: Sequence[Fingerprint], yaw_deg: float, rng: np.random.Generator
) -> Fingerprint:
    """Draw an estimator among those whose errors are known from such a view."""
    fit_for = [one for one in known if view_of(yaw_deg) in one.views]
    share = np.array([SHARES[one.name] for one in fit_for])
    return fit_for[int(rng.choice(len(fit_for), p=share / share.sum()))]


def misled(
    xy: Array,
    time: Array,
    source: Fingerprint,
    events: Sequence[Event],
    yaw_deg: float,
    leg_px: float,
    rng: np.random.Generator,
) -> Array:
    """Return the points of a scene as an estimator would have written them.

    Parameters
    ----------
    xy : ndarray, shape (frames, len(INPUT_POINTS), 2)
        True points in the picture, y down.
    time : ndarray, shape (frames,)
    source : Fingerprint
    events : sequence of Event
        On the clock of the scene.
    yaw_deg : float
    leg_px : float
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (frames, len(INPUT_POINTS), 2)
        NaN where the estimator has no such point, or is unsure.
    """
    near = [e for e in events if -_AROUND_S < e.time_s - time[0] < time[-1] - time[0] + _AROUND_S]
    perfect = Recording(xy, np.ones(xy.shape[:2]), time, INPUT_POINTS)
    made = imitate(perfect, source, near, yaw_deg, leg_px, rng)
    for step in _STEPS if rng.random() < _REPAIRED else _STEPS[:1]:
        made, _ = STEPS[step](made)
    seen = np.full_like(xy, np.nan)
    seen[:, [INPUT_POINTS.index(name) for name in made.keypoints]] = made.xy
    return seen
