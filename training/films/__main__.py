"""Make films: `python3 run films make`, and look at them: `smoke`, `sheet`.

`make` films every laboratory runner from every kind of camera into `training/films/points`, one
process a core; what is there already is left alone, so that it can be stopped and taken up again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from training.films.process import film_to, quiet
from training.films.record import POINTS, read
from training.films.scene import plan
from training.lab import data_folder, trials

#: Processes are begun anew after so many films each: the libraries keep memory.
_FILMS_A_PROCESS = 8


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="films", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("make", help="film and estimate what is missing")
    command.add_argument("--folder", type=Path, default=POINTS, help="of the films (%(default)s)")
    command.add_argument("--stills", type=Path, help="folder for some frames of each film")
    command.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    command.add_argument("--limit", type=int, help="only the first so many")
    command.add_argument("--name", help="only films whose name holds this")
    command.set_defaults(run=_make)
    command = commands.add_parser("smoke", help="ten frames of one film, as a picture")
    command.add_argument("--out", type=Path, default=Path("film.jpg"))
    command.set_defaults(run=_smoke)
    command = commands.add_parser("sheet", help="the frames of every look, from what make kept")
    command.add_argument("stills", type=Path, help="folder that `make --stills` wrote to")
    command.add_argument("--out", type=Path, default=Path("looks"), help="folder (%(default)s)")
    command.set_defaults(run=_sheet)
    command = commands.add_parser("again", help="a film made anew against the one that is there")
    command.add_argument("name", help="such as 03_25_side")
    command.add_argument("--folder", type=Path, default=POINTS, help="of the films (%(default)s)")
    command.set_defaults(run=_again)
    args = parser.parse_args(argv)
    return int(args.run(args))


def _make(args: argparse.Namespace) -> int:
    folder: Path = args.folder
    folder.mkdir(parents=True, exist_ok=True)
    if args.stills:
        args.stills.mkdir(parents=True, exist_ok=True)
    recipes = [r for r in plan(trials()) if not args.name or args.name in r.name]
    missing = [r for r in recipes[: args.limit] if not (folder / f"{r.name}.npz").exists()]
    print(f"{len(recipes[: args.limit]) - len(missing)} films are there, {len(missing)} to make")
    begin, lab = time.monotonic(), data_folder() / "treadmill_running"
    done, part = 0, _FILMS_A_PROCESS * args.workers
    for first in range(0, len(missing), part):
        with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
            jobs = [
                pool.submit(film_to, folder, recipe, lab, args.stills)
                for recipe in missing[first : first + part]
            ]
            for job in as_completed(jobs):
                done += 1
                left = (time.monotonic() - begin) / done * (len(missing) - done) / 60
                print(f"{done}/{len(missing)} {job.result()}; {left:.0f} min left", flush=True)
    return 0


def _smoke(args: argparse.Namespace) -> int:
    from PIL import Image

    from training.films.estimators import open_estimator
    from training.films.make import Take

    recipe = next(plan(trials()))
    recipe = replace(recipe, seconds=10 / recipe.file.file_fps)
    with quiet():
        pictures = list(Take(recipe, data_folder() / "treadmill_running").pictures())
        see = open_estimator("blazepose-lite")
        seen = [see(picture, i / recipe.file.fps) for i, picture in enumerate(pictures)]
        see.close()
    found = sum(bool(np.isfinite(points).all()) for points in seen)
    Image.fromarray(np.concatenate(pictures[::3], axis=1)).save(args.out)
    print(f"{args.out}: {len(pictures)} frames; somebody was found in {found}")
    return 0 if found >= len(pictures) // 2 else 1


def _again(args: argparse.Namespace) -> int:
    """Make a film anew; say by how much its points differ, in percent of a leg length."""
    from training.films.make import film

    recipe = next((r for r in plan(trials()) if r.name == args.name), None)
    path = args.folder / f"{args.name}.npz"
    if recipe is None or not path.exists():
        raise SystemExit(f"There is no film called {args.name} in {args.folder}.")
    with quiet():
        new = film(recipe, data_folder() / "treadmill_running")
    old = read(path)
    for name, points in new.points.items():
        away = np.linalg.norm((points - old.points[name])[..., :2], axis=-1)
        share = 100 * away[np.isfinite(away)] / np.median(old.leg_px)
        middle, most = np.percentile(share, [50, 99])
        print(f"{name}: differs by {middle:.3f} % of leg length, 99 % by less than {most:.3f} %")
    return 0


def _sheet(args: argparse.Namespace) -> int:
    from PIL import Image

    args.out.mkdir(parents=True, exist_ok=True)
    strips: dict[str, list[Path]] = {}
    for recipe in plan(trials()):
        path = args.stills / f"{recipe.name}.jpg"
        if path.exists():
            strips.setdefault(recipe.look, []).append(path)
    for look, paths in strips.items():
        rows = [Image.open(path) for path in paths]
        wide, high = rows[0].size
        sheet = Image.new("RGB", (2 * wide, high * -(-len(rows) // 2)))
        for i, row in enumerate(rows):
            sheet.paste(row, (wide * (i % 2), high * (i // 2)))
        path = args.out / f"{look.replace(', ', ' ').replace(' ', '_')}.jpg"
        sheet.save(path, quality=85)
        print(f"{path}: {len(rows)} films")
    return 0


if __name__ == "__main__":
    sys.exit(main())
