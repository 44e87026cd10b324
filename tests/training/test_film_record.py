"""Films, packed and unpacked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stridewise.recording import Recording
from training.films.record import (
    ESTIMATORS,
    POINTS,
    UPPER,
    Film,
    kept,
    pick,
    read,
    read_all,
    write,
)
from training.gait_net.folds import held_out
from training.gait_net.footage import Footage
from training.lab import stretch

_FRAMES = 40


@pytest.fixture
def film(source: Footage) -> Film:
    rng = np.random.default_rng(1)
    trial = stretch(source.trial, 4.0, 3.0)
    time = 5.0 + np.arange(_FRAMES) / 30
    where = np.cumsum(rng.normal(0, 3, (_FRAMES, 20, 2)), axis=0) + 300
    true = {name: where[:, i] for i, name in enumerate((*trial.keypoints, *UPPER))}
    points = {}
    for name in ("blazepose-full", "movenet-thunder"):
        names = kept(name)
        xy = rng.uniform(0, 500, (_FRAMES, len(names), 2))
        points[name] = np.concatenate([xy, rng.uniform(0, 1, (_FRAMES, len(names), 1))], axis=-1)
    points["blazepose-full"][7:9] = np.nan
    return Film(
        name="00_30_side",
        recipe={"yaw_deg": 178.0, "fps": 30.0},
        trial=trial,
        time=time,
        stamp=time - time[0],
        size=(540, 960),
        leg_px=np.full(_FRAMES, 240.0),
        true=true,
        upper=rng.normal(0, 1, (_FRAMES, 6, 3)),
        points=points,
    )


def test_a_film_comes_back_as_it_was(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "film.npz"
    write(film, path)
    back = read(path)
    assert (back.name, back.size, dict(back.recipe)) == (film.name, film.size, dict(film.recipe))
    assert back.trial.events == film.trial.events
    assert back.trial.keypoints == film.trial.keypoints
    np.testing.assert_array_equal(back.time, film.time)
    np.testing.assert_allclose(back.trial.xyz, film.trial.xyz, atol=1.01e-4)
    np.testing.assert_allclose(back.trial.vertical_force, film.trial.vertical_force, atol=5.1e-4)
    np.testing.assert_allclose(back.upper, film.upper, atol=1.01e-4)
    # Half of a thousandth of a leg.
    for name, points in film.points.items():
        np.testing.assert_allclose(back.points[name][..., :2], points[..., :2], atol=0.1201)
        np.testing.assert_allclose(back.points[name][..., 2], points[..., 2], atol=0.00501)
    for name, xy in film.true.items():
        np.testing.assert_allclose(back.true[name], xy, atol=0.1201)


def test_the_same_film_makes_the_same_bytes(film: Film, tmp_path: Path) -> None:
    write(film, tmp_path / "a.npz")
    write(film, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_nobody_found_stays_nobody(film: Film, tmp_path: Path) -> None:
    write(film, tmp_path / "film.npz")
    seen = read(tmp_path / "film.npz").recording("blazepose-full")
    assert np.isnan(seen.xy[7:9]).all()
    assert np.isfinite(seen.xy[[6, 9]]).all()
    assert (seen.confidence[7:9] == 0).all()


def test_recordings_have_the_points_of_their_layout(film: Film) -> None:
    full, thunder, exact = (
        film.recording("blazepose-full"),
        film.recording("movenet-thunder"),
        film.exact(),
    )
    assert isinstance(full, Recording)
    assert "left_heel" in full.keypoints
    assert "left_heel" not in thunder.keypoints
    assert {"left_big_toe", "right_wrist"} <= set(exact.keypoints)
    np.testing.assert_array_equal(full.time, film.stamp)


def test_points_are_picked_by_name() -> None:
    everything = np.zeros((2, 33, 3))
    everything[:, 27] = 5.0  # BlazePose's left ankle
    picked = pick("blazepose-lite", everything)
    assert (picked[:, kept("blazepose-lite").index("left_ankle")] == 5).all()
    assert picked.sum() == 30


@pytest.mark.parametrize(
    ("yaw", "view"),
    [(0, "side"), (-170, "side"), (20, "side"), (30, "oblique"), (-100, "back"), (95, "front")],
)
def test_views_are_named_by_the_nearest(film: Film, yaw: float, view: str) -> None:
    assert replace(film, recipe={"yaw_deg": yaw}).view == view


def test_the_films_that_come_along() -> None:
    films = read_all()
    assert len(films) >= 44
    assert len(list(POINTS.glob("*.npz"))) == len(films)
    assert sum(path.stat().st_size for path in POINTS.iterdir()) < 30e6
    for film in films:
        assert film.trial.runner != "01"
        assert film.fold is not None
        assert film.trial.runner in held_out(film.fold)
        assert set(film.points) <= set(ESTIMATORS)
        assert (np.diff(film.stamp) > 0).all()
        assert (np.diff(film.time) >= 0).all()
        # The truth surrounds the film.
        assert film.trial.time[0] <= film.time[0]
        assert film.time[-1] <= film.trial.time[-1]
        assert len(film.trial.events) >= 4
