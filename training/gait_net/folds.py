"""Who is left out when: cross-validation by person."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from stridewise.gait import foot_path
from stridewise.gait.combined import CombinedModel
from stridewise.gait.fusion import load_tables
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.learned import Network

FOLDS = 4
#: Runners of the laboratory set, dealt out to the folds in turn.
RUNNERS = (
    *("01", "03", "04", "08", "10", "11", "12", "13", "14", "15"),
    *("16", "17", "19", "21", "22", "23", "25", "26", "27"),
)
#: What was learnt without the runners of a fold: network, contact rules, paths of feet.
NETWORKS = "training/gait_net/folds"
_ROOT = Path(__file__).parents[2]


def held_out(fold: int | None) -> tuple[str, ...]:
    """Return the runners that a fold leaves out; none without a fold."""
    return () if fold is None else RUNNERS[fold::FOLDS]


def fold_of(runner: str) -> int | None:
    """Return the fold that leaves a runner out; None for people who are in no fold."""
    return RUNNERS.index(runner) % FOLDS if runner in RUNNERS else None


def part(fold: int, name: str) -> Path:
    """Return where a part of what was learnt without a fold lies; "contacts.json", "paths.npz"."""
    return _ROOT / NETWORKS / f"fold{fold}_{name}"


@cache
def held_out_model(fold: int | None) -> CombinedModel:
    """Return the gait model with nothing in it from the runners of a fold; what ships for None."""
    if fold is None:
        return CombinedModel()
    return CombinedModel(
        Network(_ROOT / NETWORKS / f"fold{fold}.onnx"),
        GeometricModel(load_tables(part(fold, "contacts.json"))),
        foot_path.load(part(fold, "paths.npz")),
    )


def held_out_networks(runners: Collection[str]) -> dict[str, Path | None]:
    """Return, per runner, the network that was trained without them; None for other people."""
    return {
        runner: None if (fold := fold_of(runner)) is None else _ROOT / NETWORKS / f"fold{fold}.onnx"
        for runner in sorted(runners)
    }
