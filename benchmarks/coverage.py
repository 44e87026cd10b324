"""Do intervals hold, and are findings true? `python -m benchmarks.coverage`.

Simulated runners, of whom every metric is known exactly, faultless and with each fault in turn, are
seen from four sides by estimators of two levels of noise, whose points lie off the joints by as
much as `stridewise.simulate.noise.LEVELS` says for as long as the recording lasts. What
`stridewise.analyze` says of them is held against the truth.

`--document` writes docs/coverage.md.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks import coverage_steps
from stridewise.analysis import analyze
from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.estimate import Estimate, MetricSide
from stridewise.form.areas import Area, Condition, load_areas
from stridewise.gait.combined import CombinedModel
from stridewise.gait.geometric import GeometricModel
from stridewise.metrics import Measured, catalogue
from stridewise.metrics.norms import norm
from stridewise.placement import Offsets
from stridewise.result import Analysis
from stridewise.simulate import LEVELS, Camera, Runner, simulate
from stridewise.simulate.faults import FAULTS
from stridewise.simulate.truth import Truth
from stridewise.skeletons import SIDES

#: Where the camera stands: name and yaw.
VIEWS: Mapping[str, tuple[float, ...]] = {
    "side": (0.0, 180.0),
    "behind": (-90.0,),
    "front": (90.0,),
}
#: Levels, and with a star those whose offsets the analysis is told, as if it knew the estimator.
SHOWN = ("low", "low*", "typical")
SECONDS = 12.0
#: Faultless runners for each runner with a fault.
FAULTLESS = 8
SPEEDS = (2.6, 3.0, 3.4, 3.8)


@dataclass(frozen=True)
class Case:
    """One recording: who, from where, with which noise; the same once more with a star."""

    view: str
    yaw: float
    level: str
    fault: str
    seed: int

    @property
    def stated(self) -> bool:
        """Whether speed, height and mass are stated: every other time."""
        return self.seed % 2 == 0


@dataclass
class Held:
    """Errors of one metric, and whether its 95 % interval held the truth."""

    error: list[float] = field(default_factory=list)
    sd: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)

    def add(self, estimate: Estimate, truth: float) -> None:
        """Take in one estimate that is there."""
        assert estimate.value is not None
        assert estimate.sd is not None
        assert estimate.ci95 is not None
        self.error.append(estimate.value - truth)
        self.sd.append(estimate.sd)
        self.held.append(estimate.ci95[0] <= truth <= estimate.ci95[1])

    def __str__(self) -> str:
        if not self.held:
            return ""
        rms, sd = float(np.sqrt(np.mean(np.square(self.error)))), float(np.median(self.sd))
        return f"{100 * np.mean(self.held):.0f} % ({rms:.2g}, {sd:.2g})"


@dataclass
class Raised:
    """Findings of one kind: raised, of them true; truly there, of them raised."""

    raised: int = 0
    true: int = 0
    there: int = 0
    found: int = 0

    def __str__(self) -> str:
        return f"{self.true} of {self.raised} | {self.found} of {self.there}"


@dataclass
class Score:
    """Everything that was counted."""

    runs: int = 0
    told: dict[tuple[str, str, str], Held] = field(default_factory=lambda: defaultdict(Held))
    advisory: dict[tuple[str, str, str], Held] = field(default_factory=lambda: defaultdict(Held))
    findings: dict[tuple[str, str, str], Raised] = field(
        default_factory=lambda: defaultdict(Raised)
    )
    false: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)


def cases(each: int, levels: Sequence[str] = SHOWN) -> Iterator[Case]:
    """All recordings; every one of another runner."""
    seed = 0
    for level in (level for level in levels if not level.endswith("*")):
        for view, yaws in VIEWS.items():
            for yaw in yaws:
                for fault in (*FAULTLESS * ("",), *FAULTS):
                    for _ in range(each):
                        yield Case(view, yaw, level, fault, seed)
                        seed += 1


def read(case: Case, levels: Sequence[str] = SHOWN) -> tuple[Truth, dict[str, Analysis]]:
    """Simulate one recording and analyse it: as it is, and with its level's offsets told."""
    runner = Runner(
        seed=case.seed,
        speed_mps=SPEEDS[case.seed % len(SPEEDS)],
        faults={case.fault: 1.0} if case.fault else {},
    )
    made = simulate(runner, Camera(yaw_deg=case.yaw), LEVELS[case.level], SECONDS)
    known = (
        Context(
            speed_mps=runner.speed_mps,
            height_m=runner.height_m,
            mass_kg=runner.mass_kg,
            surface="treadmill",
        )
        if case.stated
        else Context()
    )
    found = {case.level: analyze(made.recording, known)}
    if f"{case.level}*" in levels:
        told = GeometricModel(offsets=Offsets(LEVELS[case.level].systematic))
        model = CombinedModel(geometric=told)
        found[f"{case.level}*"] = analyze(made.recording, known, model=model)
    return made.truth, found


