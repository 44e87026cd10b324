"""Tables of what was read from films: one row for each estimator and what else may matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.agreement import KINDS, Errors
from benchmarks.films import EXACT, Reading
from stridewise.gait.motion import EventKind
from stridewise.metrics import catalogue
from training.films.record import ESTIMATORS

#: What people call the estimators, those that most of them use first.
NAMES: Mapping[str, str] = {
    "blazepose-full": "BlazePose full",
    "blazepose-full-frames": "BlazePose full, frame by frame",
    "blazepose-heavy": "BlazePose heavy",
    "blazepose-heavy-frames": "BlazePose heavy, frame by frame",
    "blazepose-lite": "BlazePose lite",
    "blazepose-lite-frames": "BlazePose lite, frame by frame",
    "movenet-thunder": "MoveNet Thunder",
    "movenet-lightning": "MoveNet Lightning",
    "efficientpose-ii-lite": "EfficientPose II Lite",
}
VIEWS = ("side", "oblique", "back", "front")
#: Metrics that stand in the first tables: title, unit and digits.
SHOWN: Mapping[str, tuple[str, str, int]] = {
    "ground_contact_time": ("contact time", "ms", 1),
    "knee_flex_ic": ("knee at contact", "°", 1),
    "knee_flex_peak_stance": ("knee, peak in stance", "°", 1),
    "shank_ic": ("shank at contact", "°", 1),
    "trunk_lean": ("trunk lean", "°", 1),
    "overstride": ("overstride", "L", 3),
    "vertical_oscillation": ("vertical oscillation", "L", 3),
    "peak_vertical_force": ("peak vertical force", "BW", 2),
}
_GRADES = "ABCD"
#: Draws of runners behind an interval of an error.
_DRAWS = 1000
NONE = "–"
Row = Sequence[str]


@dataclass
class Owned(Errors):
    """Errors, and the runners whose they are."""

    runner: list[str] = field(default_factory=list)

    def add(self, error: float, held: bool, runner: str) -> None:
        """Take in one error."""
        self.error.append(error)
        self.held.append(held)
        self.runner.append(runner)


def order(readings: Iterable[Reading]) -> list[str]:
    """Return whose points there are, in the order of the tables, exact ones last."""
    found = {r.points for r in readings}
    known = (*NAMES, *(name for name in ESTIMATORS if name not in NAMES), EXACT)
    return [name for name in known if name in found]


def table(header: Row, rows: Iterable[Row]) -> list[str]:
    """Write a table of Markdown."""
    lines = (header, ["---"] * len(header), *rows)
    return [f"| {' | '.join(cells)} |" for cells in lines]


def count(number: int, what: str) -> str:
    """Say how many there are of something."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def extent(readings: Sequence[Reading]) -> str:
    """Say how many films and runners are behind a row."""
    films, runners = ({getattr(r, name) for r in readings} for name in ("film", "runner"))
    return f"{len(films)} ({len(runners)})"


def rmse(errors: Owned, digits: int) -> str:
    """Write a root mean square, and where it would lie with other runners like these (95 %)."""
    if not errors.error:
        return NONE
    whole = f"{errors.rms:.{digits}f}"
    low, high = between_runners(errors.error, errors.runner)
    return whole if np.isnan(low) else f"{whole} ({low:.{digits}f} to {high:.{digits}f})"


def between_runners(errors: Sequence[float], runners: Sequence[str]) -> tuple[float, float]:
    """Return the 95 % interval of a root mean square by drawing runners; NaN of less than three."""
    who, index = np.unique(runners, return_inverse=True)
    if len(who) < 3:
        return float("nan"), float("nan")
    squares = np.bincount(index, np.square(errors))
    drawn = np.random.default_rng(0).integers(len(who), size=(_DRAWS, len(who)))
    means = squares[drawn].sum(axis=1) / np.bincount(index)[drawn].sum(axis=1)
    low, high = np.percentile(np.sqrt(means), [2.5, 97.5])
    return float(low), float(high)


def percent(part: int, whole: int) -> str:
    """Write a share."""
    return f"{100 * part / whole:.0f}" if whole else NONE


def events(readings: Iterable[Reading], kind: EventKind) -> Owned:
    """Gather the errors of events found on the right foot."""
    errors = Owned("ms")
    for reading in readings:
        for event in reading.events:
            if (event.kind, event.how) == (kind, "right") and event.error_ms is not None:
                errors.add(event.error_ms, event.held, reading.runner)
    return errors


def fates(readings: Iterable[Reading], *kinds: EventKind) -> tuple[str, str, str]:
    """Return what was lost, found on the other foot and invented, in per cent of what is true."""
    how = [event.how for r in readings for event in r.events if event.kind in kinds]
    true = len(how) - how.count("invented")
    lost, other, invented = (percent(how.count(h), true) for h in ("lost", "other", "invented"))
    return lost, other, invented


def metric(readings: Iterable[Reading], name: str) -> Owned:
    """Gather the errors of a metric, left and right together."""
    errors = Owned()
    for reading in readings:
        for found in reading.metrics:
            if found.id == name:
                scale, errors.unit = unit_of(found.unit)
                errors.add(scale * found.error, found.held, reading.runner)
    return errors


