"""What comparable runners show: norms as linear functions of speed."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from stridewise.estimate import Norm
from stridewise.metrics.data import Measured

#: Norms are speed functions about this speed, in m/s.
CENTRE_MPS = 3.5

#: Beyond the speeds of the runners behind it a norm's standard deviation grows by its own size for
#: each 1 m/s, and further out than that there is none (a convention).
REACH_MPS = 1.0


@dataclass(frozen=True)
class NormLine:
    """One norm of the data file.

    Parameters
    ----------
    mean, sd : (float, float)
        Value at 3.5 m/s and change for each m/s; sd is that between runners.
    speed_mps : (float, float) or None
        Speeds of the runners behind it; None where it holds at any speed.
    n : int
        People behind it.
    within_sd : float or None
        Typical standard deviation from step to step within a runner.
    source : str
    evidence : str
        "measured", "literature" or "convention".
    """

    mean: tuple[float, float]
    sd: tuple[float, float]
    speed_mps: tuple[float, float] | None
    n: int
    within_sd: float | None
    source: str
    evidence: str


@cache
def lines() -> Mapping[tuple[str, str, str], NormLine]:
    """Every norm by metric id, unit and surface ("treadmill" or "overground")."""
    text = files("stridewise.metrics").joinpath("norms.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    found = {}
    for row in data["norm"]:
        for surface in row["surface"]:
            found[row["metric"], row["unit"], surface] = _line(row, data["source"])
    return found


def _line(row: Mapping[str, Any], sources: Mapping[str, str]) -> NormLine:
    speed = row.get("speed_mps")
    return NormLine(
        mean=tuple(row["mean"]),
        sd=tuple(row["sd"]),
        speed_mps=tuple(speed) if speed else None,
        n=row["n"],
        within_sd=row.get("within_sd"),
        source=sources[row["source"]],
        evidence=row["evidence"],
    )


def norm(metric: str, unit: str, surface: str, speed: Measured | None, value: float) -> Norm | None:
    """Compare a value with runners at the same speed on the same surface.

    The uncertainty of the speed widens the norm by what it would move the mean.

    Parameters
    ----------
    metric, unit : str
        As in the catalogue; lengths have a norm in metres and one in leg lengths.
    surface : {"treadmill", "overground"}
    speed : Measured or None
        In m/s; without it, only norms that hold at any speed apply.
    value : float
        In `unit`.

    Returns
    -------
    Norm or None
        None where there is no norm, or none near this speed.
    """
    line = lines().get((metric, unit, surface))
    if line is None:
        return None
    if line.speed_mps is None:
        mean, sd = line.mean[0], line.sd[0]
    elif speed is None:
        return None
    else:
        low, high = line.speed_mps
        outside = max(low - speed.value, speed.value - high, 0.0)
        if outside > REACH_MPS:
            return None
        offset = speed.value - CENTRE_MPS
        mean = line.mean[0] + line.mean[1] * offset
        sd = (line.sd[0] + line.sd[1] * offset) * (1 + outside / REACH_MPS)
        sd = math.hypot(sd, line.mean[1] * speed.sd)
    return Norm(mean=mean, sd=sd, z=(value - mean) / sd, source=line.source)
