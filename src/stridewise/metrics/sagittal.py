"""The legs seen from the side."""

from __future__ import annotations

import math

import numpy as np

from stridewise.metrics.data import GaitData, Sample
from stridewise.metrics.measures import at_event, average, each, highest, together, typical
from stridewise.metrics.registry import Metric
from stridewise.placement import left_over
from stridewise.skeletons import Side

#: Systematic standard deviations that joint definitions and cameras leave, in degrees (conventions
#: within the range that 2D-3D comparisons report).
HIP_KNEE_DEG = 3.0
ANKLE_FOOT_DEG = 4.0

#: Foot angle at contact above which the heel, below which the forefoot lands first (Altman & Davis
#: 2012, Gait Posture 35:298), in degrees.
REARFOOT_ABOVE = 8.0
FOREFOOT_BELOW = -1.6

_INTERPOLATED = "; 120 frames per second, or 60 with contact instants finer than a frame"


def foot_strike(angle: float) -> str:
    """Foot-strike type from the foot angle at initial contact, in degrees."""
    if angle > REARFOOT_ABOVE:
        return "rearfoot"
    return "forefoot" if angle < FOREFOOT_BELOW else "midfoot"


_knee_at_contact = at_event("knee_flexion", "initial_contact")
_knee_peak = highest("knee_flexion", "stance")


def knee_excursion(data: GaitData, side: Side) -> Sample:
    """Knee flexion from initial contact to its peak in stance."""
    start, top = _knee_at_contact(data, side), _knee_peak(data, side)
    values = top.values - start.values
    # Thigh and shank turn by about half of it each, and what is wrong with them hardly with them.
    of_instant = math.sqrt(max(start.bias_sd**2 - top.bias_sd**2, 0.0))
    of_lines = top.bias_sd * left_over(typical(values) / 2)
    return Sample(values, np.hypot(start.sd, top.sd), math.hypot(of_instant, of_lines))


