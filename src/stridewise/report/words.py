"""How the report speaks: numbers with their uncertainty, and plain words for grades.

The page and the terminal summary both take their wording from here. What a *finding* says comes
from the finding itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stridewise.estimate import Estimate
from stridewise.form.areas import load_areas
from stridewise.metrics.registry import catalogue


@dataclass(frozen=True)
class Description:
    """How a metric is presented.

    Parameters
    ----------
    name : str
        For the reader, capitalised.
    group : str
        Key of `GROUPS`.
    help : str
        One sentence on what it is; may be empty.
    """

    name: str
    group: str
    help: str = ""


#: Titles of the catalogue's groups, in the order of the metric table.
GROUPS = {
    "spatiotemporal": "Rhythm and spring",
    "ground force": "Ground force",
    "sagittal": "Legs, from the side",
    "trunk and arms": "Trunk and arms",
    "frontal": "Legs, from the front or behind",
    "asymmetry": "Left against right",
    "drift": "Change over the recording",
    "other": "More",
}


def describe(metric_id: str) -> Description:
    """Say how a metric is presented; one that is not in the catalogue goes by its id."""
    metric = catalogue().get(metric_id)
    if metric is None:
        return Description(title(metric_id), "other")
    return Description(metric.name, metric.group, metric.help)


def area_title(area_id: str) -> str:
    """Return the heading of an area of running form; anything else is described as a metric."""
    known = (area.title for area in load_areas().areas if area.id == area_id)
    return next(known, describe(area_id).name)


def evidence() -> dict[str, str]:
    """Return what each grade of evidence means."""
    return {grade: known.meaning for grade, known in load_areas().grades.items()}


class _Shown(NamedTuple):
    """How a unit is shown: times `factor`, at most `decimals`, followed by `suffix`."""

    factor: float
    suffix: str
    decimals: int


_UNITS = {
    "s": _Shown(1000, " ms", 0),
    "m": _Shown(1, " m", 2),
    "deg": _Shown(1, "°", 0),
    "1/min": _Shown(1, " steps/min", 0),
    "L": _Shown(100, " % leg length", 1),
    "%": _Shown(1, " %", 1),
    "m/s": _Shown(1, " m/s", 2),
    "kN/m": _Shown(1, " kN/m", 1),
    "BW": _Shown(1, " BW", 2),
    "BW s": _Shown(1, " BW·s", 3),
    "BW/s": _Shown(1, " BW/s", 0),
    "1": _Shown(1, "", 2),
}

#: Where the custom of the field for one metric differs from that of its unit.
_BY_METRIC = {
    ("vertical_oscillation", "m"): _Shown(100, " cm", 1),
    ("duty_factor", "1"): _Shown(100, " %", 1),
    ("knee_window", "1"): _Shown(1, " hip widths", 2),
    ("head_pos", "1"): _Shown(1, " trunk lengths", 2),
}


def number(value: float, decimals: int = 0, *, signed: bool = False) -> str:
    """Write a number with a true minus sign and never as minus zero."""
    text = f"{abs(value):.{decimals}f}"
    zero = float(text) == 0
    sign = "" if zero else "−" if value < 0 else "+" if signed else ""
    return sign + text


def measure(
    value: float, half_width: float | None, unit: str, metric: str = "", *, signed: bool = False
) -> str:
    """Write a value with its uncertainty and unit, such as `42 ± 3°` or `251 ± 8 ms`.

    The uncertainty has one significant digit and the value as many decimals; units have a most
    (no decimals on angles), and then the uncertainty is at least one in the last place.

    Parameters
    ----------
    value, half_width : float
        Value and half of its 95 % interval, in `unit`; without `half_width` the value stands alone.
    unit : str
        As in `Estimate.unit`; an unknown one is printed as it is.
    metric : str
        Metric id, for the few that have a custom of their own (cm for oscillation).
    signed : bool
        Print a plus sign, for differences and changes.
    """
    base = metric.removeprefix("drift_")
    factor, suffix, most = (
        _BY_METRIC.get((base, unit)) or _UNITS.get(unit) or _Shown(1, f" {unit}", 2)
    )
    if half_width is None or not math.isfinite(half_width):
        return number(value * factor, most, signed=signed) + suffix
    half = half_width * factor
    decimals = most
    if half > 0:
        leading = math.floor(math.log10(float(f"{half:.0e}")))
        decimals = min(max(-leading, 0), most)
    half = max(half, 10.0**-decimals)
    return f"{number(value * factor, decimals, signed=signed)} ± {half:.{decimals}f}{suffix}"


def half_width(estimate: Estimate) -> float | None:
    """Return half of the 95 % interval, from `sd` where no interval is given."""
    if estimate.ci95 is not None:
        low, high = estimate.ci95
        return (high - low) / 2
    return None if estimate.sd is None else 1.96 * estimate.sd


def value_text(estimate: Estimate) -> str:
    """Write an estimate as `42 ± 3°`, or a dash when it is absent."""
    if estimate.value is None or not math.isfinite(estimate.value):
        return "–"
    signed = estimate.id.startswith(("asym_", "drift_"))
    return measure(estimate.value, half_width(estimate), estimate.unit, estimate.id, signed=signed)


_THAN = " than most"


def norm_words(estimate: Estimate) -> str:
    """Say how a value compares with its norm: `typical`, `higher than most`, …; empty without one.

    One standard deviation holds two thirds of comparable runners, two hold 95 %.
    """
    if estimate.norm is None or estimate.value is None or estimate.status != "ok":
        return ""
    z = estimate.norm.z
    if abs(z) < 1:
        return "typical"
    return ("much " if abs(z) >= 2 else "") + ("higher" if z > 0 else "lower") + _THAN


def compare(estimates: Sequence[Estimate]) -> str:
    """Compare one metric's sides with the norm: once when they agree, else side by side."""
    said = {e.side: words for e in estimates if (words := norm_words(e))}
    if len(set(said.values())) <= 1 and len(said) == len(estimates):
        return next(iter(said.values()), "")
    each = [f"{side} {words}" for side, words in said.items()]
    if each and all(one.endswith(_THAN) for one in each):
        return ", ".join(one.removesuffix(_THAN) for one in each) + _THAN
    return ", ".join(each)


