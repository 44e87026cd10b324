"""Train the gait network: `python -m training.gait_net.train --pool POOL.npz --out FOLDER`.

Without `--fold` on all runners; with `--fold K` without the runners of that fold.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import FEATURES, PATCH
from stridewise.gait.learned import WINDOW
from training.gait_net.folds import FOLDS, held_out
from training.gait_net.network import build, loss
from training.gait_net.pool import read


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the gait network.")
    parser.add_argument(
        "--pool", type=Path, nargs="+", required=True, help="from training.gait_net.pool"
    )
    parser.add_argument("--out", type=Path, required=True, help="file of the weights")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="leave out this fold")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--steps", type=int, help="instead of --minutes")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--memory", type=float, default=0.997, help="of the mean of the weights")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    features, targets = read(args.pool, held_out(args.fold))
    model = train(features, targets, args)
    part = args.out.with_name(f"part-{args.out.name}")
    model.save_weights(part)
    part.rename(args.out)


def train(
    features: NDArray[np.float16],
    targets: NDArray[np.float16],
    args: argparse.Namespace,
) -> keras.Model:
    """Train on scenes; the learning rate falls to nothing at the end."""
    keras.utils.set_random_seed(args.seed)
    model = build(args.width, args.dropout)
    optimizer = keras.optimizers.AdamW(
        args.rate, weight_decay=0.02, global_clipnorm=1.0, use_ema=True, ema_momentum=args.memory
    )
    model.compile(optimizer, loss)
    rng = np.random.default_rng(args.seed)
    started, step, running = time.monotonic(), 0, 0.0
    while True:
        elapsed = (time.monotonic() - started) / 60
        done = step / args.steps if args.steps else elapsed / args.minutes
        if done >= 1:
            break
        optimizer.learning_rate.assign(args.rate * _rate(done))
        value = model.train_on_batch(*batch(*draw(features, targets, args.batch, step, rng)))
        running = 0.98 * running + 0.02 * float(value) if step else float(value)
        step += 1
        if step % 200 == 0:
            print(f"step {step}, {elapsed:.1f} min, loss {running:.4f}", flush=True)
    optimizer.finalize_variable_values(model.trainable_variables)
    return model


def draw(
    features: NDArray[np.float16],
    targets: NDArray[np.float16],
    count: int,
    step: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Draw scenes; every fourth time as many frames in windows as short as those read live."""
    if step % 4 != 3:
        picked = rng.choice(len(features), count)
        return features[picked], targets[picked]
    length = min(WINDOW, features.shape[1])
    picked = rng.choice(len(features), max(count * features.shape[1] // length, 1))
    starts = PATCH * rng.integers((features.shape[1] - length) // PATCH + 1, size=len(picked))
    frames = starts[:, None] + np.arange(length)
    return features[picked[:, None], frames], targets[picked[:, None], frames]


def _rate(done: float) -> float:
    """Share of the full learning rate: up over the first twentieth, then down as a cosine."""
    return min(1.0, 0.02 + done / 0.05) * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))


def batch(features: Any, targets: Any = None) -> Any:
    """Join frames into steps; return (inputs, targets), or the inputs alone."""
    features = np.asarray(features, dtype=np.float32)
    count, frames = features.shape[:2]
    steps = frames // PATCH
    joined = features.reshape(count, steps, PATCH * FEATURES)
    inputs = [joined, shown(features).reshape(count, steps, PATCH).max(axis=2, keepdims=True)]
    if targets is None:
        return inputs
    return inputs, np.asarray(targets, dtype=np.float32).reshape(count, steps, -1)


def shown(features: Any) -> Any:
    """Return 1 for frames in which any point is present, shape (..., frames)."""
    from stridewise.gait.encoding import INPUT_POINTS

    points = len(INPUT_POINTS)
    return (features[..., 2 * points : 3 * points].max(axis=-1) > 0).astype(np.float32)


if __name__ == "__main__":
    main()
