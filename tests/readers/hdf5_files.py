"""HDF5 files as other programs write them, byte layout and attributes alike."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def deeplabcut_table(
    path: Path, columns: Sequence[tuple[str, ...]], values: Array, *, frames: Sequence[int] = ()
) -> Path:
    """Write what pandas writes with `format="table"`: a PyTables table in blocks of columns."""
    rows = np.empty(
        len(values), dtype=[("index", "<i8"), ("values_block_0", "<f8", (values.shape[1],))]
    )
    rows["index"] = frames or range(len(values))
    rows["values_block_0"] = values
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        table = group.create_dataset(
            "table", data=rows, chunks=(max(len(rows), 1),), maxshape=(None,)
        )
        table.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(list(columns), 0))
    return path


def deeplabcut_fixed(path: Path, columns: Sequence[tuple[str, ...]], values: Array) -> Path:
    """Write what pandas writes in its fixed format, as movement does."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["block0_items_nlevels"] = len(columns[0])
        group["axis1"] = np.arange(len(values))
        group["block0_values"] = values
        for level, names in enumerate(zip(*columns, strict=True)):
            words = sorted(set(names))
            group[f"block0_items_level{level}"] = np.array(words, dtype="S")
            codes = np.array([words.index(name) for name in names], dtype="i1")
            group[f"block0_items_label{level}"] = codes
    return path


def sleap_analysis(
    path: Path, nodes: Sequence[str], tracks: Array, scores: Array, *, dims: bool = False
) -> Path:
    """Write SLEAP's analysis export from (tracks, frames, nodes, 2) and (tracks, frames, nodes)."""
    with h5py.File(path, "w") as file:
        file["node_names"] = np.array(nodes, dtype="S")
        file["track_names"] = np.array([f"track_{i}" for i in range(len(tracks))], dtype="S")
        if dims:
            file["tracks"] = tracks.swapaxes(0, 1)
            file["tracks"].attrs["dims"] = '["frame", "track", "node", "xy"]'
            file["point_scores"] = scores.swapaxes(0, 1)
            file["point_scores"].attrs["dims"] = '["frame", "track", "node"]'
        else:  # MATLAB's order
            gzip = {"compression": "gzip"}
            file.create_dataset("tracks", data=tracks.transpose(0, 3, 2, 1), **gzip)
            file.create_dataset("point_scores", data=scores.transpose(0, 2, 1), **gzip)
        file["track_occupancy"] = np.ones((tracks.shape[1], len(tracks)), dtype=np.uint8)
    return path


def movement_netcdf(
    path: Path,
    names: Sequence[str],
    position: Array,
    confidence: Array,
    time: Array,
    *,
    singular: bool = False,
    numbered: bool = True,
    **attributes: object,
) -> Path:
    """Write a poses dataset from (time, space, keypoints, individuals), as netCDF 4 keeps it."""
    ending = "" if singular else "s"
    coordinates = {
        "time": time,
        "space": ["x", "y", "z"][: position.shape[1]],
        f"keypoint{ending}": list(names),
        f"individual{ending}": [f"id_{i}" for i in range(position.shape[3])],
    }
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        for name, values in coordinates.items():
            text = isinstance(values, list)
            file.create_dataset(name, data=values, dtype=h5py.string_dtype() if text else None)
            file[name].attrs["_Netcdf4Dimid"] = np.int32(len(file) - 1)
        for variable, data in (("position", position), ("confidence", confidence)):
            file[variable] = data
            numbers = [0, 1, 2, 3] if variable == "position" else [0, 2, 3]
            if numbered:
                file[variable].attrs["_Netcdf4Coordinates"] = np.array(numbers, dtype=np.int32)
    return path
