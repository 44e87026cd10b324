"""A trial as a moving body: what it carries lands on the laboratory's points."""

from __future__ import annotations

import numpy as np
import pytest

from stridewise.skeletons import SIDES
from tests.training.films import pelvis_of, stick_body
from training.films.runner import Runner, frame
from training.films.shoe import Shoe
from training.gait_net.footage import Footage


@pytest.fixture(scope="module")
def runner(source: Footage) -> Runner:
    return Runner(source.trial, pelvis_of(source), stick_body(), np.random.default_rng(3))


def _moved(runner: Runner, bones: np.ndarray, bone: str, point: np.ndarray) -> np.ndarray:
    turn = bones[runner.bones.index(bone)]
    return turn[:, :3] @ point + turn[:, 3]


def test_the_frame_is_a_rotation_along_its_first_argument() -> None:
    along, lateral = np.array([0.3, -0.9, 0.2]), np.array([0.1, 0.2, 1.0])
    turn = frame(along, lateral)
    np.testing.assert_allclose(turn.T @ turn, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1.0)
    np.testing.assert_allclose(turn[:, 0], along / np.linalg.norm(along))


@pytest.mark.parametrize("time", [5.0, 5.17, 5.41])
def test_hips_knees_and_ankles_land_on_the_laboratorys(runner: Runner, time: float) -> None:
    bones, now, rest = runner.pose(time), runner.points(time), runner.body.points
    for side in SIDES:
        for bone, point in (
            ("pelvis", "hip"),
            (f"thigh.{side}", "hip"),
            (f"thigh.{side}", "knee"),
            (f"shank.{side}", "knee"),
            (f"shank.{side}", "ankle"),
            (f"foot.{side}", "ankle"),
        ):
            seen = _moved(runner, bones, bone, rest[f"{side}_{point}"])
            np.testing.assert_allclose(seen, now[f"{side}_{point}"], atol=1e-9)


def test_segments_hang_together(runner: Runner) -> None:
    bones, rest = runner.pose(6.2), runner.body.points
    for side in SIDES:
        for upper, lower, joint in (
            ("chest", f"upper_arm.{side}", "shoulder"),
            (f"upper_arm.{side}", f"forearm.{side}", "elbow"),
            (f"forearm.{side}", f"hand.{side}", "wrist"),
        ):
            point = rest[f"{side}_{joint}"]
            np.testing.assert_allclose(
                _moved(runner, bones, upper, point), _moved(runner, bones, lower, point), atol=1e-9
            )
    joint = runner.body.bones["neck01"]
    np.testing.assert_allclose(
        _moved(runner, bones, "chest", joint), _moved(runner, bones, "neck01", joint), atol=1e-9
    )


def test_points_of_the_body_are_those_that_are_seen(runner: Runner) -> None:
    bones, points = runner.pose(4.4), runner.body_points(4.4)
    for side in SIDES:
        rest = runner.body.points[f"{side}_elbow"]
        np.testing.assert_allclose(
            points[f"{side}_elbow"], _moved(runner, bones, f"upper_arm.{side}", rest), atol=1e-9
        )


def test_the_shoe_lies_on_the_heel_and_the_toes(runner: Runner, source: Footage) -> None:
    """In the middle of stance the sole is level and at the height of the ground."""
    contact = source.contact["right"][3]
    off = source.toe_off["right"][source.toe_off["right"] > contact][0]
    bones = runner.pose((contact + off) / 2)
    shoe = runner.shoes["right"]
    sole = shoe.vertices[shoe.is_sole & (shoe.along > 0.2) & (shoe.along < 0.7)]
    turn = bones[runner.bones.index("shoe.right")]
    height = (sole @ turn[:, :3].T + turn[:, 3])[:, 1]
    assert abs(height.min()) < 0.02


def _shoe() -> Shoe:
    foot = {
        "heel": np.array([-0.05, -0.06, 0.0]),
        "big_toe": np.array([0.18, -0.06, -0.02]),
        "small_toe": np.array([0.14, -0.06, 0.05]),
        "sole": np.array([0.0, -0.09, 0.0]),
    }
    return Shoe.of(foot, "right")


def test_a_shoe_is_closed_and_turned_outwards() -> None:
    shoe = _shoe()
    a, b, c = (shoe.vertices[shoe.faces[:, i]] for i in range(3))
    # The volume of a closed mesh that faces outwards is positive; a shoe's is one to three litres.
    volume = float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
    assert 0.8e-3 < volume < 3e-3
    edges = np.sort(shoe.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, count = np.unique(edges, axis=0, return_counts=True)
    assert (count == 2).all()


def test_toes_bend_as_far_as_the_ground_asks() -> None:
    shoe = _shoe()
    assert shoe.bend(np.eye(3), np.array([0.0, 0.09, 0.0])) == 0.0
    # The heel is up by 30 degrees, and the ball stays where it is.
    angle = np.radians(-30)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    ball = np.array([shoe.hinge[0], 0.012, 0.0])
    bend = shoe.bend(turn, ball - turn @ shoe.hinge)
    assert 15 < bend < 45
