"""Films whose points are drawn from a fingerprint in place of what the estimator wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stridewise.recording import Recording
from stridewise.simulate.estimator import Fingerprint, imitate
from training.films.fingerprint import fit
from training.films.record import Film, kept
from training.gait_net.folds import held_out


def imitated(film: Film, source: Fingerprint, seed: int) -> Film:
    """Return the film as if the estimator had seen somebody else run just so."""
    keypoints = kept(source.name)
    # Repeated frames show one instant twice.
    time, first, of_frame = np.unique(film.time, return_index=True, return_inverse=True)
    names = tuple(film.true)
    xy = np.stack([film.true[name][first] for name in names], axis=1)
    perfect = Recording(xy, np.ones(xy.shape[:2]), time, names)
    rng = np.random.default_rng([seed, *film.name.encode()])
    made = imitate(perfect, source, film.trial.events, film.yaw_deg, film.leg_px[first], rng)
    points = np.full((len(time), len(keypoints), 3), np.nan)
    for i, name in enumerate(made.keypoints):
        points[:, keypoints.index(name), :2] = made.xy[:, i]
        points[:, keypoints.index(name), 2] = made.confidence[:, i]
    return replace(film, points={source.name: points[of_frame]})


def held_out_sources(films: Sequence[Film], estimator: str) -> dict[int | None, Fingerprint]:
    """Return, per fold, what is learnt of an estimator from the other folds' films."""
    folds = {film.fold for film in films if estimator in film.points}
    return {fold: fit(films, estimator, without=held_out(fold)) for fold in folds}
