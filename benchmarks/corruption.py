"""What dirt does to the result, and repair to the dirt: `python -m benchmarks.corruption`.

Clean recordings of simulated runners, and of laboratory runners where STRIDEWISE_DATA names their
folder, are soiled in one way at a time and in all ways at once, each at three strengths. Each is
read twice: with every repair step off, and with all of them. A second table reads clean recordings
both ways, because repair must leave them alone.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from stridewise.analysis import analyze
from stridewise.context import REPAIRS, Context
from stridewise.errors import InputError
from stridewise.gait import angles
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.motion import Event, EventKind, Motion
from stridewise.people import Detections, separate
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.roll import find_roll
from stridewise.repair.swaps import ARMS, HIPS, LEGS, exchange
from stridewise.simulate import LEVELS, Camera, Noise, Runner, degrade, simulate
from stridewise.skeletons import SIDES, Side
from stridewise.view import find_view
from training.lab import seen, trials

Array = NDArray[np.float64]

#: Noise of the clean recordings, as a share of leg length, and their length.
BASE_NOISE, SECONDS = 0.003, 15.0
#: An event belongs to a true one of the same foot within this time; those near the ends of a
#: recording do not count.
MATCH_S, MARGIN_S = 0.1, 0.6
BURST_S, GAPS_PER_MIN, OUTLIER_SIZE = 0.15, 10.0, 0.3
#: Angles that a clean recording must keep.
MEASURED = {
    *product(("knee_flexion", "thigh", "shank"), SIDES),
    ("trunk_lean", None),
}
KINDS: tuple[EventKind, EventKind] = ("initial_contact", "toe_off")


@dataclass(frozen=True)
class Case:
    """A clean recording with its truth."""

    recording: Recording
    leg_px: float
    events: Sequence[Event]
    time: Array
    knee: Mapping[Side, Array]


@dataclass
class Score:
    """Errors gathered over recordings."""

    right: int = 0
    missed: int = 0
    invented: int = 0
    refused: int = 0
    timing: list[float] = field(default_factory=list)
    contact: list[float] = field(default_factory=list)
    knee: list[float] = field(default_factory=list)


Dirt = Callable[[Case, float, np.random.Generator], Recording]


def jitter(case: Case, share: float, rng: np.random.Generator) -> Recording:
    return degrade(case.recording, Noise(white=share), case.leg_px, rng)


def gaps(case: Case, seconds: float, rng: np.random.Generator) -> Recording:
    xy = case.recording.xy.copy()
    fps = case.recording.fps
    for k in range(xy.shape[1]):
        for start in rng.integers(0, len(xy), rng.poisson(GAPS_PER_MIN * len(xy) / fps / 60)):
            xy[start : start + round(seconds * fps), k] = np.nan
    return case.recording.with_(xy=xy)


def swaps(case: Case, share: float, rng: np.random.Generator) -> Recording:
    """Let the legs, and in every other burst hips and arms too, change places."""
    recording = case.recording
    legs, body = np.zeros((2, recording.frames), dtype=bool)
    while legs.mean() < share:
        start = rng.integers(recording.frames)
        burst = slice(start, start + 1 + round(rng.exponential(BURST_S) * recording.fps))
        legs[burst] = True
        body[burst] = rng.random() < 0.5
    return exchange(exchange(recording, LEGS, legs), (*HIPS, *ARMS), body)


def outliers(case: Case, share: float, rng: np.random.Generator) -> Recording:
    noise = Noise(outliers=share, outlier_size=OUTLIER_SIZE)
    return degrade(case.recording, noise, case.leg_px, rng)


def one_foot(case: Case, parts: float, _: np.random.Generator) -> Recording:
    """Leave the left foot out throughout: small toe, big toe and heel, as many as `parts`."""
    lost = [f"left_{part}" for part in ("small_toe", "big_toe", "heel")[: round(parts)]]
    xy = case.recording.xy.copy()
    xy[:, [name in lost for name in case.recording.keypoints]] = np.nan
    return case.recording.with_(xy=xy)


def stamps(case: Case, share: float, rng: np.random.Generator) -> Recording:
    time = case.recording.time
    return case.recording.with_(
        time=time + share / case.recording.fps * rng.uniform(-1, 1, len(time))
    )


def none(case: Case, _: float, __: np.random.Generator) -> Recording:
    return case.recording


#: Name, strengths, how they are written, what does it.
DIRTS: Sequence[tuple[str, tuple[float, ...], str, Dirt]] = (
    ("none", (0.0,), "", none),
    ("jitter", (0.005, 0.01, 0.02), "{:.1%} of leg length", jitter),
    ("gaps", (0.05, 0.15, 0.3), "{:.2f} s", gaps),
    ("outliers", (0.01, 0.03, 0.05), "{:.0%} of points", outliers),
    ("left foot lost", (1.0, 2.0, 3.0), "{:.0f} points", one_foot),
    ("swaps", (0.02, 0.07, 0.3), "{:.0%} of frames", swaps),
    ("time stamps", (0.1, 0.2, 0.3), "± {:.0%} of a frame", stamps),
)
FRAME_RATES = (15.0, 30.0, 120.0, 240.0)
#: Times slower than life, filmed at 240 frames/s.
SLOW = (2.0, 4.0, 8.0)
#: How often another runner crosses, from how far away; whoever is behind is not found while their
#: hips are closer than the last number of leg lengths.
CROSSINGS, ASIDE, BEHIND = (2, 6, 15), 2.5, 0.3
#: Where tilted cameras stand. Off the side view, the way of the feet slopes without any tilt.
CAMERAS = {
    "side": Camera(),
    "10° off the side": Camera(yaw_deg=10.0),
    "10° off, looks 10° down": Camera(yaw_deg=170.0, pitch_deg=-10.0, height_m=1.5),
    "front": Camera(yaw_deg=90.0),
    "8° off the back": Camera(yaw_deg=-82.0),
}
ROLLS = (0.0, 3.0, 6.0)


def simulated(count: int, fps: float) -> Iterator[Case]:
    """Film simulated runners, in turn from the right and from the left."""
    for seed in range(count):
        runner = Runner(seed=100 + seed, speed_mps=2.5 + 0.5 * (seed % 5))
        camera = Camera(fps=fps, yaw_deg=180.0 * (seed % 2))
        simulation = simulate(runner, camera, Noise(white=BASE_NOISE), SECONDS)
        truth = simulation.truth
        yield Case(
            simulation.recording,
            truth.leg_length_m * camera.focal_px / camera.distance_m,
            truth.events,
            truth.time,
            {side: truth.signals["knee_flexion", side] for side in SIDES},
        )


def laboratory(count: int, fps: float) -> Iterator[Case]:
    """Film laboratory runners, one trial of each."""
    one_each = list({trial.runner: trial for trial in trials()}.values())[:count]
    for i, trial in enumerate(one_each):
        camera = Camera(fps=fps, yaw_deg=180.0 * (i % 2))
        recording = seen(trial, camera, Noise(white=BASE_NOISE), 100 + i)
        first = recording.time < recording.time[0] + SECONDS
        recording = recording.take(first)

        def at(side: Side, part: str) -> Array:
            return trial.xyz[:, trial.keypoints.index(f"{side}_{part}"), :2]  # noqa: B023

        knee = {
            side: angles.knee_flexion(
                angles.from_vertical(at(side, "hip"), at(side, "knee")),
                angles.from_vertical(at(side, "knee"), at(side, "ankle")),
            )
            for side in SIDES
        }
        leg_px = trial.leg_length_m * camera.focal_px / camera.distance_m
        yield Case(recording, leg_px, trial.events, trial.time, knee)


def read(recording: Recording, off: Sequence[str]) -> Motion:
    """Read a recording with some repair steps off."""
    cleaned, _ = clean(recording, off)
    return GeometricModel().read(cleaned, find_view(cleaned, Context()))


def _inside(case: Case) -> tuple[float, float]:
    time = case.recording.time
    return float(time[0]) + MARGIN_S, float(time[-1]) - MARGIN_S


def inner(case: Case) -> list[Event]:
    """Return the true events that count."""
    start, end = _inside(case)
    return [event for event in case.events if start < event.time_s < end]


def measure(case: Case, recording: Recording, off: Sequence[str], score: Score) -> None:
    """Read a soiled recording and compare it with the truth."""
    start, end = _inside(case)
    true = inner(case)
    try:
        motion = read(recording, off)
    except InputError:
        score.refused += 1
        score.missed += len(true)
        return
    matched: dict[Event, float] = {}
    for side, kind in product(SIDES, KINDS):
        found = [e.time_s for e in motion.events if (e.kind, e.side) == (kind, side)]
        wanted = [e for e in case.events if (e.kind, e.side) == (kind, side)]
        for event in wanted:
            nearest = min(found, key=lambda t: abs(t - event.time_s), default=np.inf)
            if start < event.time_s < end and abs(nearest - event.time_s) <= MATCH_S:
                matched[event] = nearest
        score.invented += sum(
            start < t < end and min(abs(t - e.time_s) for e in wanted) > MATCH_S for t in found
        )
    score.right += len(matched)
    score.missed += len(true) - len(matched)
    score.timing += [t - event.time_s for event, t in matched.items()]
    for side in SIDES:
        for contact, off_ in pairwise(e for e in case.events if e.side == side):
            if contact.kind == KINDS[0] and contact in matched and off_ in matched:
                error = matched[off_] - matched[contact] - (off_.time_s - contact.time_s)
                score.contact.append(error)
        if ("knee_flexion", side) in motion.signals:
            inside = (case.time > start) & (case.time < end)
            value = motion.signals["knee_flexion", side].value
            found_ = np.interp(case.time[inside], motion.time, value, left=np.nan, right=np.nan)
            wrong = found_ - case.knee[side][inside]
            score.knee += wrong[np.isfinite(wrong)].tolist()


def row(name: str, strength: str, off: Score, on: Score) -> str:
    """Write one line of the table: without repair, and with."""

    def rms(values: Sequence[float], digits: int, unit: float = 1.0) -> str:
        if not values:
            return "-"
        return f"{unit * float(np.sqrt(np.mean(np.square(values)))):.{digits}f}"

    def told(score: Score) -> list[str]:
        f1 = 2 * score.right / max(2 * score.right + score.missed + score.invented, 1)
        refused = f" ({score.refused} declined)" if score.refused else ""
        return [
            f"{f1:.3f}{refused}",
            rms(score.timing, 1, 1e3),
            rms(score.contact, 1, 1e3),
            rms(score.knee, 2),
        ]

    cells = [f"{a} → {b}" for a, b in zip(told(off), told(on), strict=True)]
    return f"| {name} | {strength} | " + " | ".join(cells) + " |"


def table(cases: Callable[[float], Sequence[Case]]) -> Iterator[str]:
    """Soil, read and compare; yields the lines of a table."""
    yield "| dirt | strength | event F1 | event, ms | contact time, ms | knee angle, ° |"
    yield "|---|---|---|---|---|---|"
    usual = cases(60.0)
    for name, strengths, words, dirt in DIRTS:
        for strength in strengths:
            yield _scored(name, words.format(strength), usual, (dirt,), (strength,))
    for factor in SLOW:
        yield _slowed(cases(240.0), factor)
    for times in CROSSINGS:
        yield _crossed(usual, times)
    for fps in FRAME_RATES:
        yield _scored("frame rate", f"{fps:.0f} /s", cases(fps), (none,), (0.0,))
    together = [(dirt, strengths) for _, strengths, _, dirt in DIRTS if len(strengths) == 3]
    for level, fps in enumerate((60.0, 60.0, 30.0)):
        dirts = tuple(dirt for dirt, _ in together)
        sizes = tuple(strengths[level] for _, strengths in together)
        yield _scored("all", f"level {level + 1}, {fps:.0f} /s", cases(fps), dirts, sizes)


def _scored(
    name: str,
    strength: str,
    cases: Sequence[Case],
    dirts: Sequence[Dirt],
    sizes: Sequence[float],
) -> str:
    off, on = Score(), Score()
    for seed, case in enumerate(cases):
        soiled = case
        rng = np.random.default_rng(seed)
        for dirt, size in zip(dirts, sizes, strict=True):
            dirty = dirt(soiled, size, rng)
            soiled = Case(dirty, case.leg_px, case.events, case.time, case.knee)
        measure(case, soiled.recording, REPAIRS, off)
        measure(case, soiled.recording, (), on)
    return row(name, strength, off, on)


def _slowed(cases: Sequence[Case], factor: float) -> str:
    """Play recordings slower than life: as they are, and with the true factor stated."""
    off, on, named = Score(), Score(), []
    for case in cases:
        slow = case.recording.with_(time=factor * case.recording.time)
        try:
            analyze(slow)
        except InputError as error:
            found = re.search(r"--time-scale ([\d.]+\d)", str(error)) or re.search(
                r"--time-scale (\d+)", str(error)
            )
            named.append(found[1] if found else "none")
            off.refused += 1
            off.missed += len(inner(case))
        else:
            named.append("none")
            measure(case, slow, REPAIRS, off)
        measure(case, slow.with_(time=slow.time / factor), (), on)
    asked = ", ".join(f"{factor} ({named.count(factor)})" for factor in sorted(set(named)))
    return row("slow motion", f"{factor:.0f} ×; asked for {asked}", off, on)


def _crossed(cases: Sequence[Case], times: int) -> str:
    """Let another runner cross: the largest body of each frame, and the track of the runner."""
    off, on = Score(), Score()
    for seed, case in enumerate(cases):
        bodies = crossing(case, cases[seed - 1], times, np.random.default_rng(seed))
        people = separate(bodies)
        measure(case, largest(bodies), REPAIRS, off)
        measure(case, max(people, key=lambda person: shared(person, case.recording)), (), on)
    return row("people crossing", f"{times} times", off, on)


def crossing(case: Case, other: Case, times: int, rng: np.random.Generator) -> Detections:
    """Return what an estimator lists, in no order, while another runner goes to and fro."""
    own = case.recording
    frames = min(own.frames, other.recording.frames)
    index = [other.recording.keypoints.index(name) for name in own.keypoints]
    there = other.recording.xy[:frames, index]

    def hips(xy: Array) -> Array:
        sides = [own.keypoints.index(f"{side}_hip") for side in SIDES]
        return np.nanmean(xy[:, sides, 0], axis=1)

    aside = ASIDE * case.leg_px * np.cos(np.pi * times * np.arange(frames) / frames)
    shift = hips(own.xy[:frames]).mean() - hips(there).mean()
    there = there + np.stack([aside + shift, np.zeros(frames)], axis=1)[:, None]
    near = np.abs(hips(own.xy[:frames]) - hips(there)) < BEHIND * case.leg_px
    behind = (np.arange(frames) * times // frames) % 2  # who is behind in each crossing
    rows = [
        (frame, who)
        for frame in range(frames)
        for who in rng.permutation(2)
        if not (near[frame] and behind[frame] == who)
    ]
    frame, who = np.array(rows).T
    both = np.stack([own.xy[:frames], there])
    return Detections(
        frame=frame,
        xy=both[who, frame],
        confidence=np.ones((len(rows), len(own.keypoints))),
        time=own.time[:frames],
        keypoints=own.keypoints,
        score=np.ones(len(rows)),
        track=np.full(len(rows), -1),
    )


def largest(bodies: Detections) -> Recording:
    """Take the largest body of each frame."""
    order = np.lexsort((bodies.size, bodies.frame))
    last = np.r_[np.flatnonzero(np.diff(bodies.frame[order])), len(order) - 1]
    frame = bodies.frame[order[last]]
    xy = np.full((len(bodies.time), len(bodies.keypoints), 2), np.nan)
    xy[frame] = bodies.xy[order[last]]
    return Recording(
        xy=xy, confidence=np.ones(xy.shape[:2]), time=bodies.time, keypoints=bodies.keypoints
    )


def shared(person: Recording, runner: Recording) -> int:
    """Count the points of a person that are the runner's."""
    first = int(np.searchsorted(runner.time, person.time[0]))
    return int((person.xy == runner.xy[first : first + person.frames]).all(axis=2).sum())


