"""What is drawn for each film: who, how dressed, where, seen how, in what light, in which file."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from stridewise.simulate.camera import Camera
from training.films.body import Build
from training.films.files import File
from training.films.files import draw as draw_file
from training.films.looks import LOOKS
from training.films.place import PLACES
from training.lab import Trial

#: Where cameras stand, in the order in which films of a trial are made.
KINDS = ("side", "any", "frontal", "oblique")
ROUNDS = len(KINDS) + 1
#: A marker of this runner is mis-set.
LEFT_OUT = ("01",)
#: Sizes of pictures in pixels, and how often they are met.
_SIZES = {
    (360, 640): 0.25,
    (540, 960): 0.25,
    (720, 1280): 0.05,
    (480, 640): 0.15,
    (640, 360): 0.1,
    (960, 540): 0.15,
    (1280, 720): 0.05,
}
#: Nobody who is analysed is smaller in the picture.
_LEAST_PX = 190
#: Light: exposure times in seconds, brightness, noise of the sensor in grey levels.
_LIGHT = {
    "bright": ((1 / 1000, 1 / 500), (0.85, 1.08), (0.8, 1.5)),
    "indoors": ((1 / 250, 1 / 120), (0.8, 1.05), (1.5, 3.0)),
    "dim": ((1 / 100, 1 / 50), (0.35, 0.65), (3.5, 7.0)),
}
#: Pictures that are averaged for an exposure up to so many seconds.
_SUBFRAMES = ((1 / 240, 1), (1 / 90, 2), (1.0, 3))
_ALWAYS = (
    *("blazepose-lite", "blazepose-full", "blazepose-heavy", "blazepose-full-frames"),
    "movenet-thunder",
)
_SOMETIMES = ("blazepose-lite-frames", "blazepose-heavy-frames", "movenet-lightning")
#: Slow ones, in a third of the last round.
_SELDOM = ("efficientpose-ii-lite",)


@dataclass(frozen=True)
class Recipe:
    """Everything that a film is made from; the same recipe makes the same film.

    Parameters
    ----------
    name : str
        Seeds what is not listed here (colours, upper body, furniture).
    trial : str
        `NN_VV`: runner and speed.
    start_s, seconds : float
        Which part of the trial.
    camera : Camera
    shake_deg : float
        Standard deviation of the wander of a camera held in hand; 0 on a tripod.
    motion : {"belt", "carried", "passing"}
        A treadmill; a camera carried along; a camera that stands while the runner passes.
    place : str
        One of `training.films.place.PLACES`.
    light, exposure_s, gain, grain
        Name, seconds, brightness, noise in grey levels.
    look : str
        One of `training.films.looks.LOOKS`.
    build : Build
    bystander : str or None
        The trial of somebody who runs in the background.
    file : File
    estimators : tuple of str
    """

    name: str
    trial: str
    start_s: float
    seconds: float
    camera: Camera
    shake_deg: float
    motion: str
    place: str
    light: str
    exposure_s: float
    gain: float
    grain: float
    look: str
    build: Build
    bystander: str | None
    file: File
    estimators: tuple[str, ...]

    @property
    def seed(self) -> int:
        """What seeds the rest."""
        return zlib.crc32(self.name.encode())

    @property
    def subframes(self) -> int:
        """How many pictures make one exposure."""
        return next(n for limit, n in _SUBFRAMES if self.exposure_s <= limit)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, with the camera's yaw in front."""
        return {"yaw_deg": self.camera.yaw_deg, "fps": self.file.fps, **asdict(self)}


