from __future__ import annotations

import json

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import movenet, read, read_people
from tests.people.scene import FPS, HEIGHT, NAMES, WIDTH, treadmill
from tests.readers.points import check_crossing, crossing


@pytest.fixture(params=["npy", "json"])
def file(request, tmp_path):
    def make(array):
        path = tmp_path / f"run.{request.param}"
        if request.param == "npy":
            np.save(path, array)
        else:
            path.write_text(json.dumps(array.tolist()))
        return path

    return make


def outputs(xyc):
    """Return y, x, score, as shares of the image where positions are pixels of the scene."""
    return (np.asarray(xyc) / [WIDTH, HEIGHT, 1])[..., [1, 0, 2]]


def runner(frames=90):
    xy = treadmill(0)[:frames]
    return np.concatenate((xy, np.full((frames, 17, 1), 0.8)), axis=-1)


@pytest.mark.parametrize("axes", [(), (1,), (1, 2)])
def test_one_person(file, axes):
    recording = read(file(np.expand_dims(outputs(runner()), axes)), fps=FPS)
    assert recording.format == "movenet"
    assert recording.keypoints == NAMES
    assert "(1920 x 1080)" in recording.notes[0]
    np.testing.assert_allclose(recording.xy, runner()[..., :2], rtol=1e-12)
    assert (recording.confidence == 0.8).all()
    np.testing.assert_allclose(recording.time, np.arange(90) / FPS)


@pytest.mark.parametrize("axes", [(), (1,)])
def test_several_people(file, axes):
    frames = np.zeros((90, 6, 56))
    frames[..., -1] = movenet.LEAST_SCORE / 2
    for f, here in enumerate(crossing()):
        for slot, (body, _) in enumerate(here):
            frames[f, 5 - slot, :51] = body[:, [1, 0, 2]].ravel()
            frames[f, 5 - slot, -1] = 0.9
    people = read_people(file(np.expand_dims(frames, axes)), fps=FPS)
    check_crossing(people)


def test_an_array_with_x_first_is_noticed(file):
    recording = read(file(outputs(runner())[..., [1, 0, 2]]), fps=FPS)
    np.testing.assert_allclose(recording.xy, runner()[..., :2], rtol=1e-12)
    assert "x before y" in recording.notes[0]


def test_pixels_stay(file):
    recording = read(file(runner()[..., [1, 0, 2]]), fps=FPS)
    np.testing.assert_array_equal(recording.xy, runner()[..., :2])


def test_the_frame_rate_must_be_stated(file):
    with pytest.raises(InputError, match="--fps"):
        read(file(outputs(runner(3))))


@pytest.mark.parametrize("shape", [(5, 16, 3), (5, 17, 2), (5, 6, 55), (17, 3), (0, 6, 56), (56,)])
def test_other_arrays_are_not_taken(tmp_path, shape):
    path = tmp_path / "x.npy"
    np.save(path, np.ones(shape))
    assert not movenet.recognise(path.read_bytes(), path)
    with pytest.raises(InputError, match="no MoveNet model"):
        read(path, format="movenet", fps=50)


@pytest.mark.parametrize(
    "text", ["[[[1, 2, 3], [1]]]", '[[["a", 1, 2]]]', "{}", "3", "[[[1, 2, {}]]]", "[[[1, 2, 3]"]
)
def test_bad_json_gets_one_plain_line(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read(path, format="movenet", fps=50)
    assert "\n" not in str(caught.value)


def test_arrays_that_promise_more_than_they_hold(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, outputs(runner(4)))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"(4, 17, 3)", b"(9999999999, 17, 3)")[: len(content)])
    with pytest.raises(InputError, match="no array of numbers"):
        read(path, format="movenet", fps=50)


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.full((4, 17, 3), None), allow_pickle=True)
    with pytest.raises(InputError, match="no array of numbers"):
        read(path, fps=50)


def poses(xyc):
    """Return a pose as TensorFlow.js gives it."""
    return {
        "score": 0.7,
        "keypoints": [
            {"y": y, "x": x, "score": c, "name": name}
            for name, (x, y, c) in zip(NAMES, np.asarray(xyc).tolist(), strict=True)
        ],
    }


POSES = {
    "lists": lambda frames: frames,
    "poses": lambda frames: [{"poses": each} for each in frames],
    "one pose each": lambda frames: [each[0] for each in frames],
    "under frames": lambda frames: {
        "frames": [{"frame": f, "poses": p} for f, p in enumerate(frames)]
    },
}


@pytest.mark.parametrize("layout", POSES)
def test_poses_of_tensorflow_js(tmp_path, layout):
    path = tmp_path / "run.json"
    path.write_text(json.dumps(POSES[layout]([[poses(body)] for body in runner()])))
    recording = read(path, fps=FPS)
    assert (recording.format, recording.keypoints) == ("movenet", NAMES)
    np.testing.assert_array_equal(recording.xy, runner()[..., :2])
    assert (recording.confidence == 0.8).all()
    np.testing.assert_allclose(recording.time, np.arange(90) / FPS)


def test_poses_of_several_people_and_of_nobody(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps([[poses(body) for body, _ in here] for here in crossing()]))
    check_crossing(read_people(path, fps=FPS))
    path.write_text(json.dumps([[poses(runner(1)[0])], [], [poses(runner(1)[0])]]))
    assert np.isnan(read(path, fps=FPS).xy[1]).all()


def test_poses_of_another_number_of_points(tmp_path):
    path = tmp_path / "run.json"
    pose = poses(runner(1)[0])
    pose["keypoints"] = pose["keypoints"][:16]
    path.write_text(json.dumps([[pose]]))
    with pytest.raises(InputError, match=r"Frame 0 has 16 points.*17 landmarks"):
        read(path, fps=FPS)


def test_arrays_whose_header_is_no_python(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, outputs(runner(4)))
    path.write_bytes(path.read_bytes().replace(b"'descr': '<f8'", b"'descr': (\x00f8'"))
    assert not movenet.recognise(path.read_bytes(), path)
    with pytest.raises(InputError, match="no array of numbers"):
        read(path, format="movenet", fps=50)
