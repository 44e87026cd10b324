"""A laboratory trial made up in a moment."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from stridewise.gait.motion import Event
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.skeletons import KEYPOINTS, SIDES
from training.gait_net.footage import Footage, footage
from training.lab import Trial


@pytest.fixture(scope="session")
def source() -> Footage:
    """Thirty seconds of the simulator's runner in the clothes of a laboratory trial."""
    it = simulate(Runner(seed=2), Camera(fps=150.0), Noise(), 30.0)
    legs = ("hip", "knee", "ankle", "heel", "big_toe", "small_toe")
    names = tuple(f"{side}_{part}" for part in legs for side in SIDES)
    time = it.truth.time
    events = tuple(Event(e.kind, e.side, e.time_s, 0.0) for e in it.truth.events)
    force = np.zeros(len(time))
    for side in SIDES:
        own = [e for e in events if e.side == side]
        for a, b in pairwise(own):
            if a.kind == "initial_contact":
                share = (time - a.time_s) / (b.time_s - a.time_s)
                force += np.where((share > 0) & (share < 1), 2.5 * np.sin(np.pi * share), 0.0)
    xyz = np.stack([it.truth.xyz[:, KEYPOINTS.index(name)] for name in names], axis=1)
    return footage(
        Trial(
            runner="00",
            speed_mps=3.0,
            leg_length_m=0.9,
            time=time,
            xyz=xyz,
            keypoints=names,
            events=events,
            vertical_force=force,
            fore_aft_force=0.1 * force,
            foot_strike=dict.fromkeys(SIDES, "unknown"),
        )
    )
