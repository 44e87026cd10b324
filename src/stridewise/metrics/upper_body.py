"""Trunk, arms and shoulders."""

from __future__ import annotations

from stridewise.metrics.data import GaitData, Sample
from stridewise.metrics.measures import (
    at_event,
    average,
    each,
    highest,
    scatter,
    swing_of,
    together,
)
from stridewise.metrics.registry import Metric
from stridewise.skeletons import Side

#: Systematic standard deviations in degrees (conventions).
TRUNK_DEG = 2.0
FRONTAL_DEG = 3.0
ARM_DEG = 4.0


def toward(side: Side) -> float:
    """Sign that makes a midline signal, + to the right, point to a side."""
    return 1.0 if side == "right" else -1.0


_crossing = highest("wrist_lateral", "stride")


def arm_cross(data: GaitData, side: Side) -> Sample:
    """How far the wrist comes past the midline of the trunk, in per cent of shoulder width."""
    share = _crossing(data, side)
    return Sample(100 * share.values, 100 * share.sd, 100 * share.bias_sd)


METRICS = (
    Metric(
        id="trunk_lean",
        name="Trunk lean",
        group="trunk and arms",
        unit="deg",
        sides="both",
        view="sagittal",
        formula="mid-hip to mid-shoulder line from the vertical, mean over stance; + forward",
        source="Teng & Powers 2014, J Orthop Sports Phys Ther 44:785",
        help="How far you lean forward while a foot is on the ground.",
        function=together(average("trunk_lean", "stance")),
        signals=("trunk_lean",),
        floor=TRUNK_DEG,
        mdc=3,
    ),
    Metric(
        id="trunk_lean_mid_stance",
        name="Trunk lean at mid-stance",
        group="trunk and arms",
        unit="deg",
        sides="both",
        view="sagittal",
        formula="mid-hip to mid-shoulder line from the vertical at mid-stance; + forward",
        source="Bramah et al. 2018, Am J Sports Med 46:3023",
        help="How far you lean forward when the leg carries you most.",
        function=together(at_event("trunk_lean", "mid_stance")),
        signals=("trunk_lean",),
        floor=TRUNK_DEG,
        mdc=3,
    ),
    Metric(
        id="trunk_lat",
        name="Sideways trunk lean",
        group="trunk and arms",
        unit="deg",
        sides="each",
        view="frontal",
        formula="largest lean of the trunk towards the stance foot in stance",
        source="Dingenen et al. 2018, Phys Ther Sport 33:40",
        help="How far the shoulders tip over the foot you stand on.",
        function=each(highest("trunk_lateral", "stance", toward)),
        signals=("trunk_lateral",),
        floor=FRONTAL_DEG,
        mdc=3,
        advisory_fps=60,
    ),
    Metric(
        id="trunk_bounce",
        name="Trunk nodding",
        group="trunk and arms",
        unit="deg",
        sides="both",
        view="sagittal",
        formula="standard deviation of trunk lean within the stride",
        source="convention",
        help="How much the trunk rocks back and forth in each stride.",
        function=together(scatter("trunk_lean", "stride")),
        signals=("trunk_lean",),
        bounds=(0, float("inf")),
    ),
    Metric(
        id="elbow_flex",
        name="Elbow bend",
        group="trunk and arms",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="180 - angle shoulder-elbow-wrist, mean over the stride; straight 0",
        source="Wu et al. 2005 (signs)",
        help="How bent the elbow is on average.",
        function=each(average("elbow_flexion", "stride")),
        signals=("elbow_flexion",),
        floor=ARM_DEG,
    ),
    Metric(
        id="arm_amp",
        name="Arm swing",
        group="trunk and arms",
        unit="deg",
        sides="each",
        view="sagittal",
        formula="largest - smallest angle of the upper arm from the vertical in the stride",
        source="Arellano & Kram 2014, J Exp Biol 217:2456",
        help="How far the upper arm swings back and forth.",
        function=each(swing_of("upper_arm", "stride")),
        signals=("upper_arm",),
        floor=ARM_DEG,
        advisory_fps=60,
    ),
    Metric(
        id="arm_cross",
        name="Arm crossing",
        group="trunk and arms",
        unit="%",
        sides="each",
        view="frontal",
        formula="100 * largest distance of the wrist past the midline of the trunk / shoulder "
        "width; + crossed",
        source="convention",
        help="How far the hand swings across the middle of the body.",
        function=each(arm_cross),
        signals=("wrist_lateral",),
        advisory_fps=60,
    ),
    Metric(
        id="shoulder_rot",
        name="Shoulder rotation",
        group="trunk and arms",
        unit="deg",
        sides="both",
        view="sagittal",
        formula="largest - smallest turn of the shoulder line in the stride, from the forward "
        "distance of the shoulders over 0.22 body heights",
        source="convention",
        help="How far the shoulders turn from side to side.",
        function=together(swing_of("shoulder_rotation", "stride")),
        signals=("shoulder_rotation",),
        floor=ARM_DEG,
    ),
)
