"""Ground force, in body weights, as the gait network reads it from the motion."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.strides import at, between, mean, peak
from stridewise.metrics.data import GaitData, Sample
from stridewise.metrics.measures import Measure, each, present, typical
from stridewise.metrics.registry import Metric
from stridewise.skeletons import Side

Array = NDArray[np.float64]

_BASIS = (
    "; estimated by a network that learnt from 19 treadmill runners on a force plate "
    "(Fukuchi et al. 2017, PeerJ 5:e3298)"
)
#: How far off one runner stays in every step: error in runners whom the network never saw
#: (docs/accuracy_exact.md), in body weights and body weights times seconds. Peaks of braking come
#: out low, because a network that is not sure when something short happens spreads it out.
_VERTICAL_BW, _BRAKING_BW, _PROPULSION_BW, _IMPULSE_BWS = 0.10, 0.075, 0.045, 0.003
_LOADING_BW_PER_S = 4.0
#: Time after contact over which the rise of the force is averaged, in seconds: keypoints at 60
#: frames per second show no impact peak, but they show how steeply the force comes up.
_RISE_S = 0.05
#: Shares of stance in which the forces peak once the impact, a matter of milliseconds, is over.
_ACTIVE, _BRAKING, _PROPULSION = (0.25, 0.75), (0.15, 0.6), (0.4, 0.95)


def _highest(name: str, window: tuple[float, float], sign: float) -> Measure:
    """Peak of a force within a part of stance."""

    def measure(data: GaitData, side: Side) -> Sample:
        signal, steps = present(data, name, side), data.of(side)
        stance = steps.toe_off - steps.initial_contact
        start, stop = (steps.initial_contact + share * stance for share in window)
        values = between(data.motion.time, start, stop).value(signal.value)
        return Sample(peak(sign * values)[0], signal.sd, signal.bias_sd)

    return measure


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
    """Mean slope of the vertical force right after contact."""
    signal, steps = present(data, "vertical_force", side), data.of(side)
    later = at(data.motion.time, steps.initial_contact + _RISE_S, rates=False)
    slope = later.value(signal.value) / _RISE_S
    # The force is steep there: an error of the contact's instant is one of the force.
    contact = float(np.nanmedian(steps.contact_sd)) if len(steps.contact_sd) else 0.0
    lasting_sd = math.hypot(signal.bias_sd, typical(slope) * contact) / _RISE_S
    return Sample(slope, signal.sd / _RISE_S, lasting_sd)


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
        function=each(_highest("vertical_force", _ACTIVE, 1.0)),
        signals=("vertical_force",),
        floor=_VERTICAL_BW,
    ),
    Metric(
        id="loading_rate",
        name="Average loading rate",
        group="ground force",
        unit="BW/s",
        sides="each",
        view="any",
        formula="vertical force 50 ms after initial contact / 50 ms / body weight",
        source="a convention that needs no impact peak" + _BASIS,
        help="How quickly the force builds up when the foot lands.",
        function=each(loading_rate),
        signals=("vertical_force",),
        floor=_LOADING_BW_PER_S,
        advisory_fps=60,
    ),
    Metric(
        id="braking_peak",
        name="Peak braking force",
        group="ground force",
        unit="BW",
        sides="each",
        view="any",
        formula="largest backward force from 15 to 60 % of stance / body weight",
        source="Cavanagh & Lafortune 1980, J Biomech 13:397" + _BASIS,
        help="How hard the ground pushes back against you when you land.",
        function=each(_highest("fore_aft_force", _BRAKING, -1.0)),
        signals=("fore_aft_force",),
        floor=_BRAKING_BW,
    ),
    Metric(
        id="propulsion_peak",
        name="Peak propulsive force",
        group="ground force",
        unit="BW",
        sides="each",
        view="any",
        formula="largest forward force from 40 to 95 % of stance / body weight",
        source="Cavanagh & Lafortune 1980, J Biomech 13:397" + _BASIS,
        help="How hard you push yourself forward at the end of each step.",
        function=each(_highest("fore_aft_force", _PROPULSION, 1.0)),
        signals=("fore_aft_force",),
        floor=_PROPULSION_BW,
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
        floor=_IMPULSE_BWS,
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
        floor=_IMPULSE_BWS,
    ),
)
