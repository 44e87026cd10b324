"""The raw laboratory files give what the arrays made from them hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.lab import read_trial
from training.lab_c3d import crossings, read_c3d


def test_crossings_are_finer_than_a_sample() -> None:
    time = np.arange(1000) / 300
    force = np.clip(1000 * np.sin(2 * np.pi * (time - 0.1)), 0.0, None)
    force[500] += 60.0 * (force[500] < 1.0)
    contacts, offs = crossings(time, force)
    delay = np.arcsin(0.05) / (2 * np.pi)
    assert contacts == pytest.approx(0.1 + delay + np.arange(len(contacts)), abs=2e-4)
    assert offs == pytest.approx(0.6 - delay + np.arange(len(offs)), abs=2e-4)


@pytest.mark.parametrize(("name", "speed"), [("25", 2.5), ("45", 4.5)])
def test_raw_files_agree_with_the_arrays(laboratory: Path, name: str, speed: float) -> None:
    raw = read_c3d(laboratory / "lab_c3d" / f"RBDS011runT{name}.c3d", speed, "11")
    made = read_trial(laboratory / "treadmill_running" / f"runner11_{name}.npz")
    for kind in ("initial_contact", "toe_off"):
        for side in ("left", "right"):
            mine, given = (
                np.array([e.time_s for e in t.events if (e.kind, e.side) == (kind, side)])
                for t in (raw, made)
            )
            near = np.abs(mine[:, None] - given).min(axis=1)
            assert len(mine) == pytest.approx(len(given), abs=1)
            assert np.median(near) < 0.002
    inside = slice(100, -100)
    assert np.sqrt(np.mean((raw.vertical_force - made.vertical_force)[inside] ** 2)) < 0.03
    assert np.sqrt(np.mean((raw.fore_aft_force - made.fore_aft_force)[inside] ** 2)) < 0.03
    for joint in ("left_knee", "right_ankle", "left_heel", "right_hip"):
        away = raw.xyz[:, raw.keypoints.index(joint)] - made.xyz[:, made.keypoints.index(joint)]
        away -= np.nanmedian(away, axis=0)
        assert np.nanmax(np.linalg.norm(away[inside], axis=1)) < 0.03
    assert raw.leg_length_m == pytest.approx(made.leg_length_m, rel=0.05)
