"""Pose estimators as users have them: one frame after the other in, points out.

BlazePose runs in MediaPipe's tasks with their own settings for one person, either on video, where
it follows the person and smooths, or on each frame alone. MoveNet follows the person by the crop of
its reference code and does not smooth. EfficientPose looks at each whole frame alone. Models and
licences: `training.films.assets`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stridewise.skeletons import LAYOUTS, SIDES
from training.films import assets
from training.films.record import ESTIMATORS

Frame = NDArray[np.uint8]
Points = NDArray[np.float32]


class Estimator(Protocol):
    """What finds a person in the frames of one film, one after the other."""

    def __call__(self, frame: Frame, stamp: float) -> Points:
        """Find the person in the next frame.

        Takes the frame (height, width, 3), RGB, and what its file says when it was taken, s;
        returns (points of the layout, 3): x and y in pixels, visibility; NaN where it finds nobody.
        """

    def close(self) -> None:
        """Give its memory back."""


def open_estimator(name: str) -> Estimator:
    """Open one of `ESTIMATORS`, for one film: it remembers what it has seen."""
    if name not in ESTIMATORS:
        raise ValueError(f"{name} is not an estimator; there are {', '.join(ESTIMATORS)}")
    if name in assets.NETWORKS:
        return (MoveNet if name.startswith("movenet") else EfficientPose)(name)
    _, size, *alone = name.split("-")
    return BlazePose(size, frames=bool(alone))


class BlazePose:
    """BlazePose lite, full or heavy; with `frames`, each frame alone."""

    def __init__(self, size: str, *, frames: bool = False) -> None:
        # Read by the library when it is loaded: it is to say nothing but errors.
        os.environ.setdefault("GLOG_minloglevel", "2")
        import mediapipe

        self._image = mediapipe.Image, mediapipe.ImageFormat.SRGB
        vision = mediapipe.tasks.vision
        self._alone = frames
        self._last_ms = -1
        self._network = vision.PoseLandmarker.create_from_options(
            vision.PoseLandmarkerOptions(
                base_options=mediapipe.tasks.BaseOptions(
                    model_asset_path=str(assets.blazepose(size))
                ),
                running_mode=vision.RunningMode.IMAGE if frames else vision.RunningMode.VIDEO,
            )
        )

    def close(self) -> None:
        """Give its memory back."""
        self._network.close()

    def __call__(self, frame: Frame, stamp: float) -> Points:
        """Find the person in the next frame."""
        made, kind = self._image
        image = made(image_format=kind, data=np.ascontiguousarray(frame))
        if self._alone:
            found = self._network.detect(image).pose_landmarks
        else:
            # Whole milliseconds that grow, whatever the file says.
            self._last_ms = max(self._last_ms + 1, round(1000 * stamp))
            found = self._network.detect_for_video(image, self._last_ms).pose_landmarks
        if not found:
            return np.full((len(LAYOUTS["blazepose-33"]), 3), np.nan, np.float32)
        height, width = frame.shape[:2]
        return np.array([(p.x * width, p.y * height, p.visibility) for p in found[0]], np.float32)


class _Network:
    """A network of `assets.NETWORKS`, on one core."""

    def __init__(self, name: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._network: Any = onnxruntime.InferenceSession(str(assets.network(name)), options)

    def close(self) -> None:
        """Give its memory back."""
        del self._network


class MoveNet(_Network):
    """MoveNet Lightning or Thunder."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._crop: Crop | None = None

    def __call__(self, frame: Frame, stamp: float) -> Points:
        """Find the person in the next frame."""
        height, width = frame.shape[:2]
        crop = self._crop or Crop.whole(width, height)
        (tensor,) = self._network.get_inputs()
        image = crop.cut(frame, tensor.shape[1])[None].astype(np.int32)
        (found,) = self._network.run(None, {tensor.name: image})
        y, x, score = found[0, 0].T
        points = np.stack([crop.x + x * crop.size, crop.y + y * crop.size, score], axis=1)
        self._crop = next_crop(points, width, height)
        return points.astype(np.float32)


