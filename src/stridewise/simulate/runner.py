"""Who runs: the plain facts from which a run is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from stridewise.context import Surface
from stridewise.errors import InputError
from stridewise.simulate.faults import apply
from stridewise.simulate.person import draw
from stridewise.simulate.run import Run


@dataclass(frozen=True)
class Runner:
    """A runner to be simulated.

    The legs follow 19 laboratory runners on a treadmill at 2.5, 3.5 and 4.5 m/s (other speeds are
    extrapolated); only two people stand behind trunk and arms. Running overground moves the body
    along, it does not change the curves.

    Parameters
    ----------
    speed_mps : float
        2 to 5.5.
    height_m, mass_kg : float
        Of the body; mass only matters for stiffness.
    cadence : float, optional
        Steps per minute, kept exactly; drawn when absent.
    seed : int
        Same seed, same runner and same steps.
    faults : mapping of str to float
        Name to strength; see `stridewise.simulate.faults`.
    variation : float
        Step-to-step variation: 0 none, 1 as measured.
    individual : float
        How unlike the typical runner: 0 the typical one, 1 as runners differ.
    surface : {"treadmill", "overground"}
        Overground the runner travels along x.

    Raises
    ------
    InputError
        For values that no runner has.
    """

    speed_mps: float = 3.0
    height_m: float = 1.75
    mass_kg: float = 70.0
    cadence: float | None = None
    seed: int = 0
    faults: Mapping[str, float] = field(default_factory=dict)
    variation: float = 1.0
    individual: float = 1.0
    surface: Surface = "treadmill"

    def __post_init__(self) -> None:
        limits = {
            "speed_mps": (2.0, 5.5),
            "height_m": (1.4, 2.1),
            "mass_kg": (30.0, 200.0),
            "cadence": (130.0, 220.0),
            "variation": (0.0, 2.0),
            "individual": (0.0, 1.5),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InputError(
                    f"The runner's {name} is out of range",
                    expected=f"{low:g} to {high:g}",
                    received=value,
                )
        if self.surface not in ("treadmill", "overground"):
            raise InputError(
                "Unknown surface", expected="treadmill or overground", received=self.surface
            )
        if self.cadence is not None and self.faults.get("low_cadence"):
            raise InputError(
                "The cadence is given, so the fault low_cadence has nothing to change",
                hint="Leave one of the two out",
            )

    def run(self, duration_s: float) -> Run:
        """Return this runner in motion from 0 to `duration_s`."""
        who, steps = (np.random.default_rng([self.seed, part]) for part in (0, 1))
        person = draw(self.speed_mps, self.height_m, self.cadence, self.individual, who)
        apply(person, self.faults)
        travels = self.surface == "overground"
        return Run(
            person, self.speed_mps, self.height_m, duration_s, self.variation, travels, steps
        )
