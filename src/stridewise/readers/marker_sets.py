"""Joints from the marker sets of laboratories and the point names of other programs.

Names are compared without case and punctuation and without the subject before a colon, so that
`L.Heel.Bottom`, `LHeelBottom` and `Anna:LHEELBOTTOM` are one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.readers import clusters
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]
Markers = Mapping[str, Array]

#: Half of a usual breadth over the epicondyles and over the malleoli, in metres: how far inward of
#: a lateral marker the joint centre lies.
HALF_KNEE_M = 0.05
HALF_ANKLE_M = 0.035


@dataclass(frozen=True)
class Recipe:
    """A joint as the mean of markers, moved towards the midline.

    Parameters
    ----------
    markers : tuple of str
        Names with ``{s}`` for l or r and ``{side}`` for left or right.
    inward_m : float
        How far inward of their mean the joint lies, in metres.
    """

    markers: tuple[str, ...]
    inward_m: float = 0.0


def _recipes(
    *markers: str | tuple[str, ...], lateral: Sequence[str] = (), inward_m: float = 0.0
) -> tuple[Recipe, ...]:
    plain = [Recipe((m,) if isinstance(m, str) else m) for m in markers]
    return (*plain, *(Recipe((m,), inward_m) for m in lateral))


#: For each part, the ways to find it, best first: canonical names, joint centres computed by other
#: programs (OpenCap and Pose2Sim `_study`, Plug-in Gait `JC` and bone origins), estimator points
#: (HALPE), pairs of medial and lateral markers, then lateral markers alone.
PAIRED: Mapping[str, tuple[Recipe, ...]] = {
    "hip": _recipes("{side}hip", "{s}hjcstudy", "{s}hjc", "{s}fep", "{s}hip"),
    "knee": _recipes(
        "{side}knee",
        ("{s}kneestudy", "{s}mkneestudy"),
        "{s}kjc",
        "{s}feo",
        ("{s}knee", "{s}kneemedial"),
        "{s}knee",
        ("{s}lepi", "{s}mepi"),
        ("{s}lfc", "{s}mfc"),
        ("{s}kne", "{s}knm"),
        lateral=("{s}kne", "{s}lepi", "{s}lfc"),
        inward_m=HALF_KNEE_M,
    ),
    "ankle": _recipes(
        "{side}ankle",
        ("{s}anklestudy", "{s}manklestudy"),
        "{s}ajc",
        "{s}tio",
        ("{s}ankle", "{s}anklemedial"),
        "{s}ankle",
        ("{s}lmal", "{s}mmal"),
        ("{s}ank", "{s}med"),
        lateral=("{s}ank", "{s}lmal"),
        inward_m=HALF_ANKLE_M,
    ),
    "heel": _recipes("{side}heel", "{s}calcstudy", "{s}heel", "{s}hee", "{s}heelbottom", "{s}calc"),
    "big_toe": _recipes("{side}bigtoe", "{s}toestudy", "{s}bigtoe", "{s}toe", "{s}hlx"),
    "small_toe": _recipes(
        "{side}smalltoe", "{s}5metastudy", "{s}smalltoe", "{s}p5mt", "{s}d5m", "{s}5mt"
    ),
    "shoulder": _recipes(
        "{side}shoulder", "{s}shoulderstudy", "{s}shoulder", "{s}sjc", "{s}sho", "{s}sh", "{s}acr"
    ),
    "elbow": _recipes(
        "{side}elbow", ("{s}lelbowstudy", "{s}melbowstudy"), "{s}ejc", "{s}elbow", "{s}elb"
    ),
    "wrist": _recipes(
        "{side}wrist",
        ("{s}lwriststudy", "{s}mwriststudy"),
        "{s}wjc",
        "{s}wrist",
        ("{s}wra", "{s}wrb"),
        "{s}wr",
    ),
    "ear": _recipes("{side}ear", "{s}ear", ("{s}fhd", "{s}bhd")),
    "eye": _recipes("{side}eye", "{s}eye"),
}
MIDLINE: Mapping[str, tuple[Recipe, ...]] = {
    "nose": _recipes("nose"),
    "head_top": _recipes("headtop", "head"),
    "neck": _recipes("neck", ("c7", "clav"), ("c7", "man")),
    "mid_hip": _recipes("midhip", "hip"),
}

_ASIS = _recipes("{s}asisstudy", "{s}asis", "{s}asi")
_PSIS = _recipes("{s}psisstudy", "{s}psis", "{s}psi", "sacr", "sacrum")

# Clusters of the treadmill running set of Fukuchi, Fukuchi & Duarte 2017 (PeerJ 5:e3298).
_CORNERS = ("toplateral", "topmedial", "bottomlateral", "bottommedial")
_THIGH = tuple(f"{{s}}thigh{corner}" for corner in _CORNERS)
_SHANK = tuple(f"{{s}}shank{corner}" for corner in _CORNERS)
_FOOT = ("{s}heelbottom", "{s}heellateral", "{s}heeltop", "{s}mt1", "{s}mt5")
#: Where the ankle lies over the foot, from the standing calibration of one runner of that set: this
#: share of the way from the heel markers to the metatarsal heads, and so far above that line.
_ANKLE_ALONG_FOOT = 0.37
_ANKLE_ABOVE_FOOT_M = 0.053
#: From the head of the first and fifth metatarsal to the tip of the toe, in metres.
_TOE_BEYOND_MT_M = {"big_toe": ("{s}mt1", 0.06), "small_toe": ("{s}mt5", 0.03)}


def normalise(label: str) -> str:
    """Return a marker name without subject, case and punctuation."""
    return re.sub(r"[^0-9a-z]", "", label.rsplit(":", 1)[-1].lower())


def _fill(name: str, side: Side) -> str:
    return name.format(s=side[0], side=side)


def _unit(vectors: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.linalg.norm(vectors, axis=-1, keepdims=True)
        unit: Array = np.where(length > 0, vectors / length, np.nan)
    return unit


def joints(
    markers: Mapping[str, Array], *, static: Mapping[str, Array] | None = None
) -> tuple[dict[str, Array], list[str]]:
    """Find as many canonical keypoints as the markers allow.

    Parameters
    ----------
    markers : mapping of str to ndarray, shape (frames, 3)
        Marker names as in the file, and positions in metres; NaN where missing.
    static : mapping of str to ndarray, shape (3,), optional
        Mean marker positions of a standing trial of the same person with markers on the joints.

    Returns
    -------
    points : dict of str to ndarray, shape (frames, 3)
        By canonical name.
    notes : list of str
        What was approximated.
    """
    known = {normalise(label): xyz for label, xyz in markers.items() if np.isfinite(xyz).any()}
    calm = {normalise(label): xyz for label, xyz in (static or {}).items()}
    points: dict[str, Array] = {}
    notes: list[str] = []
    for name, recipes in MIDLINE.items():
        _put(points, name, _cook(recipes, known, "left"))
    for side in SIDES:
        for part in PAIRED:
            recipes = tuple(r for r in PAIRED[part] if not r.inward_m)
            _put(points, f"{side}_{part}", _cook(recipes, known, side))
    _add_hips(points, notes, known)
    _add_from_clusters(points, notes, known, calm)
    _add_from_lateral(points, notes, known)
    return points, notes


def _put(points: dict[str, Array], name: str, xyz: Array | None) -> None:
    if xyz is not None and name not in points:
        points[name] = xyz


def _cook(recipes: Sequence[Recipe], known: Markers, side: Side) -> Array | None:
    """Return the first recipe whose markers are all there, as a mean."""
    for recipe in recipes:
        names = [_fill(marker, side) for marker in recipe.markers]
        if all(name in known for name in names):
            mean: Array = np.mean([known[name] for name in names], axis=0)
            return mean
    return None


def hip_centres(asis: Mapping[Side, Array], back: Array) -> dict[Side, Array]:
    """Return hip joint centres from the pelvis markers.

    With pelvic width PW between the ASIS and depth PD from mid-ASIS to mid-PSIS, in millimetres
    from mid-ASIS: 0.24 PD + 9.9 back, 0.30 PW + 10.9 down, 0.33 PW + 7.3 to the side.

    Parameters
    ----------
    asis : mapping of side to ndarray, shape (frames, 3)
        Anterior superior iliac spines, metres.
    back : ndarray, shape (frames, 3)
        Middle of the posterior spines, or the sacrum.

    Notes
    -----
    Single-variable regression of Harrington et al. 2007, J Biomech 40:595-602.
    """
    front = (asis["left"] + asis["right"]) / 2
    across = asis["right"] - asis["left"]
    width = float(np.nanmedian(np.linalg.norm(across, axis=1)))
    depth = float(np.nanmedian(np.linalg.norm(front - back, axis=1)))
    right = _unit(across)
    forward = front - back
    forward = _unit(forward - (forward * right).sum(axis=1, keepdims=True) * right)
    up = np.cross(right, forward)
    middle = front - (0.24 * depth + 0.0099) * forward - (0.30 * width + 0.0109) * up
    aside = (0.33 * width + 0.0073) * right
    return {"left": middle - aside, "right": middle + aside}


def _add_hips(points: dict[str, Array], notes: list[str], known: Markers) -> None:
    if all(f"{side}_hip" in points for side in SIDES):
        return
    left, right = (_cook(_ASIS, known, side) for side in SIDES)
    backs = [xyz for side in SIDES if (xyz := _cook(_PSIS, known, side)) is not None]
    if left is None or right is None or len(backs) < 2:
        return
    back = (backs[0] + backs[1]) / 2
    if not np.isfinite(left + right + back).all(axis=1).any():
        return
    for side, xyz in hip_centres({"left": left, "right": right}, back).items():
        points[f"{side}_hip"] = xyz
    notes.append("Hip joint centres are computed from the pelvis markers (Harrington 2007).")


def _stack(names: Sequence[str], known: Markers, side: Side) -> Array | None:
    filled = [_fill(name, side) for name in names]
    if not all(name in known for name in filled):
        return None
    return np.stack([known[name] for name in filled], axis=-2)


def _add_from_clusters(
    points: dict[str, Array], notes: list[str], known: Markers, calm: Markers
) -> None:
    said = set()
    for side in SIDES:
        thigh, shank, foot = (_stack(names, known, side) for names in (_THIGH, _SHANK, _FOOT))
        for joint, above, below, names in (
            ("knee", thigh, shank, (_THIGH, _SHANK)),
            ("ankle", shank, foot, (_SHANK, _FOOT)),
        ):
            if f"{side}_{joint}" in points or above is None or below is None:
                continue
            place = _cook(PAIRED[joint], calm, side)
            rests = [_stack(part, calm, side) for part in names]
            carried = [
                clusters.carry(place, rest, seen)
                for rest, seen in zip(rests, (above, below), strict=True)
                if place is not None and rest is not None
            ]
            if len(carried) == 2:
                points[f"{side}_{joint}"] = (carried[0] + carried[1]) / 2
                said.add("Knees and ankles are carried over from the standing trial.")
            elif joint == "knee":
                xyz = clusters.hinge(above, below)
                points[f"{side}_knee"] = xyz + HALF_KNEE_M * _inward(side, points, known)
                said.add("Knees are found from how the marker clusters move against each other.")
            else:
                points[f"{side}_ankle"] = _ankle_over_foot(below, above)
                said.add("Ankles are approximated from the foot markers.")
        for toe, (marker, beyond) in _TOE_BEYOND_MT_M.items():
            if f"{side}_{toe}" in points or foot is None:
                continue
            ahead = _unit((foot[:, 3] + foot[:, 4]) / 2 - foot[:, 0])
            points[f"{side}_{toe}"] = known[_fill(marker, side)] + beyond * ahead
            said.add("Toe tips lie 6 and 3 cm beyond the metatarsal markers.")
    notes.extend(sorted(said))


def _ankle_over_foot(foot: Array, shank: Array) -> Array:
    """Return the ankle from the heel and metatarsal markers; the shank says where above is."""
    heel = (foot[:, 0] + foot[:, 2]) / 2
    sole = (foot[:, 3] + foot[:, 4]) / 2 - heel
    ahead = _unit(sole)
    above = shank.mean(axis=1) - heel
    above = _unit(above - (above * ahead).sum(axis=1, keepdims=True) * ahead)
    ankle: Array = heel + _ANKLE_ALONG_FOOT * sole + _ANKLE_ABOVE_FOOT_M * above
    return ankle


def _inward(side: Side, points: Markers, known: Markers) -> Array:
    """Return the unit vector towards the midline in each frame, from the hips."""
    left, right = points.get("left_hip"), points.get("right_hip")
    if left is None or right is None:
        left, right = (_cook(_ASIS, known, s) for s in SIDES)
    if left is None or right is None:
        return np.zeros(3)
    return _unit(right - left) * (1.0 if side == "left" else -1.0)


def _add_from_lateral(points: dict[str, Array], notes: list[str], known: Markers) -> None:
    said = set()
    for side in SIDES:
        for part in ("knee", "ankle"):
            for recipe in PAIRED[part]:
                xyz = _cook((recipe,), known, side) if recipe.inward_m else None
                if xyz is None or f"{side}_{part}" in points:
                    continue
                points[f"{side}_{part}"] = xyz + recipe.inward_m * _inward(side, points, known)
                said.add(
                    f"The {part} lies {100 * recipe.inward_m:g} cm inward of its lateral marker, "
                    "a usual half breadth."
                )
    notes.extend(sorted(said))
