"""Where a runner is filmed: treadmills and rooms, or ground that passes; what stands behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

Array = NDArray[np.float64]

#: Places that a film can be made in.
PLACES = ("treadmill", "treadmill with rails", "treadmill with console", "overground")


@dataclass(frozen=True, eq=False)
class Mesh:
    """Something that stands still; its material is "plain", "ground" or "belt"."""

    vertices: Array
    normals: Array
    colours: Array
    faces: NDArray[np.int64]
    material: str = "plain"


@dataclass(frozen=True, eq=False)
class Place:
    """A place.

    Parameters
    ----------
    meshes : tuple of Mesh
        In the laboratory's metres around the runner.
    background : ndarray of uint8, shape (height, width, 3)
        What is far away; it repeats sideways.
    background_share : float
        The part of its width that a picture shows.
    lines : (red, green, blue)
        Colour of lines on the ground.
    """

    meshes: tuple[Mesh, ...]
    background: NDArray[np.uint8]
    background_share: float
    lines: tuple[float, float, float]


def build(kind: str, yaw_deg: float, size: tuple[int, int], rng: np.random.Generator) -> Place:
    """Draw a place.

    Parameters
    ----------
    kind : str
        One of `PLACES`.
    yaw_deg : float
        Where the camera stands: nothing is put between it and the runner.
    size : (width, height)
        Of the picture.
    rng : numpy.random.Generator
    """
    outdoors = kind == "overground" and rng.random() < 0.75
    tone = rng.uniform(0.2, 0.65) * (1 + 0.06 * rng.standard_normal(3))
    if outdoors and rng.random() < 0.4:
        tone = np.array([0.5, 0.2, 0.15]) if rng.random() < 0.5 else np.array([0.25, 0.38, 0.15])
    height = 0.0 if kind == "overground" else -0.19
    meshes = [_floor(height, np.clip(tone, 0.05, 0.9))]
    if kind != "overground":
        meshes += _treadmill(kind, rng)
    if not outdoors:
        meshes += _furniture(height, yaw_deg, rng)
    share = 1.0 if kind != "overground" else 0.34
    back = _outdoors(size, share, rng) if outdoors else _room(size, share, rng)
    lines = (0.85,) * 3 if kind == "overground" and rng.random() < 0.5 else tuple(tone * 0.9)
    return Place(tuple(meshes), back, share, lines)  # type: ignore[arg-type]


def box(centre: tuple[float, float, float], size: tuple[float, float, float], colour) -> Mesh:  # type: ignore[no-untyped-def]
    """Return a box with flat sides."""
    vertices, around, faces = [], [], []
    for axis in range(3):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        for sign in (-1, 1):
            first = len(vertices)
            for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corner = np.zeros(3)
                corner[[axis, a, b]] = sign, u, v
                vertices.append(np.add(centre, corner * np.array(size) / 2))
                around.append(np.eye(3)[axis] * sign)
            faces += [[first, first + 1, first + 2], [first, first + 2, first + 3]]
    n = len(vertices)
    return Mesh(np.array(vertices), np.array(around), np.tile(colour, (n, 1)), np.array(faces))


def _floor(height: float, colour: Array) -> Mesh:
    """Ground as far as one sees, in pieces so that it is lit evenly."""
    x, z = np.meshgrid(np.linspace(-30, 30, 31), np.linspace(-30, 30, 31), indexing="ij")
    vertices = np.stack([x.ravel(), np.full(x.size, height), z.ravel()], axis=1)
    i = np.arange(30)[:, None] * 31 + np.arange(30)
    a, b, c, d = (k.ravel() for k in (i, i + 1, i + 32, i + 31))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    up = np.tile([0.0, 1.0, 0.0], (len(vertices), 1))
    return Mesh(vertices, up, np.tile(colour, (len(vertices), 1)), faces, "ground")


def _treadmill(kind: str, rng: np.random.Generator) -> list[Mesh]:
    """Belt, deck and motor hood; rails and console on request."""
    dark = rng.uniform(0.06, 0.5)
    metal = (dark + 0.15,) * 3
    belt = box((0, -0.02, 0), (1.9, 0.04, 0.56), (rng.uniform(0.05, 0.12),) * 3)
    belt = Mesh(belt.vertices, belt.normals, belt.colours, belt.faces, "belt")
    parts = [belt]
    for z in (-0.36, 0.36):
        parts.append(box((0, -0.06, z), (2.0, 0.14, 0.14), (dark,) * 3))
    parts.append(box((0.05, -0.13, 0), (2.1, 0.12, 0.8), (dark * 0.6,) * 3))
    parts.append(box((1.05, -0.02, 0), (0.3, 0.2, 0.86), (dark * 1.1,) * 3))
    if kind == "treadmill":
        return parts
    reach, high = rng.uniform(0.35, 1.0), rng.uniform(0.85, 1.0)
    for z in (-0.42, 0.42):
        parts.append(box((0.95, high / 2, z), (0.08, high + 0.3, 0.06), metal))
        parts.append(box((0.95 - reach / 2, high, z), (reach, 0.05, 0.05), metal))
    if kind == "treadmill with console":
        parts.append(box((1.0, high + 0.3, 0), (0.09, 0.35, 0.8), (0.08,) * 3))
        # A second upright in front of the thighs, as many have.
        x = 0.95 - rng.uniform(0.5, 1.0) * reach
        for z in (-0.42, 0.42):
            parts.append(box((x, high / 2, z), (0.07, high, 0.05), metal))
    return parts


def _furniture(height: float, yaw_deg: float, rng: np.random.Generator) -> list[Mesh]:
    """Boxes that stand around in a room, behind the runner as the camera sees it."""
    parts = []
    for _ in range(rng.integers(0, 6)):
        away = rng.uniform(2.0, 6.0)
        angle = np.radians(yaw_deg + 180 + rng.uniform(-70, 70))
        size = rng.uniform([0.2, 0.3, 0.2], [1.2, 1.8, 1.0])
        colour = rng.uniform(0.08, 0.9) * (1 + 0.15 * rng.standard_normal(3))
        where = (away * np.sin(angle), height + size[1] / 2, away * np.cos(angle))
        parts.append(box(where, tuple(size), np.clip(colour, 0.03, 0.95)))
    return parts


def _canvas(size: tuple[int, int], share: float) -> tuple[int, int]:
    """Background pictures are half as fine: they are out of focus."""
    wide, high = size
    return max(int(wide / share / 2), 8), max(high // 2, 8)


def _room(size: tuple[int, int], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a wall with windows, pictures, machines, out of focus."""
    wide, high = _canvas(size, share)
    y, x = np.mgrid[0:high, 0:wide] / high
    wall = rng.uniform(0.35, 0.8, 3) * 0.25 + rng.uniform(0.35, 0.8) * 0.75
    image = wall * (1 - 0.3 * y[..., None]) + 0 * x[..., None]
    for _ in range(int(rng.integers(5, 12) / share)):
        left, top = rng.uniform(-0.1, wide / high), rng.uniform(-0.1, 0.62)
        w, h = rng.uniform(0.05, 0.35), rng.uniform(0.05, 0.5)
        inside = (x > left) & (x < left + w) & (y > top) & (y < top + h)
        tint = rng.uniform(0.1, 0.95) * (1 + 0.15 * rng.standard_normal(3))
        image[inside] = 0.25 * image[inside] + 0.75 * tint
    return _out_of_focus(image, rng)


