"""Why the form network raised a finding: which joints at which part of the stride, drawn."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from stridewise.report.svg import colour, drawing, line, tag, text
from stridewise.report.words import plain
from stridewise.result import Analysis, Finding, Pose, Reason
from stridewise.skeletons import Side, other

Array = NDArray[np.float64]

_WIDTH, _HEIGHT, _GAP = 110.0, 150.0, 16.0
_BONES = (
    ("shoulder", "hip"),
    ("hip", "knee"),
    ("knee", "ankle"),
    ("heel", "big_toe"),
    ("ankle", "heel"),
)
#: Key instant that stands for a part of the stride.
_INSTANT = {
    "landing": "initial_contact",
    "mid-stance": "mid_stance",
    "push-off": "toe_off",
    "swing": "toe_off",
    "the whole stride": "mid_stance",
}
#: Joints that a curve is made of: of the leg in question, or of both.
_JOINTS = {
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "foot": ("heel", "big_toe"),
    "knee_flexion": ("hip", "knee", "ankle"),
    "ankle_ahead": ("hip", "ankle"),
    "ankle_lateral": ("ankle",),
    "thigh_adduction": ("hip", "knee"),
    "hip_adduction": ("hip", "knee"),
    "frontal_knee": ("hip", "knee", "ankle"),
    "vertical_force": ("ankle",),
    "pelvis_height": ("hip",),
    "pelvic_obliquity": ("hip",),
    "knee_gap": ("knee",),
    "trunk_lean": ("shoulder", "hip"),
    "trunk_lateral": ("shoulder", "hip"),
    "stride time": (),
}
_NAMES = {
    "shank": "shin",
    "knee_flexion": "knee bend",
    "ankle_ahead": "ankle ahead of the hips",
    "ankle_lateral": "place of the ankle sideways",
    "frontal_knee": "knee seen from the front",
    "pelvis_height": "rise and fall of the hips",
    "pelvic_obliquity": "tilt of the pelvis",
    "knee_gap": "gap between the knees",
    "trunk_lateral": "sideways lean of the trunk",
    "vertical_force": "ground force",
}


def reason_words(reason: Reason) -> str:
    """Say a reason in plain words, such as `shin at landing`."""
    name = _NAMES.get(reason.signal, plain(reason.signal))
    whose = " of the other leg" if reason.leg == "other" else ""
    when = "over the whole stride" if reason.part == "the whole stride" else f"in {reason.part}"
    return f"{name}{whose} {when.replace('in landing', 'at landing').replace('in push', 'at push')}"


def reasons_figure(analysis: Analysis, finding: Finding) -> Markup | None:
    """Draw the body at the parts of the stride that drove a finding, the joints marked.

    None where the network gave no reasons, or the body was not drawn at any of these instants.
    """
    side: Side = "left" if finding.side == "left" else "right"
    poses: dict[str, Pose] = {pose.phase: pose for pose in analysis.poses if pose.side == side}
    shown = [
        (reason, poses[_INSTANT[reason.part]])
        for reason in finding.reasons
        if _INSTANT[reason.part] in poses
    ]
    if not shown:
        return None
    most = max(reason.weight for reason, _ in shown)
    bodies = [
        tag(
            "g",
            *_body(reason, pose, reason.weight / most),
            transform=f"translate({k * (_WIDTH + _GAP):.0f} 0)",
        )
        for k, (reason, pose) in enumerate(shown)
    ]
    words = "; ".join(reason_words(reason) for reason, _ in shown)
    width = len(shown) * (_WIDTH + _GAP) - _GAP
    return drawing(
        width, _HEIGHT + 20, *bodies, title=f"What drove {finding.title.lower()}", desc=words
    )


def _body(reason: Reason, pose: Pose, share: float) -> list[Markup]:
    """Draw one body with the joints of a reason marked, the stronger the larger."""
    place = _fitted(pose)
    out: list[Markup] = []
    for side in (other(pose.side), pose.side):
        for a, b in _BONES:
            p, q = place.get(f"{side}_{a}"), place.get(f"{side}_{b}")
            if p is not None and q is not None:
                out.append(
                    line(
                        *p,
                        *q,
                        stroke=colour(side),
                        stroke_width=4,
                        stroke_linecap="round",
                        opacity=1.0 if side == pose.side else 0.4,
                    )
                )
    whose = other(pose.side) if reason.leg == "other" else pose.side
    sides: tuple[Side, ...] = (whose,) if reason.leg else ("left", "right")
    for joint in _JOINTS[reason.signal]:
        for owner in sides:
            at = place.get(f"{owner}_{joint}")
            if at is not None:
                out.append(
                    tag(
                        "circle",
                        cx=float(at[0]),
                        cy=float(at[1]),
                        r=4 + 5 * share,
                        fill="none",
                        stroke=colour("warm"),
                        stroke_width=3,
                    )
                )
    label = f"{reason.part}, +{reason.weight:.1f}"
    out.append(text(_WIDTH / 2, _HEIGHT + 14, label, text_anchor="middle", font_size=11))
    return out


def _fitted(pose: Pose) -> dict[str, Array]:
    """Points of a pose in the box of one body."""
    known = {
        name: xy for name, xy in zip(pose.keypoints, pose.xy, strict=True) if np.isfinite(xy).all()
    }
    if len(known) < 2:
        return {}
    corners = np.array(list(known.values()))
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = min(
        (_WIDTH - 20) / max(high[0] - low[0], 1e-9), (_HEIGHT - 20) / max(high[1] - low[1], 1e-9)
    )
    middle = (low + high) / 2
    return {n: (xy - middle) * scale + [_WIDTH / 2, _HEIGHT / 2] for n, xy in known.items()}
