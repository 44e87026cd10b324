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
from stridewise.form.variables import conditions, cut_offs, outward
from stridewise.metrics import Measured
from stridewise.recording import Recording
from stridewise.skeletons import SIDES
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
#: The one of the midline that one side is enough for: it is seen in profile.
_PROFILE = "trunk_lean"
#: The network works in this unit, in degrees.
UNIT_DEG = 20.0
#: Midline angles that count to the right, and change sign in the mirror.
TO_THE_RIGHT = ("trunk_lateral", "pelvic_obliquity")
#: Points that an angle needs, of its side or of both.
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


@dataclass(frozen=True)
class Shown:
    """How a single picture can show an area.

    Parameters
    ----------
    signal : str
        Angle of the leg that is on the ground, or of the midline.
    metric : str
        Condition of the area that the angle stands for: its cut-off and direction are used.
    parts : tuple of str
        Parts of stance in which it shows.
    off_side : tuple of float
        Least and greatest angle between the camera and the side view, in degrees.
    """

    signal: str
    metric: str
    parts: tuple[str, ...]
    off_side: tuple[float, float]


_SIDE, _FRONT = (0.0, 40.0), (55.0, 90.0)
_LANDING, _MIDDLE = ("contact",), ("mid-stance",)
_STANCE = ("contact", "mid-stance", "push-off")
SHOWN: Mapping[str, Shown] = {
    "overstride": Shown("shank", "shank_ic", _LANDING, _SIDE),
    "steep_foot": Shown("foot", "foot_ic", _LANDING, _SIDE),
    "deep_stance_knee": Shown("knee_flexion", "knee_flex_peak_stance", _MIDDLE, _SIDE),
    "excess_lean": Shown("trunk_lean", "trunk_lean", _STANCE, _SIDE),
    "upright_back": Shown("trunk_lean", "trunk_lean", _STANCE, _SIDE),
    "pelvic_drop": Shown("pelvic_obliquity", "contralateral_pelvic_drop", _MIDDLE, _FRONT),
    "hip_adduction": Shown("hip_adduction", "peak_hip_adduction", _MIDDLE, _FRONT),
    "trunk_sway": Shown("trunk_lateral", "trunk_lat", _MIDDLE, _FRONT),
}
AREAS = tuple(SHOWN)
#: An area is told if people left out have this area under the precision-recall curve at least
#: (docs/snapshot_accuracy.md, which also says why the others have not).
WORTH_TELLING = 0.5
#: Speed for which cut-offs are taken where they depend on it: a picture does not tell it.
_USUAL_SPEED = Measured(3.5, 0.0)
#: Why nothing is said about the other areas.
_OVER_TIME = "needs several steps: a single picture cannot show it"
_NOT_RELIABLE = "single pictures have not shown it reliably"
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
    return pose.PHASES[phase].split(" ", 1)[1] in SHOWN[area].parts


def margins(area: str, right: NDArray[np.bool_], value: Array, sd: Array, spread: float) -> Array:
    """How far poses are past the first cut-off of an area.

    Parameters
    ----------
    area : str
        One of `AREAS`.
    right : ndarray of bool, shape (poses,)
        Whether the right foot is on the ground, or the left.
    value, sd : ndarray, shape (poses, VALUES)
        Degrees.
    spread : float
        Standard deviation of the angle at an instant about what the area is judged by, in degrees.

    Returns
    -------
    ndarray, shape (poses,)
        In standard deviations of both; beyond the cut-off is positive.
    """
    signal = SHOWN[area].signal
    left_at, right_at = (
        VALUES.index((signal, side if (signal, side) in VALUES else "")) for side in SIDES
    )
    sign = np.where(right | (signal not in TO_THE_RIGHT), 1.0, -1.0)
    angle = sign * np.where(right, value[:, right_at], value[:, left_at])
    doubt = np.hypot(np.where(right, sd[:, right_at], sd[:, left_at]), spread)
    cut, towards = _cut_off(area)
    return np.asarray(towards * (angle - cut) / doubt)


