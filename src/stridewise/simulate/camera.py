"""A pinhole camera that looks at the runner from any angle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError

Array = NDArray[np.float64]

#: Camera directions of the four plain views, in degrees around the runner.
YAW_OF_VIEW = {"right": 0.0, "front": 90.0, "left": 180.0, "back": -90.0}


@dataclass(frozen=True)
class Camera:
    """Where a camera stands and what it does.

    Parameters
    ----------
    yaw_deg : float
        Where it stands around the runner: 0 sees the right side (the runner runs to the right in
        the image), 90 the front, 180 the left side, -90 the back.
    pitch_deg : float
        Tilt of the lens; + looks up, 0 looks level.
    roll_deg : float
        Turn about the line of sight; + turns the camera clockwise as its operator sees it, so that
        the image turns anticlockwise.
    distance_m : float
        Over the ground, from lens to target.
    height_m : float
        Of the lens above the floor.
    field_of_view_deg : float
        Horizontal angle that the image covers; 65 is about the main lens of a phone.
    image_size : (width, height)
        In pixels; the line of sight meets the middle.
    fps : float
        Frames per second.
    follow : bool
        True when the camera travels along with its target (or the target stays, as on a
        treadmill); False when it stands still and the runner passes.

    Raises
    ------
    InputError
        For values that no camera has.
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    distance_m: float = 4.0
    height_m: float = 1.0
    field_of_view_deg: float = 65.0
    image_size: tuple[int, int] = (1920, 1080)
    fps: float = 60.0
    follow: bool = True

    def __post_init__(self) -> None:
        limits = {
            "distance_m": (0.5, 100.0),
            "height_m": (0.0, 10.0),
            "field_of_view_deg": (1.0, 170.0),
            "fps": (5.0, 1000.0),
            "pitch_deg": (-89.0, 89.0),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"The camera's {name} is out of range",
                    expected=f"{low:g} to {high:g}",
                    received=getattr(self, name),
                )

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.image_size[0] / 2 / float(np.tan(np.radians(self.field_of_view_deg) / 2))

    def axes(self) -> Array:
        """Return the directions of image right, image down and the line of sight.

        Returns
        -------
        ndarray, shape (3, 3)
            One unit vector a row, in the world frame (x forward, y up, z to the right).
        """
        yaw, pitch, roll = np.radians([self.yaw_deg, self.pitch_deg, self.roll_deg])
        level = -np.array([np.sin(yaw), 0.0, np.cos(yaw)])
        up = np.array([0.0, 1.0, 0.0])
        right = np.cross(level, up)
        sight = np.cos(pitch) * level + np.sin(pitch) * up
        down = np.cross(sight, right)
        return np.stack(
            [
                np.cos(roll) * right + np.sin(roll) * down,
                np.cos(roll) * down - np.sin(roll) * right,
                sight,
            ]
        )

    def project(self, xyz: Array, target: Array) -> Array:
        """Picture points in space.

        Parameters
        ----------
        xyz : ndarray, shape (frames, keypoints, 3)
            Metres; x forward, y up from the floor, z to the runner's right.
        target : ndarray, shape (3,) or (frames, 3)
            What the camera stands `distance_m` away from, in metres; its height does not matter.
            A camera that does not follow stands by the mean of the target.

        Returns
        -------
        ndarray, shape (frames, keypoints, 2)
            Pixels, y down, (0, 0) the upper left corner. Points that are not in front of the lens
            are NaN; points outside the image are kept.
        """
        target = np.asarray(target, dtype=float)
        if target.ndim == 2 and not self.follow:
            target = np.nanmean(target, axis=0)
        axes = self.axes()
        yaw = np.radians(self.yaw_deg)
        lens = target + self.distance_m * np.array([np.sin(yaw), 0.0, np.cos(yaw)])
        lens[..., 1] = self.height_m
        seen = (xyz - lens[..., None, :]) @ axes.T
        depth = np.where(seen[..., 2] > 0, seen[..., 2], np.nan)
        centre = np.array(self.image_size) / 2
        pixels: Array = centre + self.focal_px * seen[..., :2] / depth[..., None]
        return pixels
