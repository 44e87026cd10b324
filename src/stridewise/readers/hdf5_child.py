"""Read arrays of an HDF5 file in a process of its own: `hdf5_child.py FILE OUT LIMIT NAME...`.

On damaged files the HDF5 library may crash or never come back, which would take the caller along.
This file is run by `stridewise.readers.hdf5` and imports nothing of the package.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import h5py
import numpy as np


def main(path: str, out: str, limit: int, names: list[str]) -> None:
    """Write the arrays of these names, and what is said about them, as `.npz`."""
    arrays: dict[str, Any] = {}
    about: dict[str, Any] = {"attributes": {}, "too_large": {}}
    with h5py.File(path, "r") as file:
        about["members"] = [str(name) for name in file]
        about["attributes"][""] = _attributes(file)
        for name in names:
            item = _inside(file, name)
            if item is None:
                continue
            about["attributes"][name] = _attributes(item)
            if not isinstance(item, h5py.Dataset) or item.shape is None:
                continue
            size = max(item.size, _product(item.chunks)) * max(item.dtype.itemsize / 8, 1)
            if size > limit:
                about["too_large"][name] = size
            else:
                arrays[name] = _plain(item[()])
    # An array of bytes: names in the file may be no Unicode.
    arrays[" about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    np.savez(out, **arrays)


def _product(chunks: tuple[int, ...] | None) -> float:
    return float(np.prod(chunks, dtype=float)) if chunks else 0.0


def _inside(file: Any, name: str) -> Any:
    """Return what lies in the file itself under a name: no link to elsewhere, no other file."""
    item = file
    for part in name.split("/"):
        if not isinstance(item, h5py.Group) or part not in item:
            return None
        if not isinstance(item.get(part, getlink=True), h5py.HardLink):
            return None
        item = item[part]
    outside = isinstance(item, h5py.Dataset) and (item.is_virtual or item.external)
    return None if outside else item


def _plain(values: Any) -> Any:
    """Return an array that holds no Python objects: text instead."""
    array = np.asarray(values)
    if array.dtype.kind != "O":
        return array
    return np.array([_text(value) for value in array.ravel()], dtype=str).reshape(array.shape)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _attributes(item: Any) -> dict[str, Any]:
    """Return the attributes that are text, numbers or short lists of them."""
    found = {}
    for name in item.attrs:
        if name in ("DIMENSION_LIST", "REFERENCE_LIST"):
            continue
        value = item.attrs[name]
        if isinstance(value, np.ndarray | np.generic):
            value = value.item() if value.size == 1 else value.tolist()
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if isinstance(value, str | int | float) or (
            isinstance(value, list) and all(isinstance(each, int | float) for each in value)
        ):
            found[str(name)] = value
    return found


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
    except Exception as error:  # Damaged bytes lead the library anywhere.
        print(f"{type(error).__name__}: {error}")
        sys.exit(3)
