"""What a film is once the pictures are gone: points of each estimator, true points, true contacts.

A film is kept as one packed file (`write`, `read`) without any picture. Positions in the picture
are rounded to a thousandth of a leg length, in space to a fifth of a millimetre, visibilities to
one percent: all far below what any estimator gets wrong.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import INPUT_POINTS
from stridewise.gait.motion import Event
from stridewise.recording import Recording
from stridewise.simulate.camera import YAW_OF_VIEW
from stridewise.skeletons import LAYOUTS, SIDES
from training.gait_net.folds import fold_of
from training.lab import Trial

Array = NDArray[np.float64]

#: The films that come with the repository.
POINTS = Path(__file__).parent / "points"
#: Points that are kept of each estimator: what the product reads.
KEPT = (
    "nose",
    *(f"{s}_{p}" for p in ("ear", "shoulder", "elbow", "wrist", "hip", "knee") for s in SIDES),
    *(f"{s}_{p}" for p in ("ankle", "heel", "big_toe") for s in SIDES),
)
#: Layout in which each estimator writes; how it runs is part of its name.
ESTIMATORS: Mapping[str, str] = {
    "blazepose-lite": "blazepose-33",
    "blazepose-full": "blazepose-33",
    "blazepose-heavy": "blazepose-33",
    "blazepose-lite-frames": "blazepose-33",
    "blazepose-full-frames": "blazepose-33",
    "blazepose-heavy-frames": "blazepose-33",
    "movenet-lightning": "coco-17",
    "movenet-thunder": "coco-17",
    "efficientpose-ii-lite": "mpii-16",
}
_LEG_SHARE, _METRE, _VISIBLE, _FORCE = 1e-3, 2e-4, 0.01, 1e-3
#: Where a camera stands is named by the nearest of these.
_VIEWS = {"side": (0.0, 180.0), "oblique": (45.0, 135.0, -45.0, -135.0)} | {
    view: (YAW_OF_VIEW[view],) for view in ("back", "front")
}


@dataclass(frozen=True, eq=False)
class Film:
    """One film, without its pictures.

    Parameters
    ----------
    name : str
    recipe : mapping
        Everything that was drawn for it: look, camera, place, what its file does.
    trial : Trial
        The stretch of the laboratory trial, with a margin, on the laboratory's clock.
    time : ndarray, shape (frames,)
        When each frame was really taken (middle of the exposure), on the laboratory's clock.
    stamp : ndarray, shape (frames,)
        What its file says, in seconds from its first frame.
    size : (width, height)
        In pixels.
    leg_px : ndarray, shape (frames,)
        Pixels of a leg length at the runner's distance.
    true : mapping of keypoint to ndarray, shape (frames, 2)
        Where the laboratory's points (hip to toes) and the body's (shoulders to wrists) are, in
        pixels, y down, averaged over the exposure.
    upper : ndarray, shape (frames, 6, 3)
        `UPPER` in the laboratory's metres: what the drawn trunk and arms really do.
    points : mapping of estimator to ndarray, shape (frames, kept points, 3)
        x, y in pixels and visibility of `kept(estimator)`; NaN where it found nobody.
    """

    name: str
    recipe: Mapping[str, Any]
    trial: Trial
    time: Array
    stamp: Array
    size: tuple[int, int]
    leg_px: Array
    true: Mapping[str, Array]
    upper: Array
    points: Mapping[str, Array]

    @property
    def yaw_deg(self) -> float:
        """Where the camera stands: 0 sees the right side, 90 the front, 180 the left side."""
        return float(self.recipe["yaw_deg"])

    @property
    def view(self) -> str:
        """Side, oblique, back or front, whichever is nearest."""
        away = {
            view: min(abs((self.yaw_deg - yaw + 180) % 360 - 180) for yaw in yaws)
            for view, yaws in _VIEWS.items()
        }
        return min(away, key=away.__getitem__)

    @property
    def fold(self) -> int | None:
        """The fold that leaves this runner out; None for people outside the set."""
        return fold_of(self.trial.runner)

    def taken(self, stamp: Array) -> Array:
        """Return the instants on the laboratory's clock that belong to times of the file.

        Where the file repeats pictures, each comes to show late, some more and some less; its clock
        is then that of the pictures in the mean.
        """
        time = self.time
        if self.recipe.get("file", {}).get("kind") == "converted":
            own = np.r_[True, np.diff(time) > 0]
            time = np.polyval(np.polyfit(self.stamp[own], time[own], 1), self.stamp)
        return np.interp(stamp, self.stamp, time)

    def whole(self, trial: Trial) -> Trial:
        """Return a stretch of the trial with the drawn upper body: all of `INPUT_POINTS`."""
        time, first = np.unique(self.time, return_index=True)
        point = {name: trial.xyz[:, i] for i, name in enumerate(trial.keypoints)}
        for i, name in enumerate(UPPER):
            path = self.upper[first, i]
            point[name] = np.stack([np.interp(trial.time, time, axis) for axis in path.T], axis=1)
        xyz = np.stack([point[name] for name in INPUT_POINTS], axis=1)
        return replace(trial, xyz=xyz, keypoints=INPUT_POINTS)

    def recording(self, estimator: str) -> Recording:
        """Return what the estimator wrote, as its file tells it: times are those of the file."""
        points = self.points[estimator]
        names = kept(estimator)
        return Recording(
            xy=points[..., :2],
            confidence=np.nan_to_num(points[..., 2]),
            time=self.stamp,
            keypoints=names,
            image_size=self.size,
            source=f"{self.name} by {estimator}",
            format=ESTIMATORS[estimator],
        )

    def exact(self) -> Recording:
        """Return the true points as a recording, with the times of the file."""
        names = tuple(self.true)
        xy = np.stack([self.true[name] for name in names], axis=1)
        return Recording(
            xy=xy,
            confidence=np.ones(xy.shape[:2]),
            time=self.stamp,
            keypoints=names,
            image_size=self.size,
            source=f"{self.name}, exact points",
            format="laboratory",
        )


#: Points of the drawn upper body, in the order of `Film.upper`.
UPPER = tuple(f"{side}_{part}" for part in ("shoulder", "elbow", "wrist") for side in SIDES)


def kept(estimator: str) -> tuple[str, ...]:
    """Names of the points that are kept of an estimator."""
    layout = LAYOUTS[ESTIMATORS[estimator]]
    return tuple(name for name in KEPT if name in layout)


def pick(estimator: str, points: NDArray[np.floating[Any]]) -> Array:
    """Take the points that are kept out of all that an estimator wrote, (frames, layout, 3)."""
    layout = list(LAYOUTS[ESTIMATORS[estimator]])
    return np.asarray(points, dtype=float)[:, [layout.index(name) for name in kept(estimator)]]


def read_all(folder: Path = POINTS) -> list[Film]:
    """Read every film of a folder, in the order of names."""
    return [read(path) for path in sorted(folder.glob("*.npz"))]


def write(film: Film, path: Path) -> None:
    """Pack a film into one file, whole or not at all."""
    trial, pixel = film.trial, _LEG_SHARE * float(np.median(film.leg_px))
    about = {
        "name": film.name,
        "recipe": dict(film.recipe),
        "size": film.size,
        "pixel": pixel,
        "true": list(film.true),
        "trial": {
            "runner": trial.runner,
            "speed_mps": trial.speed_mps,
            "leg_length_m": trial.leg_length_m,
            "keypoints": trial.keypoints,
            "foot_strike": dict(trial.foot_strike),
            "events": [(e.kind, e.side, e.time_s) for e in trial.events],
        },
    }
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "time": film.time,
        "stamp": film.stamp,
        "trial_time": trial.time,
        "leg_px": film.leg_px.astype(np.float32),
        **_packed("xyz", trial.xyz, _METRE),
        **_packed("force", np.stack([trial.vertical_force, trial.fore_aft_force], 1), _FORCE),
        **_packed("true", np.stack(list(film.true.values()), 1), pixel),
        **_packed("upper", film.upper, _METRE),
    }
    for estimator, points in film.points.items():
        arrays |= _packed(f"{estimator}/xy", points[..., :2], pixel)
        arrays |= _packed(f"{estimator}/seen", points[..., 2:], _VISIBLE)
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_LZMA) as file:
        for name, array in arrays.items():
            buffer = BytesIO()
            np.save(buffer, array)
            # A fixed date: the same film makes the same bytes.
            file.writestr(
                zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), compress_type=zipfile.ZIP_LZMA
            )
    part.rename(path)


def read(path: Path) -> Film:
    """Unpack a film."""
    with np.load(path) as data:
        about = json.loads(data["about"].tobytes())
        lab, pixel = about["trial"], about["pixel"]
        force = _unpacked(data, "force", _FORCE)
        trial = Trial(
            runner=lab["runner"],
            speed_mps=lab["speed_mps"],
            leg_length_m=lab["leg_length_m"],
            time=data["trial_time"],
            xyz=_unpacked(data, "xyz", _METRE),
            keypoints=tuple(lab["keypoints"]),
            events=tuple(Event(kind, side, time, 0.0) for kind, side, time in lab["events"]),
            vertical_force=force[:, 0],
            fore_aft_force=force[:, 1],
            foot_strike=lab["foot_strike"],
        )
        true = _unpacked(data, "true", pixel)
        points = {
            name: np.concatenate(
                [
                    _unpacked(data, f"{name}/xy", pixel),
                    _unpacked(data, f"{name}/seen", _VISIBLE),
                ],
                axis=-1,
            )
            for name in ESTIMATORS
            if f"{name}/xy" in data
        }
        width, height = about["size"]
        return Film(
            name=about["name"],
            recipe=about["recipe"],
            trial=trial,
            time=data["time"],
            stamp=data["stamp"],
            size=(width, height),
            leg_px=data["leg_px"].astype(float),
            true={name: true[:, i] for i, name in enumerate(about["true"])},
            upper=_unpacked(data, "upper", _METRE),
            points=points,
        )


def _packed(name: str, series: Array, step: float) -> dict[str, NDArray[Any]]:
    """Round a series to steps; keep second differences, low and high bytes apart.

    Missing values are held at the last known one and listed: nearly all bytes are then small.
    """
    frames = len(series)
    flat = series.reshape(frames, -1)
    missing = ~np.isfinite(flat)
    steps = np.round(np.where(missing, 0.0, flat) / step).astype(np.int64)
    # Carry the last known value over what is missing, so that differences stay small.
    last = np.maximum.accumulate(np.where(missing, 0, np.arange(frames)[:, None]), axis=0)
    steps = np.take_along_axis(steps, last, axis=0)
    bent = np.diff(steps, n=2, axis=0, prepend=np.zeros((2, flat.shape[1]), np.int64))
    bent = ((bent << 1) ^ (bent >> 63)).T.astype(np.uint32)
    planes = bent.reshape(-1, 1).view(np.uint8).T.copy()
    used = int(np.flatnonzero(planes.any(1))[-1]) + 1 if planes.any() else 1
    out: dict[str, NDArray[Any]] = {
        name: planes[:used],
        f"{name}/shape": np.array(series.shape),
    }
    if missing.any():
        out[f"{name}/missing"] = np.packbits(missing.T)
    return out


def _unpacked(data: Mapping[str, NDArray[Any]], name: str, step: float) -> Array:
    shape: Sequence[int] = data[f"{name}/shape"].tolist()
    frames, columns = shape[0], int(np.prod(shape[1:]))
    planes = data[name]
    whole = np.zeros((4, frames * columns), np.uint8)
    whole[: len(planes)] = planes
    coded = np.ascontiguousarray(whole.T).view(np.uint32).reshape(columns, frames)
    coded = coded.T.astype(np.int64)
    bent = (coded >> 1) ^ -(coded & 1)
    flat = np.cumsum(np.cumsum(bent, axis=0), axis=0) * step
    if f"{name}/missing" in data:
        bits = np.unpackbits(data[f"{name}/missing"], count=frames * columns)
        flat[bits.reshape(columns, frames).T.astype(bool)] = np.nan
    return flat.reshape(shape)
