"""Rhythm and fall of made-up legs whose motion is known by formula."""

from __future__ import annotations

import numpy as np
import pytest

from stridewise.gait.rhythm import free_fall, swing_cadence
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED, SIDES


def legs(
    cadence: float = 160.0,
    fall: float = 9.81,
    *,
    fps: float = 60.0,
    seconds: float = 8.0,
    swing: tuple[float, float] = (0.4, 0.0),
) -> Recording:
    """Ankles that swing as sines, and hips 0.837 m (a leg of 0.9 m) above that fall by `fall`."""
    time = np.arange(0.0, seconds, 1 / fps)
    stride = 2 * np.pi * cadence / 120 * time
    step = 2 * stride
    # The acceleration of size * cos(rate * t) has its 95th percentile at cos(0.05 * pi).
    rate = 2 * np.pi * cadence / 60
    rise = fall / (rate**2 * np.cos(0.05 * np.pi)) * np.cos(step)
    points = {}
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        sway = sign * np.sin(stride)[:, None] * swing
        points[f"{side}_hip"] = np.stack([0 * time, -0.837 - rise], axis=1)
        points[f"{side}_knee"] = np.stack([0 * time, -0.4185 - rise], axis=1)
        points[f"{side}_ankle"] = np.stack([0 * time, -rise], axis=1) + sway
    xy = 400.0 * np.stack([points[name] for name in REQUIRED], axis=1)
    return Recording(xy, np.ones(xy.shape[:2]), time, REQUIRED)


@pytest.mark.parametrize("cadence", [20.0, 41.0, 85.0, 112.0, 165.0, 230.0])
@pytest.mark.parametrize("swing", [(0.4, 0.0), (0.0, 0.2), (-0.1, 0.05)])
def test_the_rhythm_of_legs(cadence: float, swing: tuple[float, float]) -> None:
    assert swing_cadence(legs(cadence, seconds=12.0, swing=swing)) == pytest.approx(
        cadence, rel=0.05
    )


def test_gaps_do_not_hide_the_rhythm_until_half_is_gone() -> None:
    it = legs()
    xy = it.xy.copy()
    xy[::5, REQUIRED.index("left_ankle")] = np.nan
    assert swing_cadence(it.with_(xy=xy)) == pytest.approx(160, rel=0.02)
    xy[:260, REQUIRED.index("left_ankle")] = np.nan
    assert swing_cadence(it.with_(xy=xy)) is None


def test_what_stands_or_trembles_has_no_rhythm() -> None:
    assert swing_cadence(legs(swing=(0.0, 0.0))) is None
    noise = np.random.default_rng(0).normal(0, 5, (480, 6, 2))
    assert swing_cadence(legs(swing=(0.0, 0.0)).with_(xy=noise)) is None


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("fps", [25.0, 60.0, 240.0])
def test_the_fall_of_the_hips(share: float, fps: float) -> None:
    it = legs(160.0, 9.81 * share, fps=fps, swing=(0.05, 0.0))
    assert free_fall(it) == pytest.approx(share, rel=0.05)


def test_slow_motion_falls_slower_by_the_square() -> None:
    real = legs(fps=120.0)
    slow = real.with_(time=2 * real.time)
    assert free_fall(slow) == pytest.approx(free_fall(real) / 4, rel=0.1)


def test_hips_that_are_not_seen_say_nothing() -> None:
    it = legs()
    xy = it.xy.copy()
    xy[50:, REQUIRED.index("left_hip")] = np.nan
    assert free_fall(it.with_(xy=xy)) == np.inf
