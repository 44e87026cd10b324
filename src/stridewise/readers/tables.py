"""Text tables: encoding, delimiter, header, numbers and words, without a line held twice."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice
from math import nan
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers import json_text, timing
from stridewise.readers.cells import number, plain_cells, plain_lines
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

#: Characters that are read, and rows that are turned into columns at a time: few, so that their
#: cells stay in the cache.
_BLOCK = 2**18
_FEW = 256
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
    if json_text.begins(head):
        return []
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


class Lines:
    """The lines of a text table: as cells one by one, or many at once as text.

    Parameters
    ----------
    text : TextIO
        At its first line.
    delimiter : str
        Between cells.
    """

    def __init__(self, text: TextIO, delimiter: str) -> None:
        self._text = text
        self.delimiter = delimiter

    def next(self) -> list[str]:
        """Return the cells of the next line, none at the end."""
        return next(csv.reader([self._text.readline()], delimiter=self.delimiter), [])

    def peek(self) -> list[str]:
        """Return the cells of the next line, which is not taken."""
        here = self._text.tell()
        cells = self.next()
        self._text.seek(here)
        return cells

    def block(self) -> str:
        """Return some of the next lines, with line feeds at their ends; none at the end."""
        text = self._text.read(_BLOCK)
        text += self._text.readline() if text else ""
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    def cells(self, text: str) -> Iterator[list[str]]:
        """Return the lines of a block as cells; a quoted cell may go on below."""
        below = self._text if '"' in text else ()
        return csv.reader(chain(StringIO(text), below), delimiter=self.delimiter)


@contextmanager
def rows(path: Path) -> Iterator[Lines]:
    """Open a text table; gives its lines, the header first.

    Raises
    ------
    InputError
        When it is no table of text.
    """
    with path.open("rb") as file:
        encoding = _encoding(file.read(2))
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            delimiter = _delimiter(text.readline())
            text.seek(0)
            yield Lines(text, delimiter)
    except csv.Error as error:
        raise InputError(
            "The file is not a table of text", expected="lines of cells", received=error
        ) from error


def read(
    lines: Lines,
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
    lines : Lines
        At the first line below the header.
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
    found: list[Array] = []
    coded: list[Index] = []
    coders = [_Coder() for _ in words]
    cut: tuple[int, int] | None = None
    line = first
    while text := lines.block():
        plain = _plain(text, lines.delimiter, width, numbers, words, coders)
        if plain is not None:
            if cut is not None:
                raise _too_few(cut, names)
            found.append(plain[0])
            coded.append(plain[1])
            line += text.count("\n")
            continue
        cells = lines.cells(text)
        while block := list(islice(cells, _FEW)):
            numbered: Sequence[int] = range(line, line + len(block))
            line += len(block)
            if min(map(len, block)) < width:
                kept = [
                    (n, row)
                    for n, row in zip(numbered, block, strict=True)
                    if any(map(str.strip, row))
                ]
                short = next((i for i, (_, row) in enumerate(kept) if len(row) < width), None)
                if kept and cut is not None:
                    raise _too_few(cut, names)
                if short is not None:
                    cut = kept[short][0], len(kept[short][1])
                    if short < len(kept) - 1:
                        raise _too_few(cut, names)
                    kept.pop()
                numbered, block = [n for n, _ in kept], [row for _, row in kept]
            elif cut is not None:
                raise _too_few(cut, names)
            if block:
                columns = list(zip(*block, strict=False))
                found.append(
                    np.stack([_numbers(columns[i], numbered, names[i]) for i in numbers], axis=1)
                )
                coded.append(_codes([columns[i] for i in words], coders, len(block)))
    notes = [f"The last line ({cut[0]}) is cut off and was dropped."] if cut is not None else []
    table = np.concatenate([np.empty((0, len(numbers))), *found])
    codes = np.concatenate([np.empty((0, len(words)), dtype=np.intp), *coded])
    known = np.isfinite(table[:, 0]) if dated else np.ones(len(table), dtype=bool)
    if not known.all():
        lost = len(table) - int(known.sum())
        notes.append(f"{lost} line(s) without a time or frame number were dropped.")
        table, codes = table[known], codes[known]
    if not len(table):
        raise InputError(
            "The table has a header and no frames", expected="one line per frame below the header"
        )
    return Table(table, codes, [coder.words for coder in coders], notes)


def _plain(
    text: str,
    delimiter: str,
    width: int,
    numbers: Sequence[int],
    words: Sequence[int],
    coders: Sequence[_Coder],
) -> tuple[Array, Index] | None:
    """Return numbers and codes of plain lines, fast; None where a closer look is needed."""
    if not words:
        found = plain_lines(text, delimiter)
        if found is not None:
            if found.shape[1] < width:
                return None
            every = list(numbers) == list(range(found.shape[1]))
            return found if every else found[:, numbers], np.empty((len(found), 0), dtype=np.intp)
    if '"' in text:
        return None
    lines = text.rstrip("\n")
    cells = lines.partition("\n")[0].count(delimiter) + 1
    # Line ends become cells of their own, which must then come after every so many.
    flat = lines.replace("\n", f"{delimiter}\n{delimiter}").split(delimiter)
    rows = (len(flat) + 1) // (cells + 1)
    ends = flat[cells :: cells + 1]
    if cells < width or len(flat) + 1 != rows * (cells + 1) or not {"\n"}.issuperset(ends):
        return None
    if len(ends) != lines.count("\n"):
        return None
    columns = [plain_cells(flat[i :: cells + 1]) for i in numbers]
    values = [column for column in columns if column is not None]
    if len(values) < len(columns):
        return None
    return np.stack(values, axis=1), _codes([flat[i :: cells + 1] for i in words], coders, rows)


def _too_few(cut: tuple[int, int], names: Sequence[str]) -> InputError:
    return InputError(
        f"Line {cut[0]} has too few cells", expected=f"{len(names)}", received=str(cut[1])
    )


def _numbers(cells: Sequence[str], lines: Sequence[int], name: str) -> Array:
    """Return one column of numbers; most cells are plain, so the others are looked at only then."""
    try:
        return np.fromiter(map(float, cells), dtype=float, count=len(cells))
    except ValueError:
        values = [
            number(cell, line, name) if cell else nan
            for cell, line in zip(cells, lines, strict=True)
        ]
        return np.array(values)


class _Coder(dict[str, int]):
    """The code of each word, with or without white space around it; new ones get the next."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __missing__(self, word: str) -> int:
        plain = word.strip()
        code = self.get(plain)
        if code is None:
            code = len(self.words)
            self.words.append(plain)
        self[word] = self[plain] = code
        return code


def _codes(columns: Sequence[Sequence[str]], coders: Sequence[_Coder], rows: int) -> Index:
    """Return columns of words as numbers; new words go into the coders."""
    codes = np.empty((rows, len(columns)), dtype=np.intp)
    for i, (column, coder) in enumerate(zip(columns, coders, strict=True)):
        codes[:, i] = np.fromiter(map(coder.__getitem__, column), dtype=np.intp, count=rows)
    return codes


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


def called(name: str, people: int) -> list[str]:
    """Return a note with the file's name of one of several people."""
    return [f"The file calls this person {name}."] if name and people > 1 else []


def by_person(person: Index, people: int) -> list[Index]:
    """Return the rows of each of so many people, in the order of the file.

    There are none of people whose lines all lack a time or frame number.

    Raises
    ------
    InputError
        When there are more than `LARGEST_CROWD`.
    """
    if people > LARGEST_CROWD:
        raise InputError(
            "The file holds too many people",
            expected=f"{LARGEST_CROWD} at most",
            received=people,
            hint="Keep the tracks of the runner",
        )
    order = np.argsort(person, kind="stable")
    return np.split(order, np.searchsorted(person[order], np.arange(1, people)))
