"""What it makes of lines and joints that points lie beside them for a whole recording.

A pose estimator has its own idea of where a joint is, and keeps to it. No number of steps averages
that out, and two opinions that rest on the same points share it. It is taken for an offset of each
point that lasts, in any direction, without regard to the offsets of other points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Standard deviation of a point's lasting offset, per coordinate, in leg lengths: about two
#: centimetres (`stridewise.simulate.noise.LEVELS["typical"]`).
OFFSET = 0.02

#: Lengths between points in leg lengths: 19 laboratory runners (Fukuchi et al. 2017; foot from heel
#: to tip of the big toe), and Winter 2009, fig. 4.1, over a leg of 0.53 of stature for the rest.
THIGH = 0.47
SHANK = 0.45
FOOT = 0.30
UPPER_ARM = 0.35
FOREARM = 0.275
TRUNK = 0.55
HIP_WIDTH = 0.18
SHOULDER_WIDTH = 0.42
#: Gap between the knees in hip widths (norms).
_KNEE_GAP = 0.84
#: A foot is about this far from flat where its pitch matters; flat is its zero.
_FROM_FLAT_DEG = 20.0

#: Points of one side, and those of the other side that its signals need.
_OWN = (
    "ear",
    "shoulder",
    "elbow",
    "wrist",
    "hip",
    "knee",
    "ankle",
    "heel",
    "big_toe",
)
_POINTS = (*_OWN, *(f"other_{part}" for part in ("ear", "shoulder", "hip", "knee")))


@dataclass(frozen=True)
class Offsets:
    """How far points lie beside their joints throughout: standard deviation per coordinate.

    Parameters
    ----------
    usual : float
        In leg lengths.
    of : mapping of str to float
        The same of parts of the body ("hip", "big_toe") for which it is not the usual one.
    """

    usual: float = OFFSET
    of: Mapping[str, float] = field(default_factory=dict)

    def error(self, weights: Array) -> float:
        """Return by how much something is wrong throughout, standard deviation.

        Parameters
        ----------
        weights : ndarray, shape (2 * points,)
            By how much it changes with each point's place, across and up, per leg length.
        """
        sizes = [self.of.get(point.removeprefix("other_"), self.usual) for point in _POINTS]
        return float(np.linalg.norm(weights * np.tile(sizes, 2)))


#: What is assumed of every flat picture, and points on their joints.
USUAL, EXACT = Offsets(), Offsets(0.0)


def lasting(
    offsets: Offsets, *, hip_width: float = HIP_WIDTH, trunk: float = TRUNK
) -> dict[str, float]:
    """Return what lasting offsets of the points make of each signal, standard deviations.

    Signals are as in `stridewise.gait.angles`, about how runners hold themselves: trunk, thighs,
    shanks and upper arms upright, pelvis, feet and forearms level. A line is turned by what its
    ends are off across it, the more the shorter it is.

    Parameters
    ----------
    offsets : Offsets
    hip_width, trunk : float
        As seen, in leg lengths.
    """
    across, up = (
        dict(zip(_POINTS, part, strict=True)) for part in np.split(np.eye(2 * len(_POINTS)), 2)
    )
    hips, shoulders, ears = (
        (across[part] + across[f"other_{part}"]) / 2 for part in ("hip", "shoulder", "ear")
    )
    thigh = (across["knee"] - across["hip"]) / THIGH
    shank = (across["ankle"] - across["knee"]) / SHANK
    foot = (up["big_toe"] - up["heel"]) / FOOT * left_over(_FROM_FLAT_DEG)
    lean = (shoulders - hips) / trunk
    upper_arm = (across["elbow"] - across["shoulder"]) / UPPER_ARM
    tilt = (up["hip"] - up["other_hip"]) / hip_width
    knees, hip_line = (across[part] - across[f"other_{part}"] for part in ("knee", "hip"))
    degrees = {
        "thigh": thigh,
        "shank": shank,
        "foot": foot,
        "knee_flexion": thigh - shank,
        "hip_flexion": thigh + lean,
        "ankle_dorsiflexion": foot - shank,
        "trunk_lean": lean,
        "upper_arm": upper_arm,
        "elbow_flexion": (up["wrist"] - up["elbow"]) / FOREARM - upper_arm,
        "shoulder_rotation": (across["shoulder"] - across["other_shoulder"]) / SHOULDER_WIDTH,
        "pelvic_obliquity": tilt,
        "thigh_adduction": thigh,
        "hip_adduction": thigh + tilt,
        "frontal_knee": thigh - shank,
        "trunk_lateral": lean,
    }
    lengths = {
        "ankle_ahead": across["ankle"] - hips,
        "foot_ahead": (across["heel"] + across["big_toe"]) / 2 - hips,
        "wrist_ahead": (across["wrist"] - across["shoulder"]) / trunk,
        "head_ahead": (ears - shoulders) / trunk,
        "ankle_lateral": across["ankle"] - hips,
        # The hips' offsets change its unit.
        "knee_gap": (knees - _KNEE_GAP * hip_line) / hip_width,
        # Wrists are half-way up the trunk, whose midline is looked at.
        "wrist_lateral": (across["wrist"] - (hips + shoulders) / 2) / SHOULDER_WIDTH,
    }
    return {name: math.degrees(offsets.error(w)) for name, w in degrees.items()} | {
        name: offsets.error(w) for name, w in lengths.items()
    }


def left_over(degrees: float) -> float:
    """Return which share of a lasting error stays in the difference of a line's directions.

    The offset keeps its direction in the picture while the line turns: two directions that are the
    same share the whole error, opposite ones differ by twice of it.

    Parameters
    ----------
    degrees : float
        Between the two directions.
    """
    return 2 * abs(math.sin(math.radians(degrees) / 2))
