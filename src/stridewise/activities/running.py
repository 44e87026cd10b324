"""Running, on a treadmill or overground."""

from __future__ import annotations

import math
from importlib.resources import files

from stridewise.activities.activity import Activity, Limits
from stridewise.form.areas import RUNNING_AREAS
from stridewise.form.wording import RUNNING_WORDING

#: Joggers to sprinters. Cadence: usual 150–200 steps/min, with room on both sides; the stride time
#: is twice the step time, with room for a single long or short one. Half of the stride on the
#: ground is where the flight phase ends by definition.
LIMITS = Limits(
    stride_time_s=(0.45, 1.0),
    cadence_spm=(130.0, 230.0),
    usual_cadence_spm=170.0,
    duty_factor_below=0.5,
    flight=True,
)

#: Walkers' steps per minute: fast walking at 1.62 m/s has 128 (Winiarski et al. 2019), and runners
#: without a flight phase (grounded running) take more than 140. Fewer than 60 is slow motion.
_WALKING_CADENCE_SPM = (60.0, 140.0)

#: From one contact of a foot to its next: one whole stride.
_FEWEST_CONTACTS = 3
#: Cadences this many times outside the limits are taken as they are when the user states the time
#: scale, with a doubt: slow motion is seldom known exactly.
_STATED_BEYOND = 2.0

#: Runners' hips rise and fall by 0.05 to 0.12 leg lengths.
_STILL_PELVIS_BELOW = 0.02

#: Usual ratios of a camera's speed to the player's: 60 to 960 frames/s shown at 24, 25 or 30, and
#: recordings played too fast.
_TIME_SCALES = (2.0, 2.4, 2.5, 4.0, 4.8, 5.0, 8.0, 9.6, 10.0, 16.0, 20.0, 32.0, 40.0)

_BOTH = (
    "cadence",
    "vertical_oscillation",
    "vertical_ratio",
    "speed",
    "step_width",
    "vertical_stiffness",
    "leg_stiffness",
    "cv_stride_time",
    "head_pos",
    "trunk_lean",
    "trunk_lean_mid_stance",
    "trunk_bounce",
    "shoulder_rot",
    "crossover",
)
_EACH_SIDE = (
    "step_time",
    "stride_time",
    "ground_contact_time",
    "flight_time",
    "duty_factor",
    "step_length",
    "stride_length",
    "overstride",
    "shank_ic",
    "knee_flex_ic",
    "knee_flex_peak_stance",
    "knee_excursion",
    "knee_flex_peak_swing",
    "thigh_to",
    "hip_ext_to",
    "hip_flex_peak",
    "ankle_df_peak",
    "ankle_df_ic",
    "foot_ic",
    "trunk_lat",
    "elbow_flex",
    "arm_amp",
    "arm_cross",
    "contralateral_pelvic_drop",
    "peak_hip_adduction",
    "fppa",
    "knee_window",
)
_ASYMMETRY = tuple(
    f"asym_{name}"
    for name in [
        "step_time",
        "ground_contact_time",
        "flight_time",
        "step_length",
        "knee_flex_ic",
        "knee_flex_peak_stance",
        "shank_ic",
        "foot_ic",
        "contralateral_pelvic_drop",
        "peak_hip_adduction",
    ]
)
_DRIFT = tuple(
    f"drift_{name}"
    for name in [
        "cadence",
        "ground_contact_time",
        "vertical_oscillation",
        "trunk_lean",
        "knee_flex_ic",
    ]
)


def decline_reason(
    *,
    alternating_contacts: int,
    cadence_spm: float | None,
    duty_factor: float | None,
    pelvis_movement: float | None = None,
    time_scale: float = 1.0,
) -> str | None:
    """Say why a recording does not show running; None when it can be analysed.

    Parameters are those of `stridewise.activities.activity.Decline`. Grounded running (half of
    the stride or more on the ground at a running cadence) is not declined.
    """
    still = pelvis_movement is not None and pelvis_movement < _STILL_PELVIS_BELOW
    if alternating_contacts < _FEWEST_CONTACTS:
        seen = "; the hips hardly rise and fall, so the person seems to stand" if still else ""
        return (
            f"No running was found: {alternating_contacts} steps with alternating feet, and at "
            f"least {_FEWEST_CONTACTS} are needed{seen}"
        )
    if cadence_spm is None or not math.isfinite(cadence_spm):
        return "No running was found: the steps have no measurable rhythm"
    if still:
        return "No running was found: the feet move, but the hips hardly rise and fall"
    slowest, fastest = _WALKING_CADENCE_SPM
    grounded = duty_factor is not None and duty_factor >= LIMITS.duty_factor_below
    if duty_factor is not None and grounded and slowest <= cadence_spm < fastest:
        return (
            f"This looks like walking: {cadence_spm:.0f} steps/min, with each foot on the ground "
            f"for {100 * duty_factor:.0f} % of the stride and no flight phase"
        )
    lowest, highest = LIMITS.cadence_spm
    if time_scale != 1.0 and lowest / _STATED_BEYOND <= cadence_spm <= highest * _STATED_BEYOND:
        return None
    return cadence_doubt(cadence_spm, time_scale)


def cadence_doubt(cadence_spm: float, time_scale: float = 1.0) -> str | None:
    """Say how a cadence is outside what runners show, and which time scale to state."""
    lowest, highest = LIMITS.cadence_spm
    if lowest <= cadence_spm <= highest:
        return None
    range_ = f"{lowest:.0f} to {highest:.0f} steps/min"
    reason = f"A cadence of {cadence_spm:.3g} steps/min is outside what runners show ({range_})"
    factor = _time_factor(cadence_spm)
    if factor is None:
        return reason
    kind = "slow motion" if factor > 1 else "played too fast"
    return (
        f"{reason}. If the recording is {kind}, state it with --time-scale "
        f"{factor * time_scale:g}: the cadence is then {factor * cadence_spm:.0f} steps/min"
    )


def _time_factor(cadence_spm: float) -> float | None:
    """Return the usual time scale that brings a cadence nearest to that of most runners."""
    lowest, highest = LIMITS.cadence_spm
    factors = (*_TIME_SCALES, *(1 / factor for factor in _TIME_SCALES))
    fitting = [factor for factor in factors if lowest <= factor * cadence_spm <= highest]
    return min(
        fitting,
        key=lambda factor: abs(math.log(factor * cadence_spm / LIMITS.usual_cadence_spm)),
        default=None,
    )


RUNNING = Activity(
    name="running",
    title="Running",
    events=("initial_contact", "toe_off"),
    key_frames=("initial_contact", "mid_stance", "toe_off"),
    metrics=(*_BOTH, *_EACH_SIDE, *_ASYMMETRY, *_DRIFT),
    norms=files("stridewise.metrics") / "norms.toml",
    areas=RUNNING_AREAS,
    wording=RUNNING_WORDING,
    limits=LIMITS,
    decline_reason=decline_reason,
    cadence_doubt=cadence_doubt,
)
