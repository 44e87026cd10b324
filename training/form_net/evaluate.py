"""Measure the stride network on people left out, and train the one that ships.

`python -m training.form_net.evaluate POOL.npz FILMS.npz --document --ship src/stridewise/form`

Four networks for each kind of input, each trained without a quarter of the runners, say what they
think of these runners' real, unmodified strides. Beside them stand the rules of `areas.toml`, on
the geometric model's variables and on those of the default gait model, and the latter with
probabilities that were fitted on the other runners, which is where the networks begin. A network
ships only where it is better than the rules.
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
from stridewise.form.variables import STRIDE_AREAS, areas, margins
from stridewise.report.words import number
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
#: Logit of a rule that cannot judge.
_NEVER = -1e6
#: A network has to be better than the rules by this much of the area under precision-recall.
CLEAR = 0.03
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
    logit : ndarray, shape (strides, areas)
        Of being past the first cut-off; far below zero where a rule cannot judge.
    """

    name: str
    logit: Array

    @property
    def probability(self) -> Array:
        """Of being past the first cut-off."""
        return logistic(self.logit)


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
        rule("rule, default gait model", films["rule"], films["doubt"], films["cuts"]),
        rule(
            "rule, geometric 2D metrics", films["geometry"], films["geometry_doubt"], films["cuts"]
        ),
    ]
    networks: list[Opinion] = []
    for kind in args.inputs or _INPUTS:
        network, fitted = crossed(Inputs(kind), pool, films)
        networks.append(network)
    opinions = [rules[0], fitted, *networks, rules[1]]
    lines, ships = verdict(opinions, len(networks), true, films["view"])
    lines += ["", *report(opinions, true, films), *where_judged(opinions, true, films)]
    lines += as_findings([fitted, *networks], true, films)
    if args.ship and ships:
        ship(args.ship, pool)
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
        Opinion(f"network, {_INPUTS[inputs.name]}", logit),
        Opinion("rule, default gait model, fitted", rules),
    )


