"""Films in processes of their own: one core each, quiet, a file at the end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.films.record import write
from training.films.scene import Recipe

# Read by the libraries when they are loaded: the films are many, a core each is enough.
for _variable in ("LP_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")


def film_to(folder: Path, recipe: Recipe, trials: Path, stills: Path | None) -> str:
    """Make a film and pack it into the folder; return a line about it."""
    from training.films.make import film

    begin = time.monotonic()
    with quiet():
        made = film(recipe, trials, stills / f"{recipe.name}.jpg" if stills else None)
    write(made, folder / f"{recipe.name}.npz")
    took = (time.monotonic() - begin) / len(made.time)
    return f"{recipe.name}: {recipe.look}, {len(made.time)} frames, {took:.2f} s each"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep from the terminal what libraries below Python tell it while all goes well."""
    kept = {}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        kept[stream] = os.dup(stream.fileno())
        os.dup2(nowhere, stream.fileno())
    try:
        yield
    finally:
        for stream, before in kept.items():
            stream.flush()
            os.dup2(before, stream.fileno())
            os.close(before)
        os.close(nowhere)
