"""Times, lengths, bounce and stiffness."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stridewise.estimate import MetricSide
from stridewise.gait.strides import Steps, at, peak
from stridewise.metrics.data import (
    EVENT_BIAS_S,
    EVENT_OF_FOOT,
    EVENT_SHARED,
    UNKNOWN_LEG_LENGTH,
    GaitData,
    Sample,
    Summary,
)
from stridewise.metrics.measures import (
    centred,
    each,
    in_metres,
    jitter,
    middle,
    present,
    together,
    typical,
)
from stridewise.metrics.registry import Metric, Need
from stridewise.metrics.uncertainty import without_outliers
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

GRAVITY = 9.81

#: Error of Morin's stiffness against a force plate, 0.7 to 7 % (Morin et al. 2005).
_MORIN_SD = 0.05

#: Strides of a runner who keeps time are correlated by -0.5 with their neighbours; of such a
#: series the variance is known less well, by 1 + 2 * 0.5^2.
_STRIDES_APART = 1.5
#: Variance of event errors from step to step in a recording, against that which is stated: mean and
#: standard deviation (simulated runners 0.7 and 0.5, median 0.5, the less the more evenly they run;
#: laboratory runners 0.6 to 1, see `EVENT_SHARED`).
_OF_STATED, _OF_STATED_SD = 0.6, 0.5

_TIMES = "Novacheck 1998, Gait & Posture 7:77"
_CONTACT_MDC: dict[float, float] = {30: 0.025, 60: 0.015, 120: 0.010, 240: 0.008}

SPEED = Need(
    "speed", lambda d: None if d.speed else "Needs the running speed, stated or estimated."
)
HEIGHT = Need("height", lambda d: None if d.leg_length_m else "Needs the runner's height.")
MASS = Need("mass", lambda d: None if d.mass_kg else "Needs the runner's body mass.")
SPEED_OR_TRAVEL = Need("speed", lambda d: None if _travels(d) else SPEED.missing(d))


def _apart(event_sd: float) -> float:
    """Difference between the feet in the lasting error of an event."""
    return math.sqrt(2 * EVENT_OF_FOOT) * event_sd


def step_time(data: GaitData, side: Side) -> Sample:
    """From the other foot's contact to this foot's.

    What the two feet's contacts err differently makes one side's steps longer and the other's
    shorter.
    """
    steps = data.of(side)
    apart = _apart(typical(steps.contact_sd))
    return Sample(
        steps.initial_contact - steps.previous_contact,
        math.sqrt(2) * jitter(steps.contact_sd),
        apart,
        2 * apart,
    )


def stride_time(data: GaitData, side: Side) -> Sample:
    """From this foot's contact to its next; lasting errors cancel."""
    steps = data.of(side)
    return Sample(
        steps.next_same - steps.initial_contact, math.sqrt(2) * jitter(steps.contact_sd), 0.0, 0.0
    )


def _between_contact_and_off(steps: Steps, time: Array) -> Sample:
    """Duration from contact to toe-off or the other way round.

    The errors of the two have nothing to do with one another.
    """
    both = math.hypot(typical(steps.contact_sd), typical(steps.toe_off_sd))
    noise = np.hypot(jitter(steps.contact_sd), jitter(steps.toe_off_sd))
    return Sample(time, noise, math.sqrt(EVENT_SHARED) * both, _apart(both))


def contact_time(data: GaitData, side: Side) -> Sample:
    """From contact to toe-off of the same foot."""
    steps = data.of(side)
    return _between_contact_and_off(steps, steps.toe_off - steps.initial_contact)


def flight_time(data: GaitData, side: Side) -> Sample:
    """From this foot's toe-off to the other foot's contact; below zero when walking."""
    steps = data.of(side)
    return _between_contact_and_off(steps, steps.next_contact - steps.toe_off)


def duty_factor(data: GaitData, side: Side) -> Sample:
    """Contact time over stride time."""
    contact, stride = contact_time(data, side), stride_time(data, side).values
    usual = typical(stride) or 1.0
    bias_sd = max(contact.bias_sd, EVENT_BIAS_S)
    return Sample(contact.values / stride, contact.sd / usual, bias_sd / usual)


def cadence(data: GaitData, side: MetricSide) -> Summary | None:
    """Minutes over the mean step time of both feet.

    The mean, not the median: where one contact is misread, the step before it errs by as much as
    the step after it, and the mean loses nothing but the errors of the outermost contacts. For
    that reason only the runner's own variation shrinks with the square root of the steps.
    """
    steps = data.steps
    times = steps.next_contact - steps.initial_contact
    known = np.isfinite(times)
    n = int(known.sum())
    if n < 2:
        return None
    times, noise = times[known], float(np.mean(jitter(steps.contact_sd[known]) ** 2))
    runs = 1 + int(np.sum(np.diff(np.flatnonzero(known)) > 1))
    measured = float(times.var(ddof=1))
    # The difference of two variances may be nothing by luck: half its own standard deviation joins.
    own = max(measured - 2 * noise, 0.0) + measured / math.sqrt(2 * (n - 1))
    variance = own / n + 2 * noise * runs / n**2
    value = 60 / float(times.mean())
    return Summary(value, value**2 / 60 * math.sqrt(variance), 0.0, n, n - 1)


