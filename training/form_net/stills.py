"""Train and measure the networks for stills: `python -m training.form_net.stills POOL.npz`.

Phase, camera, angles and areas, which follow from angles, on real frames of runners left out;
running or not on the MPII pictures by cross-validation; agreement with people's right and wrong, on
which nothing was tuned.
`--document` writes docs/snapshot_accuracy.md, `--ship FOLDER` the networks.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.form import pose
from stridewise.form.areas import Area, load_areas
from stridewise.form.snapshot import (
    AREAS,
    SHOWN,
    SURE,
    UNIT_DEG,
    VALUES,
    WORTH_TELLING,
    Networks,
    look,
    margins,
    off_side,
    spreads,
)
from stridewise.form.variables import conditions, cut_offs, detectable
from stridewise.metrics import Measured
from training.form_net import running, still
from training.form_net.pictures import Pictures, judged, mpii
from training.form_net.scores import average_precision, calibration_error, platt
from training.gait_net.folds import FOLDS, held_out
from training.seed.rows import table

Array = NDArray[np.float64]

DOCUMENT = Path(__file__).parents[2] / "docs" / "snapshot_accuracy.md"
_MISTAKES = 300
#: Fewer frames past a cut-off are not judged by.
_POSITIVES = 30
_ROC_START = "0.86 on all pictures and 0.90 where the legs are visible"


def main() -> None:
    parser = argparse.ArgumentParser(description="Train and measure the networks for stills.")
    parser.add_argument("pool", type=Path)
    parser.add_argument("--document", action="store_true", help="write docs/snapshot_accuracy.md")
    parser.add_argument("--ship", type=Path, help="folder for the networks")
    args = parser.parse_args()
    pool = {**np.load(args.pool)}
    pictures = mpii(table())
    poses, calibration = _poses(pool)
    photographs, calibration["running"] = _photographs(pictures, pool["still"])
    lines = [*poses, *photographs]
    if args.ship:
        _ship(args.ship, pool, pictures, calibration)
        lines += _plausible(pictures)
        lines += _agreement(judged(Path(os.environ["STRIDEWISE_DATA"]) / "posture_labels"))
    print("\n".join(lines))
    if args.document:
        DOCUMENT.write_text("\n".join([*_ABOUT, *lines]) + "\n", encoding="utf-8")


def _truth(pool: Mapping[str, Array]) -> dict[str, Array]:
    return still.truth(pool, cut_offs("treadmill", Measured(3.5, 0.0)))


def _poses(pool: Mapping[str, Array]) -> tuple[list[str], dict[str, object]]:
    """Measure the still network on runners left out; return the report and its calibration."""
    true = _truth(pool)
    real = pool["still_kind"] == "real"
    poses = {"both sides": pool["still"][real], "one side": _one_side(pool["still"][real])}
    readable = np.all([np.isfinite(pose.leg_length(xy)) for xy in poses.values()], axis=0)
    poses = {name: xy[readable] for name, xy in poses.items()}
    rows = np.flatnonzero(real)[readable]
    who = pool["still_runner"]
    said = {name: np.zeros((len(rows), still.SAYS)) for name in poses}
    for fold in range(FOLDS):
        out = np.isin(who, held_out(fold))
        model = still.train(pool["still"][~out], {k: v[~out] for k, v in true.items()}, fold)
        for name, xy in poses.items():
            features = pose.encode(xy[out[rows]]).astype(np.float32)
            said[name][out[rows]] = model.predict(features, batch_size=4096, verbose=0)
        print(f"still, fold {fold}", flush=True)
    true, who = {name: value[rows] for name, value in true.items()}, who[rows]
    lines = [
        "## Poses of the laboratory's runners",
        "",
        f"{len(rows)} real frames of {len(np.unique(who))} runners left out, any camera; "
        "once with all points, and once with those of one side of the body alone.",
        "",
    ]
    for name, each in said.items():
        lines.append(f"With {name}: {_where(each, true)}")
    told, inflate = _angles(said, true["values"])
    judged_, area, proven = _areas(said, inflate, true, _metrics(pool, rows), who)
    calibration = {"inflate": inflate, "area": area, "told": proven}
    return [*lines, "", *told, "", *judged_, ""], calibration


def _one_side(xy: Array) -> Array:
    """Return poses of which the points of one side are left, chosen by chance."""
    seen = xy.copy()
    left = np.random.default_rng(0).random(len(xy)) < 0.5
    seen[left, 1::2] = np.nan
    seen[~left, ::2] = np.nan
    return seen


def _metrics(pool: Mapping[str, Array], rows: NDArray[np.intp]) -> dict[str, Array]:
    """How far what each area is judged by is past its cut-off in truth, in its unit."""
    at = {
        name: conditions().index(next(c for c in rule.conditions if c.metric == SHOWN[name].metric))
        for name, rule in _rules().items()
    }
    return {name: pool["still_past"][rows, k] * detectable()[k] for name, k in at.items()}


def _rules() -> dict[str, Area]:
    known = {area.id: area for area in load_areas().areas}
    return {name: known[name] for name in AREAS}


def _where(said: Array, true: Mapping[str, Array]) -> str:
    """Say how well phase and camera are told."""
    phases = len(pose.PHASES)
    odds = np.exp(said[:, :phases] - said[:, :phases].max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    right = odds.argmax(axis=1) == true["phase"]
    sure = odds.max(axis=1) >= SURE
    yaw = np.degrees(np.arctan2(said[:, phases + 1], said[:, phases]))
    off = np.abs((yaw - true["yaw"] + 180) % 360 - 180)
    return (
        f"phase (one of eight) right in {100 * right.mean():.0f} %, and in "
        f"{100 * right[sure].mean():.0f} % of the {100 * sure.mean():.0f} % where it is told; "
        f"camera direction off by {np.median(off):.0f}° (median), by more than 45° in "
        f"{100 * (off > 45).mean():.0f} %."
    )


def _angles(
    said: Mapping[str, Array], true: Array
) -> tuple[list[str], dict[str, tuple[float, float]]]:
    """Return the table of angles, and what their deviations have to be multiplied by."""
    lines = [
        "| angle | RMSE, ° | 95 % interval holds, after widening by "
        "| one side: RMSE, ° | interval holds, widening |",
        "|---|---|---|---|---|",
    ]
    inflate: dict[str, tuple[float, float]] = {}
    for name in dict.fromkeys(name for name, _ in VALUES):
        columns = [k for k, (n, _) in enumerate(VALUES) if n == name]
        cells, factors = [], []
        for each in said.values():
            value, log_sd = _numbers(each)
            wrong = value[:, columns] - true[:, columns]
            pull = np.abs(wrong) / (UNIT_DEG * np.exp(np.clip(log_sd[:, columns], -5, 2)))
            factors.append(round(max(float(np.nanquantile(pull, 0.95)) / 1.96, 0.5), 3))
            held = 100 * np.nanmean(pull < 1.96 * factors[-1])
            cells.append(f"{np.sqrt(np.nanmean(wrong**2)):.1f} | {held:.0f} %, {factors[-1]:.2f} |")
        inflate[name] = (factors[0], factors[1])
        lines.append(f"| {name.replace('_', ' ')} | {' '.join(cells)}")
    return lines, inflate


def _numbers(said: Array) -> tuple[Array, Array]:
    """Return angles in degrees and the logarithms of their deviations."""
    start, values = len(pose.PHASES) + 2, len(VALUES)
    return UNIT_DEG * said[:, start : start + values], said[:, start + values :]


def _areas(
    said: Mapping[str, Array],
    inflate: Mapping[str, tuple[float, float]],
    true: Mapping[str, Array],
    metrics: Mapping[str, Array],
    who: NDArray[np.str_],
) -> tuple[list[str], dict[str, tuple[float, float, float]], list[str]]:
    """Return the table of areas, how their probabilities follow from angles, and which are told."""
    lines = [
        "Areas, in frames whose phase and camera can show them. *Sweep* is how far the angle "
        "varies at such instants about what the area is judged by, and *runners* how far that "
        "differs between strides of all runners: where the first is no smaller than the second, a "
        "single picture cannot tell, however exact it is. The product tells the areas with an area "
        f"under the precision-recall curve of {WORTH_TELLING} at least.",
        "",
        "| area | frames | past (runners) | sweep, ° | runners, ° | chance "
        "| area under precision-recall | of the true angle | calibration error "
        "| one side: area under precision-recall | calibration error |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    right = true["phase"] >= len(pose.PHASES) // 2
    off = np.array([off_side(yaw) for yaw in true["yaw"]])
    found: dict[str, tuple[float, float, float]] = {}
    told: list[str] = []
    exact = np.zeros_like(true["values"])
    for i, (name, rule) in enumerate(_rules().items()):
        nearest, furthest = SHOWN[name].off_side
        known = np.isfinite(true["areas"][:, i]) & (off >= nearest) & (off <= furthest)
        past = margins(name, right, true["values"], exact, 1.0)
        known &= np.isfinite(past) & np.isfinite(metrics[name])
        yes, own = true["areas"][known, i] > 0, who[known]
        spread = float(np.std(past[known] - metrics[name][known]))
        scores = []
        for k, each in enumerate(said.values()):
            value, log_sd = _numbers(each[known])
            sd = spreads(log_sd, np.full(len(value), bool(k)), inflate)
            scores.append(margins(name, right[known], value, sd, spread))
        slope, offset = platt(np.concatenate(scores), np.tile(yes, len(scores)))
        found[name] = (round(spread, 2), round(slope, 3), round(offset, 3))
        if yes.sum() >= _POSITIVES and average_precision(scores[0], yes) >= WORTH_TELLING:
            told.append(name)
        lines.append(
            f"| {rule.title} | {len(yes)} | {yes.sum()} ({len(np.unique(own[yes]))}) "
            f"| {spread:.1f} | {np.std(metrics[name][known]):.1f} | {yes.mean():.2f} "
            f"| {_auprc(scores[0], yes)} | {_auprc(past[known], yes)} "
            f"| {calibration_error(_crossed(scores[0], yes, own), yes):.3f} "
            f"| {_auprc(scores[1], yes)} "
            f"| {calibration_error(_crossed(scores[1], yes, own), yes):.3f} |"
        )
    return lines, found, told


def _auprc(score: Array, yes: NDArray[np.bool_]) -> str:
    return f"{average_precision(score, yes):.2f}" if yes.sum() >= _POSITIVES else "–"


def _crossed(score: Array, yes: NDArray[np.bool_], who: NDArray[np.str_]) -> Array:
    """Probabilities, each fold's put right by the others."""
    p = np.zeros(len(yes))
    for fold in range(FOLDS):
        mine = np.isin(who, held_out(fold))
        slope, offset = platt(score[~mine], yes[~mine])
        p[mine] = 1 / (1 + np.exp(-slope * score[mine] - offset))
    return p


