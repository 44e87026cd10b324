from __future__ import annotations

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import from_xarray, read, read_people
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED

NAMES = (*REQUIRED, "nose")
TIME = np.array([0.0, 0.1, 0.2, 0.4])


@pytest.fixture
def position():
    return np.random.default_rng(0).uniform(1, 900, (4, 2, len(NAMES), 2))


@pytest.fixture
def confidence():
    return np.random.default_rng(1).uniform(0.3, 1, (4, len(NAMES), 2))


@pytest.fixture
def netcdf(tmp_path):
    pytest.importorskip("h5py")
    from tests.readers.hdf5_files import movement_netcdf

    def write(*arrays, **options):
        return movement_netcdf(tmp_path / "run.nc", NAMES, *arrays, **options)

    return write


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("singular", [False, True])
def test_individuals_are_people(netcdf, position, confidence, singular, numbered):
    path = netcdf(position, confidence, TIME, singular=singular, numbered=numbered)
    people = read_people(path)
    assert [person.format for person in people] == ["movement"] * 2
    for i, person in enumerate(people):
        np.testing.assert_array_equal(person.time, TIME)
        for k, name in enumerate(NAMES):
            np.testing.assert_array_equal(person.point(name), position[:, :, k, i])
            at = person.keypoints.index(name)
            np.testing.assert_array_equal(person.confidence[:, at], confidence[:, k, i])
        assert person.notes == ()


def test_axes_in_the_order_of_older_versions(netcdf, position, confidence):
    h5py = pytest.importorskip("h5py")
    path = netcdf(position[..., :1], confidence[..., :1], TIME, numbered=False)
    with h5py.File(path, "a") as file:
        for name, data in (
            ("position", position[..., :1].transpose(0, 3, 2, 1)),
            ("confidence", confidence[..., :1].transpose(0, 2, 1)),
        ):
            del file[name]
            file[name] = data
    np.testing.assert_array_equal(read(path).point("left_hip"), position[:, :, 0, 0])


def test_times_in_frames(netcdf, position, confidence):
    frames = np.array([0.0, 1.0, 2.0, 4.0])
    path = netcdf(position, confidence, frames, time_unit=np.bytes_(b"frames"))
    np.testing.assert_allclose(read(path, fps=10).time, TIME)
    with pytest.raises(InputError, match="--fps"):
        read(path)


def test_points_in_space(netcdf, body):
    position = np.stack([body[name] for name in NAMES], axis=2)[..., None]
    recording = read(netcdf(position, np.ones((40, 7, 1)), np.arange(40) / 100))
    assert recording.unit == "m"
    k = recording.keypoints.index("left_knee")
    expected = body["left_knee"] * (1, -1, -1)
    np.testing.assert_allclose(recording.xy[:, k], expected[:, :2], atol=1e-12)
    np.testing.assert_allclose(recording.depth[:, k], expected[:, 2], atol=1e-12)


def test_confidences_that_are_not_known(netcdf, position, confidence):
    recording = read(netcdf(position, np.full_like(confidence, np.nan), TIME))
    np.testing.assert_array_equal(recording.confidence, 1.0)


def test_positions_that_do_not_fit(netcdf, position, confidence):
    h5py = pytest.importorskip("h5py")
    path = netcdf(position, confidence, TIME)
    with h5py.File(path, "a") as file:
        del file["space"]
        file["space"] = np.array(["u", "v"], dtype="S")
    with pytest.raises(InputError, match=r"do not fit their coordinates.*with u, v"):
        read(path)


def recording(**changes) -> Recording:
    rng = np.random.default_rng(2)
    xy = rng.uniform(1, 900, (4, len(NAMES), 2))
    xy[1, 2] = np.nan
    fields = {
        "xy": xy,
        "confidence": rng.uniform(0.3, 1, (4, len(NAMES))),
        "time": TIME,
        "keypoints": NAMES,
        "source": "run.csv",
        "format": "csv",
    }
    return Recording(**{**fields, **changes})


def test_to_xarray_turned_back():
    pytest.importorskip("xarray")
    there = recording()
    back = from_xarray(there.to_xarray())
    order = [back.keypoints.index(name) for name in there.keypoints]
    np.testing.assert_array_equal(back.xy[:, order], there.xy)
    np.testing.assert_array_equal(back.confidence[:, order], there.confidence)
    np.testing.assert_array_equal(back.time, there.time)
    assert (back.source, back.format, back.unit) == ("run.csv", "csv", "px")
    assert back.notes == ()


def test_datasets_with_axes_in_another_order():
    pytest.importorskip("xarray")
    dataset = recording().to_xarray()
    turned = dataset.transpose("individuals", "keypoints", "space", "time")
    np.testing.assert_array_equal(from_xarray(turned).xy, from_xarray(dataset).xy)
    single = dataset.rename(individuals="individual", keypoints="keypoint")
    np.testing.assert_array_equal(from_xarray(single).xy, from_xarray(dataset).xy)
    alone = dataset.isel(individuals=0)
    np.testing.assert_array_equal(from_xarray(alone).xy, from_xarray(dataset).xy)


def test_datasets_with_names_of_their_own():
    pytest.importorskip("xarray")
    dataset = recording().to_xarray()
    dataset = dataset.assign_coords(keypoints=["coxa", *NAMES[1:]])
    np.testing.assert_array_equal(
        from_xarray(dataset, map={"coxa": "left_hip"}).point("left_hip"), recording().xy[:, 0]
    )
    with pytest.raises(InputError, match="No point of the file is left_hip"):
        from_xarray(dataset)


def test_datasets_that_are_no_poses():
    pytest.importorskip("xarray")
    dataset = recording().to_xarray()
    for damaged, message in (
        (dataset.drop_vars("position"), "holds no poses"),
        (dataset.drop_vars("space"), "holds no poses"),
        (dataset.drop_vars("keypoints"), "does not name its keypoints"),
        (dataset.assign(position=dataset.position.astype(str).str.cat("a")), "no numbers"),
        (dataset.assign(position=dataset.position.expand_dims("camera")), "axes of the dataset"),
    ):
        with pytest.raises(InputError, match=message):
            from_xarray(damaged)


def test_axes_whose_numbers_are_no_numbers(netcdf, position, confidence):
    h5py = pytest.importorskip("h5py")
    path = netcdf(position, confidence, TIME)
    with h5py.File(path, "r+") as file:
        file["time"].attrs["_Netcdf4Dimid"] = np.array([0, 1], dtype=np.int32)
    np.testing.assert_array_equal(read(path).time, TIME)  # told by the lengths of the axes
