"""A statistical runner with exactly known truth, seen by any camera through an estimator's noise.

>>> from stridewise.simulate import Camera, Noise, Runner, simulate
>>> simulation = simulate(Runner(faults={"overstride": 1.0}), Camera(), Noise(white=0.005), 10.0)
>>> simulation.recording.frames
600
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stridewise.simulate.camera import Camera
    from stridewise.simulate.estimator import Fingerprint, fingerprint, imitate
    from stridewise.simulate.faults import FAULTS
    from stridewise.simulate.noise import LEVELS, Noise, degrade
    from stridewise.simulate.runner import Runner
    from stridewise.simulate.simulation import Simulation, simulate, write
    from stridewise.simulate.truth import Truth

__all__ = [
    "FAULTS",
    "LEVELS",
    "Camera",
    "Fingerprint",
    "Noise",
    "Runner",
    "Simulation",
    "Truth",
    "degrade",
    "fingerprint",
    "imitate",
    "simulate",
    "write",
]

#: Where each public name lives; loaded on first use, so that the command line answers at once.
_HOME = {
    "Camera": "camera",
    "FAULTS": "faults",
    "Fingerprint": "estimator",
    "LEVELS": "noise",
    "Noise": "noise",
    "Runner": "runner",
    "Simulation": "simulation",
    "Truth": "truth",
    "degrade": "noise",
    "fingerprint": "estimator",
    "imitate": "estimator",
    "simulate": "simulation",
    "write": "simulation",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
