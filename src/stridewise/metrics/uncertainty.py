"""From values of single steps to one value with its uncertainty.

The uncertainty has a random part, which shrinks with the number of steps, and a systematic part,
which does not:

    u^2 = u_bias^2 + k * max(measured variance, predicted variance) / N_eff

The variance between steps already holds the noise of the points, of the events and the runner's
own variation; the variance predicted from noise alone takes over where few steps agree by luck.
N_eff is the number of steps made smaller by their lag-1 autocorrelation, found or known beforehand.
The central value is the median, which a few misread steps cannot move; k is what the median of
normal values costs against their mean.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.strides import MAD_TO_SD
from stridewise.metrics.data import Sample, Summary

Array = NDArray[np.float64]

#: Values further from the median than this many scaled median absolute deviations are left out.
#: Of few values the median absolute deviation is itself uncertain: the limit is wider by a share of
#: FEW / n, with which the intervals of 4 to 200 normal values hold 93 to 96 % of the time.
OUTLIER = 3.0
FEW = 8

#: Fewer steps than this say nothing about autocorrelation.
MIN_STEPS_FOR_CORRELATION = 8


def summarise(sample: Sample) -> Summary | None:
    """Summarise values of single steps by their median.

    Returns
    -------
    Summary or None
        None with fewer than two values.
    """
    known = np.isfinite(sample.values)
    values = sample.values[known]
    if len(values) < 2:
        return None
    noise = np.broadcast_to(np.asarray(sample.sd, dtype=float), known.shape)[known]
    predicted = float(noise @ noise) / len(noise)

    values = without_outliers(values, predicted)
    n = len(values)
    deviation = values - values.mean()
    measured = float(deviation @ deviation) / (n - 1)
    effective = min(effective_number(deviation), n / (1 + 2 * sample.linked))
    return Summary(
        value=_median(values),
        random_sd=math.sqrt(max(measured, predicted) * cost_of_median(n) * n / effective),
        bias_sd=sample.bias_sd,
        n=n,
        freedom=max(effective - 1, 1.0) if measured > predicted else math.inf,
        unit=sample.unit,
    )


def without_outliers(values: Array, predicted: float) -> Array:
    """Leave out values that are further from the median than `OUTLIER` allows.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Known ones.
    predicted : float
        Variance that noise alone makes.
    """
    distance = np.abs(values - _median(values))
    limit = (
        OUTLIER * (1 + FEW / len(values)) * max(MAD_TO_SD * _median(distance), math.sqrt(predicted))
    )
    kept = distance <= limit
    return values[kept] if limit > 0 and kept.sum() >= 2 else values


def _median(values: Array) -> float:
    """Return the median of known values; quicker than NumPy's for the few values of a recording."""
    ordered = np.sort(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[half])
    return float(ordered[half - 1] + ordered[half]) / 2


def cost_of_median(n: int) -> float:
    """Return the variance of the median of `n` normal values of unit variance.

    Kendall & Stuart's large-sample value, pi / (2 n), with `n` enlarged so that small samples agree
    with the exact figures within 2 %: 1/2 for 2, 0.449 for 3, 0.298 for 4, 0.287 for 5.
    """
    return math.pi / 2 / (n + (0.5 if n % 2 else 1.25))


def effective_number(deviation: Array) -> float:
    """How many independent values a series of deviations from the mean is worth.

    n (1 - r) / (1 + r) with the lag-1 autocorrelation r (Bayley & Hammersley 1946), where r is
    positive beyond chance (one-sided 5 %), and never more than n.

    Parameters
    ----------
    deviation : ndarray, shape (n,)
        In order of time.
    """
    n = len(deviation)
    total = float(deviation @ deviation)
    if n < MIN_STEPS_FOR_CORRELATION or total == 0:
        return float(n)
    r = float(deviation[1:] @ deviation[:-1]) / total
    if r <= 1.645 / math.sqrt(n):
        return float(n)
    return max(n * (1 - r) / (1 + r), 2.0)


def interval(
    value: float, random_sd: float, bias_sd: float, freedom: float
) -> tuple[float, tuple[float, float]]:
    """Combine both parts of the uncertainty.

    Returns
    -------
    sd : float
        Standard uncertainty.
    ci95 : (float, float)
        Value -+ t * sd, with Student's t for the degrees of freedom that Welch and Satterthwaite
        give the combination (GUM, G.4.1).
    """
    sd = math.hypot(random_sd, bias_sd)
    if random_sd > 0 and math.isfinite(freedom):
        freedom *= (sd / random_sd) ** 4
    reach = students_t(freedom) * sd
    return sd, (value - reach, value + reach)


def students_t(freedom: float) -> float:
    """Return the 97.5 % quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))