@cache
def _cut_off(area: str) -> tuple[float, float]:
    """Return the first cut-off of what an area is judged by, and on which side of it past is."""
    (rule,) = (a for a in load_areas().areas if a.id == area)
    condition = next(c for c in rule.conditions if c.metric == SHOWN[area].metric)
    row = conditions().index(condition)
    return float(cut_offs("treadmill", _USUAL_SPEED)[row, 0]), float(outward()[row])


def spreads(log_sd: Array, one_side: NDArray[np.bool_], inflate: Any) -> Array:
    """Return the standard deviations of angles, in degrees, shape (poses, VALUES).

    Parameters
    ----------
    log_sd : ndarray, shape (poses, VALUES)
        As the network says it.
    one_side : ndarray of bool, shape (poses,)
        Whether only one side of the body is seen.
    inflate : mapping of str to (float, float)
        What the network's deviations are multiplied by, for both sides and for one.
    """
    factor = np.array([inflate[name] for name, _ in VALUES])[:, one_side.astype(int)].T
    return np.asarray(UNIT_DEG * np.exp(np.clip(log_sd, -5.0, 2.0)) * factor)


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
    value, log_sd = said[None, phases + 2 :].reshape(1, 2, values).swapaxes(0, 1)
    calibration = networks.calibration
    value, sd = UNIT_DEG * value, spreads(log_sd, one_side(present[None]), calibration["inflate"])
    angles = [
        Reading(name, side, float(value[0, k]), float(sd[0, k]))
        for k, (name, side) in enumerate(VALUES)
        if sd[0, k] <= _WORTH_DEG and _seen(name, side, present)
    ]
    areas: dict[str, float] = {}
    untold: dict[str, str] = {}
    for area in load_areas().areas:
        reason = _OVER_TIME if area.id not in SHOWN else _NOT_RELIABLE
        if area.id in calibration["told"]:
            reason = _untold(area.id, best, float(odds[best]), yaw, running, present)
        if reason:
            untold[area.id] = reason
            continue
        spread, slope, offset = calibration["area"][area.id]
        margin = margins(area.id, np.array([best >= phases // 2]), value, sd, spread)[0]
        areas[area.id] = float(1 / (1 + np.exp(-np.clip(slope * margin + offset, -30, 30))))
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


def one_side(present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of which poses a whole side is missing, from presence of shape (poses, points)."""
    return np.asarray(~present[:, ::2].any(axis=1) | ~present[:, 1::2].any(axis=1))


def _seen(name: str, side: str, present: NDArray[np.bool_]) -> bool:
    """Say whether the points are there that an angle needs."""
    there = [all(present[pose.POINTS.index(f"{s}_{part}")] for part in _NEEDS[name]) for s in SIDES]
    if name == _PROFILE:
        return any(there)
    return there[SIDES.index(side)] if side in SIDES else all(there)


def _untold(
    area: str,
    phase: int,
    certainty: float,
    yaw: float | None,
    running: float,
    present: NDArray[np.bool_],
) -> str:
    """Why an area cannot be judged by this picture; empty where it can."""
    if running < 0.5:
        return "this does not look like running"
    shown = SHOWN[area]
    nearest, furthest = shown.off_side
    if certainty < SURE:
        return "where in the stride this is cannot be told"
    if not shows(area, phase):
        return f"shows at {' or '.join(shown.parts)} only, and this is {pose.PHASES[phase]}"
    if yaw is None:
        return "the direction of the camera cannot be told"
    from_side = off_side(yaw)
    if not nearest <= from_side <= furthest:
        return f"the camera is {from_side:.0f}° away from a side view"
    side = SIDES[phase >= len(pose.PHASES) // 2]
    if not _seen(shown.signal, side if (shown.signal, side) in VALUES else "", present):
        return f"needs {' and '.join(_NEEDS[shown.signal])}"
    return ""
