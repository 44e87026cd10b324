"""Averages over a whole training in memory that does not grow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.metrics import Sample, Summary
from stridewise.metrics.uncertainty import summarise

Array = NDArray[np.float64]

#: Values kept of each metric. When they are full, every second one goes, and from then on only
#: every second, fourth ... is taken, so that they stay spread over the whole training.
KEPT = 512


class Average:
    """Values of single steps, thinned out evenly, and their summary as `analyze` makes it."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._noise: list[float] = []
        self._every = 1
        self._bias_sd = 0.0
        self._unit: str | None = None
        #: Steps seen.
        self.n = 0
        #: Initial contact of the last step taken, in seconds.
        self.until = -np.inf

    def take(self, sample: Sample, time: Array) -> None:
        """Take the steps of a sample that begin later than those taken before.

        Parameters
        ----------
        sample : Sample
        time : ndarray, shape (steps,)
            Initial contact of each step, in seconds.
        """
        noise = np.broadcast_to(np.asarray(sample.sd, dtype=float), sample.values.shape)
        self._bias_sd, self._unit = sample.bias_sd, sample.unit
        for i in np.flatnonzero(np.isfinite(sample.values) & (time > self.until)):
            self.until = float(time[i])
            if self.n % self._every == 0:
                self._values.append(float(sample.values[i]))
                self._noise.append(float(noise[i]))
            self.n += 1
            if len(self._values) > KEPT:
                self._every *= 2
                del self._values[1::2], self._noise[1::2]

    def summary(self) -> Summary | None:
        """Return median and uncertainty; None with fewer than two steps."""
        values, noise = np.array(self._values), np.array(self._noise)
        return summarise(Sample(values, noise, self._bias_sd, unit=self._unit))
