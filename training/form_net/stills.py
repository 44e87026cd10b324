"""Train and measure the networks for stills: `python -m training.form_net.stills POOL.npz`.

Phase, camera, angles and areas on real frames of runners left out; running or not on the MPII
pictures by cross-validation; agreement with people's right and wrong, on which nothing was tuned.
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
from stridewise.form.areas import load_areas
from stridewise.form.snapshot import AREAS, SURE, UNIT_DEG, VALUES, Networks, look
from stridewise.form.variables import cut_offs
from stridewise.metrics import Measured
from training.form_net import running, still
from training.form_net.pictures import Pictures, judged, mpii
from training.form_net.scores import average_precision, calibration_error, platt
from training.gait_net.folds import FOLDS, held_out
from training.seed.rows import table

Array = NDArray[np.float64]

DOCUMENT = Path(__file__).parents[2] / "docs" / "snapshot_accuracy.md"
_MISTAKES = 300
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
    photographs, calibration["running"] = _photographs(pictures)
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
    true, who = _truth(pool), pool["still_runner"]
    said = np.full((len(who), still.SAYS), np.nan)
    for fold in range(FOLDS):
        out = np.isin(who, held_out(fold))
        model = still.train(pool["still"][~out], {k: v[~out] for k, v in true.items()}, fold)
        said[out] = model.predict(
            pose.encode(pool["still"][out]).astype(np.float32), batch_size=4096, verbose=0
        )
        print(f"still, fold {fold}", flush=True)
    real = np.flatnonzero((pool["still_kind"] == "real") & np.isfinite(said[:, 0]))
    said, who = said[real], who[real]
    true = {name: value[real] for name, value in true.items()}
    phases, values = len(pose.PHASES), len(VALUES)
    odds = np.exp(said[:, :phases] - said[:, :phases].max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    right = odds.argmax(axis=1) == true["phase"]
    sure = odds.max(axis=1) >= SURE
    yaw = np.degrees(np.arctan2(said[:, phases + 1], said[:, phases]))
    off = np.abs((yaw - true["yaw"] + 180) % 360 - 180)
    lines = [
        "## Poses of the laboratory's runners",
        "",
        f"{len(real)} real frames of {len(np.unique(who))} runners left out, any camera.",
        "",
        f"Phase (one of eight): right in {100 * right.mean():.0f} %; in the "
        f"{100 * sure.mean():.0f} % of pictures where it is told, "
        f"{100 * right[sure].mean():.0f} %.",
        f"Camera direction: median error {np.median(off):.0f}°, beyond 45° in "
        f"{100 * (off > 45).mean():.0f} %.",
        "",
        "| angle | RMSE, ° | 95 % interval holds, after widening by |",
        "|---|---|---|",
    ]
    inflate: dict[str, float] = {}
    start = phases + 2
    for name in dict.fromkeys(name for name, _ in VALUES):
        columns = [k for k, (n, _) in enumerate(VALUES) if n == name]
        wrong = UNIT_DEG * said[:, [start + k for k in columns]] - true["values"][:, columns]
        log_sd = np.clip(said[:, [start + values + k for k in columns]], -5, 2)
        pull = np.abs(wrong) / (UNIT_DEG * np.exp(log_sd))
        inflate[name] = round(max(float(np.nanquantile(pull, 0.95)) / 1.96, 0.5), 3)
        held = 100 * np.nanmean(pull < 1.96 * inflate[name])
        lines.append(
            f"| {name.replace('_', ' ')} | {np.sqrt(np.nanmean(wrong**2)):.1f} "
            f"| {held:.0f} %, {inflate[name]:.2f} |"
        )
    lines += [
        "",
        "| area, in frames of the right phase, any camera | frames | past (runners) "
        "| area under precision-recall | chance | calibration error |",
        "|---|---|---|---|---|---|",
    ]
    area: dict[str, tuple[float, float]] = {}
    for i, name in enumerate(AREAS):
        logit, known = said[:, start + 2 * values + i], np.isfinite(true["areas"][:, i])
        yes = true["areas"][known, i] > 0
        slope, offset = platt(logit[known], yes)
        area[name] = (round(slope, 3), round(offset, 3))
        p = _crossed(logit[known], yes, who[known])
        title = next(a.title for a in load_areas().areas if a.id == name)
        auprc = f"{average_precision(p, yes):.2f}" if yes.sum() >= 30 else "–"
        lines.append(
            f"| {title} | {len(yes)} | {yes.sum()} ({len(np.unique(who[known][yes]))}) | {auprc} "
            f"| {yes.mean():.2f} | {calibration_error(p, yes):.3f} |"
        )
    return [*lines, ""], {"inflate": inflate, "area": area}


def _crossed(logit: Array, yes: NDArray[np.bool_], who: NDArray[np.str_]) -> Array:
    """Probabilities, each fold's put right by the others."""
    p = np.zeros(len(yes))
    for fold in range(FOLDS):
        mine = np.isin(who, held_out(fold))
        slope, offset = platt(logit[~mine], yes[~mine])
        p[mine] = 1 / (1 + np.exp(-slope * logit[mine] - offset))
    return p


def _photographs(pictures: Pictures) -> tuple[list[str], tuple[float, float]]:
    """Measure running or not by cross-validation; return the report and its calibration."""
    said = np.zeros(len(pictures.label))
    for fold, out in enumerate(running.folds(pictures.group)):
        for seed in range(running.VOTES):
            model = running.train(pictures.xy[~out], pictures.label[~out], 10 * fold + seed)
            said[out] += model.predict(
                pose.encode(pictures.xy[out]).astype(np.float32), batch_size=4096, verbose=0
            )[:, 0]
        print(f"running, fold {fold}", flush=True)
    said /= running.VOTES
    label, legs = pictures.label, pictures.legs_visible
    slope, offset = platt(said, label, prior=1.0)
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
    model = running.train(pictures.xy, pictures.label, FOLDS)
    onnx.save(export(model, "running"), folder / "running.onnx")
    contents = {"name": "still/1", **calibration}
    (folder / "still.json").write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")


def _plausible(pictures: Pictures) -> list[str]:
    """Say what the shipped networks find in photographs of runners."""
    some = pictures.label & pictures.legs_visible
    found = look(pictures.xy[some], [str(i) for i in np.flatnonzero(some)], Networks())
    judged_, raised = Counter[str](), Counter[str]()
    for snapshot in found:
        judged_.update(list(snapshot.areas))
        raised.update(a for a, p in snapshot.areas.items() if p >= 0.5)
    told = sum(s.phase is not None for s in found)
    cells = ", ".join(f"{name} {raised[name]} of {judged_[name]}" for name in AREAS)
    return [
        f"In the {len(found)} photographs of runners with visible legs the phase is told in "
        f"{told}; areas more likely than not, of pictures in which they can be judged: {cells}. "
        "Nobody measured these runners: this shows that answers are plausible and rare, no more.",
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
