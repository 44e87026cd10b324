"""Named faults: each a smooth change of the right curves at the right phase.

Strength 1 takes a typical runner about to the moderate or marked class of the improvement area of
the same name; half is mild; strengths add up. What a fault does to the rest of the body follows
from the floor (see `stridewise.simulate.run`): a runner told to overstride also leaves the ground
earlier behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.simulate.curves import MID_STANCE, bump
from stridewise.simulate.person import Person
from stridewise.skeletons import SIDES

Array = NDArray[np.float64]


def apply(person: Person, faults: Mapping[str, float]) -> None:
    """Change a person in place.

    Parameters
    ----------
    person : Person
        Freshly drawn.
    faults : mapping of str to float
        Name to strength, 0 (none) to about 1.5.

    Raises
    ------
    InputError
        For a name that does not exist or a strength out of range.
    """
    for name, strength in faults.items():
        if name not in FAULTS:
            raise InputError(
                f"There is no fault called {name}",
                expected=f"one of {', '.join(FAULTS)}",
            )
        if not 0 <= strength <= 2:
            raise InputError(
                f"The strength of {name} is out of range",
                expected="a number from 0 to 2 (1 is marked)",
                received=strength,
            )
        FAULTS[name](person, strength)


def _bend_knee(person: Person, degrees: Mapping[str, float]) -> None:
    """Bend the knee in mid-stance, thigh and shank alike."""
    for side in SIDES:
        change = degrees[side] / 2 * bump(MID_STANCE, 0.1)
        person.curves["thigh", side] += change
        person.curves["shank", side] -= change


def _alternate(phase: float, width: float) -> Array:
    """Return a midline curve that is + in right stance and - in left stance."""
    return bump(phase, width) - bump(phase + 0.5, width)


def _low_cadence(person: Person, k: float) -> None:
    person.cadence *= 1 - 0.10 * k
    for side in SIDES:
        person.duty[side] *= 1 - 0.07 * k


def _overstride(person: Person, k: float) -> None:
    for side in SIDES:
        for segment in ("thigh", "shank"):
            person.curves[segment, side] += 4.0 * k * bump(0.12, 0.2)
        person.duty[side] *= 1 + 0.06 * k


def _high_bounce(person: Person, k: float) -> None:
    for side in SIDES:
        person.duty[side] *= 1 - 0.16 * k


def _stiff_landing(person: Person, k: float) -> None:
    _bend_knee(person, dict.fromkeys(SIDES, -25 * k))
    for side in SIDES:
        person.curves["shank", side] += 1.0 * k * bump(0.0, 0.05)
        person.duty[side] *= 1 - 0.06 * k


def _deep_stance_knee(person: Person, k: float) -> None:
    _bend_knee(person, dict.fromkeys(SIDES, 9 * k))


def _steep_foot(person: Person, k: float) -> None:
    for side in SIDES:
        person.curves["foot", side] += 9 * k * bump(0.0, 0.06)


def _excess_lean(person: Person, k: float) -> None:
    person.curves["trunk_lean", None][0] += 10 * k


def _upright_back(person: Person, k: float) -> None:
    person.curves["trunk_lean", None][0] -= 9 * k


def _pelvic_drop(person: Person, k: float) -> None:
    person.curves["obliquity", None] += 6 * k * _alternate(0.14, 0.08)


def _hip_adduction(person: Person, k: float) -> None:
    person.curves["obliquity", None] += 4 * k * _alternate(0.14, 0.08)
    for side in SIDES:
        person.curves["thigh_out", side] -= 8 * k * bump(0.14, 0.14)
        person.curves["shank_out", side] -= 1 * k * bump(0.14, 0.14)


def _knee_collapse(person: Person, k: float) -> None:
    for side in SIDES:
        person.curves["thigh_out", side] -= 8 * k * bump(0.17, 0.08)
        person.curves["shank_out", side] += 8 * k * bump(0.17, 0.08)


def _narrow_crossover(person: Person, k: float) -> None:
    for side in SIDES:
        for segment in ("thigh_out", "shank_out"):
            person.curves[segment, side] -= 2.5 * k * bump(0.15, 0.2)


def _trunk_sway(person: Person, k: float) -> None:
    person.curves["trunk_lateral", None] += 8 * k * _alternate(0.17, 0.12)


def _arm_action(person: Person, k: float) -> None:
    # The arm swings forward while the other leg is ahead, in the middle of its own side's stride.
    for side in SIDES:
        person.curves["upper_arm_out", side] -= 34 * k * bump(0.42, 0.15)
        person.curves["forearm_out", side] -= 40 * k * bump(0.42, 0.15)


def _asymmetry(person: Person, k: float) -> None:
    """Favour the left leg: short, stiff stances on it and a late contact."""
    person.duty["right"] *= 1 + 0.08 * k
    person.duty["left"] *= 1 - 0.08 * k
    person.step_shift += 0.06 * k
    _bend_knee(person, {"right": 5 * k, "left": -5 * k})


#: Name to what it does.
FAULTS: Mapping[str, Callable[[Person, float], None]] = {
    "low_cadence": _low_cadence,
    "overstride": _overstride,
    "high_bounce": _high_bounce,
    "stiff_landing": _stiff_landing,
    "deep_stance_knee": _deep_stance_knee,
    "steep_foot": _steep_foot,
    "excess_lean": _excess_lean,
    "upright_back": _upright_back,
    "pelvic_drop": _pelvic_drop,
    "hip_adduction": _hip_adduction,
    "knee_collapse": _knee_collapse,
    "narrow_crossover": _narrow_crossover,
    "trunk_sway": _trunk_sway,
    "arm_action": _arm_action,
    "asymmetry": _asymmetry,
}
