from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stridewise.gait.foot_path import refine, shipped
from stridewise.gait.motion import KINDS
from stridewise.simulate import Camera, Noise
from stridewise.view import View
from training.foot_path import held_out
from training.lab import Trial, seen, trials


@pytest.fixture(scope="module")
def some(laboratory: Path) -> list[Trial]:
    return [trial for trial in trials(laboratory) if trial.runner in ("12", "13", "19", "22")]


def test_who_was_left_out_was_left_out(some: list[Trial], laboratory: Path) -> None:
    paths = held_out({"12", "somebody else"}, laboratory)
    for kind in KINDS:
        ours, others = (paths[who][kind][0].mean for who in ("12", "somebody else"))
        assert 1e-4 < np.abs(ours - others).max() < 0.02
        np.testing.assert_array_equal(others, shipped()[kind][0].mean)


@pytest.mark.parametrize("by_s", [-0.012, 0.012])
@pytest.mark.parametrize("yaw", [0.0, 45.0, -90.0])
def test_contacts_of_runners_left_out_are_found_again(
    some: list[Trial], laboratory: Path, yaw: float, by_s: float
) -> None:
    """Truth moved by 12 ms comes back to within a few milliseconds of the force plate."""
    paths = held_out({trial.runner for trial in some}, laboratory)
    before, after = [], []
    for seed, trial in enumerate(some):
        film = seen(trial, Camera(yaw_deg=yaw), Noise(white=0.005), seed)
        view = View("right", yaw, 2.0, "right", 0.93 * trial_leg_pixels(trial, film.xy))
        true = [e for e in trial.events if 1 < e.time_s < 29]
        moved = [replace(e, time_s=e.time_s + by_s, sd_s=0.012) for e in true]
        found = refine(moved, film, view, paths[trial.runner])
        before += [by_s] * len(true)
        after += [f.time_s - t.time_s for f, t in zip(found, true, strict=True)]
    assert np.sqrt(np.mean(np.square(after))) < 0.45 * np.sqrt(np.mean(np.square(before)))


def trial_leg_pixels(trial: Trial, xy: np.ndarray) -> float:
    """Leg length in the picture, from how high the hips stand over the ground on average."""
    hips = [trial.keypoints.index(f"{side}_hip") for side in ("left", "right")]
    heels = [trial.keypoints.index(f"{side}_heel") for side in ("left", "right")]
    tall = np.nanmax(xy[:, heels, 1]) - np.nanmedian(xy[:, hips, 1])
    real = np.nanmedian(trial.xyz[:, hips, 1]) - np.nanmin(trial.xyz[:, heels, 1])
    return float(tall / real * trial.leg_length_m / 0.93)
