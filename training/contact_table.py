"""Learn the lags and errors of the contact rules: `python -m training.contact_table`.

Every laboratory trial is filmed from several angles and at several frame rates with 0.5 % noise;
each rule's error against the force plate is regressed on the covariates of
`stridewise.gait.fusion`, and the covariance of what remains is kept. A second film with twice the
same noise tells how much of that covariance the noise makes. The same is learnt without the runners
of each fold, for measuring on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import stridewise.gait
from stridewise.context import Context
from stridewise.gait.body import Body
from stridewise.gait.contacts import ContactPoints, Stance, find_stances
from stridewise.gait.fusion import TABLE_NOISE, ContactTable, Plane, covariates, fuse
from stridewise.gait.motion import EventKind
from stridewise.gait.rules import RULES
from stridewise.repair.clean import clean
from stridewise.simulate.camera import Camera
from stridewise.simulate.noise import Noise
from stridewise.view import find_view
from training.gait_net.folds import FOLDS, held_out, part
from training.lab import Trial, seen, trials

Array = NDArray[np.float64]

SHIPPED = Path(stridewise.gait.__file__).parent / "contact_table.json"
RATES = (30.0, 60.0, 120.0, 240.0)
#: Cameras whose trials are pooled into each table.
PLANES: dict[Plane, tuple[float, ...]] = {
    "side": (-10.0, 10.0, 170.0, 190.0),
    "oblique_front": (45.0, 135.0),
    "front": (80.0, 90.0, 100.0),
    "oblique_back": (-45.0, -135.0),
    "back": (-80.0, -90.0, -100.0),
}
#: A stance belongs to the force-plate event of its foot within this time of the pelvis' turn.
_MATCH_S = 0.12
#: Rules that time fewer events than this share do not serve the view.
_MIN_SHARE = 0.1
#: Covariances are pulled this far towards independence, so that they can be inverted safely.
_SHRINK = 0.05
#: Runners are split into this many groups to measure how far errors exceed the fitted ones.
_FOLDS = 5


@dataclass(frozen=True)
class Timed:
    """Stances of one trial with the true instant of one kind of event.

    Parameters
    ----------
    stances : list of Stance
        Filmed with `TABLE_NOISE`.
    truth : ndarray, shape (events,)
        Seconds.
    error : ndarray, shape (events, rules)
        Candidate minus truth, seconds.
    doubled : ndarray, shape (events, rules)
        The same, filmed with twice the same noise; NaN for stances not found then.
    """

    stances: list[Stance]
    truth: Array
    error: Array
    doubled: Array


@dataclass(frozen=True)
class Measured:
    """What one runner's trial says about the rules."""

    runner: str
    timed: dict[EventKind, Timed]


def measure(trial: Trial, yaw_deg: float, fps: float, seed: int) -> Measured:
    """Film a trial twice and time its stances by every rule."""
    once, twice = (_stances(trial, yaw_deg, fps, seed, n * TABLE_NOISE) for n in (1, 2))
    timed = {}
    for kind, names in RULES.items():
        found, found_twice = _by_event(once, trial, kind), _by_event(twice, trial, kind)

        def errors(stance: Stance | None, truth: float, names: tuple[str, ...] = names) -> list:
            known = {} if stance is None else stance.candidates
            return [known.get(name, np.nan) - truth for name in names]

        timed[kind] = Timed(
            stances=list(found.values()),
            truth=np.array(list(found)),
            error=np.array([errors(s, t) for t, s in found.items()]),
            doubled=np.array([errors(found_twice.get(t), t) for t in found]),
        )
    return Measured(trial.runner, timed)


def _stances(trial: Trial, yaw_deg: float, fps: float, seed: int, noise: float) -> list[Stance]:
    recording = seen(trial, Camera(yaw_deg=yaw_deg, fps=fps), Noise(white=noise), seed)
    cleaned, _ = clean(recording)
    return find_stances(ContactPoints.of(Body(cleaned, find_view(cleaned, Context()))))


def _by_event(stances: Sequence[Stance], trial: Trial, kind: EventKind) -> dict[float, Stance]:
    """Return the stances that belong to a force-plate event, by its time."""
    out = {}
    for stance in stances:
        truth = [e.time_s for e in trial.events if (e.kind, e.side) == (kind, stance.side)]
        turn = stance.fall if kind == "initial_contact" else stance.rise
        nearest = min(truth, key=lambda t: abs(t - turn))
        if abs(nearest - turn) < _MATCH_S:
            out[nearest] = stance
    return out


def fit(measured: Sequence[Measured], plane: Plane, fps: float) -> ContactTable:
    """Fit lags and covariances, and widen intervals to what runners left out of the fit need."""
    runners = sorted({m.runner for m in measured})
    pulls: dict[EventKind, list[float]] = {kind: [] for kind in RULES}
    for fold in range(min(_FOLDS, len(runners))):
        out = runners[fold::_FOLDS]
        kept = [m for m in measured if m.runner not in out]
        if not kept:
            continue
        table = _fit(kept, plane, fps)
        for m, kind in product((m for m in measured if m.runner in out), RULES):
            for stance, truth in zip(m.timed[kind].stances, m.timed[kind].truth, strict=True):
                time, sd = fuse(stance, kind, table)
                if np.isfinite(time):
                    pulls[kind].append(abs(time - truth) / sd)
    widening = {k: float(np.percentile(p, 95)) / 1.96 if p else 1.0 for k, p in pulls.items()}
    return replace(_fit(measured, plane, fps), widening=widening)


