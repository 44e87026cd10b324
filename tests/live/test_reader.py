from __future__ import annotations

import numpy as np
import pytest

from stridewise.gait.encoding import OUTPUTS, RATE
from stridewise.gait.learned import WINDOW, Reading, read, shipped
from stridewise.live.grid import Grid
from stridewise.live.reader import STRIDE, LiveReader
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.skeletons import SIDES

#: How far ahead of an instant frames may lie that change what is said about it.
LOOK_AHEAD_S = 0.1


@pytest.fixture(scope="module")
def recording() -> Recording:
    filmed = simulate(Runner(seed=3), Camera(fps=RATE), Noise(white=0.003), duration_s=8.0)
    return clean(filmed.recording)[0]


def streamed(
    recording: Recording, refresh: bool = True
) -> tuple[LiveReader, Reading, list[Reading]]:
    """Stream a recording; return the reader, all that it kept, and each of its readings."""
    grid = Grid(len(recording.keypoints), 20.0)
    reader = LiveReader(shipped(), grid, recording.keypoints, 20.0)
    said = []
    for t, xy in zip(recording.time, recording.xy, strict=True):
        grid.add(float(t), xy)
        if grid.pending >= STRIDE:
            found = reader.read(grid.advance())
            said += [] if found is None else [found[0]]
        elif refresh and reader.stale:
            reader.refresh()
    return reader, reader.whole(*grid.last(len(recording.time))), said


def hidden(recording: Recording, names: list[str], frames: slice) -> Recording:
    xy = recording.xy.copy()
    xy[frames, [recording.keypoints.index(name) for name in names]] = np.nan
    return recording.with_(xy=xy)


def test_it_says_what_the_whole_recording_says(recording: Recording) -> None:
    _, live, _ = streamed(recording)
    whole = read(shipped(), recording)
    at = np.isfinite(live.value["knee_flexion", "right"])
    # A window that is too short says nothing; then all of it is read.
    assert at.sum() >= len(whole.time) - WINDOW
    for key, most in ((("knee_flexion", "right"), 5.0), (("vertical_force", "left"), 0.25)):
        away = live.value[key][at] - whole.value[key][: len(at)][at]
        assert np.sqrt(np.mean(away**2)) < most


def test_what_lies_further_ahead_changes_nothing(recording: Recording) -> None:
    cut = 300
    changed = recording.xy.copy()
    changed[cut:] += 40.0 * np.random.default_rng(0).standard_normal(changed[cut:].shape)
    plain, other = (streamed(it)[1] for it in (recording, recording.with_(xy=changed)))
    before = plain.time < recording.time[cut] - LOOK_AHEAD_S - STRIDE / RATE
    assert np.isfinite(plain.value["shank", "left"][before]).sum() > 150
    for key in OUTPUTS:
        np.testing.assert_array_equal(plain.value[key][before], other.value[key][before])


def test_the_window_read_again_now_and_then_is_enough(recording: Recording) -> None:
    often, seldom = streamed(recording)[1], streamed(recording, refresh=False)[1]
    away = often.value["knee_flexion", "left"] - seldom.value["knee_flexion", "left"]
    assert np.nanmax(np.abs(away)) > 0.0
    assert np.sqrt(np.nanmean(away**2)) < 2.0


def test_each_reading_covers_the_last_half_second(recording: Recording) -> None:
    _, _, said = streamed(recording)
    assert all(len(it.time) == round(0.5 * RATE) for it in said)
    steps = np.diff([it.time[-1] for it in said])
    assert steps == pytest.approx(np.full(len(steps), STRIDE / RATE))
    # Once the first window is full, nothing is left open.
    assert all(np.isfinite(it.contact[side]).all() for it in said for side in SIDES)


def test_legs_out_of_sight_are_not_guessed_and_found_again(recording: Recording) -> None:
    legs = [f"{side}_{part}" for side in SIDES for part in ("knee", "ankle")]
    gone = slice(200, 280)
    reader, live, _ = streamed(hidden(recording, legs, gone))
    assert np.isnan(live.value["knee_flexion", "left"][gone]).all()
    assert np.isfinite(live.value["knee_flexion", "left"][300:-STRIDE]).all()
    assert reader.legs_seen
    times = [e.time_s for e in reader.own_events(0.0)]
    assert any(t > recording.time[290] for t in times)
    assert not any(recording.time[203] < t < recording.time[277] for t in times)


def test_points_that_a_skeleton_lacks_are_not_seen(recording: Recording) -> None:
    feet = [name for name in recording.keypoints if "toe" in name or "heel" in name]
    rest = recording.select([name for name in recording.keypoints if name not in feet])
    found, same = streamed(rest)[1], streamed(hidden(recording, feet, slice(None)))[1]
    for key in OUTPUTS:
        np.testing.assert_array_equal(found.value[key], same.value[key])
