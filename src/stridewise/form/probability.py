"""How probable it is that a true value lies past a cut-off."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stridewise.estimate import Estimate
from stridewise.form.areas import Condition


def above(value: float, sd: float, cut: float) -> float:
    """Probability that a normal variable with this mean and standard deviation exceeds `cut`.

    The normal distribution serves for few steps as well: most of the uncertainty of an estimate
    is systematic (view, point definitions) and known beforehand, not learnt from the steps.
    """
    if sd == 0.0:
        return float(value > cut)
    return 0.5 * math.erfc((cut - value) / (sd * math.sqrt(2.0)))


def limit(
    condition: Condition, severity: int, estimate: Estimate, norm_people: int
) -> tuple[float, float]:
    """Cut-off of one severity in the unit of the metric, with its standard deviation.

    A cut-off in the metric's unit is exact. One of c standard deviations from a norm of N people
    is uncertain as mean and standard deviation of a sample are: it lies at m + c s, with variance
    s² / N + c² s² / (2 (N − 1)) (large-sample variances of a normal sample's mean and standard
    deviation). How far the speed itself may be wrong is already in the norm's s.
    """
    cut = condition.cuts[severity - 1]
    if condition.scale == "value":
        return cut, 0.0
    norm = estimate.norm
    assert norm is not None, "only estimates with a norm are judged against one"
    spread = math.sqrt(1.0 / norm_people + cut**2 / (2.0 * (norm_people - 1)))
    return norm.mean + cut * norm.sd, norm.sd * spread


def past(condition: Condition, severity: int, estimate: Estimate, norm_people: int) -> float:
    """Probability that the true value is past the cut-off of a severity; 0 where there is none.

    Parameters
    ----------
    condition : Condition
        The metric's cut-offs.
    severity : int
        1, 2 or 3.
    estimate : Estimate
        With value and standard deviation, and a norm if the condition counts in z.
    norm_people : int
        People behind the norm.
    """
    if severity > len(condition.cuts):
        return 0.0
    value, sd = estimate.value, estimate.sd
    assert value is not None, "absent estimates are not judged"
    assert sd is not None, "estimates without uncertainty are not judged"
    cut, cut_sd = limit(condition, severity, estimate, norm_people)
    both = math.hypot(sd, cut_sd)
    if condition.direction == "above":
        return above(value, both, cut)
    if condition.direction == "below":
        return above(-value, both, -cut)
    return above(value, both, cut) + above(-value, both, cut)


def at_least(k: int, probabilities: Sequence[float]) -> float:
    """Probability, at the least, that `k` of several conditions hold.

    The errors of metrics of one recording are dependent, by how much nobody knows (knee bend at
    landing and the bend that follows share an error with opposite signs), so this is the bound
    that holds whatever the dependence (Fréchet): for one of many the greatest of them, for all
    of n their sum less n − 1, in general the sum of the k greatest less k − 1.
    """
    greatest = sorted(probabilities, reverse=True)[:k]
    return max(0.0, sum(greatest) - (k - 1)) if len(greatest) == k else 0.0
