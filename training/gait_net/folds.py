"""Who is left out when: cross-validation by person."""

from __future__ import annotations

from collections.abc import Iterable

FOLDS = 4


def held_out(runners: Iterable[str], fold: int | None) -> list[str]:
    """Return the runners that a fold leaves out; none without a fold."""
    return [] if fold is None else sorted(set(runners))[fold::FOLDS]
