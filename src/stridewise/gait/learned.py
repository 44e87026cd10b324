"""The learned gait model: contacts, ground force and 3D angles by the gait network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import (
    EXTRAS,
    FEATURES,
    INPUT_POINTS,
    OUTPUTS,
    PATCH,
    SCALE,
    Key,
    encode,
    placing,
    to_grid,
    unmirror,
)
from stridewise.gait.motion import KINDS, Event, EventKind
from stridewise.recording import Recording
from stridewise.skeletons import SIDES, Side
from stridewise.weights import open_network

Array = NDArray[np.float64]
_Single = NDArray[np.float32]
_Part = Literal["value", "log_sd"]

#: Frames around a contact whose opinions count, in seconds.
_LISTEN_S = 0.06
_SHORTEST_CONTACT_S, _SHORTEST_FLIGHT_S = 0.06, 0.1
#: A camera this near to plain front or back reads the runner both ways round.
_SQUARE_DEG = 10.0
#: Steps of the network that are read in one go, and those before and after that are read along.
_CHUNK, _OVERLAP = 18_000, 60
#: How many frames before and after an instant the network looks at closely.
REACH = 44
#: Frames of the network that a live reading rests on.
WINDOW = 96
_CONTACTS: tuple[Key, ...] = tuple(("contact", side) for side in SIDES)
_DIRECTION: tuple[Key, ...] = (("yaw_cos", None), ("yaw_sin", None))
_WEIGHTS = "network.onnx"
_CALIBRATION = "network.json"


@dataclass(frozen=True)
class Reading:
    """What the network says about a recording, on its own time base.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Seconds.
    value, sd : mapping of (name, side or None) to ndarray, shape (frames,)
        Outputs of `stridewise.gait.encoding.OUTPUTS` in their units with their standard
        deviations (calibrated); NaN in `value` where the hips, or knee and ankle, are not seen.
    contact : mapping of side to ndarray, shape (frames,)
        Probability that the foot is on the ground; NaN where the leg is not seen.
    yaw_deg : float
        Camera direction, as in `stridewise.view`.
    """

    time: Array
    value: Mapping[Key, Array]
    sd: Mapping[Key, Array]
    contact: Mapping[Side, Array]
    yaw_deg: float


class Network:
    """The network's weights and what is known of its errors.

    Parameters
    ----------
    weights : path, optional
        An ONNX file; the one that ships with the package by default.
    calibration : path, optional
        Its errors (JSON); beside the weights by default.
    """

    def __init__(self, weights: Path | None = None, calibration: Path | None = None) -> None:
        folder = files("stridewise.gait")
        self._session = open_network((weights or folder / _WEIGHTS).read_bytes())
        means = next(output for output in self._session.get_outputs() if output.name == "means")
        self._no_means = np.zeros((1, *means.shape[1:]), dtype=np.float32)
        beside = weights.with_suffix(".json") if weights else folder / _CALIBRATION
        text = (calibration or beside).read_text(encoding="utf-8")
        self.calibration: Mapping[str, Any] = json.loads(text)

    @property
    def name(self) -> str:
        """Identifier of the network."""
        return str(self.calibration["name"])

    def says(self, features: Array) -> tuple[Array, Array]:
        """Run the network over one recording.

        Parameters
        ----------
        features : ndarray, shape (frames, FEATURES)

        Returns
        -------
        numbers : ndarray, shape (frames, numbers)
        means : ndarray, shape (means, width)
            What the network keeps of the whole, for `says_of_newest`.
        """
        joined, seen = _in_steps(features)
        steps = joined.shape[1]
        parts = []
        for start in range(0, steps, _CHUNK):
            first, last = max(start - _OVERLAP, 0), min(start + _CHUNK + _OVERLAP, steps)
            part, means = self._run(joined[:, first:last], seen[:, first:last], None)
            parts.append(part[start - first : start - first + _CHUNK])
        return _in_frames(np.concatenate(parts))[: len(features)], means

    def says_of_newest(self, features: Array, means: Array) -> Array:
        """Run the network over the end of a recording of which most has been read before.

        Parameters
        ----------
        features : ndarray, shape (frames, FEATURES)
            The newest, whole steps (`PATCH` frames), more than `REACH` frames.
        means : ndarray, shape (means, width)
            From `says` over the whole not long ago.

        Returns
        -------
        ndarray, shape (frames - REACH, numbers)
            About the newest frames what `says` says of the whole, but for the means.
        """
        return _in_frames(self._run(*_in_steps(features), means)[0])

    def _run(self, features: _Single, shown: _Single, means: Array | None) -> tuple[Array, Array]:
        known = self._no_means if means is None else means[None].astype(np.float32)
        inputs = {"features": features, "shown": shown, "known": known}
        inputs["newest"] = _WHOLE if means is None else _NEWEST
        said, new = self._session.run(None, inputs)
        return said[0], new[0]


_WHOLE, _NEWEST = np.array([False]), np.array([True])


def _in_steps(features: Array) -> tuple[_Single, _Single]:
    """Join frames to steps; say in which steps anything is seen."""
    frames = len(features)
    steps = -(-frames // PATCH)
    padded = np.zeros((steps * PATCH, FEATURES), dtype=np.float32)
    padded[:frames] = features
    shown = padded[:, 2 * len(INPUT_POINTS) : 3 * len(INPUT_POINTS)].max(axis=1) > 0
    seen = shown.reshape(1, steps, PATCH).max(axis=2, keepdims=True).astype(np.float32)
    return padded.reshape(1, steps, -1), seen


def _in_frames(said: Array) -> Array:
    return said.reshape(len(said) * PATCH, -1).astype(float)


@cache
def shipped() -> Network:
    """Return the network that ships with the package."""
    return Network()


def read(network: Network, recording: Recording) -> Reading:
    """Let the network read a cleaned recording on an even time base.

    Parameters
    ----------
    network : Network
    recording : Recording
        At least two frames.

    Returns
    -------
    Reading
    """
    time, xy = on_grid(recording)

    seen = legs_seen(xy)

    def once(other_way: bool = False) -> Reading:
        said, mirrored = say(network, xy, 1 / recording.fps, other_way)
        return interpret(network, time, said, np.full(len(time), mirrored), seen)

    reading = once()
    # Square to the camera neither way of facing is the runner's own: the mean of both is better.
    square = abs(abs(reading.yaw_deg) - 90.0) <= _SQUARE_DEG
    return mean_reading(reading, once(other_way=True)) if square else reading


def mean_reading(a: Reading, b: Reading) -> Reading:
    """Mean of two readings of one recording by certainty; no surer than each, they err alike."""
    variance_a, variance_b = ({k: sd**2 for k, sd in r.sd.items()} for r in (a, b))
    share = {k: variance_b[k] / (variance_a[k] + variance_b[k]) for k in a.sd}
    return Reading(
        a.time,
        {k: share[k] * a.value[k] + (1 - share[k]) * b.value[k] for k in a.value},
        {k: np.sqrt(share[k] * variance_a[k] + (1 - share[k]) * variance_b[k]) for k in a.sd},
        {side: (a.contact[side] + b.contact[side]) / 2 for side in SIDES},
        a.yaw_deg,
    )


def say(
    network: Network, xy: Array, interval_s: float, other_way: bool = False
) -> tuple[Array, bool]:
    """Run the network over one stretch: a whole recording, or a window of it.

    Parameters
    ----------
    network : Network
    xy : ndarray, shape (frames, len(INPUT_POINTS), 2)
        On the network's grid, y up; NaN where missing.
    interval_s : float
        Time between the frames of the source.
    other_way : bool
        As for `placing`.

    Returns
    -------
    said : ndarray, shape (frames, numbers)
        For `interpret`.
    mirrored : bool
        Whether the picture was mirrored for the network.
    """
    place = placing(xy[None], other_way)
    said, _ = network.says(encode(xy[None], interval_s, place)[0])
    return said, bool(place.mirrored[0])


def on_grid(recording: Recording) -> tuple[Array, Array]:
    """Return the network's time base and its points, y up, shape (frames, points, 2)."""
    points = np.stack([recording.point(name) for name in INPUT_POINTS], axis=1) * [1.0, -1.0]
    return to_grid(recording.time, points)


