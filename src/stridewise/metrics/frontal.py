"""Pelvis, hips, knees and feet seen from behind or in front."""

from __future__ import annotations

import math

import numpy as np

from stridewise.estimate import MetricSide
from stridewise.metrics.data import GaitData, Sample, Summary
from stridewise.metrics.measures import at_event, each, highest, merge, present
from stridewise.metrics.registry import Metric
from stridewise.metrics.upper_body import FRONTAL_DEG, toward
from stridewise.skeletons import SIDES, Side

#: How much of the error of an ankle's distance from the mid-hip is that of the ankle, where every
#: point is off by as much; the mid-hip lies between two.
_OF_ANKLE = math.sqrt(2 / 3)

_ankle = at_event("ankle_lateral", "mid_stance")


def _outward(data: GaitData, side: Side) -> Sample:
    """How far the stance ankle is to its own side of the mid-hip, in leg lengths."""
    ankle = _ankle(data, side)
    return Sample(toward(side) * ankle.values, ankle.sd, ankle.bias_sd)


def step_width(data: GaitData, side: MetricSide) -> Sample:
    """Sideways distance between one stance ankle and the other's before it; + not crossed.

    The offset of the hips, from which both are measured, cancels.
    """
    outward = merge(data, {s: _outward(data, s) for s in SIDES})
    sd = np.broadcast_to(outward.sd, outward.values.shape)
    steps = data.steps
    paired = np.isfinite(steps.previous_contact[1:]) & (steps.right[1:] != steps.right[:-1])
    width = np.where(paired, outward.values[1:] + outward.values[:-1], np.nan)
    noise = np.hypot(sd[1:], sd[:-1])
    ankles = [present(data, "ankle_lateral", s) for s in SIDES]
    lasting_sd = math.hypot(*(x for a in ankles for x in (a.own_sd, _OF_ANKLE * a.points_sd)))
    return Sample(np.append(np.nan, width), np.append(np.nan, noise), lasting_sd)


def crossover(data: GaitData, side: MetricSide) -> Summary | None:
    """Share of steps whose stance ankle is past the midline, in per cent.

    The random error is that of a share of n (Agresti & Coull 1998); the systematic one is how much
    the share changes when the midline moves by the systematic error of the ankle.
    """
    outward = merge(data, {s: _outward(data, s) for s in SIDES})
    values = outward.values[np.isfinite(outward.values)]
    n = len(values)
    if n < 2:
        return None

    def crossed(midline: float) -> float:
        return float(np.mean(values < midline))

    share, shift = crossed(0.0), outward.bias_sd
    smoothed = (share * n + 2) / (n + 4)
    random_sd = math.sqrt(smoothed * (1 - smoothed) / (n + 4))
    bias_sd = (crossed(shift) - crossed(-shift)) / 2
    return Summary(100 * share, 100 * random_sd, 100 * bias_sd, n)


METRICS = (
    Metric(
        id="contralateral_pelvic_drop",
        name="Pelvic drop",
        group="frontal",
        unit="deg",
        sides="each",
        view="frontal",
        formula="largest drop of the swing-side hip below the stance-side hip in stance; "
        "the side is that of the stance foot",
        source="Bramah et al. 2018, Am J Sports Med 46:3023",
        help="How far the pelvis sinks on the free side while you stand on this foot.",
        function=each(highest("pelvic_obliquity", "stance", toward, opposed=True)),
        signals=("pelvic_obliquity",),
        floor=FRONTAL_DEG,
        mdc=3,
        advisory_fps=60,
    ),
    Metric(
        id="peak_hip_adduction",
        name="Peak hip adduction",
        group="frontal",
        unit="deg",
        sides="each",
        view="frontal",
        formula="largest thigh adduction (+ knee medial) + contralateral drop in stance",
        source="Noehren et al. 2013, Med Sci Sports Exerc 45:1120",
        help="How far the thigh moves inward under the pelvis.",
        # Nearly all that lasts is the tilt of the hip line.
        function=each(highest("hip_adduction", "stance", opposed=True)),
        signals=("hip_adduction",),
        floor=FRONTAL_DEG,
        mdc=4,
        advisory_fps=60,
    ),
    Metric(
        id="fppa",
        name="Knee projection angle",
        group="frontal",
        unit="deg",
        sides="each",
        view="frontal",
        formula="180 - angle hip-knee-ankle in the frontal plane at mid-stance; + knee medial",
        source="Willson & Davis 2008, Clin Biomech 23:203",
        help="How far the knee falls inward when the leg carries you most.",
        function=each(at_event("frontal_knee", "mid_stance")),
        signals=("frontal_knee",),
        floor=FRONTAL_DEG,
        advisory_fps=60,
    ),
    Metric(
        id="knee_window",
        name="Gap between the knees",
        group="frontal",
        unit="1",
        sides="each",
        view="frontal",
        formula="(z right knee - z left knee) / hip width at mid-stance of the side's foot",
        source="Souza 2016, Phys Med Rehabil Clin N Am 27:217",
        help="How much light there is between the knees as one passes the other.",
        function=each(at_event("knee_gap", "mid_stance")),
        signals=("knee_gap",),
        floor=0.03,
        advisory_fps=60,
    ),
    Metric(
        id="step_width",
        name="Step width",
        group="frontal",
        unit="L",
        sides="both",
        view="frontal",
        formula="z right - z left stance ankle, each from the line of progression at its own "
        "mid-stance, successive steps; + not crossed",
        source="Meardon et al. 2012, Sports Biomech 11:464",
        help="How far apart sideways the feet land, in leg lengths.",
        function=step_width,
        signals=("ankle_lateral",),
        advisory_fps=60,
    ),
    Metric(
        id="crossover",
        name="Crossover steps",
        group="frontal",
        unit="%",
        sides="both",
        view="frontal",
        formula="100 * steps whose stance ankle is past the line of progression at "
        "mid-stance / steps",
        source="convention",
        help="How often a foot lands on the other side of the body's middle line.",
        function=crossover,
        signals=("ankle_lateral",),
        advisory_fps=60,
        bounds=(0, 100),
    ),
)
