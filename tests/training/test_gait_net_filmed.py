"""Films as the network sees them: what it is asked for is what the laboratory knows."""

from __future__ import annotations

import numpy as np
import pytest

from stridewise.gait.encoding import EXTRAS, INPUT_POINTS, MIRROR, OUTPUTS, SCALE, encode, placing
from stridewise.skeletons import SIDES
from training.films.record import POINTS, Film, read
from training.gait_net.filmed import Seen, scenes, seen
from training.gait_net.scene import FRAMES, mirrored

KEYS = (*OUTPUTS, *EXTRAS)


@pytest.fixture(scope="module")
def film() -> Film:
    return read(POINTS / "17_25_side.npz")


@pytest.fixture(scope="module")
def exact(film: Film) -> Seen:
    return seen(film, film.exact())


def wanted(scene: Seen, name: str, side: str | None) -> np.ndarray:
    column: np.ndarray = scene.wanted[:, KEYS.index((name, side))] * SCALE.get(name, 1.0)
    return column


def test_contacts_are_asked_for_when_the_plate_has_them(film: Film, exact: Seen) -> None:
    at = film.taken(exact.time)
    for side in SIDES:
        told = at + wanted(exact, "initial_contact", side)
        true = np.array(
            [e.time_s for e in film.trial.events if (e.kind, e.side) == ("initial_contact", side)]
        )
        told = told[np.isfinite(told)]
        assert len(told) > 50
        assert np.abs(told[:, None] - true).min(axis=1).max() < 1e-6


@pytest.mark.parametrize("points", ["exact", "blazepose-full"])
def test_angles_are_asked_for_as_the_picture_shows_them(
    film: Film, exact: Seen, points: str
) -> None:
    scene = exact if points == "exact" else seen(film, film.recording(points))
    # From the side the picture's thigh is the thigh, but for what the estimator gets wrong.
    facing = np.sign(np.cos(np.radians(film.yaw_deg)))
    for side in SIDES:
        hip, knee = (scene.xy[:, INPUT_POINTS.index(f"{side}_{part}")] for part in ("hip", "knee"))
        line = knee - hip
        shown = np.degrees(np.arctan2(facing * line[:, 0], -line[:, 1]))
        away = shown - wanted(scene, "thigh", side)
        assert np.sqrt(np.nanmean(away**2)) < (3.0 if points == "exact" else 8.0)


def test_scenes_are_cut_out_of_the_whole(exact: Seen) -> None:
    place = placing(exact.xy[None])
    whole = encode(exact.xy[None], exact.interval_s, place)[0]
    made = list(scenes(exact, np.random.default_rng(0)))
    assert len(made) == 3
    force = KEYS.index(("vertical_force", "right"))
    other = KEYS.index(("vertical_force", "left"))
    for features, asked in made:
        assert features.shape == (FRAMES, whole.shape[1])
        assert np.isfinite(features).all()
        # One of the two legs, according to whether the picture was turned round.
        assert any(
            np.array_equal(asked[:, force], exact.wanted[start : start + FRAMES, column])
            for start in range(len(exact.time) - FRAMES + 1)
            for column in (force, other)
        )


def test_a_mirrored_scene_asks_for_the_mirrored_truth(exact: Seen) -> None:
    turned = Seen(
        exact.time, exact.xy[:, MIRROR] * [-1.0, 1.0], mirrored(exact.wanted), exact.interval_s
    )
    assert np.array_equal(placing(turned.xy[None]).mirrored, ~placing(exact.xy[None]).mirrored)
    for one, other in zip(
        scenes(exact, np.random.default_rng(1)),
        scenes(turned, np.random.default_rng(1)),
        strict=True,
    ):
        assert other[0] == pytest.approx(one[0], abs=1e-9)
        assert other[1] == pytest.approx(one[1], abs=1e-9, nan_ok=True)


def test_what_is_not_there_is_not_asked_for(film: Film) -> None:
    recording = film.recording("movenet-thunder")
    legs = [name for name in recording.keypoints if name.split("_")[-1] in ("hip", "knee", "ankle")]
    scene = seen(film, recording.select(legs))
    assert np.isnan(wanted(scene, "trunk_lean", None)).all()
    assert np.isfinite(wanted(scene, "shank", "left")).mean() > 0.9


def test_short_films_are_filled_up(exact: Seen) -> None:
    short = Seen(exact.time[:100], exact.xy[:100], exact.wanted[:100], exact.interval_s)
    ((features, asked),) = scenes(short, np.random.default_rng(0))
    assert features.shape[0] == asked.shape[0] == FRAMES
    assert np.isnan(asked[100:]).all()
    assert not list(
        scenes(
            Seen(exact.time[:50], exact.xy[:50], exact.wanted[:50], 1 / 60),
            np.random.default_rng(0),
        )
    )
