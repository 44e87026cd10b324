"""Generic CSV: one row per frame, named columns, pixels, y down; and the writer of it."""

from __future__ import annotations

import csv
import difflib
import os
import re
from array import array
from collections.abc import Iterable, Sequence
from math import isfinite, nan
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers import timing
from stridewise.readers.cells import number
from stridewise.readers.limits import without_huge
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording
from stridewise.skeletons import KEYPOINTS, REQUIRED, SIDES

Array = NDArray[np.float64]

_PARTS = ("x", "y", "confidence")
_CLOCKS = ("time_s", "time_ms", "frame")
_COLUMNS = (*_CLOCKS, *(f"{name}_{part}" for name in KEYPOINTS for part in _PARTS))
_KNOWN = frozenset(_COLUMNS)
_EXPECTED = (
    "a header with time_s or frame, then <keypoint>_x, <keypoint>_y and, where known, "
    "<keypoint>_confidence"
)
_MEANT = {
    **dict.fromkeys(("time", "t", "timestamp", "time_sec", "seconds", "sec"), "time_s"),
    **dict.fromkeys(("timestamp_ms", "milliseconds", "ms"), "time_ms"),
}
_WORDS = {"l": "left", "r": "right", "toe": "big_toe", "conf": "confidence", "score": "confidence"}
_PARTS_OF_BODY = frozenset(name.partition("_")[2] for name in KEYPOINTS) | {"toe"}
_CHUNK_FRAMES = 4096


