"""From a recipe to a film: pose, picture, file, estimators, truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.simulate.camera import Camera
from training.films import files
from training.films.body import make as make_body
from training.films.estimators import Estimator, open_estimator
from training.films.looks import LOOKS, Colours, Dressed, Look, draw_colours, dress
from training.films.place import build
from training.films.record import UPPER, Film, pick
from training.films.render import Studio, expose
from training.films.runner import Runner, pelvis_markers
from training.films.scene import Recipe
from training.lab import read_trial, stretch

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

#: Of the laboratory's trial, kept beyond either end of the film.
MARGIN_S = 0.5
#: A hand wanders with this correlation time.
_SHAKE_S = 0.4
#: Frames of a film that its strip shows, their size, and whose points are marked on them.
_STRIP, THUMBNAIL = 8, (180, 240)
_MARKED = ("blazepose-full", "movenet-thunder")
#: Clouds, walls and trees lie so far behind that only a camera that travels moves them.
_BACKGROUND_M = 25.0


class Take:
    """A recipe made ready: who and what is in the picture, when, seen by which camera.

    Parameters
    ----------
    recipe : Recipe
    trials : Path
        Folder of the laboratory trials.
    """

    def __init__(self, recipe: Recipe, trials: Path) -> None:
        self.recipe = recipe
        self.rng = np.random.default_rng(recipe.seed)
        self.runner, dressed = _person(recipe, recipe.trial, recipe.look, trials, self.rng)
        self.people = [dressed]
        self._other: Runner | None = None
        if recipe.bystander:
            look = str(self.rng.choice(list(LOOKS)))
            self._other, dressed = _person(recipe, recipe.bystander, look, trials, self.rng)
            self.people.append(dressed)
        self.place = build(recipe.place, recipe.camera.yaw_deg, recipe.camera.image_size, self.rng)
        self.light = _light(recipe, self.rng)
        self.timeline = files.timeline(recipe.file, recipe.seconds, self.rng)
        self.taken = recipe.start_s + self.timeline.taken
        hips = [self.runner.track(f"{side}_hip", self.taken) for side in ("left", "right")]
        self.target = np.mean(hips, axis=(0, 1)) * [1, 0, 1]
        self._middle_s = float(self.taken[0] + self.taken[-1]) / 2
        self.cameras = self._shaken()
        self._behind = self._beside()

    def _shaken(self) -> list[Camera]:
        """Return the camera of each picture: a hand wanders."""
        camera, n = self.recipe.camera, len(self.taken)
        wander = np.zeros((n, 3))
        keep = np.exp(-np.diff(self.taken, prepend=self.taken[0]) / _SHAKE_S)
        for i in range(1, n):
            fresh = self.rng.standard_normal(3) * np.sqrt(1 - keep[i] ** 2)
            wander[i] = keep[i] * wander[i - 1] + fresh
        wander *= self.recipe.shake_deg
        return [
            replace(
                camera,
                yaw_deg=camera.yaw_deg + yaw,
                pitch_deg=camera.pitch_deg + pitch,
                roll_deg=camera.roll_deg + roll,
            )
            for yaw, pitch, roll in wander
        ]

    def _beside(self) -> Array:
        """Where somebody else runs: behind the runner as the camera sees it, and to one side."""
        yaw = np.radians(self.recipe.camera.yaw_deg)
        away, right = (
            np.array([-np.sin(yaw), 0, -np.cos(yaw)]),
            np.array([np.cos(yaw), 0, -np.sin(yaw)]),
        )
        sideways = self.rng.choice([-1, 1]) * self.rng.uniform(0.7, 1.5)
        return self.rng.uniform(1.6, 3.0) * away + sideways * right

    def shift(self, time: float) -> Array:
        """How far the laboratory has moved over the ground: only where the runner passes."""
        if self.recipe.motion != "passing":
            return np.zeros(3)
        ahead = self.runner.trial.speed_mps * (time - self._middle_s)
        return np.array([ahead, 0.0, 0.0])

    def pictures(self) -> Iterator[Picture]:
        """Take the pictures, one at a time."""
        recipe, speed = self.recipe, self.runner.trial.speed_mps
        studio = Studio(recipe.camera.image_size, self.place, self.people, self.light)
        carried = recipe.motion == "carried"
        count = recipe.subframes
        try:
            for time, camera in zip(self.taken, self.cameras, strict=True):
                parts = []
                for k in range(count):
                    at = time + recipe.exposure_s * ((k + 0.5) / count - 0.5)
                    travel = speed * (at - recipe.start_s)
                    parts.append(
                        studio.shoot(
                            camera,
                            self.target,
                            self._bones(at),
                            belt=travel,
                            ground=travel if carried else 0.0,
                            slide=self._slide(camera, travel if carried else 0.0),
                        )
                    )
                yield expose(parts, recipe.grain, self.rng)
        finally:
            studio.close()

    def _bones(self, time: float) -> Array:
        bones = self.runner.pose(time).copy()
        bones[..., 3] += self.shift(time)
        if self._other is None:
            return bones
        # The other one is in the laboratory too, at the same time of another trial.
        other = self._other.pose(time).copy()
        other[..., 3] += self._behind + self.shift(time)
        return np.concatenate([bones, other])

    def _slide(self, camera: Camera, travel: float) -> Array:
        """By how much of its size the background has moved."""
        wide, high = camera.image_size
        sideways = travel * np.cos(np.radians(camera.yaw_deg)) / _BACKGROUND_M
        tilted = np.radians(camera.pitch_deg - self.recipe.camera.pitch_deg)
        share = self.place.background_share
        return np.array(
            [share * camera.focal_px * sideways / wide, -camera.focal_px * tilted / high]
        )

    def truth(self) -> tuple[dict[str, Array], Array, Array]:
        """Return true pixels by point, the drawn upper body in metres, pixels of a leg length.

        For each picture taken, in the middle of its exposure.
        """
        names = (*self.runner.trial.keypoints, *UPPER)
        space = np.zeros((len(self.taken), len(names), 3))
        for i, time in enumerate(self.taken):
            p = self.runner.points(time) | self.runner.body_points(time)
            space[i] = [p[name] for name in names]
        shifts = np.stack([self.shift(time) for time in self.taken])
        seen = np.stack(
            [
                camera.project(points[None] + shift, self.target)[0]
                for camera, points, shift in zip(self.cameras, space, shifts, strict=True)
            ]
        )
        hips = space[:, [names.index(f"{side}_hip") for side in ("left", "right")]].mean(1) + shifts
        depth = np.array(
            [_depth(c, self.target, h) for c, h in zip(self.cameras, hips, strict=True)]
        )
        leg = self.runner.trial.leg_length_m * self.recipe.camera.focal_px / depth
        true = {name: seen[:, i] for i, name in enumerate(names)}
        return true, space[:, [names.index(name) for name in UPPER]], leg


def film(recipe: Recipe, trials: Path, still: Path | None = None) -> Film:
    """Make a film: `still` names a picture file to which some of its frames are written."""
    take = Take(recipe, trials)
    estimators = {name: open_estimator(name) for name in recipe.estimators}
    try:
        return _watched(take, estimators, still)
    finally:
        for estimator in estimators.values():
            estimator.close()


def _watched(take: Take, estimators: Mapping[str, Estimator], still: Path | None) -> Film:
    """Let the estimators watch a take."""
    recipe = take.recipe
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in estimators}
    line = take.timeline
    frames = files.through(recipe.file, take.pictures(), line.shown)
    wanted = set(np.linspace(0, len(line.stamp) - 1, _STRIP).round().astype(int).tolist())
    strip: list[Any] = []
    for number, (frame, stamp) in enumerate(zip(frames, line.stamp, strict=True)):
        for name, see in estimators.items():
            found[name].append(see(frame, float(stamp)))
        if still and number in wanted:
            strip.append(_thumbnail(frame, {name: p[-1] for name, p in found.items()}))
    if still:
        _in_a_row(strip).save(still, quality=80)
    true, upper, leg = take.truth()
    trial = take.runner.trial
    time = recipe.start_s + line.time
    return Film(
        name=recipe.name,
        recipe=recipe.as_dict(),
        trial=stretch(trial, time[0] - MARGIN_S, time[-1] - time[0] + 2 * MARGIN_S),
        time=time,
        stamp=line.stamp,
        size=recipe.camera.image_size,
        leg_px=leg[line.shown],
        true={name: xy[line.shown] for name, xy in true.items()},
        upper=upper[line.shown],
        points={name: pick(name, np.stack(points)) for name, points in found.items()},
    )


def _person(
    recipe: Recipe, trial: str, look: str, trials: Path, rng: np.random.Generator
) -> tuple[Runner, tuple[Dressed, Look, Colours]]:
    """Somebody who runs, dressed."""
    path = trials / f"runner{trial}.npz"
    body = make_body(recipe.build)
    runner = Runner(read_trial(path), pelvis_markers(path), body, rng)
    colours = draw_colours(rng)
    dressed = dress(body, runner.shoes, LOOKS[look], colours, rng)
    return runner, (dressed, LOOKS[look], colours)


def _light(recipe: Recipe, rng: np.random.Generator) -> dict[str, Any]:
    """Draw where the light comes from: mostly from the camera's side, never from below."""
    towards = np.radians(recipe.camera.yaw_deg + rng.uniform(-80, 80))
    sun = np.array([np.sin(towards) * rng.uniform(0.2, 0.8), 1.0, np.cos(towards) * 0.6])
    harsh = 0.75 if recipe.light == "bright" else 0.45
    colour = np.array([1.0, 0.97, 0.92]) * harsh * rng.uniform(0.8, 1.2)
    return {
        "sun": sun / np.linalg.norm(sun),
        "sun_colour": colour,
        "ambient": rng.uniform(0.45, 0.65),
        "gain": recipe.gain,
    }


