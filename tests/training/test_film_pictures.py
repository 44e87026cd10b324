"""What is drawn for films, and pictures of it, as far as that needs no graphics."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from stridewise.simulate.camera import Camera
from training.films import looks, place, render
from training.films.scene import KINDS, LEFT_OUT, ROUNDS, Recipe, draw, plan
from training.gait_net.folds import RUNNERS
from training.gait_net.footage import Footage


@pytest.fixture(scope="module")
def recipes(source: Footage) -> list[Recipe]:
    trials = [
        replace(source.trial, runner=runner, speed_mps=speed)
        for runner in RUNNERS
        for speed in (2.5, 3.5, 4.5)
    ]
    return list(plan(trials))


def test_each_round_films_every_trial_once(recipes: list[Recipe]) -> None:
    used = 3 * (len(RUNNERS) - len(LEFT_OUT))
    assert len(recipes) == ROUNDS * used
    assert all(r.name.endswith("_side2") for r in recipes[len(KINDS) * used :])
    assert len({r.name for r in recipes}) == len(recipes)
    for turn in range(len(KINDS)):
        part = recipes[turn * used : (turn + 1) * used]
        assert len({r.trial for r in part}) == used
        kinds = Counter(r.name.rsplit("_", 1)[1] for r in part)
        assert max(kinds.values()) - min(kinds.values()) <= 1
    assert not any(r.trial.startswith("01_") for r in recipes)


def test_the_plan_is_the_same_each_time(source: Footage, recipes: list[Recipe]) -> None:
    trials = [replace(source.trial, runner=runner) for runner in RUNNERS]
    first, second = (next(plan(trials)) for _ in range(2))
    assert first == second


def test_every_look_and_every_kind_of_file_is_met(recipes: list[Recipe]) -> None:
    assert set(Counter(r.look for r in recipes)) == set(looks.LOOKS)
    assert len(looks.LOOKS) >= 12
    assert len({r.file.kind for r in recipes}) == 7
    assert {r.motion for r in recipes} == {"belt", "carried", "passing"}
    assert {r.place for r in recipes} == set(place.PLACES)
    assert {r.file.fps for r in recipes} == {24.0, 25.0, 30.0, 50.0, 60.0, 120.0, 240.0}


def test_the_whole_runner_is_in_the_picture(recipes: list[Recipe]) -> None:
    for recipe in recipes:
        camera, tall = recipe.camera, recipe.build.height_m
        ends = np.array([[[0, 0, 0], [0, tall, 0]]])
        if recipe.motion == "passing":
            ends = np.add(ends, [0.5, 0, 0])
        (feet, head) = camera.project(ends, np.zeros(3))[0]
        wide, high = camera.image_size
        for x, y in (feet, head):
            assert 0 <= x <= wide
            assert 0 <= y <= high
        assert 190 < feet[1] - head[1] < 1100
        assert abs(camera.roll_deg) <= 3


def test_a_runner_who_passes_is_filmed_while_in_the_picture(recipes: list[Recipe]) -> None:
    passing = [r for r in recipes if r.motion == "passing"]
    assert passing
    for recipe in passing:
        camera = recipe.camera
        half = float(recipe.trial[-2:]) / 10 * recipe.seconds / 2
        ends = np.array([[[half, 0.9, 0.0], [-half, 0.9, 0.0]]])
        x = camera.project(ends, np.zeros(3))[0, :, 0]
        assert ((x > 0) & (x < camera.image_size[0])).all()


def test_recipes_are_plain(source: Footage) -> None:
    import json

    recipe = draw(source.trial, "side", "track suit", [source.trial])
    told = json.loads(json.dumps(recipe.as_dict()))
    assert told["yaw_deg"] == recipe.camera.yaw_deg
    assert told["file"]["kind"] == recipe.file.kind
    assert recipe.subframes >= 1


@pytest.mark.parametrize("yaw", [0.0, 37.0, -90.0, 180.0])
def test_pictures_show_points_where_the_camera_says(yaw: float) -> None:
    camera = Camera(
        yaw_deg=yaw, pitch_deg=4.0, roll_deg=2.5, height_m=0.7, image_size=(540, 960), distance_m=3
    )
    target = np.array([0.4, 0.0, -0.1])
    points = np.random.default_rng(0).uniform([-0.5, 0, -0.5], [0.8, 1.8, 0.5], (20, 3))
    view, lens = render._view(camera, target, camera.image_size)
    seen = np.column_stack([points, np.ones(20)]) @ view.T
    x = (seen[:, 0] / seen[:, 3] + 1) / 2 * 540
    y = (1 - seen[:, 1] / seen[:, 3]) / 2 * 960
    np.testing.assert_allclose(np.stack([x, y], 1), camera.project(points[None], target)[0])
    assert lens[1] == pytest.approx(0.7)
    # What is nearer is in front.
    depth = seen[:, 2] / seen[:, 3]
    away = np.linalg.norm(points - lens, axis=1)
    assert np.corrcoef(depth, away)[0, 1] > 0.9


def test_an_exposure_is_the_mean_of_its_parts() -> None:
    a, b = np.full((4, 6, 3), 100, np.uint8), np.full((4, 6, 3), 200, np.uint8)
    rng = np.random.default_rng(0)
    assert (render.expose([a, b], 0.0, rng) == 150).all()
    noisy = render.expose([np.full((200, 200, 3), 100, np.uint8)], 4.0, rng)
    assert noisy[..., 0].std() == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("kind", place.PLACES)
def test_places_have_ground_below_the_runner(kind: str) -> None:
    made = place.build(kind, 0.0, (96, 160), np.random.default_rng(4))
    ground = next(m for m in made.meshes if m.material == "ground")
    assert (ground.vertices[:, 1] <= 0).all()
    belts = [m for m in made.meshes if m.material == "belt"]
    assert len(belts) == (0 if kind == "overground" else 1)
    if belts:
        assert belts[0].vertices[:, 1].max() == pytest.approx(0.0)
    assert made.background.dtype == np.uint8
    # Nothing that stands around hides the runner.
    for mesh in made.meshes:
        if mesh.material == "plain" and mesh.vertices[:, 1].max() > 0.2 and kind == "overground":
            assert (np.hypot(mesh.vertices[:, 0], mesh.vertices[:, 2]) > 0.8).all()


def test_colours_can_be_told_apart() -> None:
    for seed in range(30):
        colours = looks.draw_colours(np.random.default_rng(seed))
        for name in ("top", "bottom", "shoe"):
            away = np.abs(np.subtract(colours.main[name], colours.second[name]))
            assert away.max() > 0.3
        assert all(0 <= v <= 1 for c in colours.main.values() for v in c)


def test_inner_sides_of_legs_are_darker() -> None:
    from tests.training.films import stick_body

    body = stick_body()
    bones = len(body.segments) + 4
    weights = np.zeros((4, bones))
    weights[:2, body.segments.index("shank.left")] = 1
    weights[2, body.segments.index("chest")] = 1
    weights[3, len(body.segments) + 2] = 1  # the right shoe
    around = np.array([[0, 0, 1.0], [0, 0, -1.0], [0, 0, 1.0], [0, 0, -1.0]])
    inner, outer, chest, shoe = looks._open(around, weights, body)
    assert inner < 0.5 < outer == pytest.approx(1.0)
    assert chest == 1.0
    assert shoe < 0.5
