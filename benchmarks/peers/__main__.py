"""Peers on the films: `python -m benchmarks.peers` writes what they find beside the truth.

Pose2Sim, gaitkit and myogait are installed into `.venv-peers` (700 MB) on first use, get the points
of the films that were filmed from the side, and find contacts by each of their methods. What came
of it stands in results.json, for the tables of `benchmarks.estimators`. Continuous integration does
not run this.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.agreement import KINDS
from benchmarks.films import EXACT, Told, summary, told
from stridewise.gait.motion import Event
from training.films.record import ESTIMATORS, POINTS, Film, read_all

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
VENV = HERE.parent.parent / ".venv-peers"
POSE2SIM = "pose2sim==0.10.49"
VIEW = "side"


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the peers' event methods on the films.")
    parser.add_argument("--folder", type=Path, default=POINTS, help="other films in the same form")
    parser.add_argument("--limit", type=int, help="only so many films")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    films = [film for film in read_all(args.folder) if film.view == VIEW][: args.limit]
    python = set_up()
    with tempfile.TemporaryDirectory() as folder:
        points, found = Path(folder) / "points", Path(folder) / "found.json"
        points.mkdir()
        for film in films:
            for name, arrays in stated(film):
                np.savez(points / f"{film.name}@{name}.npz", **arrays)
        subprocess.run([python, HERE / "methods.py", points, found], check=True)
        events = json.loads(found.read_text(encoding="utf-8"))
    args.out.write_text(json.dumps(results(films, events), indent=1) + "\n", encoding="utf-8")


def set_up() -> Path:
    """Install the peers, once for each state of what is asked for; return their Python."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    needed = HERE / "requirements.txt"
    stamp, wanted = VENV / "set-up-for", needed.read_text(encoding="utf-8") + POSE2SIM
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print("Setting up the peers (700 MB, once) ...", file=sys.stderr, flush=True)
    # The project's environment has no pip; the Python that it was made from has.
    base = getattr(sys, "_base_executable", sys.executable)
    pip = [base, "-m", "pip", "--python", python, "--quiet", "install"]
    for command in (
        [base, "-m", "venv", "--clear", "--without-pip", VENV],
        [*pip, "--requirement", needed],
        [*pip, "--no-deps", POSE2SIM],
    ):
        subprocess.run([str(word) for word in command], check=True, stdout=sys.stderr)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def stated(film: Film) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the points of each estimator, and what a user of the peers has to state."""
    recordings = {EXACT: film.exact()}
    recordings |= {name: film.recording(name) for name in ESTIMATORS if name in film.points}
    for name, recording in recordings.items():
        yield (
            name,
            {
                "names": np.array(recording.keypoints),
                "xy": recording.xy,
                "seen": recording.confidence,
                "time": recording.time,
                "size": np.array(film.size),
                "leg_px": film.leg_px,
                "leg_m": film.trial.leg_length_m,
                "facing": 1.0 if np.cos(np.radians(film.yaw_deg)) >= 0 else -1.0,
            },
        )


def results(films: Sequence[Film], events: Mapping[str, Any]) -> dict[str, Any]:
    """Compare what was found with the truth, by whose points they were, by method and event."""
    by_name = {film.name: film for film in films}
    fates: dict[str, dict[str, list[Told]]] = {}
    for key, methods in events.items():
        name, _, points = key.partition("@")
        for method, given in methods.items():
            found = [Event(kind, side, time, 0.0) for kind, side, time in given]
            own = fates.setdefault(points, {}).setdefault(method, [])
            own += told(by_name[name], found)
    return {
        "packages": packages(),
        "films": sorted(by_name),
        "found": {
            points: {
                method: {kind: asdict(summary(own, kind)) for kind in KINDS}
                for method, own in methods.items()
            }
            for points, methods in fates.items()
        },
    }


def packages() -> list[str]:
    """Name the packages and their versions."""
    lines = (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [POSE2SIM, *(line for line in lines if not line.startswith("#"))]


if __name__ == "__main__":
    main()
