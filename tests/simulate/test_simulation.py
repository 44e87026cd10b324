import argparse
import json

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read
from stridewise.simulate import FAULTS, Camera, Noise, Runner, simulate, write
from stridewise.simulate.cli import FAULT_NAMES, add_arguments
from stridewise.skeletons import KEYPOINTS


def test_perfect_recording_is_the_truth_through_the_camera():
    camera = Camera(yaw_deg=30.0, fps=50.0)
    simulation = simulate(Runner(seed=3), camera, Noise(), 2.0)
    recording, truth = simulation.recording, simulation.truth
    assert recording.frames == 100
    assert np.array_equal(recording.time, truth.time)
    assert recording.keypoints == KEYPOINTS
    assert recording.xy == pytest.approx(camera.project(truth.xyz, np.zeros(3)))
    assert (recording.confidence == 1).all()


def test_same_seed_same_recording_other_seed_another():
    noise = Noise(white=0.005, gaps_per_min=10)
    a, b, c = (simulate(Runner(seed=s), Camera(), noise, 2.0).recording for s in (1, 1, 2))
    assert np.array_equal(a.xy, b.xy, equal_nan=True)
    assert not np.allclose(a.xy, c.xy, equal_nan=True)


def test_dropped_frames_keep_truth_and_recording_together():
    simulation = simulate(Runner(), Camera(), Noise(dropped_frames=0.3), 3.0)
    assert simulation.recording.frames < 160
    assert np.array_equal(simulation.recording.time, simulation.truth.time)


def test_runner_leaves_the_image_of_a_static_camera():
    runner = Runner(speed_mps=4.0, surface="overground")
    simulation = simulate(runner, Camera(follow=False), Noise(), 3.0)
    seen = np.isfinite(simulation.recording.point("mid_hip")[:, 0])
    assert not seen[0]
    assert not seen[-1]
    assert seen[len(seen) // 2]
    x = simulation.recording.point("mid_hip")[seen, 0]
    assert np.all(np.diff(x) > 0)


def test_files_say_what_is_known(tmp_path):
    simulation = simulate(Runner(faults={"overstride": 0.5}), Camera(), Noise(white=0.005), 2.0)
    truth_path = write(simulation, tmp_path / "a.csv")
    assert truth_path == tmp_path / "a.truth.json"
    again = read(tmp_path / "a.csv")
    assert again.keypoints == KEYPOINTS
    assert again.xy == pytest.approx(simulation.recording.xy, abs=0.01, nan_ok=True)
    assert again.time == pytest.approx(simulation.recording.time, abs=1e-5)
    told = json.loads(truth_path.read_text())
    assert told["schema"] == "stridewise.truth/1"
    assert told["runner"]["faults"] == {"overstride": 0.5}
    assert len(told["events"]) == len(simulation.truth.events)
    assert np.shape(told["xyz_m"]) == (120, 26, 3)
    assert len(told["signals"]["knee_flexion_left"]) == 120


@pytest.mark.parametrize(
    "bad",
    [{"speed_mps": 9.0}, {"height_m": 175.0}, {"cadence": 90.0}, {"surface": "sand"}],
)
def test_impossible_runners_are_refused(bad):
    with pytest.raises(InputError):
        Runner(**bad)


def test_too_short_is_refused():
    with pytest.raises(InputError, match="duration is out of range"):
        simulate(Runner(), Camera(), Noise(), 0.5)


def command(*words):
    parser = argparse.ArgumentParser()
    run = add_arguments(parser)
    return run(parser.parse_args(words))


def test_command_writes_both_files(tmp_path, capsys):
    out = tmp_path / "r.csv"
    options = ["--view", "back", "--duration", "2", "--fps", "30", "--noise", "0.004"]
    assert command("--out", str(out), *options, "--fault", "pelvic_drop=0.5") == 0
    told = json.loads((tmp_path / "r.truth.json").read_text())
    assert told["camera"]["yaw_deg"] == -90
    assert told["runner"]["faults"] == {"pelvic_drop": 0.5}
    assert read(out).frames == 60
    assert str(out) in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [("--fault", "limp"), ("--fault", "overstride=much"), ("--noise", "loud"), ("--fps", "0")],
)
def test_command_refuses_what_it_does_not_understand(words, tmp_path):
    with pytest.raises(InputError):
        command("--out", str(tmp_path / "r.csv"), "--duration", "2", *words)
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_fault():
    assert set(FAULT_NAMES.split(", ")) == set(FAULTS)
