"""A running shoe, lofted around a foot; rigid but for a hinge at the ball."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.skeletons import Side

Array = NDArray[np.float64]

_RINGS, _AROUND = 36, 28
#: Shape along the shoe, as (share of length, metres).
_INNER = ([0, 0.06, 0.25, 0.5, 0.72, 0.9, 1], [0.012, 0.030, 0.034, 0.031, 0.044, 0.036, 0.006])
_OUTER = ([0, 0.06, 0.25, 0.5, 0.72, 0.9, 1], [0.012, 0.030, 0.035, 0.040, 0.048, 0.032, 0.006])
_TOP = (
    [0, 0.05, 0.12, 0.3, 0.42, 0.6, 0.8, 0.93, 1],
    [0.055, 0.085, 0.095, 0.098, 0.090, 0.074, 0.062, 0.052, 0.030],
)
_BOTTOM = ([0, 0.04, 0.15, 0.72, 0.9, 1], [0.022, 0.008, 0, 0, 0.008, 0.020])
_SOLE = ([0, 0.2, 0.7, 1], [0.034, 0.034, 0.026, 0.018])
#: Where the ball bends, and over how much of the length.
_HINGE, _BENDS_FROM, _BENDS_OVER = 0.74, 0.66, 0.14
_LONGEST_BEND_DEG = 55.0


@dataclass(frozen=True, eq=False)
class Shoe:
    """A shoe seen from the ankle: x ahead, y up, z to the runner's right; metres.

    Parameters
    ----------
    vertices : ndarray, shape (vertices, 3)
    faces : ndarray of int, shape (faces, 3)
    along : ndarray, shape (vertices,)
        0 at the heel, 1 at the tip.
    is_sole : ndarray of bool, shape (vertices,)
    bends : ndarray, shape (vertices,)
        How much of the toe's bend a vertex takes.
    hinge : ndarray, shape (3,)
    """

    vertices: Array
    faces: NDArray[np.int64]
    along: Array
    is_sole: NDArray[np.bool_]
    bends: Array
    hinge: Array

    @classmethod
    def of(cls, foot: Mapping[str, Array], side: Side) -> Shoe:
        """Loft a shoe around heel, toes and sole of a flat foot."""
        out = 1.0 if side == "right" else -1.0
        sole = float(foot["sole"][1])
        heel, big, small = foot["heel"], foot["big_toe"], foot["small_toe"]
        start, length = heel[0] - 0.004, big[0] + 0.010 - (heel[0] - 0.004)
        along = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0, 1, _RINGS))
        around = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
        middle = np.interp(
            along, [0, 0.2, 1], [heel[2] * 0.7, heel[2] * 0.35, 0.62 * big[2] + 0.38 * small[2]]
        )[:, None]
        top, bottom, edge = (
            (sole + np.interp(along, *shape))[:, None] for shape in (_TOP, _BOTTOM, _BOTTOM)
        )
        edge = edge + np.interp(along, *_SOLE)[:, None]
        c, s = np.cos(around), np.sin(around)
        half = np.where(
            c * out > 0, np.interp(along, *_OUTER)[:, None], np.interp(along, *_INNER)[:, None]
        )
        y = (top + bottom) / 2 + np.sign(s) * np.abs(s) ** 0.75 * (top - bottom) / 2
        z = np.sign(c) * np.abs(c) ** 0.6 * half
        narrow = np.clip((y - edge) / np.maximum(top - edge, 1e-6), 0, 1)
        z = middle + z * (1 - 0.45 * narrow**2)
        x = np.broadcast_to((start + along * length)[:, None], y.shape)
        rings = np.stack([x, y, z], axis=-1).reshape(-1, 3)
        vertices = np.vstack([rings, rings[:_AROUND].mean(0), rings[-_AROUND:].mean(0)])
        r = np.append(np.repeat(along, _AROUND), [0.0, 1.0])
        return cls(
            vertices=vertices,
            faces=_faces(),
            along=r,
            is_sole=np.append((y < edge).ravel(), [True, True]),
            bends=np.clip((r - _BENDS_FROM) / _BENDS_OVER, 0, 1),
            hinge=np.array([start + _HINGE * length, sole + 0.012, 0.0]),
        )

    def bend(self, foot: Array, ankle: Array) -> float:
        """Degrees by which the toes bend up so that they stay above the ground (y = 0)."""
        tip = self.vertices[(self.bends > 0.99) & self.is_sole] - self.hinge
        bent = 0.0
        for _ in range(4):
            c, s = np.cos(np.radians(bent)), np.sin(np.radians(bent))
            turned = np.stack(
                [c * tip[:, 0] - s * tip[:, 1], s * tip[:, 0] + c * tip[:, 1], tip[:, 2]], axis=1
            )
            under = -float(((turned + self.hinge) @ foot.T + ankle)[:, 1].min())
            if under < 1e-3 or bent > _LONGEST_BEND_DEG:
                break
            bent += float(np.degrees(under / 0.06))
        return bent


def _faces() -> NDArray[np.int64]:
    """Triangles between the rings, and a cap at either end."""
    i = np.arange(_RINGS - 1)[:, None] * _AROUND
    a, b = i + np.arange(_AROUND), i + (np.arange(_AROUND) + 1) % _AROUND
    sides = [np.stack([a, b, a + _AROUND], -1), np.stack([b, b + _AROUND, a + _AROUND], -1)]
    k, n, last = np.arange(_AROUND), _RINGS * _AROUND, (_RINGS - 1) * _AROUND
    after = (k + 1) % _AROUND
    caps = [
        np.stack([after, k, np.full(_AROUND, n)], -1),
        np.stack([last + k, last + after, np.full(_AROUND, n + 1)], -1),
    ]
    # Turned so that the outside is in front.
    return np.concatenate([part.reshape(-1, 3) for part in (*sides, *caps)])[:, ::-1]
