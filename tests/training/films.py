"""What tests of the films share: a body of sticks, with the bones and points of a real one."""

from __future__ import annotations

import numpy as np

from stridewise.skeletons import SIDES
from training.films.body import Body, segment_of
from training.films.runner import PELVIS
from training.gait_net.footage import Footage

_AT_REST = {
    "shoulder": (0.0, 1.40, 0.17),
    "elbow": (0.02, 1.15, 0.30),
    "wrist": (0.12, 0.98, 0.40),
    "hip": (0.0, 0.90, 0.09),
    "knee": (0.02, 0.48, 0.12),
    "ankle": (-0.02, 0.08, 0.14),
    "heel": (-0.07, 0.03, 0.14),
    "big_toe": (0.15, 0.02, 0.12),
    "small_toe": (0.12, 0.02, 0.19),
    "ear": (0.02, 1.60, 0.07),
}
_SPINE = {
    "spine05": 0.98,
    "spine04": 1.05,
    "spine03": 1.12,
    "spine02": 1.20,
    "spine01": 1.28,
    "neck01": 1.45,
    "neck02": 1.48,
    "neck03": 1.51,
    "head": 1.55,
}
_OWNER = {
    "shoulder": "chest",
    "elbow": "upper_arm",
    "wrist": "forearm",
    "hip": "pelvis",
    "knee": "shank",
    "ankle": "foot",
    "heel": "foot",
    "big_toe": "foot",
    "small_toe": "foot",
    "ear": "head",
}


def stick_body() -> Body:
    """Return a body with one vertex a point, each moved by one segment."""
    bones = {name: np.array([0.0, height, 0.0]) for name, height in _SPINE.items()}
    labels = ["root", *_SPINE, "clavicle.L"]
    for sign, short in ((-1, "L"), (1, "R")):
        hand = {
            "metacarpal3": (0.14, 0.96, 0.41),
            "finger3-1": (0.16, 0.93, 0.43),
            "finger3-2": (0.17, 0.91, 0.44),
            "finger3-3": (0.19, 0.90, 0.44),
            "finger2-1": (0.17, 0.93, 0.41),
            "finger5-1": (0.13, 0.92, 0.45),
        }
        bones |= {f"{name}.{short}": np.multiply(at, [1, 1, sign]) for name, at in hand.items()}
        labels += [
            f"{bone}.{short}"
            for bone in ("upperleg01", "lowerleg01", "foot", "upperarm01", "lowerarm01", "wrist")
        ]
        labels += [f"finger3-1.{short}", f"finger3-2.{short}"]
    segments = tuple(dict.fromkeys(segment_of(label) for label in labels))
    points = {
        f"{side}_{name}": np.multiply(at, [1, 1, -1 if side == "left" else 1])
        for name, at in _AT_REST.items()
        for side in SIDES
    }
    names = list(points)
    weights = np.zeros((len(names), len(segments)))
    for i, name in enumerate(names):
        side, _, part = name.partition("_")
        owner = _OWNER[part]
        owner = owner if owner in segments else f"{owner}.{side}"
        weights[i, segments.index(owner)] = 1.0
    return Body(
        vertices=np.stack(list(points.values())),
        faces=np.array([[0, 1, 2]]),
        weights=weights,
        segments=segments,
        points=points,
        regress=dict(zip(names, np.eye(len(names)), strict=True)),
        bones=bones,
        lips=np.zeros(len(names), bool),
        eyes=np.zeros(len(names), bool),
    )


def pelvis_of(source: Footage) -> dict[str, np.ndarray]:
    """Return markers of a level pelvis around the hips of a trial."""
    trial = source.trial
    hips = [trial.xyz[:, trial.keypoints.index(f"{side}_hip")] for side in SIDES]
    middle = np.mean(hips, axis=0)
    away = {"ASIS": 0.08, "PSIS": -0.10}
    return {
        name: np.add(middle, [away[name[2:]], 0.09, -0.1 if name[0] == "L" else 0.1])
        for name in PELVIS
    }