def _fit(measured: Sequence[Measured], plane: Plane, fps: float) -> ContactTable:
    """Fit lags and covariances to the pooled trials."""
    lag, own, noise = {}, {}, {}
    for kind in RULES:
        timed = [m.timed[kind] for m in measured]
        x = np.array([covariates(stance) for t in timed for stance in t.stances])
        error = np.concatenate([t.error for t in timed])
        lag[kind], residual = _lags(x, error)
        total = _covariance(residual)
        added = np.concatenate([t.doubled - t.error for t in timed])
        noise[kind] = _covariance(np.where(np.isfinite(residual), _trimmed(added), np.nan))
        own[kind] = _positive(total - noise[kind])
    return ContactTable(plane, fps, lag, own, noise, dict.fromkeys(RULES, 1.0))


def _lags(x: Array, error: Array) -> tuple[Array, Array]:
    """Regress each rule's error on the covariates; return coefficients and what remains.

    Trimmed least squares: a rule that fires elsewhere has no lag there.
    """
    coefficients = np.zeros((error.shape[1], x.shape[1]))
    residual = np.full_like(error, np.nan)
    for r, column in enumerate(error.T):
        ok = np.isfinite(column)
        if ok.mean() < _MIN_SHARE:
            continue
        for _ in range(3):
            coefficients[r] = np.linalg.lstsq(x[ok], column[ok], rcond=None)[0]
            residual[:, r] = _trimmed((column - x @ coefficients[r])[:, None])[:, 0]
            ok = np.isfinite(residual[:, r])
    return coefficients, residual


def _trimmed(values: Array) -> Array:
    """Blank what lies further than 3.5 robust standard deviations from 0, column by column."""
    out = values.copy()
    for column in out.T:
        known = np.abs(column[np.isfinite(column)])
        if known.size:
            column[np.abs(column) > 3.5 * 1.4826 * np.median(known)] = np.nan
    return out


def _covariance(residual: Array) -> Array:
    """Covariance over the events that both rules timed; NaN for rules without events."""
    ok = np.isfinite(residual)
    filled = np.where(ok, residual, 0.0)
    count = ok.T.astype(float) @ ok
    cov = filled.T @ filled / np.maximum(count, 1)
    cov[np.diag_indices_from(cov)] = np.where(np.diag(count) > 0, np.diag(cov), np.nan)
    return (1 - _SHRINK) * cov + _SHRINK * np.diag(np.diag(cov))


def _positive(covariance: Array) -> Array:
    """Return the nearest matrix without negative variances in any direction (1 ms² at least)."""
    out = covariance.copy()
    known = np.flatnonzero(np.isfinite(np.diag(covariance)))
    variance, axes = np.linalg.eigh(covariance[np.ix_(known, known)])
    out[np.ix_(known, known)] = (axes * np.maximum(variance, 1e-6)) @ axes.T
    return out


def gather(data: Sequence[Trial], plane: Plane, fps: float) -> list[Measured]:
    """Film each trial once per plane, the cameras of the plane taking turns over runners."""
    yaws = PLANES[plane]
    numbers = {runner: i for i, runner in enumerate(sorted({t.runner for t in data}))}
    return [measure(t, yaws[numbers[t.runner] % len(yaws)], fps, i) for i, t in enumerate(data)]


def to_json(table: ContactTable) -> dict[str, object]:
    """Turn a table into its JSON form (milliseconds)."""

    def rounded(matrices: Mapping[EventKind, Array], unit: float) -> dict[str, object]:
        return {
            kind: [[None if np.isnan(v) else round(v / unit, 2) for v in row] for row in m.tolist()]
            for kind, m in matrices.items()
        }

    return {
        "plane": table.plane,
        "fps": table.fps,
        "lag_ms": rounded(table.lag, 1e-3),
        "own_ms2": rounded(table.own, 1e-6),
        "noise_ms2": rounded(table.noise, 1e-6),
        "widening": {kind: round(factor, 3) for kind, factor in table.widening.items()},
    }


def main() -> None:
    data = trials()
    tables: dict[int | None, list[ContactTable]] = {fold: [] for fold in (None, *range(FOLDS))}
    for plane, fps in product(PLANES, RATES):
        measured = gather(data, plane, fps)
        for fold, own in tables.items():
            own.append(fit([m for m in measured if m.runner not in held_out(fold)], plane, fps))
        print(f"{plane}, {fps:g} fps: {len(data)} trials", flush=True)
    for fold, own in tables.items():
        path = SHIPPED if fold is None else part(fold, "contacts.json")
        write(own, {t.runner for t in data} - set(held_out(fold)), path)


def write(tables: Sequence[ContactTable], runners: Collection[str], path: Path) -> None:
    """Write the data file, one row of a matrix a line."""
    content = {
        "about": "Lags and error covariances of the contact rules; see fusion.py",
        "source": "Fukuchi, Fukuchi & Duarte 2017, figshare 4543435, CC BY 4.0",
        "runners": sorted(runners),
        "noise": TABLE_NOISE,
        "rules": RULES,
        "tables": [to_json(table) for table in tables],
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    text = re.sub(r"\[([^\[\]{}]*)\]", lambda row: "[" + " ".join(row[1].split()) + "]", text)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
