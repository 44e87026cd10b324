"""DeepLabCut (and Lightning Pose): tables with a header of several rows, in CSV and HDF5.

The columns are named by scorer, individual (with several animals), body part and coordinate. In
HDF5 the table is that of pandas, `df_with_missing`.
"""

from __future__ import annotations

import pickletools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.layout_map import resolve
from stridewise.readers import hdf5, points, tables, timing
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

Array = NDArray[np.float64]
#: (scorer, body part, coordinate), or with the individual after the scorer.
Column = tuple[str, ...]

TABLE = "df_with_missing"
_LEVELS = (("scorer", "bodyparts", "coords"), ("scorer", "individuals", "bodyparts", "coords"))
_COORDINATES = ("x", "y", "z", "likelihood")
_EXPECTED = (
    "the header rows scorer, (individuals,) bodyparts and coords, then one row per frame of a video"
)


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the file has DeepLabCut's header rows, or its table in HDF5."""
    if hdf5.mentions(head, path, TABLE.encode()):
        return True
    starts = tuple(row[0].lower() if row else "" for row in tables.first_rows(head, 4))
    return any(starts[: len(levels)] == levels for levels in _LEVELS)


def read(path: Path, options: Options) -> list[Recording]:
    """Read what DeepLabCut found in a video.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is needed, as the file has frame numbers only; `layout` names the body parts.

    Returns
    -------
    list of Recording
        One per individual: in pixels, or in metres or leg lengths with depth where the file has z.

    Raises
    ------
    InputError
        When the table is damaged or of labelled pictures, or both legs are not there.
    """
    with path.open("rb") as file:
        binary = file.read(len(hdf5.MAGIC)) == hdf5.MAGIC
    columns, frame, values, notes = _from_hdf5(path) if binary else _from_csv(path)
    kept, repeated = timing.increasing(frame)
    time = timing.from_frames(frame[kept], fps=options.fps)
    individuals = _individuals(columns)
    people = [
        _person(
            parts,
            values[kept],
            time,
            options,
            [*tables.called(name, len(individuals)), *notes, *repeated],
        )
        for name, parts in individuals.items()
    ]
    whole = [person for person in people if isinstance(person, Recording)]
    if not whole:
        raise next(error for error in people if isinstance(error, InputError))
    return whole


def _individuals(columns: Sequence[Column]) -> dict[str, dict[str, dict[str, int]]]:
    """Return the columns of each body part of each individual."""
    people: dict[str, dict[str, dict[str, int]]] = {}
    for i, (_, *who, part, coordinate) in enumerate(columns):
        if coordinate in _COORDINATES:
            person = people.setdefault(who[0] if who else "", {})
            person.setdefault(part, {}).setdefault(coordinate, i)
    if not people:
        raise InputError("The table has no coordinates x and y", expected=_EXPECTED)
    return people


def _person(
    parts: dict[str, dict[str, int]],
    values: Array,
    time: Array,
    options: Options,
    notes: Sequence[str],
) -> Recording | InputError:
    """Return one individual, or why it has no legs: "single" holds the marks of the place."""
    seen = {name: c for name, c in parts.items() if {"x", "y"} <= c.keys()}
    try:
        match = resolve(list(seen), options.layout)
    except InputError as error:
        return error
    chosen = [list(seen.values())[i] for i in match.index]
    spatial = all("z" in c for c in chosen)
    coordinates = _COORDINATES if spatial else ("x", "y", "likelihood")
    wanted = [[c.get(coordinate, -1) for coordinate in coordinates] for c in chosen]
    # The last column stands for what the file does not have.
    found = np.column_stack((values, np.full(len(values), np.nan)))[:, np.array(wanted)]
    said = [*notes, *match.notes]
    if spatial:
        return points.in_space(found, time, match.keypoints, unit=None, notes=said)
    return points.in_image(found, time, match.keypoints, notes=said)


def _pictures(received: str) -> InputError:
    return InputError(
        "The table holds labelled pictures, not the frames of a video",
        expected="frame numbers in the first column, as analyze_videos writes them",
        received=received,
    )


def _from_csv(path: Path) -> tuple[list[Column], Array, Array, list[str]]:
    """Return columns, frame numbers, values of shape (frames, columns), and notes."""
    with tables.rows(path) as lines:
        head = [[cell.strip() for cell in lines.next()] for _ in range(3)]
        if len(head[1]) and head[1][0].lower() == "individuals":
            head.append([cell.strip() for cell in lines.next()])
        levels = tuple(row[0].lower() if row else "" for row in head)
        width = min(len(row) for row in head)
        if levels not in _LEVELS or width < 3:
            raise InputError("The header is not DeepLabCut's", expected=_EXPECTED)
        columns = [tuple(row[i] for row in head) for i in range(1, width)]
        names = ["frame", *(" ".join(column[1:]) for column in columns)]
        first = lines.peek()
        if first and not first[0].strip().isdecimal():
            raise _pictures(first[0][:60])
        table = tables.read(lines, names, range(width), first=len(head) + 1)
    return columns, table.numbers[:, 0], table.numbers[:, 1:], table.notes


