"""From runner, camera and noise to a recording and its truth; and to files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.simulate.camera import Camera
from stridewise.simulate.estimator import Fingerprint, imitate
from stridewise.simulate.noise import Noise, degrade, kept_frames
from stridewise.simulate.run import Run
from stridewise.simulate.runner import Runner
from stridewise.simulate.truth import Truth, tell
from stridewise.skeletons import KEYPOINTS

Array = NDArray[np.float64]

#: Format of the truth file.
SCHEMA = "stridewise.truth/1"
#: Strides are known for so long before and after the recording, in seconds.
_AROUND_S = 1.5


@dataclass(frozen=True)
class Simulation:
    """A recording as an estimator would have written it, and what is true."""

    recording: Recording
    truth: Truth


def simulate(
    runner: Runner, camera: Camera, noise: Noise | Fingerprint, duration_s: float
) -> Simulation:
    """Let a runner run past a camera.

    Parameters
    ----------
    runner : Runner
        Who runs; its seed also draws the noise.
    camera : Camera
        Who watches. Points outside the image are missing.
    noise : Noise or Fingerprint
        What the estimator does to the points: made up, or what a real one does
        (`stridewise.simulate.estimator.fingerprint`).
    duration_s : float
        Length of the recording, 1 s or more.

    Raises
    ------
    InputError
        When the duration is out of range, or the errors of the estimator are not known for such a
        view.
    """
    if not 1.0 <= duration_s <= 3600.0:
        raise InputError(
            "The duration is out of range", expected="1 to 3600 seconds", received=duration_s
        )
    rng = np.random.default_rng([runner.seed, 2])
    time = np.arange(round(duration_s * camera.fps)) / camera.fps
    if isinstance(noise, Noise):
        time = time[kept_frames(len(time), noise, rng)]
    run = runner.run(duration_s)
    truth = tell(runner, run, camera, time, duration_s)
    recording = Recording(
        xy=_seen(truth.xyz, camera, _target(run, time)),
        confidence=np.ones((len(time), len(KEYPOINTS))),
        time=time,
        keypoints=KEYPOINTS,
        image_size=camera.image_size,
        source=f"Simulated runner, {runner.speed_mps:g} metres a second, seed {runner.seed}",
        format="simulated",
        notes=("Made by the runner simulator of stridewise; not a measurement.",),
    )
    scale = truth.leg_length_m * camera.focal_px / camera.distance_m
    if isinstance(noise, Noise):
        degraded = degrade(recording, replace(noise, dropped_frames=0.0), scale, rng)
    else:
        events = run.events(-_AROUND_S, duration_s + _AROUND_S)
        degraded = imitate(recording, noise, events, camera.yaw_deg, scale, rng)
        degraded = degraded.with_(source=f"{recording.source}, seen by {noise.name}")
    return Simulation(degraded, truth)


def _target(run: Run, time: Array) -> Array:
    """Where the camera looks: the belt, or a point that travels evenly with the runner."""
    target = np.zeros((len(time), 3))
    if run.travels:
        target[:, 0] = run.speed * time
    return target


def _seen(xyz: Array, camera: Camera, target: Array) -> Array:
    xy = camera.project(xyz, target)
    width, height = camera.image_size
    x, y = xy[..., 0], xy[..., 1]
    inside = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
    return np.where(inside[..., None], xy, np.nan)


def write(simulation: Simulation, path: str | Path) -> Path:
    """Write the recording as generic CSV and the truth next to it.

    Parameters
    ----------
    simulation : Simulation
        What to write.
    path : str or Path
        Of the CSV file.

    Returns
    -------
    Path
        Of the truth file, `<stem>.truth.json`.

    Raises
    ------
    InputError
        When a file cannot be written.
    """
    from stridewise.readers.csv import write_csv

    path = Path(path)
    truth_path = path.with_name(f"{path.stem}.truth.json")
    seen = simulation.recording
    # A hundredth of a pixel is far below any estimator's noise, and the file is a third the size.
    rounded = seen.with_(xy=seen.xy.round(2), confidence=seen.confidence.round(3))
    write_csv(rounded.with_(time=seen.time.round(6)), path)
    try:
        truth_path.write_text(json.dumps(_told(simulation.truth), allow_nan=False) + "\n")
    except OSError as error:
        raise InputError(
            f"The truth file {truth_path} cannot be written: {error.strerror}"
        ) from error
    return truth_path


def _told(truth: Truth) -> dict[str, Any]:
    """Truth as plain values: signals by `name` or `name_side`, rounded to five decimals."""
    return {
        "schema": SCHEMA,
        "note": "Exact truth of a simulated runner; metres, degrees, seconds, leg lengths (L).",
        "runner": asdict(truth.runner),
        "camera": asdict(truth.camera),
        "leg_length_m": truth.leg_length_m,
        "events": [
            {"kind": e.kind, "side": e.side, "time_s": round(e.time_s, 6)} for e in truth.events
        ],
        "metrics": truth.metrics,
        "steps": [asdict(step) for step in truth.steps],
        "time_s": truth.time.round(6).tolist(),
        "keypoints": list(KEYPOINTS),
        "xyz_m": truth.xyz.round(5).tolist(),
        "signals": {
            name if side is None else f"{name}_{side}": value.round(5).tolist()
            for (name, side), value in truth.signals.items()
        },
    }
