"""Do intervals of what is told from many steps hold: asymmetry, drift, variability of strides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stridewise.analysis import analyze
from stridewise.errors import InputError
from stridewise.gait.motion import KINDS, Event, Motion
from stridewise.gait.strides import find_steps
from stridewise.metrics import GaitData, Sample, catalogue
from stridewise.metrics.drift import drift
from stridewise.metrics.uncertainty import interval, summarise
from stridewise.simulate import LEVELS, Camera, Runner, simulate
from stridewise.simulate.noise import wander
from stridewise.skeletons import Side

Array = NDArray[np.float64]

DRAWS = 600
EVENT_SD_S, STEP_SD_S, CONTACT_SD_S = 0.005, 0.0048, 0.0034
PAIRS = (8, 12, 30)
ASYMMETRIES = ("asym_step_time", "asym_ground_contact_time", "asym_flight_time")
#: Length of a recording, in seconds, and correlation times as shares of it; 0 is white noise.
LASTS_S, SHARES = 600.0, (0.0, 0.01, 0.03, 0.1, 0.2, 1 / 3)
VARIATIONS, SECONDS = (0.5, 1.0, 2.0), 40.0
#: Frame rate, where from, yaw, noise.
SEEN = (
    (30.0, "side", 0.0, "typical"),
    (60.0, "side", 0.0, "low"),
    (60.0, "side", 0.0, "typical"),
    (60.0, "behind", -90.0, "typical"),
    (120.0, "side", 0.0, "typical"),
)


def lines() -> list[str]:
    """Write the tables, one line each."""
    return [
        "## Asymmetry",
        "",
        f"Of a runner without any, by pairs of steps: {DRAWS} draws of steps that vary by "
        f"{1e3 * STEP_SD_S:g} ms and contacts that vary by {1e3 * CONTACT_SD_S:g} ms, as those of "
        f"laboratory runners do; events with white errors of {1e3 * EVENT_SD_S:g} ms. How many 95 "
        "% intervals hold 0.",
        "",
        "| metric | " + " | ".join(f"{n} pairs" for n in PAIRS) + " |",
        "|---" * (1 + len(PAIRS)) + "|",
        *(
            f"| {name} | {' | '.join(f'{asymmetry(name, n):.0f} %' for n in PAIRS)} |"
            for name in ASYMMETRIES
        ),
        "",
        "## Drift",
        "",
        f"Of a metric that does not drift but wanders, over {LASTS_S / 60:g} minutes, by its "
        "correlation time as a share of them; half of the variance from step to step is white "
        "besides.",
        "",
        "| correlation time | " + " | ".join(f"{share:.2g}" for share in SHARES) + " |",
        "|---" * (1 + len(SHARES)) + "|",
        "| interval holds 0 | " + " | ".join(f"{drifting(s):.0f} %" for s in SHARES) + " |",
        "",
        "## Variability of stride time",
        "",
        f"Recordings of {SECONDS:g} s, %: true, told (standard deviation); held by the 95 % "
        "interval or not, withheld.",
        "",
        f"| frames/s | seen from | noise | {' | '.join(f'variation {v:g}' for v in VARIATIONS)} |",
        "|---" * (3 + len(VARIATIONS)) + "|",
        *_variability(),
    ]


def asymmetry(name: str, pairs: int) -> float:
    """Return how often the interval of an asymmetry that is none holds, in per cent."""
    rng = np.random.default_rng(pairs)
    held = []
    for _ in range(DRAWS):
        events = _steps(2 * pairs, rng)
        time = np.arange(0.0, events[-1].time_s + 0.5, 1 / 60)
        motion = Motion(time, tuple(sorted(events, key=lambda e: e.time_s)), {})
        data = GaitData(motion, find_steps(motion), 60, "back")
        found = catalogue()[name].function(data, "both")
        assert isinstance(found, Sample)
        summary = summarise(found)
        assert summary is not None
        low, high = interval(summary.value, summary.random_sd, 0.0, summary.freedom)[1]
        held.append(low <= 0 <= high)
    return 100 * float(np.mean(held))


def _steps(count: int, rng: np.random.Generator) -> list[Event]:
    """Draw the events of whole steps that vary as those of laboratory runners do."""
    contacts = 0.5 + np.concatenate([[0.0], np.cumsum(rng.normal(0.35, STEP_SD_S, count + 1))])
    events = []
    for k, contact in enumerate(contacts):
        side: Side = "left" if k % 2 else "right"
        off = contact + rng.normal(0.23, CONTACT_SD_S)
        for kind, time in zip(KINDS, (contact, off), strict=True):
            events.append(Event(kind, side, time + rng.normal(0, EVENT_SD_S), EVENT_SD_S))
    return events


def drifting(share: float) -> float:
    """Return how often the interval of a drift that is none holds, in per cent."""
    rng = np.random.default_rng(7)
    time = np.arange(0, LASTS_S, 0.36)
    held = []
    for _ in range(DRAWS):
        white = rng.standard_normal(len(time))
        slow = wander(time, np.array(share * LASTS_S), rng.standard_normal(len(time)))
        found = drift(time, white + slow, LASTS_S)
        assert found is not None
        low, high = interval(found.value, found.random_sd, found.bias_sd, found.freedom)[1]
        held.append(low <= 0 <= high)
    return 100 * float(np.mean(held))


def _variability() -> Iterator[str]:
    for i, (fps, view, yaw, level) in enumerate(SEEN):
        cells = [
            _strides(Runner(seed=9000 + 10 * i + k, variation=variation), yaw, level, fps)
            for k, variation in enumerate(VARIATIONS)
        ]
        yield f"| {fps:g} | {view} | {level} | {' | '.join(cells)} |"


def _strides(runner: Runner, yaw: float, level: str, fps: float) -> str:
    made = simulate(runner, Camera(yaw_deg=yaw, fps=fps), LEVELS[level], SECONDS)
    true = made.truth.metrics["cv_stride_time"]["both"]
    try:
        analysis = analyze(made.recording)
    except InputError:
        return f"{true:.2f}, declined"
    told = next(e for e in analysis.metrics if e.id == "cv_stride_time")
    if told.value is None or told.ci95 is None:
        return f"{true:.2f}, withheld"
    held = told.ci95[0] <= true <= told.ci95[1]
    advisory = "" if told.status == "ok" else ", advisory"
    return (
        f"{true:.2f}, {told.value:.2f} ({told.sd:.2f}) {'held' if held else '**missed**'}{advisory}"
    )
