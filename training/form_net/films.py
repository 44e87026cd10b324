"""Film real, unmodified strides for the evaluation: `python -m training.form_net.films OUT.npz`.

Every trial of the laboratory from the side, from behind and from anywhere, at 60 frames per second
with keypoint noise of 0.5 % of the leg length, the speed stated. Read by the gait network that was
trained without the runner, with foot paths learnt without them, and by the geometric model.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.form.findings import find
from stridewise.form.variables import STRIDE_AREAS
from stridewise.gait.geometric import GeometricModel
from stridewise.metrics import Measured, compute
from stridewise.simulate import Camera, Noise
from training.form_net.bodies import real, truth
from training.form_net.pool import Filmed, film, gait_fold, gait_model, partners, read, strides
from training.gait_net.footage import footage
from training.lab import Trial, trials

Array = NDArray[np.float64]

VIEWS = ("side", "back", "any")
_NOISE, _FPS, _STATED_SD = 0.005, 60.0, 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description="Film real strides for the evaluation.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only every so many trials")
    args = parser.parse_args()
    parts: list[dict[str, Array]] = []
    for i, trial in enumerate(trials()[:: args.every]):
        for view in VIEWS:
            parts.append(_filmed(trial, view, i))
        print(f"{i + 1} trials", flush=True)
    np.savez(args.out, **{name: np.concatenate([p[name] for p in parts]) for name in parts[0]})


def _filmed(trial: Trial, view: str, number: int) -> dict[str, Array]:
    """Return the strides of one trial from one view: what is seen, true and ruled."""
    seed = 100 * number + VIEWS.index(view)
    rng = np.random.default_rng([5, seed])
    dressed = real(footage(trial), rng)
    yaw = {
        "side": 0.0 if number % 2 else 180.0,
        "back": -90.0,
        "any": float(rng.uniform(-180, 180)),
    }[view]
    speed = Measured(trial.speed_mps, _STATED_SD * trial.speed_mps, "stated")
    raw, recording = film(dressed, Camera(yaw_deg=yaw, fps=_FPS), Noise(white=_NOISE), seed)
    filmed = read(raw, recording, gait_model(gait_fold(trial, rng), trial.runner), speed)
    found = {name: v.astype(np.float32) for name, v in strides(filmed, dressed).items()}
    exact = truth(dressed).steps
    plain = read(raw, recording, GeometricModel(), speed)
    # Both models' strides meet in the true ones.
    theirs = partners(plain.steps, np.arange(len(plain.steps)), exact)
    true = found.pop("true").astype(int)
    for name, value in (
        ("geometry", plain.variables.past),
        ("geometry_doubt", plain.variables.doubt),
    ):
        of_true = np.full((len(exact), value.shape[1]), np.nan, dtype=np.float32)
        of_true[theirs[theirs >= 0]] = value[theirs >= 0]
        found[name] = of_true[true]
    found["finding"] = findings(filmed, found["right"] > 0.5)
    count = len(found["past"])
    return found | {
        "runner": np.full(count, trial.runner),
        "kind": np.full(count, "real"),
        "view": np.full(count, view),
        "recording": np.full(count, seed),
    }


def findings(filmed: Filmed, right: NDArray[np.bool_]) -> Array:
    """Return how probable findings call the areas of the recording, for each of some strides.

    Returns
    -------
    ndarray, shape (strides, areas)
        Of the stride's side, or of the runner; NaN where an area is not judged.
    """
    judged = {(j.area, j.side): j.probabilities[0] for j in find(compute(filmed.data)).judged}
    found = np.full((len(right), len(STRIDE_AREAS)), np.nan, dtype=np.float32)
    for i, area in enumerate(STRIDE_AREAS):
        for side, mine in (("left", ~right), ("right", right), ("both", right | ~right)):
            if (area, side) in judged:
                found[mine, i] = judged[area, side]
    return found


if __name__ == "__main__":
    main()
