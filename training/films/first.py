"""The first films, whose points came as plain arrays: into the form of the others.

`python -m training.films.first` reads STRIDEWISE_DATA/films and writes `points/`. These films were
made before looks had texture on shin and shoe; their recipe says so (`"textured": false`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from training.films.record import POINTS, UPPER, Film, pick, write
from training.lab import data_folder, read_trial, stretch

#: How the arrays of the first films are called.
_NAMES = {
    "blazepose-full": "full",
    "blazepose-full-frames": "full_image",
    "blazepose-lite": "lite",
    "blazepose-heavy": "heavy",
    "movenet-thunder": "thunder",
}
MARGIN_S = 0.5


def convert(path: Path, trials: Path) -> Film:
    """Read one of the first films and the laboratory trial behind it."""
    with np.load(path) as data:
        job = json.loads(str(data["job"]))
        time = data["time"]
        trial = read_trial(trials / f"runner{data['trial']}.npz")
        lab = {str(name): data["lab"][:, i] for i, name in enumerate(data["lab_names"])}
        body = {str(name): data["mesh"][:, i] for i, name in enumerate(data["mesh_names"])}
        width, height = (int(v) for v in data["size"])
        true = {name: lab[name].astype(float) for name in trial.keypoints} | {
            name: body[name].astype(float) for name in UPPER
        }
        recipe = {
            "trial": str(data["trial"]),
            "yaw_deg": float(data["yaw"]),
            "fps": float(data["fps"]),
            "seconds": job["seconds"],
            "start_s": job["start"],
            "look": job["look"],
            "clothes": job["clothes"] or "shorts and shirt",
            "textured": False,
            "place": "treadmill with rails" if job["rails"] else "treadmill",
            "camera": {
                "distance_m": job["distance"],
                "height_m": job["height"],
                "field_of_view_deg": job["fov"],
                "follow": True,
            },
            "exposure_s": job["shutter"],
        }
        return Film(
            name=path.stem,
            recipe=recipe,
            trial=stretch(trial, time[0] - MARGIN_S, time[-1] - time[0] + 2 * MARGIN_S),
            time=time,
            stamp=time - time[0],
            size=(width, height),
            leg_px=np.full(len(time), float(data["leg_px"])),
            true=true,
            upper=np.full((len(time), len(UPPER), 3), np.nan),
            points={name: pick(name, data[key]) for name, key in _NAMES.items() if key in data},
        )


def main() -> None:
    folder = data_folder()
    POINTS.mkdir(exist_ok=True)
    for path in sorted((folder / "films").glob("*.npz")):
        film = convert(path, folder / "treadmill_running")
        write(film, POINTS / f"{film.name}.npz")
        print(film.name, film.view, len(film.time), file=sys.stderr)


if __name__ == "__main__":
    main()
