"""The geometric gait model: contacts from moving points, angles from their positions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import angles
from stridewise.gait.contacts import Rules, Stance, find_stances
from stridewise.gait.fusion import TABLE_NOISE, ContactTable, fuse, load_tables, nearest, plane_of
from stridewise.gait.motion import Event, EventKind, Motion, Signal
from stridewise.recording import Recording
from stridewise.repair.noise import noise_level
from stridewise.repair.smooth import low_pass, noise_gain
from stridewise.skeletons import SIDES, Side
from stridewise.view import View

Array = NDArray[np.float64]
Signals = dict[tuple[str, Side | None], Signal]

#: Cut-off per kind of point, Hz: slow for the trunk, faster towards the foot (catalogue, section D).
CUTOFF_HZ = {
    "nose": 6.0,
    "head_top": 6.0,
    "neck": 6.0,
    "mid_hip": 8.0,
    "eye": 6.0,
    "ear": 6.0,
    "shoulder": 6.0,
    "elbow": 8.0,
    "wrist": 8.0,
    "hip": 8.0,
    "knee": 10.0,
    "ankle": 12.0,
    "heel": 18.0,
    "big_toe": 18.0,
    "small_toe": 12.0,
}
#: Yaw away from a pure side or frontal view up to which angles of that plane are given (C3).
MAX_OFF_SAGITTAL_DEG = 20.0
MAX_OFF_FRONTAL_DEG = 12.0
#: Up to here the fore-aft motion of the feet still serves to time contacts.
_MAX_OFF_TIMING_DEG = 60.0
#: Random errors of the far leg in a side view, against the near leg (section D).
_FAR_LEG = 1.5


class GeometricModel:
    """Events by fused rules and planar angles; the fallback and the check of every other model.

    Parameters
    ----------
    tables : sequence of ContactTable, optional
        Lags and errors of the contact rules; those that ship with the package by default.
    """

    name = "geometric/1"

    def __init__(self, tables: Sequence[ContactTable] | None = None) -> None:
        self._tables = tables

    def read(self, recording: Recording, view: View) -> Motion:
        """Turn a cleaned recording (uniform time base) and its view into motion."""
        body = _Body(recording, view)
        signals, absent = _signals(body)
        stances = find_stances(_rules(body))
        tables = self._tables if self._tables is not None else load_tables()
        events = _events(stances, nearest(tables, plane_of(view), recording.fps), body)
        if body.sagittal:
            _zero_feet(signals, events, recording.time)
        return Motion(recording.time, events, signals, absent, self.name)


class _Body:
    """Points of the runner in leg lengths, y up: forward and right coordinates where seen."""

    def __init__(self, recording: Recording, view: View) -> None:
        self.recording = recording
        self.view = view
        self.fps = recording.fps
        self.sagittal = view.off_sagittal_deg <= MAX_OFF_SAGITTAL_DEG
        self.frontal = view.off_frontal_deg <= MAX_OFF_FRONTAL_DEG
        self.timing = view.off_sagittal_deg <= _MAX_OFF_TIMING_DEG
        yaw = np.radians(view.yaw_deg)
        self._cos, self._sin = float(np.cos(yaw)), float(np.sin(yaw))
        level = noise_level(recording) / view.leg_length
        known = level[np.isfinite(level)]
        #: Typical keypoint noise per coordinate, leg lengths.
        self.noise = float(np.median(known)) if known.size else TABLE_NOISE
        self._level = dict(zip(recording.keypoints, level, strict=True))
        self._smooth: dict[str, Array] = {}

    def noise_of(self, name: str) -> float:
        """Noise of one point after smoothing, leg lengths per coordinate."""
        level = self._level.get(name, np.nan)
        level = level if np.isfinite(level) else self.noise
        return float(level) * noise_gain(CUTOFF_HZ[_part(name)], self.fps)

    def raw(self, name: str) -> Array | None:
        """Image positions in leg lengths, y up, unsmoothed; None when never seen."""
        if not self.recording.has(name):
            return None
        return self.recording.point(name) * (np.array([1.0, -1.0]) / self.view.leg_length)

    def smooth(self, name: str) -> Array | None:
        """Positions as `raw`, with depth as third coordinate for 3D sources, smoothed."""
        if name not in self._smooth:
            points = self.raw(name)
            if points is None:
                return None
            if self.recording.depth is not None:
                column = self.recording.keypoints.index(name)
                depth = self.recording.depth[:, [column]] / self.view.leg_length
                points = np.concatenate([points, depth], axis=1)
            self._smooth[name] = low_pass(points, CUTOFF_HZ[_part(name)], self.fps)
        return self._smooth[name]

    def side_plane(self, name: str) -> Array | None:
        """Smoothed (forward, up), shape (frames, 2); None when not seen."""
        points = self.smooth(name)
        if points is None:
            return None
        return np.stack([points[:, 0] / self._cos, points[:, 1]], axis=1)

    def front_plane(self, name: str) -> Array | None:
        """Smoothed (right, up), shape (frames, 2); None when not seen."""
        points = self.smooth(name)
        if points is None:
            return None
        if self.recording.depth is not None:
            return np.stack([-points[:, 2], points[:, 1]], axis=1)
        return np.stack([points[:, 0] / -self._sin, points[:, 1]], axis=1)

    def forward(self, values: Array) -> Array:
        """Turn image x (leg lengths, unsmoothed) into a forward coordinate."""
        return values / self._cos

    def far(self, side: Side) -> float:
        """Factor on the random error of a leg: 1 near, more for the far leg of a side view."""
        if not self.view.flat or not self.sagittal:
            return 1.0
        return 1.0 if self.view.name == side else _FAR_LEG


def _part(name: str) -> str:
    return name.removeprefix("left_").removeprefix("right_")


def _mid(a: Array | None, b: Array | None) -> Array | None:
    return None if a is None or b is None else (a + b) / 2


def _rules(body: _Body) -> Rules:
    """Collect what the contact rules look at."""
    left, right = body.raw("left_hip"), body.raw("right_hip")
    hip = _mid(left, right)
    if hip is None:
        hip = np.full((body.recording.frames, 2), np.nan)
    height: dict[tuple[str, Side], Array] = {}
    forward: dict[tuple[str, Side], Array] = {}
    knee: dict[Side, Array] = {}
    for side in SIDES:
        for part in ("ankle", "heel", "big_toe"):
            points = body.raw(f"{side}_{part}")
            if points is None:
                continue
            height[part, side] = points[:, 1]
            if body.timing:
                forward[part, side] = body.forward(points[:, 0] - hip[:, 0])
        if body.timing:
            flexion = _knee_flexion(body, side)
            if flexion is not None:
                knee[side] = flexion
    return Rules(body.recording.time, hip[:, 1], height, forward, knee)


def _knee_flexion(body: _Body, side: Side) -> Array | None:
    points = [body.raw(f"{side}_{part}") for part in ("hip", "knee", "ankle")]
    if any(p is None for p in points):
        return None
    hip, knee, ankle = (p * [1 / body._cos, 1.0] for p in points if p is not None)
    return angles.knee_flexion(angles.from_vertical(hip, knee), angles.from_vertical(knee, ankle))


def _events(stances: Sequence[Stance], table: ContactTable, body: _Body) -> tuple[Event, ...]:
    """Fuse each stance's candidates; keep contacts and toe-offs in a sensible order."""
    # More noise than the table was learnt at widens the error in proportion.
    widen = max(1.0, body.noise / TABLE_NOISE)
    kinds: tuple[EventKind, EventKind] = ("initial_contact", "toe_off")
    start, end = body.recording.time[[0, -1]]
    events = []
    for stance in stances:
        pair = []
        for kind in kinds:
            time, sd = fuse(stance, kind, table)
            if np.isfinite(time) and start <= time <= end:
                pair.append(Event(kind, stance.side, time, sd * widen * body.far(stance.side)))
        if len(pair) == 2 and pair[1].time_s - pair[0].time_s < 0.05:
            continue
        events += pair
    return tuple(sorted(events, key=lambda event: event.time_s))