def stride_variability(data: GaitData, side: MetricSide) -> Summary | None:
    """Coefficient of variation of stride time, without the part that event errors make.

    Runners keep time: a contact that comes early makes one stride short and the next one long, just
    as an error of it does. How strides go together does therefore not tell what is error; how well
    contacts are known does, though not well itself.
    """
    halves = {s: stride_time(data, s) for s in SIDES}
    usual = middle(np.concatenate([half.values for half in halves.values()]))
    strides = centred(data, halves)
    known = np.isfinite(strides.values)
    if known.sum() < 4:
        return None
    noise = float(np.mean(np.broadcast_to(strides.sd, known.shape)[known] ** 2))
    values = without_outliers(strides.values[known], noise)
    n = len(values)
    measured = float(np.sum((values - values.mean()) ** 2)) / max(n - 2, 1)
    true = max(measured - _OF_STATED * noise, 0.0)
    random, lasting = measured * math.sqrt(_STRIDES_APART * 2 / n), _OF_STATED_SD * noise
    # Standard deviations of a variance, through the square root.
    scatter = math.hypot(random, lasting) or 1.0
    reach = 100 / usual * (math.sqrt(true + scatter) - math.sqrt(true)) / scatter
    return Summary(100 / usual * math.sqrt(true), reach * random, reach * lasting, n)


def _rise(data: GaitData, side: Side) -> Sample:
    """Rise and fall of the pelvis within a step, in leg lengths.

    A drift over the stride (perspective, a belt not quite level) is taken out first.
    """
    signal, steps = present(data, "pelvis_height", side), data.of(side)
    height = data.during("step", side).value(signal.value)
    start = data.at("initial_contact", side).value(signal.value)
    later = at(data.motion.time, steps.next_same, rates=False).value(signal.value)
    drift = (later - start) / (steps.next_same - steps.initial_contact)
    share = np.linspace(0, 1, height.shape[1])
    time = share * (steps.next_contact - steps.initial_contact)[:, None]
    level = height - drift[:, None] * time
    return Sample(peak(level)[0] + peak(-level)[0], math.sqrt(2) * signal.sd)


def vertical_oscillation(data: GaitData, side: MetricSide) -> Sample:
    """Rise and fall of the pelvis within a step, in metres where the runner's size is known."""
    return in_metres(together(_rise)(data, side), data.leg_length_m)


def _travels(data: GaitData) -> bool:
    """Whether a static camera saw how far the runner came."""
    return ("pelvis_travel", None) in data.motion.signals


def _distance(data: GaitData, start: Array, time: Sample) -> Sample:
    """Distance run within `time`, which begins at `start`: seen, or speed times time."""
    if _travels(data):
        travel = present(data, "pelvis_travel", "both")
        first, last = (
            at(data.motion.time, t, rates=False).value(travel.value)
            for t in (start, start + time.values)
        )
        speed, noise = typical(last - first) / (typical(time.values) or 1.0), 2 * travel.sd**2
        run, speed_sd, unit = last - first, 0.0, "L"
    else:
        assert data.speed is not None, "the declaration asks for a speed"
        speed, speed_sd, _ = data.speed
        run, noise, unit = speed * time.values, 0.0, "m"
    distance = Sample(
        run,
        np.sqrt(noise + (speed * np.asarray(time.sd)) ** 2),
        math.hypot(speed_sd * typical(time.values), speed * time.bias_sd),
        None if time.sides_sd is None else speed * time.sides_sd,
        unit,
    )
    return in_metres(distance, data.leg_length_m) if unit == "L" else distance


def step_length(data: GaitData, side: Side) -> Sample:
    """Distance run from the other foot's contact to this foot's."""
    return _distance(data, data.of(side).previous_contact, step_time(data, side))


def stride_length(data: GaitData, side: Side) -> Sample:
    """Distance run from this foot's contact to its next."""
    return _distance(data, data.of(side).initial_contact, stride_time(data, side))


