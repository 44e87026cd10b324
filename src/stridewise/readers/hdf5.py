"""HDF5 files: arrays of a bounded size, read where a failing library does no harm."""

from __future__ import annotations

import importlib.util
import json
import mmap
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers.limits import LARGEST_ARRAY, check_size

Array = NDArray[np.float64]

MAGIC = b"\x89HDF\r\n\x1a\n"
#: Time to read a file: to start, and for each byte at 10 MB/s.
_PATIENCE_S = 8.0
_PATIENCE_S_PER_BYTE = 1e-7
_CHILD = Path(__file__).with_name("hdf5_child.py")
_ABOUT = " about"


@dataclass(frozen=True)
class Contents:
    """What was asked for of a file.

    Parameters
    ----------
    members : frozenset of str
        All names at the top of the file.
    arrays : mapping of str to ndarray
        By path in the file; text as `str`. What the file does not have is not there.
    attributes : mapping of str to mapping
        Text and numbers by path in the file; "" for those of the file itself.
    too_large : mapping of str to float
        How many numbers those arrays take that were not read.
    """

    members: frozenset[str]
    arrays: Mapping[str, NDArray[Any]]
    attributes: Mapping[str, Mapping[str, Any]]
    too_large: Mapping[str, float]

    def array(self, name: str) -> NDArray[Any]:
        """Return an array as it is.

        Raises
        ------
        InputError
            When the file does not have it, or it is too large (see `limits`).
        """
        check_size(name, self.too_large.get(name, 0.0))
        if name not in self.arrays:
            raise InputError(
                f"The file has no {name}", received=", ".join(sorted(self.members)[:8])
            )
        return self.arrays[name]

    def numbers(self, name: str, dimensions: int) -> Array:
        """Return an array as floats.

        Raises
        ------
        InputError
            As `array`, and when it holds no numbers or has another number of dimensions.
        """
        found = self.array(name)
        if found.dtype.kind not in "fiub" or found.ndim != dimensions:
            raise InputError(
                f"{name} cannot be used",
                expected=f"numbers in {dimensions} dimensions",
                received=f"{found.dtype} in {found.ndim}",
            )
        return found.astype(float)

    def words(self, name: str) -> list[str]:
        """Return a list of text.

        Raises
        ------
        InputError
            As `array`, and when it is no list of text.
        """
        found = self.array(name)
        if found.ndim != 1 or found.dtype.kind not in "SU":
            raise InputError(f"{name} cannot be used", expected="a list of names")
        return [
            word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
            for word in found.tolist()
        ]


def mentions(head: bytes, path: Path, *words: bytes) -> bool:
    """Say whether a file is HDF5 and has all these words in it, as names in it would be."""
    if not head.startswith(MAGIC):
        return False
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as all_:
            return all(all_.find(word) >= 0 for word in words)
    except (OSError, ValueError):
        return False


def read(path: Path, names: Sequence[str]) -> Contents:
    """Read arrays by their paths in the file, with the attributes of these and of the file.

    Raises
    ------
    InputError
        When h5py is not installed, or the HDF5 library fails on the file.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise _damaged(path, "another beginning")
    if importlib.util.find_spec("h5py") is None:
        raise InputError(
            f"{path.name} is an HDF5 file, and the package h5py is not installed",
            hint='Install it with: pip install "stridewise[hdf5]"',
        )
    with tempfile.TemporaryDirectory(prefix="stridewise-") as folder:
        out = Path(folder) / "arrays.npz"
        # -P keeps the folder of readers, one of which is called csv, out of the child's imports.
        files = [str(_CHILD), str(path.resolve()), str(out)]
        command = [sys.executable, "-P", *files, str(LARGEST_ARRAY), *names]
        patience = _PATIENCE_S + _PATIENCE_S_PER_BYTE * path.stat().st_size
        try:
            child = subprocess.run(command, capture_output=True, timeout=patience, check=False)
        except subprocess.TimeoutExpired:
            raise _damaged(path, "the library does not come to an end") from None
        if child.returncode:
            said = child.stdout.decode("utf-8", "replace").strip()
            raise _damaged(path, said or "the library crashes")
        with np.load(out, allow_pickle=False) as found:
            about = json.loads(found[_ABOUT].tobytes())
            arrays = {name: found[name] for name in found.files if name != _ABOUT}
    return Contents(frozenset(about["members"]), arrays, about["attributes"], about["too_large"])


def _damaged(path: Path, received: str) -> InputError:
    return InputError(
        f"{path.name} is a damaged HDF5 file", expected="a whole file", received=received
    )
