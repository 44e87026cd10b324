"""Ultralytics YOLO poses: label files, one per frame, and the JSON of its results."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stridewise.errors import InputError
from stridewise.readers import bundle, json_text
from stridewise.readers.bodies import ESTIMATORS, Bodies
from stridewise.readers.limits import check_size
from stridewise.readers.registry import HEAD_BYTES, Options, Reader
from stridewise.recording import Recording

_WORDS = re.compile(rb'\\?"keypoints\\?"\s*:\s*\{\s*(\\n\s*)?\\?"x\\?"\s*:')
#: A label line: class, box (4 numbers), then x y [visibility] of each point; confidence of the box
#: and the tracker's number may follow.
_BEFORE = 5
_MOST_AFTER = 2
_LINE = re.compile(rb"\s*\d+(\s+[-+\d.eE]+){4,}\s*")
_EXPECTED = (
    "label files of 17 points (class, box, x y [visibility] of each), or results as JSON with "
    "keypoints {x, y, visible}"
)


def recognise(head: bytes, path: Path) -> bool:
    """Say whether a file, or the first of a folder or archive, begins as YOLO poses."""
    first = bundle.peek(head, path, ".txt", HEAD_BYTES)
    if first is not None:
        line = first.partition(b"\n")[0]
        return _LINE.fullmatch(line) is not None and _shape([len(line.split())]) is not None
    first = bundle.peek(head, path, ".json", HEAD_BYTES)
    return _WORDS.search(json_text.begins(head if first is None else first)) is not None


def read(path: Path, options: Options) -> list[Recording]:
    """Read YOLO poses.

    Parameters
    ----------
    path : Path
        A folder or zip archive of label files or of JSON files, one per frame, whose names end in
        the frame number; or one JSON file: a list of results per frame, or results one after the
        other.
    options : Options
        `fps` gives the times; numbers left out become holes.

    Returns
    -------
    list of Recording
        One per person, in pixels. Shares of the image are scaled to the shape of image under which
        legs keep the most constant length.

    Raises
    ------
    InputError
        When files are damaged, hold no such poses, or the frame rate is not stated.
    """
    bodies = Bodies(_EXPECTED)
    notes: list[str] = []
    if not bundle.is_bundle(path):
        frames = _frames(json_text.load_all(path))
        _add_results(bodies, enumerate(frames))
    else:
        suffix = ".txt" if bundle.has(path, ".txt") else ".json"
        numbers, contents, notes = bundle.frames(path, suffix)
        if suffix == ".txt":
            _add_labels(bodies, zip(numbers.tolist(), contents, strict=True))
        else:
            values = (json_text.parse(content, name) for name, content in contents)
            _add_results(bodies, zip(numbers.tolist(), values, strict=True))
    return bodies.recordings(options, shares=True, notes=notes)


def _frames(values: list[Any]) -> list[Any]:
    """Return the results of each frame: values of their own, or of one list."""
    if len(values) == 1 and isinstance(values[0], list):
        inner = values[0]
        if any(isinstance(each, dict) for each in inner):
            return values  # a single frame
        values = inner
    # Some programs put the text that YOLO returns for each frame into a list.
    return [
        json_text.parse(each.encode("utf-8", "replace"), f"Frame {i}")
        if isinstance(each, str)
        else each
        for i, each in enumerate(values)
    ]


def _add_results(bodies: Bodies, frames: Iterable[tuple[float, Any]]) -> None:
    for number, results in frames:
        bodies.look(number)
        if not isinstance(results, list):
            raise InputError(f"Frame {number:g} holds no results", expected=_EXPECTED)
        for result in results:
            points = result.get("keypoints") if isinstance(result, dict) else None
            if points is None:
                continue  # found, but without a pose
            x, y, visible = (
                points.get(key) if isinstance(points, dict) else None
                for key in ("x", "y", "visible")
            )
            if not isinstance(x, list) or not isinstance(y, list):
                raise InputError(
                    f"A result in frame {number:g} cannot be used",
                    expected=_EXPECTED,
                    received=repr(points)[:60],
                )
            if x:
                bodies.add(
                    number,
                    x,
                    y,
                    visible if isinstance(visible, list) else None,
                    score=result.get("confidence"),
                    track=result.get("track_id"),
                )


def _add_labels(bodies: Bodies, frames: Iterable[tuple[float, tuple[str, bytes]]]) -> None:
    rows: list[tuple[float, array[float]]] = []
    count = 0
    for number, (name, content) in frames:
        bodies.look(number)
        for line, text in enumerate(content.splitlines(), start=1):
            try:
                values = array("d", map(float, text.split()))
            except ValueError:
                raise InputError(
                    f"Line {line} of {name} cannot be used",
                    expected=_EXPECTED,
                    received=repr(text[:40].decode(errors="replace")),
                ) from None
            if values:
                rows.append((number, values))
                count += len(values)
                check_size("of all labels", count)
    if not rows:
        return
    shape = _shape({len(values) for _, values in rows})
    if shape is None:
        raise InputError(
            "The labels have a number of values that fits no pose",
            expected=_EXPECTED,
            received=", ".join(map(str, sorted({len(values) for _, values in rows})[:4])),
        )
    points, width = shape
    end = _BEFORE + points * width
    after = [values[end:] for _, values in rows]
    # Of two further values the first is the confidence; one alone is it unless it counts people.
    both = max(map(len, after)) == 2
    numbered = both or all(value.is_integer() for values in after for value in values)
    for (number, values), more in zip(rows, after, strict=True):
        pose = values[_BEFORE:end].tolist()
        bodies.add(
            number,
            pose[::width],
            pose[1::width],
            pose[2::width] if width == 3 else None,
            score=more[0] if more and (both or not numbered) else None,
            track=more[-1] if len(more) == (2 if both else 1) and numbered else None,
        )


def _shape(lengths: Iterable[int]) -> tuple[int, int] | None:
    """Return number of points and values per point of label lines of these lengths."""
    values = [length - _BEFORE for length in lengths]
    for points in ESTIMATORS:
        for width in (3, 2):
            if all(0 <= n - points * width <= _MOST_AFTER for n in values):
                return points, width
    return None


reader = Reader(
    name="yolo",
    description="Ultralytics YOLO poses: folder or zip of label files, or results as JSON",
    suffixes=(".json", ".zip"),
    recognise=recognise,
    read=read,
    mapped=True,
    folders=True,
)