def untouched() -> Iterator[str]:
    """Read clean recordings with and without repair; yields the lines of a table."""
    yield (
        "| noise | frames | in order again | points left out | turned or sized | knee angle, ° "
        "| segments, ° | event, ms |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for noise in (0.0, 0.003, 0.01):
        frames = points = turned = dropped = levelled = 0
        knee, segments, shift = [0.0], [0.0], [0.0]
        for fps, yaw in product((30.0, 60.0, 120.0, 240.0), (0.0, 8.0, 45.0, 90.0, -90.0, 180.0)):
            seed = int(fps + yaw)
            recording = simulate(
                Runner(seed=1000 + seed), Camera(fps=fps, yaw_deg=yaw), Noise(white=noise), 8.0
            ).recording
            frames += recording.frames
            points += recording.frames * len(recording.keypoints)
            counts = {repair.step: repair.count for repair in clean(recording)[1]}
            turned += counts.get("swaps", 0)
            dropped += counts.get("outliers", 0)
            levelled += len(counts.keys() & {"size", "roll"})
            before, after = read(recording, REPAIRS), read(recording, ())
            for key in before.signals.keys() & MEASURED:
                change = after.signals[key].value - before.signals[key].value
                changes = knee if key[0] == "knee_flexion" else segments
                changes.append(float(np.nanmax(np.abs(change))))
            shift += [
                abs(a.time_s - b.time_s) for a, b in zip(before.events, after.events, strict=True)
            ]
        yield (
            f"| {noise:.1%} | {frames} | {turned} | {dropped} of {points} "
            f"| {levelled} | {max(knee):.3f} | {max(segments):.3f} | {1e3 * max(shift):.2f} |"
        )


def tilted(runners: int) -> Iterator[str]:
    """Tilt the camera; yields the lines of a table."""
    yield "| runners | camera | roll | found | stated SD | turned back | shank angle, ° |"
    yield "|---|---|---|---|---|---|---|"
    filmed: dict[str, Callable[[Camera, int], Recording]] = {
        "simulated": lambda camera, seed: (
            simulate(
                Runner(seed=seed, speed_mps=2.5 + 0.25 * (seed % 9)),
                camera,
                LEVELS["typical"],
                10.0,
            ).recording
        )
    }
    if os.environ.get("STRIDEWISE_DATA"):
        known = list({trial.runner: trial for trial in trials()}.values())
        filmed["laboratory"] = lambda camera, seed: seen(
            known[seed % len(known)], camera, Noise(white=0.005), seed
        )
    for (who, film), camera, roll in product(filmed.items(), CAMERAS, ROLLS):
        level, tilted_ = (replace(CAMERAS[camera], roll_deg=turned) for turned in (0.0, roll))
        found, off, on = [], [], []
        for seed in range(runners):
            recording = film(tilted_, seed)
            roll_ = find_roll(clean(recording, ("roll",))[0])
            if roll_ is None:
                continue
            found.append(roll_)
            true = read(film(level, seed), ("roll",))
            for errors, steps in ((off, ("roll",)), (on, ())):
                motion = read(recording, steps)
                errors += [
                    float(np.nanmean(motion.signals[key].value - true.signals[key].value))
                    for key in (("shank", side) for side in SIDES)
                    if key in motion.signals and key in true.signals
                ]
        angle = np.array([each.angle_deg for each in found])
        stated = np.mean([each.sd_deg for each in found])
        sure = sum(each.sure for each in found)
        shank = " → ".join(
            f"{np.sqrt(np.mean(np.square(errors))):.2f}" if errors else "-" for errors in (off, on)
        )
        yield (
            f"| {who} | {camera} | {roll:.0f}° | {angle.mean():.2f} ± {angle.std():.2f}° "
            f"| {stated:.2f}° | {sure} of {len(found)} | {shank} |"
        )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runners", type=int, default=6, help="how many of each kind")
    args = parser.parse_args(argv)
    sources: dict[str, Callable[[int, float], Iterator[Case]]] = {"Simulated": simulated}
    if os.environ.get("STRIDEWISE_DATA"):
        sources["Laboratory"] = laboratory
    for title, source in sources.items():
        made: dict[float, list[Case]] = {}

        def cases(fps: float) -> Sequence[Case]:
            if fps not in made:  # noqa: B023
                made[fps] = list(source(args.runners, fps))  # noqa: B023
            return made[fps]  # noqa: B023

        print(f"### {title} runners ({args.runners}): without repair → with repair\n")
        for line in table(cases):
            print(line, flush=True)
        print()
    print("### Clean recordings: the most that repair changes\n")
    for line in untouched():
        print(line, flush=True)
    print("\n### Camera roll\n")
    for line in tilted(args.runners):
        print(line, flush=True)


if __name__ == "__main__":
    main()