def _signals(body: _Body) -> tuple[Signals, dict[str, str]]:
    signals: Signals = {}
    absent: dict[str, str] = {}
    _any_view(body, signals, absent)
    if body.sagittal:
        _sagittal(body, signals, absent)
    else:
        reason = f"the camera is {body.view.off_sagittal_deg:.0f}° away from a side view"
        absent.update(dict.fromkeys(_SAGITTAL_SIGNALS, reason))
    if body.frontal or not body.view.flat:
        _frontal(body, signals, absent)
    else:
        reason = f"the camera is {body.view.off_frontal_deg:.0f}° away from a front or back view"
        absent.update(dict.fromkeys(_FRONTAL_SIGNALS, reason))
    return signals, absent


_SAGITTAL_SIGNALS = (
    "thigh",
    "shank",
    "foot",
    "knee_flexion",
    "hip_flexion",
    "ankle_dorsiflexion",
    "elbow_flexion",
    "upper_arm",
    "trunk_lean",
    "ankle_ahead",
    "foot_ahead",
    "wrist_ahead",
    "head_ahead",
    "shoulder_rotation",
)
_FRONTAL_SIGNALS = (
    "pelvic_obliquity",
    "thigh_adduction",
    "hip_adduction",
    "frontal_knee",
    "trunk_lateral",
    "ankle_lateral",
    "knee_gap",
    "wrist_lateral",
)