def _photographs(pictures: Pictures, runners: Array) -> tuple[list[str], tuple[float, float]]:
    """Measure running or not by cross-validation; return the report and its calibration."""
    said = np.zeros(len(pictures.label))
    for fold, out in enumerate(running.folds(pictures.group)):
        model = running.train(pictures.xy[~out], pictures.label[~out], runners, fold)
        features = pose.encode(pictures.xy[out]).astype(np.float32)
        said[out] = model.predict(features, batch_size=4096, verbose=0)[:, 0]
        print(f"running, fold {fold}", flush=True)
    label, legs = pictures.label, pictures.legs_visible
    slope, offset = platt(said, label)
    p = 1 / (1 + np.exp(-slope * said - offset))
    rows = {"all pictures": np.ones(len(label), bool), "legs visible": legs}
    lines = [
        "## Running or not, in photographs",
        "",
        f"MPII pictures, {running.FOLDS} folds, running against every other activity. Gradient "
        f"boosting on scaled points reaches {_ROC_START}.",
        "",
        "| pictures | running | others | ROC-AUC (95 %) | AUPRC | calibration error |",
        "|---|---|---|---|---|---|",
    ]
    for name, which in rows.items():
        s, yes = said[which], label[which]
        low, high = _spread(s, yes)
        lines.append(
            f"| {name} | {yes.sum()} | {(~yes).sum()} | {running.auc(s, yes):.3f} ({low:.3f} to "
            f"{high:.3f}) | {average_precision(s, yes):.2f} "
            f"| {calibration_error(p[which], yes):.3f} |"
        )
    order = np.argsort(-said)[:_MISTAKES]
    others = Counter(pictures.what[order][~label[order]]).most_common(14)
    missed = Counter(pictures.what[label & (said < np.median(said))]).most_common(6)
    lines += [
        "",
        f"Of the {_MISTAKES} poses that look most like running, {int((~label[order]).sum())} carry "
        "another label; most often " + ", ".join(f"{name} ({n})" for name, n in others) + ".",
        "",
        "Runners among the less running-like half: "
        + (", ".join(f"{name} ({n})" for name, n in missed) or "none")
        + ".",
        "",
    ]
    # Who asks about a picture has a runner in mind: even odds to begin with, not the table's.
    even = offset + float(np.log((~label).sum() / label.sum()))
    return lines, (round(slope, 3), round(even, 3))


