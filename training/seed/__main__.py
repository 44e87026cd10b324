"""Train the seed's network and ours on its task: `python -m training.seed`.

Ten networks of each, on the first 1,000 rows of the MPII table, on all of them (70/30), and on the
rows of runners by cross-validation. `--document` writes docs/seed.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.seed.networks import RECIPES, Recipe, predict
from training.seed.rows import Rows, folds, read, split, table

SEEDS = 10
FIRST, PARTS = 1000, 5
MEASURES = ("accuracy", "precision", "recall")
DOCUMENT = Path(__file__).parents[2] / "docs" / "seed.md"
_ABOUT = (
    "# The seed's task",
    "",
    "Written by `python3 run training training.seed --document`.",
    "",
    "This project grew from a small Keras network that reads seven numbers of a photograph in the",
    "MPII Human Pose table (sideways pixel positions of ankles, knees and hips, and the scale) and",
    'says whether the pose "needs improvement". **Its label is whether the knees lie more than 100',
    "pixels apart sideways.** That is a distance in a picture. It depends on how large the person",
    "is in it, most of the people do not run, and a joint that cannot be seen counts as lying at",
    "-1. A high score here says nothing about running form; for that see",
    "[form_accuracy.md](form_accuracy.md).",
    "",
    "*Seed*: seven standardised inputs, Dense 64-128-64-1, Adam 1e-3, 50 epochs, batches of 32.",
    "*Ours*: the same rows, numbers and split; it sees them as sideways distances between all",
    "joints, Dense 32-1 with an L1 penalty, Adam with a falling rate. The label is one of these",
    "distances against a threshold, so what is left to learn is which, and where the threshold",
    "lies; a network that sees places must also learn to subtract. Mean ± standard deviation over",
    "ten networks each, in per cent.",
    "",
)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The seed's network and ours on its task.")
    parser.add_argument("--data", type=Path, help="the MPII table as CSV")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--document", action="store_true", help="write docs/seed.md")
    args = parser.parse_args(argv)
    lines = report(read(args.data or table()), args.seeds)
    if args.document:
        DOCUMENT.write_text("\n".join([*_ABOUT, *lines]) + "\n", encoding="utf-8")


def report(rows: Rows, seeds: int) -> list[str]:
    """Train and test all; return a table, one line each."""
    first = Rows(rows.x[:FIRST], rows.running[:FIRST])
    runners = Rows(rows.x[rows.running], rows.running[rows.running])
    lines = ["| rows | network | accuracy | precision | recall |", "|---|---|---|---|---|"]
    print("\n".join(lines))
    tasks: list[tuple[str, Rows, Callable[[Rows, Recipe, int], NDArray[np.bool_]]]] = [
        (f"first {len(first.x):,}, 70/30", first, _held_out),
        (f"all {len(rows.x):,}, 70/30", rows, _held_out),
        (f"{len(runners.x)} of runners, {PARTS} folds", runners, _crossed),
    ]
    for title, some, say in tasks:
        for name, recipe in RECIPES.items():
            found = []
            for seed in range(seeds):
                said = say(some, recipe, seed)
                true = some.label[split(len(some.x))[1]] if say is _held_out else some.label
                found.append(score(said, true))
            cells = [_cell([f[m] for f in found]) for m in MEASURES]
            lines.append(f"| {title} | {name} | {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    return lines


def _held_out(rows: Rows, recipe: Recipe, seed: int) -> NDArray[np.bool_]:
    train, test = split(len(rows.x))
    return predict(recipe, rows.x[train], rows.label[train], rows.x[test], seed)


def _crossed(rows: Rows, recipe: Recipe, seed: int) -> NDArray[np.bool_]:
    said = np.zeros(len(rows.x), dtype=bool)
    for train, test in folds(len(rows.x), PARTS, seed):
        said[test] = predict(recipe, rows.x[train], rows.label[train], rows.x[test], seed)
    return said


def score(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> dict[str, float]:
    """Return accuracy, precision and recall as shares; NaN where nothing was said or true."""
    hit = int((said & true).sum())
    return {
        "accuracy": float((said == true).mean()),
        "precision": hit / int(said.sum()) if said.any() else float("nan"),
        "recall": hit / int(true.sum()) if true.any() else float("nan"),
    }


def _cell(values: Sequence[float]) -> str:
    return f"{100 * np.mean(values):.1f} ± {100 * np.std(values):.1f}"


if __name__ == "__main__":
    main()
