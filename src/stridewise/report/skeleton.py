"""The body at a key instant, drawn from its keypoints with the angles on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from stridewise.report.svg import colour, drawing, line, path_of, tag, text
from stridewise.report.words import PHASES, number, plain
from stridewise.result import Pose
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]
Points = Mapping[str, Array]

#: Height of the tallest and breadth of the broadest body, and the margin for labels, in drawing
#: units.
BODY, BREADTH, MARGIN = 250.0, 230.0, 46.0

_UP, _DOWN = np.array([0.0, -1.0]), np.array([0.0, 1.0])

_SIDEWAYS = ("contralateral_drop", "hip_adduction", "frontal_knee", "trunk_lateral")

#: Angles in the order in which they matter at each instant; at most four fit on one body.
DRAWN = {
    "initial_contact": ("knee_flexion", "shank", "foot", "trunk_lean", *_SIDEWAYS),
    "mid_stance": ("knee_flexion", "ankle_dorsiflexion", "trunk_lean", *_SIDEWAYS),
    "toe_off": ("thigh", "knee_flexion", "trunk_lean", *_SIDEWAYS),
}
_MOST = 4

_LABELS = {
    "shank": "shin",
    "knee_flexion": "knee",
    "hip_flexion": "hip",
    "ankle_dorsiflexion": "ankle",
    "elbow_flexion": "elbow",
    "trunk_lean": "trunk",
    "trunk_lateral": "trunk",
    "contralateral_drop": "pelvis",
    "pelvic_obliquity": "pelvis",
    "hip_adduction": "hip",
    "frontal_knee": "knee",
}


@dataclass(frozen=True)
class Arc:
    """An angle to draw: from a reference direction to a body segment, around a joint."""

    name: str
    degrees: float
    vertex: Array
    reference: Array
    segment: Array
    radius: float

    @property
    def label(self) -> str:
        """Name and value, such as `knee 14°`."""
        return f"{_LABELS.get(self.name, plain(self.name))} {number(self.degrees)}°"


@dataclass(frozen=True)
class Stage:
    """What a set of pictures shares, so that bodies compare: scale and extent.

    Parameters
    ----------
    scale : float
        Drawing units per pixel of the recording.
    back, ahead : float
        Reach to the left and right of the mid-hip, in drawing units.
    tall : float
        Height of the tallest body, in drawing units.
    """

    scale: float
    back: float
    ahead: float
    tall: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of each picture."""
        return self.back + self.ahead + 2 * MARGIN, self.tall + MARGIN + 18


def stage(poses: Iterable[Pose]) -> Stage:
    """Fit all bodies into pictures of one size and one scale."""
    bodies = [points for pose in poses if len(points := _points(pose)) > 1]
    if not bodies:
        return Stage(1.0, BODY / 3, BODY / 3, BODY)
    tall = max(float(np.ptp([p[1] for p in body.values()])) for body in bodies)
    reach = [float(p[0] - _middle(body)[0]) for body in bodies for p in body.values()]
    broad = max(reach) - min(reach)
    scale = 1.0 / max(tall / BODY, broad / BREADTH, 1e-9)
    return Stage(scale, -min(reach) * scale, max(reach) * scale, tall * scale)


def pose_figure(pose: Pose, on: Stage, title: str = "") -> Markup:
    """Draw one body: the leg in question strong, its angles as arcs with labels.

    Parameters
    ----------
    pose : Pose
        Keypoints in pixels, y down; missing ones are left out.
    on : Stage
        From `stage`, shared by the pictures that are to be compared.
    title : str, optional
        What it shows; side and phase by default.
    """
    width, height = on.size
    raw = _points(pose)
    ground = height - 22
    named = title or f"{pose.side.capitalize()} {PHASES[pose.phase].lower()}"
    if not raw:
        return drawing(width, height, title=f"{named}: no points were seen")
    lowest = max(p[1] for p in raw.values())
    centre = np.array([_middle(raw)[0], lowest])
    origin = np.array([MARGIN + on.back, ground - 4])
    points = {name: (p - centre) * on.scale + origin for name, p in raw.items()}

    arcs = _arcs(pose, points)
    parts = [line(6, ground, width - 6, ground, stroke=colour("muted"), stroke_width=1.5)]
    parts.append(_limbs(points, _other(pose.side), strong=False))
    parts += _trunk_and_head(points)
    parts.append(_limbs(points, pose.side, strong=True))
    parts += [shape for arc in arcs for shape in _draw_arc(arc)]
    parts += _labels(arcs, points, width, ground)
    desc = ", ".join(f"{plain(name)} {number(v)}°" for name, v in pose.angles.items())
    return drawing(
        width, height, *parts, title=f"{named}, drawn from the keypoints", desc=desc or "No angles."
    )


