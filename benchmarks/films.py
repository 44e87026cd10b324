"""What the product makes of one film of the virtual laboratory, beside the laboratory's truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from benchmarks.agreement import MARGIN_S, Measure, compare_metrics
from benchmarks.matching import match
from stridewise.analysis import analyze
from stridewise.errors import InputError
from stridewise.estimate import Estimate
from stridewise.form import load_areas
from stridewise.gait.encoding import INPUT_POINTS
from stridewise.gait.motion import Event, EventKind
from stridewise.metrics import compute
from stridewise.recording import Recording
from stridewise.result import Analysis, Finding
from stridewise.skeletons import SIDES
from training.films.record import UPPER, Film
from training.form_net.bodies import truth as full_body
from training.gait_net.folds import held_out_model
from training.lab import Trial, stretch
from training.norms import laboratory_data

#: A found contact belongs to a true one within this time.
MATCH_S = 0.06
#: The points beside those of the estimators: where the joints truly are in the picture.
EXACT = "exact points"
#: Frame rates of cameras; a file counts as the nearest one.
RATES = (24.0, 25.0, 30.0, 50.0, 60.0, 120.0, 240.0)
#: A file tells the truth about time when no frame is further off than this.
_TRUE_TO_TIME_S = 0.005

How = Literal["right", "other", "lost", "invented"]


@dataclass(frozen=True)
class Told:
    """What became of one contact or toe-off; the error in milliseconds, if it has a partner."""

    kind: EventKind
    how: How
    error_ms: float | None = None
    held: bool = False


@dataclass(frozen=True)
class Summary:
    """What became of all events of a kind; errors count on either foot, and are in milliseconds."""

    true: int
    lost: int
    other: int
    invented: int
    rms_ms: float | None
    bias_ms: float | None


@dataclass(frozen=True)
class Reading:
    """One film, read from one estimator's points.

    Parameters
    ----------
    film, runner, view, place : str
    fps : float
        As the file says.
    true_to_time : bool
        Whether the file's times are those at which its frames were taken.
    points : str
        Name of the estimator, or `EXACT`.
    refused : str
        Why there is no analysis; empty where there is one, and the rest is empty otherwise.
    grade : str
    events : tuple of Told
    metrics : tuple of Measure
        Those that are told and whose truth is known.
    findings : tuple of str
        Areas raised, and the side.
    withheld, advisory, asked : int
        Metrics that are absent, that are shown but not to be judged by, and all.
    """

    film: str
    runner: str
    view: str
    place: str
    fps: float
    true_to_time: bool
    points: str
    refused: str = ""
    grade: str = ""
    events: tuple[Told, ...] = ()
    metrics: tuple[Measure, ...] = ()
    findings: tuple[str, ...] = ()
    withheld: int = 0
    advisory: int = 0
    asked: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def read_film(film: Film, estimators: Sequence[str]) -> list[Reading]:
    """Analyse the exact points of a film and those of estimators; nothing is stated."""
    true = truth(film)
    recordings = {EXACT: film.exact()}
    recordings |= {name: film.recording(name) for name in estimators if name in film.points}
    return [read(film, name, recording, true) for name, recording in recordings.items()]


def read(film: Film, points: str, recording: Recording, true: Sequence[Estimate]) -> Reading:
    """Analyse a recording of a film by what never saw its runner, and compare."""
    off = np.abs((film.stamp - film.stamp[0]) - (film.time - film.time[0]))
    reading = Reading(
        film=film.name,
        runner=film.trial.runner,
        view=film.view,
        place=str(film.recipe.get("place", "")),
        fps=min(RATES, key=lambda rate: abs(np.log(rate / recording.fps))),
        true_to_time=bool(off.max() < _TRUE_TO_TIME_S),
        points=points,
    )
    try:
        analysis = analyze(recording, model=held_out_model(film.fold))
    except InputError as error:
        return replace(reading, refused=str(error))
    status = [estimate.status for estimate in analysis.metrics]
    return replace(
        reading,
        grade=analysis.capture.quality,
        events=tuple(told(film, analysis.events)),
        metrics=tuple(compare_metrics(true, analysis)),
        findings=tuple(raised(analysis)),
        withheld=status.count("absent"),
        advisory=status.count("advisory"),
        asked=len(status),
    )


def truth(film: Film) -> tuple[Estimate, ...]:
    """Compute the metrics from the laboratory's joints and force, and from the drawn upper body."""
    trial = stretch(film.trial, film.time[0], film.time[-1] - film.time[0])
    if not np.isfinite(film.upper).all():
        return compute(laboratory_data(trial, scaled=False))
    return compute(full_body(_whole(film, trial)))