def plan(trials: Sequence[Trial]) -> Iterator[Recipe]:
    """Draw the films of all trials.

    Each round films every trial once, the kinds of camera dealt out evenly, so that a set that is
    stopped early is a fair one; a last round films all once more from the side.
    """
    used = [t for t in trials if t.runner not in LEFT_OUT]
    looks = list(LOOKS)
    for turn in range(ROUNDS):
        for i, trial in enumerate(used):
            # Looks go round so that each one meets every kind of camera.
            look = looks[(5 * i + 7 * turn + i // len(looks)) % len(looks)]
            others = [t for t in used if t.runner != trial.runner]
            if turn < len(KINDS):
                yield draw(trial, KINDS[(i + turn) % len(KINDS)], look, others)
                continue
            recipe = draw(trial, "side", look, others, again="2")
            if i % 3 == 0:
                recipe = replace(recipe, estimators=(*recipe.estimators, *_SELDOM))
            yield recipe


def draw(trial: Trial, kind: str, look: str, others: Sequence[Trial], again: str = "") -> Recipe:
    """Draw a film; `again` makes another of the same trial and kind."""
    trial_name = f"{trial.runner}_{round(10 * trial.speed_mps)}"
    name = f"{trial_name}_{kind}{again}"
    rng = np.random.default_rng(zlib.crc32(f"{name} scene".encode()))
    yaw = _yaw(kind, rng)
    # Whoever is filmed from the side may also pass a camera that stands still.
    motion = str(rng.choice(["belt", "carried", "passing"], p=_motions(kind)))
    place = "overground" if motion != "belt" else str(rng.choice(PLACES[:3], p=[0.5, 0.25, 0.25]))
    light = str(rng.choice(list(_LIGHT), p=[0.3, 0.45, 0.25]))
    exposures, gains, grains = _LIGHT[light]
    plain = rng.random() < (0.7 if kind == "side" else 0.5)
    file = draw_file(
        rng, "constant" if plain else None, 60.0 if plain and rng.random() < 0.45 else None
    )
    height = trial.leg_length_m / 0.53 * rng.uniform(0.96, 1.04)
    camera = _camera(yaw, motion, height, file.fps, rng)
    seconds = {120.0: 4.0, 240.0: 2.8}.get(file.fps, 6.0)
    if motion == "passing":
        wide = camera.image_size[0] / camera.focal_px * camera.distance_m
        seconds = min(seconds, 0.9 * wide / trial.speed_mps)
    last = float(trial.time[-1]) - seconds - 1.5
    women = any(word in look for word in ("crop", "long hair"))
    sex = "F" if women else str(rng.choice(["M", "F"], p=[0.7, 0.3]))
    other = others[rng.integers(len(others))]
    start = float(rng.uniform(1.5, last))
    steady = motion != "carried" and rng.random() < 0.6
    return Recipe(
        name=name,
        trial=trial_name,
        start_s=start,
        seconds=float(seconds),
        camera=camera,
        shake_deg=0.0 if steady else float(rng.uniform(0.1, 0.5)),
        motion=motion,
        place=place,
        light=light,
        exposure_s=float(rng.choice(exposures)),
        gain=float(rng.uniform(*gains)),
        grain=float(rng.uniform(*grains)),
        look=look,
        build=Build(
            sex, float(height), float(rng.uniform(0.4, 0.8)), float(rng.uniform(0.25, 0.6))
        ),
        bystander=f"{other.runner}_{round(10 * other.speed_mps)}" if rng.random() < 0.12 else None,
        file=file,
        estimators=(*_ALWAYS, *(_SOMETIMES if rng.random() < 0.4 else ())),
    )


def _motions(kind: str) -> tuple[float, float, float]:
    return (0.72, 0.16, 0.12) if kind == "side" else (0.8, 0.2, 0.0)


def _yaw(kind: str, rng: np.random.Generator) -> float:
    """Where the camera stands: 0 sees the right side, 90 the front, 180 the left side."""
    if kind == "any":
        return float(rng.uniform(-180, 180))
    centre = {
        "side": (0.0, 180.0),
        "frontal": (90.0, -90.0),
        "oblique": (45.0, 135.0, -45.0, -135.0),
    }[kind]
    return float(rng.choice(centre) + rng.uniform(-12, 12))


def _camera(yaw: float, motion: str, body_m: float, fps: float, rng: np.random.Generator) -> Camera:
    """Draw a camera that has the whole body in its picture."""
    sizes = list(_SIZES)
    size = sizes[rng.choice(len(sizes), p=list(_SIZES.values()))]
    share = rng.uniform(0.5, 0.84)
    distance = float(np.exp(rng.uniform(np.log(2.5), np.log(7.0))))
    if motion == "passing":  # wide enough for some steps
        size, share = ((1280, 720), (960, 540))[rng.integers(2)], rng.uniform(0.32, 0.42)
        distance = rng.uniform(6.0, 11.0)
    wide, high = size
    share = max(share, _LEAST_PX / high)
    focal = share * high * distance / body_m
    height = float(rng.triangular(0.3, 1.0, 2.0))
    # Aim at the middle of the body, and a little beside it.
    free = 0.6 * (1 - share) / 2 * high
    pitch = np.degrees(
        np.arctan((body_m / 2 - height) / distance) + np.arctan(rng.uniform(-free, free) / focal)
    )
    return Camera(
        yaw_deg=(yaw + 180) % 360 - 180,
        pitch_deg=float(pitch),
        roll_deg=float(np.clip(rng.normal(0, 1.0), -3, 3)),
        distance_m=float(distance),
        height_m=height,
        field_of_view_deg=float(2 * np.degrees(np.arctan(wide / 2 / focal))),
        image_size=size,
        fps=fps,
        follow=motion != "passing",
    )
