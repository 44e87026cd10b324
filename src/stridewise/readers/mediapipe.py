"""MediaPipe pose landmarks in JSON, in the layouts that programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.people import Detections, separate
from stridewise.readers import json_text, three_d, timing
from stridewise.readers.bodies import to_pixels
from stridewise.readers.limits import without_huge
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording
from stridewise.skeletons import LAYOUTS

Array = NDArray[np.float64]

POINTS = 33

_FRAMES = ("frames", "pose_data", "poses", "data", "results", "landmarks", "pose_landmarks")
_IMAGE = ("pose_landmarks", "poseLandmarks", "landmarks", "keypoints")
_WORLD = ("pose_world_landmarks", "poseWorldLandmarks", "world_landmarks", "worldLandmarks")
_WRAPPED = ("landmark", "landmarks", "keypoints", "pose_landmarks", "poseLandmarks")
#: Keys of a time stamp and how many seconds their unit is; 0 where the steps must tell.
_TIMES = {
    "time_s": 1.0,
    "timestamp_s": 1.0,
    "timestamp_ms": 1e-3,
    "timestampMs": 1e-3,
    "time_ms": 1e-3,
    "timestamp_us": 1e-6,
    "timestamp": 0.0,
    "time": 0.0,
}
_NUMBERS = ("frame_number", "frame", "frame_index", "frame_id", "frameIndex", "index")
_RATES = ("fps", "frame_rate", "frameRate", "framerate")
_ABOUT = ("video_info", "metadata", "meta", "info", "video")

_MARK = re.compile(
    rb'"(pose_?landmarks|(pose_?)?world_?landmarks|landmarks|pose_data|visibility)"'
    rb'|"keypoints"\s*:\s*\[\s*[\[{]',
    re.IGNORECASE,
)
_NOT_OURS = b'"keypoint_scores"'  # MMPose
_EXPECTED = (
    "frames, each with landmarks: 33 points as {x, y, z, visibility} or [x, y, z, visibility]"
)


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the file begins as JSON with MediaPipe's words in it."""
    text = json_text.begins(head)
    return _NOT_OURS not in text and _MARK.search(text) is not None


def read(path: Path, options: Options) -> list[Recording]:
    """Read MediaPipe landmarks.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when frames have no time stamps.

    Returns
    -------
    list of Recording
        One per person, in pixels; in metres with depth where the file has world landmarks only.

    Raises
    ------
    InputError
        When the JSON is damaged, holds no such landmarks, or has no usable times.
    """
    data = json_text.load(path)
    about = _about(data)
    frames = _frames(data)
    image = [_people(frame, _IMAGE) for frame in frames]
    world = not any(image)
    people = [_people(frame, _WORLD) for frame in frames] if world else image
    count = max((len(each) for each in people), default=0)
    if not count:
        raise InputError(
            f"No person is seen in any of the {len(frames)} frame(s)", expected=_EXPECTED
        )
    points = np.full((count, len(frames), POINTS, 4), np.nan)
    for f, each in enumerate(people):
        for p, person in enumerate(each):
            points[p, f] = _points(person, f)
    time, kept, notes = _clock(frames, about, options)
    points = points[:, kept]
    points[..., :3], doubts = without_huge(points[..., :3])
    notes += doubts
    if world:
        return [_from_world(person, time, notes) for person in points]
    return _from_image(points, time, _image_size(about), notes)


def _frames(data: Any) -> list[Any]:
    """Return the list of frames, wherever it is."""
    if isinstance(data, Mapping):
        data = next((data[k] for k in _FRAMES if isinstance(data.get(k), list)), None)
    if not isinstance(data, list) or not data:
        raise InputError("The JSON holds no frames", expected=_EXPECTED)
    return data