def probability_words(probability: float) -> str:
    """Say how probable something is (after the scale of the IPCC, Mastrandrea et al. 2010)."""
    for least, words in ((0.99, "almost certain"), (0.9, "very likely"), (0.66, "likely")):
        if probability >= least:
            return words
    return "possible"


def chance_words(probability: float) -> str:
    """Say how probable something is that may well not be (the lower half of the same scale)."""
    if probability >= 0.66:
        return probability_words(probability)
    for most, words in ((0.1, "very unlikely"), (0.33, "unlikely")):
        if probability <= most:
            return words
    return "about as likely as not"


def percent(share: float) -> str:
    """Write a probability in whole per cent, short of certainty."""
    return f"{min(max(round(100 * share), 1), 99)} %"


def join(words: Iterable[str], last: str = "and") -> str:
    """Enumerate: `a`, `a and b`, `a, b and c`."""
    *head, tail = list(words) or [""]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def speed_text(speed_mps: float) -> str:
    """Write a speed with the pace that runners know: `3.5 m/s (4:46 min/km)`."""
    if speed_mps <= 0:
        return "standing"
    minutes, seconds = divmod(round(1000 / speed_mps), 60)
    return f"{speed_mps:.1f} m/s ({minutes}:{seconds:02d} min/km)"


def sentence(clause: str) -> str:
    """Give a clause a capital and a full stop."""
    ended = clause if clause.endswith((".", "!", "?")) else f"{clause}."
    return ended[:1].upper() + ended[1:]


def plain(identifier: str) -> str:
    """Turn an identifier into words: `initial_contact` to `initial contact`."""
    return identifier.replace("_", " ")


def title(identifier: str) -> str:
    """Turn an identifier into a capitalised phrase."""
    words = plain(identifier)
    return words[:1].upper() + words[1:]


VIEWS = {
    "left": "from the left",
    "right": "from the right",
    "front": "from the front",
    "back": "from behind",
}

QUALITY = {
    "A": "good: every number below can be relied on within its ± range",
    "B": "fair: good enough to judge, with some wider ± ranges",
    "C": "limited: trust the large effects only",
    "D": "poor: for orientation, not for decisions",
}

SEVERITY = ("none", "mild", "moderate", "marked")

PHASES = {
    "initial_contact": "Initial contact",
    "mid_stance": "Mid-stance",
    "toe_off": "Toe-off",
}


_FAMILIES = {
    "blazepose": "BlazePose (MediaPipe)",
    "blazepose-smoothed": "BlazePose (MediaPipe) that smooths over time",
    "blazepose-frames": "BlazePose (MediaPipe), frame by frame",
    "movenet": "MoveNet",
    "exact": "true joints, such as markers",
    "unknown": "not known",
}
_KNOWN_BY = {
    "stated": ", as stated",
    "format": ", by the file",
    "points": ", by how the points move",
    "nothing": "",
}


def estimator_text(name: str, known_by: str) -> str:
    """Say which pose estimator wrote the points, and how that is known."""
    return f"{_FAMILIES.get(name, name)}{_KNOWN_BY[known_by]}"
