"""The training of the gait network, on trials made up in a moment."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from stridewise.gait import foot_path
from stridewise.gait.encoding import EXTRAS, FEATURES, INPUT_POINTS, OUTPUTS, PATCH, SCALE
from stridewise.gait.learned import REACH
from stridewise.simulate import Camera
from stridewise.skeletons import SIDES
from training.gait_net.folds import (
    FOLDS,
    RUNNERS,
    fold_of,
    held_out,
    held_out_model,
    held_out_networks,
    part,
)
from training.gait_net.footage import (
    Footage,
    draw_person,
    dress,
    in_contact,
    leg_truth,
    mirror_points,
    offset_to_nearest,
    restyled,
)
from training.gait_net.scene import FRAMES, Setting, draw_setting, film, mirrored

KEYS = (*OUTPUTS, *EXTRAS)


def test_nobody_is_in_two_folds() -> None:
    folds = [held_out(fold) for fold in range(FOLDS)]
    assert sorted(sum(folds, ())) == sorted(RUNNERS)
    assert len(set(RUNNERS)) == 19
    assert held_out(None) == ()
    found = held_out_networks({"01", "27", "99"})
    assert found["99"] is None
    for runner in ("01", "27"):
        fold = int(found[runner].stem.removeprefix("fold"))
        assert runner in held_out(fold)


@pytest.mark.parametrize("fold", range(FOLDS))
def test_what_reads_a_runner_was_learnt_without_them(fold: int) -> None:
    others = sorted(set(RUNNERS) - set(held_out(fold)))
    assert json.loads(part(fold, "contacts.json").read_text())["runners"] == others
    with np.load(part(fold, "paths.npz")) as paths:
        assert paths["runners"].tolist() == others
    assert {fold_of(runner) for runner in held_out(fold)} == {fold}
    mine, shipped = held_out_model(fold), held_out_model(fold_of("nobody"))
    kind = "initial_contact"
    assert not np.array_equal(mine.paths[kind][0].mean, foot_path.shipped()[kind][0].mean)
    assert shipped.paths is None


def test_contact_lies_between_contact_and_toe_off() -> None:
    time = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    assert in_contact(time, np.array([0.05, 0.35]), np.array([0.25])).tolist() == [0, 1, 1, 0, 1]
    assert in_contact(time, np.array([0.35]), np.array([0.15])).tolist() == [1, 1, 0, 0, 1]


def test_offsets_point_to_the_nearest_instant() -> None:
    found = offset_to_nearest(np.array([0.0, 0.95, 1.04, 1.5]), np.array([1.0, 1.9]))
    assert found == pytest.approx([np.nan, 0.05, -0.04, np.nan], nan_ok=True)


def test_upper_bodies_sit_on_the_hips(source: Footage) -> None:
    index = slice(600, 900)
    xyz = dress(source, index, draw_person(source.trial, np.random.default_rng(0)))
    at = {name: xyz[:, i] for i, name in enumerate(INPUT_POINTS)}
    hips = (at["left_hip"] + at["right_hip"]) / 2
    shoulders = (at["left_shoulder"] + at["right_shoulder"]) / 2
    length = np.linalg.norm(shoulders - hips, axis=1)
    assert np.ptp(length) < 1e-6
    assert 0.3 < length[0] < 0.65
    assert (at["right_shoulder"] - at["left_shoulder"])[:, 2].min() > 0.2
    legs = source.trial.xyz[index, source.trial.keypoints.index("left_knee")]
    np.testing.assert_array_equal(at["left_knee"], legs)


def test_mirroring_a_runner_twice_changes_nothing(source: Footage) -> None:
    xyz = dress(source, slice(600, 700), draw_person(source.trial, np.random.default_rng(0)))
    assert mirror_points(mirror_points(xyz)) == pytest.approx(xyz)
    assert mirror_points(xyz)[:, INPUT_POINTS.index("left_hip"), 2] == pytest.approx(
        -xyz[:, INPUT_POINTS.index("right_hip"), 2]
    )


@pytest.mark.parametrize("fps", [30.0, 60.0, 240.0])
def test_a_plain_scene_shows_what_it_asks_for(source: Footage, fps: float) -> None:
    setting = Setting(Camera(yaw_deg=0.0, fps=fps, distance_m=100.0), white=0.0)
    features, wanted = film(source, setting, np.random.default_rng(3), complete=True)
    assert features.shape == (FRAMES, FEATURES)
    assert wanted.shape == (FRAMES, len(KEYS))
    column = {key: wanted[:, i] * SCALE.get(key[0], 1.0) for i, key in enumerate(KEYS)}
    # Seen from far and from the side, the picture's thigh is the thigh.
    for side in SIDES:
        knee, hip = (
            features[:, [2 * INPUT_POINTS.index(f"{side}_{p}") + k for k in (0, 1)]]
            for p in ("knee", "hip")
        )
        line = knee - hip
        thigh = np.degrees(np.arctan2(line[:, 0], -line[:, 1]))
        assert thigh[5:-5] == pytest.approx(column["thigh", side][5:-5], abs=1.5)
        force, contact = column["vertical_force", side], column["contact", side]
        assert (force[contact == 0] < 0.4).all()
        assert force.max() == pytest.approx(2.5, abs=0.1)
    assert column["yaw_cos", None] == pytest.approx(1.0)


def test_another_style_moves_joints_a_little_and_feet_as_a_whole(source: Footage) -> None:
    rng = np.random.default_rng(5)
    index = slice(600, 900)
    before = dress(source, index, draw_person(source.trial, rng))
    after = restyled(source, index, before, rng)
    moved = after - before
    at = {name: moved[:, i] for i, name in enumerate(INPUT_POINTS)}
    assert 0.002 < np.abs(at["left_knee"]).max() < 0.06
    np.testing.assert_allclose(at["left_heel"], at["left_ankle"], atol=1e-12)
    np.testing.assert_array_equal(at["left_wrist"], 0.0)
    # It repeats with the stride.
    phase = source.phase[index]
    again = np.interp(phase[:100] + 1.0, phase, at["right_knee"][:, 0])
    assert again == pytest.approx(at["right_knee"][:100, 0], abs=1e-3)


def test_an_unchanged_style_has_the_laboratory_s_truth(source: Footage) -> None:
    index = slice(600, 900)
    xyz = dress(source, index, draw_person(source.trial, np.random.default_rng(0)))
    truth = leg_truth(source, index, xyz, xyz)
    for key, value in truth.items():
        if key[0] != "pelvis_height":
            expected = source.truth[key][index]
            np.testing.assert_allclose(value, expected, atol=0.02, equal_nan=True)


def test_drawn_scenes_are_finite_and_of_the_right_size(source: Footage) -> None:
    rng = np.random.default_rng(1)
    empty = 0
    for _ in range(40):
        features, wanted = film(source, draw_setting(rng), rng)
        assert np.isfinite(features).all()
        assert np.abs(features).max() <= 8.0
        known = wanted[np.isfinite(wanted)]
        empty += len(known) == 0
        assert np.abs(known).max(initial=0.0) < 15.0
    # A runner may pass a camera that looks elsewhere; not often.
    assert empty <= 4


def test_turning_the_picture_twice_changes_nothing(source: Footage) -> None:
    rng = np.random.default_rng(1)
    _, wanted = film(source, draw_setting(rng), rng)
    np.testing.assert_array_equal(mirrored(mirrored(wanted)), wanted)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_short_training_learns_and_is_exported(source: Footage, tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="needs the packages of the extra `training`")
    onnx = pytest.importorskip("onnx", reason="needs the packages of the extra `training`")
    import onnxruntime

    from training.gait_net.export import export
    from training.gait_net.network import CONTEXT_AFTER, DILATIONS, loss
    from training.gait_net.train import batch, train

    rng = np.random.default_rng(0)
    scenes = [film(source, draw_setting(rng), rng) for _ in range(24)]
    features, targets = (np.stack(part) for part in zip(*scenes, strict=True))
    args = argparse.Namespace(
        seed=0, width=16, dropout=0.0, rate=5e-3, steps=30, minutes=1.0, batch=8, memory=0.5
    )
    inputs, wanted = batch(features, targets)

    def error(steps: int) -> float:
        args.steps = steps
        return float(loss(wanted, train(features, targets, args)(inputs)))

    assert error(30) < error(1) - 0.2

    model = train(features, targets, args)
    path = tmp_path / "small.onnx"
    onnx.save(export(model), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    whole = {"features": inputs[0][:2], "shown": inputs[1][:2], "newest": np.array([False])}
    nothing = np.zeros((2, len(CONTEXT_AFTER), 16), dtype=np.float32)
    said, means = session.run(None, {**whole, "known": nothing})
    expected = np.asarray(model([inputs[0][:2], inputs[1][:2]]))
    # Weights are stored in half precision.
    assert said == pytest.approx(expected, abs=0.02)
    end = {name: whole[name][:, -(REACH // PATCH + 3) :] for name in ("features", "shown")}
    assert sum(DILATIONS) * PATCH == REACH
    newest, _ = session.run(None, {**end, "newest": np.array([True]), "known": means})
    assert newest == pytest.approx(said[:, -3:], abs=1e-4)