def _spread(score: Array, yes: NDArray[np.bool_]) -> tuple[float, float]:
    """95 % interval of the ROC-AUC (Hanley and McNeil 1982)."""
    a, n, m = running.auc(score, yes), int(yes.sum()), int((~yes).sum())
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    variance = (a * (1 - a) + (n - 1) * (q1 - a**2) + (m - 1) * (q2 - a**2)) / (n * m)
    return a - 1.96 * variance**0.5, a + 1.96 * variance**0.5


def _ship(
    folder: Path, pool: Mapping[str, Array], pictures: Pictures, calibration: dict[str, object]
) -> None:
    import onnx

    from training.form_net.network import export

    model = still.train(pool["still"], _truth(pool), FOLDS)
    onnx.save(export(model, "still"), folder / "still.onnx")
    model = running.train(pictures.xy, pictures.label, pool["still"], FOLDS)
    onnx.save(export(model, "running"), folder / "running.onnx")
    contents = {"name": "still/2", **calibration}
    (folder / "still.json").write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")


def _plausible(pictures: Pictures) -> list[str]:
    """Say what the shipped networks find in photographs of runners."""
    some = pictures.label & pictures.legs_visible
    networks = Networks()
    found = look(pictures.xy[some], [str(i) for i in np.flatnonzero(some)], networks)
    judged_, raised = Counter[str](), Counter[str]()
    for snapshot in found:
        judged_.update(list(snapshot.areas))
        raised.update(a for a, p in snapshot.areas.items() if p >= 0.5)
    phased = sum(s.phase is not None for s in found)
    told = networks.calibration["told"]
    cells = ", ".join(f"{name} {raised[name]} of {judged_[name]}" for name in told)
    return [
        f"In the {len(found)} photographs of runners with visible legs the phase is told in "
        f"{phased}; areas more likely than not, of pictures in which they can be judged: {cells}. "
        "Nobody measured these runners, so this is no measure of accuracy.",
        "",
    ]