def undrawn(pose: Pose) -> list[str]:
    """Return the main angles that the picture does not show, as words such as `hip 24°`."""
    shown = {arc.name for arc in _arcs(pose, _points(pose))}
    main = dict.fromkeys((*DRAWN[pose.phase], "hip_flexion", "ankle_dorsiflexion"))
    return [
        f"{plain(name) if name in _SIDEWAYS else _LABELS.get(name, plain(name))} "
        f"{number(pose.angles[name])}°"
        for name in main
        if name not in shown and math.isfinite(pose.angles.get(name, math.nan))
    ]


def _arcs(pose: Pose, points: Points) -> list[Arc]:
    """Return the angles to draw: of the plane that the picture shows, the most important first."""
    sideways = pose.plane == "frontal"
    names = [n for n in DRAWN[pose.phase] if pose.plane and (n in _SIDEWAYS) == sideways]
    return [arc for n in names if (arc := _arc(n, pose, points)) is not None][:_MOST]


def _points(pose: Pose) -> dict[str, Array]:
    """Return the seen points by name, in pixels."""
    return {
        name: p for name, p in zip(pose.keypoints, pose.xy, strict=True) if np.isfinite(p).all()
    }


def _middle(points: Points) -> Array:
    """Return the mid-hip, or the middle of what there is."""
    hips = [points[n] for n in ("left_hip", "right_hip") if n in points]
    middle: Array = np.mean(hips or list(points.values()), axis=0)
    return middle


def _other(side: Side) -> Side:
    return "left" if side == "right" else "right"


def _mid(points: Points, part: str) -> Array | None:
    pair = [points[n] for n in (f"left_{part}", f"right_{part}") if n in points]
    return np.mean(pair, axis=0) if pair else None


def _arc(name: str, pose: Pose, points: Points) -> Arc | None:
    """Find joint, reference and segment of an angle; None when a point or the angle is missing."""
    degrees = pose.angles.get(name)
    if degrees is None or not math.isfinite(degrees):
        return None
    side = pose.side
    hip, knee, ankle = (points.get(f"{side}_{p}") for p in ("hip", "knee", "ankle"))
    heel, toe = points.get(f"{side}_heel"), points.get(f"{side}_big_toe")
    shoulders, hips = _mid(points, "shoulder"), _mid(points, "hip")
    far_hip = points.get(f"{_other(side)}_hip")

    vertex: Array | None = None
    reference: Array | None = None
    end: Array | None = None
    if name == "shank":
        vertex, reference, end = ankle, _UP, knee
    elif name in ("knee_flexion", "frontal_knee") and hip is not None and knee is not None:
        vertex, reference, end = knee, knee - hip, ankle
    elif name == "thigh":
        vertex, reference, end = hip, _DOWN, knee
    elif name == "hip_flexion" and hips is not None and shoulders is not None:
        vertex, reference, end = hip, hips - shoulders, knee
    elif name in ("trunk_lean", "trunk_lateral"):
        vertex, reference, end = hips, _UP, shoulders
    elif name == "foot" and heel is not None and toe is not None:
        vertex, reference, end = heel, np.array([np.sign(toe[0] - heel[0]) or 1.0, 0.0]), toe
    elif name == "ankle_dorsiflexion" and heel is not None and toe is not None:
        # The same angle, drawn above the foot: its normal against the shin.
        sole = toe - heel
        normal = np.array([sole[1], -sole[0]])
        vertex, reference, end = ankle, normal if normal[1] < 0 else -normal, knee
    elif name == "contralateral_drop" and hip is not None and far_hip is not None:
        vertex, reference, end = hip, np.array([np.sign(far_hip[0] - hip[0]) or 1.0, 0.0]), far_hip
    elif name == "hip_adduction" and hip is not None and far_hip is not None:
        pelvis = far_hip - hip
        down = np.array([-pelvis[1], pelvis[0]])
        vertex, reference, end = hip, down if down[1] > 0 else -down, knee
    if vertex is None or reference is None or end is None or np.allclose(end, vertex):
        return None
    radius = _REACH.get(name, 0.42) * float(np.hypot(*(end - vertex)))
    return Arc(name, degrees, vertex, _unit(reference), _unit(end - vertex), radius)