def run(each: int, levels: Sequence[str] = SHOWN) -> Score:
    """Read and count every case."""
    score = Score()
    for case in cases(each, levels):
        try:
            truth, found = read(case, levels)
        except InputError as error:
            score.declined.append(f"{case}: {error}")
            continue
        for level, analysis in found.items():
            count(score, replace(case, level=level), truth, analysis)
    return score


def count(score: Score, case: Case, truth: Truth, analysis: Analysis) -> None:
    """Take one recording into the score."""
    score.runs += not case.level.endswith("*")
    for estimate in analysis.metrics:
        known = true_value(truth, estimate.id, estimate.side, estimate.unit)
        if known is not None and estimate.value is not None:
            held = score.told if estimate.status == "ok" else score.advisory
            held[estimate.id, case.level, case.view].add(estimate, known)
    units = {(e.id, e.side): e.unit for e in analysis.metrics}
    raised = {finding.area: finding.side for finding in analysis.findings}
    for area in load_areas().areas:
        there = [
            side for side in (SIDES if area.sided else ("both",)) if holds(area, side, truth, units)
        ]
        said: tuple[MetricSide, ...] = ()
        if area.id in raised:
            both = area.sided and raised[area.id] == "both"
            said = SIDES if both else (raised[area.id],)
        for kind in (("level", case.level, case.view), ("area", case.level, area.id)):
            found = score.findings[kind]
            found.raised += bool(said)
            found.true += bool(said) and set(said) <= set(there)
            found.there += bool(there)
            found.found += bool(set(said) & set(there))
        if said and not set(said) <= set(there):
            score.false.append(f"{case}: {area.id}, {raised[area.id]}")


def true_value(truth: Truth, name: str, side: MetricSide, unit: str) -> float | None:
    """Return what a metric truly is, in a unit; None where the simulator does not tell."""
    value = truth.metrics.get(name, {}).get(side)
    if value is None:
        return None
    metric = catalogue()[name]
    return value / truth.leg_length_m if (metric.unit, unit) == ("m", "L") else value


def holds(
    area: Area, side: MetricSide, truth: Truth, units: Mapping[tuple[str, MetricSide], str]
) -> bool:
    """Say whether an area is truly past its first cut-offs on a side."""
    past = [_past(condition, side, truth, units) for condition in area.conditions]
    return sum(past) >= area.at_least


def _past(
    condition: Condition,
    side: MetricSide,
    truth: Truth,
    units: Mapping[tuple[str, MetricSide], str],
) -> bool:
    name = condition.metric
    owner: MetricSide = side if (name, side) in units else "both"
    unit = units[name, owner]
    value = true_value(truth, name, owner, unit)
    if value is None:
        return False
    cut = condition.cuts[0]
    if condition.scale == "z":
        speed = Measured(truth.runner.speed_mps, 0.0)
        usual = norm(name, unit, truth.runner.surface, speed, value)
        if usual is None:
            return False
        cut = usual.mean + cut * usual.sd
    elif unit not in condition.units:
        return False
    if condition.direction == "beyond":
        return abs(value) > cut
    return value > cut if condition.direction == "above" else value < cut


