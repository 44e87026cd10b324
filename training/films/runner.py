"""A laboratory trial as a moving body: where every segment is at any instant.

Hips, knees and ankles of the body land exactly on the laboratory's joint centres (segments are
stretched along their length); the foot follows ankle, heel and toes as a rigid shoe that bends at
the ball where the belt demands it; trunk and arms take their directions from the drawn upper body.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, Slerp

from stridewise.gait.encoding import INPUT_POINTS
from stridewise.skeletons import SIDES, Side
from training.films.body import Body
from training.films.record import UPPER
from training.films.shoe import Shoe
from training.gait_net.footage import draw_person, dress, footage
from training.lab import Trial

Array = NDArray[np.float64]

#: How far the pelvis of the mesh is pitched against the line from its back to its front markers.
_PELVIS_PITCH_DEG = 11.0
#: How far up the spine each piece has turned from the pelvis to the chest.
_SPINE = {"spine05": 0.1, "spine04": 0.35, "spine03": 0.6, "spine02": 0.85, "spine01": 1.0}
_NECK = {"neck01": 0.3, "neck02": 0.6, "neck03": 0.85, "head": 1.0}
#: Share of the trunk's lean that the head takes back, to look ahead.
_HEAD_UPRIGHT = 0.35
#: How far a knuckle and a finger are bent: a loose fist.
_CURL_DEG = {"knuckles": 65.0, "fingers": 80.0}
_FOOT = ("heel", "big_toe", "small_toe")
#: Markers at the front and the back of the pelvis.
PELVIS = ("L_ASIS", "R_ASIS", "L_PSIS", "R_PSIS")


def unit(v: Array) -> Array:
    """Scale to length 1."""
    scaled: Array = v / np.linalg.norm(v, axis=-1, keepdims=True)
    return scaled


def frame(along: Array, lateral: Array) -> Array:
    """Return the rotation whose columns run along, across, and as near to `lateral` as can be."""
    a = unit(along)
    side = unit(lateral - (lateral @ a) * a)
    return np.stack([a, np.cross(side, a), side], axis=-1)


class Runner:
    """One trial as a moving body.

    Parameters
    ----------
    trial : Trial
        The whole laboratory trial.
    pelvis : mapping of str to ndarray, shape (frames, 3)
        The markers `PELVIS`, in metres.
    body : Body
        Who is seen to run.
    rng : numpy.random.Generator
        Draws trunk and arms, which the laboratory did not measure.
    """

    def __init__(
        self, trial: Trial, pelvis: Mapping[str, Array], body: Body, rng: np.random.Generator
    ) -> None:
        self.trial, self.body = trial, body
        film = footage(trial)
        upper = dress(film, slice(0, len(trial.time)), draw_person(trial, rng))
        points = {name: trial.xyz[:, i] for i, name in enumerate(trial.keypoints)}
        known = np.isfinite(film.phase)
        for name in UPPER:
            points[name] = np.where(known[:, None], upper[:, INPUT_POINTS.index(name)], np.nan)
        points |= pelvis
        self._spline = {
            name: CubicSpline(trial.time[ok], xyz[ok])
            for name, xyz in points.items()
            if (ok := np.isfinite(xyz).all(axis=1)).any()
        }
        self._flat = {side: _flat_foot(trial, points, side) for side in SIDES}
        self.shoes = {side: Shoe.of(self._flat[side], side) for side in SIDES}
        self._ahead = {side: _turned_ahead(body, side) for side in SIDES}
        #: Names of what `bones` returns, in its order.
        self.bones = (*body.segments, *(f"{part}.{s}" for s in SIDES for part in ("shoe", "toe")))

        self._regress = _carried_points(body)

    def points(self, time: float) -> dict[str, Array]:
        """Laboratory points and the drawn upper body at an instant, in metres."""
        return {name: spline(time) for name, spline in self._spline.items()}

    def track(self, name: str, times: Array) -> Array:
        """One point at many instants, shape (times, 3)."""
        at: Array = self._spline[name](times)
        return at

    def body_points(self, time: float) -> dict[str, Array]:
        """Shoulders, elbows and wrists of the body that is seen, in metres."""
        at = np.einsum("bij,pbj->pi", self.pose(time)[: len(self.body.segments)], self._regress)
        return dict(zip(UPPER, at, strict=True))

    def pose(self, time: float) -> Array:
        """Where each bone is: from the body at rest to the laboratory.

        Returns
        -------
        ndarray, shape (bones, 3, 4)
            In the order of `bones`: turn and stretch, then shift.
        """
        p = self.points(time)
        move: dict[str, tuple[Array, Array]] = {}

        def put(segment: str, turn: Array, pivot: Array, at: Array) -> None:
            move[segment] = (turn, at - turn @ pivot)

        def carried(segment: str, point: Array) -> Array:
            turn, shift = move[segment]
            moved: Array = turn @ point + shift
            return moved

        self._put_pelvis_and_legs(p, put)
        chest = self._put_trunk_and_head(p, move["pelvis"][0], put, carried)
        for side in SIDES:
            self._put_arm(p, side, chest, put, carried)
        return np.stack([np.column_stack(move[name]) for name in self.bones])

    def _put_pelvis_and_legs(self, p: Mapping[str, Array], put) -> None:  # type: ignore[no-untyped-def]
        rest = self.body.points
        right = unit(p["right_hip"] - p["left_hip"])
        tilt = p["L_ASIS"] + p["R_ASIS"] - p["L_PSIS"] - p["R_PSIS"]
        pitch = Rotation.from_euler("z", _PELVIS_PITCH_DEG, degrees=True).as_matrix()
        # Square to the line between the hips, which so land where the laboratory has them.
        turn = frame(tilt - (tilt @ right) * right, right) @ pitch
        wide = np.linalg.norm(p["right_hip"] - p["left_hip"]) / np.linalg.norm(
            rest["right_hip"] - rest["left_hip"]
        )
        middle = (rest["left_hip"] + rest["right_hip"]) / 2
        put("pelvis", turn @ np.diag([1, 1, wide]), middle, (p["left_hip"] + p["right_hip"]) / 2)
        for side in SIDES:
            foot = self._foot_rotation(side, p)
            for segment, top, bottom, mix in (
                ("thigh", "hip", "knee", 0.35),
                ("shank", "knee", "ankle", 0.65),
            ):
                # A segment turns about itself from what is above it to what is below it.
                at_rest = rest[f"{side}_{bottom}"] - rest[f"{side}_{top}"]
                now = p[f"{side}_{bottom}"] - p[f"{side}_{top}"]
                lateral_rest = (1 - mix) * np.array([0.0, 0.0, 1.0]) + mix * self._ahead[side][2]
                lateral = (1 - mix) * right + mix * foot[:, 2]
                stretch = np.diag([np.linalg.norm(now) / np.linalg.norm(at_rest), 1, 1])
                turn = frame(now, lateral) @ stretch @ frame(at_rest, lateral_rest).T
                put(f"{segment}.{side}", turn, rest[f"{side}_{top}"], p[f"{side}_{top}"])
            ankle = p[f"{side}_ankle"]
            put(f"foot.{side}", foot @ self._ahead[side], rest[f"{side}_ankle"], ankle)
            shoe = self.shoes[side]
            bend = Rotation.from_euler("z", shoe.bend(foot, ankle), degrees=True).as_matrix()
            put(f"shoe.{side}", foot, np.zeros(3), ankle)
            put(f"toe.{side}", foot @ bend, shoe.hinge, ankle + foot @ shoe.hinge)

    def _put_trunk_and_head(self, p, pelvis: Array, put, carried) -> Array:  # type: ignore[no-untyped-def]
        rest, bones = self.body.points, self.body.bones
        hips = (p["left_hip"] + p["right_hip"]) / 2
        middle = (rest["left_hip"] + rest["right_hip"]) / 2
        shoulders = (p["left_shoulder"] + p["right_shoulder"]) / 2
        up = (rest["left_shoulder"] + rest["right_shoulder"]) / 2 - middle
        chest = (
            frame(shoulders - hips, p["right_shoulder"] - p["left_shoulder"])
            @ frame(up, np.array([0.0, 0.0, 1.0])).T
        )
        level = pelvis / np.linalg.norm(pelvis, axis=0)
        spine = Slerp([0, 1], Rotation.from_matrix(np.stack([level, chest])))
        below = "pelvis"
        for segment, share in _SPINE.items():
            joint = bones[segment]
            put(segment, spine(share).as_matrix(), joint, carried(below, joint))
            below = segment
        put("chest", chest, bones["spine01"], carried("spine01", bones["spine01"]))
        lean = np.degrees(np.arctan2(*(shoulders - hips)[:2]))
        ahead = Rotation.from_euler("z", -_HEAD_UPRIGHT * lean, degrees=True).as_matrix()
        neck = Slerp([0, 1], Rotation.from_matrix(np.stack([chest, ahead])))
        below = "chest"
        for segment, share in _NECK.items():
            joint = bones[segment]
            put(segment, neck(share).as_matrix(), joint, carried(below, joint))
            below = segment
        return chest

    def _put_arm(self, p, side: Side, chest: Array, put, carried) -> None:  # type: ignore[no-untyped-def]
        rest, bones, short = self.body.points, self.body.bones, side[0].upper()
        shoulder, elbow, wrist = (rest[f"{side}_{n}"] for n in ("shoulder", "elbow", "wrist"))
        upper = p[f"{side}_elbow"] - p[f"{side}_shoulder"]
        fore = p[f"{side}_wrist"] - p[f"{side}_elbow"]
        hinge = np.cross(upper, fore)
        if np.linalg.norm(hinge) < 1e-6:
            hinge = chest[:, 2]
        hinge_rest = np.cross(elbow - shoulder, wrist - elbow)
        turn = frame(upper, hinge) @ frame(elbow - shoulder, hinge_rest).T
        put(f"upper_arm.{side}", turn, shoulder, carried("chest", shoulder))
        turn = frame(fore, hinge) @ frame(wrist - elbow, hinge_rest).T
        put(f"forearm.{side}", turn, elbow, carried(f"upper_arm.{side}", elbow))
        put(f"hand.{side}", turn, wrist, carried(f"forearm.{side}", wrist))
        axis = unit(bones[f"finger5-1.{short}"] - bones[f"finger2-1.{short}"])
        palm = bones[f"finger3-1.{short}"] - bones[f"metacarpal3.{short}"]
        if np.cross(palm, bones[f"finger3-3.{short}"] - bones[f"finger3-1.{short}"]) @ axis < 0:
            axis = -axis
        before = f"hand.{side}"
        for part, joint in (("knuckles", "finger3-1"), ("fingers", "finger3-2")):
            turn = turn @ Rotation.from_rotvec(axis * np.radians(_CURL_DEG[part])).as_matrix()
            pivot = bones[f"{joint}.{short}"]
            put(f"{part}.{side}", turn, pivot, carried(before, pivot))
            before = f"{part}.{side}"

    def _foot_rotation(self, side: Side, p: Mapping[str, Array]) -> Array:
        """Rotation of the flat foot onto heel, toes and ankle (Kabsch)."""
        flat = np.stack([*(self._flat[side][n] for n in _FOOT), np.zeros(3)])
        now = np.stack([*(p[f"{side}_{n}"] - p[f"{side}_ankle"] for n in _FOOT), np.zeros(3)])
        weight = np.array([1.0, 1.0, 0.5, 1.0])
        rotation, _ = Rotation.align_vectors(
            now - np.average(now, axis=0, weights=weight),
            flat - np.average(flat, axis=0, weights=weight),
            weights=weight,
        )
        return np.asarray(rotation.as_matrix())


def pelvis_markers(path: Path) -> dict[str, Array]:
    """Read the markers of the pelvis out of the file of a laboratory trial."""
    with np.load(path) as data:
        names = [str(name) for name in data["points"]]
        return {name: data["xyz"][:, names.index(name)].astype(float) for name in PELVIS}


def _flat_foot(trial: Trial, points: Mapping[str, Array], side: Side) -> dict[str, Array]:
    """Heel and toes seen from the ankle with the foot flat (middle of stance), and the sole."""
    own = [e for e in trial.events if e.side == side]
    flat = np.zeros(len(trial.time), dtype=bool)
    for contact, off in pairwise(own):
        if contact.kind == "initial_contact":
            lasts = off.time_s - contact.time_s
            flat |= (trial.time > contact.time_s + 0.35 * lasts) & (
                trial.time < contact.time_s + 0.6 * lasts
            )
    ankle = points[f"{side}_ankle"][flat]
    seen = {part: points[f"{side}_{part}"][flat] - ankle for part in _FOOT}
    ahead = (seen["big_toe"] + seen["small_toe"]) / 2 - seen["heel"]
    turn = Rotation.from_euler("y", np.arctan2(ahead[:, 2], ahead[:, 0])[:, None])
    foot = {
        part: np.nanmedian(turn.apply(np.nan_to_num(xyz)), axis=0) for part, xyz in seen.items()
    }
    foot["sole"] = np.array([0.0, -float(np.nanmedian(ankle[:, 1])), 0.0])
    return foot


def _carried_points(body: Body) -> Array:
    """Share of each segment in each point of `UPPER`, times the point: (points, segments, 4)."""
    homogeneous = np.column_stack([body.vertices, np.ones(len(body.vertices))])
    return np.stack(
        [(body.weights * body.regress[name][:, None]).T @ homogeneous for name in UPPER]
    )


def _turned_ahead(body: Body, side: Side) -> Array:
    """Rotation that turns the body's foot at rest to point ahead."""
    rest = body.points
    ahead = (rest[f"{side}_big_toe"] + rest[f"{side}_small_toe"]) / 2 - rest[f"{side}_heel"]
    angle = np.arctan2(ahead[2], ahead[0])
    return np.asarray(Rotation.from_euler("y", angle).as_matrix())
