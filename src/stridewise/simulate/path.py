"""The pelvis path: what the legs want in stance, free fall in flight, smooth throughout."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

KNOT_S = 0.02
#: Standard deviations that weigh the wishes against each other.
FLIGHT_SD_MPS2 = 2.0
JERK_SD_MPS3 = 600.0
STRAY_SD_M = 0.015


def fit_path(
    time: Array,
    wish: Array,
    wish_sd: Array,
    step: NDArray[np.intp],
    acceleration: float,
    home: Array | None = None,
) -> tuple[Callable[[Array], Array], Array]:
    """Fit one coordinate of the pelvis path.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Even grid, in seconds.
    wish : ndarray, shape (n,)
        Where the stance leg wants the pelvis, in metres; NaN in flight.
    wish_sd : ndarray, shape (n,)
        How far the path may stay from the wish, in metres.
    step : ndarray of int, shape (n,)
        Number of the step at each instant.
    acceleration : float
        In flight, in m/s².
    home : ndarray, shape (n,), optional
        When each stance's wish is seen from where the foot happens to land: where the runner
        keeps to on the whole, in metres.

    Returns
    -------
    path : callable
        Position in metres at any instants of the grid's range.
    place : ndarray, shape (steps,)
        Where each foot landed; zero without `home`.
    """
    from scipy.interpolate import BSpline
    from scipy.sparse import csr_matrix, diags, hstack, vstack
    from scipy.sparse.linalg import spsolve

    knots = np.arange(time[0] - 4 * KNOT_S, time[-1] + 5 * KNOT_S, KNOT_S)
    count, steps = len(knots) - 4, int(step[-1]) + 1
    stance = np.isfinite(wish)
    floating = home is not None
    if floating:
        wish = _without_drift(time, wish, step)
    value = BSpline.design_matrix(time, knots, 3)
    second = diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(count - 2, count)) / KNOT_S**2
    third = diags([-1.0, 3.0, -3.0, 1.0], [0, 1, 2, 3], shape=(count - 3, count)) / KNOT_S**3
    fall = BSpline.design_matrix(time[~stance], knots[2:-2], 1) @ second
    landed = csr_matrix(
        (-np.ones(stance.sum()), (np.arange(stance.sum()), step[stance])),
        shape=(stance.sum(), steps),
    )
    weight = 1 / wish_sd[stance]
    soft = vstack([fall / FLIGHT_SD_MPS2, third / JERK_SD_MPS3, value / STRAY_SD_M * floating])
    rows = vstack(
        [
            diags([weight], [0]) @ hstack([value[stance], landed * floating]),
            hstack([soft, csr_matrix((soft.shape[0], steps))]),
            hstack([csr_matrix((steps, count)), diags([1e-3], shape=(steps, steps))]),
        ]
    ).tocsc()
    right = np.zeros(rows.shape[0])
    right[: stance.sum()] = weight * wish[stance]
    right[stance.sum() : len(time)] = acceleration / FLIGHT_SD_MPS2
    if home is not None:
        right[-steps - len(time) : -steps] = home / STRAY_SD_M
    solution = spsolve((rows.T @ rows).tocsc(), rows.T @ right)
    return BSpline(knots, solution[:count], 3), solution[count:]


def _without_drift(time: Array, wish: Array, step: NDArray[np.intp]) -> Array:
    """Take out the mean slope of all stances: the runner stays on the belt."""
    centred_time, centred_wish = np.full_like(time, np.nan), np.full_like(wish, np.nan)
    for number in np.unique(step):
        mine = (step == number) & np.isfinite(wish)
        if mine.any():
            centred_time[mine] = time[mine] - time[mine].mean()
            centred_wish[mine] = wish[mine] - wish[mine].mean()
    slope = np.nansum(centred_time * centred_wish) / np.nansum(centred_time**2)
    return wish - slope * centred_time
