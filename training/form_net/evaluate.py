"""Measure the stride network on people left out, and train the one that ships.

`python -m training.form_net.evaluate POOL.npz FILMS.npz --document --ship src/stridewise/form`

Four networks for each kind of input, each trained without a quarter of the runners, say what they
think of these runners' real, unmodified strides. Beside them stand the rules of `areas.toml`, on
the geometric model's variables and on those of the default gait model, and the latter with
probabilities that were fitted on the other runners, which is where the networks begin.
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
from stridewise.form.learned import LOGISTIC
from stridewise.form.variables import STRIDE_AREAS, margins
from training.form_net.fit import Fitted, Inputs, base, fit, say
from training.form_net.scores import (
    accuracy,
    average_precision,
    calibration_error,
    interval,
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
        Of being past the first cut-off; 0 where a rule cannot judge.
    score : ndarray, shape (strides, areas)
        For ranking.
    """

    name: str
    probability: Array
    score: Array


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
    opinions: list[Opinion] = []
    for kind in args.inputs or _INPUTS:
        network, fitted = crossed(Inputs(kind), pool, films)
        opinions += [network, fitted] if len(opinions) == 0 else [network]
    opinions += [
        rule("rule, default gait model", films["rule"], films["doubt"], films["cuts"]),
        rule(
            "rule, geometric 2D metrics",
            films["geometry"],
            films["geometry_doubt"],
            films["cuts"],
        ),
    ]
    if args.ship:
        ship(args.ship, pool)
    lines = report(opinions, true, films)
    if args.document:
        DOCUMENT.write_text("\n".join([*_ABOUT, *lines]) + "\n", encoding="utf-8")
    print("\n".join(lines))


def crossed(
    inputs: Inputs, pool: Mapping[str, Array], films: Mapping[str, Array]
) -> tuple[Opinion, Opinion]:
    """Let networks, and the fitted rule, speak about the runners that they were not trained on."""
    shape = (len(films["past"]), len(STRIDE_AREAS))
    logit, rules = np.empty(shape), np.empty(shape)
    for fold in range(FOLDS):
        rows = np.flatnonzero(~np.isin(pool["runner"], held_out(fold)))
        mine = np.flatnonzero(np.isin(films["runner"], held_out(fold)))
        fitted = fit(inputs, pool, rows, fold)
        rules[mine] = base(films, mine, fitted.weights)[:, ::3]
        logit[mine] = rules[mine] + fitted.share * say(
            fitted.model, inputs.of(films["features"][mine], films, mine)
        )
        shares = ", ".join(f"{share:g}" for share in fitted.share)
        print(f"{inputs.name}, fold {fold}: {len(rows)} strides, shares {shares}", flush=True)
    return (
        Opinion(f"network, {_INPUTS[inputs.name]}", logistic(logit), logit),
        Opinion("rule, default gait model, fitted", logistic(rules), rules),
    )


def logistic(logit: Array) -> Array:
    """Turn logits into probabilities."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30.0, 30.0))))


def rule(name: str, past: Array, doubt: Array, cuts: Array) -> Opinion:
    """Judge by the rule: how probably it is past the cut-off, given the uncertainty it states."""
    known = np.isfinite(past)
    sure = np.where(known, np.maximum(doubt, 1e-3), np.nan)
    margin = margins(past, cuts, sure)[..., 0]
    return Opinion(
        name,
        np.nan_to_num(logistic(LOGISTIC * margin)),
        np.where(np.isnan(margin), -99.0, margins(past, cuts)[..., 0]),
    )


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
    first = [
        "| area | strides | past the cut-off (runners) | accuracy | precision | recall "
        "| at 0.8: precision, recall | area under precision-recall | calibration error "
        "| beyond one detectable change: strides, accuracy, precision, recall |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    second = [
        "| area | " + " | ".join(o.name for o in opinions) + " |",
        "|---|" + "---|" * len(opinions),
    ]
    few: list[str] = []
    sums: list[list[list[float]]] = []
    for i, area in enumerate(STRIDE_AREAS):
        known = np.isfinite(true[:, i])
        yes = true[known, i] > 0
        title = titles[area] + (" (drawn trunk)" if area in DRAWN else "")
        if yes.sum() < FEWEST:
            few.append(f"{title} ({int(yes.sum())})")
            continue
        p, who, far = opinions[0].probability[known, i], runner[known], np.abs(true[known, i]) > 1
        first.append(
            f"| {title} | {len(yes)} | {yes.sum()} ({len(np.unique(who[yes]))}) "
            f"| {_row(p, yes, who, far)} |"
        )
        sums.append([_numbers(o.probability[known, i], o.score[known, i], yes) for o in opinions])
        second.append(f"| {title} | {' | '.join(map(_percent, sums[-1]))} |")
    mean = np.nanmean(np.array(sums), axis=0)
    second.append(f"| mean over areas | {' | '.join(map(_percent, mean))} |")
    return [
        f"{opinions[0].name.capitalize()}:",
        "",
        *first,
        "",
        f"Fewer than {FEWEST} strides past the cut-off, not judged here: {', '.join(few)}.",
        "",
        "Accuracy, precision, recall, area under precision-recall, calibration error:",
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
    said = p > 0.5
    return [
        accuracy(said, yes),
        precision(said, yes),
        recall(said, yes),
        average_precision(score, yes),
        calibration_error(p, yes),
    ]


def _percent(values: Sequence[float] | Array) -> str:
    *shares, auprc, off = values
    return ", ".join(_whole(v) for v in shares) + f", {auprc:.2f}, {off:.3f}"


def _whole(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.0f}"


def ship(folder: Path, pool: Mapping[str, Array]) -> None:
    """Train on everybody, and write network and weights."""
    import onnx

    from training.form_net.network import export

    fitted = fit(Inputs("gait"), pool, np.arange(len(pool["past"])), FOLDS)
    onnx.save(export(fitted.model, "stride"), folder / "stride.onnx")
    usual = pool["features"][pool["kind"] == "real"].mean(axis=0)
    (folder / "stride.json").write_text(
        json.dumps(calibration(fitted, usual)) + "\n", encoding="utf-8"
    )


def calibration(fitted: Fitted, usual: Array) -> dict[str, Any]:
    """Return what `stride.json` says; `usual` are the features of a typical stride."""
    return {
        "name": NAME,
        "trained_on": _TRAINED_ON,
        "area": {
            area: {"rule": np.round(weights, 3).tolist(), "share": float(share)}
            for area, weights, share in zip(STRIDE_AREAS, fitted.weights, fitted.share, strict=True)
        },
        "typical": np.round(usual.astype(float), 3).tolist(),
    }


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
