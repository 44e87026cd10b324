"""A score from 0 to 100: how little of what was judged is past a threshold.

A convention, not a measurement: each judged area weighs as much as the evidence behind it, and
loses a third of its weight for each severity, by how probable that severity is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from stridewise.form.areas import Areas
from stridewise.result import FormScore, Judged

#: The score is shown where at least this share of the areas' weight could be judged.
FEWEST = 0.4


def score(judged: Iterable[Judged], areas: Areas) -> FormScore | None:
    """Join the judged areas to a score.

    Parameters
    ----------
    judged : iterable of Judged
        Of sided areas the worse side counts.
    areas : Areas
        Whose grades weigh.

    Returns
    -------
    FormScore or None
        None where too little could be judged.
    """
    weight = {area.id: areas.grades[area.grade].weight for area in areas.areas}
    worst: dict[str, Judged] = {}
    for one in judged:
        other = worst.get(one.area)
        if other is None or _mean(one) > _mean(other):
            worst[one.area] = one
    whole, own = sum(weight.values()), sum(weight[name] for name in worst)
    if not worst or own < FEWEST * whole:
        return None
    lost = {name: 100 * weight[name] * _mean(one) / (3 * own) for name, one in worst.items()}
    variance = sum((100 * weight[n] / (3 * own)) ** 2 * _variance(one) for n, one in worst.items())
    return FormScore(100 - sum(lost.values()), math.sqrt(variance), own / whole, lost)


def _mean(one: Judged) -> float:
    """Return the expected severity, 0 to 3: levels are nested."""
    return sum(one.probabilities)


def _variance(one: Judged) -> float:
    a, b, c = one.probabilities
    return max(a + 3 * b + 5 * c - _mean(one) ** 2, 0.0)