def _any_view(body: _Body, signals: Signals, absent: dict[str, str]) -> None:
    hip = _mid(body.smooth("left_hip"), body.smooth("right_hip"))
    if hip is None:
        absent["pelvis_height"] = "the hips are not seen"
        return
    sd = body.noise_of("left_hip") / 2**0.5
    signals["pelvis_height", None] = Signal(hip[:, 1], sd)
    if not body.sagittal:
        absent["pelvis_travel"] = "the camera does not see the runner pass from the side"
        return
    travel = body.forward(hip[:, 0])
    seen = travel[np.isfinite(travel)]
    # On a treadmill the pelvis stays within a step or so.
    if seen.size and abs(seen[-1] - seen[0]) > 2.0 and np.ptp(seen) < 1.5 * abs(seen[-1] - seen[0]):
        signals["pelvis_travel", None] = Signal(travel, sd)
    else:
        absent["pelvis_travel"] = "the runner stays in place in the picture"


class _Collector:
    """Adds a signal when its points are seen, or the reason why it is not there."""

    def __init__(self, signals: Signals, absent: dict[str, str]) -> None:
        self.signals, self.absent = signals, absent

    def add(
        self, name: str, side: Side | None, value: Array | None, sd: float, bias: float, need: str
    ) -> None:
        if value is None or not np.isfinite(value).any():
            self.absent.setdefault(name, f"the {need} not seen")
        else:
            self.absent.pop(name, None)
            self.signals[name, side] = Signal(value, sd, bias)


def _segment_sd(noise_a: float, noise_b: float, length: float) -> float:
    """Random error of a segment's direction, degrees, from the noise of its two ends."""
    return float(np.degrees(np.hypot(noise_a, noise_b) / length))


