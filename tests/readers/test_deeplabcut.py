from __future__ import annotations

import pickle

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read, read_people
from stridewise.skeletons import REQUIRED

PARTS = ("hip_l", "hip_r", "KneeL", "RKnee", "left ankle", "R_foot", "tail")


def table(people=("",), parts=PARTS, coordinates=("x", "y", "likelihood"), frames=4):
    """Return columns and values of a table; likelihoods are 0.5."""
    columns = [
        ("net", *((who,) if who else ()), part, coordinate)
        for who in people
        for part in parts
        for coordinate in coordinates
    ]
    values = np.arange(1.0, frames * len(columns) + 1).reshape(frames, -1)
    values[:, [c[-1] == "likelihood" for c in columns]] = 0.5
    return columns, values


def as_csv(path, columns, values, index=None):
    levels = ("scorer", *(("individuals",) if len(columns[0]) == 4 else ()), "bodyparts", "coords")
    lines = [",".join((name, *(column[i] for column in columns))) for i, name in enumerate(levels)]
    index = index or range(len(values))
    lines += [
        ",".join((str(i), *map(repr, row))) for i, row in zip(index, values.tolist(), strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def as_table(path, columns, values):
    pytest.importorskip("h5py")
    from tests.readers.hdf5_files import deeplabcut_table

    return deeplabcut_table(path, columns, values)


def as_fixed(path, columns, values):
    pytest.importorskip("h5py")
    from tests.readers.hdf5_files import deeplabcut_fixed

    return deeplabcut_fixed(path, columns, values)


WRITERS = pytest.mark.parametrize("write", [as_csv, as_table, as_fixed])


@WRITERS
def test_one_animal(tmp_path, write):
    columns, values = table()
    recording = read(write(tmp_path / "run", columns, values), fps=50)
    assert recording.format == "deeplabcut"
    np.testing.assert_allclose(recording.time, [0, 0.02, 0.04, 0.06])
    np.testing.assert_array_equal(recording.point("left_hip"), values[:, 0:2])
    np.testing.assert_array_equal(recording.point("left_ankle"), values[:, 12:14])
    np.testing.assert_array_equal(recording.point("right_ankle"), values[:, 15:17])
    np.testing.assert_array_equal(recording.confidence, 0.5)
    assert recording.notes == (
        "Points were matched by name: hip_l to left_hip, hip_r to right_hip, KneeL to left_knee, "
        "RKnee to right_knee, R_foot to right_ankle.",
        "1 point(s) of no use here were left aside: tail.",
    )


@WRITERS
def test_several_animals(tmp_path, write):
    columns, values = table(people=("a", "b"))
    people = read_people(write(tmp_path / "run", columns, values), fps=50)
    assert len(people) == 2
    np.testing.assert_array_equal(people[0].point("left_hip"), values[:, 0:2])
    np.testing.assert_array_equal(people[1].point("left_hip"), values[:, 21:23])


@WRITERS
def test_marks_of_the_place_are_no_person(tmp_path, write):
    columns, values = table(people=("a",))
    columns += [("net", "single", "corner", c) for c in ("x", "y", "likelihood")]
    values = np.column_stack((values, np.ones((len(values), 3))))
    assert len(read_people(write(tmp_path / "run", columns, values), fps=50)) == 1


@WRITERS
def test_points_in_space(tmp_path, write, body):
    columns, _ = table(parts=REQUIRED, coordinates=("x", "y", "z"))
    values = np.concatenate([body[name] * 1000 for name in REQUIRED], axis=1)
    recording = read(write(tmp_path / "run", columns, values), fps=50)
    assert recording.unit == "m"
    k = recording.keypoints.index("left_knee")
    np.testing.assert_allclose(
        recording.xy[:, k], body["left_knee"][:, :2] * (1, -1), atol=1e-12, rtol=0
    )
    np.testing.assert_allclose(recording.depth[:, k], -body["left_knee"][:, 2], atol=1e-12)
    assert any("can only be in mm" in note for note in recording.notes)


@WRITERS
def test_the_frame_rate_must_be_stated(tmp_path, write):
    with pytest.raises(InputError, match="--fps"):
        read(write(tmp_path / "run", *table()))


@WRITERS
def test_a_map(tmp_path, write):
    columns, values = table(parts=("a", "b", "c", "d", "e", "f"))
    path = write(tmp_path / "run", columns, values)
    names = dict(zip("abcdef", REQUIRED, strict=True))
    np.testing.assert_array_equal(read(path, fps=50, map=names).point("left_hip"), values[:, :2])
    with pytest.raises(InputError, match=r"No point of the file is left_hip.*--map"):
        read(path, fps=50)


def test_unlikely_and_missing_points(tmp_path):
    columns, values = table()
    values[1, 0:3] = np.nan
    values[2, 2] = 0.01
    recording = read(as_csv(tmp_path / "run.csv", columns, values), fps=50)
    k = recording.keypoints.index("left_hip")
    assert np.isnan(recording.xy[1, k]).all()
    np.testing.assert_array_equal(recording.confidence[:, k], [0.5, 0, 0.01, 0.5])


def test_labelled_pictures_are_declined(tmp_path):
    columns, values = table()
    names = [f"labeled-data/run/img{i}.png" for i in range(4)]
    with pytest.raises(InputError, match=r"labelled pictures.*Received labeled-data/run/img0"):
        read(as_csv(tmp_path / "run.csv", columns, values, names), fps=50)


def test_nothing_pickled_is_run(tmp_path):
    h5py = pytest.importorskip("h5py")

    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("boom").touch, ())

    path = as_table(tmp_path / "run.h5", *table())
    with h5py.File(path, "a") as file:
        attributes = file["df_with_missing/table"].attrs
        attributes["values_block_0_kind"] = np.bytes_(pickle.dumps([Bomb()], 0))
    with pytest.raises(InputError, match="names of the columns cannot be read"):
        read(path, fps=50)
    assert not (tmp_path / "boom").exists()


def test_names_that_do_not_fit_the_table(tmp_path):
    columns, values = table()
    path = as_table(tmp_path / "run.h5", columns[:-1], values)
    with pytest.raises(InputError, match="names of the columns do not fit"):
        read(path, fps=50)


def test_an_empty_table(tmp_path):
    columns, values = table()
    with pytest.raises(InputError, match="a header and no frames"):
        read(as_csv(tmp_path / "run.csv", columns, values[:0]), fps=50)


def test_a_header_without_x(tmp_path):
    columns, values = table(coordinates=("u", "v", "w"))
    with pytest.raises(InputError, match="no coordinates x and y"):
        read(as_csv(tmp_path / "run.csv", columns, values), fps=50)


def test_an_empty_table_in_hdf5(tmp_path):
    columns, values = table()
    with pytest.raises(InputError, match="no frames"):
        read(as_table(tmp_path / "run.h5", columns, values[:0]), fps=50)


def test_blank_lines_below_the_header(tmp_path):
    columns, values = table()
    path = as_csv(tmp_path / "run.csv", columns, values[:0])
    path.write_text(path.read_text() + "\n")
    with pytest.raises(InputError, match="a header and no frames"):
        read(path, fps=50)