def _unit(vector: Array) -> Array:
    length = float(np.hypot(*vector))
    return vector / length if length > 0 else _UP


_LEG = (("hip", "knee"), ("knee", "ankle"))
_ARM = (("shoulder", "elbow"), ("elbow", "wrist"))
_BODY = (("hip", "shoulder"), ("shoulder", "ear"), ("heel", "big_toe"))
_WIDTHS = {"hip": 11.0, "knee": 8.5, "shoulder": 6.0, "elbow": 5.0}


def _limbs(points: Points, side: Side, *, strong: bool) -> Markup:
    """Draw one side's leg, foot and arm; the leg in question at full strength."""
    arm = [shape for a, b in _ARM for shape in _bone(points, side, a, b)]
    leg = [shape for a, b in _LEG for shape in _bone(points, side, a, b)]
    names = [f"{side}_{part}" for part in ("ankle", "heel", "big_toe")]
    corners = [(float(points[n][0]), float(points[n][1])) for n in names if n in points]
    if len(corners) > 1:
        leg.append(
            tag(
                "path",
                d=path_of(corners) + "Z",
                fill=colour(side),
                stroke=colour(side),
                stroke_width=6,
                stroke_linejoin="round",
            )
        )
    if strong:
        leg += [
            tag("circle", cx=float(p[0]), cy=float(p[1]), r=3.2, fill=colour("surface"))
            for part in ("hip", "knee", "ankle")
            if (p := points.get(f"{side}_{part}")) is not None
        ]
    faded = 0.38
    return tag("g", tag("g", *arm, opacity=faded), tag("g", *leg, opacity=1.0 if strong else faded))


def _bone(points: Points, side: Side, a: str, b: str) -> list[Markup]:
    """Draw a bone; nothing when an end is missing."""
    p, q = points.get(f"{side}_{a}"), points.get(f"{side}_{b}")
    if p is None or q is None:
        return []
    return [line(*p, *q, stroke=colour(side), stroke_width=_WIDTHS[a], stroke_linecap="round")]


def _trunk_and_head(points: Points) -> list[Markup]:
    """Draw trunk, shoulder and hip lines, and the head where it is seen."""
    out = []
    style: dict[str, Any] = {"stroke": colour("ink"), "stroke_linecap": "round"}
    shoulders, hips = _mid(points, "shoulder"), _mid(points, "hip")
    if shoulders is not None and hips is not None:
        out.append(line(*hips, *shoulders, stroke_width=10, **style))
    for part in ("shoulder", "hip"):
        if f"left_{part}" in points and f"right_{part}" in points:
            p, q = points[f"left_{part}"], points[f"right_{part}"]
            out.append(line(*p, *q, stroke_width=6, **style))
    head = _mid(points, "ear")
    if head is None:
        head = points.get("nose", points.get("head_top"))
    if head is not None:
        if shoulders is not None:
            out.append(line(*shoulders, *head, stroke_width=6, **style))
        out.append(
            tag(
                "circle",
                cx=float(head[0]),
                cy=float(head[1]),
                r=0.062 * BODY,
                fill=colour("ink"),
            )
        )
    return out


#: How far along its segment an arc is drawn, where not at two fifths.
_REACH = {"trunk_lean": 0.85, "trunk_lateral": 0.85, "foot": 0.85, "contralateral_drop": 1.0}