def _about(data: Any) -> dict[str, Any]:
    """Return what the file says about the whole video, in one flat mapping."""
    if not isinstance(data, Mapping):
        return {}
    about = dict(data)
    for key in _ABOUT:
        if isinstance(data.get(key), Mapping):
            about.update(data[key])
    return about


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_point(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "x" in value and "y" in value
    return isinstance(value, list) and 2 <= len(value) <= 5 and all(_is_number(v) for v in value)


def _people(frame: Any, keys: Iterable[str]) -> list[Any]:
    """Return the landmarks of each person in a frame; none where nobody was detected."""
    if isinstance(frame, Mapping):
        frame = next((frame[k] for k in keys if frame.get(k)), None)
    elif "landmarks" not in keys:
        return []  # A bare list of points is in the image.
    if isinstance(frame, Mapping):
        frame = next((frame[k] for k in _WRAPPED if frame.get(k)), None)
    if not isinstance(frame, list) or not frame:
        return []
    if _is_point(frame[0]) or _is_number(frame[0]):
        return [frame]
    unwrapped = [
        next((p[k] for k in _WRAPPED if p.get(k)), []) if isinstance(p, Mapping) else p
        for p in frame
    ]
    return [p if isinstance(p, list) else [] for p in unwrapped]


def _points(person: Sequence[Any], frame: int) -> Array:
    """Return x, y, z, visibility of one person, shape (33, 4); NaN where there is nothing."""
    if not person:
        return np.full((POINTS, 4), np.nan)
    if all(_is_number(v) for v in person) and len(person) in (3 * POINTS, 4 * POINTS):
        width = len(person) // POINTS
        person = [list(person[i : i + width]) for i in range(0, len(person), width)]
    if len(person) != POINTS:
        raise InputError(
            f"Frame {frame} has {len(person)} points", expected=f"{POINTS} MediaPipe landmarks"
        )
    return np.array([_point(p, frame) for p in person])


def _point(point: Any, frame: int) -> list[float]:
    if point is None:
        return [np.nan] * 4
    if isinstance(point, Mapping):
        values = [point.get("x"), point.get("y"), point.get("z"), point.get("visibility", 1.0)]
    elif isinstance(point, list):
        values = [*point[:2], *(point[2:4] if len(point) > 3 else (*point[2:3], 1.0))]
        values = values if len(values) == 4 else [*values[:2], None, 1.0]
    else:
        values = [point]
    if len(values) != 4 or not all(v is None or _is_number(v) for v in values):
        raise InputError(
            f"A point of frame {frame} cannot be used",
            expected="numbers x, y, z, visibility",
            received=repr(point)[:60],
        )
    x, y, z, visibility = (_finite(v) for v in values)
    if x == 0 and y == 0 and not visibility > 0:
        x = y = np.nan
    return [x, y, z, visibility]


def _finite(value: float | None) -> float:
    try:
        number = np.nan if value is None else float(value)
    except OverflowError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def _number(source: Any, keys: Iterable[str]) -> float | None:
    """Return the first of these keys that holds a finite number."""
    if not isinstance(source, Mapping):
        return None
    numbers = (_finite(source[k]) for k in keys if _is_number(source.get(k)))
    return next((n for n in numbers if np.isfinite(n)), None)


def _clock(
    frames: list[Any], about: Mapping[str, Any], options: Options
) -> tuple[Array, NDArray[np.intp], list[str]]:
    """Return times in seconds, which frames they belong to, and notes."""
    for key, unit in _TIMES.items():
        stamps = [_number(frame, (key,)) for frame in frames]
        if any(stamp is None for stamp in stamps) or len(set(stamps)) < min(2, len(stamps)):
            continue
        time = np.array(stamps, dtype=float)
        kept, repeated = timing.increasing(time)
        seconds, notes = timing.from_stamps(time[kept] * (unit or 1.0), fps=options.fps)
        return seconds, kept, [*repeated, *notes]
    numbers = [_number(frame, _NUMBERS) for frame in frames]
    known = all(n is not None for n in numbers)
    frame = np.array(numbers if known else range(len(frames)), dtype=float)
    kept, repeated = timing.increasing(frame)
    rate = _number(about, _RATES)
    file_fps = rate if rate is not None and rate > 0 else None
    time = timing.from_frames(frame[kept], fps=options.fps, file_fps=file_fps)
    return time, kept, repeated


def _confidence(points: Array) -> Array:
    return np.clip(np.nan_to_num(points[..., 3], nan=1.0), 0.0, 1.0)


def _layout() -> tuple[list[int], tuple[str, ...]]:
    named = [(i, name) for i, name in enumerate(LAYOUTS["blazepose-33"]) if name is not None]
    return [i for i, _ in named], tuple(name for _, name in named)


def _from_image(
    points: Array, time: Array, size: tuple[int, int] | None, notes: Sequence[str]
) -> list[Recording]:
    """Tell people apart, as nothing says that they come in the same order in each frame."""
    index, names = _layout()
    points = points[:, :, index]
    frame, person = np.nonzero(np.isfinite(points[..., :2]).all(axis=-1).any(axis=-1).T)
    seen = points[person, frame]
    people = separate(
        Detections(
            frame=frame,
            xy=seen[..., :2],
            confidence=_confidence(seen),
            time=time,
            keypoints=names,
            score=_confidence(seen).mean(axis=1),
            track=np.full(len(frame), -1),
        )
    )
    people, scaled = to_pixels(people, size)
    return [each.with_(image_size=size, notes=(*notes, *scaled, *each.notes)) for each in people]


def _from_world(points: Array, time: Array, notes: Sequence[str]) -> Recording:
    index, names = _layout()
    placed = {name: points[:, i, :3] for i, name in zip(index, names, strict=True)}
    recording = three_d.to_recording(
        placed,
        time,
        notes=(
            *notes,
            "World landmarks move with the hips: rise and travel of the body are not in them.",
        ),
    )
    order = [names.index(name) for name in recording.keypoints]
    return recording.with_(confidence=_confidence(points[:, index])[:, order])


def _image_size(about: Mapping[str, Any]) -> tuple[int, int] | None:
    width = _number(about, ("width", "image_width", "frame_width", "video_width", "imageWidth"))
    height = _number(
        about, ("height", "image_height", "frame_height", "video_height", "imageHeight")
    )
    if width is None or height is None or min(width, height) < 1:
        return None
    return int(width), int(height)


reader = Reader(
    name="mediapipe",
    description="MediaPipe pose landmarks (33 points) in JSON, normalised, pixels or world metres",
    suffixes=(".json",),
    recognise=recognise,
    read=read,
)