def _sagittal(body: _Body, signals: Signals, absent: dict[str, str]) -> None:
    out = _Collector(signals, absent)
    point, noise = body.side_plane, body.noise_of
    view = body.view
    # A segment that leans sideways by ~8 deg shows sin(yaw) of that in a side view (C3).
    off = float(np.hypot(view.off_sagittal_deg, view.yaw_sd_deg)) if view.flat else 0.0
    segment_bias = 8.0 * float(np.sin(np.radians(min(off, 45.0))))
    joint_bias = 0.006 * off**2

    hip_mid = _mid(point("left_hip"), point("right_hip"))
    shoulder_mid = _mid(point("left_shoulder"), point("right_shoulder"))
    trunk = None
    trunk_length = 1.0
    if hip_mid is not None and shoulder_mid is not None:
        trunk = angles.trunk_lean(hip_mid, shoulder_mid)
        trunk_length = float(np.nanmedian(np.linalg.norm(shoulder_mid - hip_mid, axis=1)))
    trunk_sd = _segment_sd(noise("left_hip"), noise("left_shoulder"), trunk_length) / 2**0.5
    out.add("trunk_lean", None, trunk, trunk_sd, segment_bias, "shoulders are")

    for side in SIDES:
        far = body.far(side)
        hip, knee, ankle, heel, toe, shoulder, elbow, wrist = (
            point(f"{side}_{p}")
            for p in ("hip", "knee", "ankle", "heel", "big_toe", "shoulder", "elbow", "wrist")
        )
        n = {p: noise(f"{side}_{p}") * far for p in ("hip", "knee", "ankle", "heel", "big_toe")}
        thigh = None if hip is None or knee is None else angles.from_vertical(hip, knee)
        shank = None if knee is None or ankle is None else angles.from_vertical(knee, ankle)
        foot = None if heel is None or toe is None else angles.foot_pitch(heel, toe)
        thigh_sd = _segment_sd(n["hip"], n["knee"], 0.46)
        shank_sd = _segment_sd(n["knee"], n["ankle"], 0.46)
        foot_sd = _segment_sd(n["heel"], n["big_toe"], 0.27)
        out.add("thigh", side, thigh, thigh_sd, segment_bias, "hip and knee are")
        out.add("shank", side, shank, shank_sd, segment_bias, "knee and ankle are")
        out.add("foot", side, foot, foot_sd, segment_bias, "heel and toe are")
        knee_angle = None if thigh is None or shank is None else angles.knee_flexion(thigh, shank)
        hip_angle = None if thigh is None or trunk is None else angles.hip_flexion(thigh, trunk)
        ankle_angle = (
            None if foot is None or shank is None else angles.ankle_dorsiflexion(foot, shank)
        )
        out.add(
            "knee_flexion", side, knee_angle, np.hypot(thigh_sd, shank_sd), joint_bias, "legs are"
        )
        out.add(
            "hip_flexion",
            side,
            hip_angle,
            np.hypot(thigh_sd, trunk_sd),
            joint_bias,
            "shoulders or hips are",
        )
        out.add(
            "ankle_dorsiflexion",
            side,
            ankle_angle,
            np.hypot(foot_sd, shank_sd),
            joint_bias,
            "heel and toe are",
        )
        ahead = None if ankle is None or hip_mid is None else ankle[:, 0] - hip_mid[:, 0]
        out.add("ankle_ahead", side, ahead, n["ankle"], 0.01, "ankle is")
        sole = _mid(heel, toe) if heel is not None and toe is not None else ankle
        ahead = None if sole is None or hip_mid is None else sole[:, 0] - hip_mid[:, 0]
        out.add("foot_ahead", side, ahead, n["ankle"], 0.01, "foot is")

        arm_noise = noise(f"{side}_elbow") * far
        upper = None if shoulder is None or elbow is None else angles.from_vertical(shoulder, elbow)
        bend = (
            None
            if shoulder is None or elbow is None or wrist is None
            else angles.elbow_flexion(shoulder, elbow, wrist)
        )
        arm_sd = _segment_sd(arm_noise, arm_noise, 0.35)
        out.add("upper_arm", side, upper, arm_sd, segment_bias, "arm is")
        # Forearm and upper arm swing out of the plane, by some 15 degrees.
        out.add("elbow_flexion", side, bend, arm_sd * 2**0.5, 5.0, "arm is")
        reach = (
            None
            if shoulder is None or wrist is None or trunk is None
            else (wrist[:, 0] - shoulder[:, 0]) / trunk_length
        )
        out.add("wrist_ahead", side, reach, arm_noise / trunk_length, 0.0, "arm is")

    head = _mid(point("left_ear"), point("right_ear"))
    head = point("head_top") if head is None else head
    ahead = (
        None
        if head is None or shoulder_mid is None
        else (head[:, 0] - shoulder_mid[:, 0]) / trunk_length
    )
    out.add("head_ahead", None, ahead, noise("left_ear") / trunk_length, 0.05, "head is")
    left, right = point("left_shoulder"), point("right_shoulder")
    rotation = None
    if left is not None and right is not None:
        # Biacromial width 0.22 of stature is 0.42 leg lengths; + = right shoulder ahead.
        turn = (right[:, 0] - left[:, 0]) / 0.42
        rotation = np.degrees(np.arcsin(np.clip(turn, -1.0, 1.0)))
    out.add("shoulder_rotation", None, rotation, arm_sd, segment_bias, "shoulders are")


