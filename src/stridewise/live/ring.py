"""The last rows of an endless table, in memory that does not grow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Ring:
    """Keeps the last rows that were added, as one contiguous array.

    Rows are written into a buffer of twice the size; when it is full, the newer half moves to the
    front, so that reading never copies.

    Parameters
    ----------
    size : int
        Rows kept at least.
    shape : tuple of int
        Of one row.
    """

    def __init__(self, size: int, shape: tuple[int, ...] = ()) -> None:
        self._size = size
        self._rows = np.empty((2 * size, *shape))
        self._used = 0
        #: Rows ever added.
        self.total = 0

    def extend(self, rows: Array) -> None:
        """Add rows, shape (n, ...)."""
        self.total += len(rows)
        if len(rows) >= self._size:
            rows, self._used = rows[len(rows) - self._size :], 0
        elif self._used + len(rows) > 2 * self._size:
            kept = self.last(self._size - len(rows))
            self._rows[: len(kept)] = kept.copy()
            self._used = len(kept)
        self._rows[self._used : self._used + len(rows)] = rows
        self._used += len(rows)

    def drop(self, rows: int) -> None:
        """Take the newest rows away, to write them anew."""
        rows = min(rows, self._used)
        self._used -= rows
        self.total -= rows

    def last(self, rows: int | None = None) -> Array:
        """Return the last rows, fewer where there are not so many; a view, not to be kept."""
        count = min(self._size if rows is None else max(rows, 0), self._size, self._used)
        return self._rows[self._used - count : self._used]

    def clear(self) -> None:
        """Forget everything."""
        self._used = self.total = 0
