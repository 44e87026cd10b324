"""A film as one estimator saw it, all films alike: in leg lengths, right side towards the camera.

Left and right are exchanged and the picture mirrored where the camera saw the left side, so that
right points are the near ones, and x is ahead from the side. From behind and in front no side is
near: such films count twice, as they are and mirrored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.simulate.estimator import VIEWS, is_mirrored, leg_phase, twin, view_of
from stridewise.skeletons import Side, other
from training.films.record import Film, kept

Array = NDArray[np.float64]

#: Views without a near side.
EVEN = ("back", "front")
#: A film of fewer strides than this tells too little, and one in which somebody is found in less
#: than this share of the frames.
LEAST_STRIDES, LEAST_FOUND = 3.0, 0.5
#: Points of which there is no truth: what moves with the stride is taken for true.
HEAD = ("nose", "left_ear", "right_ear")


@dataclass(frozen=True, eq=False)
class Aligned:
    """What an estimator saw in a film.

    Parameters
    ----------
    film, runner, view : str
    fps : float
    keypoints : tuple of str
    time : ndarray, shape (frames,)
        When the frames were taken, in seconds.
    phase : ndarray, shape (frames, 2)
        Of the right leg and of the left, in strides.
    points : ndarray, shape (frames, points, 2)
        In leg lengths, y up; NaN where nobody was found.
    true : ndarray, shape (frames, points, 2)
        NaN where there is no truth.
    visible : ndarray, shape (frames, points)
    """

    film: str
    runner: str
    view: str
    fps: float
    keypoints: tuple[str, ...]
    time: Array
    phase: Array
    points: Array
    true: Array
    visible: Array


def align(film: Film, estimator: str) -> list[Aligned]:
    """Return a film as an estimator saw it; twice where no side is near."""
    mirrored = is_mirrored(film.yaw_deg)
    ways = (mirrored, not mirrored) if view_of(film.yaw_deg) in EVEN else (mirrored,)
    return [_align(film, estimator, way) for way in ways]


def _align(film: Film, estimator: str, mirrored: bool) -> Aligned:
    keypoints = kept(estimator)
    written = [twin(name) if mirrored else name for name in keypoints]
    # Of frames that show the same picture the last one is kept: filters have come to rest there.
    time, back = np.unique(film.time[::-1], return_index=True)
    frames = len(film.time) - 1 - back
    scale = film.leg_px[frames, None, None] * np.array([-1.0 if mirrored else 1.0, -1.0])
    points = film.points[estimator][frames][:, [keypoints.index(name) for name in written]]
    nowhere = np.full((len(film.time), 2), np.nan)

    def leg(side: Side) -> Side:
        return other(side) if mirrored else side

    return Aligned(
        film=film.name,
        runner=film.trial.runner,
        view=view_of(film.yaw_deg),
        fps=1 / float(np.median(np.diff(time))),
        keypoints=keypoints,
        time=time,
        phase=np.stack(
            [leg_phase(time, film.trial.events, leg(side)) for side in ("right", "left")], 1
        ),
        points=points[..., :2] / scale,
        true=np.stack([film.true.get(name, nowhere)[frames] for name in written], axis=1) / scale,
        visible=points[..., 2],
    )


def gather(
    films: Iterable[Film], estimator: str, without: Collection[str] = ()
) -> dict[str, list[Aligned]]:
    """Return what an estimator saw, by view; runners may be left out, poor films always are."""
    found: dict[str, list[Aligned]] = {view: [] for view in VIEWS}
    for film in films:
        if estimator in film.points and film.trial.runner not in without:
            seen = align(film, estimator)
            share = np.isfinite(seen[0].points[..., 0]).any(axis=1).mean()
            if np.ptp(seen[0].phase[:, 0]) >= LEAST_STRIDES and share >= LEAST_FOUND:
                found[seen[0].view] += seen
    return {view: seen for view, seen in found.items() if seen}
