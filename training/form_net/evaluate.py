"""Measure the stride network on people left out, and train the one that ships.

`python -m training.form_net.evaluate POOL.npz FILMS.npz --document --ship src/stridewise/form`

Four networks for each kind of input, each trained without a quarter of the runners, say what they
think of these runners' real, unmodified strides. Beside them stand the rules of `areas.toml`, on
the geometric model's variables and on those of the default gait model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.form.areas import load_areas
from stridewise.form.variables import STRIDE_AREAS, margins
from training.form_net.fit import SKIP, Inputs, say, train
from training.form_net.network import LOGISTIC
from training.form_net.scores import (
    accuracy,
    average_precision,
    calibration_error,
    interval,
    platt,
    precision,
    recall,
)
from training.gait_net.folds import FOLDS, held_out

Array = NDArray[np.float64]

NAME = "form/1"
#: Fewest true strides for an area to be reported.
FEWEST = 30
#: A finding is raised from here on.
RAISE = 0.8
VIEWS = {"side": "from the side", "back": "from behind", "any": "from any angle"}
#: Areas of the trunk: the laboratory saw none, so trunks are drawn.
DRAWN = ("excess_lean", "upright_back", "trunk_sway")
DOCUMENT = Path(__file__).parents[2] / "docs" / "form_accuracy.md"
_INPUTS = {"gait": "gait model's curves", "keypoints": "keypoints"}
_TRAINED_ON = (
    "strides of 19 treadmill runners at 2.5 to 4.5 m/s (Fukuchi, Fukuchi & Duarte 2017, figshare "
    "4543435, CC BY 4.0), as they were and changed, and of simulated runners with faults, through "
    "simulated cameras"
)


@dataclass(frozen=True, eq=False)
class Opinion:
    """What one way of judging says about all filmed strides.

    Parameters
    ----------
    name : str
    probability : ndarray, shape (strides, areas)
        Of being past the first cut-off; for rules 0 or 1, NaN where they cannot judge.
    score : ndarray, shape (strides, areas)
        For ranking.
    """

    name: str
    probability: Array
    score: Array


def logits(said: Array) -> Array:
    """Logit of being past the first cut-off, shape (strides, areas), before calibration."""
    sd = np.exp(np.clip(said[..., 3], -4.0, 2.5))
    return np.asarray(LOGISTIC * said[..., 0] / sd)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the stride network.")
    parser.add_argument("pool", type=Path)
    parser.add_argument("films", type=Path)
    parser.add_argument("--document", action="store_true", help="write docs/form_accuracy.md")
    parser.add_argument("--inputs", nargs="*", choices=_INPUTS, help="only these; all by default")
    parser.add_argument("--ship", type=Path, help="folder for stride.onnx and stride.json")
    args = parser.parse_args()
    pool, films = ({**np.load(path)} for path in (args.pool, args.films))
    true = margins(films["past"], films["cuts"])[..., 0]
    rules = [
        rule("rule, geometric 2D metrics", films["geometry"], films["cuts"]),
        rule("rule, default gait model", films["rule"], films["cuts"]),
    ]
    networks: list[Opinion] = []
    for kind, what in _INPUTS.items():
        if args.inputs and kind not in args.inputs:
            continue
        said = crossed(Inputs(kind), pool, films)
        if args.ship and kind == "gait":
            ship(args.ship, pool, films, said, true)
        networks.append(network(f"network, {what}", said, true, films["runner"]))
        lines = report([*networks, *rules], true, films)
        if args.document:
            DOCUMENT.write_text("\n".join([*_ABOUT, *lines]) + "\n", encoding="utf-8")
    print("\n".join(lines))


def crossed(inputs: Inputs, pool: Mapping[str, Array], films: Mapping[str, Array]) -> Array:
    """Let networks speak about the runners that they were not trained on."""
    features = inputs.of(films)
    said = np.full((len(features), len(STRIDE_AREAS), 4), np.nan)
    for fold in range(FOLDS):
        rows = np.flatnonzero(~np.isin(pool["runner"], held_out(fold)))
        mine = np.isin(films["runner"], held_out(fold))
        said[mine] = say(train(inputs, pool, rows, fold), features[mine])
        print(f"{inputs.name}, fold {fold}: {len(rows)} strides", flush=True)
    return said


def network(name: str, said: Array, true: Array, runner: NDArray[np.str_]) -> Opinion:
    """Turn what the networks said into probabilities, each fold's put right by the others."""
    logit = logits(said)
    probability = np.full(logit.shape, np.nan)
    for fold in range(FOLDS):
        mine = np.isin(runner, held_out(fold))
        for i, (slope, offset) in enumerate(calibration(logit[~mine], true[~mine])):
            probability[mine, i] = 1 / (1 + np.exp(-slope * logit[mine, i] - offset))
    return Opinion(name, probability, probability)


