"""Areas of running form: the rules, read from a versioned data file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal, get_args

from stridewise.errors import InputError

Direction = Literal["above", "below", "beyond"]
Tag = Literal["verified", "reported", "known", "derived", "convention"]

#: The rules for running that come with the package.
RUNNING_AREAS: Traversable = files("stridewise.form") / "areas.toml"


@dataclass(frozen=True)
class Condition:
    """One metric against up to three cut-offs.

    Parameters
    ----------
    metric : str
        Metric id.
    name : str
        The metric in plain words.
    direction : {"above", "below", "beyond"}
        Which side of the cut-off counts; "beyond" is either way from zero.
    cuts : tuple of float
        Cut-offs for severity 1, 2, 3, each further out; fewer than three have no say in the
        higher severities.
    scale : {"value", "z"}
        Cut-offs in the metric's unit, or in standard deviations from the speed norm.
    units : tuple of str
        Units that the cut-offs hold for; empty with scale "z".
    tag : {"verified", "reported", "known", "derived", "convention"}
        How well the cut-off is founded.
    source : str
        Where it comes from.
    """

    metric: str
    name: str
    direction: Direction
    cuts: tuple[float, ...]
    scale: Literal["value", "z"]
    units: tuple[str, ...]
    tag: Tag
    source: str


@dataclass(frozen=True)
class Area:
    """One thing about running form that may be worth changing.

    Parameters
    ----------
    number : int
        Order in lists, and between areas of equal weight.
    id, title, description : str
        Name in data, heading, and what it is.
    view : str
        From where it can be seen, in words.
    sided : bool
        Judged for each side, or once for the runner.
    at_least : int
        How many of the conditions must hold.
    conditions : tuple of Condition
        What is measured.
    grade : str
        Evidence grade, A to D.
    rests_on : str
        Half a sentence: what the evidence is.
    associated_with : tuple of str
        "performance", "injury"; an association, never a cause.
    changeability : str
        How readily runners change it; a key of `Areas.changeability`.
    lever : str or None
        The change it shares with other areas; a key of `Areas.levers`.
    helped_by : tuple of str
        Other areas' levers that tend to help it as well.
    """

    number: int
    id: str
    title: str
    description: str
    view: str
    sided: bool
    at_least: int
    conditions: tuple[Condition, ...]
    grade: str
    rests_on: str
    associated_with: tuple[str, ...]
    changeability: str
    lever: str | None = None
    helped_by: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Every source of its conditions, once, with how well it is founded."""
        return "; ".join(dict.fromkeys(f"{c.source} [{c.tag}]" for c in self.conditions))


@dataclass(frozen=True)
class Lever:
    """One change that works on several areas.

    Parameters
    ----------
    title : str
        The change in plain words.
    source : str
        Studies behind it.
    spent_metric, spent_above_z : str, float, optional
        The lever is not offered to a runner whose metric lies further above the speed norm.
    """

    title: str
    source: str
    spent_metric: str | None = None
    spent_above_z: float | None = None


@dataclass(frozen=True)
class Gate:
    """Where the rules as a whole do not apply.

    Parameters
    ----------
    metric : str
        Metric id; the mean of its sides counts.
    at_or_above : float
        From here on nothing is judged.
    reason : str
        Why, in plain words.
    """

    metric: str
    at_or_above: float
    reason: str


@dataclass(frozen=True)
class Grade:
    """What an evidence grade means and how much it weighs in the ranking."""

    weight: float
    meaning: str


@dataclass(frozen=True)
class Areas:
    """A versioned set of areas for one activity.

    Parameters
    ----------
    version, date, activity : str
        Of the data file.
    norm_people : int
        Runners behind the speed norms.
    grades : mapping of str to Grade
        Evidence grades.
    changeability : mapping of str to float
        Weights in the ranking.
    levers : mapping of str to Lever
        Shared changes.
    gate : Gate or None
        Where nothing is judged.
    areas : tuple of Area
        In order of their number.
    """

    version: str
    date: str
    activity: str
    norm_people: int
    grades: Mapping[str, Grade]
    changeability: Mapping[str, float]
    levers: Mapping[str, Lever]
    gate: Gate | None
    areas: tuple[Area, ...]

    def metrics(self) -> frozenset[str]:
        """Return the ids of all metrics that the areas, levers and the gate ask for."""
        asked = {c.metric for area in self.areas for c in area.conditions}
        asked |= {v.spent_metric for v in self.levers.values() if v.spent_metric is not None}
        if self.gate is not None:
            asked.add(self.gate.metric)
        return frozenset(asked)


