"""The runner enters and leaves: frames at both ends in which the legs are not seen whole."""

from __future__ import annotations

import numpy as np

from stridewise.recording import Recording
from stridewise.repair.smooth import runs
from stridewise.skeletons import REQUIRED

#: Losses and glimpses of a point up to this long (and a rounding error) do not count, and are no
#: reason to cut at the ends.
_SHORT_S = 0.1 + 1e-6
#: What is left must be long enough to analyse.
_SHORTEST_S = 1.0


def find_ends(recording: Recording) -> slice:
    """Find the frames from where every leg point has been seen to where one is seen no more.

    Parameters
    ----------
    recording : Recording
        Times may be uneven.

    Returns
    -------
    slice
        All frames, when too few would be left.
    """
    everything = slice(0, recording.frames)
    if recording.missing_required() or recording.frames < 3:
        return everything
    first, last = 0, recording.frames
    for name in REQUIRED:
        seen = _seen(recording, name)
        if seen:
            first, last = max(first, seen[0][0]), min(last, seen[-1][1])
    kept = slice(first, max(first, last))
    long_enough = kept.stop > kept.start and _lasts(recording, first, last) >= _SHORTEST_S
    return kept if long_enough else everything


def _seen(recording: Recording, name: str) -> list[tuple[int, int]]:
    """Return the stretches in which a point is seen, but for short losses and glimpses."""
    known = np.asarray(np.isfinite(recording.point(name)[:, 0]), dtype=bool).copy()
    for state in (False, True):
        for start, stop in runs(known == state):
            if _lasts(recording, start, stop) <= _SHORT_S:
                known[start:stop] = not state
    return runs(known)


def _lasts(recording: Recording, start: int, stop: int) -> float:
    """Seconds that some frames stand for."""
    time = recording.time
    return float(time[stop - 1] - time[start]) + 1.0 / recording.fps
