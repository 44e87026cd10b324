"""The runner's points in leg lengths, smoothed, in the planes that the camera shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.placement import EXACT, USUAL, Offsets
from stridewise.recording import Recording
from stridewise.repair.noise import noise_level
from stridewise.repair.smooth import low_pass, noise_gain
from stridewise.skeletons import Side
from stridewise.view import View

Array = NDArray[np.float64]

#: Cut-off per kind of point, Hz: slow for the trunk, faster towards the foot (catalogue, D).
CUTOFF_HZ = {
    "nose": 6.0,
    "head_top": 6.0,
    "neck": 6.0,
    "mid_hip": 8.0,
    "eye": 6.0,
    "ear": 6.0,
    "shoulder": 6.0,
    "elbow": 8.0,
    "wrist": 8.0,
    "hip": 8.0,
    "knee": 10.0,
    "ankle": 12.0,
    "heel": 18.0,
    "big_toe": 18.0,
    "small_toe": 12.0,
}
#: Yaw away from a pure side or frontal view up to which angles of that plane are given (C3).
MAX_OFF_SAGITTAL_DEG = 20.0
MAX_OFF_FRONTAL_DEG = 12.0
#: Up to here the fore-aft motion of the feet still serves to time contacts.
MAX_OFF_TIMING_DEG = 60.0
#: Random errors of the far leg in a side view, against the near leg (section D).
_FAR_LEG = 1.5
#: Keypoint noise, as a share of leg length, where the recording is too short to measure it.
_USUAL_NOISE = 0.005


class Body:
    """Points of the runner in leg lengths, y up.

    Points that are never seen are NaN throughout, so that whatever needs them comes out NaN.

    Parameters
    ----------
    recording : Recording
        Cleaned, on an even time base.
    view : View
        How the camera sees the runner.
    level : ndarray, shape (keypoints,), optional
        Noise of each keypoint (`noise_level`) where it is known already.
    offsets : Offsets
        How far points lie beside their joints throughout.

    Attributes
    ----------
    sagittal, frontal : bool
        Whether the view shows angles in that plane.
    strides : bool
        Whether it shows how the feet move forwards and backwards, well enough to time contacts.
    noise : float
        Typical noise of the keypoints per coordinate, leg lengths.
    offsets : Offsets
        How far points lie beside their joints throughout; not at all in space, where joints are
        those that norms are measured with.
    """

    def __init__(
        self,
        recording: Recording,
        view: View,
        level: Array | None = None,
        offsets: Offsets = USUAL,
    ) -> None:
        self.recording = recording
        self.view = view
        self.fps = recording.fps
        self.offsets = offsets if view.flat else EXACT
        self.sagittal = view.off_sagittal_deg <= MAX_OFF_SAGITTAL_DEG
        self.frontal = not view.flat or view.off_frontal_deg <= MAX_OFF_FRONTAL_DEG
        self.strides = view.off_sagittal_deg <= MAX_OFF_TIMING_DEG
        yaw = np.radians(view.yaw_deg)
        self._cos, self._sin = float(np.cos(yaw)), float(np.sin(yaw))
        level = (noise_level(recording) if level is None else level) / view.leg_length
        known = level[np.isfinite(level)]
        self.noise = float(np.median(known)) if known.size else _USUAL_NOISE
        self._level = dict(zip(recording.keypoints, level.tolist(), strict=True))
        self._smooth: dict[str, Array] = {}

    def noise_of(self, name: str) -> float:
        """Noise of one point after smoothing, leg lengths per coordinate."""
        level = self._level.get(name, np.nan)
        level = level if np.isfinite(level) else self.noise
        return level * noise_gain(CUTOFF_HZ[_part(name)], self.fps)

    def raw(self, name: str) -> Array:
        """Image positions in leg lengths, y up, not smoothed, shape (frames, 2)."""
        return self.recording.point(name) * (np.array([1.0, -1.0]) / self.view.leg_length)

    def smooth(self, name: str) -> Array:
        """Positions as `raw`, smoothed; depth is the third coordinate of 3D sources."""
        if name not in self._smooth:
            cutoff = CUTOFF_HZ[_part(name)]
            # All points of one cut-off at once: the filter costs the more the oftener it is called.
            alike = [n for n in self.recording.keypoints if CUTOFF_HZ[_part(n)] == cutoff]
            alike = alike if name in alike else [name]
            points = np.stack([self._position(n) for n in alike], axis=1)
            smooth = np.moveaxis(low_pass(points, cutoff, self.fps), 1, 0)
            self._smooth.update(zip(alike, smooth, strict=True))
        return self._smooth[name]

    def _position(self, name: str) -> Array:
        """Positions as `raw`, with depth where there is some."""
        if self.recording.depth is None:
            return self.raw(name)
        return np.column_stack([self.raw(name), self._depth(name)])

    def _depth(self, name: str) -> Array:
        depth = self.recording.depth
        if depth is None or name not in self.recording.keypoints:
            return np.full(self.recording.frames, np.nan)
        return depth[:, self.recording.keypoints.index(name)] / self.view.leg_length

    def side_plane(self, name: str) -> Array:
        """Smoothed (forward, up), shape (frames, 2); only for a view that shows strides."""
        return self.forward(self.smooth(name)[:, :2])

    def front_plane(self, name: str) -> Array:
        """Smoothed (right, up), shape (frames, 2); only for a frontal view or a 3D source."""
        points = self.smooth(name)
        right = -points[:, 2] if not self.view.flat else points[:, 0] / -self._sin
        return np.stack([right, points[:, 1]], axis=1)

    def forward(self, points: Array) -> Array:
        """Turn (image x, up) into (forward, up)."""
        return points / [self._cos, 1.0]

    def far(self, side: Side) -> float:
        """Factor on the random error of a limb: 1 near, more on the far side of a side view."""
        hidden = self.view.flat and self.sagittal and self.view.name != side
        return _FAR_LEG if hidden else 1.0


def _part(name: str) -> str:
    return name.removeprefix("left_").removeprefix("right_")
