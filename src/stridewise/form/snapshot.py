"""What a single picture of a runner shows, and what it cannot show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.form import pose
from stridewise.form.areas import load_areas
from stridewise.recording import Recording
from stridewise.weights import open_network

Array = NDArray[np.float64]

#: Angles that are read off a pose: signal, and side or "".
VALUES: tuple[tuple[str, str], ...] = (
    ("trunk_lean", ""),
    ("trunk_lateral", ""),
    ("pelvic_obliquity", ""),
    *(
        (name, side)
        for name in ("thigh", "shank", "knee_flexion", "foot", "elbow_flexion", "hip_adduction")
        for side in ("left", "right")
    ),
)
#: The network works in this unit, in degrees.
UNIT_DEG = 20.0
#: Points that a value needs, of its side or of both.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "trunk_lean": ("shoulder", "hip"),
    "trunk_lateral": ("shoulder", "hip"),
    "pelvic_obliquity": ("hip",),
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "knee_flexion": ("hip", "knee", "ankle"),
    "foot": ("heel", "big_toe"),
    "elbow_flexion": ("shoulder", "elbow", "wrist"),
    "hip_adduction": ("hip", "knee"),
}
#: Areas that a still can show, with the parts of stance in which it can, and the view: angles
#: between the camera and the side view, at least and at most.
_SIDE, _FRONT, _ANY = (0.0, 40.0), (55.0, 90.0), (0.0, 90.0)
_SHOWN: Mapping[str, tuple[tuple[str, ...], tuple[float, float]]] = {
    "overstride": (("contact",), _SIDE),
    "steep_foot": (("contact",), _SIDE),
    "deep_stance_knee": (("mid-stance",), _SIDE),
    "excess_lean": (("contact", "mid-stance", "push-off"), _SIDE),
    "upright_back": (("contact", "mid-stance", "push-off"), _SIDE),
    "pelvic_drop": (("mid-stance",), _FRONT),
    "hip_adduction": (("mid-stance",), _FRONT),
    "knee_collapse": (("mid-stance",), _FRONT),
    "trunk_sway": (("mid-stance",), _FRONT),
}
AREAS = tuple(_SHOWN)
#: Those that were told better than by chance in people left out (docs/snapshot_accuracy.md).
PROVEN = ("excess_lean", "upright_back")
#: Why nothing is said about the other areas.
_OVER_TIME = "needs several steps: a single picture cannot show it"
#: Phase and running must be this certain before anything is built on them.
SURE = 0.6
#: Shortest camera vector of a direction that is trusted.
_SURE_OF_VIEW = 0.6
#: Largest standard deviation of an angle that is shown, in degrees.
_WORTH_DEG = 10.0


@dataclass(frozen=True)
class Reading:
    """One angle of a pose.

    Parameters
    ----------
    signal, side : str
        As in the curves of an analysis; side is "" for the trunk and the pelvis.
    value, sd : float
        Degrees.
    """

    signal: str
    side: str
    value: float
    sd: float


@dataclass(frozen=True)
class Snapshot:
    """What one picture shows.

    Parameters
    ----------
    source : str
    running : float
        Probability that the person runs.
    phase : str or None
        Where in the stride, one of `pose.PHASES`; None where it cannot be told.
    phase_probability : float
    yaw_deg : float or None
        Camera direction: 0 right side, 90 front, 180 left side, -90 back; None where unknown.
    angles : tuple of Reading
    areas : mapping of str to float
        Probability that an area is past its first cut-off; severities need more than a picture.
    untold : mapping of str to str
        Areas that cannot be judged, with the reason.
    """

    source: str
    running: float
    phase: str | None
    phase_probability: float
    yaw_deg: float | None
    angles: tuple[Reading, ...]
    areas: Mapping[str, float]
    untold: Mapping[str, str]

    def to_json(self) -> str:
        """Return it as JSON text (schema `stridewise.snapshot/1`)."""
        content = {"schema": "stridewise.snapshot/1", **asdict(self)}
        return json.dumps(content, indent=1, ensure_ascii=False, default=dict)


class Networks:
    """The networks for stills with what is known of their errors."""

    def __init__(self) -> None:
        folder = files("stridewise.form")
        self._sessions = {
            name: open_network((folder / f"{name}.onnx").read_bytes())
            for name in ("still", "running")
        }
        text = (folder / "still.json").read_text(encoding="utf-8")
        self.calibration: Mapping[str, Any] = json.loads(text)

    def says(self, name: str, features: Array) -> Array:
        """Run one of the networks, shape (poses, FEATURES) to (poses, numbers)."""
        (said,) = self._sessions[name].run(None, {"features": features.astype(np.float32)})
        return np.asarray(said, dtype=float)


@cache
def shipped() -> Networks:
    """Return the networks that ship with the package."""
    return Networks()


def shows(area: str, phase: int) -> bool:
    """Say whether a pose of this phase (index of `pose.PHASES`) can show an area."""
    return pose.PHASES[phase].split(" ", 1)[1] in _SHOWN[area][0]


def points_of(recording: Recording) -> Array:
    """Return the poses of a recording with the head, shape (frames, points, 2), y down."""
    return np.stack([recording.point(name) for name in (*pose.POINTS, *pose.HEAD)], axis=1)


def look(xy: Array, sources: Sequence[str], networks: Networks | None = None) -> list[Snapshot]:
    """Say what pictures show.

    Parameters
    ----------
    xy : ndarray, shape (poses, points, 2)
        Any unit, y down; NaN where missing. First `pose.POINTS`; more are not looked at.
    sources : sequence of str
        A name for each pose.
    networks : Networks, optional
        Those that ship by default.

    Returns
    -------
    list of Snapshot
        Where neither a leg nor the trunk is seen nothing is told, and `running` is NaN.
    """
    networks = networks or shipped()
    xy = xy[:, : len(pose.POINTS)]
    readable = np.asarray(np.isfinite(pose.leg_length(xy)))
    features = pose.encode(xy)
    said = networks.says("still", features)
    logit = networks.says("running", features)[:, 0]
    slope, offset = networks.calibration["running"]
    running = 1 / (1 + np.exp(-np.clip(slope * logit + offset, -30, 30)))
    present = np.asarray(np.isfinite(xy).all(axis=2))
    return [
        _interpret(name, said[i], float(running[i]), present[i], networks)
        if readable[i]
        else _unread(name)
        for i, name in enumerate(sources)
    ]


def off_side(yaw_deg: float) -> float:
    """Angle between the camera and a view from the side, 0 to 90 degrees."""
    return float(abs(np.degrees(np.arcsin(np.sin(np.radians(yaw_deg))))))


def _unread(source: str) -> Snapshot:
    reason = "neither a leg nor the trunk is seen"
    untold = {area.id: reason for area in load_areas().areas}
    return Snapshot(source, float("nan"), None, 0.0, None, (), {}, untold)


def _interpret(
    source: str, said: Array, running: float, present: NDArray[np.bool_], networks: Networks
) -> Snapshot:
    phases, values = len(pose.PHASES), len(VALUES)
    odds = np.exp(said[:phases] - said[:phases].max())
    odds /= odds.sum()
    best = int(odds.argmax())
    cos, sin = said[phases : phases + 2]
    yaw = float(np.degrees(np.arctan2(sin, cos))) if np.hypot(cos, sin) > _SURE_OF_VIEW else None
    start = phases + 2
    inflate = networks.calibration["inflate"]
    angles = []
    for k, (name, side) in enumerate(VALUES):
        log_sd = float(np.clip(said[start + values + k], -5.0, 2.0))
        sd = UNIT_DEG * float(np.exp(log_sd)) * inflate[name]
        if sd <= _WORTH_DEG and _seen(name, side, present):
            angles.append(Reading(name, side, UNIT_DEG * float(said[start + k]), sd))
    areas: dict[str, float] = {}
    untold: dict[str, str] = {}
    for area in load_areas().areas:
        reason = _untold(area.id, best, float(odds[best]), yaw, running, present)
        if reason:
            untold[area.id] = reason
            continue
        slope, offset = networks.calibration["area"][area.id]
        logit = slope * said[start + 2 * values + AREAS.index(area.id)] + offset
        areas[area.id] = float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))
    sure = odds[best] >= SURE
    return Snapshot(
        source,
        running,
        pose.PHASES[best] if sure and running >= 0.5 else None,
        float(odds[best]),
        yaw,
        tuple(angles),
        areas,
        untold,
    )


def _seen(name: str, side: str, present: NDArray[np.bool_]) -> bool:
    return all(
        present[pose.POINTS.index(f"{s}_{part}")]
        for part in _NEEDS[name]
        for s in ((side,) if side else ("left", "right"))
    )


def _untold(
    area: str,
    phase: int,
    certainty: float,
    yaw: float | None,
    running: float,
    present: NDArray[np.bool_],
) -> str:
    """Why an area cannot be judged by this picture; empty where it can."""
    if area not in _SHOWN:
        return _OVER_TIME
    if area not in PROVEN:
        return "single pictures have not shown it better than chance"
    if running < 0.5:
        return "this does not look like running"
    parts, (nearest, furthest) = _SHOWN[area]
    if certainty < SURE:
        return "where in the stride this is cannot be told"
    if not shows(area, phase):
        return f"shows at {' or '.join(parts)} only, and this is {pose.PHASES[phase]}"
    if yaw is None:
        return "the direction of the camera cannot be told"
    from_side = off_side(yaw)
    if not nearest <= from_side <= furthest:
        return f"the camera is {from_side:.0f}° away from a side view"
    needs = (
        ("shoulder", "hip")
        if "trunk" in area or area in ("excess_lean", "upright_back")
        else ("hip", "knee", "ankle")
    )
    if not all(
        present[pose.POINTS.index(f"{s}_{part}")] for part in needs for s in ("left", "right")
    ):
        return f"needs {', '.join(needs)} of both sides"
    return ""
