"""SLEAP: analysis files in HDF5 and CSV, with names of the user's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.layout_map import Match, resolve
from stridewise.readers import csv, hdf5, points, tables, timing
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

Array = NDArray[np.float64]

#: Axes of `tracks` as SLEAP writes them, in MATLAB's order; sleap-io states others in `dims`.
_AXES = ("track", "xy", "node", "frame")
_TRACK = ("track", "instance_idx")
_PROJECT = frozenset(("frames", "instances", "pred_points", "metadata"))


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the file is an analysis export, or a project to be exported first."""
    if hdf5.mentions(head, path, b"node_names", b"tracks"):
        return True
    if hdf5.mentions(head, path, *(name.encode() for name in _PROJECT)):
        return True
    names = tables.header_of(head)
    return "frame_idx" in names and any(name.endswith(".x") for name in names)


def read(path: Path, options: Options) -> list[Recording]:
    """Read SLEAP's analysis export.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is needed, as the file has frame numbers only; `layout` names the nodes.

    Returns
    -------
    list of Recording
        One per track, in pixels.

    Raises
    ------
    InputError
        When the file is damaged or a project, or both legs are not there.
    """
    with path.open("rb") as file:
        binary = file.read(len(hdf5.MAGIC)) == hdf5.MAGIC
    return _from_hdf5(path, options) if binary else _from_csv(path, options)


def _from_hdf5(path: Path, options: Options) -> list[Recording]:
    found = hdf5.read(path, ["node_names", "track_names", "tracks", "point_scores"])
    if "tracks" not in found.members and found.members >= _PROJECT:
        raise InputError(
            f"{path.name} is a SLEAP project",
            expected="an analysis file",
            hint="In SLEAP choose File, Export Analysis HDF5",
        )
    names = found.words("node_names")
    match = resolve(names, options.layout)
    tracks = _turned(found, "tracks", ("track", "frame", "node", "xy"))
    if tracks.shape[2:] != (len(names), 2):
        raise InputError(
            "The tracks do not fit the names of the nodes",
            expected=f"{len(names)} nodes with x and y",
            received=f"shape {tracks.shape}",
        )
    called = found.words("track_names") if "track_names" in found.arrays else []
    called += [""] * (len(tracks) - len(called))
    scores = np.full(tracks.shape[:3], np.nan)
    if "point_scores" in found.arrays:
        stated = _turned(found, "point_scores", ("track", "frame", "node"))
        scores = stated if stated.shape == scores.shape else scores
    values = np.concatenate((tracks, scores[..., None]), axis=3)[:, :, match.index]
    time = timing.from_frames(np.arange(tracks.shape[1], dtype=float), fps=options.fps)
    seen = np.isfinite(values[..., :2]).all(axis=3).any(axis=(1, 2))
    return [
        points.in_image(
            track,
            time,
            match.keypoints,
            notes=[*tables.called(name, int(seen.sum())), *match.notes],
        )
        for name, track, here in zip(called, values, seen, strict=False)
        if here
    ]


def _turned(found: hdf5.Contents, name: str, wanted: Sequence[str]) -> Array:
    """Return an array with its axes in the wanted order."""
    axes = [axis for axis in _AXES if axis in wanted]
    stated = found.attributes.get(name, {}).get("dims")
    if stated is not None:
        axes = re.findall(r"\w+", str(stated))  # a JSON list
    if sorted(axes) != sorted(wanted):
        raise InputError(f"The axes of {name} are not known", received=", ".join(axes))
    return found.numbers(name, len(wanted)).transpose([axes.index(axis) for axis in wanted])


def _from_csv(path: Path, options: Options) -> list[Recording]:
    with tables.rows(path) as lines:
        names = [cell.strip() for cell in lines.next()]
        lower = [name.lower() for name in names]
        if "frame_idx" not in lower:
            raise InputError(
                "The table has no column frame_idx",
                expected="a header such as track,frame_idx,instance.score,nose.x,nose.y,nose.score",
            )
        nodes = {k: c for k, c in csv.columns(names).items() if {"x", "y"} <= c.keys()}
        match = resolve(list(nodes), options.layout)
        chosen = [list(nodes.values())[i] for i in match.index]
        wanted = [c.get(part, c["x"]) for c in chosen for part in ("x", "y", "confidence")]
        who = [lower.index(name) for name in _TRACK if name in lower]
        table = tables.read(lines, names, [lower.index("frame_idx"), *wanted], who)
    values = table.numbers[:, 1:].reshape(len(table.numbers), len(chosen), 3)
    values[:, ["confidence" not in c for c in chosen], 2] = np.nan
    notes = [*match.notes, *table.notes]
    # Bodies that were not tracked have no name; sleap-io then numbers those of each frame.
    told = next((i for i, words in enumerate(table.words) if words != [""]), None)
    track = np.zeros(len(values), dtype=np.intp) if told is None else table.codes[:, told]
    tracks = [""] if told is None else table.words[told]
    return [
        _track(
            table.numbers[rows, 0],
            values[rows],
            match,
            options,
            [*tables.called(name, len(tracks)), *notes],
        )
        for name, rows in zip(tracks, tables.by_person(track, len(tracks)), strict=True)
        if len(rows)
    ]


def _track(
    frame: Array, values: Array, match: Match, options: Options, notes: Sequence[str]
) -> Recording:
    """Return one track; of several bodies in one frame, which have none, the first is taken."""
    frames, first = np.unique(frame, return_index=True)
    more = len(frame) - len(frames)
    said = [f"{more} bodies without a track of their own were left aside."] if more else []
    time = timing.from_frames(frames, fps=options.fps)
    return points.in_image(values[first], time, match.keypoints, notes=[*notes, *said])


reader = Reader(
    name="sleap",
    description="SLEAP analysis files, HDF5 or CSV, one or several tracks",
    suffixes=(".h5", ".hdf5", ".csv", ".slp"),
    recognise=recognise,
    read=read,
    mapped=True,
)
