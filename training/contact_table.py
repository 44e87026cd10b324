"""Learn the lags and errors of the contact rules: `python -m training.contact_table`.

Every laboratory trial is filmed from several angles and at several frame rates with 0.5 % noise;
each rule's error against the force plate is regressed on the covariates of `stridewise.gait.fusion`, and the
covariance of what remains is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

import stridewise.gait
from stridewise.context import Context
from stridewise.gait.contacts import RULES, find_stances
from stridewise.gait.fusion import TABLE_NOISE, ContactTable, Plane, covariates
from stridewise.gait.geometric import _Body, _rules
from stridewise.gait.motion import EventKind
from stridewise.repair.clean import clean
from stridewise.simulate.camera import Camera
from stridewise.simulate.noise import Noise
from stridewise.view import find_view
from training.lab import Trial, seen, trials

RATES = (30.0, 60.0, 120.0, 240.0)
#: Cameras whose trials are pooled into each table.
PLANES: dict[Plane, tuple[float, ...]] = {
    "side": (-10.0, 10.0, 170.0, 190.0),
    "oblique": (-45.0, 45.0, 135.0, -135.0),
    "front": (90.0, -90.0),
}
#: A candidate belongs to the force-plate event of its foot within this time.
_MATCH_S = 0.12
_MIN_EVENTS = 200


Errors = dict[EventKind, tuple[np.ndarray, np.ndarray]]


def errors(trial: Trial, yaw_deg: float, fps: float, seed: int) -> Errors:
    """Return candidate minus truth (events, rules) and covariates (events, 3), per kind."""
    recording = seen(trial, Camera(yaw_deg=yaw_deg, fps=fps), Noise(white=TABLE_NOISE), seed)
    cleaned, _ = clean(recording)
    body = _Body(cleaned, find_view(cleaned, Context()))
    stances = find_stances(_rules(body))
    out = {}
    for kind, names in RULES.items():
        rows, known = [], []
        for stance in stances:
            truth = [e.time_s for e in trial.events if (e.kind, e.side) == (kind, stance.side)]
            anchor = stance.fall if kind == "initial_contact" else stance.rise
            nearest = min(truth, key=lambda t: abs(t - anchor))
            if abs(nearest - anchor) < _MATCH_S:
                rows.append([stance.candidates.get(name, np.nan) - nearest for name in names])
                known.append(covariates(stance))
        out[kind] = np.array(rows), np.array(known)
    return out


def fit(measured: Sequence[Errors], plane: Plane, fps: float) -> ContactTable:
    """Fit lags and the covariance of errors to the pooled trials."""
    lag, covariance = {}, {}
    for kind, names in RULES.items():
        error = np.concatenate([m[kind][0] for m in measured])
        x = np.concatenate([m[kind][1] for m in measured])
        coefficients = np.zeros((len(names), 3))
        residual = np.full_like(error, np.nan)
        for r in range(len(names)):
            ok = np.isfinite(error[:, r])
            if ok.sum() < _MIN_EVENTS:  # this view does not show what the rule needs
                continue
            for _ in range(3):  # trimmed least squares: a rule that fires elsewhere is no lag
                coefficients[r] = np.linalg.lstsq(x[ok], error[ok, r], rcond=None)[0]
                left = error[:, r] - x @ coefficients[r]
                spread = 1.4826 * np.nanmedian(np.abs(left))
                ok = np.isfinite(left) & (np.abs(left) < 3.5 * spread)
            residual[ok, r] = left[ok]
        lag[kind] = coefficients
        covariance[kind] = _pairwise_covariance(residual)
    return ContactTable(plane, fps, lag, covariance)


def _pairwise_covariance(residual: np.ndarray) -> np.ndarray:
    """Covariance over the events that both rules timed, shrunk a little to stay invertible.

    Rules without events have NaN.
    """
    ok = np.isfinite(residual)
    filled = np.where(ok, residual, 0.0)
    count = ok.T.astype(float) @ ok
    cov = filled.T @ filled / np.maximum(count, 1)
    cov[np.diag_indices_from(cov)] = np.where(np.diag(count) > 0, np.diag(cov), np.nan)
    shrink = 0.05
    return (1 - shrink) * cov + shrink * np.diag(np.diag(cov))


def gather(data: Sequence[Trial], plane: Plane, fps: float) -> list[Errors]:
    """Film each trial once per plane, the cameras of the plane taking turns over runners."""
    yaws = PLANES[plane]
    numbers = {runner: i for i, runner in enumerate(sorted({t.runner for t in data}))}
    return [errors(t, yaws[numbers[t.runner] % len(yaws)], fps, i) for i, t in enumerate(data)]


def to_json(table: ContactTable) -> dict[str, object]:
    return {
        "plane": table.plane,
        "fps": table.fps,
        "lag_ms": {k: np.round(v * 1e3, 2).tolist() for k, v in table.lag.items()},
        "covariance_ms2": {
            kind: [
                [None if np.isnan(v) else round(v, 2) for v in row] for row in (c * 1e6).tolist()
            ]
            for kind, c in table.covariance.items()
        },
    }


def main() -> None:
    data = trials()
    tables = []
    for plane, fps in product(PLANES, RATES):
        tables.append(fit(gather(data, plane, fps), plane, fps))
        print(f"{plane}, {fps:g} fps: {len(data)} trials", flush=True)
    path = Path(stridewise.gait.__file__).parent / "contact_table.json"
    content = {
        "about": "Lags and error covariances of the contact rules; see fusion.py",
        "source": "Fukuchi, Fukuchi & Duarte 2017, figshare 4543435, CC BY 4.0",
        "runners": sorted({t.runner for t in data}),
        "noise": TABLE_NOISE,
        "rules": RULES,
        "tables": [to_json(table) for table in tables],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