def calibration(logit: Array, true: Array) -> list[tuple[float, float]]:
    """Slope and offset of each area."""
    found = []
    for i in range(logit.shape[1]):
        known = np.isfinite(true[:, i])
        found.append(platt(logit[known, i], true[known, i] > 0))
    return found


def lasting(said: Array, true: Array, recording: Array) -> list[float]:
    """Share of the error variance of each area that lasts throughout a recording."""
    wrong = said[..., 0] - np.clip(true, -5.0, 5.0)
    shares = []
    for i in range(wrong.shape[1]):
        own = [wrong[recording == r, i] for r in np.unique(recording)]
        own = [w[np.isfinite(w)] for w in own]
        mean = np.mean([w.mean() ** 2 for w in own if len(w)])
        whole = np.mean([(w**2).mean() for w in own if len(w)])
        shares.append(float(np.clip(mean / whole, 0.05, 0.95)))
    return shares


def rule(name: str, past: Array, cuts: Array) -> Opinion:
    """Judge by the rule: past the cut-off or not."""
    margin = margins(past, cuts)[..., 0]
    yes = np.where(np.isnan(margin), np.nan, (margin > 0).astype(float))
    return Opinion(name, yes, np.where(np.isnan(margin), -99.0, margin))


def report(opinions: Sequence[Opinion], true: Array, films: Mapping[str, Array]) -> list[str]:
    """Write all tables."""
    lines: list[str] = []
    for view, title in VIEWS.items():
        mine = films["view"] == view
        some = [Opinion(o.name, o.probability[mine], o.score[mine]) for o in opinions]
        lines += [f"## Filmed {title}", ""]
        lines += _table(some, true[mine], films["runner"][mine])
    return lines


def _table(opinions: Sequence[Opinion], true: Array, runner: NDArray[np.str_]) -> list[str]:
    titles = {area.id: area.title for area in load_areas().areas}
    mine = opinions[0]
    first = [
        "| area | strides | past the cut-off (runners) | accuracy | precision | recall "
        "| at 0.8: precision, recall | area under precision-recall | calibration error "
        "| beyond one detectable change: strides, accuracy, precision, recall |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    second = [
        "| area | "
        + " | ".join(f"{o.name}: accuracy, precision, recall, AUPRC" for o in opinions)
        + " |",
        "|---|" + "---|" * len(opinions),
    ]
    few, sums = [], []
    for i, area in enumerate(STRIDE_AREAS):
        known = np.isfinite(true[:, i])
        yes = true[known, i] > 0
        title = titles[area] + (" (drawn trunk)" if area in DRAWN else "")
        if yes.sum() < FEWEST:
            few.append(f"{title} ({int(yes.sum())})")
            continue
        p, who, far = mine.probability[known, i], runner[known], np.abs(true[known, i]) > 1
        sums.append(_numbers(p, p, yes))
        first.append(
            f"| {title} | {len(yes)} | {yes.sum()} ({len(np.unique(who[yes]))}) "
            f"| {_row(p, yes, who, far)} |"
        )
        cells = [
            _percent(_numbers(o.probability[known, i], o.score[known, i], yes)) for o in opinions
        ]
        second.append(f"| {title} | {' | '.join(cells)} |")
    mean = np.nanmean(sums, axis=0)
    return [
        *first,
        "",
        f"Mean over areas: accuracy, precision, recall, AUPRC {_percent(mean)}.",
        "",
        f"Fewer than {FEWEST} strides past the cut-off, not judged here: {', '.join(few)}.",
        "",
        *second,
        "",
    ]