def _outdoors(size: tuple[int, int], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Sky, trees or houses, and what lies before them."""
    wide, high = _canvas(size, share)
    y = np.linspace(0, 1, high)[:, None, None]
    sky = np.array([0.55, 0.7, 0.9]) if rng.random() < 0.6 else np.array([0.78, 0.8, 0.82])
    image = np.broadcast_to(sky * (1 - 0.15 * y) + 0.15 * y, (high, wide, 3)).copy()
    line = rng.uniform(0.1, 0.4) + 0.10 * _rough(wide, rng)
    trees = np.linspace(0, 1, high)[:, None] > line[None]
    green = np.array([0.16, 0.27, 0.12]) * rng.uniform(0.7, 1.6)
    leaf = zoom(rng.standard_normal((high // 6 + 2, wide // 6 + 2)), 6, order=1)[:high, :wide]
    image[trees] = (green * (1 + 0.35 * leaf[..., None]))[trees]
    for _ in range(rng.integers(0, 5)):  # houses, signs, posts
        w, h = rng.integers(4, max(wide // 8, 6)), rng.integers(high // 8, high // 2)
        left = rng.integers(0, wide)
        tint = rng.uniform(0.2, 0.9) * (1 + 0.15 * rng.standard_normal(3))
        image[int(0.55 * high) - h : int(0.55 * high), left : left + w] = tint
    image[int(0.55 * high) :] = np.array([0.3, 0.36, 0.2]) * rng.uniform(0.7, 1.5)
    return _out_of_focus(image, rng)


def _rough(n: int, rng: np.random.Generator) -> Array:
    """Draw a rough line that repeats."""
    line: Array = gaussian_filter(rng.standard_normal(n), max(n / 60, 1), mode="wrap")
    return line / max(float(line.std()), 1e-9)


def _out_of_focus(image: Array, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, and a little unevenness."""
    sigma = rng.uniform(0.8, 3.0)
    soft = np.stack(
        [gaussian_filter(image[..., i], sigma, mode=("nearest", "wrap")) for i in range(3)], axis=-1
    )
    high, wide = soft.shape[:2]
    uneven = zoom(rng.standard_normal((high // 12 + 2, wide // 12 + 2)), 12, order=1)[:high, :wide]
    return (255 * np.clip(soft * (1 + 0.04 * uneven[..., None]), 0, 1)).astype(np.uint8)