def unit_of(unit: str) -> tuple[float, str]:
    """Return the factor and the unit in which a metric's error is written."""
    return {"s": (1e3, "ms"), "deg": (1.0, "°")}.get(unit, (1.0, unit))


def judged(readings: Sequence[Reading], exact: Mapping[str, Reading]) -> tuple[int, int, int]:
    """Count findings: raised, raised on exact points of the same films too, and all of those."""
    own = [r for r in readings if not r.refused and r.film in exact]
    mine = {(r.film, finding) for r in own for finding in r.findings}
    true = {(r.film, finding) for r in own for finding in exact[r.film].findings}
    return len(mine), len(mine & true), len(true)


def by_points(
    readings: Sequence[Reading], key: Callable[[Reading], str], values: Iterable[str]
) -> list[tuple[str, str, list[Reading]]]:
    """Group readings by what `key` says, then by whose points they are; leave out empty groups."""
    groups: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[key(reading), reading.points].append(reading)
    points = order(readings)
    return [
        (value, name, groups[value, name])
        for value in values
        for name in points
        if (value, name) in groups
    ]


def by_view(readings: Sequence[Reading]) -> list[tuple[str, str, list[Reading]]]:
    """Group readings by view, then by whose points they are."""
    return by_points(readings, lambda r: r.view, VIEWS)


def event_table(readings: Sequence[Reading]) -> list[str]:
    """Write when feet touch and leave the ground: how far off, how much lost and invented."""
    header = ["view", "points", "films (runners)"]
    for event in ("contact", "toe-off"):
        header += [f"{event}: RMSE, ms", "bias", "interval holds, %"]
        header += ["lost / other foot / invented, %"]
    rows = []
    for view, name, own in by_view(readings):
        cells = [view, NAMES.get(name, name), extent(own)]
        for kind in KINDS:
            errors = events(own, kind)
            cells += [
                rmse(errors, 1),
                f"{errors.mean:+.1f}" if errors.error else NONE,
                f"{errors.coverage:.0f}" if errors.held else NONE,
                " / ".join(fates(own, kind)),
            ]
        rows.append(cells)
    return table(header, rows)


def outcome_table(readings: Sequence[Reading]) -> list[str]:
    """Write the metrics that people ask for first: error, and how often the interval holds."""
    header = ["view", "points", *(f"{title}, {unit}" for title, unit, _ in SHOWN.values())]
    rows = []
    for view, name, own in by_view(readings):
        cells = [view, NAMES.get(name, name)]
        for id, (_, _, digits) in SHOWN.items():
            errors = metric(own, id)
            holds = f", {errors.coverage:.0f} %" if errors.held else ""
            cells.append(rmse(errors, digits) + holds)
        rows.append(cells)
    return table(header, rows)


def telling_table(readings: Sequence[Reading]) -> list[str]:
    """Write what is told and what is not: findings, withheld metrics, refused files, grades."""
    exact = {r.film: r for r in readings if r.points == EXACT and not r.refused}
    header = ["view", "points", "findings that exact points give too", "of exact points' findings"]
    header += ["metrics withheld, %", "only advisory, %", "films refused"]
    header += ["graded A / B / C / D"]
    rows = []
    for view, name, own in by_view(readings):
        raised, right, true = judged(own, exact)
        asked = sum(r.asked for r in own)
        grades = [r.grade for r in own]
        same = [f"{right} of {raised}", f"{right} of {true}"]
        rows.append(
            [
                view,
                NAMES.get(name, name),
                *([NONE, NONE] if name == EXACT else same),
                percent(sum(r.withheld for r in own), asked),
                percent(sum(r.advisory for r in own), asked),
                str(sum(bool(r.refused) for r in own)),
                " / ".join(str(grades.count(grade)) for grade in _GRADES),
            ]
        )
    return table(header, rows)


def short_table(
    readings: Sequence[Reading], title: str, key: Callable[[Reading], str], values: Sequence[str]
) -> list[str]:
    """Write the gist by something else than the view."""
    header = [title, "points", "films (runners)", "contact: RMSE, ms", "toe-off: RMSE, ms"]
    header += ["lost / other foot / invented, %", "contact time, ms", "knee, peak in stance, °"]
    rows = []
    for value, name, own in by_points(readings, key, values):
        cells = [value, NAMES.get(name, name), extent(own)]
        for kind in KINDS:
            cells.append(rmse(events(own, kind), 1))
        cells.append(" / ".join(fates(own, *KINDS)))
        for id in ("ground_contact_time", "knee_flex_peak_stance"):
            cells.append(rmse(metric(own, id), 1))
        rows.append(cells)
    return table(header, rows)


def metric_table(readings: Sequence[Reading]) -> list[str]:
    """Write every metric: a column for each estimator, error and how often the interval holds."""
    points = order(readings)
    header = ["metric", "unit", *(NAMES.get(name, name) for name in points)]
    rows = []
    for id in catalogue():
        unit, cells = "", []
        for name in points:
            errors = metric((r for r in readings if r.points == name), id)
            unit = errors.unit or unit
            cells.append(f"{errors.rms:.3g}, {errors.coverage:.0f} %" if errors.error else "")
        if any(cells):
            rows.append([id, unit, *cells])
    return table(header, rows)
