"""TRC: points over time from Sports2D, Pose2Sim, OpenCap, OpenSim and marker laboratories."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers import marker_sets, three_d, timing
from stridewise.readers.c3d import METRES
from stridewise.readers.cells import number, plain_lines
from stridewise.readers.limits import without_huge
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording, Unit
from stridewise.skeletons import KEYPOINTS, REQUIRED, SIDES

Array = NDArray[np.float64]

#: Nobody's legs are longer: what a file calls metres must then be pixels.
LONGEST_LEG_M = 2.0

_BLOCK = 2**18
_EXPECTED = "a TRC file: PathFileType, rates and units, a line Frame# Time and names, then numbers"


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the file begins as TRC or has its line of names near the top."""
    lines = head.decode("utf-8-sig", errors="replace").lower().splitlines()[:10]
    return any(line.lstrip().startswith(("pathfiletype", "frame#")) for line in lines)


def read(path: Path, options: Options) -> Recording:
    """Read a TRC file.

    Points that never leave their plane make a planar recording, others one with depth.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when the file has neither times nor a rate.

    Returns
    -------
    Recording
        In metres, or pixels where the file holds those.

    Raises
    ------
    InputError
        When header, cells or times cannot be used, or both legs are not there.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline=None) as text:
        header, names, line = _header(text)
        columns = 2 + 3 * len(names)
        table, notes = _table(text, line, columns)
    time, kept, timed = _clock(table, header, options)
    xyz = table[kept, 2:].reshape(len(kept), -1, 3)[:, : len(names)]
    xyz = np.where((xyz == 0).all(axis=2, keepdims=True), np.nan, xyz)
    xyz, doubts = without_huge(xyz)
    notes += [*timed, *doubts]
    markers = {name: xyz[:, i] for i, name in enumerate(names)}
    if _is_planar(xyz):
        return _planar(markers, header.get("units", "m"), time, notes)
    unit = header.get("units", "mm").lower()
    if unit not in METRES:
        raise InputError(
            "The unit of the TRC file is not known",
            expected=f"one of {', '.join(METRES)}",
            received=repr(unit),
        )
    metres = {name: values * METRES[unit] for name, values in markers.items()}
    points, more = marker_sets.joints(metres)
    _check_legs(points, names)
    return three_d.to_recording(points, time, notes=(*notes, *more))


def _split(line: str) -> list[str]:
    cells = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
    return [cell.strip() for cell in cells]


def _header(text: TextIO) -> tuple[dict[str, str], list[str], int]:
    """Return header values by lower-case name, marker names and the number of the last line."""
    header: dict[str, str] = {}
    keys: list[str] | None = None
    for last, line in enumerate(text, start=1):
        cells = _split(line)
        first = cells[0].lower() if cells else ""
        if first.startswith("frame#"):
            names = [cell for cell in cells[2:] if cell]
            if not names:
                break
            return header, names, last
        if keys is not None:
            header.update(zip(keys, cells, strict=False))
            keys = None
        elif first == "datarate":
            keys = [cell.lower() for cell in cells]
    raise InputError("The TRC header names no markers", expected=_EXPECTED)


def _table(text: TextIO, line: int, columns: int) -> tuple[Array, list[str]]:
    """Return the numbers, shape (frames, columns); cells left out at the end of a line are NaN."""
    blocks = []
    notes: list[str] = []
    while block := text.read(_BLOCK) + text.readline():
        plain = plain_lines(block, "\t" if "\t" in block else " ")
        if plain is not None and plain.shape[1] >= columns:
            blocks.append(plain[:, :columns])
        else:
            found, notes = _lines(StringIO(block), line + 1, columns, not blocks)
            blocks.append(found)
        line += block.count("\n")
    table = np.concatenate([np.empty((0, columns)), *blocks])
    if not len(table):
        raise InputError("The TRC file has a header and no frames", expected=_EXPECTED)
    return table, notes


def _lines(lines: Iterable[str], first: int, columns: int, top: bool) -> tuple[Array, list[str]]:
    """Return the numbers of lines of any kind; those at the top may begin with the axes."""
    cells = array("d")
    count = 0
    cut = 0
    for line, text in enumerate(lines, start=first):
        row = _split(text)
        if not any(row) or (top and not count and "x1" in (cell.lower() for cell in row[:3])):
            continue  # blank lines, and the line X1 Y1 Z1 below the names
        row = row[:columns]
        try:
            values = [float(cell) if cell else math.nan for cell in row]
        except ValueError:
            values = [number(cell, line, str(i + 1)) for i, cell in enumerate(row)]
        cut = columns - len(values) if not text.endswith("\n") else 0
        cells.extend(values)
        cells.extend([math.nan] * (columns - len(values)))
        count += 1
    if cut > 0:
        del cells[-columns:]
        count -= 1
    notes = ["The last line is cut off and was dropped."] if cut > 0 else []
    return np.frombuffer(cells, dtype=float).reshape(count, columns), notes


def _clock(
    table: Array, header: Mapping[str, str], options: Options
) -> tuple[Array, NDArray[np.intp], list[str]]:
    """Return times, which rows they belong to, and notes; frame numbers serve without times."""
    time = table[:, 1]
    if np.isfinite(time).all() and (len(time) < 2 or np.ptp(time) > 0):
        kept, repeated = timing.increasing(time)
        stamps, notes = timing.from_stamps(time[kept], fps=options.fps)
        return stamps, kept, [*repeated, *notes]
    frame = np.where(np.isfinite(table[:, 0]), table[:, 0], np.nan)
    if not np.isfinite(frame).all():
        raise InputError("Frames have neither time nor number", expected=_EXPECTED)
    kept, repeated = timing.increasing(frame)
    try:
        rate = float(header.get("datarate", ""))
    except ValueError:
        rate = math.nan
    file_fps = rate if math.isfinite(rate) and rate > 0 else None
    return timing.from_frames(frame[kept], fps=options.fps, file_fps=file_fps), kept, repeated


def _is_planar(xyz: Array) -> bool:
    """Say whether no point ever changes its third coordinate (Sports2D gives each its own)."""
    z = xyz[..., 2]
    seen = np.isfinite(z)
    low = np.where(seen, z, np.inf).min(axis=0)
    high = np.where(seen, z, -np.inf).max(axis=0)
    return bool((high <= low).all()) and len(xyz) > 1


def _check_legs(points: Mapping[str, Array], names: list[str]) -> None:
    lacking = [name for name in REQUIRED if name not in points]
    if lacking:
        raise InputError(
            f"The markers do not give {', '.join(lacking)}",
            expected="names of Sports2D, Pose2Sim, OpenCap, OpenSim or Plug-in Gait",
            received=", ".join(names[:8]) + (" …" if len(names) > 8 else ""),
        )


def _planar(markers: Mapping[str, Array], unit: str, time: Array, notes: list[str]) -> Recording:
    """Return a recording in the image plane, y down whichever way the file has it."""
    points, more = marker_sets.joints(markers)
    _check_legs(points, list(markers))
    names = tuple(name for name in KEYPOINTS if name in points)
    xy = np.stack([points[name][:, :2] for name in names], axis=1)
    legs = np.stack([points[f"{s}_ankle"] - points[f"{s}_hip"] for s in SIDES])[..., :2]
    legs = legs[np.isfinite(legs).all(axis=2)]
    drop = legs.mean(axis=0)[1] if len(legs) else 0.0
    if drop < 0:
        xy = xy * (1.0, -1.0)
    scale = METRES.get(unit.lower())
    length = float(np.median(np.linalg.norm(legs, axis=1))) if len(legs) else 0.0
    target: Unit = "px"
    if scale is not None and length * scale <= LONGEST_LEG_M:
        xy, target = xy * scale, "m"
    elif scale is not None:
        more.append(f"The file says {unit}, but the legs are {length:.0f} long: taken as pixels.")
    return Recording(
        xy=xy,
        confidence=np.ones(xy.shape[:2]),
        time=time,
        keypoints=names,
        unit=target,
        notes=(*notes, *more),
    )


reader = Reader(
    name="trc",
    description="Points over time: Sports2D, Pose2Sim, OpenCap, OpenSim, marker laboratories",
    suffixes=(".trc",),
    recognise=recognise,
    read=read,
)
