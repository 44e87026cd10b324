"""Scenes as real pose estimators see them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from stridewise.gait.encoding import FEATURES, INPUT_POINTS
from stridewise.gait.motion import Event
from stridewise.simulate import Camera
from stridewise.simulate.estimator import Fingerprint, fingerprint, view_of
from training.films.record import Film
from training.gait_net import estimators
from training.gait_net.estimators import SHARES, draw_source, misled, sources
from training.gait_net.folds import held_out
from training.gait_net.footage import Footage
from training.gait_net.pool import read
from training.gait_net.scene import FRAMES, Setting, draw_setting, film

KNOWN = [fingerprint(name) for name in SHARES]


def test_shares_are_shares_of_all_that_is_known() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)


def test_estimators_are_drawn_for_views_that_they_are_known_from() -> None:
    rng = np.random.default_rng(0)
    settings = [draw_setting(rng, KNOWN) for _ in range(200)]
    drawn = [setting.source for setting in settings]
    assert {source.name for source in drawn if source} == set(SHARES)
    for setting in settings:
        assert setting.source is not None
        assert view_of(setting.camera.yaw_deg) in setting.source.views
    assert draw_setting(rng).source is None


def test_a_fold_knows_nothing_of_its_runners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out: list[Collection[str]] = []

    def fit(_: list[Film], name: str, without: Collection[str]) -> Fingerprint:
        left_out.append(without)
        return fingerprint(name)

    monkeypatch.setattr(estimators, "read_all", list)
    monkeypatch.setattr(estimators, "fit", fit)
    first, again = sources(tmp_path / "new", 2), sources(tmp_path / "new", 2)
    assert left_out == [held_out(2)] * len(SHARES)
    assert [source.name for source in again] == [source.name for source in first] == list(SHARES)
    sources(tmp_path / "new", None)
    assert left_out[-1] == ()


@pytest.mark.parametrize("name", ["blazepose-full", "movenet-thunder"])
def test_scenes_show_what_the_estimator_makes_of_them(source: Footage, name: str) -> None:
    def seen(by: Fingerprint | None) -> np.ndarray:
        camera = Camera(yaw_deg=0.0, fps=60.0)
        rng = np.random.default_rng(4)
        features, _ = film(source, Setting(camera, white=0.0, source=by), rng, complete=True)
        assert features.shape == (FRAMES, FEATURES)
        assert np.isfinite(features).all()
        return features

    perfect, misled_by = seen(None), seen(fingerprint(name))
    points = 2 * len(INPUT_POINTS)
    presence = misled_by[:, points : points + len(INPUT_POINTS)].mean(axis=0)
    for point, there in zip(INPUT_POINTS, presence, strict=True):
        if point not in fingerprint(name).keypoints:
            assert there == 0.0
    for point in ("right_knee", "right_ankle"):
        at = 2 * INPUT_POINTS.index(point)
        away = np.linalg.norm((misled_by - perfect)[:, at : at + 2], axis=1)
        assert 0.005 < np.median(away) < 0.15, point


def test_points_lag_as_those_of_the_estimator(source: Footage) -> None:
    # A point that swings to and fro: what comes later lies behind.
    time = np.arange(0.0, 4.0, 1 / 60)
    events = tuple(
        Event(kind, side, at + (0.35 if side == "left" else 0.0), 0.0)
        for kind, start in (("initial_contact", 0.0), ("toe_off", 0.25))
        for side in ("left", "right")
        for at in start + np.arange(-1.4, 5.6, 0.7)
    )
    swing = 200.0 * np.sin(2 * np.pi * time / 0.7)
    xy = np.zeros((len(time), len(INPUT_POINTS), 2))
    xy[:, INPUT_POINTS.index("right_ankle"), 0] = swing
    xy[:, INPUT_POINTS.index("left_ankle"), 0] = -swing
    by = fingerprint("blazepose-full")
    shift = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        made = misled(xy, time, by, events, 0.0, 400.0, rng)[:, INPUT_POINTS.index("right_ankle")]
        known = np.isfinite(made[:, 0])
        turn = np.exp(2j * np.pi * time / 0.7)
        shift.append(np.angle((turn[known] * made[known, 0]).sum() / (turn * swing).sum()))
    lag = by.habits(0.0).lag_s[by.keypoints.index("right_ankle")]
    assert np.median(shift) / (2 * np.pi) * 0.7 == pytest.approx(lag, abs=0.015)


def test_runners_are_left_out_of_all_pools(tmp_path: Path) -> None:
    for name, runners in (("a", ["01", "03"]), ("b", ["03", "04", "01"])):
        numbers = np.arange(len(runners), dtype=np.float16)
        np.savez(tmp_path / f"{name}.npz", runner=runners, features=numbers, targets=-numbers)
    features, targets = read([tmp_path / "a.npz", tmp_path / "b.npz"], ["01"])
    assert features.tolist() == [1.0, 0.0, 1.0]
    assert targets.tolist() == [-1.0, -0.0, -1.0]


def test_the_first_source_that_fits_is_the_only_one() -> None:
    rng = np.random.default_rng(0)
    assert draw_source(KNOWN[:1], 0.0, rng) is KNOWN[0]
