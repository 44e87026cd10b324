"""OpenPose's JSON of people: a file per frame in a folder or zip archive, or all in one file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stridewise.errors import InputError
from stridewise.readers import bundle, json_text
from stridewise.readers.bodies import ESTIMATORS, Bodies, frame_number
from stridewise.readers.registry import HEAD_BYTES, Options, Reader
from stridewise.recording import Recording
from stridewise.skeletons import LAYOUTS

#: OpenPose's own layouts, and those of other programs that write its format (Pose2Sim, AlphaPose).
_LAYOUTS = {
    **ESTIMATORS,
    18: LAYOUTS["openpose-18"],
    25: LAYOUTS["body-25"],
}
_PEOPLE = ("people", "bodies")
_OLDER = ("pose_keypoints", "joints")
_WORDS = re.compile(rb'"(pose_keypoints(_2d)?|joints)"')
_EMPTY = re.compile(rb'"(people|bodies)"\s*:\s*\[\s*\]')
_EXPECTED = "people, each with pose_keypoints_2d: x, y, confidence of 18 (COCO) or 25 (BODY_25)"


def recognise(head: bytes, path: Path) -> bool:
    """Say whether a file, or the first of a folder or archive, begins as OpenPose's people."""
    first = bundle.peek(head, path, ".json", HEAD_BYTES)
    if first is not None:
        text = json_text.begins(first)
        return _WORDS.search(text) is not None or _EMPTY.search(text) is not None
    return _WORDS.search(json_text.begins(head)) is not None


def read(path: Path, options: Options) -> list[Recording]:
    """Read OpenPose keypoints.

    Parameters
    ----------
    path : Path
        A folder or zip archive of one JSON file per frame, whose names end in the frame number
        (`_keypoints` may follow), or one JSON file with all frames: a list, or by image name.
    options : Options
        `fps` gives the times; numbers left out become holes.

    Returns
    -------
    list of Recording
        One per person, in pixels.

    Raises
    ------
    InputError
        When files are damaged, hold no such people, or the frame rate is not stated.
    """
    bodies = Bodies(_EXPECTED)
    if bundle.is_bundle(path):
        numbers, contents, notes = bundle.frames(path, ".json")
        frames = ((name, json_text.parse(content, name)) for name, content in contents)
    else:
        found = _frames(json_text.load(path))
        numbers, notes = bundle.frame_numbers(list(found))
        frames = ((f"Frame {name}", frame) for name, frame in found.items())
    size = None
    for number, (name, frame) in zip(numbers.tolist(), frames, strict=True):
        bodies.look(number)
        size = size or _canvas(frame)
        for person in _people(frame, name):
            _add(bodies, number, person)
    return bodies.recordings(options, layouts=_LAYOUTS, shares=True, image_size=size, notes=notes)


def _frames(data: Any) -> Mapping[str, Any]:
    """Return the frames of one file by name."""
    if isinstance(data, list):
        return {str(i): frame for i, frame in enumerate(data)}
    if isinstance(data, dict) and any(key in data for key in _PEOPLE):
        raise InputError(
            "The file holds a single frame",
            expected="all frames",
            hint="Name the folder in which OpenPose wrote one file per frame",
        )
    if isinstance(data, dict):
        return data
    raise InputError("The JSON holds no frames", expected=_EXPECTED)


def _people(frame: Any, name: str) -> Sequence[Any]:
    if isinstance(frame, dict):
        people = frame.get("people", frame.get("bodies"))
        if isinstance(people, list):
            return people
    raise InputError(f"{name} holds no people", expected=_EXPECTED)


def _add(bodies: Bodies, number: float, person: Any) -> None:
    points = person.get("pose_keypoints_2d") if isinstance(person, dict) else None
    if points is None and isinstance(person, dict):
        points = next((person[key] for key in _OLDER if key in person), None)
    if points is None:
        raise InputError(f"A person in frame {number:g} has no keypoints", expected=_EXPECTED)
    bodies.add_flat(number, points, track=person.get("person_id"))


def _canvas(frame: Any) -> tuple[int, int] | None:
    """Return the image size that some programs put into each frame."""
    if not isinstance(frame, dict) or "canvas_width" not in frame:
        return None
    width, height = (frame_number(frame.get(key)) for key in ("canvas_width", "canvas_height"))
    return (int(width), int(height)) if width and height and min(width, height) >= 1 else None


reader = Reader(
    name="openpose",
    description="OpenPose JSON, a folder or zip of one file per frame (BODY_25, COCO)",
    suffixes=(".json", ".zip"),
    recognise=recognise,
    read=read,
    mapped=True,
    folders=True,
)
