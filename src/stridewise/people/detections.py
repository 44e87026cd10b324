"""Bodies as an estimator lists them: some in each frame, in any order, not yet told apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]

#: How well a point tells where a body is: trunk and head are steady, hands and feet swing.
_STEADINESS = {
    **dict.fromkeys(("nose", "eye", "ear", "head_top", "neck", "mid_hip", "shoulder", "hip"), 1.0),
    **dict.fromkeys(("elbow", "knee"), 0.5),
    **dict.fromkeys(("wrist", "ankle", "heel", "big_toe", "small_toe"), 0.25),
}


@dataclass(frozen=True)
class Detections:
    """All bodies of a recording, one row each, ordered by frame.

    Parameters
    ----------
    frame : ndarray, shape (bodies,)
        Index into `time`, never decreasing.
    xy : ndarray, shape (bodies, keypoints, 2)
        Pixels or shares of the image, y down; NaN where a point is not seen.
    confidence : ndarray, shape (bodies, keypoints)
        0 to 1.
    time : ndarray, shape (frames,)
        Seconds, increasing; of all frames that were looked at, also those without a body.
    keypoints : tuple of str
        Canonical names.
    score : ndarray, shape (bodies,)
        How sure the estimator is of each body; only compared within a frame.
    track : ndarray, shape (bodies,)
        Number that the estimator's own tracker gave, -1 where it gave none.
    """

    frame: Index
    xy: Array
    confidence: Array
    time: Array
    keypoints: tuple[str, ...]
    score: Array
    track: Index

    def __len__(self) -> int:
        return len(self.frame)

    def rows(self, rows: Index | NDArray[np.bool_]) -> Detections:
        """Return only these bodies."""
        return Detections(
            frame=self.frame[rows],
            xy=self.xy[rows],
            confidence=self.confidence[rows],
            time=self.time,
            keypoints=self.keypoints,
            score=self.score[rows],
            track=self.track[rows],
        )

    @cached_property
    def seconds(self) -> Array:
        """Time of each body, shape (bodies,)."""
        return self.time[self.frame]

    @cached_property
    def weight(self) -> Array:
        """How much each keypoint counts in distances, shape (keypoints,)."""
        parts = (name.removeprefix("left_").removeprefix("right_") for name in self.keypoints)
        return np.array([_STEADINESS[part] for part in parts])

    @cached_property
    def centre(self) -> Array:
        """Weighted mean of the seen points of trunk and head (of all, if none), (bodies, 2)."""
        core = np.where(self.weight == 1.0, 1.0, 1e-6)
        seen = np.isfinite(self.xy[..., 0]) * core
        total = np.where(np.isnan(self.xy), 0.0, self.xy) * seen[..., None]
        centre: Array = total.sum(axis=1) / seen.sum(axis=1)[:, None]
        return centre

    @cached_property
    def size(self) -> Array:
        """Diagonal of the box around the seen points, shape (bodies,); above 0."""
        low, high = (pick(self.xy, axis=1) for pick in (np.nanmin, np.nanmax))
        size: Array = np.hypot(*(high - low).T)
        return np.maximum(size, _SMALLEST)

    def shape(self, rows: Index) -> Array:
        """Return points about the centre in body sizes, shape (rows, keypoints, 2)."""
        shape: Array = (self.xy[rows] - self.centre[rows, None]) / self.size[rows, None, None]
        return shape

    def distance(self, a: Index, b: Index, *, moved: bool = False) -> Array:
        """Return how far bodies lie apart, in sizes of the larger: weighted mean over points.

        Parameters
        ----------
        a, b : ndarray, shape (pairs,)
            Rows.
        moved : bool
            Compare poses only, wherever the bodies are.

        Returns
        -------
        ndarray, shape (pairs,)
            Infinite where two bodies share no seen point.
        """
        out = np.full(len(a), np.inf)
        for start in range(0, len(a), _PAIRS):
            part = slice(start, start + _PAIRS)
            apart = self.xy[a[part]] - self.xy[b[part]]
            if moved:
                apart -= _mean(apart, self.weight)[:, None]
            out[part] = weighted_mean(apart, self.weight)
        out /= np.maximum(self.size[a], self.size[b])
        return out


#: Points that all lie in one place have a size too, so that distances can be in sizes.
_SMALLEST = 1e-9
#: Pairs of bodies compared at once, to bound the memory.
_PAIRS = 65_536


def _mean(vectors: Array, weight: Array) -> Array:
    """Return the mean of vectors (pairs, keypoints, 2) over the points known in each pair."""
    known = np.isfinite(vectors[..., 0]) * weight
    total = np.einsum("ijk,ij->ik", np.where(np.isnan(vectors), 0.0, vectors), known)
    mean: Array = total / np.maximum(known.sum(axis=1), 1e-9)[:, None]
    return mean


def weighted_mean(difference: Array, weight: Array) -> Array:
    """Return the mean length of vectors (pairs, keypoints, 2) over the points known in each pair.

    Infinite for pairs without one.
    """
    length = np.hypot(difference[..., 0], difference[..., 1])
    known = np.isfinite(length)
    total = np.where(known, length, 0.0) @ weight
    mass = known @ weight
    mean: Array = np.divide(total, mass, out=np.full(len(mass), np.inf), where=mass > 0)
    return mean
