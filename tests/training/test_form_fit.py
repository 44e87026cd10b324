"""What is learnt about strides, and how it is measured, on pools made up in a moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stridewise.form import stride
from stridewise.form.learned import LOGISTIC, StrideNetwork
from stridewise.form.variables import (
    STRIDE_AREAS,
    by_area,
    conditions,
    cut_offs,
    detectable,
    outward,
    owners,
)
from stridewise.metrics import Measured
from training.form_net import evaluate, fit
from training.form_net.evaluate import Opinion
from training.gait_net.folds import RUNNERS

CUTS = cut_offs("treadmill", Measured(3.5, 0.0))
COUNT = len(conditions())
KNEE, SWAY = by_area()["deep_stance_knee"], by_area()["trunk_sway"]
NEEDS_TRAINING = "needs the packages of the extra `training`"


def made_up(strides: int = 240, seed: int = 0) -> dict[str, Any]:
    """Strides of 12 runners whose rules err by half a detectable change, two to a recording."""
    rng = np.random.default_rng(seed)
    past = rng.normal(0.0, 1.5, (strides, COUNT))
    features = 0.1 * rng.standard_normal((strides, stride.width()))
    seen = past + 0.5 * rng.standard_normal(past.shape)
    for which, value in (
        (stride.PAST, seen),
        (stride.KNOWN, 1.0),
        (stride.MEAN, seen),
        (stride.CUT, 0.0),
        (stride.DOUBT, 0.5),
    ):
        features[:, stride.rule_columns(which)] = value
    recording = np.arange(strides) // 2
    return {
        "features": features.astype(np.float32),
        "keypoints": np.zeros((strides, 30), np.float32),
        "past": past.astype(np.float32),
        "cuts": np.broadcast_to(CUTS, (strides, COUNT, 3)).astype(np.float32),
        "kind": np.where(recording % 4 == 3, "simulated", "real"),
        "runner": np.array(RUNNERS)[recording % 12],
        "recording": recording,
        "right": (np.arange(strides) % 2).astype(float),
    }


@pytest.fixture(scope="module")
def pool() -> dict[str, Any]:
    return made_up()


def test_what_estimators_leave_out_is_left_out_wherever_it_stands(pool: dict[str, Any]) -> None:
    class Always:
        """Every chance comes true."""

        def random(self, count: int) -> np.ndarray:
            return np.zeros(count)

    out = fit.left_out(pool["features"] + 1.0, Always())  # type: ignore[arg-type]
    gone = (out == 0.0).all(axis=0)
    curves = [name for name, _ in stride.CURVES]
    for k, name in enumerate(curves):
        absent = name in ("trunk_lean", "trunk_lateral", "foot")
        assert (gone[k * stride.POINTS : (k + 1) * stride.POINTS] == absent).all()
        assert gone[len(curves) * stride.POINTS + k] == absent
    for which in range(stride.RULE):
        for i, condition in enumerate(conditions()):
            absent = condition.metric in ("trunk_lean", "trunk_lat", "foot_ic")
            expected = absent and which != stride.CUT
            assert gone[stride.rule_columns(which)][i] == expected
    assert not gone[stride.rule_columns(stride.RULE).start :].any()


def test_moving_a_cut_off_moves_what_is_seen_and_what_is_true(pool: dict[str, Any]) -> None:
    features, past = pool["features"].copy(), pool["past"]
    features[:, stride.rule_columns(stride.KNOWN).start] = 0.0
    shift = np.full(past.shape, 0.7, np.float32)
    moved, true = fit.shifted(features, past, shift)
    assert past - true == pytest.approx(0.7)
    for which in (stride.PAST, stride.MEAN):
        change = (features - moved)[:, stride.rule_columns(which)]
        assert change[:, 0] == pytest.approx(0.0)
        assert change[:, 1:] == pytest.approx(0.7)
    assert (moved - features)[:, stride.rule_columns(stride.CUT)] == pytest.approx(0.7)
    assert fit.Inputs("gait").of(moved, pool, np.arange(len(moved))) == pytest.approx(moved)


def test_the_same_metric_moves_alike_in_its_unit() -> None:
    shift = fit._same(np.random.default_rng(0).standard_normal((3, COUNT)))
    metric = shift * outward()
    for i, first in enumerate(conditions()):
        for k, second in enumerate(conditions()):
            if first.metric == second.metric:
                assert metric[:, i] == pytest.approx(metric[:, k])


def test_targets_are_whether_each_severity_is_passed() -> None:
    past = np.full((2, COUNT), -3.0)
    knee = owners()[KNEE].start
    # 48, 52 and 56 degrees lie one detectable change apart.
    past[0, knee] = 1.5
    past[1, knee] = np.nan
    found = fit.targets(past, CUTS).reshape(2, len(STRIDE_AREAS), 3)
    assert found[0, KNEE].tolist() == [1, 1, 0]
    assert np.isnan(found[1, KNEE]).all()
    assert found[:, SWAY].tolist() == [[0, 0, 0]] * 2
    assert detectable()[knee] == 4.0


def test_how_sure_a_rule_may_be_is_found_again() -> None:
    rng = np.random.default_rng(1)
    pool = made_up(4000)
    pool["recording"] = np.arange(4000)
    z = stride.ruled(pool["features"], pool["cuts"])[:, KNEE, 0, 0]
    slope, offset = 0.9, -0.6
    yes = rng.random(4000) < 1 / (1 + np.exp(-slope * z - offset))
    pool["past"][:, owners()[KNEE]] = np.where(yes, 1.0, -1.0)[:, None]
    found = fit.rule_weights(*(pool[k] for k in ("features", "past", "cuts", "recording")))
    assert found[KNEE, 0] == pytest.approx(slope, abs=0.08)
    assert found[KNEE, 2] == pytest.approx(offset, abs=0.12)
    # Where nothing says otherwise the rule is believed.
    assert found[KNEE, 1] == pytest.approx(LOGISTIC)
    assert found[KNEE, 3] == pytest.approx(fit._UNSEEN)


def test_many_strides_of_one_recording_count_as_one(pool: dict[str, Any]) -> None:
    names = ("features", "past", "cuts", "recording")
    once = fit.rule_weights(*(pool[k] for k in names))
    again = fit.rule_weights(*(np.repeat(pool[k], 5, axis=0) for k in names))
    assert again == pytest.approx(once)


def test_a_hidden_area_is_as_probable_as_in_others() -> None:
    pool = made_up(400)
    pool["recording"] = np.arange(400)
    knee = owners()[KNEE].start
    pool["features"][:, stride.rule_columns(stride.KNOWN).start + knee] = 0.0
    pool["past"][:, knee] = np.where(np.arange(400) % 4 == 0, 1.0, -1.0)
    found = fit.rule_weights(*(pool[k] for k in ("features", "past", "cuts", "recording")))
    assert found[KNEE, 3] == pytest.approx(np.log(1 / 3), abs=0.05)
    assert found[KNEE, 0] == pytest.approx(LOGISTIC)


def test_a_correction_is_shared_out_where_it_helps() -> None:
    rng = np.random.default_rng(2)
    true = (rng.random((400, 3 * len(STRIDE_AREAS))) < 0.5).astype(float)
    true[:, 3 * SWAY : 3 * SWAY + 3] = np.nan
    logit = np.zeros(true.shape)
    helps = np.zeros((2, 400, len(STRIDE_AREAS)))
    # The second pass knows one area; what it says of another is wrong.
    helps[1, :, KNEE] = 4.0 * true[:, 3 * KNEE] - 2.0
    helps[:, :, 0] = 2.0 - 4.0 * true[:, 0]
    passes, share = fit.helpful(logit, helps, true)
    assert passes == 2
    expected = np.zeros(len(STRIDE_AREAS))
    expected[KNEE] = 1.0
    assert share.tolist() == expected.tolist()


def test_entropy_of_known_severities() -> None:
    logit, true = np.zeros((2, 3 * len(STRIDE_AREAS))), np.ones((2, 3 * len(STRIDE_AREAS)))
    logit[:, 3 * KNEE] = np.log([3.0, 1.0])
    true[1, 3 * KNEE] = 0.0
    true[:, 3 * SWAY] = np.nan
    found = fit.entropy(logit, true)
    assert found[KNEE] == pytest.approx((np.log(4 / 3) + np.log(2)) / 2)
    assert found[SWAY] == 0.0
    assert found[0] == pytest.approx(np.log(2))


def test_an_untrained_network_begins_as_the_rules(pool: dict[str, Any]) -> None:
    pytest.importorskip("keras", reason=NEEDS_TRAINING)
    from training.form_net.network import build

    weights = fit.weights_of(pool, np.arange(len(pool["past"])))
    rules = fit.base(pool, np.arange(5), weights)
    said = build(stride.width()).predict([pool["features"][:5], rules], verbose=0)
    assert said == pytest.approx(rules, abs=1e-5)


def test_the_loss_is_the_entropy_of_what_is_known() -> None:
    pytest.importorskip("keras", reason=NEEDS_TRAINING)
    from training.form_net.network import loss

    said = np.log(np.array([[3.0, 1.0, 50.0]], np.float32))
    wanted = np.array([[1.0, 0.0, np.nan]], np.float32)
    assert float(loss(wanted, said)) == pytest.approx((np.log(4 / 3) + np.log(2)) / 3, abs=1e-6)


# Keras turns its variables into arrays in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_what_is_trained_is_what_ships(
    pool: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("keras", reason=NEEDS_TRAINING)
    onnx = pytest.importorskip("onnx", reason=NEEDS_TRAINING)
    from training.form_net.network import export

    monkeypatch.setattr(fit, "PASSES", 2)
    inputs, rows = fit.Inputs("gait"), np.arange(len(pool["past"]))
    found = fit.fit(inputs, pool, rows, 1)
    assert set(found.share) <= set(fit._SHARES)
    said = fit.say(found.model, inputs.of(pool["features"], pool, rows))
    assert said.shape == (len(rows), len(STRIDE_AREAS))
    assert np.abs(said).max() > 0.0
    again = fit.fit(inputs, pool, rows, 1)
    assert np.array_equal(again.weights, found.weights)
    assert np.array_equal(again.share, found.share)

    share = np.linspace(0.0, 1.0, len(STRIDE_AREAS))
    found = fit.Fitted(found.weights, found.model, share)
    onnx.save(export(found.model, "stride"), tmp_path / "stride.onnx")
    text = json.dumps(evaluate.calibration(found, pool["features"].mean(axis=0)))
    (tmp_path / "stride.json").write_text(text)
    network = StrideNetwork(tmp_path)
    assert network.name == evaluate.NAME
    expected = fit.base(pool, rows, found.weights) + np.repeat(share * said, 3, axis=1)
    together = network.says(pool["features"], CUTS).reshape(len(rows), -1)
    # Weights in half precision, three decimals of the calibration.
    assert together == pytest.approx(expected, abs=0.02)


def test_the_network_from_keypoints_sees_them_before_the_rules(pool: dict[str, Any]) -> None:
    seen = fit.Inputs("keypoints").of(pool["features"], pool, np.arange(len(pool["past"])))
    behind = pool["features"][:, stride.rule_columns(stride.PAST).start :]
    assert seen.shape[1] == 30 + behind.shape[1]
    assert np.array_equal(seen[:, 30:], behind)


def test_a_rule_is_as_sure_as_its_uncertainty_says() -> None:
    past, doubt = np.full((3, COUNT), -9.0), np.full((3, COUNT), 0.5)
    knee = owners()[KNEE].start
    past[:, knee] = [0.5, 0.0, np.nan]
    found = evaluate.rule("rule", past, doubt, CUTS)
    # One standard uncertainty past the cut-off: 84.1 %, by the logistic's likeness to the normal.
    assert found.probability[:, KNEE] == pytest.approx([0.841, 0.5, 0.0], abs=0.01)
    assert found.logit[:, KNEE] == pytest.approx([LOGISTIC, 0.0, evaluate._NEVER])


def test_strides_of_a_recording_and_side_are_one_finding() -> None:
    strides = 6
    true = np.full((strides, len(STRIDE_AREAS)), np.nan)
    finding = np.full(true.shape, np.nan)
    said = np.zeros(true.shape)
    true[:, KNEE] = [1, 1, -1, -1, -1, 1]
    said[:, KNEE] = [0.9, 0.7, 0.8, 0.1, 0.2, 0.3]
    finding[:5, KNEE] = 0.5
    cadence = by_area()["low_cadence"]
    true[:, cadence], said[:, cadence], finding[:, cadence] = 1.0, 0.6, 0.5
    side = np.array([2, 2, 2, 3, 3, 4])
    typical, yes = evaluate.over_recordings(said, finding, true, side)
    # Cadence belongs to the runner: recordings 1 and 2. The knee's last stride was not judged.
    assert typical.tolist() == pytest.approx([0.6, 0.6, 0.8, 0.15])
    assert yes.tolist() == [True, True, True, False]


def opinions(true: np.ndarray, *skills: float) -> list[Opinion]:
    rng = np.random.default_rng(3)
    found = []
    for i, skill in enumerate(skills):
        logit = skill * true + rng.standard_normal(true.shape)
        found.append(Opinion(f"way {i}", logit))
    return found


@pytest.mark.parametrize(("skills", "ships"), [((1.0, 1.0, 4.0), True), ((1.0, 4.0, 4.0), False)])
def test_a_network_ships_only_if_it_is_better_than_the_rules(
    skills: tuple[float, ...], ships: bool
) -> None:
    true = np.random.default_rng(4).standard_normal((300, len(STRIDE_AREAS)))
    view = np.repeat(list(evaluate.VIEWS), 100)
    lines, found = evaluate.verdict(opinions(true, *skills), 1, true, view)
    assert found is ships
    assert ("it judges" in lines[-1]) is ships
    assert ("none ships" in lines[-1]) is not ships


def test_every_table_has_its_areas() -> None:
    count = 360
    rng = np.random.default_rng(5)
    true = rng.standard_normal((count, len(STRIDE_AREAS)))
    true[:, SWAY] = -1.0
    films = {
        "view": np.repeat(list(evaluate.VIEWS), 120),
        "runner": np.array(RUNNERS)[np.arange(count) % 5],
        "recording": np.arange(count) // 10,
        "right": np.arange(count) % 2,
        "finding": np.full(true.shape, 0.5),
    }
    said = opinions(true, 2.0, 1.0)
    few = [line for line in evaluate.report(said, true, films) if "Fewer than" in line]
    assert len(few) == 3
    assert all("Trunk swaying sideways (drawn trunk) (0)" in line for line in few)
    table = evaluate.as_findings(said, true, films)
    rows = [line for line in table if line.startswith("| from")]
    # Three views, each by findings and two opinions.
    assert len(rows) == 9
    assert rows[0].startswith("| from the side | ")
    assert sum("| findings |" in row for row in rows) == 3


def test_where_the_product_says_nothing_does_not_count() -> None:
    count = 360
    true = np.random.default_rng(6).standard_normal((count, len(STRIDE_AREAS)))
    silent = np.arange(count) % 2 == 0
    films = {
        "view": np.repeat(list(evaluate.VIEWS), 120),
        "finding": np.where(silent[:, None], np.nan, np.zeros_like(true)),
    }
    # Right wherever the product speaks, and wrong elsewhere.
    said = evaluate.Opinion("told", np.where(silent[:, None], -1.0, 1.0) * np.sign(true) * 9.0)
    rows = [r.split(" | ") for r in evaluate.where_judged([said], true, films) if "| told |" in r]
    assert len(rows) == len(evaluate.VIEWS)
    for row in rows:
        areas, judged, past = (int(cell) for cell in row[1:4])
        assert judged == 60 * areas
        assert 0 < past < judged
        assert row[5:8] == ["100", "100, 100", "100, 100"]
