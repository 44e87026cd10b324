"""What files do to frames: which picture is shown when, what the file says, compression."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from training.films.files import CONVERSIONS, SHARES, File, compressed, draw, through, timeline


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", SHARES)
@pytest.mark.parametrize("seed", range(5))
def test_every_file_shows_pictures_in_order_at_growing_stamps(kind: str, seed: int) -> None:
    file = draw(rng(seed), kind)
    line = timeline(file, 4.0, rng(seed))
    assert file.kind == kind
    assert File(**json.loads(json.dumps(asdict(file)))) == file
    assert line.stamp[0] == line.taken[0] == 0.0
    assert (np.diff(line.stamp) > 0).all()
    assert (np.diff(line.taken) > 0).all()
    # Each picture that is taken is shown, and none before an earlier one.
    assert np.array_equal(np.unique(line.shown), np.arange(len(line.taken)))
    assert (np.diff(line.shown) >= 0).all()
    assert len(line.time) == len(line.stamp) == len(line.shown)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0, 240.0])
def test_a_constant_rate_says_the_truth(fps: float) -> None:
    line = timeline(draw(rng(), "constant", fps), 2.0, rng())
    assert np.array_equal(line.time, np.arange(2 * fps) / fps)
    assert np.array_equal(line.stamp, line.time)


@pytest.mark.parametrize(("of", "to"), CONVERSIONS)
def test_a_conversion_repeats_one_picture_in_each_turn(of: float, to: float) -> None:
    file = File("converted", of, 23, to, again_crf=25)
    for seed in range(10):
        line = timeline(file, 2.0, rng(seed))
        assert np.allclose(line.stamp, np.arange(2 * to) / to)
        repeated = np.flatnonzero(np.diff(line.shown) == 0)
        turn = round(to / (to - of))
        assert set(np.diff(repeated)) == {turn}
        assert set(np.diff(line.shown)) == {0, 1}
        # A frame shows the latest picture: as old as a picture's interval at most.
        late = line.stamp - line.time
        assert np.ptp(late) < 1 / of


def test_lost_pictures_leave_gaps_in_right_stamps_and_none_in_wrong_ones() -> None:
    right = timeline(File("dropped", 50.0, 23, 50.0, lost=0.1), 60.0, rng())
    wrong = timeline(File("dropped-unstamped", 50.0, 23, 50.0, lost=0.1), 60.0, rng())
    assert np.array_equal(right.time, right.stamp)
    assert np.array_equal(right.time, wrong.time)
    assert np.allclose(np.diff(wrong.stamp), 1 / 50)
    gaps = np.round(np.diff(right.time) * 50).astype(int)
    assert set(gaps[:100]) > {1}
    # A tenth of 3000 is 300, give or take what chance does.
    assert 240 < 3000 - len(right.time) < 360


def test_a_frozen_start_shows_the_first_picture_and_then_goes_on() -> None:
    line = timeline(File("frozen", 30.0, 23, 30.0, again_crf=25, frozen_s=0.5), 2.0, rng())
    assert (line.time[:15] == 0.0).all()
    assert np.allclose(line.time[15:], line.stamp[15:])
    assert len(line.taken) == 60 - 14


def test_uneven_intervals_are_true_or_hidden_behind_their_mean() -> None:
    true = timeline(File("variable", 30.0, 23, 30.0, uneven=0.1), 30.0, rng())
    claimed = timeline(File("variable-unstamped", 30.0, 23, 30.0, uneven=0.1), 30.0, rng())
    assert np.array_equal(true.stamp, true.time)
    assert np.array_equal(true.time, claimed.time)
    assert np.allclose(np.diff(claimed.stamp), np.diff(true.time).mean())
    intervals = 30 * np.diff(true.time)
    assert intervals.mean() == pytest.approx(1.0, abs=0.02)
    assert intervals.std() == pytest.approx(0.1, abs=0.02)


def moving(count: int) -> list[np.ndarray]:
    """Frames on which a bright square moves to the right over a smooth ground."""
    y, x = np.mgrid[:64, :96]
    frames = []
    for i in range(count):
        level = 60 + y + (120 * ((abs(y - 32) < 12) & (abs(x - 20 - 2 * i) < 12)))
        frames.append(np.repeat(level[..., None], 3, axis=2).astype(np.uint8))
    return frames


def test_compression_gives_each_frame_back_nearly() -> None:
    pytest.importorskip("av", reason="PyAV is in the environment of the films")
    frames = moving(20)
    out = list(compressed(iter(frames), 20, 30.0))
    assert [frame.shape for frame in out] == [(64, 96, 3)] * 20
    errors = np.array([[np.abs(a.astype(int) - b).mean() for b in frames] for a in out])
    assert (errors.argmin(1) == np.arange(20)).all()
    assert 0 < np.diag(errors).max() < 4
    worse = list(compressed(iter(frames), 40, 30.0))
    assert np.abs(worse[-1].astype(int) - frames[-1]).mean() > np.diag(errors)[-1]


def test_repeated_pictures_are_alike_but_not_equal() -> None:
    pytest.importorskip("av", reason="PyAV is in the environment of the films")
    noise = rng().integers(-9, 9, (64, 96, 3))
    pictures = [np.clip(frame + noise, 0, 255).astype(np.uint8) for frame in moving(16)]
    file = File("converted", 24.0, 22, 30.0, again_crf=24)
    line = timeline(file, 20 / 30, rng())
    frames = list(through(file, iter(pictures[: len(line.taken)]), line.shown))
    assert len(frames) == len(line.stamp) == 20
    apart = np.array(
        [
            np.abs(np.diff(pair, axis=0)).mean()
            for pair in zip(np.array(frames[:-1], int), np.array(frames[1:], int), strict=True)
        ]
    )
    repeated = np.diff(line.shown) == 0
    assert (apart[repeated] > 0).any()
    assert apart[repeated].max() < apart[~repeated].min()
