"""The result of an analysis, and its JSON form (`analysis.schema.json` describes it)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.context import ViewName
from stridewise.errors import InputError
from stridewise.estimate import Estimate, MetricSide
from stridewise.gait.motion import Event
from stridewise.skeletons import Side

if TYPE_CHECKING:
    import pandas

Array = NDArray[np.float64]
Quality = Literal["A", "B", "C", "D"]
FoundSurface = Literal["treadmill", "overground", "unknown"]

SCHEMA = "stridewise.analysis/1"


@dataclass(frozen=True)
class Capture:
    """How the recording was taken, as found or told.

    Parameters
    ----------
    view : {"left", "right", "front", "back"}
        Side of the runner that the camera sees.
    yaw_deg : float
        Camera direction around the runner: 0 right side, 90 front, 180 left side, -90 back.
    facing : {"left", "right", "towards", "away"}
        Where the runner runs in the image.
    surface : {"treadmill", "overground", "unknown"}
        "unknown" for a runner who stays in place in the picture: the camera may move along.
    speed_mps, speed_sd_mps : float or None
        Running speed and its standard deviation.
    speed_source : str
        Who says so.
    time_scale : float
        How many times slower than life the recording plays.
    quality : {"A", "B", "C", "D"}
        Grade of the capture, best first.
    notes : tuple of str
        What lowered the grade, what was assumed, and what to do better, in plain words.
    """

    view: ViewName
    yaw_deg: float
    facing: str
    surface: FoundSurface
    speed_mps: float | None
    speed_sd_mps: float | None
    speed_source: str
    time_scale: float
    quality: Quality
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Curve:
    """One angle over the gait cycle.

    Parameters
    ----------
    id : str
        Name of the signal.
    side : {"left", "right", "both"}
    unit : str
    mean, sd : ndarray, shape (101,)
        Over strides, from initial contact (0 %) to the next of the same foot (100 %).
    n : int
        Strides.
    toe_off_percent : float or None
        Where stance ends.
    """

    id: str
    side: MetricSide
    unit: str
    mean: Array
    sd: Array
    n: int
    toe_off_percent: float | None = None


@dataclass(frozen=True)
class Reason:
    """One curve at one part of the stride, and how much it moved the form network.

    Parameters
    ----------
    signal : str
        Name of the curve, or "stride time".
    leg : {"own", "other", ""}
        The leg in question, the other one, or neither.
    part : {"landing", "mid-stance", "push-off", "swing", "the whole stride"}
    weight : float
        How much higher it puts the logarithm of the odds than a typical one.
    """

    signal: str
    leg: str
    part: str
    weight: float


@dataclass(frozen=True)
class Judged:
    """How probable it is that an area of one side is past its cut-offs.

    Parameters
    ----------
    area : str
    side : {"left", "right", "both"}
    probabilities : (float, float, float)
        Of being past the cut-off of severities 1, 2 and 3.
    """

    area: str
    side: MetricSide
    probabilities: tuple[float, float, float]


@dataclass(frozen=True)
class FormScore:
    """A score of what was judged, 0 to 100 (see `stridewise.form.score`).

    Parameters
    ----------
    value, sd : float
        The score and its standard deviation.
    judged : float
        Share of all areas' weight that could be judged.
    lost : mapping of str to float
        Points that each judged area takes off.
    """

    value: float
    sd: float
    judged: float
    lost: Mapping[str, float]


@dataclass(frozen=True)
class Finding:
    """One area of running form that probably lies past its threshold.

    Parameters
    ----------
    area, title : str
        Id of the area, and what a coach calls it.
    side : {"left", "right", "both"}
    probability : float
        That the true value lies past the threshold; 0.8 or more.
    severity : {1, 2, 3}
        Mild, moderate, marked (0 is never raised).
    priority : int or None
        1 to 3 for what to work on first.
    evidence : str
        Grade of the evidence and what it rests on.
    associated_with : tuple of str
        Performance, injury, or both; an association, not a cause.
    why, cue, drill : str
        Plain words.
    metrics : tuple of str
        Ids of the metrics that it rests on.
    source : str
        Source of the threshold.
    basis : {"network", "rule"}
        Whether the probability is the form network's or the rule's.
    rule_probability : float or None
        What the rule alone says.
    expected : str
        What studies saw when runners changed this.
    reasons : tuple of Reason
        What drove the network; empty for a rule.
    as_ruled : bool or None
        Whether what the rule looks at is among the reasons.
    """

    area: str
    title: str
    side: MetricSide
    probability: float
    severity: Literal[0, 1, 2, 3]
    priority: int | None
    evidence: str
    associated_with: tuple[str, ...]
    why: str
    cue: str
    drill: str
    metrics: tuple[str, ...]
    source: str
    basis: Literal["network", "rule"] = "rule"
    rule_probability: float | None = None
    expected: str = ""
    reasons: tuple[Reason, ...] = ()
    as_ruled: bool | None = None


@dataclass(frozen=True)
class Pose:
    """The body at a key instant of a typical step, for drawing.

    Parameters
    ----------
    phase : {"initial_contact", "mid_stance", "toe_off"}
    side : {"left", "right"}
        Whose step.
    time_s : float
        Seconds.
    keypoints : tuple of str
    xy : ndarray, shape (keypoints, 2)
        As in the recording, y down.
    angles : mapping of str to float
        Degrees at that instant, by signal name, of that side and the midline.
    plane : {"sagittal", "frontal", None}
        Plane whose angles the picture shows as they are; None for an oblique camera.
    """

    phase: Literal["initial_contact", "mid_stance", "toe_off"]
    side: Side
    time_s: float
    keypoints: tuple[str, ...]
    xy: Array
    angles: Mapping[str, float] = field(default_factory=dict)
    plane: Literal["sagittal", "frontal"] | None = "sagittal"


@dataclass(frozen=True)
class Analysis:
    """Everything that is said about one recording.

    Parameters
    ----------
    recording : mapping
        `source, format, frames, duration_s, fps, keypoints, estimator`; the last one a mapping of
        `name` and `known_by` (`stridewise.estimator.Estimator`).
    capture : Capture
    events : tuple of Event
        In order of time, in seconds of the runner's clock (slow motion taken out).
    metrics : tuple of Estimate
        The whole catalogue; absent ones with their reason.
    curves : tuple of Curve
    findings : tuple of Finding
        Priorities first.
    provenance : mapping
        Versions, models, repairs, data behind norms and thresholds.
    poses : tuple of Pose
        For drawing; not part of the JSON.
    unjudged : tuple of (str, str)
        Areas that could not be judged, with the reason.
    form_score : FormScore or None
        None where too little could be judged.
    """

    recording: Mapping[str, Any]
    capture: Capture
    events: tuple[Event, ...]
    metrics: tuple[Estimate, ...]
    curves: tuple[Curve, ...]
    findings: tuple[Finding, ...]
    provenance: Mapping[str, Any]
    poses: tuple[Pose, ...] = ()
    unjudged: tuple[tuple[str, str], ...] = ()
    form_score: FormScore | None = None

    def metric(self, id: str, side: MetricSide = "both") -> Estimate:
        """Return one metric.

        Raises
        ------
        KeyError
            When the catalogue has no such metric for that side.
        """
        for estimate in self.metrics:
            if (estimate.id, estimate.side) == (id, side):
                return estimate
        raise KeyError((id, side))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form (schema `stridewise.analysis/1`) as plain Python objects."""
        content = {
            "schema": SCHEMA,
            "recording": dict(self.recording),
            "capture": asdict(self.capture),
            "events": [asdict(event) for event in self.events],
            "metrics": [asdict(estimate) for estimate in self.metrics],
            "curves": [asdict(curve) for curve in self.curves],
            "findings": [asdict(finding) for finding in self.findings],
            "unjudged": [{"area": area, "reason": reason} for area, reason in self.unjudged],
            "form_score": None if self.form_score is None else asdict(self.form_score),
            "provenance": dict(self.provenance),
        }
        plain: dict[str, Any] = _plain(content)
        return plain

    def to_json(self, indent: int | None = 1) -> str:
        """Return the JSON form (schema `stridewise.analysis/1`) as text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the metrics as a table, one row per metric and side.

        Raises
        ------
        InputError
            When pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise InputError(
                "to_dataframe needs the package pandas, which is not installed",
                hint='Install it with: pip install "stridewise[dataframe]"',
            ) from error
        rows = []
        for estimate in self.to_dict()["metrics"]:
            norm = estimate.pop("norm") or {}
            low, high = estimate.pop("ci95") or (None, None)
            rows.append(
                estimate
                | {"ci95_low": low, "ci95_high": high}
                | {f"norm_{key}": norm.get(key) for key in ("mean", "sd", "z", "source")}
            )
        return pandas.DataFrame(rows)

    def report(self, directory: str | Path) -> Path:
        """Write the HTML report, tables and figures; return the path of `report.html`.

        Raises
        ------
        InputError
            When the folder cannot be written.
        """
        from stridewise.report import write_report

        return write_report(self, directory)


def _plain(value: Any) -> Any:
    """Turn arrays, tuples and numpy numbers into what JSON knows; NaN becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        # Eight digits are far below any uncertainty and keep files small.
        return float(f"{value:.8g}") if math.isfinite(value) else None
    return value
