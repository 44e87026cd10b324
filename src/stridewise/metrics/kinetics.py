"""Ground force, in body weights, as the gait network reads it from the motion."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.strides import between, mean, peak
from stridewise.metrics.data import GaitData, Sample
from stridewise.metrics.measures import Measure, each, highest, present, typical
from stridewise.metrics.registry import Metric
from stridewise.skeletons import Side

Array = NDArray[np.float64]

_BASIS = (
    "; estimated by a network that learnt from 19 treadmill runners on a force plate "
    "(Fukuchi et al. 2017, PeerJ 5:e3298)"
)
#: Part of stance over which the force rises, before the impact peak of those who have one.
_RISE = (0.03, 0.12)


def _peak_fore_aft(sign: float) -> Measure:
    return highest("fore_aft_force", "stance", lambda _: sign)


def _impulse(sign: float) -> Measure:
    """Force in one direction over stance."""

    def measure(data: GaitData, side: Side) -> Sample:
        signal, steps = present(data, "fore_aft_force", side), data.of(side)
        stance = steps.toe_off - steps.initial_contact
        windows = sign * data.during("stance", side).value(signal.value)
        force = mean(np.where(np.isnan(windows), np.nan, np.maximum(windows, 0.0)))
        # Errors of neighbouring frames are alike over about a third of stance.
        contact = typical(stance)
        return Sample(force * stance, signal.sd * contact / 3, signal.bias_sd * contact / 2)

    return measure


def loading_rate(data: GaitData, side: Side) -> Sample:
    """Mean slope of the vertical force early in stance."""
    signal, steps = present(data, "vertical_force", side), data.of(side)
    stance = steps.toe_off - steps.initial_contact
    start, stop = (steps.initial_contact + share * stance for share in _RISE)
    ends = between(data.motion.time, start, stop, 2).value(signal.value)
    rise_s = (_RISE[1] - _RISE[0]) * typical(stance) or math.nan
    slope = (ends[:, 1] - ends[:, 0]) / (stop - start)
    # Both ends lie on the same steep slope: what is wrong is mostly when it begins.
    return Sample(slope, signal.sd / rise_s, signal.bias_sd / rise_s)


def _mid_stance_peak(data: GaitData, side: Side) -> Sample:
    """Largest force in the middle of stance; an impact peak lies before that."""
    signal, steps = present(data, "vertical_force", side), data.of(side)
    stance = steps.toe_off - steps.initial_contact
    window = between(
        data.motion.time,
        steps.initial_contact + 0.25 * stance,
        steps.initial_contact + 0.75 * stance,
        31,
    )
    return Sample(peak(window.value(signal.value))[0], signal.sd, signal.bias_sd)


METRICS = (
    Metric(
        id="peak_vertical_force",
        name="Peak vertical force",
        group="ground force",
        unit="BW",
        sides="each",
        view="any",
        formula="largest vertical force from 25 to 75 % of stance / body weight",
        source="active peak; Cavanagh & Lafortune 1980, J Biomech 13:397" + _BASIS,
        help="How hard you press into the ground in the middle of each step, in body weights.",
        function=each(_mid_stance_peak),
        signals=("vertical_force",),
    ),
    Metric(
        id="loading_rate",
        name="Average loading rate",
        group="ground force",
        unit="BW/s",
        sides="each",
        view="any",
        formula="mean slope of the vertical force from 3 to 12 % of stance",
        source="a convention that needs no impact peak" + _BASIS,
        help="How quickly the force builds up when the foot lands.",
        function=each(loading_rate),
        signals=("vertical_force",),
        advisory_fps=60,
    ),
    Metric(
        id="braking_peak",
        name="Peak braking force",
        group="ground force",
        unit="BW",
        sides="each",
        view="any",
        formula="largest backward force in stance / body weight",
        source="Cavanagh & Lafortune 1980, J Biomech 13:397" + _BASIS,
        help="How hard the ground pushes back against you when you land.",
        function=each(_peak_fore_aft(-1.0)),
        signals=("fore_aft_force",),
    ),
    Metric(
        id="propulsion_peak",
        name="Peak propulsive force",
        group="ground force",
        unit="BW",
        sides="each",
        view="any",
        formula="largest forward force in stance / body weight",
        source="Cavanagh & Lafortune 1980, J Biomech 13:397" + _BASIS,
        help="How hard you push yourself forward at the end of each step.",
        function=each(_peak_fore_aft(1.0)),
        signals=("fore_aft_force",),
    ),
    Metric(
        id="braking_impulse",
        name="Braking impulse",
        group="ground force",
        unit="BW s",
        sides="each",
        view="any",
        formula="backward force summed over stance / body weight",
        source="Cavanagh & Lafortune 1980, J Biomech 13:397" + _BASIS,
        help="How much speed each landing costs you.",
        function=each(_impulse(-1.0)),
        signals=("fore_aft_force",),
    ),
    Metric(
        id="propulsion_impulse",
        name="Propulsive impulse",
        group="ground force",
        unit="BW s",
        sides="each",
        view="any",
        formula="forward force summed over stance / body weight",
        source="Cavanagh & Lafortune 1980, J Biomech 13:397" + _BASIS,
        help="How much speed each push-off gives back.",
        function=each(_impulse(1.0)),
        signals=("fore_aft_force",),
    ),
)
