"""Pictures of several simulated runners, as an estimator lists them: in no order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from stridewise.people import Detections
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.skeletons import LAYOUTS

Array = NDArray[np.float64]

NAMES = tuple(str(name) for name in LAYOUTS["coco-17"])
FPS = 30
WIDTH, HEIGHT = 1920, 1080


@cache
def _simulated(seed: int, speed: float, seconds: float, travels: bool) -> Array:
    runner = Runner(speed_mps=speed, seed=seed, surface="overground" if travels else "treadmill")
    camera = Camera(follow=not travels, distance_m=6.0, fps=FPS, image_size=(WIDTH, HEIGHT))
    noise = Noise(white=0.005, slow=0.005)
    return simulate(runner, camera, noise, seconds).recording.select(NAMES).xy


def passing(seed: int = 0, speed: float = 3.0, seconds: float = 3.0) -> Array:
    """Return someone who runs through the picture to the right, (frames, keypoints, 2)."""
    return _simulated(seed, speed, seconds, True).copy()


def treadmill(seed: int = 0, speed: float = 3.0, seconds: float = 3.0) -> Array:
    """Return someone who runs on the spot, facing right, (frames, keypoints, 2)."""
    return _simulated(seed, speed, seconds, False).copy()


def mirrored(xy: Array) -> Array:
    """Return the same run to the left: the picture mirrored, and sides with it."""
    swap = {"left": "right", "right": "left"}
    sides = [name.partition("_") for name in NAMES]
    other = [
        NAMES.index(swap[s] + _ + part) if s in swap else NAMES.index(s + _ + part)
        for s, _, part in sides
    ]
    return xy[:, other] * [-1.0, 1.0] + [WIDTH, 0.0]


def moved(xy: Array, x: float, y: float) -> Array:
    """Return somebody elsewhere in the picture."""
    return xy + np.array([x, y])


def standing(frames: int, *, at: float = 300.0, taller: float = 1.0) -> Array:
    """Return someone who stands by, with an estimator's jitter."""
    pose = np.nanmean(treadmill(seed=2), axis=0)
    pose = (pose - pose.mean(axis=0)) * taller + [at, HEIGHT / 2]
    jitter = np.random.default_rng(3).normal(0.0, 2.0, (frames, *pose.shape))
    return pose + jitter


def detections(
    people: Sequence[Array],
    *,
    hidden: Collection[tuple[int, int]] = (),
    track: Sequence[int] | None = None,
    seed: int = 0,
) -> tuple[Detections, NDArray[np.intp]]:
    """Return people as detections in random order within each frame, and who each one is.

    `hidden` holds (person, frame); people of whom fewer than half the points are in the picture are
    not found either.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for frame in range(len(people[0])):
        here = [
            p
            for p, xy in enumerate(people)
            if np.isfinite(xy[frame, :, 0]).sum() > len(NAMES) / 2 and (p, frame) not in hidden
        ]
        rows += [(frame, int(p)) for p in rng.permutation(here)]
    frame, who = (np.array(column, dtype=np.intp) for column in zip(*rows, strict=True))
    bodies = Detections(
        frame=frame,
        xy=np.array([people[p][f] for f, p in rows]),
        confidence=np.full((len(rows), len(NAMES)), 0.9),
        time=np.arange(len(people[0])) / FPS,
        keypoints=NAMES,
        score=np.ones(len(rows)),
        track=np.full(len(rows), -1) if track is None else np.array(track)[who],
    )
    return bodies, who


def is_person(recording: Recording, xy: Array) -> float:
    """Return the share of a recording's seen frames that are exactly this person's."""
    first = round(float(recording.time[0]) * FPS)
    truth = xy[first : first + recording.frames]
    seen = np.isfinite(recording.xy).any(axis=(1, 2))
    same = ((recording.xy == truth) | np.isnan(recording.xy)).all(axis=(1, 2))
    return float((same & seen).sum() / seen.sum())


def seen_frames(recording: Recording) -> int:
    """Return in how many frames anything of a person is seen."""
    return int(np.isfinite(recording.xy).any(axis=(1, 2)).sum())