def vertical_ratio(data: GaitData, side: MetricSide) -> Sample:
    """Rise and fall over the length of the same step, in per cent.

    Both in leg lengths: where speed itself was estimated in leg lengths, the runner's size cancels.
    """
    steps = data.steps
    rise = together(_rise)(data, side)
    time = Sample(steps.next_contact - steps.initial_contact)
    length = _distance(data, steps.initial_contact, time)
    leg = data.leg_length_m or UNKNOWN_LEG_LENGTH
    scale = leg.value if length.unit == "m" else 1.0
    values = 100 * rise.values * scale / length.values
    usual, usual_length = typical(values), typical(length.values) or 1.0
    relative = math.hypot(length.bias_sd / usual_length, leg.sd / leg.value)
    noise = np.asarray(rise.sd) / (typical(rise.values) or 1.0)
    return Sample(values, usual * noise, usual * relative)


def running_speed(data: GaitData, side: MetricSide) -> Summary | None:
    """Return the speed of the whole recording, as stated or estimated."""
    if data.speed is None or len(data.steps) < 2:
        return None
    return Summary(data.speed.value, 0.0, data.speed.sd, len(data.steps))


def morin_stiffness(
    contact: Array, flight: Array, speed: float, mass: float, leg: float
) -> tuple[Array, Array]:
    """Vertical and leg stiffness from times alone.

    Morin, Dalleau, Kyrolainen, Jeannin & Belli 2005 (J Appl Biomech 21:167), equations 3 to 8: the
    ground force is taken for half a sine. On level ground only.

    Parameters
    ----------
    contact, flight : ndarray
        Seconds.
    speed, mass, leg : float
        m/s, kg, metres.

    Returns
    -------
    vertical, leg : ndarray
        kN/m; NaN where the times are not those of running.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        force = mass * GRAVITY * np.pi / 2 * (flight / contact + 1)
        sink = force * contact**2 / (mass * np.pi**2) - GRAVITY * contact**2 / 8
        shortening = leg - np.sqrt(leg**2 - (speed * contact / 2) ** 2) + sink
        running = (sink > 0) & (force > 0)
        vertical = np.where(running, force / sink / 1000, np.nan)
        return vertical, np.where(running, force / shortening / 1000, np.nan)


def _stiffness(which: int) -> Callable[[GaitData, MetricSide], Sample]:
    """Metric function of one of the two stiffnesses (0 vertical, 1 leg)."""

    def function(data: GaitData, side: MetricSide) -> Sample:
        speed, leg, mass, steps = data.speed, data.leg_length_m, data.mass_kg, data.steps
        assert speed is not None
        assert leg is not None
        assert mass is not None
        times = _between_contact_and_off(steps, steps.toe_off - steps.initial_contact)
        contact, flight = times.values, steps.next_contact - steps.toe_off

        def stiffness(shift: Array | float = 0.0, dv: float = 0.0, dl: float = 0.0) -> Array:
            return morin_stiffness(
                contact + shift, flight - shift, speed.value + dv, mass, leg.value + dl
            )[which]

        values = stiffness()
        changes = (
            typical(stiffness(shift=max(times.bias_sd, EVENT_BIAS_S)) - values),
            typical(stiffness(dv=speed.sd) - values),
            typical(stiffness(dl=leg.sd) - values),
            typical(values) * _MORIN_SD,
        )
        noise = np.abs(stiffness(shift=times.sd) - values)
        return Sample(values, noise, math.hypot(*changes))

    return function


METRICS = (
    Metric(
        id="cadence",
        name="Cadence",
        group="spatiotemporal",
        unit="1/min",
        sides="both",
        view="any",
        formula="60 / mean time from one foot's initial contact to the other's",
        source=_TIMES,
        help="How many steps you take in a minute, both feet counted.",
        function=cadence,
        mdc=3,
    ),
    Metric(
        id="step_time",
        name="Step time",
        group="spatiotemporal",
        unit="s",
        sides="each",
        view="any",
        formula="initial contact - the other foot's initial contact before it; "
        "the side is that of the landing foot",
        source=_TIMES,
        help="The time from one foot's landing to this foot's landing.",
        function=each(step_time),
    ),
    Metric(
        id="stride_time",
        name="Stride time",
        group="spatiotemporal",
        unit="s",
        sides="each",
        view="any",
        formula="next initial contact of the same foot - initial contact",
        source=_TIMES,
        help="The time until the same foot lands again.",
        function=each(stride_time),
    ),
    Metric(
        id="ground_contact_time",
        name="Ground contact time",
        group="spatiotemporal",
        unit="s",
        sides="each",
        view="any",
        formula="toe-off - initial contact",
        source="vertical force above 50 N; " + _TIMES,
        help="How long the foot stays on the ground in each step.",
        function=each(contact_time),
        floor=EVENT_BIAS_S,
        mdc=_CONTACT_MDC,
        advisory_fps=60,
    ),
    Metric(
        id="flight_time",
        name="Flight time",
        group="spatiotemporal",
        unit="s",
        sides="each",
        view="any",
        formula="the other foot's next initial contact - toe-off; the side is that of the toe-off",
        source="vertical force below 50 N; " + _TIMES,
        help="How long both feet are off the ground after this foot pushes off.",
        function=each(flight_time),
        floor=EVENT_BIAS_S,
        mdc=_CONTACT_MDC,
        advisory_fps=60,
    ),
    Metric(
        id="duty_factor",
        name="Duty factor",
        group="spatiotemporal",
        unit="1",
        sides="each",
        view="any",
        formula="ground contact time / stride time of the same stride",
        source="from 0.5 on there is no flight; " + _TIMES,
        help="The share of the stride that the foot spends on the ground.",
        function=each(duty_factor),
        advisory_fps=60,
    ),
    Metric(
        id="vertical_oscillation",
        name="Vertical oscillation",
        group="spatiotemporal",
        unit="m",
        unit_unscaled="L",
        sides="both",
        view="any",
        formula="largest - smallest height of the mid-hip from initial contact to the other "
        "foot's, drift over the stride removed",
        source="Folland et al. 2017, Med Sci Sports Exerc 49:1412 (pelvis)",
        help="How far your hips rise and fall in each step.",
        function=vertical_oscillation,
        signals=("pelvis_height",),
        floor=0.003,
        mdc=0.006,
    ),
    Metric(
        id="vertical_ratio",
        name="Vertical ratio",
        group="spatiotemporal",
        unit="%",
        sides="both",
        view="any",
        formula="100 * vertical oscillation / step length of the same step",
        source="Garmin Running Dynamics",
        help="How much you bounce for the distance each step covers.",
        function=vertical_ratio,
        signals=("pelvis_height",),
        needs=(SPEED_OR_TRAVEL,),
    ),
    Metric(
        id="step_length",
        name="Step length",
        group="spatiotemporal",
        unit="m",
        unit_unscaled="L",
        sides="each",
        view="any",
        formula="speed * step time, or the distance covered where a static camera sees it; "
        "the side is that of the landing foot",
        source=_TIMES,
        help="How far you travel from one foot's landing to this foot's landing.",
        function=each(step_length),
        needs=(SPEED_OR_TRAVEL,),
    ),
    Metric(
        id="stride_length",
        name="Stride length",
        group="spatiotemporal",
        unit="m",
        unit_unscaled="L",
        sides="each",
        view="any",
        formula="speed * stride time, or the distance covered where a static camera sees it",
        source=_TIMES,
        help="How far you travel until the same foot lands again.",
        function=each(stride_length),
        needs=(SPEED_OR_TRAVEL,),
    ),
    Metric(
        id="speed",
        name="Running speed",
        group="spatiotemporal",
        unit="m/s",
        sides="both",
        view="any",
        formula="as stated; else distance covered / time for a static camera; else the stance "
        "foot's speed past the hips over 30-70 % of stance / 0.945",
        source="share of belt speed measured on Fukuchi et al. 2017, PeerJ 5:e3298",
        help="How fast you run; most other numbers depend on it.",
        function=running_speed,
        needs=(SPEED,),
    ),
    Metric(
        id="vertical_stiffness",
        name="Vertical stiffness",
        group="spatiotemporal",
        unit="kN/m",
        sides="both",
        view="any",
        formula="Fmax / dy with Fmax = m g pi/2 (tf/tc + 1), "
        "dy = Fmax tc^2 / (m pi^2) - g tc^2 / 8; level ground only",
        source="Morin et al. 2005, J Appl Biomech 21:167",
        help="How springy your body as a whole is when it lands.",
        function=_stiffness(0),
        needs=(SPEED, HEIGHT, MASS),
        min_fps=50,
        advisory_fps=120,
    ),
    Metric(
        id="leg_stiffness",
        name="Leg stiffness",
        group="spatiotemporal",
        unit="kN/m",
        sides="both",
        view="any",
        formula="Fmax / dL with dL = L - sqrt(L^2 - (v tc / 2)^2) + dy, L = 0.53 height; "
        "level ground only",
        source="Morin et al. 2005, J Appl Biomech 21:167",
        help="How springy your leg is while it is on the ground.",
        function=_stiffness(1),
        needs=(SPEED, HEIGHT, MASS),
        min_fps=50,
        advisory_fps=120,
    ),
    Metric(
        id="cv_stride_time",
        name="Stride time variability",
        group="spatiotemporal",
        unit="%",
        sides="both",
        view="any",
        formula="100 * standard deviation / mean of stride times, each foot about its own mean, "
        "less the variance that event errors make",
        source="Belli et al. 1995 (32 to 64 steps)",
        help="How evenly you run from stride to stride.",
        function=stride_variability,
        min_fps=50,
        advisory_fps=60,
        steps_to_judge=32,
        bounds=(0, np.inf),
    ),
)
