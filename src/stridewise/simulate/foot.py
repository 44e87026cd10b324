"""A shoe that rolls over the floor without slipping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Corners of the sole: behind the ankle as a share of the heel point's distance; the ball and the
#: tip ahead of the ankle as shares of the big toe's distance; how far the tip is curved up, as a
#: share of ankle height. Chosen so that ankle and toes at toe-off lie as high as in the laboratory.
HEEL_CORNER, BALL_CORNER, TIP_CORNER, TIP_SPRING = 0.85, 0.62, 1.03, 0.2
#: Roundness of the corners in metres.
ROUNDNESS_M = 0.002


@dataclass(frozen=True)
class Foot:
    """A rigid shoe.

    The sole is flat from heel to ball and curves up to the tip, with rounded corners. It touches
    the floor in one point, which travels from heel to tip as the foot pitches from toes-up to
    heel-up.

    Parameters
    ----------
    heel, big_toe, small_toe : ndarray, shape (3,)
        Seen from the ankle with the foot flat: ahead, up, out; metres.
    ankle_height : float
        Of the ankle above the floor with the foot flat, in metres.
    """

    heel: Array
    big_toe: Array
    small_toe: Array
    ankle_height: float

    @classmethod
    def of(cls, lengths: Mapping[str, float]) -> Foot:
        """Make a foot from a person's lengths."""
        points = {
            name: np.array([lengths[f"{name}_{way}"] for way in ("ahead", "up", "out")])
            for name in ("heel", "big_toe", "small_toe")
        }
        return cls(**points, ankle_height=lengths["ankle_height"])

    @property
    def _corners(self) -> Array:
        """Corners of the sole seen from the ankle: ahead, up; shape (3, 2)."""
        floor = -self.ankle_height
        return np.array(
            [
                [HEEL_CORNER * self.heel[0], floor],
                [BALL_CORNER * self.big_toe[0], floor],
                [TIP_CORNER * self.big_toe[0], (1 - TIP_SPRING) * floor],
            ]
        )

    @property
    def flat_pitch(self) -> float:
        """Degrees from heel to big toe of a flat foot; what "offset removed" removes."""
        d = self.big_toe - self.heel
        return float(np.degrees(np.arctan2(d[1], d[0])))

    def height(self, pitch: Array) -> Array:
        """Height of the ankle while the sole touches the floor, in metres.

        Parameters
        ----------
        pitch : ndarray
            Degrees from flat; + toes up.
        """
        angle = np.radians(np.asarray(pitch, dtype=float))[..., None]
        ahead, up = self._corners.T
        needed = -(ahead * np.sin(angle) + up * np.cos(angle)) / ROUNDNESS_M
        height: Array = ROUNDNESS_M * (np.logaddexp.reduce(needed, axis=-1) - np.log(2))
        return height

    def advance(self, pitch: Array) -> Array:
        """Travel of the ankle over the floor from flat to this pitch, in metres, + forward.

        Rolling without slipping moves the ankle by minus its height per radian of pitch.
        """
        grid = np.linspace(-90.0, 90.0, 721)
        height = self.height(grid)
        step = np.radians(grid[1] - grid[0])
        travelled = -np.concatenate([[0.0], np.cumsum((height[1:] + height[:-1]) / 2) * step])
        advance: Array = np.interp(pitch, grid, travelled - travelled[360])
        return advance

    def points(self, ankle: Array, pitch: Array, toe_out: float, sign: int) -> Array:
        """Return heel, big toe and small toe in space, shape (frames, 3, 3).

        Parameters
        ----------
        ankle : ndarray, shape (frames, 3)
            Metres.
        pitch : ndarray, shape (frames,)
            Degrees from flat; + toes up.
        toe_out : float
            Degrees.
        sign : int
            1 for the right foot, -1 for the left.
        """
        angle, turn = np.radians(pitch)[:, None], np.radians(toe_out)
        ahead, up, out = np.stack([self.heel, self.big_toe, self.small_toe]).T
        forward = ahead * np.cos(angle) - up * np.sin(angle)
        seen = np.stack(
            [
                forward * np.cos(turn) - out * np.sin(turn),
                ahead * np.sin(angle) + up * np.cos(angle),
                sign * (forward * np.sin(turn) + out * np.cos(turn)),
            ],
            axis=-1,
        )
        points: Array = ankle[:, None] + seen
        return points
