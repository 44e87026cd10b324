"""The result of an analysis (the chain follows)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.estimate import Estimate, MetricSide
from stridewise.gait.motion import Event
from stridewise.skeletons import Side

Array = NDArray[np.float64]

SCHEMA = "stridewise.analysis/1"


@dataclass(frozen=True)
class Capture:
    """How the recording was taken, as found or told."""

    view: str
    yaw_deg: float
    facing: str
    surface: str
    speed_mps: float | None
    speed_sd_mps: float | None
    speed_source: str
    time_scale: float
    quality: Literal["A", "B", "C", "D"]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Curve:
    """One angle over the gait cycle: 101 points from initial contact to the next, same side."""

    id: str
    side: MetricSide
    unit: str
    mean: Array
    sd: Array
    n: int
    toe_off_percent: float | None = None


@dataclass(frozen=True)
class Finding:
    """One area of running form that probably lies past its threshold."""

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


@dataclass(frozen=True)
class Pose:
    """The body at a key instant of a typical step, for drawing."""

    phase: Literal["initial_contact", "mid_stance", "toe_off"]
    side: Side
    time_s: float
    keypoints: tuple[str, ...]
    xy: Array
    angles: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Analysis:
    """Everything that is said about one recording."""

    recording: Mapping[str, Any]
    capture: Capture
    events: tuple[Event, ...]
    metrics: tuple[Estimate, ...]
    curves: tuple[Curve, ...]
    findings: tuple[Finding, ...]
    provenance: Mapping[str, Any]
    poses: tuple[Pose, ...] = ()
    unjudged: tuple[tuple[str, str], ...] = ()
