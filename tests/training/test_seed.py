"""The seed's task, on rows made up in a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.seed.__main__ import score
from training.seed.networks import RECIPES, distances, predict
from training.seed.rows import INPUTS, folds, read, split

HEADER = [*INPUTS, "l wrist_X", "Category"]


def row(r_knee: float, l_knee: float, category: str = "sports") -> str:
    values = dict.fromkeys(HEADER, "5") | {
        "r knee_X": str(r_knee),
        "l knee_X": str(l_knee),
        "Category": category,
    }
    return ",".join(values[name] for name in HEADER)


def test_the_label_is_knees_more_than_100_pixels_apart(tmp_path: Path) -> None:
    path = tmp_path / "mpii.csv"
    lines = [",".join(HEADER), row(0, 100), row(0, 100.5), row(300, 180, "running"), row(-1, 120)]
    path.write_text("\n".join(lines) + "\n")
    rows = read(path)
    assert rows.x.shape == (4, 7)
    assert rows.label.tolist() == [False, True, True, True]
    assert rows.running.tolist() == [False, False, True, False]


def test_the_published_table(laboratory: Path) -> None:
    rows = read(laboratory / "mpii" / "mpii_human_pose.csv")
    assert len(rows.x) == 17_372
    assert rows.running.sum() == 291


def test_the_split_is_that_of_scikit_learn() -> None:
    # train_test_split(range(10), test_size=0.3, random_state=42) of scikit-learn.
    train, test = split(10)
    assert train.tolist() == [0, 7, 2, 9, 4, 3, 6]
    assert test.tolist() == [8, 1, 5]


def test_folds_leave_each_row_out_once() -> None:
    pairs = list(folds(11, 5, seed=3))
    assert sorted(np.concatenate([test for _, test in pairs]).tolist()) == list(range(11))
    assert all(sorted([*train, *test]) == list(range(11)) for train, test in pairs)


def test_distances_do_not_depend_on_place_or_side_of_the_picture() -> None:
    x = np.array([[10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 2.5]])
    seen = distances(x)
    assert seen.shape == (1, 16)
    assert seen[0, 0] == pytest.approx(0.1)
    assert seen[0, -1] == 2.5
    moved = x + np.array([1000.0] * 6 + [0.0])
    turned = x * np.array([-1.0] * 6 + [1.0])
    assert distances(moved) == pytest.approx(seen)
    assert distances(turned) == pytest.approx(seen)


def test_scores() -> None:
    said = np.array([True, True, False, False])
    true = np.array([True, False, True, True])
    found = score(said, true)
    assert found == pytest.approx({"accuracy": 0.25, "precision": 0.5, "recall": 1 / 3})
    assert np.isnan(score(np.zeros(2, dtype=bool), true[2:])["precision"])


@pytest.mark.parametrize("name", RECIPES)
def test_a_network_learns_what_is_plain(name: str) -> None:
    pytest.importorskip("keras")
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 600, (300, 7))
    label = np.abs(x[:, 1] - x[:, 4]) > 100
    said = predict(RECIPES[name], x[:200], label[:200], x[200:], seed=1)
    assert (said == label[200:]).mean() > max(label.mean(), 1 - label.mean()) + 0.05
