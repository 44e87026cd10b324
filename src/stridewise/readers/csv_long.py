"""Long tables: one row per point and frame, as data frames are written (MediaPipe, sleap-io)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.layout_map import LayoutMap, Match, resolve, resolve_unnamed
from stridewise.readers import mediapipe_csv, points, tables
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

Array = NDArray[np.float64]
Index = NDArray[np.intp]

#: Names of each kind of column, best first.
_POINT = (
    "keypoint",
    "keypoint_name",
    "landmark_name",
    "bodypart",
    "body_part",
    "joint",
    "joint_name",
    "node",
    "point",
    "marker",
    "landmark",
    "name",
    "part",
    "keypoint_id",
    "landmark_id",
    "landmark_index",
    "keypoint_index",
    "joint_id",
    "point_id",
)
_PERSON = (
    "person",
    "person_id",
    "track",
    "track_id",
    "individual",
    "individuals",
    "subject",
    "instance_idx",
    "instance",
    "id",
)
_CONFIDENCE = ("confidence", "score", "likelihood", "visibility", "conf", "vis", "v")


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the header has one column each for the point, x and y."""
    names = tables.header_of(head)
    return _first(names, _POINT) is not None and {"x", "y"} <= set(names)


def _first(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def read(path: Path, options: Options) -> list[Recording]:
    """Read a long table; rows may come in any order.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when the file has frame numbers and no times; `layout` names the points.

    Returns
    -------
    list of Recording
        One per person, in pixels.

    Raises
    ------
    InputError
        When columns, cells or times cannot be used; it names the line.
    """
    with tables.rows(path) as lines:
        names = [cell.strip() for cell in lines.next()]
        lower = [name.lower() for name in names]
        clock, point = tables.clock_column(lower), _first(lower, _POINT)
        if clock is None or point is None or not {"x", "y"} <= set(lower):
            raise InputError(
                "The table has no column for the frame, the point, x or y",
                expected="a header such as frame,person,keypoint,x,y,confidence",
                received=", ".join(names[:8]),
            )
        x, y = lower.index("x"), lower.index("y")
        confidence, person = _first(lower, _CONFIDENCE), _first(lower, _PERSON)
        numbers = [clock, x, y, x if confidence is None else confidence]
        table = tables.read(lines, names, numbers, [point] if person is None else [point, person])
    if confidence is None:
        table.numbers[:, 3] = np.nan
    match = _match(table.words[0], options.layout)
    keys, frame = np.unique(table.numbers[:, 0], return_inverse=True)
    time, timed = tables.seconds(lower[clock], keys, options)
    which = np.full(len(table.words[0]), -1)
    which[match.index] = np.arange(len(match.index))
    at = which[table.codes[:, 0]]
    people = table.codes[:, 1] if person is not None else np.zeros(len(at), dtype=np.intp)
    shares = mediapipe_csv.named_so(table.words[0]) or _numbered(table.words[0])
    notes = [*match.notes, *table.notes, *timed]
    who = table.words[1] if person is not None else [""]
    return [
        _person(
            table.numbers[rows, 1:],
            frame[rows],
            at[rows],
            time,
            match,
            [*tables.called(name, len(who)), *notes],
            shares,
        )
        for name, r in zip(who, tables.by_person(people, len(who)), strict=True)
        if len(rows := r[at[r] >= 0])
    ]


def _match(names: Sequence[str], layout: LayoutMap | None) -> Match:
    """Return the keypoints of the names; numbers are positions in a known layout."""
    if not _numbered(names):
        return resolve(names, layout)
    place = {int(name): i for i, name in enumerate(names)}
    return resolve_unnamed(max(place) + 1, layout).only(place)


def _numbered(names: Sequence[str]) -> bool:
    return all(name.isascii() and name.isdecimal() and len(name) < 4 for name in names)


def _person(
    numbers: Array,
    frame: Index,
    at: Index,
    time: Array,
    match: Match,
    notes: Sequence[str],
    shares: bool,
) -> Recording:
    """Return one person; of a point that comes twice in a frame, the first is taken."""
    here = np.zeros(len(time), dtype=bool)
    here[frame] = True
    row = (np.cumsum(here) - 1)[frame]
    filled = np.zeros((int(here.sum()), len(match.keypoints)), dtype=bool)
    filled[row, at] = True
    values = np.full((*filled.shape, 3), np.nan)
    values[row[::-1], at[::-1]] = numbers[::-1]
    twice = len(at) - int(filled.sum())
    said = [f"{twice} point(s) that come twice in a frame were dropped."] if twice else []
    return points.in_image(
        values, time[here], match.keypoints, notes=[*notes, *said], shares=shares
    )


reader = Reader(
    name="csv_long",
    description="Long table: frame or time, [person,] keypoint, x, y[, confidence] per row",
    suffixes=(".csv", ".tsv", ".txt"),
    recognise=recognise,
    read=read,
    mapped=True,
)