@cache
def load_areas(path: Traversable = RUNNING_AREAS) -> Areas:
    """Read a file of areas and check it.

    Parameters
    ----------
    path : Path or package resource
        TOML with the layout of `areas.toml` in this package.

    Raises
    ------
    InputError
        When the file is not TOML or breaks a rule of the layout; the message names the place.
    """
    try:
        return parse_areas(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is not valid TOML", received=error) from error
    except KeyError as error:
        raise InputError(f"{path.name} lacks the key {error}") from error
    except TypeError as error:  # an unknown or missing key of a table
        raise InputError(
            f"{path.name} does not have the layout of an areas file: {error}"
        ) from error


def parse_areas(data: Mapping[str, Any]) -> Areas:
    """Turn the tables of an areas file into `Areas`, checking each."""
    result = Areas(
        version=data["version"],
        date=data["date"],
        activity=data["activity"],
        norm_people=data["norm_people"],
        grades={key: Grade(**table) for key, table in data["grade"].items()},
        changeability=data["changeability"],
        levers={key: Lever(**table) for key, table in data.get("lever", {}).items()},
        gate=Gate(**data["gate"]) if "gate" in data else None,
        areas=tuple(sorted((_area(table) for table in data["area"]), key=lambda a: a.number)),
    )
    _check(result.norm_people >= 2, "norm_people", "2 or more", result.norm_people)
    for place in ("number", "id"):
        values = [getattr(area, place) for area in result.areas]
        _check(len(set(values)) == len(values), f"area.{place}", "each once", values)
    for area in result.areas:
        where = f"area {area.id}: "
        _one_of(where + "grade", area.grade, result.grades)
        _one_of(where + "changeability", area.changeability, result.changeability)
        for lever in (area.lever, *area.helped_by):
            if lever is not None:
                _one_of(where + "lever", lever, result.levers)
    return result


def _area(table: Mapping[str, Any]) -> Area:
    given = dict(table)
    conditions = tuple(_condition(t, given["id"]) for t in given.pop("condition"))
    for key in ("associated_with", "helped_by"):
        given[key] = tuple(given.get(key, ()))
    area = Area(conditions=conditions, **given)
    where = f"area {area.id}: "
    _check(
        1 <= area.at_least <= len(conditions),
        where + "at_least",
        f"1 to {len(conditions)}",
        area.at_least,
    )
    for word in area.associated_with:
        _one_of(where + "associated_with", word, ("performance", "injury"))
    return area


def _condition(table: Mapping[str, Any], area: str) -> Condition:
    given = dict(table)
    where = f"area {area}, {given['metric']}: "
    directions: list[Direction] = [d for d in get_args(Direction) if d in given]
    _check(len(directions) == 1, where + "direction", "one of above, below, beyond", directions)
    direction = directions[0]
    cuts = tuple(float(cut) for cut in given.pop(direction))
    outwards = [-cut if direction == "below" else cut for cut in cuts]
    _check(
        1 <= len(cuts) <= 3 and outwards == sorted(outwards),
        where + direction,
        "one to three cut-offs, each at least as far out as the one before",
        cuts,
    )
    scale = given.pop("scale", "value")
    units = tuple(given.pop("units", ()))
    _one_of(where + "scale", scale, ("value", "z"))
    _check((scale == "value") == bool(units), where + "units", "units unless scale is z", units)
    _check(direction != "beyond" or scale == "value", where + "scale", "value", scale)
    _one_of(where + "tag", given["tag"], get_args(Tag))
    return Condition(direction=direction, cuts=cuts, scale=scale, units=units, **given)


def _one_of(what: str, value: object, known: Iterable[str]) -> None:
    known = tuple(known)
    _check(value in known, what, f"one of {', '.join(known)}", value)


def _check(good: bool, what: str, expected: str, received: object) -> None:
    if not good:
        raise InputError(f"{what} cannot be used", expected=expected, received=received)