def page(score: Score, levels: Sequence[str] = SHOWN) -> list[str]:
    """Write the tables, one line each."""
    columns = [(level, view) for level in levels for view in VIEWS]
    lines = [
        *_ABOUT,
        "",
        f"**Here**: {score.runs} recordings of {SECONDS:g} s, 60 frames per second.",
        "",
        "## Findings",
        "",
        "| level | seen from | true, of those raised | found, of those that are there |",
        "|---|---|---|---|",
    ]
    for level in levels:
        for view in VIEWS:
            lines.append(f"| {level} | {view} | {score.findings['level', level, view]} |")
        lines.append(f"| {level} | all | {_sum(score, 'level', level)} |")
    lines += ["", "| area | " + " | ".join(f"{x}: true | found" for x in levels) + " |"]
    lines.append("|---" * (1 + 2 * len(levels)) + "|")
    for area in load_areas().areas:
        cells = " | ".join(str(score.findings["area", level, area.id]) for level in levels)
        lines.append(f"| {area.title} | {cells} |")
    for title, held in (("told", score.told), ("only advisory", score.advisory)):
        lines += [
            "",
            f"## Metrics that are {title}",
            "",
            "| metric | unit | " + " | ".join(f"{level}, {view}" for level, view in columns) + " |",
            "|---" * (2 + len(columns)) + "|",
        ]
        for name, metric in catalogue().items():
            row = [str(held.get((name, *column), "")) for column in columns]
            if any(row):
                lines.append(f"| {name} | {metric.unit} | {' | '.join(row)} |")
        every = [
            [h for (_, *where), each in held.items() if tuple(where) == column for h in each.held]
            for column in columns
        ]
        cells = [f"{100 * np.mean(h):.1f} % of {len(h)}" if h else "" for h in every]
        lines.append(f"| **all** | | {' | '.join(cells)} |")
    return [*lines, "", *(f"Declined: {each}" for each in score.declined)]


def _sum(score: Score, kind: str, level: str) -> Raised:
    total = Raised()
    for (k, found_level, _), found in score.findings.items():
        if (k, found_level) == (kind, level):
            total.raised += found.raised
            total.true += found.true
            total.there += found.there
            total.found += found.found
    return total


DOCUMENT = Path(__file__).parent.parent / "docs" / "coverage.md"
_ABOUT = (
    "# Do intervals hold, and are findings true?",
    "",
    "Written by `python -m benchmarks.coverage --document`. Simulated runners, faultless ones and",
    "one with each fault in turn (strength 1), every recording of another runner, are seen from",
    "the right and the left, from behind and in front. Noise levels are those of the simulator: at",
    "`low` every point lies off its joint by 1 % of leg length (SD per coordinate) for the whole",
    "recording, at `typical` by 2 %, and it trembles besides. What is assumed is 2 % throughout;",
    "with a star, the analysis is told the level's own. For every other runner speed, height and",
    "mass are stated.",
    "",
    "Metrics: how many of the 95 % intervals hold the truth (RMSE, median of the stated standard",
    "deviation), left and right pooled. Findings: a finding is true when the exact metrics are",
    "past the cut-offs of its area on the side, or the sides, that it names.",
)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--each", type=int, default=1, help="runners per fault, view and level")
    parser.add_argument("--document", action="store_true", help="write docs/coverage.md")
    parser.add_argument("--quick", action="store_true", help="without what is told from many steps")
    parser.add_argument("--false", action="store_true", help="list false findings")
    args = parser.parse_args(argv)
    score = run(args.each)
    lines = [*page(score), *([] if args.quick else coverage_steps.lines())]
    text = "\n".join(lines) + "\n"
    if args.document:
        DOCUMENT.write_text(text, encoding="utf-8")
    else:
        print(text)
    if args.false:
        print("\n".join(score.false))


if __name__ == "__main__":
    main()