def _from_hdf5(path: Path) -> tuple[list[Column], Array, Array, list[str]]:
    names = ["table", "axis1", "block0_values"]
    names += [f"block0_items_{kind}{level}" for kind in ("level", "label") for level in range(4)]
    found = hdf5.read(path, [TABLE, *(f"{TABLE}/{name}" for name in names)])
    if f"{TABLE}/table" in found.attributes:
        return *_appendable(found), []
    if f"{TABLE}/block0_values" in found.attributes:
        return *_fixed(found), []
    raise InputError(f"{path.name} has no table {TABLE}", expected="a file of analyze_videos")


def _appendable(found: hdf5.Contents) -> tuple[list[Column], Array, Array]:
    """Return what pandas wrote with `format="table"`: one record per row, in blocks of columns."""
    table = found.array(f"{TABLE}/table")
    fields = table.dtype.names or ()
    blocks = [name for name in fields if name.startswith("values_block_")]
    if "index" not in fields or not blocks:
        raise InputError("The table of the HDF5 file cannot be used", expected=_EXPECTED)
    if not len(table):
        raise InputError("The table holds no frames", expected=_EXPECTED)
    if table["index"].dtype.kind not in "iu" or table["index"].ndim != 1:
        raise _pictures(str(table["index"][:1])[:60])
    columns: list[Column] = []
    values = []
    for block in blocks:
        if table[block].dtype.kind not in "fiu":
            raise InputError(f"{block} holds no numbers", received=table[block].dtype)
        columns += _unpickled(found.attributes[f"{TABLE}/table"].get(f"{block}_kind", ""))
        values.append(table[block].astype(float).reshape(len(table), -1))
    stacked = np.concatenate(values, axis=1)
    if len(columns) != stacked.shape[1] or not all(len(c) in (3, 4) for c in columns):
        raise InputError("The names of the columns do not fit the table", expected=_EXPECTED)
    return columns, table["index"].astype(float), stacked


def _unpickled(data: object) -> list[Column]:
    """Return a list of tuples of text from its pickle, of which nothing is ever run.

    PyTables pickles with protocol 0; only the operations of such a list are understood.
    """
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[Any, Any] = {}
    try:
        for operation, argument, _ in pickletools.genops(str(data).encode("latin-1")):
            if operation.name == "MARK":
                marks.append(len(stack))
            elif operation.name in ("TUPLE", "LIST"):
                start = marks.pop()
                items = stack[start:]
                stack[start:] = [tuple(items) if operation.name == "TUPLE" else items]
            elif operation.name == "UNICODE":
                stack.append(argument)
            elif operation.name == "PUT":
                memo[argument] = stack[-1]
            elif operation.name == "GET":
                stack.append(memo[argument])
            elif operation.name == "APPEND":
                item = stack.pop()
                stack[-1].append(item)
            elif operation.name == "STOP":
                break
            else:
                raise ValueError(operation.name)
        columns = stack[-1]
    except (ValueError, LookupError, AttributeError) as error:
        raise InputError(
            "The names of the columns cannot be read from the HDF5 file",
            expected="a list of text",
            received=error,
            hint="Save the table as CSV",
        ) from None
    if not isinstance(columns, list) or not all(
        isinstance(c, tuple) and all(isinstance(word, str) for word in c) for c in columns
    ):
        raise InputError("The names of the columns cannot be used", expected="tuples of text")
    return columns


def _fixed(found: hdf5.Contents) -> tuple[list[Column], Array, Array]:
    """Return what pandas wrote in its fixed format, as `movement` does: names as codes."""
    values = found.numbers(f"{TABLE}/block0_values", 2)
    levels = []
    for level in range(4):
        items = f"{TABLE}/block0_items_"
        if f"{items}level{level}" not in found.arrays:
            break
        words = found.words(f"{items}level{level}")
        codes = found.numbers(f"{items}label{level}", 1).astype(int)
        if len(codes) and not 0 <= codes.min() <= codes.max() < len(words):
            raise InputError("The names of the columns cannot be used", expected=_EXPECTED)
        levels.append([words[code] for code in codes])
    columns = list(zip(*levels, strict=False))
    if len(levels) < 3 or len(columns) != values.shape[1]:
        raise InputError("The names of the columns do not fit the table", expected=_EXPECTED)
    index = found.arrays.get(f"{TABLE}/axis1")
    if index is None or index.dtype.kind not in "iu" or index.shape != values.shape[:1]:
        raise _pictures("no frame numbers" if index is None else f"an index of {index.dtype}")
    return columns, index.astype(float), values


reader = Reader(
    name="deeplabcut",
    description="DeepLabCut and Lightning Pose, CSV or HDF5, one or several individuals",
    suffixes=(".csv", ".h5", ".hdf5"),
    recognise=recognise,
    read=read,
    mapped=True,
)
