"""Generic CSV: one row per frame, named columns, pixels, y down; and the writer of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from stridewise.errors import InputError
from stridewise.layout_map import resolve
from stridewise.readers import points, tables, timing
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording
from stridewise.skeletons import KEYPOINTS

_PARTS = ("x", "y", "confidence")
_COLUMNS = frozenset(f"{name}_{part}" for name in KEYPOINTS for part in _PARTS)
_EXPECTED = (
    "a header with time_s or frame, then <keypoint>_x, <keypoint>_y and, where known, "
    "<keypoint>_confidence"
)
#: What the last (or first) word of a column says about its point.
_WORDS = {
    **{part: part for part in "xyz"},
    **dict.fromkeys(
        ("confidence", "conf", "score", "likelihood", "visibility", "vis", "prob"), "confidence"
    ),
}
_COLUMN = re.compile(r"(?P<point>.*[^\s_.:-])[\s_.:-]+(?P<part>[A-Za-z]+)")
_TURNED = re.compile(r"(?P<part>[A-Za-z]+)[\s_.:-]+(?P<point>[^\s_.:-].*)")
_CHUNK_FRAMES = 4096


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the first line is a header of the generic CSV, or nearly one."""
    names = tables.header_of(head)
    own = _COLUMNS | {"time_s", "time_ms", "frame"}
    return not own.isdisjoint(names) or any({"x", "y"} <= set(c) for c in columns(names).values())


def columns(names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the columns of each point: `x`, `y`, `z` and `confidence` of `left_hip` and so on."""
    found: dict[str, dict[str, int]] = {}
    for i, name in enumerate(names):
        match = next(
            (
                m
                for pattern in (_COLUMN, _TURNED)
                if (m := pattern.fullmatch(name)) and m["part"].lower() in _WORDS
            ),
            None,
        )
        if match is not None:
            found.setdefault(match["point"], {}).setdefault(_WORDS[match["part"].lower()], i)
    return found


def read(path: Path, options: Options) -> Recording:
    """Read a generic CSV file.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when the file has frame numbers and no times; `layout` names the points.

    Returns
    -------
    Recording
        In pixels.

    Raises
    ------
    InputError
        When columns, cells or times cannot be used; it names the line.
    """
    with tables.rows(path) as lines:
        names = [cell.strip() for cell in lines.next()]
        lower = [name.lower() for name in names]
        _check_twice(lower)
        parts = {k: c for k, c in columns(names).items() if {"x", "y"} <= c.keys()}
        clock = tables.clock_column(lower)
        if clock is None:
            raise InputError(
                "The table has neither a time_s nor a frame column",
                expected=_EXPECTED,
                received=", ".join(names[:6]) + (" …" if len(names) > 6 else ""),
            )
        match = resolve(list(parts), options.layout)
        chosen = [list(parts.values())[i] for i in match.index]
        # Without a confidence column, x is read in its place and emptied below.
        wanted = [clock, *(c.get(p, c["x"]) for c in chosen for p in _PARTS)]
        table = tables.read(lines, names, wanted)
    kept, repeated = timing.increasing(table.numbers[:, 0])
    time, timed = tables.seconds(lower[clock], table.numbers[kept, 0], options)
    rows = table.numbers if len(kept) == len(table.numbers) else table.numbers[kept]
    values = rows[:, 1:].reshape(len(kept), len(chosen), 3)
    values[:, ["confidence" not in c for c in chosen], 2] = np.nan
    used = {i for c in parts.values() for part, i in c.items() if part != "z"}
    unknown = [
        n for i, n in enumerate(names) if n and i not in used and lower[i] not in tables.CLOCKS
    ]
    notes = [*_ignored(unknown), *match.notes, *table.notes, *repeated, *timed]
    return points.in_image(values, time, match.keypoints, notes=notes)


def _check_twice(names: Sequence[str]) -> None:
    twice = sorted({n for n in names if n in _COLUMNS and names.count(n) > 1})
    if twice:
        raise InputError(f"Columns come twice: {', '.join(twice)}", expected="each column once")


def _ignored(unknown: Sequence[str]) -> list[str]:
    if not unknown:
        return []
    shown = ", ".join(unknown[:5]) + (" and more" if len(unknown) > 5 else "")
    return [f"{len(unknown)} unknown column(s) were ignored: {shown}."]


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
    general=True,
    mapped=True,
)
