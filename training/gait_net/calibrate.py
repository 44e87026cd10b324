"""Measure the networks on runners they never saw: `python -m training.gait_net.calibrate FOLDER`.

The folder holds fold0.onnx and so on, each trained without the runners of its fold. Writes the
calibration beside each: how much larger the errors are than the network thinks, what share of them
lasts throughout a recording, and what the network leaves out of the ground force. It is learnt from
the other folds only, so that what is reported about a fold's runners was not tuned on them.
`--ship` writes that of all folds for the shipped network.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import learned
from stridewise.gait.encoding import OUTPUTS
from stridewise.repair.clean import clean
from stridewise.simulate.camera import Camera
from stridewise.simulate.noise import Noise
from training import foot_path
from training.gait_net import force
from training.gait_net.folds import FOLDS, held_out
from training.gait_net.footage import footage
from training.gait_net.scene import draw_setting, film
from training.lab import Trial, seen, trials

Array = NDArray[np.float64]

NAME = "network/1"
#: Scenes filmed of each trial, and recordings of whole trials.
SCENES, FILMS = 12, 4
_KINDS = ("initial_contact", "toe_off")
_TRAINED_ON = (
    "19 treadmill runners, 2.5 to 4.5 m/s, 3D markers and force plate (Fukuchi, Fukuchi & Duarte "
    "2017, figshare 4543435, CC BY 4.0); trunk and arms drawn from the statistics of two people"
)


@dataclass
class Errors:
    """What a network got wrong on runners that it never saw.

    Parameters
    ----------
    pulls : mapping of str to list of float
        Errors over the standard deviation the network gave.
    lasting, whole : mapping of str to list of float
        Squared mean error of each scene, and mean squared error.
    """

    pulls: dict[str, list[float]] = field(default_factory=dict)
    lasting: dict[str, list[float]] = field(default_factory=dict)
    whole: dict[str, list[float]] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibrate the gait networks.")
    parser.add_argument("folder", type=Path, help="with fold0.onnx and so on")
    parser.add_argument("--ship", type=Path, help="also write the shipped calibration here")
    args = parser.parse_args()
    data = trials()
    paths = foot_path.held_out({trial.runner for trial in data})
    found, left = [], []
    for fold in range(FOLDS):
        path = args.folder / f"fold{fold}.onnx"
        _write(path.with_suffix(".json"), {}, {}, {})
        out = held_out(fold)
        network, theirs = learned.Network(path), [t for t in data if t.runner in out]
        found.append(measure(network, theirs, fold))
        left.append(list(force.gather(network, theirs, paths, np.random.default_rng(fold))))
        print(f"fold {fold}: {len(out)} runners", flush=True)
    for fold in range(FOLDS):
        others = [errors for k, errors in enumerate(found) if k != fold]
        lacking = [each for k, lefts in enumerate(left) if k != fold for each in lefts]
        _write((args.folder / f"fold{fold}.json"), *calibration(others), force.fit(lacking))
    if args.ship:
        _write(
            args.ship, *calibration(found), force.fit([each for lefts in left for each in lefts])
        )


def measure(network: learned.Network, data: Sequence[Trial], seed: int) -> Errors:
    """Let a network read trials through drawn cameras."""
    rng = np.random.default_rng(seed)
    errors = Errors()
    for trial in data:
        source = footage(trial)
        for _ in range(SCENES):
            features, wanted = film(source, draw_setting(rng), rng, complete=True)
            _add_scene(errors, network.says(features)[0], wanted)
        for _ in range(FILMS):
            _add_events(errors, network, trial, rng)
    return errors


def _add_scene(errors: Errors, said: Array, wanted: Array) -> None:
    inside = slice(30, -30)
    for i, (name, _) in enumerate(OUTPUTS):
        if name in _KINDS:
            continue
        wrong = (said[inside, i] - wanted[inside, i])[np.isfinite(wanted[inside, i])]
        if not len(wrong):
            continue
        sd = np.exp(np.clip(said[inside, len(OUTPUTS) + i], -5.0, 2.0))
        pull = (wrong / sd[np.isfinite(wanted[inside, i])])[::5]
        errors.pulls.setdefault(name, []).extend(np.abs(pull).tolist())
        errors.lasting.setdefault(name, []).append(float(np.mean(wrong)) ** 2)
        errors.whole.setdefault(name, []).append(float(np.mean(wrong**2)))


def _add_events(
    errors: Errors, network: learned.Network, trial: Trial, rng: np.random.Generator
) -> None:
    setting = draw_setting(rng)
    camera = Camera(
        yaw_deg=setting.camera.yaw_deg,
        distance_m=setting.camera.distance_m,
        height_m=setting.camera.height_m,
        fps=setting.camera.fps,
    )
    noise = Noise(white=setting.white, slow=setting.slow)
    recording, _ = clean(seen(trial, camera, noise, int(rng.integers(1 << 31))))
    for event in learned.events(learned.read(network, recording)):
        true = np.array(
            [e.time_s for e in trial.events if (e.kind, e.side) == (event.kind, event.side)]
        )
        wrong = event.time_s - true[np.abs(true - event.time_s).argmin()]
        if abs(wrong) < 0.1:
            errors.pulls.setdefault(event.kind, []).append(abs(wrong) / event.sd_s)


def calibration(found: Sequence[Errors]) -> tuple[dict[str, float], dict[str, float]]:
    """Return by how much to widen each standard deviation, and the lasting share of variance."""
    names = sorted({name for errors in found for name in errors.pulls})
    inflate = {
        name: float(np.quantile(_joined(found, "pulls", name), 0.95)) / 1.96 for name in names
    }
    share = {
        name: float(
            np.clip(
                np.mean(_joined(found, "lasting", name)) / np.mean(_joined(found, "whole", name)),
                0.05,
                0.95,
            )
        )
        for name in names
        if name not in _KINDS
    }
    return inflate, share


def _joined(found: Sequence[Errors], which: str, name: str) -> list[float]:
    return [value for errors in found for value in getattr(errors, which).get(name, [])]


def _write(
    path: Path,
    inflate: Mapping[str, float],
    share: Mapping[str, float],
    left_out: Mapping[str, Any],
) -> None:
    contents: dict[str, Any] = {
        "name": NAME,
        "trained_on": _TRAINED_ON,
        "inflate": {name: round(value, 3) for name, value in inflate.items()},
        "bias_share": {name: round(value, 3) for name, value in share.items()},
        "force": left_out,
    }
    # A list of numbers a line.
    text = re.sub(
        r"\[([^\[\]{}]*)\]",
        lambda row: "[" + " ".join(row[1].split()) + "]",
        json.dumps(contents, indent=1),
    )
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