def legs_seen(xy: Array) -> dict[Side, NDArray[np.bool_]]:
    """Say in which frames a leg is seen: both hips, and its knee or ankle.

    The network would guess one leg from the other; that is not what anybody asks for.
    """

    def seen(name: str) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(xy[:, INPUT_POINTS.index(name), 0]))

    hips = seen("left_hip") & seen("right_hip")
    return {side: hips & (seen(f"{side}_knee") | seen(f"{side}_ankle")) for side in SIDES}


def interpret(
    network: Network,
    time: Array,
    said: Array,
    mirrored: NDArray[np.bool_],
    seen: Mapping[Side, NDArray[np.bool_]],
    wanted: Sequence[Key] = OUTPUTS,
) -> Reading:
    """Turn the network's numbers into what they mean for the runner.

    Parameters
    ----------
    network : Network
        For its calibration.
    time : ndarray, shape (frames,)
    said : ndarray, shape (frames, numbers)
        From `Network.says`.
    mirrored : ndarray of bool, shape (frames,)
        Whether the picture was mirrored for the network.
    seen : mapping of side to ndarray of bool, shape (frames,)
        From `legs_seen`.
    wanted : sequence of (name, side or None)
        Outputs to give; all of them by default.
    """
    inflate = network.calibration["inflate"]
    keys = tuple(wanted)

    def of(names: tuple[Key, ...], part: _Part) -> Array:
        """Numbers of the runner, shape (frames, names)."""
        turned: NDArray[np.bool_] = mirrored[:, None]
        index, sign = _places(names, part, bool(turned.all()))
        plain: Array = said[:, index] * sign
        if turned.all() or not turned.any():
            return plain
        index, sign = _places(names, part, True)
        return np.where(turned, said[:, index] * sign, plain)

    both = seen["left"] & seen["right"]
    known = np.stack([both if side is None else seen[side] for _, side in keys], axis=1)
    scale = np.array([SCALE[name] for name, _ in keys])
    values = np.where(known, scale * of(keys, "value"), np.nan)
    wider = scale * [inflate.get(name, 1.0) for name, _ in keys]
    sds = wider * np.exp(np.clip(of(keys, "log_sd"), -5.0, 2.0))
    logit = np.clip(of(_CONTACTS, "value"), -30.0, 30.0)
    legs = np.stack([seen[side] for side in SIDES], axis=1)
    on_ground = np.where(legs, 1 / (1 + np.exp(-logit)), np.nan)
    cos, sin = of(_DIRECTION, "value")[both].mean(axis=0) if both.any() else (np.nan, np.nan)
    return Reading(
        time,
        dict(zip(keys, values.T, strict=True)),
        dict(zip(keys, sds.T, strict=True)),
        dict(zip(SIDES, on_ground.T, strict=True)),
        float(np.degrees(np.arctan2(sin, cos))),
    )


