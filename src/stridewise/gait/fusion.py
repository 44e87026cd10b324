"""Fuse the candidate instants of a contact into one, with its standard deviation.

The table holds, per frame rate, the lag of each rule (linear in how long the pelvis rises and in
the step time) and the covariance of the rules' errors, between runners and between steps. Any
subset of rules then has its best linear fusion: weights = inv(C) 1 / (1' inv(C) 1). The table is
learnt by `python -m training.contact_table` from 19 laboratory runners with force-plate events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.contacts import RULES, Stance
from stridewise.gait.motion import EventKind
from stridewise.view import View

Array = NDArray[np.float64]
Plane = Literal["side", "oblique", "front"]

#: Keypoint noise, as a share of leg length, at which the table was learnt.
TABLE_NOISE = 0.005
#: Side and front tables serve this far from their pure view.
_PURE_DEG = 22.5
#: A rule that lies further than this many of its own SDs from the others' median is left out.
_OUTLIER_SD = 3.5


@dataclass(frozen=True)
class ContactTable:
    """Lags and errors of the rules at one frame rate, seen from one kind of camera angle.

    Parameters
    ----------
    plane : {"side", "oblique", "front"}
        Perspective changes how feet seem to rise, so each kind of view has its own lags.
    fps : float
    lag : mapping of event kind to ndarray, shape (rules, 3)
        Coefficients of the lag (candidate minus truth, seconds) on `covariates`.
    covariance : mapping of event kind to ndarray, shape (rules, rules)
        Of what remains, seconds squared. Rules in the order of `contacts.RULES`.
    """

    plane: Plane
    fps: float
    lag: Mapping[EventKind, Array]
    covariance: Mapping[EventKind, Array]


def covariates(stance: Stance) -> Array:
    """Return 1, how long the pelvis rises, and the step time, the latter two from typical values."""
    return np.array([1.0, stance.rise - stance.fall - 0.15, stance.step_time - 0.36])


@cache
def load_tables() -> tuple[ContactTable, ...]:
    """Read the table that ships with the package."""
    raw = json.loads((files(__package__) / "contact_table.json").read_text(encoding="utf-8"))
    return tuple(from_json(entry) for entry in raw["tables"])


def from_json(entry: Mapping[str, object]) -> ContactTable:
    """Make a table from its JSON form (milliseconds)."""
    data: Mapping[str, Mapping[EventKind, object]] = entry  # type: ignore[assignment]
    return ContactTable(
        plane=entry["plane"],  # type: ignore[arg-type]
        fps=float(entry["fps"]),  # type: ignore[arg-type]
        lag={kind: np.array(data["lag_ms"][kind]) / 1e3 for kind in RULES},
        covariance={
            kind: np.array(data["covariance_ms2"][kind], dtype=float) / 1e6 for kind in RULES
        },
    )


def plane_of(view: View) -> Plane:
    """Return the kind of camera angle."""
    if view.off_sagittal_deg <= _PURE_DEG:
        return "side"
    return "front" if view.off_frontal_deg <= _PURE_DEG else "oblique"


def nearest(tables: Sequence[ContactTable], plane: Plane, fps: float) -> ContactTable:
    """Return the table of this kind of view at the closest frame rate, by ratio."""
    same = [table for table in tables if table.plane == plane]
    return min(same, key=lambda table: abs(np.log(table.fps / fps)))


def fuse(stance: Stance, kind: EventKind, table: ContactTable) -> tuple[float, float]:
    """Return the instant of a contact and its standard deviation in seconds.

    NaN for both when no rule found anything.
    """
    names = RULES[kind]
    times = np.array([stance.candidates.get(name, np.nan) for name in names])
    times = times - table.lag[kind] @ covariates(stance)
    variance = table.covariance[kind]
    usable = np.isfinite(times) & np.isfinite(np.diag(variance))
    if not usable.any():
        return float("nan"), float("nan")
    off = np.abs(times - np.median(times[usable]))
    usable &= off <= _OUTLIER_SD * np.sqrt(np.diag(variance)) + 1e-9
    if not usable.any():
        return float("nan"), float("nan")
    inverse = np.linalg.inv(variance[np.ix_(usable, usable)])
    weight = inverse.sum(axis=0)
    total = weight.sum()
    return float(weight @ times[usable] / total), float(total**-0.5)