METRICS = (
    Metric(
        id="overstride",
        name="Overstride",
        group="sagittal",
        unit="L",
        sides="each",
        view="sagittal",
        formula="(x ankle - x mid-hip) / leg length at initial contact",
        source="Schubert et al. 2014, Sports Health 6:210" + _INTERPOLATED,
        help="How far ahead of your hips the foot lands, in leg lengths.",
        function=each(at_event("ankle_ahead", "initial_contact")),
        signals=("ankle_ahead",),
        advisory_fps=60,
    ),
    Metric(
        id="shank_ic",
        name="Shin angle at contact",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="shank from the vertical at initial contact; + ankle ahead of the knee",
        source="Folland et al. 2017, Med Sci Sports Exerc 49:1412" + _INTERPOLATED,
        help="How far the shin reaches forward when the foot lands.",
        function=each(at_event("shank", "initial_contact")),
        signals=("shank",),
        floor=HIP_KNEE_DEG,
        mdc=4,
        advisory_fps=60,
    ),
    Metric(
        id="knee_flex_ic",
        name="Knee flexion at contact",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="thigh - shank angle at initial contact; straight 0",
        source="Wu & Cavanagh 1995 (signs)" + _INTERPOLATED,
        help="How bent the knee is when the foot lands.",
        function=each(_knee_at_contact),
        signals=("knee_flexion",),
        floor=HIP_KNEE_DEG,
        mdc=6,
        advisory_fps=60,
    ),
    Metric(
        id="knee_flex_peak_stance",
        name="Peak knee flexion in stance",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="largest knee flexion from initial contact to toe-off",
        source="Novacheck 1998, Gait & Posture 7:77",
        help="How deep the knee bends while the foot is on the ground.",
        function=each(_knee_peak),
        signals=("knee_flexion",),
        floor=HIP_KNEE_DEG,
        mdc=4,
        advisory_fps=60,
    ),
    Metric(
        id="knee_excursion",
        name="Knee excursion in stance",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="peak knee flexion in stance - knee flexion at initial contact",
        source="Novacheck 1998, Gait & Posture 7:77",
        help="How far the knee gives after landing, to soften it.",
        function=each(knee_excursion),
        signals=("knee_flexion",),
        floor=HIP_KNEE_DEG,
        advisory_fps=60,
    ),
    Metric(
        id="knee_flex_peak_swing",
        name="Peak knee flexion in swing",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="largest knee flexion from toe-off to the next initial contact",
        source="Novacheck 1998, Gait & Posture 7:77",
        help="How far the heel folds up behind you as the leg swings through.",
        function=each(highest("knee_flexion", "swing")),
        signals=("knee_flexion",),
        floor=HIP_KNEE_DEG,
        advisory_fps=60,
    ),
    Metric(
        id="thigh_to",
        name="Thigh angle at toe-off",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="thigh from the vertical at toe-off; + knee ahead",
        source="Moore 2016, Sports Med 46:793" + _INTERPOLATED,
        help="How far behind you the thigh is when the foot leaves the ground (minus is behind).",
        function=each(at_event("thigh", "toe_off")),
        signals=("thigh",),
        floor=HIP_KNEE_DEG,
        advisory_fps=60,
    ),
    Metric(
        id="hip_ext_to",
        name="Hip angle at toe-off",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="thigh angle + trunk lean at toe-off; + flexed, against the trunk, not the pelvis",
        source="Moore 2016, Sports Med 46:793" + _INTERPOLATED,
        help="How open the hip is when the foot leaves the ground (minus is extended).",
        function=each(at_event("hip_flexion", "toe_off")),
        signals=("hip_flexion",),
        floor=HIP_KNEE_DEG,
        advisory_fps=60,
    ),
    Metric(
        id="hip_flex_peak",
        name="Peak hip flexion in swing",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="largest thigh angle + trunk lean from toe-off to the next initial contact",
        source="Novacheck 1998, Gait & Posture 7:77",
        help="How high the knee drives forward.",
        function=each(highest("hip_flexion", "swing")),
        signals=("hip_flexion",),
        floor=HIP_KNEE_DEG,
        advisory_fps=60,
    ),
    Metric(
        id="ankle_df_peak",
        name="Peak ankle dorsiflexion",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="largest foot - shank angle from initial contact to toe-off",
        source="Novacheck 1998, Gait & Posture 7:77",
        help="How far the shin moves over the foot while it is on the ground.",
        function=each(highest("ankle_dorsiflexion", "stance")),
        signals=("ankle_dorsiflexion",),
        floor=ANKLE_FOOT_DEG,
        mdc=4,
        advisory_fps=60,
    ),
    Metric(
        id="ankle_df_ic",
        name="Ankle dorsiflexion at contact",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="foot - shank angle at initial contact",
        source="Bramah et al. 2018, Am J Sports Med 46:3023" + _INTERPOLATED,
        help="How far the foot is pulled up towards the shin when it lands.",
        function=each(at_event("ankle_dorsiflexion", "initial_contact")),
        signals=("ankle_dorsiflexion",),
        floor=ANKLE_FOOT_DEG,
        mdc=4,
        advisory_fps=60,
    ),
    Metric(
        id="foot_ic",
        name="Foot angle at contact",
        group="sagittal",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="heel-toe line with the ground at initial contact, 0 as it lies flat in "
        "mid-stance; > 8 rearfoot, -1.6 to 8 midfoot, < -1.6 forefoot",
        source="Altman & Davis 2012, Gait Posture 35:298",
        help="How the foot meets the ground: toes up (plus) or toes first (minus).",
        function=each(at_event("foot", "initial_contact")),
        signals=("foot",),
        floor=ANKLE_FOOT_DEG,
        mdc=3,
        min_fps=50,
        advisory_fps=120,
        label=foot_strike,
    ),
    Metric(
        id="head_pos",
        name="Head position",
        group="sagittal",
        unit="1",
        sides="both",
        view="sagittal",
        formula="(x ear or head - x shoulder) / trunk length, mean over the stride",
        source="convention",
        help="How far the head is carried ahead of the shoulders.",
        function=together(average("head_ahead", "stride")),
        signals=("head_ahead",),
    ),
)
