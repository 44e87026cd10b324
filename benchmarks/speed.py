"""Speed and memory: `python -m benchmarks.speed`.

Times the whole analysis (without report) of 1,000 frames of 26 keypoints beside a bare low-pass of
the same array in the same run, so that figures of different machines can be compared; `stridewise
--help`; and the peak memory of one hour at 60 frames/s.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from stridewise.recording import Recording
from stridewise.skeletons import KEYPOINTS

FPS = 60.0
#: Limits of the project: seconds, seconds, mebibytes.
LIMIT_ANALYSIS_S, LIMIT_HELP_S, LIMIT_HOUR_MIB = 0.1, 0.4, 1024.0
LIMIT_NETWORK_S = 0.015
_HOUR = "--hour"


def recording(frames: int) -> Recording:
    """Make a noisy runner of 26 points with swinging legs, 2.8 steps per second, from the right."""
    rng = np.random.default_rng(0)
    t = np.arange(frames) / FPS
    phase = 2 * np.pi * 1.4 * t
    xy = np.empty((frames, len(KEYPOINTS), 2))
    height = {"hip": 0.93, "knee": 0.5, "ankle": 0.12, "heel": 0.05, "big_toe": 0.03}
    swing = {"hip": 0.0, "knee": 0.2, "ankle": 0.4, "heel": 0.4, "big_toe": 0.4}
    for k, name in enumerate(KEYPOINTS):
        part = name.removeprefix("left_").removeprefix("right_")
        turn = phase + (np.pi if name.startswith("left") else 0.0)
        lift = np.maximum(np.sin(turn), 0.0) * swing.get(part, 0.0) / 2
        ahead = swing.get(part, 0.1) * np.cos(turn) + {"big_toe": 0.18, "knee": 0.15}.get(part, 0)
        bounce = 0.04 * np.cos(2 * phase) * (height.get(part, 1.5) / 1.5)
        xy[:, k, 0] = ahead
        xy[:, k, 1] = -(height.get(part, 1.5) + lift + bounce)
    xy = 400 * (xy + 0.005 * rng.standard_normal(xy.shape)) + 800
    return Recording(xy, np.ones(xy.shape[:2]), t, KEYPOINTS)


def seconds(call: Callable[[], object], repeats: int) -> float:
    """Median time of a call after one that warms up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument(_HOUR, action="store_true", help="only analyse one hour, print its peak")
    args = parser.parse_args(argv)
    if args.hour:
        print(peak_of_an_hour())
        return
    analysis, low_pass = time_analysis(args.repeats)
    network, geometry = time_models(args.repeats)
    help_ = seconds(lambda: run("-m", "stridewise", "--help"), 5)
    start = time.perf_counter()
    peak = float(run("-m", "benchmarks.speed", _HOUR))
    hour = time.perf_counter() - start
    print("| what | measured | limit |")
    print("|---|---|---|")
    print(
        f"| analysis of 1,000 frames x {len(KEYPOINTS)} points | {1e3 * analysis:.0f} ms "
        f"({analysis / low_pass:.0f} x a bare low-pass, {1e3 * low_pass:.2f} ms) "
        f"| {1e3 * LIMIT_ANALYSIS_S:.0f} ms |"
    )
    print(
        f"| of which the gait network | {1e3 * network:.1f} ms "
        f"({network / geometry:.1f} x the geometric model, {1e3 * geometry:.1f} ms) "
        f"| {1e3 * LIMIT_NETWORK_S:.0f} ms |"
    )
    print(f"| stridewise --help | {help_:.2f} s | {LIMIT_HELP_S:g} s |")
    print(f"| one hour at 60 frames/s: peak memory | {peak:.0f} MiB | {LIMIT_HOUR_MIB:.0f} MiB |")
    print(f"| one hour at 60 frames/s: time | {hour:.0f} s | |")


def time_analysis(repeats: int) -> tuple[float, float]:
    """Return the median time of the whole analysis, and of a bare low-pass of the same array."""
    from scipy.signal import butter, sosfiltfilt

    from stridewise.analysis import analyze

    runner = recording(1000)
    sections = butter(2, 12.0, fs=FPS, output="sos")
    flat = runner.xy.reshape(1000, -1)
    return (
        seconds(lambda: analyze(runner), repeats),
        seconds(lambda: sosfiltfilt(sections, flat, axis=0), repeats),
    )


def time_models(repeats: int) -> tuple[float, float]:
    """Return the median times of the gait network and of the geometric model, 1,000 frames."""
    from stridewise.context import Context
    from stridewise.gait import learned
    from stridewise.gait.geometric import GeometricModel
    from stridewise.view import find_view

    runner = recording(1000)
    view, network, geometry = find_view(runner, Context()), learned.shipped(), GeometricModel()
    return (
        seconds(lambda: learned.read(network, runner), repeats),
        seconds(lambda: geometry.read(runner, view), repeats),
    )


def peak_of_an_hour() -> float:
    """Analyse one hour and return the peak memory of this process in mebibytes."""
    from stridewise.analysis import analyze

    analyze(recording(round(3600 * FPS)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def run(*words: str) -> str:
    """Run Python in a process of its own, on one core; return what it prints."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


if __name__ == "__main__":
    main()
