"""Which pose estimator wrote the points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.estimator import Estimator, choices, hip_tremble, identify
from stridewise.recording import Recording
from stridewise.simulate.estimators import names
from stridewise.skeletons import LAYOUTS

LEG = 300.0


def written(layout: str, tremble: float = 0.0, fps: float = 60.0, format: str = "csv") -> Recording:
    """Points in a layout, whose hips jump to and fro by a share of a leg, or are wholly steady."""
    points = tuple(name for name in LAYOUTS[layout] if name)
    xy = np.zeros((240, len(points), 2))
    # Fourth differences of +a, -a, +a … are 16 a.
    xy += (tremble * LEG / fps / 16 * (-1.0) ** np.arange(240))[:, None, None]
    return Recording(
        xy, np.ones(xy.shape[:2]), np.arange(240) / fps, points, source="", format=format
    )


@pytest.mark.parametrize("fps", [25.0, 60.0, 240.0])
def test_tremble_is_in_leg_lengths_a_second(fps: float) -> None:
    assert hip_tremble(written("blazepose-33", 0.7, fps), LEG) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("fps", "tremble", "name", "known_by"),
    [
        (60.0, 0.5, "blazepose-smoothed", "points"),
        (60.0, 1.0, "blazepose", "format"),
        (60.0, 1.7, "blazepose-frames", "points"),
        (30.0, 1.2, "blazepose", "format"),
        (30.0, 1.7, "blazepose-frames", "points"),
    ],
)
def test_the_filter_of_blazepose_shows_at_the_hips(
    fps: float, tremble: float, name: str, known_by: str
) -> None:
    found = identify(written("blazepose-33", tremble, fps), LEG)
    assert (found.name, found.known_by) == (name, known_by)


def test_slow_motion_is_judged_at_the_rate_that_the_estimator_saw() -> None:
    played = written("blazepose-33", 0.5, 30.0)
    real = played.with_(time=played.time / 8)
    assert identify(real, LEG, time_scale=8.0) == identify(played, LEG)


def test_hips_never_seen_leave_the_family() -> None:
    unseen = written("blazepose-33")
    unseen = unseen.with_(xy=np.full_like(unseen.xy, np.nan))
    assert identify(unseen, LEG) == Estimator("blazepose", "format")


@pytest.mark.parametrize(
    ("layout", "format", "name", "known_by"),
    [
        ("coco-17", "movenet", "movenet", "format"),
        ("coco-17", "yolo", "unknown", "nothing"),
        ("halpe-26", "alphapose", "unknown", "nothing"),
        ("body-25", "openpose", "unknown", "nothing"),
        ("halpe-26", "c3d", "exact", "format"),
        ("blazepose-33", "mediapipe", "blazepose-smoothed", "points"),
    ],
)
def test_what_the_file_tells(layout: str, format: str, name: str, known_by: str) -> None:
    found = identify(written(layout, format=format), LEG)
    assert (found.name, found.known_by) == (name, known_by)


def test_what_is_stated_is_believed() -> None:
    found = identify(written("blazepose-33"), LEG, stated="movenet-thunder")
    assert found == Estimator("movenet-thunder", "stated")
    assert found.among == ("movenet-thunder",)


def test_a_name_stands_for_the_estimators_that_it_may_be() -> None:
    among = {name: set(Estimator(name, "stated").among) for name in choices()}
    blazepose = {name for name in names() if name.startswith("blazepose")}
    frames = {name for name in blazepose if name.endswith("-frames")}
    assert among["blazepose"] == blazepose
    assert among["blazepose-frames"] == frames
    assert among["blazepose-smoothed"] == blazepose - frames
    assert among["movenet"] == {"movenet-lightning", "movenet-thunder"}
    assert among["unknown"] == set(names())
    assert among["exact"] == set()


def test_other_names_are_refused() -> None:
    with pytest.raises(InputError, match=r"The pose estimator is not known\. Expected blazepose-f"):
        Context(estimator="openpose")
    assert replace(Context(), estimator="blazepose").estimator == "blazepose"
