from __future__ import annotations

import sys

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import hdf5, limits, read

h5py = pytest.importorskip("h5py")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


def test_members(path):
    with h5py.File(path, "w") as file:
        file["tracks"] = 1
        file.create_group("deep/er")
    assert hdf5.members(path.read_bytes(), path) == {"tracks", "deep"}
    assert hdf5.members(b"text", path) == frozenset()
    path.write_bytes(hdf5.MAGIC + b"broken")
    assert hdf5.members(path.read_bytes(), path) == frozenset()


def test_without_the_package(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file["tracks"] = 1
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert hdf5.members(path.read_bytes(), path) is None
    with pytest.raises(InputError, match=r'h5py is not installed\..*"stridewise\[hdf5\]"'):
        read(path)


def test_damaged_files_are_one_line(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(1000.0)
    path.write_bytes(path.read_bytes()[:3000])
    with (
        pytest.raises(InputError, match=r"a\.h5 is a damaged HDF5 file") as caught,
        hdf5.opened(path) as file,
    ):
        hdf5.numbers(file, "a", 1)
    assert "\n" not in str(caught.value)


def test_arrays_that_say_they_are_huge(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", shape=(limits.LARGEST_ARRAY + 1,), dtype="f8", chunks=(1000,))
    assert path.stat().st_size < 10_000
    with hdf5.opened(path) as file, pytest.raises(InputError, match="The array a is too large"):
        hdf5.numbers(file, "a", 1)


def test_nothing_outside_the_file_is_read(path, tmp_path):
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones(3)
    raw = tmp_path / "raw.bin"
    raw.write_bytes(bytes(24))
    layout = h5py.VirtualLayout(shape=(3,), dtype="f8")
    layout[:] = h5py.VirtualSource(other, "secret", shape=(3,))
    with h5py.File(path, "w") as file:
        file["link"] = h5py.ExternalLink(other, "secret")
        file["soft"] = h5py.SoftLink("/link")
        file.create_dataset("raw", (3,), dtype="f8", external=[(str(raw), 0, 24)])
        file.create_virtual_dataset("virtual", layout)
    with hdf5.opened(path) as file:
        for name in ("link", "soft", "raw", "virtual", "none"):
            with pytest.raises(InputError, match=f"has no {name}|{name} is no array"):
                hdf5.numbers(file, name, 1)


def test_text(path):
    with h5py.File(path, "w") as file:
        file["fixed"] = np.array(["a", "b"], dtype="S")
        file.create_dataset("free", data=["ä", "b"], dtype=h5py.string_dtype())
        file["numbers"] = [1, 2]
    with hdf5.opened(path) as file:
        assert hdf5.words(file, "fixed") == ["a", "b"]
        assert hdf5.words(file, "free") == ["ä", "b"]
        with pytest.raises(InputError, match="Expected a list of names"):
            hdf5.words(file, "numbers")
