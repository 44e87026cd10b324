import numpy as np
import pytest

from stridewise.context import Context
from stridewise.form import stride
from stridewise.form.variables import by_area, conditions, measure, owners
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.strides import find_steps
from stridewise.metrics import GaitData, Measured
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.view import find_view

SPEED = Measured(3.0, 0.06)


def encoded(recording: Recording):
    view = find_view(recording, Context())
    motion = GeometricModel().read(recording, view)
    steps = find_steps(motion)
    data = GaitData(motion=motion, steps=steps, fps=recording.fps, view=view.name)
    variables = measure(data, "treadmill", SPEED)
    found = stride.encode(motion, steps, variables, SPEED, view.yaw_deg, recording.fps)
    return found, steps, motion, variables


@pytest.fixture(scope="module")
def recording() -> Recording:
    return simulate(Runner(seed=4), Camera(fps=120.0), Noise(), 5.0).recording


@pytest.fixture(scope="module")
def found(recording: Recording):
    return encoded(recording)


def test_one_row_for_each_whole_stride(found) -> None:
    strides, steps, _, _ = found
    whole = np.isfinite(steps.toe_off) & np.isfinite(steps.next_same)
    assert strides.rows.tolist() == np.flatnonzero(whole).tolist()
    assert strides.features.shape == (whole.sum(), stride.width())
    assert np.isfinite(strides.features).all()


def test_the_first_instant_of_a_curve_is_contact_and_the_ninth_toe_off(found) -> None:
    strides, steps, motion, _ = found
    curve = stride.CURVES.index(("knee_flexion", "own"))
    for row, features in zip(strides.rows, strides.features, strict=True):
        side = "right" if steps.right[row] else "left"
        signal = motion.signals["knee_flexion", side].value
        for point, instant in ((0, steps.initial_contact[row]), (8, steps.toe_off[row])):
            true = np.interp(instant, motion.time, signal) / 30.0
            assert features[curve * stride.POINTS + point] == pytest.approx(true, abs=0.02)


def test_what_the_view_hides_is_marked_and_zero(found) -> None:
    strides, *_ = found
    known = strides.features[:, len(stride.CURVES) * stride.POINTS :][:, : len(stride.CURVES)]
    shank = stride.CURVES.index(("shank", "own"))
    drop = stride.CURVES.index(("pelvic_obliquity", ""))
    assert known[:, shank].all()
    assert not known[:, drop].any()
    assert not strides.features[:, drop * stride.POINTS : (drop + 1) * stride.POINTS].any()


def test_the_rules_variables_are_handed_over(found) -> None:
    strides, _, _, variables = found
    start = len(stride.CURVES) * (stride.POINTS + 1)
    handed = strides.features[:, start : start + len(conditions())]
    past = np.nan_to_num(variables.past[strides.rows])
    assert handed == pytest.approx(np.clip(past, -8, 8))


def test_what_the_rules_make_of_strides(found) -> None:
    strides, _, _, variables = found
    rows = strides.rows
    seen = stride.ruled(strides.features, variables.cuts)
    knee = by_area()["deep_stance_knee"]
    i = owners()[knee].start
    past, doubt = variables.past[rows, i], variables.doubt[rows, i]
    for right in (False, True):
        own = found[1].right[rows] == right
        mean = np.nanmean(variables.past[found[1].right == right, i])
        assert seen[own, knee, 0, 0] == pytest.approx(np.clip(mean / doubt[own], -6, 6))
    together = np.clip(past / doubt, -6, 6)
    assert seen[:, knee, 0].sum(axis=-1) == pytest.approx(together)
    # Seen from the side nothing is known of the drop of the pelvis.
    assert np.isnan(seen[:, by_area()["pelvic_drop"]]).all()


def test_a_mirrored_runner_is_the_same_on_the_other_side(recording: Recording, found) -> None:
    swapped = [
        {"left": "right", "right": "left"}.get(name.split("_")[0], name.split("_")[0])
        + name[len(name.split("_")[0]) :]
        for name in recording.keypoints
    ]
    mirrored = recording.with_(
        xy=recording.xy * [-1.0, 1.0] + [1920.0, 0.0], keypoints=tuple(swapped)
    )
    again, steps, *_ = encoded(mirrored)
    first, first_steps, *_ = found
    assert again.rows.tolist() == first.rows.tolist()
    assert steps.right.tolist() == (~first_steps.right).tolist()
    assert again.features == pytest.approx(first.features, abs=0.02)


def test_no_strides_give_no_rows(recording: Recording) -> None:
    view = find_view(recording, Context())
    motion = GeometricModel().read(recording, view)
    steps = find_steps(motion)
    none = steps.where(np.zeros(len(steps), bool))
    data = GaitData(motion=motion, steps=none, fps=120.0, view=view.name)
    variables = measure(data, "treadmill", SPEED)
    found = stride.encode(motion, none, variables, SPEED, 0.0, 120.0)
    assert found.features.shape == (0, stride.width())