def _frontal(body: _Body, signals: Signals, absent: dict[str, str]) -> None:
    out = _Collector(signals, absent)
    point, noise = body.front_plane, body.noise_of
    view = body.view
    off = float(np.hypot(view.off_frontal_deg, view.yaw_sd_deg)) if view.flat else 0.0
    # A thigh 30 deg forward shows 0.57 deg of false adduction per degree of yaw (C3).
    leg_bias = 0.57 * min(off, 20.0)
    left_hip, right_hip = point("left_hip"), point("right_hip")
    hip_mid = _mid(left_hip, right_hip)
    left_shoulder, right_shoulder = point("left_shoulder"), point("right_shoulder")
    shoulder_mid = _mid(left_shoulder, right_shoulder)
    obliquity = None
    hip_width = 0.2
    if left_hip is not None and right_hip is not None:
        obliquity = angles.pelvic_obliquity(left_hip, right_hip)
        hip_width = float(np.nanmedian(np.linalg.norm(right_hip - left_hip, axis=1)))
    obliquity_sd = _segment_sd(noise("left_hip"), noise("right_hip"), hip_width)
    out.add("pelvic_obliquity", None, obliquity, obliquity_sd, 0.0, "hips are")
    lean = None
    if hip_mid is not None and shoulder_mid is not None:
        # The right foot's stance makes lean to the right positive.
        lean = angles.lateral_lean(hip_mid, shoulder_mid, "right")
    lean_sd = _segment_sd(noise("left_hip"), noise("left_shoulder"), 0.55) / 2**0.5
    out.add("trunk_lateral", None, lean, lean_sd, 0.1 * min(off, 20.0), "shoulders are")

    for side in SIDES:
        hip, knee, ankle, wrist = (point(f"{side}_{p}") for p in ("hip", "knee", "ankle", "wrist"))
        n = {p: noise(f"{side}_{p}") for p in ("hip", "knee", "ankle")}
        thigh_sd = _segment_sd(n["hip"], n["knee"], 0.46)
        shank_sd = _segment_sd(n["knee"], n["ankle"], 0.46)
        thigh = None if hip is None or knee is None else angles.thigh_adduction(hip, knee, side)
        out.add("thigh_adduction", side, thigh, thigh_sd, leg_bias, "hip and knee are")
        femur = (
            None
            if thigh is None or obliquity is None
            else angles.hip_adduction(thigh, angles.contralateral_drop(obliquity, side))
        )
        out.add(
            "hip_adduction", side, femur, np.hypot(thigh_sd, obliquity_sd), leg_bias, "legs are"
        )
        valgus = (
            None
            if hip is None or knee is None or ankle is None
            else angles.frontal_knee_angle(hip, knee, ankle, side)
        )
        out.add("frontal_knee", side, valgus, np.hypot(thigh_sd, shank_sd), leg_bias, "legs are")
        aside = None if ankle is None or hip_mid is None else ankle[:, 0] - hip_mid[:, 0]
        out.add("ankle_lateral", side, aside, n["ankle"], 0.005, "ankle is")
        out.add(
            "wrist_lateral",
            side,
            _crossing(wrist, hip_mid, shoulder_mid, left_shoulder, right_shoulder, side),
            noise(f"{side}_wrist") / 0.42,
            0.05,
            "arm or shoulders are",
        )
    left, right = point("left_knee"), point("right_knee")
    gap = None if left is None or right is None else (right[:, 0] - left[:, 0]) / hip_width
    out.add("knee_gap", None, gap, noise("left_knee") * 2**0.5 / hip_width, 0.0, "knees are")


def _crossing(
    wrist: Array | None,
    hip_mid: Array | None,
    shoulder_mid: Array | None,
    left_shoulder: Array | None,
    right_shoulder: Array | None,
    side: Side,
) -> Array | None:
    """How far the wrist is past the body's midline, in shoulder widths; + = crossed."""
    if wrist is None or hip_mid is None or shoulder_mid is None:
        return None
    if left_shoulder is None or right_shoulder is None:
        return None
    width = float(np.nanmedian(np.linalg.norm(right_shoulder - left_shoulder, axis=1)))
    share = (wrist[:, 1] - hip_mid[:, 1]) / (shoulder_mid[:, 1] - hip_mid[:, 1])
    line = hip_mid[:, 0] + share * (shoulder_mid[:, 0] - hip_mid[:, 0])
    past = wrist[:, 0] - line
    return (-past if side == "right" else past) / width


def _zero_feet(signals: Signals, events: Sequence[Event], time: Array) -> None:
    """Take the pitch of each flat foot in mid-stance as its zero, in place.

    Heel and toe points lie at different heights of the shoe; a flat foot is the common zero
    (catalogue, A0). Flat is where the foot turns slowest: 20 to 50 % of stance.
    """
    for side in SIDES:
        key: tuple[str, Side | None] = ("foot", side)
        if key not in signals:
            continue
        foot = signals[key]
        offset = _flat_pitch(foot.value, events, time, side)
        signals[key] = Signal(foot.value - offset, foot.sd, foot.bias_sd)
        ankle: tuple[str, Side | None] = ("ankle_dorsiflexion", side)
        if ankle in signals:
            old = signals[ankle]
            signals[ankle] = Signal(old.value - offset, old.sd, old.bias_sd)


def _flat_pitch(pitch: Array, events: Sequence[Event], time: Array, side: Side) -> float:
    """Median over stances of the pitch between 20 and 50 % of stance; 0 without stances."""
    mine = [event for event in events if event.side == side]
    flat = []
    for contact, off in zip(mine, mine[1:], strict=False):
        if (contact.kind, off.kind) != ("initial_contact", "toe_off"):
            continue
        stance = off.time_s - contact.time_s
        if not 0.05 < stance < 0.6:
            continue
        i, j = np.searchsorted(time, (contact.time_s + 0.2 * stance, contact.time_s + 0.5 * stance))
        window = pitch[i : j + 1]
        if np.isfinite(window).any():
            flat.append(float(np.nanmedian(window)))
    return float(np.median(flat)) if flat else 0.0
