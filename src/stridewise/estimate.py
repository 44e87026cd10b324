"""A number with its uncertainty, unit, side and norm: what every metric is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MetricSide = Literal["left", "right", "both"]
Status = Literal["ok", "advisory", "absent"]


@dataclass(frozen=True)
class Norm:
    """What comparable runners show at this speed.

    Parameters
    ----------
    mean, sd : float
        Between-runner mean and standard deviation, in the metric's unit.
    z : float
        How many `sd` the value lies above `mean`.
    source : str
        People, surface and speeds behind it.
    """

    mean: float
    sd: float
    z: float
    source: str


@dataclass(frozen=True)
class Estimate:
    """One metric of one side.

    Parameters
    ----------
    id : str
        Name in the metric catalogue.
    side : {"left", "right", "both"}
        Whose; "both" for the midline and for quantities of both sides together.
    value : float or None
        None when absent.
    unit : str
        `s`, `m`, `deg`, `1/min`, `L` (leg lengths), `%`, `m/s`, `1`, `kN/m`.
    sd : float or None
        Standard uncertainty of `value`, random and systematic parts together.
    ci95 : (float, float) or None
        Where the true value lies with 95 % probability.
    n : int
        Steps or strides behind the value.
    status : {"ok", "advisory", "absent"}
        "advisory": shown, but too coarse to judge by.
    reason : str or None
        Why it is advisory or absent.
    norm : Norm or None
        Where there is one for this surface and speed.
    label : str or None
        A descriptive class, such as the foot-strike type; never a judgement.
    """

    id: str
    side: MetricSide
    value: float | None
    unit: str
    sd: float | None
    ci95: tuple[float, float] | None
    n: int
    status: Status = "ok"
    reason: str | None = None
    norm: Norm | None = None
    label: str | None = None
