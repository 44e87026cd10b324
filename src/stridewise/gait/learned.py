"""The learned gait model: contacts, ground force and 3D angles by the gait network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

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
    to_grid,
    unmirror,
)
from stridewise.gait.motion import Event, EventKind
from stridewise.recording import Recording
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

_KINDS: tuple[EventKind, EventKind] = ("initial_contact", "toe_off")
#: Frames around a contact whose opinions count, in seconds.
_LISTEN_S = 0.06
_SHORTEST_CONTACT_S, _SHORTEST_FLIGHT_S = 0.06, 0.1
#: Steps of the network that are read in one go, and those before and after that are read along.
_CHUNK, _OVERLAP = 18_000, 60
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
        deviations (calibrated); NaN in `value` where the hips are not seen.
    contact : mapping of side to ndarray, shape (frames,)
        Probability that the foot is on the ground.
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
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        folder = files("stridewise.gait")
        data = (weights or folder / _WEIGHTS).read_bytes()
        self._session = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"]
        )
        beside = weights.with_suffix(".json") if weights else folder / _CALIBRATION
        text = (calibration or beside).read_text(encoding="utf-8")
        self.calibration: Mapping[str, Any] = json.loads(text)

    @property
    def name(self) -> str:
        """Identifier of the network."""
        return str(self.calibration["name"])

    def says(self, features: Array) -> Array:
        """Run the network over one recording, shape (frames, FEATURES) to (frames, numbers)."""
        frames = len(features)
        steps = -(-frames // PATCH)
        padded = np.zeros((steps * PATCH, FEATURES), dtype=np.float32)
        padded[:frames] = features
        shown = padded[:, 2 * len(INPUT_POINTS) : 3 * len(INPUT_POINTS)].max(axis=1) > 0
        joined = padded.reshape(1, steps, -1)
        seen = shown.reshape(1, steps, PATCH).max(axis=2, keepdims=True).astype(np.float32)
        parts = []
        for start in range(0, steps, _CHUNK):
            first, last = max(start - _OVERLAP, 0), min(start + _CHUNK + _OVERLAP, steps)
            inputs = {"features": joined[:, first:last], "shown": seen[:, first:last]}
            (part,) = self._session.run(None, inputs)
            parts.append(part[0, start - first : start - first + _CHUNK])
        return np.concatenate(parts).reshape(steps * PATCH, -1)[:frames].astype(float)


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

    Returns
    -------
    Reading
    """
    points = np.stack([recording.point(name) for name in INPUT_POINTS], axis=1) * [1.0, -1.0]
    time, xy = to_grid(recording.time, points)
    encoded = encode(xy[None], 1 / recording.fps)
    said = network.says(encoded.features[0])
    mirrored = bool(encoded.mirrored[0])
    hips = [INPUT_POINTS.index(f"{side}_hip") for side in SIDES]
    seen = np.isfinite(xy[:, hips]).all(axis=(1, 2))
    inflate = network.calibration["inflate"]
    value: dict[Key, Array] = {}
    sd: dict[Key, Array] = {}
    for name, side in OUTPUTS:
        (source, sign) = unmirror(name, side, mirrored)
        i = OUTPUTS.index(source)
        scale = SCALE[name]
        value[name, side] = np.where(seen, sign * scale * said[:, i], np.nan)
        log_sd = np.clip(said[:, len(OUTPUTS) + i], -5.0, 2.0)
        sd[name, side] = scale * np.exp(log_sd) * float(inflate.get(name, 1.0))
    extra = said[:, 2 * len(OUTPUTS) :]

    def extra_of(name: str, side: Side | None) -> Array:
        source, sign = unmirror(name, side, mirrored)
        found: Array = sign * extra[:, EXTRAS.index(source)]
        return found

    cos, sin = (extra_of(f"yaw_{part}", None)[seen] for part in ("cos", "sin"))
    yaw = np.degrees(np.arctan2(sin.mean(), cos.mean())) if seen.any() else np.nan
    contact = {
        side: np.where(seen, 1 / (1 + np.exp(-np.clip(extra_of("contact", side), -30, 30))), 0.0)
        for side in SIDES
    }
    return Reading(time, value, sd, contact, float(yaw))


def events(reading: Reading) -> tuple[Event, ...]:
    """Find contacts: where the probability crosses one half, then by what frames around say.

    Every frame near an event says how far away the event is and how sure it is of that; their mean
    by certainty is finer than a frame.
    """
    found: list[Event] = []
    for side in SIDES:
        for start, end in _stances(reading.time, reading.contact[side]):
            pair = [
                _refined(reading, kind, side, rough)
                for kind, rough in zip(_KINDS, (start, end), strict=True)
            ]
            times = [event.time_s for event in pair if event is not None]
            if len(times) == 2 and times[1] - times[0] < _SHORTEST_CONTACT_S:
                continue
            found += [event for event in pair if event is not None]
    return tuple(sorted(found, key=lambda event: event.time_s))


def _stances(time: Array, probability: Array) -> list[tuple[float | None, float | None]]:
    """Stretches with probability above one half; None where one begins or ends outside."""
    on = probability > 0.5
    crossings: list[tuple[float, bool]] = []
    for i in np.flatnonzero(on[1:] != on[:-1]):
        share = (0.5 - probability[i]) / (probability[i + 1] - probability[i])
        crossings.append((float(time[i] + share * (time[i + 1] - time[i])), bool(on[i + 1])))
    # A flight too short is none, and a contact too short is none.
    kept: list[tuple[float, bool]] = []
    for at, rising in crossings:
        limit = _SHORTEST_FLIGHT_S if rising else _SHORTEST_CONTACT_S
        if kept and at - kept[-1][0] < limit:
            kept.pop()
        else:
            kept.append((at, rising))
    stances: list[tuple[float | None, float | None]] = []
    start: float | None = None
    for at, rising in kept:
        if rising:
            start = at
        else:
            stances.append((start, at))
            start = None
    if start is not None:
        stances.append((start, None))
    return stances


def _refined(reading: Reading, kind: EventKind, side: Side, rough: float | None) -> Event | None:
    """Weigh what the frames around say; twice, because the first guess may be a frame off."""
    if rough is None:
        return None
    instant = rough
    sd = np.nan
    for _ in range(2):
        first, last = np.searchsorted(reading.time, [instant - _LISTEN_S, instant + _LISTEN_S])
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
