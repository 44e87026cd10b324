import numpy as np
import pytest

from stridewise.recording import Recording
from stridewise.simulate.noise import Noise, degrade
from stridewise.skeletons import KEYPOINTS

FRAMES, FPS, LEG = 6000, 100.0, 300.0


@pytest.fixture(scope="module")
def perfect():
    rng = np.random.default_rng(0)
    where = 100 + 500 * rng.random((len(KEYPOINTS), 2))
    return Recording(
        xy=np.broadcast_to(where, (FRAMES, len(KEYPOINTS), 2)),
        confidence=np.ones((FRAMES, len(KEYPOINTS))),
        time=np.arange(FRAMES) / FPS,
        keypoints=KEYPOINTS,
    )


def spoiled(recording, seed=1, **noise):
    return degrade(recording, Noise(**noise), LEG, np.random.default_rng(seed))


def test_no_noise_changes_nothing(perfect):
    out = spoiled(perfect)
    assert np.array_equal(out.xy, perfect.xy)
    assert np.array_equal(out.confidence, perfect.confidence)
    assert np.array_equal(out.time, perfect.time)


def test_same_seed_same_result(perfect):
    a, b = (spoiled(perfect, white=0.01, gaps_per_min=5, swaps_per_min=5) for _ in range(2))
    assert np.array_equal(a.xy, b.xy, equal_nan=True)
    assert not np.array_equal(a.xy, spoiled(perfect, seed=2, white=0.01).xy)


def test_white_jitter_has_the_stated_size_and_no_memory(perfect):
    error = spoiled(perfect, white=0.01).xy - perfect.xy
    assert error.std() == pytest.approx(0.01 * LEG, rel=0.01)
    assert (error[1:] * error[:-1]).mean() / error.var() == pytest.approx(0, abs=0.01)


def test_slow_jitter_has_the_stated_size_and_memory(perfect):
    error = spoiled(perfect, slow=0.01, slow_s=0.1).xy - perfect.xy
    assert error.std() == pytest.approx(0.01 * LEG, rel=0.05)
    # Over 0.05 s, half the correlation time, exp(-0.5) of it is left.
    assert (error[5:] * error[:-5]).mean() / error.var() == pytest.approx(np.exp(-0.5), abs=0.03)


def test_systematic_offset_is_constant(perfect):
    error = spoiled(perfect, systematic=0.05).xy - perfect.xy
    assert np.ptp(error, axis=0).max() < 1e-9
    assert error[0].std() == pytest.approx(0.05 * LEG, rel=0.3)


def test_gaps_cover_the_stated_share(perfect):
    out = spoiled(perfect, gaps_per_min=20, gap_s=0.3)
    missing = np.isnan(out.xy[..., 0])
    # 20 gaps a minute of 0.3 s: 10 % of the time, less overlaps.
    assert missing.mean() == pytest.approx(1 - np.exp(-0.1), rel=0.2)
    assert np.array_equal(out.confidence == 0, missing)


def test_weak_points_have_low_confidence_and_three_times_the_jitter(perfect):
    out = spoiled(perfect, white=0.01, weak_per_min=60, weak_s=0.3)
    weak = out.confidence < 0.5
    assert 0.1 < weak.mean() < 0.4
    error = out.xy - perfect.xy
    assert error[weak].std() == pytest.approx(3 * error[~weak].std(), rel=0.05)


def test_swaps_exchange_the_legs_and_nothing_else(perfect):
    out = spoiled(perfect, swaps_per_min=30, swap_s=0.2)
    swapped = (out.point("left_knee") == perfect.point("right_knee")).all(axis=1)
    assert 0.03 < swapped.mean() < 0.3
    for part in ("hip", "ankle", "heel", "big_toe", "small_toe"):
        assert np.array_equal(
            out.point(f"right_{part}")[swapped], perfect.point(f"left_{part}")[swapped]
        )
    assert np.array_equal(out.point("left_wrist"), perfect.point("left_wrist"))


def test_outliers_are_as_many_and_as_far_as_stated(perfect):
    error = spoiled(perfect, outliers=0.01, outlier_size=0.5).xy - perfect.xy
    jumped = np.abs(error).max(axis=-1) > 0
    assert jumped.mean() == pytest.approx(0.01, rel=0.1)
    assert error[jumped].std() == pytest.approx(0.5 * LEG, rel=0.1)


def test_dropped_frames_leave_the_others_in_place(perfect):
    out = spoiled(perfect, dropped_frames=0.2)
    assert out.frames == pytest.approx(0.8 * FRAMES, rel=0.05)
    assert np.isin(out.time, perfect.time).all()


def test_time_stamps_err_by_the_stated_size_and_still_increase(perfect):
    error = spoiled(perfect, time_jitter_s=0.001).time - perfect.time
    assert error.std() == pytest.approx(0.001, rel=0.05)
    assert np.all(np.diff(spoiled(perfect, time_jitter_s=0.1).time) > 0)