def _whole(film: Film, trial: Trial) -> Trial:
    """Join the laboratory's points and the drawn ones, at the laboratory's times."""
    time, first = np.unique(film.time, return_index=True)
    point = {name: trial.xyz[:, i] for i, name in enumerate(trial.keypoints)}
    for i, name in enumerate(UPPER):
        path = film.upper[first, i]
        point[name] = np.stack([np.interp(trial.time, time, axis) for axis in path.T], axis=1)
    xyz = np.stack([point[name] for name in INPUT_POINTS], axis=1)
    return replace(trial, xyz=xyz, keypoints=INPUT_POINTS)


def on_laboratory_clock(film: Film, events: Sequence[Event]) -> list[Event]:
    """Put events from the times of the file on those at which its frames were taken.

    Where the file repeats pictures, each comes to show late, some more and some less; its clock is
    then that of the pictures in the mean.
    """
    stamp, time = film.stamp, film.time
    if film.recipe.get("file", {}).get("kind") == "converted":
        own = np.r_[True, np.diff(time) > 0]
        time = np.polyval(np.polyfit(stamp[own], time[own], 1), stamp)
    times = np.interp([e.time_s for e in events], stamp, time).tolist()
    return [replace(e, time_s=time) for e, time in zip(events, times, strict=True)]


def told(film: Film, events: Sequence[Event]) -> Iterator[Told]:
    """Say what became of each true event of a film, away from its ends, and what was invented."""
    found = match(
        film.trial.events,
        on_laboratory_clock(film, events),
        MATCH_S,
        film.time[0] + MARGIN_S,
        film.time[-1] - MARGIN_S,
    )
    pairs: tuple[tuple[How, Any], ...] = (("right", found.right), ("other", found.other))
    for how, some in pairs:
        for true, mine in some:
            wrong = mine.time_s - true.time_s
            yield Told(true.kind, how, 1e3 * wrong, bool(abs(wrong) <= 1.96 * mine.sd_s))
    yield from (Told(e.kind, "lost") for e in found.lost)
    yield from (Told(e.kind, "invented") for e in found.invented)


def summary(events: Iterable[Told], kind: EventKind) -> Summary:
    """Sum up what became of events of a kind."""
    own = [event for event in events if event.kind == kind]
    how = [event.how for event in own]
    wrong = np.array([event.error_ms for event in own if event.error_ms is not None])
    return Summary(
        true=len(own) - how.count("invented"),
        lost=how.count("lost"),
        other=how.count("other"),
        invented=how.count("invented"),
        rms_ms=round(float(np.sqrt(np.mean(wrong**2))), 2) if len(wrong) else None,
        bias_ms=round(float(np.mean(wrong)), 2) if len(wrong) else None,
    )


def raised(analysis: Analysis) -> Iterator[str]:
    """Name the areas that were raised, each side of its own."""
    sided = {area.id: area.sided for area in load_areas().areas}
    for finding in analysis.findings:
        yield from (f"{finding.area}, {side}" for side in _sides(finding, sided[finding.area]))


def _sides(finding: Finding, sided: bool) -> tuple[str, ...]:
    return SIDES if sided and finding.side == "both" else (finding.side,)