class EfficientPose(_Network):
    """EfficientPose II Lite: its points are the peaks of its maps, smoothed as in its own code."""

    #: Where the points of "mpii-16" are among its own.
    _ORDER = (12, 11, 10, 13, 14, 15, 9, 5, 1, 0, 4, 3, 2, 6, 7, 8)
    _SMOOTH_PX = 1.0

    def __call__(self, frame: Frame, stamp: float) -> Points:
        """Find the person in a frame."""
        from scipy.ndimage import gaussian_filter

        crop = Crop.whole(frame.shape[1], frame.shape[0])
        (tensor,) = self._network.get_inputs()
        image = crop.cut(frame, tensor.shape[1])[None].astype(np.float32) / 127.5 - 1
        (found,) = self._network.run(None, {tensor.name: image})
        maps = gaussian_filter(found[0], (self._SMOOTH_PX, self._SMOOTH_PX, 0))
        pixels, _, count = maps.shape
        flat = maps.reshape(-1, count)
        y, x = np.divmod(flat.argmax(0), pixels)
        step = crop.size / (pixels - 1)
        points = np.stack([crop.x + step * x, crop.y + step * y, flat.max(0).clip(0, 1)], axis=1)
        return points[list(self._ORDER)].astype(np.float32)


@dataclass(frozen=True)
class Crop:
    """A square of a picture, in pixels; it may reach beyond the picture."""

    x: float
    y: float
    size: float

    @classmethod
    def whole(cls, width: int, height: int) -> Crop:
        """Return the square around the whole picture."""
        size = max(width, height)
        return cls((width - size) / 2, (height - size) / 2, size)

    def cut(self, frame: Frame, pixels: int) -> NDArray[np.uint8]:
        """Sample the square in `pixels` rows and columns, bilinear, from edge to edge; else 0."""
        height, width = frame.shape[:2]
        step = np.arange(pixels, dtype=np.float32) * np.float32(self.size / (pixels - 1))
        y, x = np.float32(self.y) + step, np.float32(self.x) + step
        top, left = np.floor(y).astype(int), np.floor(x).astype(int)
        down, right = (y - top)[:, None, None], (x - left)[:, None]
        rows = [np.clip(top + i, 0, height - 1) for i in (0, 1)]
        columns = [np.clip(left + i, 0, width - 1) for i in (0, 1)]
        (a, b), (c, d) = ([frame[np.ix_(r, k)].astype(np.float32) for k in columns] for r in rows)
        upper, lower = a + (b - a) * right, c + (d - c) * right
        sampled = upper + (lower - upper) * down
        inside = np.outer((y >= 0) & (y <= height - 1), (x >= 0) & (x <= width - 1))
        return np.where(inside[..., None], sampled, 0).astype(np.uint8)


_HIPS, _SHOULDERS = (
    [LAYOUTS["coco-17"].index(f"{side}_{part}") for side in SIDES] for part in ("hip", "shoulder")
)
_SEEN = 0.2
_TORSOS, _BODIES = 1.9, 1.2


def next_crop(points: NDArray[np.floating[Any]], width: int, height: int) -> Crop | None:
    """Return the square to look at in the next frame; None is the whole picture.

    As in MoveNet's reference code: around the middle of the hips, 1.9 torsos or 1.2 bodies to each
    side, whichever is more.
    """
    xy, seen = points[:, :2], points[:, 2] > _SEEN
    if not (seen[_HIPS].any() and seen[_SHOULDERS].any()):
        return None
    middle = xy[_HIPS].mean(0)
    away = np.abs(xy - middle).max(1)
    half = max(away[_HIPS + _SHOULDERS].max() * _TORSOS, away[seen].max() * _BODIES)
    half = min(half, max(*middle, *((width, height) - middle)))
    if half > max(width, height) / 2:
        return None
    return Crop(middle[0] - half, middle[1] - half, 2 * half)