def _rim(arc: Arc) -> list[tuple[float, float]]:
    """Return points along the arc, from the reference to the segment."""
    start = math.atan2(arc.reference[1], arc.reference[0])
    turns = [start + _between(arc) * i / 16 for i in range(17)]
    x, y = map(float, arc.vertex)
    return [(x + arc.radius * math.cos(t), y + arc.radius * math.sin(t)) for t in turns]


def _ray(arc: Arc) -> Array:
    """Return the end of the dashed reference line."""
    return arc.vertex + arc.reference * (arc.radius + 12)


def _draw_arc(arc: Arc) -> list[Markup]:
    """Draw the reference as a dashed ray and the angle as a filled sector."""
    rim, strong = _rim(arc), colour("accent")
    sector = [(float(arc.vertex[0]), float(arc.vertex[1])), *rim]
    return [
        tag("path", d=path_of(sector) + "Z", fill=strong, fill_opacity=0.3),
        tag("path", d=path_of(rim), fill="none", stroke=strong, stroke_width=2),
        line(
            *arc.vertex,
            *_ray(arc),
            stroke=colour("muted"),
            stroke_width=1.3,
            stroke_dasharray="3 3",
        ),
    ]


def _between(arc: Arc) -> float:
    """Return the signed angle from reference to segment in radians, within half a turn."""
    (a, b), (c, d) = arc.reference, arc.segment
    return math.atan2(a * d - b * c, a * c + b * d)


def _labels(arcs: Sequence[Arc], points: Points, width: float, ground: float) -> list[Markup]:
    """Place each label near its arc where it hides least of the body and no other label."""
    lines = [np.linspace(arc.vertex, _ray(arc), 7) for arc in arcs]
    drawn = np.concatenate([_samples(points), *lines, *(np.array(_rim(arc)) for arc in arcs)])
    taken: list[tuple[float, float, float]] = []
    out = []
    for arc in arcs:
        half = 3.7 * len(arc.label)
        middle = math.atan2(arc.reference[1], arc.reference[0]) + _between(arc) / 2
        anchor = arc.vertex + (arc.radius + 2) * np.array([math.cos(middle), math.sin(middle)])
        best, least = anchor, math.inf
        for distance in (14, 22, 32, 44, 56, 70):
            for k in range(16):
                turn = middle + k * math.pi / 8
                reach = np.array(
                    [math.cos(turn) * (half + distance - 12), math.sin(turn) * distance]
                )
                place = anchor + reach
                cost = distance + _hidden(place, half, drawn, taken, width, ground)
                if cost < least:
                    best, least = place, cost
        taken.append((float(best[0]), float(best[1]), half))
        out.append(
            text(
                best[0],
                best[1] + 4.5,
                arc.label,
                text_anchor="middle",
                font_size=13,
                font_weight=600,
                paint_order="stroke",
                stroke=colour("surface"),
                stroke_width=4,
                stroke_linejoin="round",
            )
        )
    return out


def _samples(points: Points) -> Array:
    """Return points along all bones, to keep labels off them, shape (n, 2)."""
    pairs = [(f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in (*_LEG, *_ARM)]
    pairs += [(f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in _BODY]
    along = np.linspace(0, 1, 9)[:, None]
    bones = [
        points[a] + along * (points[b] - points[a]) for a, b in pairs if a in points and b in points
    ]
    return np.concatenate([*bones, np.array(list(points.values()))])


def _hidden(
    place: Array,
    half: float,
    drawn: Array,
    taken: Sequence[tuple[float, float, float]],
    width: float,
    ground: float,
) -> float:
    """Say how bad a place for a label is: what it would cover, and leaving the picture."""
    x, y = place
    cost = 15.0 * float(((abs(drawn[:, 0] - x) < half + 4) & (abs(drawn[:, 1] - y) < 12)).sum())
    for a, b, other in taken:
        if abs(a - x) < half + other + 4 and abs(b - y) < 17:
            cost += 200
    if x - half < 2 or x + half > width - 2 or y < 10 or y > ground - 8:
        cost += 400
    return cost