@lru_cache(maxsize=32)
def _places(keys: tuple[Key, ...], part: _Part, mirrored: bool) -> tuple[NDArray[np.intp], Array]:
    """Columns of the network's numbers that hold these signals of the runner, and their signs."""
    found = [unmirror(name, side, mirrored) for name, side in keys]
    count = len(OUTPUTS)
    if part == "log_sd":
        return np.array([count + OUTPUTS.index(key) for key, _ in found]), np.ones(len(keys))
    columns = [
        OUTPUTS.index(key) if key in OUTPUTS else 2 * count + EXTRAS.index(key) for key, _ in found
    ]
    return np.array(columns), np.array([sign for _, sign in found])


def events(reading: Reading, later_s: float = _LISTEN_S) -> tuple[Event, ...]:
    """Find contacts: where the probability crosses one half, then by what frames around say.

    Every frame near an event says how far away the event is and how sure it is of that; their mean
    by certainty is finer than a frame.

    Parameters
    ----------
    reading : Reading
    later_s : float
        How long after an event frames are listened to; live, waiting costs time.
    """
    found: list[Event] = []
    for side in SIDES:
        for start, end in _stances(reading.time, reading.contact[side]):
            pair = [
                _refined(reading, kind, side, rough, later_s)
                for kind, rough in zip(KINDS, (start, end), strict=True)
            ]
            times = [event.time_s for event in pair if event is not None]
            if len(times) == 2 and times[1] - times[0] < _SHORTEST_CONTACT_S:
                continue
            found += [event for event in pair if event is not None]
    return tuple(sorted(found, key=lambda event: event.time_s))


def _stances(time: Array, probability: Array) -> list[tuple[float | None, float | None]]:
    """Stretches with probability above one half; None where one begins or ends out of sight."""
    crossings: list[tuple[float, bool] | None] = []
    known, above = np.isfinite(probability), probability > 0.5
    for i in np.flatnonzero((known[1:] != known[:-1]) | (above[1:] != above[:-1])):
        if known[i] != known[i + 1]:
            crossings.append(None)
            continue
        a, b = probability[i], probability[i + 1]
        at = float(time[i] + (0.5 - a) / (b - a) * (time[i + 1] - time[i]))
        crossings.append((at, bool(b > 0.5)))
    # A flight too short is none, and a contact too short is none.
    kept: list[tuple[float, bool] | None] = []
    for crossing in crossings:
        last = kept[-1] if kept else None
        if crossing is not None and last is not None:
            limit = _SHORTEST_FLIGHT_S if crossing[1] else _SHORTEST_CONTACT_S
            if crossing[0] - last[0] < limit:
                kept.pop()
                continue
        kept.append(crossing)
    stances: list[tuple[float | None, float | None]] = []
    start: float | None = None
    for crossing in kept:
        if crossing is None:
            stances += [(start, None)] if start is not None else []
            start = None
        elif crossing[1]:
            start = crossing[0]
        else:
            stances.append((start, crossing[0]))
            start = None
    return [*stances, (start, None)] if start is not None else stances


def _refined(
    reading: Reading, kind: EventKind, side: Side, rough: float | None, later_s: float
) -> Event | None:
    """Weigh what the frames around say; twice, because the first guess may be a frame off."""
    if rough is None:
        return None
    instant = rough
    sd = np.nan
    for _ in range(2):
        first, last = np.searchsorted(reading.time, [instant - _LISTEN_S, instant + later_s])
        near = slice(first, last)
        offset, spread = reading.value[kind, side][near], reading.sd[kind, side][near]
        known = np.isfinite(offset)
        if not known.any():
            return None
        weight = 1 / spread[known] ** 2
        said = reading.time[near][known] + offset[known]
        instant = float((weight * said).sum() / weight.sum())
        # Neighbours err alike: their mean is hardly better than each.
        sd = float((weight * spread[known]).sum() / weight.sum())
    if not reading.time[0] <= instant <= reading.time[-1]:
        return None
    return Event(kind, side, instant, sd)
