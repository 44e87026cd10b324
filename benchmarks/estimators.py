"""Accuracy with real pose estimators: `python -m benchmarks.estimators`.

Films of the virtual laboratory (`training/films`: real motion and force, drawn bodies, real pose
estimators) are read by `stridewise.analyze` with nothing stated, by what never saw the runner at
hand (networks, contact rules and foot paths of the fold that left him out), and compared with the
force plate and the laboratory's joints. Exact points of the same films stand beside.

`--document` writes docs/accuracy.md and the table of README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from benchmarks.estimator_page import between, gist, page
from benchmarks.estimator_tables import VIEWS, event_table, outcome_table, telling_table
from benchmarks.films import Reading, read_film
from training.films.record import ESTIMATORS, POINTS, Film, read_all

_ROOT = Path(__file__).parent.parent
DOCUMENT = _ROOT / "docs" / "accuracy.md"
README = _ROOT / "README.md"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path, default=POINTS, help="other films in the same form")
    parser.add_argument("--estimator", action="append", choices=ESTIMATORS, help="only this one")
    parser.add_argument("--view", action="append", choices=VIEWS, help="only this one")
    parser.add_argument("--limit", type=int, help="only so many films")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--json", type=Path, help="write what was read from each film")
    parser.add_argument("--document", action="store_true", help="write docs/accuracy.md, README.md")
    args = parser.parse_args(argv)
    films = [film for film in read_all(args.folder) if film.view in (args.view or VIEWS)]
    readings = list(run(films[: args.limit], args.estimator or tuple(ESTIMATORS), args.jobs))
    if args.json:
        args.json.write_text(json.dumps([r.to_dict() for r in readings]), encoding="utf-8")
    if args.document:
        DOCUMENT.write_text("\n".join(page(readings)) + "\n", encoding="utf-8")
        README.write_text(between(README.read_text(encoding="utf-8"), gist(readings)), "utf-8")
    else:
        for table in (event_table, outcome_table, telling_table):
            print("\n".join(table(readings)), end="\n\n")


def run(films: Sequence[Film], estimators: Sequence[str], jobs: int) -> Iterator[Reading]:
    """Read all films, several at once; say how far it is."""
    if jobs == 1:
        yield from told(films, map(read_film, films, repeat(estimators)))
        return
    with ProcessPoolExecutor(jobs) as executor:
        yield from told(films, executor.map(read_film, films, repeat(estimators)))


def told(films: Sequence[Film], found: Iterable[list[Reading]]) -> Iterator[Reading]:
    """Pass on what was read of each film, and say so."""
    for i, (film, readings) in enumerate(zip(films, found, strict=True), start=1):
        print(f"{i} of {len(films)}: {film.name}", file=sys.stderr, flush=True)
        yield from readings


if __name__ == "__main__":
    main()
