"""What is true of a simulated run: angles, events and metrics, from the points in space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.motion import Event
from stridewise.simulate.camera import Camera
from stridewise.simulate.measure import Step, measure, summarise
from stridewise.simulate.run import Run
from stridewise.simulate.runner import Runner
from stridewise.simulate.signals import leg_length, signals
from stridewise.skeletons import Side

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """Everything that is exactly known about a simulated recording.

    Parameters
    ----------
    runner, camera : Runner, Camera
        Who ran and who watched.
    leg_length_m : float
        Thigh, shank and ankle height together; the unit `L` of lengths.
    events : tuple of Event
        Exact instants.
    time : ndarray, shape (frames,)
        True instants of the recording's frames, in seconds.
    xyz : ndarray, shape (frames, 26, 3)
        Metres: x forward, y up, z to the runner's right, in the order of
        `stridewise.skeletons.KEYPOINTS`.
    signals : mapping of (str, side or None) to ndarray, shape (frames,)
        Angles in degrees and positions in leg lengths, as in `stridewise.gait.motion.Motion`.
    steps : tuple of Step
        All whole steps, in order.
    metrics : mapping of str to mapping of side to float
        Means over the steps, by the names, units and sides of the metric catalogue.
    """

    runner: Runner
    camera: Camera
    leg_length_m: float
    events: tuple[Event, ...]
    time: Array
    xyz: Array
    signals: Mapping[tuple[str, Side | None], Array]
    steps: tuple[Step, ...]
    metrics: Mapping[str, Mapping[str, float]]


def tell(runner: Runner, run: Run, camera: Camera, time: Array, duration_s: float) -> Truth:
    """Work out the truth about a run seen at these instants.

    Parameters
    ----------
    runner, run : Runner, Run
        Who, and in motion.
    camera : Camera
        Only kept.
    time : ndarray, shape (frames,)
        Instants of the frames.
    duration_s : float
        Events and steps from 0 to here are told.
    """
    events = run.events(0.0, duration_s)
    steps = measure(run, events)
    xyz = run.points(time)
    length = leg_length(run)
    return Truth(
        runner=runner,
        camera=camera,
        leg_length_m=length,
        events=events,
        time=time,
        xyz=xyz,
        signals=signals(run, xyz),
        steps=steps,
        metrics=summarise(steps, runner.speed_mps, runner.mass_kg, runner.height_m),
    )
