"""What a recording is: keypoints over time, as a pose estimator wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.skeletons import KEYPOINTS, REQUIRED

if TYPE_CHECKING:
    import xarray

Array = NDArray[np.float64]
Unit = Literal["px", "m", "leg"]


@dataclass(frozen=True)
class Recording:
    """Keypoints of one person over time.

    Missing points are NaN, never zero. Coordinates are as in an image: x to the right, y down.

    Parameters
    ----------
    xy : ndarray, shape (frames, keypoints, 2)
        Positions in `unit`, y down.
    confidence : ndarray, shape (frames, keypoints)
        0 to 1; 1 where the source gives none, 0 where the point is missing.
    time : ndarray, shape (frames,)
        Seconds, strictly increasing; true time stamps where the source has them.
    keypoints : sequence of str
        Canonical names (see `stridewise.skeletons.KEYPOINTS`).
    unit : {"px", "m", "leg"}
        Unit of `xy` and `depth`; "leg" is the runner's leg length, for sources without a unit.
    depth : ndarray, shape (frames, keypoints), optional
        For three-dimensional sources only: the coordinate away from the viewer, in `unit`. `xy` is
        then the view from the runner's right side, so that `depth` grows to the runner's left.
    image_size : (width, height), optional
        In pixels, where known.
    source : str
        Where the recording came from, for people to read.
    format : str
        Name of the reader that made it.
    notes : sequence of str
        What the reader had to assume or leave out, in plain words.
    time_known : bool
        False when times were made up from a frame rate that nobody stated.

    Raises
    ------
    InputError
        When shapes disagree, names are unknown or times do not increase.
    """

    xy: Array
    confidence: Array
    time: Array
    keypoints: tuple[str, ...]
    unit: Unit = "px"
    depth: Array | None = None
    image_size: tuple[int, int] | None = None
    source: str = ""
    format: str = ""
    notes: tuple[str, ...] = ()
    time_known: bool = True
    _index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        xy = np.ascontiguousarray(self.xy, dtype=float)
        frames, points = len(self.time), len(self.keypoints)
        expected = (frames, points, 2)
        if xy.shape != expected:
            raise InputError(
                "The positions do not fit the times and names",
                expected=f"an array of shape {expected}",
                received=f"shape {xy.shape}",
            )
        confidence = np.array(self.confidence, dtype=float)
        if confidence.shape != expected[:2]:
            raise InputError(
                "The confidences do not fit the times and names",
                expected=f"an array of shape {expected[:2]}",
                received=f"shape {confidence.shape}",
            )
        unknown = sorted(set(self.keypoints) - set(KEYPOINTS))
        if unknown or len(set(self.keypoints)) != points:
            raise InputError(
                f"Unknown or repeated keypoint names: {', '.join(unknown) or 'repeated'}",
                expected="names of the canonical vocabulary, each once",
                hint="See stridewise.skeletons.KEYPOINTS",
            )
        if self.depth is not None and np.shape(self.depth) != expected[:2]:
            raise InputError(
                "The depths do not fit the times and names",
                expected=f"an array of shape {expected[:2]}",
                received=f"shape {np.shape(self.depth)}",
            )
        time = np.asarray(self.time, dtype=float)
        if not np.all(np.isfinite(time)) or np.any(np.diff(time) <= 0):
            raise InputError(
                "The times do not increase from frame to frame",
                expected="finite, strictly increasing seconds",
            )
        missing = ~(np.isfinite(xy[..., 0]) & np.isfinite(xy[..., 1]))
        if missing.any():
            xy = np.where(missing[..., None], np.nan, xy)
            confidence[missing] = 0.0
        set_ = object.__setattr__
        set_(self, "xy", xy)
        set_(self, "confidence", confidence)
        set_(self, "time", time)
        # A file name may hold bytes that are no text; what is written later must be.
        set_(self, "source", self.source.encode("utf-8", "replace").decode("utf-8"))
        set_(self, "keypoints", tuple(self.keypoints))
        set_(self, "notes", tuple(self.notes))
        set_(self, "_index", {name: i for i, name in enumerate(self.keypoints)})

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.time)

    @property
    def duration(self) -> float:
        """Seconds from the first to the last frame."""
        return float(self.time[-1] - self.time[0]) if self.frames else 0.0

    @property
    def fps(self) -> float:
        """Median frame rate in frames per second; NaN with fewer than two frames."""
        return float(1.0 / np.median(np.diff(self.time))) if self.frames > 1 else float("nan")

    def has(self, *names: str) -> bool:
        """Say whether all these keypoints exist and are seen in at least one frame."""
        return all(
            name in self._index and bool(np.isfinite(self.xy[:, self._index[name], 0]).any())
            for name in names
        )

    def point(self, name: str) -> Array:
        """Return positions of one keypoint, shape (frames, 2); NaN throughout when absent."""
        if name not in self._index:
            return np.full((self.frames, 2), np.nan)
        return self.xy[:, self._index[name]]

    def missing_required(self) -> list[str]:
        """Return required keypoints that are never seen."""
        return [name for name in REQUIRED if not self.has(name)]

    def with_(self, **changes: Any) -> Recording:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def select(self, names: Sequence[str]) -> Recording:
        """Return a copy that keeps only these keypoints, in this order."""
        index = [self._index[name] for name in names]
        return self.with_(
            xy=self.xy[:, index],
            confidence=self.confidence[:, index],
            depth=None if self.depth is None else self.depth[:, index],
            keypoints=tuple(names),
        )

    def take(self, frames: slice | NDArray[np.bool_]) -> Recording:
        """Return a copy that keeps only these frames."""
        return self.with_(
            xy=self.xy[frames],
            confidence=self.confidence[frames],
            time=self.time[frames],
            depth=None if self.depth is None else self.depth[frames],
        )

    def to_xarray(self) -> xarray.Dataset:
        """Return the dataset layout of `movement`: position (time, space, keypoints, individuals).

        Raises
        ------
        InputError
            When xarray is not installed.
        """
        try:
            import xarray
        except ImportError as error:
            raise InputError(
                "to_xarray needs the package xarray, which is not installed",
                hint='Install it with: pip install "stridewise[xarray]"',
            ) from error
        return xarray.Dataset(
            {
                "position": (
                    ("time", "space", "keypoints", "individuals"),
                    self.xy.transpose(0, 2, 1)[..., None],
                ),
                "confidence": (("time", "keypoints", "individuals"), self.confidence[..., None]),
            },
            coords={
                "time": self.time,
                "space": ["x", "y"],
                "keypoints": list(self.keypoints),
                "individuals": ["id_0"],
            },
            attrs={
                "fps": self.fps,
                "time_unit": "seconds",
                "source_software": self.format,
                "source_file": self.source,
                "ds_type": "poses",
            },
        )