def _encoding(head: bytes) -> str:
    return "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _names(header: str) -> list[str]:
    row = next(csv.reader([header.strip("\r\n")], delimiter=_delimiter(header)), [])
    return [cell.strip().lower() for cell in row]


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the first line is a header of the generic CSV, or nearly one."""
    text = head.decode(_encoding(head), errors="replace")
    try:
        names = _names(text.partition("\n")[0])
    except csv.Error:
        return False
    return not _KNOWN.isdisjoint(names) or sum(n.endswith(("_x", "_y")) for n in names) > 1


def read(path: Path, options: Options) -> Recording:
    """Read a generic CSV file.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when the file has frame numbers and no times.

    Returns
    -------
    Recording
        In pixels.

    Raises
    ------
    InputError
        When columns, cells or times cannot be used; it names the line.
    """
    with path.open("rb") as file:
        encoding = _encoding(file.read(2))
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            header = text.readline()
            names = _names(header)
            clock, keypoints, notes = _columns(names)
            wanted = [clock, *(f"{k}_{part}" for k in keypoints for part in _PARTS)]
            # A missing confidence column is read as the x column and replaced below.
            index = [
                names.index(n if n in names else n.replace("_confidence", "_x")) for n in wanted
            ]
            rows = csv.reader(text, delimiter=_delimiter(header))
            table, more = _table(rows, names, index)
    except csv.Error as error:
        raise InputError(
            "The file is not a table of text", expected=_EXPECTED, received=error
        ) from error
    time, kept, timed = _clock(clock, table[:, 0], options)
    points = table[kept, 1:].reshape(len(kept), len(keypoints), 3)
    has_confidence = np.array([f"{k}_confidence" in names for k in keypoints], dtype=bool)
    xy, confidence, doubts = _points(points, has_confidence)
    return Recording(
        xy=xy,
        confidence=confidence,
        time=time,
        keypoints=tuple(keypoints),
        notes=(*notes, *more, *timed, *doubts),
    )


def _columns(names: Sequence[str]) -> tuple[str, list[str], list[str]]:
    """Return the clock column, the keypoints and notes about what is left aside."""
    twice = sorted({n for n in names if n and names.count(n) > 1} & _KNOWN)
    if twice:
        raise InputError(f"Columns come twice: {', '.join(twice)}", expected="each column once")
    keypoints = [k for k in KEYPOINTS if f"{k}_x" in names and f"{k}_y" in names]
    unknown = [n for n in names if n and n not in _KNOWN]
    hints = {n: near for n in unknown if (near := _nearest(n, names)) is not None}
    clock = next((n for n in _CLOCKS if n in names), None)
    meant = "; ".join(f"{n}: did you mean {near}?" for n, near in list(hints.items())[:3])
    if clock is None:
        raise InputError(
            "The table has neither a time_s nor a frame column",
            expected=_EXPECTED,
            hint=meant or None,
        )
    if lacking := [k for k in REQUIRED if k not in keypoints]:
        raise InputError(
            f"The table lacks the columns of {', '.join(lacking)}",
            expected="_x and _y columns of hip, knee and ankle of both legs",
            hint=meant or None,
        )
    notes = []
    if unknown:
        shown = ", ".join(unknown[:5]) + (" and more" if len(unknown) > 5 else "")
        notes.append(
            f"{len(unknown)} unknown column(s) were ignored: {shown}."
            + (f" ({meant})" if meant else "")
        )
    return clock, keypoints, notes


def _nearest(name: str, present: Iterable[str]) -> str | None:
    """Return the column that an unknown name was probably meant to be."""
    if name in _MEANT:
        return _MEANT[name]
    words = [_WORDS.get(word, word) for word in re.split(r"[^a-z0-9]+", name)]
    if words[0] not in SIDES and words[0][:1] in _WORDS and words[0][1:] in _PARTS_OF_BODY:
        words[:1] = [_WORDS[words[0][0]], words[0][1:]]
    spelled = "_".join(sorted(words, key=lambda word: word not in SIDES))
    free = [column for column in _COLUMNS if column not in present]
    close = difflib.get_close_matches(spelled, free, n=1, cutoff=0.85)
    return close[0] if close else None


def _table(
    rows: Iterable[list[str]], names: Sequence[str], index: Sequence[int]
) -> tuple[Array, list[str]]:
    """Return the wanted columns as numbers, shape (frames, columns), and notes."""
    width = max(index) + 1
    pick = itemgetter(*index)
    cells = array("d")
    short: tuple[int, int] | None = None
    undated = 0
    for line, row in enumerate(rows, start=2):
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
            values = [number(row[i], line, names[i]) for i in index]
        if not isfinite(values[0]):
            undated += 1
            continue
        cells.extend(values)
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
        return np.frombuffer(cells, dtype=float).reshape(-1, len(index)), notes
    assert short is not None
    raise InputError(
        f"Line {short[0]} has too few cells", expected=f"{len(names)}", received=str(short[1])
    )


def _clock(
    column: str, values: Array, options: Options
) -> tuple[Array, NDArray[np.intp], list[str]]:
    """Return times in seconds, which rows they belong to, and notes."""
    kept, repeated = timing.increasing(values)
    if column == "frame":
        return timing.from_frames(values[kept], fps=options.fps), kept, repeated
    if column == "time_ms":
        values = values / 1000.0
    time, notes = timing.from_stamps(values[kept], fps=options.fps)
    return time, kept, [*repeated, *notes]


def _points(points: Array, has_confidence: NDArray[np.bool_]) -> tuple[Array, Array, list[str]]:
    """Split (frames, keypoints, x y confidence); a point at exactly (0, 0) was not seen."""
    confidence = points[..., 2]
    xy, notes = without_huge(points[..., :2])
    confidence = np.where(has_confidence & np.isfinite(confidence), confidence, 1.0)
    outside = (confidence < 0) | (confidence > 1)
    if outside.any():
        notes.append(f"{int(outside.sum())} confidence(s) outside 0 to 1 were clipped.")
        np.clip(confidence, 0, 1, out=confidence)
    unseen = (xy == 0).all(axis=2) & (~has_confidence | (confidence == 0))
    if unseen.any():
        notes.append(f"{int(unseen.sum())} point(s) at exactly (0, 0) were taken as missing.")
        xy = np.where(unseen[..., None], np.nan, xy)
    return xy, confidence, notes


def write_csv(recording: Recording, path: str | Path) -> None:
    """Write a recording as generic CSV; `read` gives the same numbers back.

    The file appears whole or not at all.

    Parameters
    ----------
    recording : Recording
        In pixels, without depth.
    path : str or Path
        Where to.

    Raises
    ------
    InputError
        When the recording is not in pixels, or the file cannot be written.
    """
    path = Path(path)
    if recording.unit != "px" or recording.depth is not None:
        raise InputError(
            "Generic CSV holds positions in an image only",
            expected="a recording in pixels without depth",
            received=f"unit {recording.unit}"
            + (", with depth" if recording.depth is not None else ""),
        )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("x", encoding="utf-8", newline="") as file:
            header = (f"{keypoint}_{part}" for keypoint in recording.keypoints for part in _PARTS)
            print("time_s", *header, sep=",", file=file)
            for start in range(0, recording.frames, _CHUNK_FRAMES):
                file.writelines(_lines(recording, slice(start, start + _CHUNK_FRAMES)))
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written", received=error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _lines(recording: Recording, part: slice) -> Iterable[str]:
    confidence = np.where(np.isfinite(recording.xy[part, :, 0]), recording.confidence[part], np.nan)
    points = np.concatenate((recording.xy[part], confidence[..., None]), axis=2)
    rows = points.reshape(len(points), -1).tolist()
    for time, row in zip(recording.time[part].tolist(), rows, strict=True):
        yield ",".join((repr(time), *("" if v != v else repr(v) for v in row))) + "\n"


reader = Reader(
    name="csv",
    description="Table: time_s or frame, then <keypoint>_x, <keypoint>_y[, <keypoint>_confidence]",
    suffixes=(".csv", ".tsv", ".txt"),
    recognise=recognise,
    read=read,
)
