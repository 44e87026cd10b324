from __future__ import annotations

import sys

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import hdf5, limits
from stridewise.readers import read as read_recording

h5py = pytest.importorskip("h5py")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


def test_words_of_a_file(path):
    with h5py.File(path, "w") as file:
        file["long"] = np.zeros(100_000)
        file["tracks"] = 1
    head = path.read_bytes()[:100]
    assert hdf5.mentions(head, path, b"tracks", b"long")
    assert not hdf5.mentions(head, path, b"tracks", b"nodes")
    assert not hdf5.mentions(b"tracks", path, b"tracks")


def test_arrays_and_attributes(path):
    table = np.array([(1, [2.0, 3.0]), (4, [5.0, 6.0])], dtype=[("a", "i8"), ("b", "f8", (2,))])
    with h5py.File(path, "w") as file:
        file["deep/er"] = np.arange(6.0).reshape(2, 3)
        file["fixed"] = np.array(["a", "b"], dtype="S")
        file.create_dataset("free", data=["ä", "b"], dtype=h5py.string_dtype())
        file["table"] = table
        file.attrs["fps"] = np.array([50.0])
        file["table"].attrs["kind"] = np.bytes_(b"(lp0\xe4")
    found = hdf5.read(path, ["deep/er", "fixed", "free", "table", "none"])
    assert found.members == {"deep", "fixed", "free", "table"}
    np.testing.assert_array_equal(found.numbers("deep/er", 2), [[0, 1, 2], [3, 4, 5]])
    assert found.words("fixed") == ["a", "b"]
    assert found.words("free") == ["ä", "b"]
    np.testing.assert_array_equal(found.array("table"), table)
    assert found.attributes[""] == {"fps": 50.0}
    assert found.attributes["table"] == {"kind": "(lp0\xe4"}
    for use, message in (
        (lambda: found.array("none"), "has no none"),
        (lambda: found.words("deep/er"), "Expected a list of names"),
        (lambda: found.numbers("fixed", 1), "Expected numbers in 1 dimensions"),
        (lambda: found.numbers("deep/er", 1), "Received float64 in 2"),
    ):
        with pytest.raises(InputError, match=message):
            use()


def test_without_the_package(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file["tracks"] = file["node_names"] = 1
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r'h5py is not installed\..*"stridewise\[hdf5\]"'):
        read_recording(path)


def test_damaged_files_are_one_line(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(1000.0)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"a\.h5 is a damaged HDF5 file") as caught:
        hdf5.read(path, ["a"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os.abort()", "the library crashes"),
        ("while True: pass", "does not come to an end"),
    ],
)
def test_a_library_that_fails_does_no_harm(path, monkeypatch, tmp_path, program, message):
    child = tmp_path / "child.py"
    child.write_text(program)
    path.write_bytes(hdf5.MAGIC)
    monkeypatch.setattr(hdf5, "_CHILD", child)
    monkeypatch.setattr(hdf5, "_PATIENCE_S", 1.0)
    with pytest.raises(InputError, match=message):
        hdf5.read(path, ["a"])


def test_arrays_that_say_they_are_huge(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", shape=(limits.LARGEST_ARRAY + 1,), dtype="f8", chunks=(1000,))
    assert path.stat().st_size < 10_000
    found = hdf5.read(path, ["a"])
    with pytest.raises(InputError, match="The array a is too large"):
        found.numbers("a", 1)


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
    found = hdf5.read(path, ["link", "soft", "raw", "virtual"])
    assert found.arrays == {}
