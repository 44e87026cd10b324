"""The stride network: how probable it is that each area of form is past its cut-offs, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.context import Surface
from stridewise.estimate import MetricSide
from stridewise.form import stride
from stridewise.form.variables import (
    STRIDE_AREAS,
    areas,
    by_area,
    conditions,
    measure,
    owners,
)
from stridewise.gait.motion import Motion
from stridewise.gait.strides import Steps
from stridewise.metrics import GaitData, Measured
from stridewise.result import Reason
from stridewise.skeletons import SIDES
from stridewise.weights import open_network

Array = NDArray[np.float64]
Part = Literal["landing", "mid-stance", "push-off", "swing", "the whole stride"]

#: Logistic and normal distribution agree best at this slope.
LOGISTIC = 1.702
#: Instants of the curves that make up each part of the stride.
_PARTS: Mapping[Part, slice] = {
    "landing": slice(0, 3),
    "mid-stance": slice(3, 6),
    "push-off": slice(6, 9),
    "swing": slice(9, stride.POINTS),
}
#: The curve and the part of the stride that a rule's metric is read from.
RESTS_ON: Mapping[str, tuple[str, Part]] = {
    "cadence": ("stride time", "the whole stride"),
    "shank_ic": ("shank", "landing"),
    "overstride": ("ankle_ahead", "landing"),
    "vertical_oscillation": ("pelvis_height", "mid-stance"),
    "knee_flex_ic": ("knee_flexion", "landing"),
    "knee_excursion": ("knee_flexion", "mid-stance"),
    "knee_flex_peak_stance": ("knee_flexion", "mid-stance"),
    "foot_ic": ("foot", "landing"),
    "trunk_lean": ("trunk_lean", "mid-stance"),
    "contralateral_pelvic_drop": ("pelvic_obliquity", "mid-stance"),
    "peak_hip_adduction": ("hip_adduction", "mid-stance"),
    "fppa": ("frontal_knee", "mid-stance"),
    "knee_window": ("knee_gap", "mid-stance"),
    "step_width": ("ankle_lateral", "mid-stance"),
    "trunk_lat": ("trunk_lateral", "mid-stance"),
}
#: Reasons that are told.
REASONS = 3


@dataclass(frozen=True)
class Opinion:
    """What the network thinks of one area on one side, over the strides of a recording.

    Parameters
    ----------
    area : str
    side : {"left", "right", "both"}
    probabilities : (float, float, float)
        Of being past the cut-off of severities 1, 2 and 3.
    strides : int
    reasons : tuple of Reason
        The weightiest first.
    as_ruled : bool
        Whether what the rule looks at is among the reasons.
    """

    area: str
    side: MetricSide
    probabilities: tuple[float, float, float]
    strides: int
    reasons: tuple[Reason, ...]
    as_ruled: bool


class StrideNetwork:
    """What was learnt about strides; what ships by default.

    Parameters
    ----------
    folder : folder or package resource, optional
        Holds `stride.json`, how sure the rules may be, and `stride.onnx`, what corrects them.
    """

    def __init__(self, folder: Traversable | None = None) -> None:
        folder = folder or files("stridewise.form")
        self._session = open_network((folder / "stride.onnx").read_bytes())
        text = (folder / "stride.json").read_text(encoding="utf-8")
        self.calibration: Mapping[str, Any] = json.loads(text)
        own = [self.calibration["area"][name] for name in STRIDE_AREAS]
        self._weights = np.array([area["rule"] for area in own])
        self._share = np.array([area["share"] for area in own])

    @property
    def name(self) -> str:
        """Identifier of the network."""
        return str(self.calibration["name"])

    def says(self, features: Array, cuts: Array) -> Array:
        """Judge strides.

        Parameters
        ----------
        features : ndarray, shape (strides, width)
            From `stride.encode`.
        cuts : ndarray, shape (conditions, 3)
            From `Variables.cuts`.

        Returns
        -------
        ndarray, shape (strides, areas, 3)
            Logits of being past each severity.
        """
        (correction,) = self._session.run(None, {"features": features.astype(np.float32)})
        rules = rule_logits(stride.ruled(features, cuts), self._weights)
        return np.asarray(rules + (self._share * correction)[:, :, None])


def rule_logits(ruled: Array, weights: Array) -> Array:
    """Return what the rules make of strides as logits, shape (strides, areas, 3).

    Parameters
    ----------
    ruled : ndarray, shape (strides, areas, 3, 2)
        From `stride.ruled`.
    weights : ndarray, shape (areas, 4)
        How much the margin of the side's mean counts and how much what the stride adds to it; an
        offset; and the logit where the rule cannot judge.
    """
    mean, own = np.moveaxis(ruled, -1, 0)
    a, b, offset, unseen = weights.T[:, :, None]
    judged = a * np.nan_to_num(mean) + b * np.nan_to_num(own) + offset
    return np.asarray(np.where(np.isnan(mean), unseen, judged))


@cache
def shipped() -> StrideNetwork | None:
    """Return the network that ships with the package; None without one: then rules judge."""
    weights = files("stridewise.form") / "stride.onnx"
    return StrideNetwork() if weights.is_file() else None


def judge(
    motion: Motion,
    steps: Steps,
    data: GaitData,
    surface: Surface,
    speed: Measured | None,
    yaw_deg: float,
    network: StrideNetwork | None = None,
) -> tuple[Opinion, ...]:
    """Let the network judge a recording.

    Areas that count from a speed norm are left out where the speed is not known, and all areas
    whose variables the view or the points do not show.

    Parameters
    ----------
    motion, steps
        From the gait model.
    data : GaitData
        The same, without a leg length.
    surface : {"treadmill", "overground"}
    speed : Measured or None
    yaw_deg : float
        Camera direction.
    network : StrideNetwork, optional
        The one that ships by default.
    """
    network = network or shipped()
    if network is None:
        return ()
    variables = measure(data, surface, speed)
    seen = stride.encode(motion, steps, variables, speed, yaw_deg, data.fps)
    if not len(seen.rows):
        return ()
    said = network.says(seen.features, variables.cuts)
    past = variables.past[seen.rows]
    right = steps.right[seen.rows]
    found: list[Opinion] = []
    for area in areas():
        i, own = by_area()[area.id], owners()[by_area()[area.id]]
        known = np.isfinite(past[:, own]).all(axis=1)
        sides: tuple[MetricSide, ...] = SIDES if area.sided else ("both",)
        for side in sides:
            mine = known if side == "both" else known & (right == (side == "right"))
            if not mine.any():
                continue
            reasons = _reasons(network, seen.features[mine], variables.cuts, i)
            found.append(
                Opinion(
                    area.id,
                    side,
                    over_strides(said[mine, i]),
                    int(mine.sum()),
                    reasons,
                    _as_ruled(reasons, [c.metric for c in area.conditions]),
                )
            )
    return tuple(found)


def over_strides(said: Array) -> tuple[float, float, float]:
    """Join logits of single strides, shape (strides, 3), to one probability per severity.

    The typical stride counts: what the network errs by lasts throughout a recording for the most
    part, so that more strides make it no surer.
    """
    logit = np.clip(np.median(said, axis=0), -30.0, 30.0)
    a, b, c = (1 / (1 + np.exp(-logit))).tolist()
    # A further cut-off cannot be passed more probably than a nearer one.
    return a, min(a, b), min(a, b, c)


def _reasons(network: StrideNetwork, features: Array, cuts: Array, area: int) -> tuple[Reason, ...]:
    """Replace one curve after the other by a typical one, and see what it changes.

    The rule's variables that are read from a curve go with it.
    """
    usual = np.asarray(network.calibration["typical"], dtype=float)
    typical = features.mean(axis=0)
    groups = _groups()
    trials = np.repeat(typical[None], len(groups) + 1, axis=0)
    for row, (_, columns) in zip(trials[1:], groups, strict=True):
        row[columns] = usual[columns]
    logit = network.says(trials, cuts)[:, area, 0]
    change = logit[0] - logit[1:]
    order = np.argsort(-change)[:REASONS]
    found = []
    for k in order:
        signal, leg, part = groups[k][0]
        if change[k] > 0.0:
            found.append(Reason(signal, leg, part, float(change[k])))
    return tuple(found)


@cache
def _groups() -> tuple[tuple[tuple[str, str, Part], NDArray[np.intp]], ...]:
    """Curves by part of the stride, with their columns among the features."""
    found: list[tuple[tuple[str, str, Part], NDArray[np.intp]]] = []
    for k, (signal, leg) in enumerate(stride.CURVES):
        for part, points in _PARTS.items():
            columns = (k * stride.POINTS + np.arange(stride.POINTS)[points]).tolist()
            if leg != "other":
                columns += _of_rule(signal, part)
            found.append(((signal, leg, part), np.array(columns)))
    timing = stride.rule_columns(stride.RULE).start
    whole: Part = "the whole stride"
    columns = [timing, *_of_rule("stride time", whole)]
    found.append((("stride time", "", whole), np.array(columns)))
    return tuple(found)


def _of_rule(signal: str, part: Part) -> list[int]:
    """Columns of the rule's variables, and their means, that are read from this curve."""
    rows = [i for i, c in enumerate(conditions()) if RESTS_ON[c.metric] == (signal, part)]
    blocks = (stride.PAST, stride.MEAN)
    return [stride.rule_columns(block).start + i for block in blocks for i in rows]


def _as_ruled(reasons: Sequence[Reason], metrics: Sequence[str]) -> bool:
    looked = {(r.signal, r.part) for r in reasons}
    return any(RESTS_ON[metric] in looked for metric in metrics)
