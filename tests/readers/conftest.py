from __future__ import annotations

import warnings

import c3d
import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[np.float64]

# x forward, y up, z to the right; metres.
_STANDING = {
    "nose": (0.10, 1.60, 0.0),
    "shoulder": (0.02, 1.40, 0.18),
    "elbow": (-0.05, 1.12, 0.22),
    "wrist": (0.12, 0.98, 0.20),
    "hip": (0.00, 0.90, 0.09),
    "knee": (0.06, 0.50, 0.10),
    "ankle": (-0.03, 0.10, 0.11),
    "heel": (-0.08, 0.03, 0.11),
    "big_toe": (0.15, 0.02, 0.12),
    "small_toe": (0.10, 0.02, 0.16),
}


def _body(frames: int) -> dict[str, Array]:
    """Return a body that bobs and swings its legs in opposite phase, shape (frames, 3) each."""
    phase = 2 * np.pi * np.arange(frames) / 20
    body = {}
    for part, (x, y, z) in _STANDING.items():
        for side, sign in (("left", -1.0), ("right", 1.0)):
            name = part if part == "nose" else f"{side}_{part}"
            swing = 0.3 * max(0.9 - y, 0.0) * np.sin(phase) * sign
            body[name] = np.stack(
                (x + swing, y + 0.04 * np.sin(2 * phase), np.full(frames, sign * z)), axis=1
            )
    return body


@pytest.fixture
def body() -> dict[str, Array]:
    return _body(40)


def _write_c3d(path, markers, *, rate=100.0, unit="mm", scale=1000.0, missing=()):
    """Write markers, name to (frames, 3) in metres, as C3D; `missing` holds (frame, marker)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer = c3d.Writer(point_rate=rate, point_units=unit)
        writer.set_point_labels(list(markers))
        data = np.stack(list(markers.values()), axis=1)
        for frame, xyz in enumerate(data):
            points = np.zeros((len(xyz), 5), dtype=np.float32)
            points[:, :3] = xyz * scale
            for f, m in missing:
                if f == frame:
                    points[m, 3] = -1
            writer.add_frames([(points, np.zeros((0, 0), dtype=np.float32))])
        with path.open("wb") as file:
            writer.write(file)
    return path


@pytest.fixture
def write_c3d():
    return _write_c3d


@pytest.fixture(scope="session")
def small_c3d(tmp_path_factory) -> bytes:
    names = [f"{s}_{part}" for s in ("left", "right") for part in ("hip", "knee", "ankle", "heel")]
    body = _body(3)
    path = tmp_path_factory.mktemp("c3d") / "small.c3d"
    return _write_c3d(path, {name: body[name] for name in names}).read_bytes()
