"""Text tables: encoding, delimiter, header, numbers and words, without a line held twice."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from math import isfinite, nan
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers import timing
from stridewise.readers.cells import number
from stridewise.readers.registry import Options

Array = NDArray[np.float64]
Index = NDArray[np.intp]

#: Column names of a clock, as other programs write them, and what they hold; times whose unit is
#: not in the name are told by their steps.
CLOCKS = {
    **dict.fromkeys(("time_s", "time", "timestamp", "t", "time_sec", "seconds", "sec"), "time"),
    **dict.fromkeys(("time_ms", "timestamp_ms", "milliseconds", "millis", "ms"), "ms"),
    **dict.fromkeys(
        ("frame", "frame_idx", "frame_index", "frame_number", "frame_id", "frame_no", "frame_num"),
        "frame",
    ),
}

#: More people than this in one file are no people but broken tracks.
LARGEST_CROWD = 1000


@dataclass(frozen=True)
class Table:
    """Columns of a text table.

    Parameters
    ----------
    numbers : ndarray, shape (rows, columns)
        The columns asked for; NaN where a cell says that nothing was seen.
    codes : ndarray, shape (rows, columns)
        The columns of words asked for, as positions in `words`.
    words : list of list of str
        For each such column, its different words in the order in which they come.
    notes : list of str
        What was dropped.
    """

    numbers: Array
    codes: Index
    words: list[list[str]]
    notes: list[str]


def _encoding(head: bytes) -> str:
    return "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def first_rows(head: bytes, count: int) -> list[list[str]]:
    """Return the first rows of a file's head as cells; none where it is no text table."""
    lines = head.decode(_encoding(head), errors="replace").splitlines()[:count]
    try:
        return [
            [cell.strip() for cell in next(csv.reader([line], delimiter=_delimiter(lines[0])), [])]
            for line in lines
        ]
    except csv.Error:
        return []


def header_of(head: bytes) -> list[str]:
    """Return the cells of the first line in small letters."""
    rows = first_rows(head, 1)
    return [cell.lower() for cell in rows[0]] if rows else []


@contextmanager
def rows(path: Path) -> Iterator[Iterator[list[str]]]:
    """Open a text table; gives its rows, the header first.

    Raises
    ------
    InputError
        When it is no table of text.
    """
    with path.open("rb") as file:
        encoding = _encoding(file.read(2))
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            line = text.readline()
            yield csv.reader(chain([line], text), delimiter=_delimiter(line))
    except csv.Error as error:
        raise InputError(
            "The file is not a table of text", expected="lines of cells", received=error
        ) from error


def read(
    lines: Iterator[list[str]],
    names: Sequence[str],
    numbers: Sequence[int],
    words: Sequence[int] = (),
    *,
    first: int = 2,
    dated: bool = True,
) -> Table:
    """Read columns of a table whose header was taken already.

    A last row that is cut off is dropped.

    Parameters
    ----------
    lines : iterator of list of str
        The rows below the header.
    names : sequence of str
        Of all columns, for messages.
    numbers : sequence of int
        Columns of numbers, two at least.
    words : sequence of int
        Columns of words.
    first : int
        Number of the first line, for messages.
    dated : bool
        Whether the first of `numbers` is a clock: rows without it are dropped.

    Raises
    ------
    InputError
        When a cell is no number, a row too short, or nothing there; it names the line.
    """
    width = max((*numbers, *words)) + 1
    pick = itemgetter(*numbers)
    cells = array("d")
    coders: list[dict[str, int]] = [{} for _ in words]
    codes = array("q")
    short: tuple[int, int] | None = None
    undated = 0
    for line, row in enumerate(lines, start=first):
        if len(row) < width:
            if not any(cell.strip() for cell in row):
                continue
            if short is not None:
                break
            short = (line, len(row))
            continue
        if short is not None:
            break
        try:
            values = [float(cell) if cell else nan for cell in pick(row)]
        except ValueError:
            values = [number(row[i], line, names[i]) for i in numbers]
        if dated and not isfinite(values[0]):
            undated += 1
            continue
        cells.extend(values)
        for column, coder in zip(words, coders, strict=True):
            codes.append(coder.setdefault(row[column].strip(), len(coder)))
    else:
        notes = []
        if short is not None:
            notes.append(f"The last line ({short[0]}) is cut off and was dropped.")
        if undated:
            notes.append(f"{undated} line(s) without a time or frame number were dropped.")
        if not cells:
            raise InputError(
                "The table has a header and no frames",
                expected="one line per frame below the header",
            )
        found = np.frombuffer(cells, dtype=float).reshape(-1, len(numbers))
        coded = np.array(codes, dtype=np.intp).reshape(len(found), len(words))
        return Table(found, coded, [list(coder) for coder in coders], notes)
    assert short is not None
    raise InputError(
        f"Line {short[0]} has too few cells", expected=f"{len(names)}", received=str(short[1])
    )


def clock_column(names: Sequence[str]) -> int | None:
    """Return the column of times, else of frame numbers, if there is one."""
    kinds = [CLOCKS.get(name) for name in names]
    return next((kinds.index(kind) for kind in ("time", "ms", "frame") if kind in kinds), None)


def seconds(name: str, values: Array, options: Options) -> tuple[Array, list[str]]:
    """Return times from a clock column whose values increase.

    Raises
    ------
    InputError
        When there are only frame numbers and no frame rate, or no plausible unit.
    """
    kind = CLOCKS[name]
    if kind == "frame":
        return timing.from_frames(values, fps=options.fps), []
    return timing.from_stamps(values / 1000.0 if kind == "ms" else values, fps=options.fps)


def by_person(person: Index) -> list[Index]:
    """Return the rows of each person, in the order of the file.

    Raises
    ------
    InputError
        When there are more than `LARGEST_CROWD`.
    """
    people = int(person.max()) + 1 if len(person) else 0
    if people > LARGEST_CROWD:
        raise InputError(
            "The file holds too many people",
            expected=f"{LARGEST_CROWD} at most",
            received=people,
            hint="Keep the tracks of the runner",
        )
    order = np.argsort(person, kind="stable")
    return np.split(order, np.searchsorted(person[order], np.arange(1, people)))
