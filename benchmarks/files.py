"""What becomes of files that show pictures twice: `python -m benchmarks.files`.

Films of the virtual laboratory (`training/films`) know when each of their frames was taken, and
what their files do to that. The first table tells how many repeated frames are found, and what
leaving them out does to time and to contacts; the second tells the same of simulated runners at
other frame rates; the third how many files with nothing to mend are changed all the same, where
`STRIDEWISE_DATA` is set of people who walk, squat, rise and jump too; the last what is not found.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.films import EXACT, Told, summary, told
from stridewise import read
from stridewise.analysis import analyze
from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.gait.motion import EventKind
from stridewise.recording import Recording
from stridewise.repair.frames import CONVERSIONS, find_pictures
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.view import leg_length
from training.films.record import ESTIMATORS, POINTS, Film, read_all
from training.gait_net.folds import held_out_model

Array = NDArray[np.float64]

#: What files do that show pictures twice, and what they do to time without a word.
REPEATING, UNSEEN = ("converted", "frozen"), ("dropped-unstamped", "variable-unstamped")
#: How long a contact lasts, in seconds: over this time the error of the clock is told.
CONTACT_S = 0.25
#: Simulated runners: frames/s, steps per minute, camera, noise in leg lengths, seconds.
_RATES = (24.0, 25.0, 30.0, 50.0, 60.0, 120.0, 240.0)
_CADENCES = (150.0, 165.0, 180.0, 200.0)
_YAWS = (0.0, 45.0, 90.0, -90.0)
_NOISES = (0.0, 0.005, 0.02)
_SECONDS = 6.0
#: How differently a picture is read that was encoded twice, in leg lengths.
_ANEW = 0.003
_DATA = os.environ.get("STRIDEWISE_DATA", "")


@dataclass(frozen=True)
class Found:
    """What was made of the frames of one file, from one estimator's points.

    Parameters
    ----------
    kind : str
        What the file does (`training.films.files.Kind`).
    points : str
        Name of the estimator, or `EXACT`.
    again, left_out, wrongly : int
        Frames that show a picture of another time; those of them that were left out, and others.
    off_ms : (float, float)
        Root mean square error of time over `CONTACT_S`, by the file and after repair.
    events : (tuple of Told, tuple of Told)
        What became of contacts and toe-offs, without this repair and with it.
    """

    kind: str
    points: str
    again: int
    left_out: int
    wrongly: int
    off_ms: tuple[float, float]
    events: tuple[tuple[Told, ...], tuple[Told, ...]] = ((), ())


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path, default=POINTS, help="other films in the same form")
    parser.add_argument("--no-events", action="store_true", help="leave contacts aside: quick")
    args = parser.parse_args(argv)
    films = read_all(args.folder)
    found = [f for film in films for f in find(film, events=not args.no_events)]
    for table in (repeating(found), converted(), fine(found), unseen(found)):
        print("\n".join(table), end="\n\n", flush=True)


def kind_of(film: Film) -> str:
    """Tell what the file of a film does; the first films had none."""
    return str(film.recipe.get("file", {}).get("kind", "constant"))


def find(film: Film, *, events: bool) -> Iterator[Found]:
    """Mend the file of a film, from exact points and from those of each estimator."""
    kind = kind_of(film)
    again = np.r_[False, np.diff(film.time) <= 0]
    if kind == "frozen":
        again |= film.time == film.time[0]
    for name in (EXACT, *film.points):
        recording = film.exact() if name == EXACT else film.recording(name)
        pictures = find_pictures(recording)
        kept = pictures.kept
        yield Found(
            kind=kind,
            points=name,
            again=int(again.sum()),
            left_out=int((again & ~kept).sum()),
            wrongly=int((~again & ~kept).sum()),
            off_ms=(off(film.stamp, film.time), off(pictures.time, film.time[kept])),
            events=_events(film, recording) if events and kind in REPEATING else ((), ()),
        )


def off(time: Array, true: Array) -> float:
    """Root mean square error, in milliseconds, of what passes in `CONTACT_S`."""
    frames = max(1, round(CONTACT_S / float(np.median(np.diff(time)))))
    wrong = (time[frames:] - time[:-frames]) - (true[frames:] - true[:-frames])
    return 1e3 * float(np.sqrt(np.mean(wrong**2)))


def _events(film: Film, recording: Recording) -> tuple[tuple[Told, ...], tuple[Told, ...]]:
    """Tell contacts without the repair and with it; none where either is refused."""
    try:
        without, with_ = (
            analyze(recording, Context(repairs_off=steps), model=held_out_model(film.fold))
            for steps in (("repeated_frames",), ())
        )
    except InputError:
        return (), ()
    return tuple(told(film, without.events)), tuple(told(film, with_.events))


def repeating(found: Iterable[Found]) -> Iterator[str]:
    """Tell what becomes of files that show pictures twice."""
    yield (
        "| file | points | recordings | frames of another time | of them left out "
        "| others left out | time, ms | contact, ms | toe-off, ms |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for kind, points, some in _groups(found, REPEATING):
        again, left_out = sum(f.again for f in some), sum(f.left_out for f in some)
        yield (
            f"| {kind} | {points} | {len(some)} | {again} | {100 * left_out / again:.0f} % "
            f"| {sum(f.wrongly for f in some)} | {_off(some)} "
            f"| {_rms(some, 'initial_contact')} | {_rms(some, 'toe_off')} |"
        )


def unseen(found: Iterable[Found]) -> Iterator[str]:
    """Tell how wrong the times of files stay that say nothing of what they do."""
    yield "| file | recordings | frames left out | time, ms |"
    yield "|---|---|---|---|"
    for kind in UNSEEN:
        some = [f for f in found if f.kind == kind]
        yield f"| {kind} | {len(some)} | {sum(f.wrongly for f in some)} | {_off(some)} |"


def _groups(
    found: Iterable[Found], kinds: Sequence[str]
) -> Iterator[tuple[str, str, Sequence[Found]]]:
    found = list(found)
    for kind, points in itertools.product(kinds, (EXACT, *ESTIMATORS)):
        some = [f for f in found if (f.kind, f.points) == (kind, points)]
        if some:
            yield kind, points, some


def _off(found: Sequence[Found]) -> str:
    before, after = (np.sqrt(np.mean([f.off_ms[i] ** 2 for f in found])) for i in (0, 1))
    return f"{before:.1f} → {after:.1f}"


def _rms(found: Sequence[Found], kind: EventKind) -> str:
    sums = [summary((e for f in found for e in f.events[i]), kind).rms_ms for i in (0, 1)]
    return " → ".join("-" if rms is None else f"{rms:.1f}" for rms in sums)


def converted() -> Iterator[str]:
    """Tell how many repeats are found in converted files of simulated runners, by rates."""
    yield "| from | to | recordings | repeats | left out | others left out |"
    yield "|---|---|---|---|---|---|"
    for camera, file in CONVERSIONS:
        repeats, left_out, wrongly, count = 0, 0, 0, 0
        for recording in runners(float(camera)):
            shown = np.arange(int(recording.frames * file / camera)) * camera // file
            # Pictures that were encoded twice are read a little differently.
            xy = recording.xy[shown]
            own = np.random.default_rng(count).normal(0.0, _ANEW * leg_length(recording), xy.shape)
            again = np.r_[False, np.diff(shown) == 0]
            file_ = Recording(
                xy + own,
                recording.confidence[shown],
                np.arange(len(shown)) / file,
                recording.keypoints,
            )
            kept = find_pictures(file_).kept
            repeats, left_out = repeats + int(again.sum()), left_out + int((again & ~kept).sum())
            wrongly, count = wrongly + int((~again & ~kept).sum()), count + 1
        yield (
            f"| {camera} | {file} | {count} | {repeats} | {100 * left_out / repeats:.0f} % "
            f"| {wrongly} |"
        )


def fine(found: Iterable[Found]) -> Iterator[str]:
    """Tell how many files are changed that need not be."""
    yield "| files with nothing to mend | recordings | changed |"
    yield "|---|---|---|"
    good = [f for f in found if f.kind not in (*REPEATING, *UNSEEN)]
    yield f"| films | {len(good)} | {sum(f.wrongly > 0 for f in good)} |"
    for rate in _RATES:
        yield _changed(f"simulated runners, {rate:.0f} frames/s", runners(rate))
    yield _changed("the same, four times slower", map(_slower, runners(240.0)))
    yield _changed("simulated standing, 30 frames/s", map(_standing, runners(30.0)))
    for folder, what in (("activities", "squats, rising, jumps, walks"), ("walking", "walks")):
        if _DATA and (Path(_DATA) / folder).is_dir():
            yield _changed(f"{what} in a laboratory, 25 to 120 frames/s", _recorded(folder))


def _changed(name: str, recordings: Iterable[Recording]) -> str:
    changed = [not find_pictures(recording).kept.all() for recording in recordings]
    return f"| {name} | {len(changed)} | {sum(changed)} |"


def runners(rate: float) -> Iterator[Recording]:
    """Simulate runners of several rhythms, from all sides, with little and much noise."""
    for seed, (cadence, yaw) in enumerate(itertools.product(_CADENCES, _YAWS)):
        noise = _NOISES[seed % len(_NOISES)]
        runner = Runner(cadence=cadence, seed=seed)
        camera = Camera(yaw_deg=yaw, fps=rate)
        yield simulate(runner, camera, Noise(white=noise, slow=noise), _SECONDS).recording


def _slower(recording: Recording) -> Recording:
    return recording.with_(time=4 * recording.time)


def _standing(recording: Recording) -> Recording:
    """Let somebody stand: one moment of a run, with the noise of an estimator."""
    own = np.random.default_rng(recording.frames).normal(0.0, 1.0, recording.xy.shape)
    return recording.with_(xy=recording.xy[:1] + own)


def _recorded(folder: str) -> Iterator[Recording]:
    """Read laboratory recordings of other activities, and every second and fourth frame of them."""
    for path in sorted((Path(_DATA) / folder).iterdir()):
        if path.suffix in (".trc", ".c3d", ".bvh"):
            whole = read(path)
            for every in (1, 2, 4):
                yield whole.take(slice(None, None, every)).with_(depth=None)


if __name__ == "__main__":
    main()