def _agreement(stills: Pictures) -> list[str]:
    """Compare with people's right and wrong, clip by clip."""
    found = look(stills.xy, [str(i) for i in range(len(stills.label))], Networks())
    worst = np.array([max(s.areas.values(), default=np.nan) for s in found])
    run = np.array([s.running for s in found])
    lines = [
        "## Judged right or wrong by people",
        "",
        "Stills of people running in place or on a treadmill (left side only, by clip). Nothing "
        "was tuned on them, and what the judges looked at is not recorded.",
        "",
        "| clip | judged | stills | looks like running, median | areas could be judged in "
        "| an area more likely than not in |",
        "|---|---|---|---|---|---|",
    ]
    for clip in sorted(set(stills.group)):
        own = stills.group == clip
        known = np.isfinite(worst[own])
        raised = "–" if not known.any() else f"{100 * (worst[own][known] > 0.5).mean():.0f} %"
        lines.append(
            f"| {clip} | {'right' if stills.label[own][0] else 'wrong'} | {own.sum()} "
            f"| {np.median(run[own]):.2f} | {known.sum()} | {raised} |"
        )
    known = np.isfinite(worst)
    if known.any() and len(set(stills.label[known])) == 2:
        agree = ((worst[known] > 0.5) != stills.label[known]).mean()
        lines += [
            "",
            f"Agreement where areas could be judged: {100 * agree:.0f} % of {known.sum()}.",
        ]
    else:
        lines += ["", f"Areas could be judged in {known.sum()} stills: no agreement can be told."]
    return [*lines, ""]


_ABOUT = (
    "# Accuracy of snapshots",
    "",
    "Written by `python3 run training training.form_net.stills POOL --document --ship",
    "src/stridewise/form`.",
    "",
)


if __name__ == "__main__":
    main()
