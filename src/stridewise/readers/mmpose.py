"""MMPose and RTMPose predictions in JSON, of the inferencer and of the demo programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stridewise.errors import InputError
from stridewise.readers import bundle, json_text
from stridewise.readers.bodies import Bodies, frame_number
from stridewise.readers.registry import HEAD_BYTES, Options, Reader
from stridewise.recording import Recording

_WORDS = re.compile(rb'"(keypoint_scores|instance_info|keypoint_id2name)"')
_EMPTY = re.compile(rb'"instances"\s*:\s*\[')
_FRAMES = ("instance_info", "predictions")
_EXPECTED = "frames of instances, each with keypoints [x, y] and keypoint_scores"


def recognise(head: bytes, path: Path) -> bool:
    """Say whether a file, or the first of a folder or archive, begins as MMPose predictions."""
    first = bundle.peek(head, path, ".json", HEAD_BYTES)
    text = json_text.begins(head if first is None else first)
    return _WORDS.search(text) is not None or _EMPTY.search(text) is not None


def read(path: Path, options: Options) -> list[Recording]:
    """Read MMPose predictions.

    Parameters
    ----------
    path : Path
        One JSON file of a video, or a folder or zip archive of one file per image.
    options : Options
        `fps` gives the times; numbers left out become holes.

    Returns
    -------
    list of Recording
        One per person, in pixels.

    Raises
    ------
    InputError
        When the JSON is damaged, holds no predictions, or the frame rate is not stated.
    """
    names: list[str] | None = None
    notes: list[str] = []
    frames: Iterable[tuple[float, Any]]
    if bundle.is_bundle(path):
        numbers, contents, notes = bundle.frames(path, ".json")
        values = (json_text.parse(content, name) for name, content in contents)
        frames = zip(numbers.tolist(), values, strict=True)
    else:
        data = json_text.load(path)
        names = _names(data)
        frames = _frames(data)
    bodies = Bodies(_EXPECTED)
    for number, frame in frames:
        bodies.look(number)
        for instance in _instances(frame, number):
            _add(bodies, number, instance)
    return bodies.recordings(options, names=names, notes=notes)


def _frames(data: Any) -> list[tuple[float, Any]]:
    """Return frame number and instances of each frame."""
    if isinstance(data, dict):
        data = next((data[key] for key in _FRAMES if key in data), None)
    if not isinstance(data, list) or not data:
        raise InputError("The JSON holds no frames", expected=_EXPECTED)
    if isinstance(data[0], dict) and "keypoints" in data[0]:
        # The demo and the inferencer write the instances of a single image like this.
        return [(0.0, data)]
    frames = []
    for i, frame in enumerate(data):
        number = frame_number(frame.get("frame_id")) if isinstance(frame, dict) else None
        frames.append((float(i) if number is None else number, frame))
    return frames


def _instances(frame: Any, number: float) -> list[Any]:
    if isinstance(frame, dict):
        frame = next((frame[key] for key in ("instances", "predictions") if key in frame), frame)
    # `predictions` of the inferencer are a list of images, each a list of instances.
    while isinstance(frame, list) and len(frame) == 1 and isinstance(frame[0], list):
        frame = frame[0]
    if not isinstance(frame, list):
        raise InputError(f"Frame {number:g} holds no instances", expected=_EXPECTED)
    return frame


def _add(bodies: Bodies, number: float, instance: Any) -> None:
    points: Any = instance.get("keypoints") if isinstance(instance, dict) else None
    if isinstance(points, list) and not points:
        return
    try:
        x, y = zip(*points, strict=True)
    except (TypeError, ValueError):
        raise InputError(
            f"An instance in frame {number:g} cannot be used",
            expected=_EXPECTED,
            received=repr(points if points is not None else instance)[:60],
        ) from None
    scores = instance.get("keypoint_scores")
    bodies.add(
        number,
        x,
        y,
        scores if isinstance(scores, list) else None,
        score=instance.get("bbox_score"),
        track=instance.get("track_id"),
    )


def _names(data: Any) -> list[str] | None:
    """Return the names of the points from the description of the data set, where there is one."""
    about = data.get("meta_info") if isinstance(data, dict) else None
    named = about.get("keypoint_id2name") if isinstance(about, dict) else None
    if not isinstance(named, dict) or not named:
        return None
    names = [named.get(str(i)) for i in range(len(named))]
    return [str(name) for name in names] if None not in names else None


reader = Reader(
    name="mmpose",
    description="MMPose and RTMPose predictions JSON (COCO 17, Halpe 26, WholeBody 133 or named)",
    suffixes=(".json",),
    recognise=recognise,
    read=read,
    mapped=True,
    folders=True,
)
