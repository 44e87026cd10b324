"""COCO keypoints in JSON: results of an estimator, or annotations of a data set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stridewise.errors import InputError
from stridewise.readers import bundle, json_text
from stridewise.readers.bodies import Bodies, frame_number
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

_RESULT = re.compile(rb'"image_id"\s*:\s*[-\d]')
_SETS = re.compile(rb'"(images|annotations|categories)"\s*:\s*\[')
#: What a point's third number means in annotations: 0 not labelled, 1 hidden, 2 visible.
_VISIBLE = 2.0
_EXPECTED = "results {image_id, keypoints: x, y, score of each point}, or annotations with images"


def recognise(head: bytes, path: Path) -> bool:
    """Say whether a file begins as COCO results or annotations."""
    text = json_text.begins(head)
    if text.startswith(b"["):
        return _RESULT.search(text) is not None and b'"keypoints"' in text
    return _SETS.search(text) is not None and (b'"file_name"' in text or b'"keypoints"' in text)


def read(path: Path, options: Options) -> list[Recording]:
    """Read COCO results or annotations.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` gives the times: frame numbers are image ids in results, and in annotations the
        numbers at the end of the images' names, else their ids. Numbers left out become holes.

    Returns
    -------
    list of Recording
        One per person, in pixels.

    Raises
    ------
    InputError
        When the JSON is damaged, holds no keypoints, or the frame rate is not stated.
    """
    data = json_text.load(path)
    if isinstance(data, dict):
        return _annotations(data, options)
    return results(data, options, _EXPECTED)


def results(data: Any, options: Options, expected: str) -> list[Recording]:
    """Return the people of a list of results, whose images have numbers or names.

    Raises
    ------
    InputError
        When they are no such results, or the frame rate is not stated.
    """
    records = [each for each in _list(data, expected) if isinstance(each, dict)]
    images = [_image(record, expected) for record in records]
    number, notes = _numbers(list(dict.fromkeys(images)))
    bodies = Bodies(expected)
    for record, image in zip(records, images, strict=True):
        _add(bodies, number[image], record)
    return bodies.recordings(options, notes=notes)


def _list(value: Any, expected: str = _EXPECTED) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise InputError("The JSON holds no keypoints", expected=expected)
    return value


def _image(record: Mapping[str, Any], expected: str = _EXPECTED) -> float | str:
    image = record.get("image_id")
    number = frame_number(image)
    if number is not None:
        return number
    if not isinstance(image, str):
        raise InputError("A body has no usable image_id", expected=expected, received=repr(image))
    return image


def _numbers(images: Sequence[float | str]) -> tuple[dict[float | str, float], list[str]]:
    """Return the frame number of each image, which has a number or a name."""
    if not any(isinstance(image, str) for image in images):
        return {image: float(image) for image in images}, []
    frame, notes = bundle.frame_numbers([str(image) for image in images])
    return dict(zip(images, frame.tolist(), strict=True)), notes


def _add(bodies: Bodies, frame: float, record: Mapping[str, Any]) -> None:
    track = record.get("track_id", record.get("idx"))
    if track is None and isinstance(record.get("attributes"), dict):
        track = record["attributes"].get("track_id")
    points, feet = record.get("keypoints"), record.get("foot_kpts")
    if isinstance(points, list) and isinstance(feet, list):
        points = [*points, *feet]
    bodies.add_flat(frame, points, score=record.get("score"), track=track)


def _annotations(data: Mapping[str, Any], options: Options) -> list[Recording]:
    records = [
        each
        for each in _list(data.get("annotations"))
        if isinstance(each, dict) and each.get("keypoints")
    ]
    if not records:
        raise InputError("The annotations hold no keypoints", expected=_EXPECTED)
    category = Counter(repr(each.get("category_id")) for each in records).most_common(1)[0][0]
    number, size, notes = _images(data.get("images"), records)
    bodies = Bodies("annotations with keypoints: x, y, visibility of each point")
    for frame in number.values():
        bodies.look(frame)
    others = 0
    for record in records:
        if repr(record.get("category_id")) != category:
            others += 1
            continue
        _add(bodies, number[_image(record)], record)
    if others:
        notes.append(f"{others} annotation(s) of another category were left aside.")
    return bodies.recordings(
        options,
        names=_names(data.get("categories"), category),
        full=_VISIBLE,
        image_size=size,
        notes=notes,
    )


def _images(
    images: Any, records: Sequence[Mapping[str, Any]]
) -> tuple[dict[float | str, float], tuple[int, int] | None, list[str]]:
    """Return the frame number of each image, the size of the images if they share one, notes."""
    listed = {
        _image({"image_id": each.get("id")}): each
        for each in (images if isinstance(images, list) else [])
        if isinstance(each, dict)
    }
    ids = list(dict.fromkeys([*listed, *(_image(record) for record in records)]))
    sizes = {
        (frame_number(each.get("width")), frame_number(each.get("height")))
        for each in listed.values()
    }
    named = [listed[i].get("file_name") if i in listed else None for i in ids]
    number, notes = _numbers(ids)
    if all(isinstance(name, str) for name in named):
        frame, doubts = bundle.frame_numbers([str(name) for name in named])
        if not doubts or any(isinstance(i, str) for i in ids):
            number, notes = dict(zip(ids, frame.tolist(), strict=True)), doubts
    return number, _size(sizes), notes


def _size(sizes: set[tuple[float | None, float | None]]) -> tuple[int, int] | None:
    if len(sizes) != 1:
        return None
    width, height = next(iter(sizes))
    return (int(width), int(height)) if width and height and min(width, height) >= 1 else None


def _names(categories: Any, category: str) -> list[str] | None:
    """Return the names of the points of a category; None where the file has none."""
    for each in categories if isinstance(categories, list) else []:
        if isinstance(each, dict) and repr(each.get("id")) == category:
            names = each.get("keypoints")
            if isinstance(names, list) and names and all(isinstance(n, str) for n in names):
                return names
    return None


reader = Reader(
    name="coco",
    description="COCO keypoints JSON: results (17, 26, 133 points), or annotations with any names",
    suffixes=(".json",),
    recognise=recognise,
    read=read,
    mapped=True,
)
