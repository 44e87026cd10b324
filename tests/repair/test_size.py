from __future__ import annotations

import numpy as np
import pytest
from runner import runner

from stridewise.analysis import analyze
from stridewise.context import Context
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.size import VARIES, even_size, find_size, varies
from stridewise.simulate import Camera, Noise, Runner, simulate

MIDDLE = np.array([960.0, 540.0])


def zoomed(recording: Recording, share: float) -> tuple[Recording, np.ndarray]:
    """Zoom slowly in and out about the middle of the picture; size against its median."""
    size = 1 + share * np.sin(2 * np.pi * recording.time / 8.0)
    xy = (recording.xy - MIDDLE) * size[:, None, None] + MIDDLE
    return recording.with_(xy=xy), size / np.median(size)


@pytest.mark.parametrize("yaw", [0.0, 45.0, 90.0])
def test_zoom_is_found(yaw: float) -> None:
    zoomed_, size = zoomed(runner(yaw, seconds=8.0), 0.3)
    found = find_size(zoomed_)
    assert found is not None
    assert found == pytest.approx(size, rel=0.035)


@pytest.mark.parametrize("yaw", [0.0, 45.0, 90.0, 180.0])
def test_size_is_steady_without_zoom(yaw: float) -> None:
    found = find_size(runner(yaw, seconds=8.0))
    assert found is not None
    assert varies(found) < 0.8 * VARIES


def test_points_go_back_to_where_they_were_without_zoom() -> None:
    still = runner(90.0, seconds=8.0)
    moved, size = zoomed(still, 0.3)
    back = even_size(moved, size)
    # The fixed height is found from the hips, whose rise and fall averages out nearly.
    assert back.xy[..., 0] == pytest.approx(
        (still.xy[..., 0] - 960) * np.median(1 + 0.3 * np.sin(np.pi * still.time / 4)) + 960,
        abs=2.0,
    )
    drift = np.nanmean(back.xy[..., 1] - still.xy[..., 1], axis=1)
    assert np.ptp(drift) < 6.0


@pytest.mark.filterwarnings("error")
def test_a_hip_that_is_never_seen() -> None:
    """The middle of whatever is seen takes the place of that of the hips; nothing jumps."""
    zoomed_, _ = zoomed(runner(90.0, seconds=8.0), 0.3)
    hip = zoomed_.keypoints.index("left_hip")
    size = find_size(zoomed_)
    assert size is not None
    xy = zoomed_.xy.copy()
    xy[:, hip] = np.nan
    one, both = even_size(zoomed_.with_(xy=xy, image_size=None), size), even_size(zoomed_, size)
    others = [i for i in range(len(one.keypoints)) if i != hip]
    span = np.ptp(both.xy[:, others, 1])
    assert np.abs(one.xy[:, others] - both.xy[:, others]).max() < 0.2 * span
    blank = zoomed_.with_(xy=np.full_like(xy, np.nan))
    assert np.isnan(even_size(blank, size).xy).all()


def test_the_size_of_an_approach_is_one_over_the_distance() -> None:
    camera = Camera(yaw_deg=90.0, follow=False, distance_m=14.0)
    made = simulate(Runner(seed=3, surface="overground"), camera, Noise(white=0.002), 6.0)
    found = find_size(made.recording)
    assert found is not None
    hips = [made.recording.keypoints.index(f"{side}_hip") for side in ("left", "right")]
    ahead = made.truth.xyz[:, hips, 0].mean(axis=1)
    distance = ahead.mean() + 14.0 - ahead
    true = 1 / distance
    middle = slice(60, 300)
    assert found[middle] == pytest.approx((true / np.median(true))[middle], rel=0.05)
    assert varies(found) > 1.0


@pytest.mark.parametrize(("seed", "yaw"), [(3, 90.0), (4, 95.0), (5, -90.0)])
def test_an_approach_no_longer_halves_bounce_and_step_width(seed: int, yaw: float) -> None:
    camera = Camera(yaw_deg=yaw, follow=False, distance_m=14.0)
    who = Runner(seed=seed, surface="overground")
    made = simulate(who, camera, Noise(white=0.002), 6.0)

    def error(name: str, *off: str) -> float:
        found = analyze(made.recording, Context(repairs_off=off)).metrics
        (value,) = (m.value for m in found if m.id == name and m.side == "both" and m.value)
        return value / made.truth.metrics[name]["both"] - 1.0

    assert error("vertical_oscillation", "size") < -0.4
    assert error("vertical_oscillation") == pytest.approx(0.08, abs=0.08)
    assert error("step_width", "size") < -0.3
    assert error("step_width") == pytest.approx(0.0, abs=0.1)


def test_zoom_is_told_and_taken_out() -> None:
    cleaned, repairs = clean(zoomed(runner(90.0, seconds=8.0), 0.2)[0])
    assert [repair.step for repair in repairs] == ["size"]
    assert "made even" in repairs[0].detail
    size = find_size(cleaned)
    assert size is not None
    assert varies(size) < 0.02
    assert clean(zoomed(runner(90.0, seconds=8.0), 0.2)[0], ("size",))[1] == ()


def test_where_size_is_not_known() -> None:
    flat = runner(seconds=8.0)
    assert find_size(flat.with_(depth=np.zeros(flat.xy.shape[:2]))) is None
    assert find_size(flat.with_(xy=np.full_like(flat.xy, np.nan))) is None
