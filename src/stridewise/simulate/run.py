"""A person in motion: events, pelvis path, feet on the floor, and every keypoint at any instant.

The curves of a person say how the body would like to move. The floor has the last word: in stance
the foot rolls without slipping on a belt of exact speed, the knee keeps the angle it would like
and the pelvis follows from the leg; in flight the pelvis falls freely, nearly. In swing the ankle
goes where the curves want it, bent at both ends to meet the floor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.motion import Event
from stridewise.simulate.curves import basis, stride_phase
from stridewise.simulate.foot import Foot
from stridewise.simulate.path import fit_path
from stridewise.simulate.person import Person, statistics
from stridewise.simulate.upper_body import SIGN, across, down, upper_body
from stridewise.skeletons import KEYPOINTS, SIDES, Side

Array = NDArray[np.float64]

GRAVITY = 9.81
#: Step-to-step SD in degrees; of the pelvis from the within-runner spread of pelvic drop, of trunk
#: and arms an estimate.
STEP_SD: dict[tuple[str, Side | None], float] = {
    ("obliquity", None): 1.0,
    ("rotation", None): 1.0,
    ("trunk_lean", None): 0.7,
    ("trunk_lateral", None): 0.5,
    ("shoulder_rotation", None): 1.0,
    **{(name, side): 2.0 for name in ("upper_arm", "forearm") for side in SIDES},
}
STRAIGHTEST_KNEE_DEG, KNEE_AHEAD_M = 2.5, 0.02
#: How far the pelvis path may stray from what the legs want: level, and by knee angle.
WISH_SD_M, KNEE_SD_DEG = 0.002, 0.3
#: Share of the swing over which the ankle leaves the floor's wish for its own, and back.
EASE = 0.5
#: Drift about the belt: SD along x, y, z over 30 s in the laboratory, and its periods.
WANDER_SD_M, WANDER_S = (0.035, 0.0, 0.020), np.array([7.0, 11.0, 19.0])
CLEARANCE_M = 0.012
MARGIN = 6
#: At contact the foot still runs forward against the belt, by this share of the belt's speed, and
#: is stopped within about this time (heel markers of the laboratory runners).
SKID_SHARE, SKID_S = 0.4, 0.018


class Run:
    """One person running for a while.

    Parameters
    ----------
    person : Person
        Curves, timing and lengths.
    speed_mps, height_m : float
        Belt speed and body height.
    duration_s : float
        The motion is defined from 0 to this time.
    variation : float
        Step-to-step variation: 0 none, 1 as measured.
    travels : bool
        True overground, where the runner moves along x; False on a belt.
    rng : numpy.random.Generator
        Same generator state, same run.
    """

    def __init__(
        self,
        person: Person,
        speed_mps: float,
        height_m: float,
        duration_s: float,
        variation: float,
        travels: bool,
        rng: np.random.Generator,
    ) -> None:
        self.person = person
        self.speed = speed_mps
        self.height = height_m
        self.travels = travels
        self.foot = Foot.of(person.lengths)
        self._time_steps(duration_s, variation, rng)
        self._draw_variation(variation, rng)
        self._solve_pelvis()
        self._meet_floor()

    # Timing ------------------------------------------------------------------------------------

    def _time_steps(self, duration: float, variation: float, rng: np.random.Generator) -> None:
        """Set instants of contact and toe-off; even steps are right."""
        s = statistics()
        step = 60.0 / self.person.cadence
        start = -(MARGIN + 2 * rng.random()) * step
        count = 2 * int(np.ceil((duration - start) / step / 2 + MARGIN / 2))
        # Independent shifts of evenly timed contacts give successive steps the negative
        # correlation that runners show, and keep the cadence exact over time.
        jitter, spread = variation * rng.standard_normal((count, 2)).clip(-2.5, 2.5).T
        late = np.where(np.arange(count) % 2, self.person.step_shift, 0.0)
        contact = start + step * (np.arange(count) + late + s["step_time_sd"] / np.sqrt(2) * jitter)
        duty = np.where(np.arange(count) % 2, self.person.duty["left"], self.person.duty["right"])
        off = contact + step * (2 * duty + s["contact_time_sd"] * spread)
        self._contact, self._off = contact, off
        self._start = {"right": 0, "left": 1}
        self._midline = np.arange(count) / 2

    def _own(self, side: Side) -> tuple[Array, Array]:
        first = self._start[side]
        return self._contact[first::2], self._off[first::2]

    @property
    def _reach(self) -> tuple[float, float]:
        return float(self._contact[1]), float(self._contact[-2])

    def events(self, start: float, end: float) -> tuple[Event, ...]:
        """Return all events in this stretch of time, in order."""
        found: list[Event] = []
        for side in SIDES:
            contact, off = self._own(side)
            found += [Event("initial_contact", side, float(t), 0.0) for t in contact]
            found += [Event("toe_off", side, float(t), 0.0) for t in off]
        inside = [event for event in found if start <= event.time_s <= end]
        return tuple(sorted(inside, key=lambda event: event.time_s))

    # Curves ------------------------------------------------------------------------------------

    def _draw_variation(self, variation: float, rng: np.random.Generator) -> None:
        """Draw what differs from stride to stride, joined smoothly over the strides."""
        from scipy.interpolate import CubicSpline

        count = len(statistics()["stride_components"])
        strides = len(self._contact) // 2
        nodes = np.arange(strides, dtype=float)
        draws = variation * rng.standard_normal((strides, 2 * count + 2 * len(STEP_SD))).clip(-2, 2)
        self._stride_scores = {
            side: CubicSpline(nodes, draws[:, i * count : (i + 1) * count])
            for i, side in enumerate(SIDES)
        }
        steps = draws[:, 2 * count :].reshape(2 * strides, -1)
        self._step_scores = CubicSpline(self._midline, steps)
        self._wander_phase = 2 * np.pi * rng.random((3, 3))
        self._wander_size = variation

    def _leg(self, side: Side, time: Array) -> dict[str, Array]:
        """Angles that the leg would like to have, in degrees."""
        s = statistics()
        phase = stride_phase(time, *self._own(side))
        full, coarse = basis(phase, s["harmonics"]), basis(phase, s["stride_harmonics"])
        scores = self._stride_scores[side](phase)
        count = coarse.shape[-1]
        return {
            name: full @ self.person.curves[name, side]
            + (coarse * (scores @ s["stride_components"][:, i * count : (i + 1) * count])).sum(-1)
            for i, name in enumerate(s["leg"])
        }

    def _middle(self, time: Array) -> dict[tuple[str, Side | None], Array]:
        """Curves of pelvis, trunk and arms."""
        from scipy.interpolate import PchipInterpolator

        phase = PchipInterpolator(self._contact, self._midline)(time)
        harmonics = statistics()["harmonics"]
        waves: dict[Side | None, Array] = {
            None: basis(phase, harmonics),
            "right": basis(phase, harmonics),
            "left": basis(phase + 0.5, harmonics),
        }
        legs = statistics()["leg"]
        values = {
            (name, side): waves[side] @ curve
            for (name, side), curve in self.person.curves.items()
            if name not in legs
        }
        for (key, sd), score in zip(STEP_SD.items(), self._step_scores(phase).T, strict=True):
            values[key] = values[key] + sd * score
        return values

    # Pelvis ------------------------------------------------------------------------------------

    def _hips(self, time: Array) -> dict[Side, Array]:
        """Hip joints seen from the middle of the pelvis, in metres."""
        middle = self._middle(time)
        right = (
            self.person.lengths["hip_width"]
            / 2
            * across(middle["obliquity", None], middle["rotation", None])
        )
        return {"right": right, "left": -right}

    def _wanted(self, side: Side, time: Array) -> tuple[Array, Array]:
        """Knee and ankle seen from the hip as the curves would have them, in metres."""
        leg, sign = self._leg(side, time), SIGN[side]
        knee = self.person.lengths["thigh"] * down(leg["thigh"], leg["thigh_out"], sign)
        shank = self.person.lengths["shank"] * down(leg["shank"], leg["shank_out"], sign)
        return knee, knee + shank

    def _rolled(self, side: Side, time: Array, since: Array) -> Array:
        """Where the ankle of a stance foot is, seen from its place at contact (its height from 0).

        Parameters
        ----------
        side : {"left", "right"}
            Whose foot.
        time, since : ndarray, shape (frames,)
            Seconds, and the contact before it.
        """
        pitch, first = (self._leg(side, t)["foot"] for t in (time, since))
        rolled = self.foot.advance(pitch) - self.foot.advance(first)
        yaw = np.radians(self.person.toe_out[side])
        elapsed = time - since
        skid = SKID_S * self.speed * (1 - np.exp(-elapsed / SKID_S)) * SKID_SHARE
        return np.stack(
            [
                rolled * np.cos(yaw) - self.speed * elapsed + skid,
                self.foot.height(pitch),
                SIGN[side] * rolled * np.sin(yaw),
            ],
            axis=-1,
        )

    def _solve_pelvis(self) -> None:
        """Find the pelvis path and the place of each contact."""
        start, end = self._reach
        time = np.arange(start, end, 0.005)
        step = np.searchsorted(self._contact, time, side="right") - 1
        stance = time <= self._off[step]
        hips = self._hips(time)
        hip, ankle, rolled = (np.full((len(time), 3), np.nan) for _ in range(3))
        for side in SIDES:
            mine = stance & (step % 2 == self._start[side])
            hip[mine] = hips[side][mine]
            ankle[mine] = self._wanted(side, time[mine])[1]
            rolled[mine] = self._rolled(side, time[mine], self._contact[step[mine]])
        paths = []
        place = np.zeros((len(self._contact), 3))
        for axis in (0, 2):
            wish, sd = (rolled - ankle - hip)[:, axis], np.full(len(time), WISH_SD_M)
            path, landed = fit_path(time, wish, sd, step, 0.0, self._wander(time, axis))
            place[: len(landed), axis] = landed
            paths.append(path)
        # The knee keeps its wish: leg length and horizontal reach give the height.
        reach = [
            rolled[:, axis] + place[step, axis] - hip[:, axis] - path(time)
            for axis, path in zip((0, 2), paths, strict=True)
        ]
        length = self._reachable(np.linalg.norm(ankle, axis=1))
        rise = np.sqrt(np.maximum(length**2 - reach[0] ** 2 - reach[1] ** 2, 0.01))
        wish = rolled[:, 1] + rise - hip[:, 1]
        height, _ = fit_path(time, wish, self._knee_sensitivity(length), step, -GRAVITY)
        self._pelvis = (paths[0], height, paths[1])
        self._place = place

    def _wander(self, time: Array, axis: int) -> Array:
        """Slow drift about the belt, in metres."""
        waves = np.sin(2 * np.pi * time[:, None] / WANDER_S + self._wander_phase[axis])
        wander: Array = self._wander_size * WANDER_SD_M[axis] * np.sqrt(2 / 3) * waves.sum(axis=1)
        return wander

    def _reachable(self, length: Array) -> Array:
        """Hold a hip-ankle distance within what a nearly straight knee allows, smoothly."""
        a, b = self.person.lengths["thigh"], self.person.lengths["shank"]
        longest = np.sqrt(a * a + b * b + 2 * a * b * np.cos(np.radians(STRAIGHTEST_KNEE_DEG)))
        over = length - longest
        reachable: Array = longest + (over - np.sqrt(over**2 + 2e-7)) / 2
        return reachable

    def _knee_sensitivity(self, length: Array) -> Array:
        """Change of the hip-ankle distance that bends the knee by `KNEE_SD_DEG`, in metres."""
        a, b = self.person.lengths["thigh"], self.person.lengths["shank"]
        cosine = (length**2 - a * a - b * b) / (2 * a * b)
        change: Array = np.radians(KNEE_SD_DEG) * a * b * np.sqrt(1 - cosine**2) / length
        return change

    # Feet --------------------------------------------------------------------------------------

    def _meet_floor(self) -> None:
        """Find, per swing, how far the wished ankle is from the floor's at both ends."""
        self._swing = {}
        for side in SIDES:
            contact, off = self._own(side)
            inside = (contact >= self._reach[0]) & (off <= self._reach[1])
            ends = np.full((len(contact), 2, 3), np.nan)
            for t, end in ((off[inside], 0), (contact[inside], 1)):
                ends[inside, end] = self._stance_ankle(side, t) - self._swing_wish(side, t)
            self._swing[side] = ends

    def _pelvis_at(self, time: Array) -> Array:
        return np.stack([path(time) for path in self._pelvis], axis=-1)

    def _stance_ankle(self, side: Side, time: Array) -> Array:
        contact, _ = self._own(side)
        stride = np.clip(np.searchsorted(contact, time, side="right") - 1, 0, None)
        place = self._place[self._start[side] :: 2][stride]
        return place + self._rolled(side, time, contact[stride])

    def _swing_wish(self, side: Side, time: Array) -> Array:
        return self._pelvis_at(time) + self._hips(time)[side] + self._wanted(side, time)[1]

    def _ankle(self, side: Side, time: Array) -> Array:
        """Ankle in space: rolling in stance, in swing bent to meet the floor at both ends."""
        contact, off = self._own(side)
        stride = np.searchsorted(contact, time, side="right") - 1
        swings = time > off[stride]
        ankle = self._stance_ankle(side, time)
        t, k = time[swings], stride[swings]
        u = ((t - off[k]) / (contact[k + 1] - off[k]))[:, None]
        ends = self._swing[side]
        wish = self._swing_wish(side, t)
        wish += _eased(u) * ends[k, 0] + _eased(1 - u) * ends[k + 1, 1]
        floor = self.foot.height(self._leg(side, t)["foot"])
        wish[:, 1] = floor + _at_least(wish[:, 1] - floor, 4 * CLEARANCE_M * (u * (1 - u))[:, 0])
        ankle[swings] = wish
        return ankle

    # Points ------------------------------------------------------------------------------------

    def points(self, time: Array) -> Array:
        """Every canonical keypoint at these instants.

        Parameters
        ----------
        time : ndarray, shape (frames,)
            Seconds, from 0 to the duration.

        Returns
        -------
        ndarray, shape (frames, 26, 3)
            Metres: x forward, y up from the floor, z to the runner's right, in the order of
            `stridewise.skeletons.KEYPOINTS`.
        """
        time = np.asarray(time, dtype=float)
        pelvis, hips = self._pelvis_at(time), self._hips(time)
        found = {"mid_hip": pelvis}
        for side in SIDES:
            hip, pitch = pelvis + hips[side], self._leg(side, time)["foot"]
            ankle, knee = self._ankle(side, time), hip + self._wanted(side, time)[0]
            found[f"{side}_hip"] = hip
            found[f"{side}_knee"], found[f"{side}_ankle"] = self._joined(hip, knee, ankle)
            sole = self.foot.points(
                found[f"{side}_ankle"], pitch, self.person.toe_out[side], SIGN[side]
            )
            for i, name in enumerate(("heel", "big_toe", "small_toe")):
                found[f"{side}_{name}"] = sole[:, i]
        found |= upper_body(self.person.lengths, self.height, pelvis, self._middle(time))
        xyz = np.stack([found[name] for name in KEYPOINTS], axis=1)
        if self.travels:
            xyz[..., 0] += self.speed * time[:, None]
        return xyz

    def _joined(self, hip: Array, knee: Array, ankle: Array) -> tuple[Array, Array]:
        """Bring the knee as near to its wish as the bones allow; and the ankle within reach."""
        a, b = self.person.lengths["thigh"], self.person.lengths["shank"]
        leg = ankle - hip
        wished = np.linalg.norm(leg, axis=1, keepdims=True)
        axis = leg / wished
        length = self._reachable(wished)
        along = (a * a - b * b + length**2) / (2 * length)
        # Knees bend forward only: keep the wish's sideways part, hold the forward part above 0.
        ahead = np.array([1.0, 0.0, 0.0]) - axis[:, :1] * axis
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        off = knee - hip - ((knee - hip) * axis).sum(1, keepdims=True) * axis
        forward = (off * ahead).sum(1, keepdims=True)
        off += ((np.sqrt(forward**2 + KNEE_AHEAD_M**2) - forward) / 2) * ahead
        off /= np.linalg.norm(off, axis=1, keepdims=True)
        knee = hip + along * axis + np.sqrt(np.maximum(a * a - along**2, 0)) * off
        return knee, hip + length * axis


def _eased(u: Array) -> Array:
    """Fall smoothly from 1 to 0 over the first `EASE` of a swing."""
    u = np.minimum(u / EASE, 1.0)
    eased: Array = (1 + 2 * u) * (1 - u) ** 2
    return eased


def _at_least(value: Array, limit: Array) -> Array:
    """Larger of the two, with a rounded corner that vanishes with the limit."""
    over = value - limit
    return limit + (over + np.sqrt(over**2 + (0.3 * limit) ** 2)) / 2
