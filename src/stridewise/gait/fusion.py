"""Fuse the candidate instants of a contact into one, with its standard deviation.

The table holds, per frame rate and kind of view, the lag of each rule (linear in how long the
pelvis rises and in the step time) and the covariance of the rules' errors: one part that differs
between runners and steps, one that keypoint noise adds. Any subset of rules then has its best
linear fusion (generalised least squares): weights = inv(C) 1 / (1' inv(C) 1). The table is learnt
by `python -m training.contact_table` from 19 laboratory runners with force-plate events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.contacts import Stance
from stridewise.gait.motion import EventKind
from stridewise.gait.rules import RULES
from stridewise.view import View

Array = NDArray[np.float64]
Plane = Literal["side", "oblique_front", "front", "oblique_back", "back"]

#: Keypoint noise, as a share of leg length, at which the table was learnt.
TABLE_NOISE = 0.005
#: Tables of the four plain views serve this far from them.
_PLAIN_DEG = 22.5
#: Two rules contradict each other when they differ by more than this many SDs of their difference.
_CONTRADICTION_SD = 3.5


@dataclass(frozen=True)
class ContactTable:
    """Lags and errors of the rules at one frame rate, seen from one kind of camera angle.

    Rules are in the order of `stridewise.gait.rules.RULES`; one that the view does not show has NaN
    variances.

    Parameters
    ----------
    plane : {"side", "oblique_front", "front", "oblique_back", "back"}
        Perspective changes how feet seem to rise, so each kind of view has its own lags.
    fps : float
        Frames per second.
    lag : mapping of event kind to ndarray, shape (rules, 3)
        Coefficients of the lag (candidate minus truth, seconds) on `covariates`.
    own : mapping of event kind to ndarray, shape (rules, rules)
        Covariance of what remains without keypoint noise, seconds squared.
    noise : mapping of event kind to ndarray, shape (rules, rules)
        Covariance that keypoint noise of `TABLE_NOISE` adds, seconds squared.
    widening : mapping of event kind to float
        By how much the standard deviation of the fusion must be multiplied so that 95 % intervals
        hold the truth of 95 % of the events of runners who are not in the table.
    """

    plane: Plane
    fps: float
    lag: Mapping[EventKind, Array]
    own: Mapping[EventKind, Array]
    noise: Mapping[EventKind, Array]
    widening: Mapping[EventKind, float]


def covariates(stance: Stance) -> Array:
    """Return 1, and how far the time to the rise and the step time are from typical values."""
    return np.array([1.0, stance.rise - stance.fall - 0.15, stance.step_time - 0.36])


@cache
def load_tables(path: Path | None = None) -> tuple[ContactTable, ...]:
    """Read the tables that ship with the package, or those of another file of the same form."""
    source = path or files(__package__) / "contact_table.json"
    raw = json.loads(source.read_text(encoding="utf-8"))
    return tuple(from_json(entry) for entry in raw["tables"])


def from_json(entry: Mapping[str, Any]) -> ContactTable:
    """Make a table from its JSON form (milliseconds)."""

    def matrices(name: str, unit: float) -> dict[EventKind, Array]:
        return {kind: np.array(entry[name][kind], dtype=float) * unit for kind in RULES}

    return ContactTable(
        plane=entry["plane"],
        fps=float(entry["fps"]),
        lag=matrices("lag_ms", 1e-3),
        own=matrices("own_ms2", 1e-6),
        noise=matrices("noise_ms2", 1e-6),
        widening={kind: float(entry["widening"][kind]) for kind in RULES},
    )


def plane_of(view: View) -> Plane:
    """Return the kind of camera angle."""
    if view.off_sagittal_deg <= _PLAIN_DEG:
        return "side"
    if view.off_frontal_deg <= _PLAIN_DEG:
        return "front" if view.yaw_deg > 0 else "back"
    return "oblique_front" if view.yaw_deg > 0 else "oblique_back"


def nearest(tables: Sequence[ContactTable], plane: Plane, fps: float) -> ContactTable:
    """Return the table of this kind of view at the closest frame rate, by ratio."""
    same = [table for table in tables if table.plane == plane]
    return min(same, key=lambda table: abs(np.log(table.fps / fps)))


def fuse(
    stance: Stance, kind: EventKind, table: ContactTable, noise: float = TABLE_NOISE
) -> tuple[float, float]:
    """Return the instant of a contact and its standard deviation in seconds.

    Parameters
    ----------
    stance : Stance
        With its candidates.
    kind : {"initial_contact", "toe_off"}
        Which instant.
    table : ContactTable
        Lags and errors.
    noise : float
        Of the keypoints, as a share of leg length.

    Returns
    -------
    (float, float)
        NaN for both when no rule found anything.
    """
    times = np.array([stance.candidates.get(name, np.nan) for name in RULES[kind]])
    times = times - table.lag[kind] @ covariates(stance)
    covariance = table.own[kind] + (noise / TABLE_NOISE) ** 2 * table.noise[kind]
    usable = np.flatnonzero(np.isfinite(times) & np.isfinite(np.diag(covariance)))
    if not usable.size:
        return float("nan"), float("nan")
    kept = usable[_agreeing(times[usable], covariance[np.ix_(usable, usable)])]
    inverse = np.linalg.inv(covariance[np.ix_(kept, kept)])
    weight = inverse.sum(axis=0)
    total = weight.sum()
    return float(weight @ times[kept] / total), float(table.widening[kind] * total**-0.5)


def _agreeing(times: Array, covariance: Array) -> NDArray[np.bool_]:
    """Mark the rules that do not contradict the one that most others agree with.

    A tie goes to the rule that comes first, which is the pelvis.
    """
    variance = np.diag(covariance)
    spread = variance[:, None] + variance - 2 * covariance
    agree = (times[:, None] - times) ** 2 <= _CONTRADICTION_SD**2 * spread + 1e-18
    chosen: NDArray[np.bool_] = agree[int(np.argmax(agree.sum(axis=1)))]
    return chosen
