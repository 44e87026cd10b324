"""Cells of text tables: numbers, missing values, and errors that name the place."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError

Array = NDArray[np.float64]

_MISSING = frozenset(("", "nan", "na", "n/a", "none", "null", "-"))
#: A number of text as JSON has it, so that its fast parser reads tables too.
_CELLS = msgspec.json.Decoder(list[float | None])
_REFUSED = (msgspec.MsgspecError, ValueError, RecursionError)
_NULL = dict.fromkeys(("", "nan", "NaN"), "null")


def number(cell: str, line: int, column: str) -> float:
    """Return one cell as a number; NaN where it says that nothing was seen.

    A comma counts as the decimal point.

    Raises
    ------
    InputError
        When the cell is neither; it names line and column.
    """
    text = cell.strip()
    if text.lower() in _MISSING:
        return float("nan")
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise InputError(
            f"Line {line}, column {column} is not a number",
            expected="a number, or an empty cell for a missing point",
            received=repr(text[:40]),
        ) from None


def plain_lines(text: str, separator: str) -> Array | None:
    """Return lines of plain numbers as an array, where they are nothing else.

    Parameters
    ----------
    text : str
        Whole lines, ended by line feeds. Empty cells and `nan` are NaN.
    separator : str
        Between cells; a space stands for any white space.

    Returns
    -------
    ndarray, shape (lines, cells), or None
        None where a cell is anything else, or lines differ in length.
    """
    if separator == " ":
        text = "\n".join(map(",".join, map(str.split, text.rstrip("\n").split("\n"))))
    else:
        text = text.rstrip("\n")
        if separator != ",":
            text = text.replace(",", ".").replace(separator, ",")
    width = _width(text)
    if width is None:
        return None
    for fill in (str, _filled):
        try:
            values = _CELLS.decode("[" + fill(text).replace("\n", ",") + "]")
        except _REFUSED:
            continue
        return _floats(values).reshape(-1, width)
    return None


def _width(text: str) -> int | None:
    """Count the cells of each line; None where they differ."""
    signs = np.frombuffer(text.encode(), dtype=np.uint8)
    if not signs.size:
        return None
    ends = signs[np.flatnonzero((signs == ord(",")) | (signs == ord("\n")))] == ord("\n")
    lines = int(ends.sum()) + 1
    width, rest = divmod(len(ends) + 1, lines)
    return width if rest == 0 and ends[width - 1 :: width].sum() == lines - 1 else None


def _floats(values: Sequence[float | None]) -> Array:
    try:
        return np.fromiter(values, dtype=float, count=len(values))
    except TypeError:  # None where nothing was seen
        return np.array(values, dtype=float)


def plain_cells(cells: Sequence[str]) -> Array | None:
    """Return plain numbers as an array; None where a cell is anything else."""
    for attempt in (cells, (_NULL.get(cell, cell) for cell in cells)):
        try:
            values = _CELLS.decode("[" + ",".join(attempt) + "]")
        except _REFUSED:
            continue
        return _floats(values) if len(values) == len(cells) else None
    return None


def _filled(text: str) -> str:
    """Put the word of JSON for nothing where nothing was seen."""
    for empty, filled in (
        ("nan", "null"),
        ("NaN", "null"),
        (",,", ",null,"),
        (",,", ",null,"),
        (",\n", ",null\n"),
        ("\n,", "\nnull,"),
    ):
        if empty in text:
            text = text.replace(empty, filled)
    return ("null" if text.startswith(",") else "") + text + ("null" if text.endswith(",") else "")
