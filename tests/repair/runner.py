"""A simulated runner for the tests of repair."""

from __future__ import annotations

from functools import cache

from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate


@cache
def runner(
    yaw: float = 0.0, fps: float = 60.0, noise: float = 0.005, *, seconds: float = 5.0
) -> Recording:
    """Return a clean recording; the same runner at every yaw and frame rate."""
    camera = Camera(yaw_deg=yaw, fps=fps)
    return simulate(Runner(seed=7), camera, Noise(white=noise), seconds).recording