def _row(p: Array, yes: NDArray[np.bool_], who: NDArray[np.str_], far: NDArray[np.bool_]) -> str:
    """Cells of the network's own table."""
    said = p > 0.5
    cells = []
    for measure in (accuracy, precision, recall):
        low, high = interval(who, lambda rows, m=measure: m(said[rows], yes[rows]))  # type: ignore[misc]
        cells.append(f"{100 * measure(said, yes):.0f} ({100 * low:.0f} to {100 * high:.0f})")
    sure = p > RAISE
    cells.append(f"{_whole(precision(sure, yes))}, {_whole(recall(sure, yes))}")
    low, high = interval(who, lambda rows: average_precision(p[rows], yes[rows]))
    cells.append(f"{average_precision(p, yes):.2f} ({low:.2f} to {high:.2f})")
    cells.append(f"{calibration_error(p, yes):.3f}")
    apart = [_whole(m(said[far], yes[far])) for m in (accuracy, precision, recall)]
    cells.append(f"{int(far.sum())}, {', '.join(apart)}")
    return " | ".join(cells)


def _numbers(p: Array, score: Array, yes: NDArray[np.bool_]) -> list[float]:
    said = np.nan_to_num(p) > 0.5
    return [
        accuracy(said, yes),
        precision(said, yes),
        recall(said, yes),
        average_precision(score, yes),
    ]


def _percent(values: Sequence[float] | Array) -> str:
    *shares, auprc = values
    return ", ".join(_whole(v) for v in shares) + f", {auprc:.2f}"


def _whole(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.0f}"


def ship(
    folder: Path, pool: Mapping[str, Array], films: Mapping[str, Array], said: Array, true: Array
) -> None:
    """Train on everybody, and write weights and calibration."""
    import onnx

    from training.form_net.network import export

    model = train(Inputs("gait"), pool, np.arange(len(pool["past"])), FOLDS)
    onnx.save(export(model, SKIP, "stride"), folder / "stride.onnx")
    pairs = calibration(logits(said), true)
    shares = lasting(said, true, films["recording"] * 2 + films["right"].astype(int))
    usual = pool["features"][pool["kind"] == "real"].mean(axis=0)
    contents: dict[str, Any] = {
        "name": NAME,
        "trained_on": _TRAINED_ON,
        "area": {
            area: {"slope": round(a, 3), "offset": round(b, 3), "lasting": round(s, 3)}
            for area, (a, b), s in zip(STRIDE_AREAS, pairs, shares, strict=True)
        },
        "typical": np.round(usual.astype(float), 3).tolist(),
    }
    (folder / "stride.json").write_text(json.dumps(contents) + "\n", encoding="utf-8")


_ABOUT = (
    "# Accuracy of the form network",
    "",
    "Written by `python3 run training training.form_net.evaluate POOL FILMS --document`.",
    "",
    "Real, unmodified strides of the laboratory's treadmill runners (Fukuchi, Fukuchi & Duarte",
    "2017; 3D markers and force plate), through a simulated camera at 60 frames per second with",
    "keypoint noise of 0.5 % of the leg length; the speed is stated. A stride is past a cut-off",
    "when its 3D motion is, by the rules of [form.md](form.md) at its speed. Nothing that reads a",
    "runner here was trained on that runner, except the table of contact rules that is fused with",
    "the network's contacts. Networks for the training strides of a fold saw its other runners.",
    "",
    "Accuracy, precision and recall are in per cent at a probability of one half, with 95 %",
    "intervals by bootstrap over runners; findings are raised at 0.8. *Beyond one detectable",
    "change* leaves out strides closer to the cut-off than one smallest detectable change, where",
    "no laboratory could tell either. The rules stand in the same strides; where the view keeps a",
    "rule from judging, it says no. Trunks are drawn: the laboratory did not record them.",
    "",
)


if __name__ == "__main__":
    main()
