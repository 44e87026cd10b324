"""HDF5 files: what is in them, and arrays of a bounded size out of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers.limits import check_size

Array = NDArray[np.float64]

MAGIC = b"\x89HDF\r\n\x1a\n"
LARGEST_LIST = 100_000


def members(head: bytes, path: Path) -> frozenset[str] | None:
    """Return the names at the top of a file; none when it is no HDF5, None without h5py."""
    if not head.startswith(MAGIC):
        return frozenset()
    try:
        import h5py
    except ImportError:
        return None
    try:
        with h5py.File(path, "r") as file:
            return frozenset(str(name) for name in file)
    except Exception:  # Damaged bytes lead the library anywhere.
        return frozenset()


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file for reading; whatever the library raises is one plain line.

    Raises
    ------
    InputError
        When h5py is not installed, or the file is damaged or lacks what is asked for.
    """
    try:
        import h5py
    except ImportError as error:
        raise InputError(
            f"{path.name} is an HDF5 file, and the package h5py is not installed",
            hint='Install it with: pip install "stridewise[hdf5]"',
        ) from error
    try:
        with h5py.File(path, "r") as file:
            yield file
    except InputError:
        raise
    except Exception as error:  # Damaged bytes lead the library anywhere.
        raise InputError(
            f"{path.name} is a damaged HDF5 file",
            expected="a whole file",
            received=f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
        ) from error


def dataset(group: Any, name: str) -> Any:
    """Return a dataset that lies in the file itself.

    Raises
    ------
    InputError
        When there is none, when it points to another file, or is too large (see `limits`).
    """
    import h5py

    if name not in group or not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise InputError(f"The file has no {name}", received=f"{', '.join(list(group)[:8])}")
    found = group[name]
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise InputError(f"{name} is no array in this file")
    size = found.size * max(found.dtype.itemsize // 8, 1) if found.shape is not None else 0
    chunk = np.prod(found.chunks, dtype=float) if found.chunks else 0
    check_size(name, max(size, float(chunk)))
    return found


def numbers(group: Any, name: str, dimensions: int) -> Array:
    """Return a dataset as floats.

    Raises
    ------
    InputError
        As `dataset`, and when it holds no numbers or has another number of dimensions.
    """
    found = dataset(group, name)
    if found.dtype.kind not in "fiub" or found.ndim != dimensions:
        raise InputError(
            f"{name} cannot be used",
            expected=f"numbers in {dimensions} dimensions",
            received=f"{found.dtype} in {found.ndim}",
        )
    return np.asarray(found[()], dtype=float)


def words(group: Any, name: str) -> list[str]:
    """Return a dataset of text as a list.

    Raises
    ------
    InputError
        As `dataset`, and when it is no list of text.
    """
    found = dataset(group, name)
    if found.ndim != 1 or found.dtype.kind not in "OSU" or found.size > LARGEST_LIST:
        raise InputError(f"{name} cannot be used", expected="a list of names")
    return [text(item) for item in found[()]]


def text(value: object) -> str:
    """Return text that may come as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
