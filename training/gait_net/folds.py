"""Who is left out when: cross-validation by person."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

FOLDS = 4
#: Runners of the laboratory set, dealt out to the folds in turn.
RUNNERS = (
    *("01", "03", "04", "08", "10", "11", "12", "13", "14", "15"),
    *("16", "17", "19", "21", "22", "23", "25", "26", "27"),
)
#: Networks that were trained without the runners of a fold.
NETWORKS = "training/gait_net/folds"
_ROOT = Path(__file__).parents[2]


def held_out(fold: int | None) -> tuple[str, ...]:
    """Return the runners that a fold leaves out; none without a fold."""
    return () if fold is None else RUNNERS[fold::FOLDS]


def held_out_networks(runners: Collection[str]) -> dict[str, Path | None]:
    """Return, per runner, the network that was trained without them; None for other people."""
    return {
        runner: _ROOT / NETWORKS / f"fold{RUNNERS.index(runner) % FOLDS}.onnx"
        if runner in RUNNERS
        else None
        for runner in sorted(runners)
    }
