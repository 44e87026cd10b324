"""Periodic curves over the stride: what the statistics are written in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Share of the stride at which toe-off lies once a stride is stretched to the common phase.
TOE_OFF = 0.36
#: Where the stance knee is bent most, at that common phase.
MID_STANCE = 0.16
HARMONICS = 12


def basis(phase: Array, harmonics: int) -> Array:
    """Return the Fourier basis at these phases, shape (*phase.shape, 2 * harmonics + 1).

    The phase counts strides, so that the basis repeats with every whole number.
    """
    turns = 2 * np.pi * phase[..., None] * np.arange(1, harmonics + 1)
    waves = np.stack([np.cos(turns), np.sin(turns)], axis=-1).reshape(*phase.shape, 2 * harmonics)
    return np.concatenate([np.ones((*phase.shape, 1)), waves], axis=-1)


def stride_phase(time: Array, contact: Array, toe_off: Array) -> Array:
    """Phase of one leg: k at its contact k, k + `TOE_OFF` at the toe-off after it.

    Smooth (once differentiable) and increasing in between.

    Parameters
    ----------
    time : ndarray
        Seconds; NaN comes back outside the events.
    contact, toe_off : ndarray, shape (strides,)
        Instants in seconds, each toe-off after the contact of the same index.
    """
    from scipy.interpolate import PchipInterpolator

    at = np.stack([contact, toe_off], axis=1).ravel()
    strides = np.arange(len(contact), dtype=float)
    phase = np.stack([strides, strides + TOE_OFF], axis=1).ravel()
    return np.asarray(PchipInterpolator(at, phase, extrapolate=False)(time))


def bump(centre: float, width: float) -> Array:
    """Return the coefficients of a smooth bump of height 1 once a stride.

    Parameters
    ----------
    centre : float
        Phase of the top.
    width : float
        Standard deviation of the bell, as a share of the stride; 0.05 or more.

    Returns
    -------
    ndarray, shape (2 * HARMONICS + 1,)
    """
    phase = np.arange(256) / 256
    away = (phase - centre + 0.5) % 1.0 - 0.5
    bell = np.exp(-0.5 * (away / width) ** 2)
    return np.asarray(np.linalg.lstsq(basis(phase, HARMONICS), bell, rcond=None)[0])
