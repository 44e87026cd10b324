"""Which pose estimator wrote the points: `python -m benchmarks.identify`.

Films of the virtual laboratory: who wrote their points is known. Beside what is told, the limits of
`stridewise.estimator` stand as other runners alone would set them, fold by fold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stridewise.errors import InputError
from stridewise.estimator import BLAZEPOSE, FRAMES, SLOW_FPS, SMOOTHED, by_tremble, hip_tremble
from stridewise.repair.clean import clean
from stridewise.view import leg_length
from training.films.record import ESTIMATORS, read_all
from training.gait_net.folds import FOLDS

#: Frame rates up to these count together.
_RATES = (SLOW_FPS, 80.0, 300.0)


@dataclass(frozen=True)
class Case:
    """One film by one estimator of the family."""

    estimator: str
    fold: int | None
    fps: float
    tremble: float

    @property
    def slow(self) -> bool:
        """Whether it has few frames a second."""
        return self.fps <= SLOW_FPS

    @property
    def truth(self) -> str:
        """Whether its filter was on."""
        return FRAMES if self.estimator.endswith("-frames") else SMOOTHED


def main() -> None:
    cases = list(_cases())
    limits = {
        (fold, slow): _limits([c for c in cases if c.fold != fold and c.slow == slow])
        for fold in (*range(FOLDS), None)
        for slow in (True, False)
    }
    for (fold, slow), (low, high) in limits.items():
        print(f"limits without fold {fold}, {'slow' if slow else 'fast'}: {low:.2f}, {high:.2f}")
    print("\n| estimator | frames/s up to | films | smoothed | not told | frame by frame |")
    print("|---|---|---|---|---|---|")
    for name in ESTIMATORS:
        for low, high in zip((0.0, *_RATES), _RATES, strict=False):
            some = [c for c in cases if c.estimator == name and low < c.fps <= high]
            if some:
                told = Counter(by_tremble(c.tremble, limits[c.fold, c.slow]) for c in some)
                shares = (
                    f"{100 * told[t] / len(some):.0f} %" for t in (SMOOTHED, BLAZEPOSE, FRAMES)
                )
                print(f"| {name} | {high:.0f} | {len(some)} | {' | '.join(shares)} |")


def _cases() -> Iterator[Case]:
    for film in read_all():
        for name in film.points:
            if name.startswith(BLAZEPOSE):
                recording = clean(film.recording(name), ("swaps",))[0]
                try:
                    tremble = hip_tremble(recording, leg_length(recording))
                except InputError:
                    continue
                yield Case(name, film.fold, recording.fps, tremble)


def _limits(cases: list[Case]) -> tuple[float, float]:
    """Return where one in twenty of the other kind is wrongly told."""
    smoothed, frames = ([c.tremble for c in cases if c.truth == t] for t in (SMOOTHED, FRAMES))
    low, high = float(np.nanquantile(frames, 0.05)), float(np.nanquantile(smoothed, 0.95))
    return min(low, high), max(low, high)


if __name__ == "__main__":
    main()