def _depth(camera: Camera, target: Array, point: Array) -> float:
    """How far in front of the lens a point lies, in metres."""
    yaw = np.radians(camera.yaw_deg)
    lens = target + camera.distance_m * np.array([np.sin(yaw), 0.0, np.cos(yaw)])
    lens[1] = camera.height_m
    return float((point - lens) @ camera.axes()[2])


def _thumbnail(frame: Picture, found: Mapping[str, NDArray[np.float32]]) -> Any:
    """Shrink a frame, with what an estimator saw on it; wide ones are cut around the middle."""
    from PIL import Image, ImageDraw

    picture = Image.fromarray(frame)
    draw = ImageDraw.Draw(picture)
    size = frame.shape[0] / 150
    for x, y, seen in found[next(name for name in _MARKED if name in found)]:
        if np.isfinite(x):
            colour = (40, 220, 60) if seen > 0.5 else (230, 60, 40)
            draw.ellipse([x - size / 2, y - size / 2, x + size / 2, y + size / 2], fill=colour)
    wide, high = picture.size
    cut = min(wide, round(0.75 * high))
    left = (wide - cut) // 2
    return picture.crop((left, 0, left + cut, high)).resize(THUMBNAIL)


def _in_a_row(pictures: Sequence[Any]) -> Any:
    from PIL import Image

    wide, high = THUMBNAIL
    row = Image.new("RGB", (wide * len(pictures), high))
    for i, picture in enumerate(pictures):
        row.paste(picture, (wide * i, 0))
    return row
