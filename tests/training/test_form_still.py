"""What the networks for stills are taught, and how running or not is scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stridewise.form import pose
from stridewise.form.snapshot import AREAS, UNIT_DEG, VALUES
from stridewise.form.variables import conditions, cut_offs
from stridewise.metrics import Measured
from training.form_net import running, still

CUTS = cut_offs("treadmill", Measured(3.5, 0.0))
MID_STANCE, FLIGHT = pose.PHASES.index("left mid-stance"), pose.PHASES.index("flight after left")


def pool(past: float) -> dict[str, np.ndarray]:
    """Two stills of the same stride, in mid-stance and in flight."""
    return {
        "still_past": np.full((2, len(conditions())), past),
        "phase": np.array([MID_STANCE, FLIGHT]),
        "yaw": np.array([10.0, -80.0]),
        "values": np.arange(2.0 * len(VALUES)).reshape(2, -1),
    }


def test_areas_are_true_in_the_phases_that_show_them() -> None:
    knee = AREAS.index("deep_stance_knee")
    for past, expected in ((1.0, 1.0), (-1.0, 0.0)):
        areas = still.truth(pool(past), CUTS)["areas"]
        assert areas[0, knee] == expected
        assert np.isnan(areas[1]).all()
        # Landing ahead of the body shows at contact only.
        assert np.isnan(areas[0, AREAS.index("overstride")])


def test_in_the_mirror_left_is_right_and_the_camera_opposite() -> None:
    true = still.truth(pool(1.0), CUTS)
    plain, turned = (still.wanted(true, np.array([turn, turn])) for turn in (False, True))
    assert plain[:, 0].tolist() == [MID_STANCE, FLIGHT]
    assert [pose.PHASES[int(p)] for p in turned[:, 0]] == ["right mid-stance", "flight after right"]
    # Cosine changes its sign, sine does not.
    assert turned[:, 1] == pytest.approx(-plain[:, 1])
    assert turned[:, 2] == pytest.approx(plain[:, 2])
    at = {value: 3 + i for i, value in enumerate(VALUES)}
    assert plain[0, 3 : 3 + len(VALUES)] * UNIT_DEG == pytest.approx(np.arange(len(VALUES)))
    assert turned[0, at["shank", "left"]] == plain[0, at["shank", "right"]]
    assert turned[0, at["trunk_lean", ""]] == plain[0, at["trunk_lean", ""]]
    assert turned[1, at["trunk_lateral", ""]] == -plain[1, at["trunk_lateral", ""]]
    assert turned[1, at["pelvic_obliquity", ""]] == -plain[1, at["pelvic_obliquity", ""]]


def test_people_in_one_picture_stay_together() -> None:
    group = np.array(["a", "b", "a", "c", "d", "e", "b"])
    left_out = list(running.folds(group))
    assert len(left_out) == running.FOLDS
    assert np.sum(left_out, axis=0).tolist() == [1] * len(group)
    for out in left_out:
        assert not set(group[out]) & set(group[~out])


def test_laboratory_poses_show_no_more_than_photographs_do() -> None:
    runners = np.random.default_rng(0).uniform(0, 100, (3, len(pose.POINTS), 2))
    like = runners.copy()
    elbow, heel = pose.POINTS.index("left_elbow"), pose.POINTS.index("left_heel")
    like[0, elbow] = np.nan
    like[2] = np.nan
    seen = running.as_photographed(runners, like)
    # Of the last one nothing is left, so it does not come.
    assert len(seen) == 2
    assert np.isnan(seen[0, elbow]).all()
    assert np.array_equal(seen[1, elbow], runners[1, elbow])
    assert np.isnan(seen[:, heel]).all()


def test_area_under_the_roc_curve_is_the_share_of_pairs_in_order() -> None:
    score = np.array([0.1, 0.4, 0.35, 0.8])
    label = np.array([False, False, True, True])
    assert running.auc(score, label) == pytest.approx(0.75)
    assert running.auc(np.zeros(4), label) == pytest.approx(0.5)


def test_a_trained_network_is_exported_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("keras", reason="needs the packages of the extra `training`")
    onnx = pytest.importorskip("onnx", reason="needs the packages of the extra `training`")
    import warnings

    from stridewise.weights import open_network
    from training.form_net.network import export

    monkeypatch.setattr(running, "PASSES", 1)
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 100, (80, len(pose.POINTS), 2))
    with warnings.catch_warnings():
        # Keras turns its variables into arrays in a way that NumPy 2 warns of.
        warnings.simplefilter("ignore", DeprecationWarning)
        model = running.train(xy, np.arange(80) % 4 == 0, xy[:5], 1)
        onnx.save(export(model, "running"), tmp_path / "running.onnx")
        features = pose.encode(xy[:6]).astype(np.float32)
        expected = np.asarray(model.predict(features, verbose=0))  # type: ignore[attr-defined]
    session = open_network((tmp_path / "running.onnx").read_bytes())
    (said,) = session.run(None, {"features": features})
    assert said == pytest.approx(expected, abs=0.02)
