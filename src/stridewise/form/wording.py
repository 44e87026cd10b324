"""What is said about an area of running form: coaching words, read from a data file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from stridewise.errors import InputError
from stridewise.estimate import Estimate
from stridewise.form.areas import Condition

#: The words for running that come with the package.
RUNNING_WORDING: Traversable = files("stridewise.form") / "wording.toml"

#: Unit to the factor, decimals and ending it is spoken with.
_SPOKEN = {
    "deg": (1.0, 0, "°"),
    "%": (1.0, 0, " %"),
    "1/min": (1.0, 0, " steps/min"),
    "s": (1000.0, 0, " ms"),
    "m": (100.0, 1, " cm"),
    "L": (100.0, 1, " % of leg length"),
    "m/s": (1.0, 1, " m/s"),
    "kN/m": (1.0, 1, " kN/m"),
    "1": (1.0, 2, ""),
}


@dataclass(frozen=True)
class Words:
    """What is said about one area, or about a lever that several areas share.

    Parameters
    ----------
    why : str
        Why it matters.
    cue : str
        One thought to run with.
    drill : str
        One exercise with its dose.
    caution : str
        When to go slowly, or to ask someone.
    signs : mapping of str to str
        Metric id to a clause with `{value}`, `{norm}`, `{limit}`, `{more}` to fill in.
    """

    why: str
    cue: str
    drill: str
    caution: str
    signs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wording:
    """Words for every area and lever, by id."""

    areas: Mapping[str, Words]
    levers: Mapping[str, Words]


@cache
def load_wording(path: Traversable = RUNNING_WORDING) -> Wording:
    """Read a file of words.

    Parameters
    ----------
    path : Path or package resource
        TOML with the layout of `wording.toml` in this package.

    Raises
    ------
    InputError
        When the file is not TOML or a text is missing or unknown.
    """
    try:
        data: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return Wording(
            areas={key: Words(**table) for key, table in data["area"].items()},
            levers={key: Words(**table) for key, table in data.get("lever", {}).items()},
        )
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is not valid TOML", received=error) from error
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path.name} does not have the layout of a wording file: {error}"
        ) from error


def quantity(value: float, unit: str) -> str:
    """Say a value with its unit: degrees without decimals, lengths in cm, times in ms.

    >>> quantity(0.2412, "L")
    '24.1 % of leg length'
    """
    factor, decimals, ending = _SPOKEN[unit]
    return _number(factor * value, decimals) + ending


def usual(mean: float, sd: float, unit: str) -> str:
    """Say a norm as mean ± standard deviation.

    >>> usual(10.3, 2.4, "deg")
    '10 ± 2°'
    """
    factor, decimals, ending = _SPOKEN[unit]
    return f"{_number(factor * mean, decimals)} ± {_number(factor * sd, decimals)}{ending}"


def sign(clause: str, condition: Condition, estimates: Sequence[Estimate]) -> str:
    """Fill a clause about one condition with the values of the sides it was found on.

    Parameters
    ----------
    clause : str
        From `Words.signs`.
    condition : Condition
        Gives the first cut-off for `{limit}`.
    estimates : sequence of Estimate
        One, or left and right.
    """
    first = estimates[0]
    either_way = condition.direction == "beyond"
    values = [
        quantity(abs(e.value or 0.0) if either_way else e.value or 0.0, e.unit)
        + ("" if e.side == "both" else f" ({e.side})")
        for e in estimates
    ]
    return clause.format(
        value=" and ".join(values),
        norm="" if first.norm is None else usual(first.norm.mean, first.norm.sd, first.unit),
        limit=quantity(condition.cuts[0], first.unit),
        more="right" if (first.value or 0.0) > 0 else "left",
    )


def sentence(clauses: Sequence[str]) -> str:
    """Join clauses with commas and "and" into a sentence.

    >>> sentence(["the knee is straight", "it gives little"])
    'The knee is straight, and it gives little.'
    """
    text = ", and ".join(clauses) if len(clauses) < 3 else "; ".join(clauses)
    return text[:1].upper() + text[1:] + "."


def _number(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return "0" if float(text) == 0 else text.replace("-", "−")
