from __future__ import annotations

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read, read_people
from stridewise.skeletons import REQUIRED

NODES = ("L hip", "R hip", "L knee", "R knee", "L ankle", "R ankle", "snout")


@pytest.fixture
def tracks():
    rng = np.random.default_rng(0)
    return rng.uniform(1, 900, (2, 5, len(NODES), 2)).round(2)


@pytest.fixture
def scores():
    return np.random.default_rng(1).uniform(0.3, 1, (2, 5, len(NODES))).round(3)


def as_hdf5(path, tracks, scores, **options):
    pytest.importorskip("h5py")
    from tests.readers.hdf5_files import sleap_analysis

    return sleap_analysis(path, NODES, tracks, scores, **options)


def as_dims(path, tracks, scores):
    return as_hdf5(path, tracks, scores, dims=True)


def as_csv(path, tracks, scores, names=("track_0", "track_1")):
    header = ["track", "frame_idx", "instance.score"]
    header += [f"{node}.{part}" for node in NODES for part in ("x", "y", "score")]
    lines = [",".join(header)]
    for name, xy, score in zip(names, tracks, scores, strict=True):
        for frame in range(len(xy)):
            if not np.isfinite(xy[frame]).any():
                continue
            cells = np.column_stack((xy[frame], score[frame])).ravel().tolist()
            cells = ["" if cell != cell else repr(cell) for cell in cells]
            lines.append(",".join((name, str(frame), "0.9", *cells)))
    path.write_text("\n".join(lines) + "\n")
    return path


WRITERS = pytest.mark.parametrize("write", [as_hdf5, as_dims, as_csv])


@WRITERS
def test_tracks_are_people(tmp_path, write, tracks, scores):
    people = read_people(write(tmp_path / "run", tracks, scores), fps=10)
    assert [person.format for person in people] == ["sleap"] * 2
    for person, xy, score in zip(people, tracks, scores, strict=True):
        np.testing.assert_allclose(person.time, [0, 0.1, 0.2, 0.3, 0.4])
        for i, name in enumerate(REQUIRED):
            np.testing.assert_array_equal(person.point(name), xy[:, i])
            k = person.keypoints.index(name)
            np.testing.assert_array_equal(person.confidence[:, k], score[:, i])
        assert person.notes[0].startswith("The file calls this person track_")
        assert person.notes[-1] == "1 point(s) of no use here were left aside: snout."


@WRITERS
def test_missing_points_and_frames(tmp_path, write, tracks, scores):
    tracks[0, 1] = scores[0, 1] = np.nan
    tracks[0, 2, 0] = scores[0, 2, 0] = np.nan
    recording = read(write(tmp_path / "run", tracks, scores), fps=10, person=1)
    hip = recording.point("left_hip")[np.isclose(recording.time, 0.2)]
    assert np.isnan(hip).all()
    # A frame without a body is a line of nothing in HDF5 and a hole in time in CSV.
    at_gap = np.isclose(recording.time, 0.1)
    assert not np.isfinite(recording.xy[at_gap]).any()
    np.testing.assert_array_equal(
        recording.point("right_knee")[~at_gap], tracks[0, [0, 2, 3, 4], 3]
    )


@WRITERS
def test_a_track_that_is_never_seen_is_nobody(tmp_path, write, tracks, scores):
    tracks[1] = scores[1] = np.nan
    assert len(read_people(write(tmp_path / "run", tracks, scores), fps=10)) == 1


@WRITERS
def test_the_frame_rate_must_be_stated(tmp_path, write, tracks, scores):
    with pytest.raises(InputError, match="--fps"):
        read(write(tmp_path / "run", tracks, scores))


def test_scores_above_one_are_clipped(tmp_path, tracks, scores):
    scores[0, 0, 0] = 1.07
    recording = read(as_csv(tmp_path / "run.csv", tracks, scores), fps=10, person=1)
    assert recording.confidence[0, recording.keypoints.index("left_hip")] == 1


def test_bodies_without_tracks(tmp_path, tracks, scores):
    path = as_csv(tmp_path / "run.csv", tracks, scores, names=("", ""))
    (recording,) = read_people(path, fps=10)
    np.testing.assert_array_equal(recording.point("left_hip"), tracks[0, :, 0])
    assert recording.notes[-1] == "5 bodies without a track of their own were left aside."


def test_projects_are_declined(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "run.slp"
    with h5py.File(path, "w") as file:
        for name in ("frames", "instances", "pred_points", "metadata"):
            file.create_group(name)
    with pytest.raises(InputError, match=r"SLEAP project.*Export Analysis HDF5"):
        read(path, fps=10)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("tracks", np.ones((2, 2, 3)), "Expected numbers in 4 dimensions"),
        ("tracks", np.ones((2, 2, 3, 5)), "do not fit the names of the nodes"),
        ("tracks", np.array([["a"]], dtype="S"), "cannot be used"),
        ("node_names", np.ones(7), "Expected a list of names"),
    ],
)
def test_damaged_arrays(tmp_path, tracks, scores, name, data, message):
    h5py = pytest.importorskip("h5py")
    path = as_hdf5(tmp_path / "run.h5", tracks, scores)
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = data
    with pytest.raises(InputError, match=message):
        read(path, fps=10)


def test_a_track_without_any_frame_number_is_left_out(tmp_path):
    path = tmp_path / "tracks.csv"
    names = ",".join(f"{n}.x,{n}.y" for n in REQUIRED)
    numbers = ",".join(["5", "6"] * 6)
    path.write_text(f"track,frame_idx,{names}\na,0,{numbers}\na,1,{numbers}\nb,,{numbers}\n")
    (person,) = read_people(path, fps=30)
    assert person.frames == 2