def logistic(logit: Array) -> Array:
    """Turn logits into probabilities."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30.0, 30.0))))


def rule(name: str, past: Array, doubt: Array, cuts: Array) -> Opinion:
    """Judge by the rule: how probably it is past the cut-off, given the uncertainty it states."""
    known = np.isfinite(past)
    sure = np.where(known, np.maximum(doubt, 1e-3), np.nan)
    margin = margins(past, cuts, sure)[..., 0]
    return Opinion(name, np.where(np.isnan(margin), _NEVER, LOGISTIC * margin))


def verdict(
    opinions: Sequence[Opinion], networks: int, true: Array, view: NDArray[np.str_]
) -> tuple[list[str], bool]:
    """Say whether a network is better than the rules; return lines, and whether it ships.

    Parameters
    ----------
    opinions : sequence of Opinion
        The rule as it is and with fitted probabilities, then so many networks, then others.
    networks : int
    true : ndarray, shape (strides, areas)
        Margins.
    view : ndarray of str, shape (strides,)
    """
    mean = np.array([_means(o, true, view) for o in opinions])
    rule, fitted, own = mean[0], mean[1], mean[2 : 2 + networks]
    ahead = (own[:, 1] - max(rule[1], fitted[1]) >= CLEAR) & (own[:, 0] >= rule[0])
    ahead &= own[:, 2] <= rule[2]
    lines = [
        "| mean of areas and views | accuracy | area under precision-recall | calibration error |",
        "|---|---|---|---|",
        *(
            f"| {o.name} | {100 * m[0]:.1f} | {m[1]:.3f} | {m[2]:.3f} |"
            for o, m in zip(opinions, mean, strict=True)
        ),
        "",
    ]
    if ahead.any():
        return [*lines, "**The network is better than the rules: it judges.**"], True
    best = float(own[:, 1].max() - max(rule[1], fitted[1]))
    return [
        *lines,
        f"**No network is better than the rules by {CLEAR:g} of the area under precision-recall",
        f"(the best one by {number(best, 3, signed=True)}) at no loss of accuracy and calibration:",
        "none ships, and the rules judge.**",
    ], False


def _means(opinion: Opinion, true: Array, view: NDArray[np.str_]) -> Array:
    """Accuracy, area under precision-recall and calibration error, mean of areas and views."""
    found = []
    for name in VIEWS:
        for i in range(len(STRIDE_AREAS)):
            own = (view == name) & np.isfinite(true[:, i])
            yes = true[own, i] > 0
            if yes.sum() >= FEWEST:
                each = _numbers(opinion.logit[own, i], yes)
                found.append([each[0], *each[3:]])
    return np.mean(found, axis=0)


def report(opinions: Sequence[Opinion], true: Array, films: Mapping[str, Array]) -> list[str]:
    """Write all tables of single strides."""
    lines: list[str] = []
    for view, title in VIEWS.items():
        mine = films["view"] == view
        some = [Opinion(o.name, o.logit[mine]) for o in opinions]
        lines += [f"## Filmed {title}", ""]
        lines += _table(some, true[mine], films["runner"][mine])
    return lines


def where_judged(opinions: Sequence[Opinion], true: Array, films: Mapping[str, Array]) -> list[str]:
    """Write the table of single strides of which the product says anything about the area."""
    lines = [
        "## Where the product judges",
        "",
        *_ABOUT_JUDGED,
        "",
        "| filmed | areas | judged | past the cut-off | probabilities of | accuracy "
        "| at 0.5: precision, recall | at 0.8 | area under precision-recall | calibration error |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for view, title in VIEWS.items():
        judged = (films["view"] == view)[:, None] & np.isfinite(films["finding"])
        judged &= np.isfinite(true)
        past = judged & (true > 0)
        shown = np.flatnonzero(past.sum(axis=0) >= FEWEST)
        for opinion in opinions:
            found = []
            for i in shown:
                own = judged[:, i]
                logit, yes = opinion.logit[own, i], true[own, i] > 0
                raised = logistic(logit) > RAISE
                each = _numbers(logit, yes)
                found.append([*each[:3], precision(raised, yes), recall(raised, yes), *each[3:]])
            mean = np.nanmean(np.array(found), axis=0)
            lines.append(
                f"| {title} | {len(shown)} | {judged[:, shown].sum()} | {past[:, shown].sum()} "
                f"| {opinion.name} | {_whole(mean[0])} | {_whole(mean[1])}, {_whole(mean[2])} "
                f"| {_whole(mean[3])}, {_whole(mean[4])} | {mean[5]:.2f} | {mean[6]:.3f} |"
            )
    return [*lines, ""]


def as_findings(opinions: Sequence[Opinion], true: Array, films: Mapping[str, Array]) -> list[str]:
    """Write the table of findings: one for each area, recording and side that the rules judge."""
    lines = [
        "## As findings",
        "",
        *_ABOUT_FINDINGS,
        "",
        "| filmed | judged | past the cut-off | probabilities of | accuracy "
        "| at 0.5: precision, recall | at 0.8 | area under precision-recall | calibration error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    ways = {"findings": films["finding"]} | {o.name: o.logit for o in opinions}
    for view, title in VIEWS.items():
        own = films["view"] == view
        side = films["recording"][own] * 2 + (films["right"][own] > 0.5)
        for name, said in ways.items():
            p, yes = over_recordings(said[own], films["finding"][own], true[own], side)
            p = p if name == "findings" else logistic(p)
            cells = [
                f"{_whole(precision(raised, yes))}, {_whole(recall(raised, yes))}"
                for raised in (p > 0.5, p >= RAISE)
            ]
            lines.append(
                f"| {title} | {len(yes)} | {yes.sum()} | {name} | {_whole(accuracy(p > 0.5, yes))} "
                f"| {cells[0]} | {cells[1]} | {average_precision(p, yes):.2f} "
                f"| {calibration_error(p, yes):.3f} |"
            )
    return lines


def over_recordings(
    said: Array, finding: Array, true: Array, side: NDArray[np.int64]
) -> tuple[Array, NDArray[np.bool_]]:
    """Join strides to what the typical one of each recording says, and what is true of it.

    Parameters
    ----------
    said, finding, true : ndarray, shape (strides, areas)
        What is joined; NaN where nothing was judged; margins.
    side : ndarray of int, shape (strides,)
        Twice the recording, and 1 more for strides of the right foot.
    """
    typical, yes = [], []
    for i, area in enumerate(areas()):
        known = np.isfinite(finding[:, i]) & np.isfinite(true[:, i])
        group = side if area.sided else side // 2
        for which in np.unique(group[known]):
            own = known & (group == which)
            typical.append(np.median(said[own, i]))
            yes.append(np.median(true[own, i]) > 0)
    return np.array(typical), np.array(yes, dtype=bool)


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
        logit, who, far = opinions[0].logit[known, i], runner[known], np.abs(true[known, i]) > 1
        first.append(
            f"| {title} | {len(yes)} | {yes.sum()} ({len(np.unique(who[yes]))}) "
            f"| {_row(logit, yes, who, far)} |"
        )
        sums.append([_numbers(o.logit[known, i], yes) for o in opinions])
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


def _row(
    logit: Array, yes: NDArray[np.bool_], who: NDArray[np.str_], far: NDArray[np.bool_]
) -> str:
    """Cells of the table of one opinion."""
    p = logistic(logit)
    said = p > 0.5
    cells = []
    for measure in (accuracy, precision, recall):
        low, high = interval(who, lambda rows, m=measure: m(said[rows], yes[rows]))  # type: ignore[misc]
        range_ = "" if np.isnan(low) else f" ({_whole(low)} to {_whole(high)})"
        cells.append(_whole(measure(said, yes)) + range_)
    sure = p > RAISE
    cells.append(f"{_whole(precision(sure, yes))}, {_whole(recall(sure, yes))}")
    low, high = interval(who, lambda rows: average_precision(logit[rows], yes[rows]))
    cells.append(f"{average_precision(logit, yes):.2f} ({low:.2f} to {high:.2f})")
    cells.append(f"{calibration_error(p, yes):.3f}")
    apart = [_whole(m(said[far], yes[far])) for m in (accuracy, precision, recall)]
    cells.append(f"{int(far.sum())}, {', '.join(apart)}")
    return " | ".join(cells)


def _numbers(logit: Array, yes: NDArray[np.bool_]) -> list[float]:
    p = logistic(logit)
    said = p > 0.5
    return [
        accuracy(said, yes),
        precision(said, yes),
        recall(said, yes),
        average_precision(logit, yes),
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
    "*Rule*: how far the variable of the stride is past the cut-off, in units of the uncertainty",
    "that the gait model gives it. *Fitted*: slopes and an offset for each area, from the other",
    "runners; where the view keeps the rule from judging, how often the area is found in others.",
    "*Network*: a correction of that (see [form_network.md](form_network.md)), which sees the gait",
    "model's curves, or the keypoints.",
    "",
    "Accuracy, precision and recall are in per cent at a probability of one half, with 95 %",
    "intervals by bootstrap over runners; findings are raised at 0.8. *Beyond one detectable",
    "change* leaves out strides closer to the cut-off than one smallest detectable change, where",
    "no laboratory could tell either. The rules stand in the same strides; where the view keeps a",
    "rule from judging, it says no. Trunks are drawn: the laboratory did not record them.",
    "",
)
_ABOUT_JUDGED = (
    "The means above count areas that a camera there cannot show, where the product says nothing.",
    "Here are the single strides, of the same films, in which it does judge: means over the areas",
    f"with {FEWEST} such strides past the cut-off at least.",
)
_ABOUT_FINDINGS = (
    "One row of the data for each area, recording and side that the rules judge there; true is",
    "that its typical stride is past the cut-off. *Findings* are the probabilities of the product:",
    "of all strides together. They are cautious on purpose: they reckon with what a pose estimator",
    "gets wrong all the time, and with how far norms of 19 people may be wrong, neither of which",
    "is in these films. The others are those of the median stride, fitted without either reserve:",
    "what they gain here need not hold with the keypoints of a real video.",
)


if __name__ == "__main__":
    main()
