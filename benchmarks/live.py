"""Live analysis: speed, delay, accuracy beside offline, memory: `python -m benchmarks.live`.

A simulated runner is streamed through `LiveAnalyzer` without waiting. Times are processor time of
the one thread (what other programs do meanwhile does not count) and, beside it, time on the clock.
With laboratory recordings (STRIDEWISE_DATA), contacts live and offline are compared with the force
plate, each runner read by a network that never saw that runner. `--minutes 120 --fps 120` is the
long run.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stridewise.analysis import analyze
from stridewise.gait.combined import CombinedModel
from stridewise.gait.encoding import FEATURES
from stridewise.gait.learned import WINDOW, Network, shipped
from stridewise.gait.motion import KINDS, Event
from stridewise.live import LiveAnalyzer, Rules
from stridewise.live.updates import Contact, State
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate

Array = NDArray[np.float64]

#: What the project asks for: ms per frame at 60 fps, ms until a contact is known, ms of contact
#: error more than offline.
GOAL_FRAME_MS, GOAL_DELAY_MS, GOAL_WORSE_MS = 2.0, 120.0, 2.0
#: Contacts closer than this to the start or the end are left out, in seconds.
_INSIDE_S = 2.0


@dataclass
class Streamed:
    """What came of streaming a recording.

    Parameters
    ----------
    cpu_ms, wall_ms : list of float
        Per frame.
    contacts : list of Contact
    suspended : int
        How often feedback was suspended.
    """

    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    suspended: int = 0


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--fps", type=float, default=60.0)
    parser.add_argument("--seconds", type=float, default=60.0, help="of running, for speed")
    parser.add_argument("--minutes", type=float, default=2.0, help="of running, for memory")
    parser.add_argument("--every", type=int, default=6, help="only every so many trials")
    args = parser.parse_args(argv)
    print("| what | measured | goal |")
    print("|---|---|---|")
    for line in (*speed(args.fps, args.seconds), *accuracy(args.fps, args.every)):
        print(line, flush=True)
    print(memory(args.fps, args.minutes), flush=True)


def stream(live: LiveAnalyzer, recording: Recording) -> Streamed:
    """Stream a recording without waiting."""
    found = Streamed()
    for t, xy, confidence in zip(recording.time, recording.xy, recording.confidence, strict=True):
        cpu, wall = time.thread_time(), time.perf_counter()
        said = live.update(t, xy, confidence)
        found.cpu_ms.append(1e3 * (time.thread_time() - cpu))
        found.wall_ms.append(1e3 * (time.perf_counter() - wall))
        found.contacts += [update for update in said if isinstance(update, Contact)]
        found.suspended += sum(isinstance(u, State) and u.phase == "suspended" for u in said)
    return found


def speed(fps: float, seconds: float) -> list[str]:
    """Time per frame and delay of contacts."""
    it = simulate(Runner(seed=3), Camera(fps=fps), Noise(white=0.004), duration_s=seconds)
    found = stream(LiveAnalyzer(it.recording.keypoints), it.recording)
    start = round(_INSIDE_S * fps)
    cpu, wall = (np.array(ms[start:]) for ms in (found.cpu_ms, found.wall_ms))
    delay = [
        1e3 * (c.known_s - c.time_s)
        for c in found.contacts
        if c.time_s > it.recording.time[0] + _INSIDE_S
    ]
    goal = f"p99 ≤ {GOAL_FRAME_MS:g} ms"
    return [
        f"| processor time per frame, {fps:g} fps | {_quantiles(cpu)} | {goal} |",
        f"| yardstick: the network alone on one window | median {yardstick():.2f} ms | |",
        f"| time on the clock per frame, {fps:g} fps | {_quantiles(wall)} | |",
        f"| delay until a contact is known | median {np.median(delay):.0f}, p99 "
        f"{np.quantile(delay, 0.99):.0f}, longest {max(delay):.0f} ms | ≤ {GOAL_DELAY_MS:g} ms |",
    ]


def yardstick() -> float:
    """Processor time in ms of one run of the network, without which no reading is possible."""
    network, used = shipped(), []
    for _ in range(100):
        cpu = time.thread_time()
        network.says(np.zeros((WINDOW, FEATURES)))
        used.append(1e3 * (time.thread_time() - cpu))
    return float(np.median(used))


def accuracy(fps: float, every: int) -> list[str]:
    """Contacts live and offline against the force plate."""
    if not os.environ.get("STRIDEWISE_DATA"):
        return ["| contacts against the force plate | STRIDEWISE_DATA is not set | |"]
    from training.foot_path import held_out
    from training.gait_net.folds import held_out_networks
    from training.lab import seen, trials

    data = trials()[::every]
    networks = {
        runner: Network(path) if path else shipped()
        for runner, path in held_out_networks({t.runner for t in data}).items()
    }
    paths = held_out({t.runner for t in data})
    errors: dict[tuple[str, str], list[float]] = {}
    lost = {"live": 0, "offline": 0}
    suspended = 0
    for seed, trial in enumerate(data):
        for yaw in (0.0, 45.0, -90.0):
            filmed = seen(trial, Camera(yaw_deg=yaw, fps=fps), Noise(white=0.005), 1000 + seed)
            model = CombinedModel(networks[trial.runner], paths=paths[trial.runner])
            live = stream(LiveAnalyzer(filmed.keypoints, rules=Rules(5.0), model=model), filmed)
            suspended += live.suspended
            offline = analyze(filmed, model=model).events
            for name, events in (("live", live.contacts), ("offline", offline)):
                lost[name] += _compare(trial.events, events, filmed.time, errors, name)
    lines = []
    for kind in KINDS:
        own, other = (np.array(errors[name, kind]) for name in ("live", "offline"))
        rms, other_rms = (float(np.sqrt(np.mean(e**2))) for e in (own, other))
        lines.append(
            f"| {kind.replace('_', ' ')} live / offline against the force plate, {len(own)} | RMSE "
            f"{rms:.1f} (bias {own.mean():+.1f}) / {other_rms:.1f} ({other.mean():+.1f}) ms | "
            f"≤ {GOAL_WORSE_MS:g} ms more |"
        )
    lines.append(f"| missed live / offline | {lost['live']} / {lost['offline']} | |")
    lines.append(f"| feedback suspended in {3 * len(data)} steady runs | {suspended} times | 0 |")
    return lines


def _compare(
    truth: Iterable[Event],
    events: Iterable[Event] | Iterable[Contact],
    time_: Array,
    errors: dict[tuple[str, str], list[float]],
    name: str,
) -> int:
    """Add the errors in ms of one recording; return how many contacts were missed."""
    found = list(events)
    missed = 0
    for true in truth:
        if not time_[0] + _INSIDE_S < true.time_s < time_[-1] - 0.5:
            continue
        own = [e.time_s for e in found if (e.kind, e.side) == (true.kind, true.side)]
        away = min((t - true.time_s for t in own), key=abs, default=np.inf)
        if abs(away) > 0.1:
            missed += 1
        else:
            errors.setdefault((name, true.kind), []).append(1e3 * away)
    return missed


def memory(fps: float, minutes: float) -> str:
    """Peak memory after a tenth of a long run and at its end."""
    it = simulate(Runner(seed=4), Camera(fps=fps), Noise(white=0.004), duration_s=30.0)
    recording = it.recording
    live = LiveAnalyzer(recording.keypoints)
    frames, n = round(60 * minutes * fps), recording.frames
    peaks = []
    cpu = time.thread_time()
    for i in range(frames):
        live.update(i / fps, recording.xy[i % n], recording.confidence[i % n])
        if i in (frames // 10, frames - 1):
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    used = time.thread_time() - cpu
    return (
        f"| peak memory after {minutes / 10:g} and {minutes:g} minutes at {fps:g} fps | "
        f"{peaks[0]:.1f} and {peaks[1]:.1f} MiB ({used:.0f} s of processor time) | flat |"
    )


def _quantiles(ms: Array) -> str:
    return (
        f"mean {ms.mean():.2f}, median {np.median(ms):.2f}, p99 {np.quantile(ms, 0.99):.2f}, "
        f"longest {ms.max():.1f} ms"
    )


if __name__ == "__main__":
    main()
