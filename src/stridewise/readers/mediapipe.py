"""MediaPipe pose landmarks in JSON, in the layouts that programs write them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.people import Detections, separate
from stridewise.readers import json_text, three_d, timing
from stridewise.readers.bodies import to_pixels
from stridewise.readers.limits import check_size, without_huge
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording
from stridewise.skeletons import LAYOUTS

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_FRAMES = ("frames", "pose_data", "poses", "data", "results", "landmarks", "pose_landmarks")
_IMAGE = ("pose_landmarks", "poseLandmarks", "landmarks", "keypoints", "landmark", "poses")
_WORLD = ("pose_world_landmarks", "poseWorldLandmarks", "world_landmarks", "worldLandmarks")
#: What a landmark calls its confidence; `score` is TensorFlow.js's.
_CONFIDENCE = ("visibility", "score", "presence")
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
_LANDMARK = itemgetter("x", "y", "z", "visibility")
_NUMBER_TYPES = frozenset((float, int))
_KEYPOINT = itemgetter("x", "y", "score")
_WORLD_NOTE = "World landmarks move with the hips: rise and travel of the body are not in them."
_MMPOSE = b'"keypoint_scores"'
#: Poses of TensorFlow.js: of BlazePose with MediaPipe's landmarks, of MoveNet and PoseNet without.
_TFJS = re.compile(rb'"keypoints"\s*:\s*\[\s*\{[^}]*"score"')
_FOOT = b"foot_index"
_EXPECTED = (
    "frames, each with landmarks: 33 points as {x, y, z, visibility} or [x, y, z, visibility]"
)


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the file begins as JSON with MediaPipe's words in it."""
    text = json_text.begins(head)
    return _MARK.search(text) is not None and _MMPOSE not in text and not of_movenet(text)


def of_movenet(text: bytes) -> bool:
    """Say whether JSON begins as poses of TensorFlow.js without MediaPipe's landmarks."""
    return _TFJS.search(text) is not None and _FOOT not in text


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
    return landmarks(path, options, LAYOUTS["blazepose-33"])


def landmarks(path: Path, options: Options, layout: Sequence[str | None]) -> list[Recording]:
    """Read frames of landmarks in any of these ways of writing; otherwise as `read`.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when frames have no time stamps.
    layout : sequence of str or None
        Canonical name of each landmark; None where there is no use for it.

    Raises
    ------
    InputError
        As `read`.
    """
    data = json_text.load_items(path)
    about = _about(data)
    clocks: list[dict[str, float]] = []
    image, world = _Bodies(layout), _Bodies(layout)
    for f, frame in enumerate(_frames(data)):
        clocks.append(_stamps(frame))
        for bodies, keys in ((image, _IMAGE), (world, _WORLD)):
            for number, person in enumerate(_people(frame, keys)):
                bodies.add(f, number, person)
    if not image.frame and not world.frame:
        raise InputError(
            f"No person is seen in any of the {len(clocks)} frame(s)", expected=_EXPECTED
        )
    time, kept, notes = _clock(clocks, about, options)
    place = np.full(len(clocks), -1)
    place[kept] = np.arange(len(kept))
    if not image.frame:
        return world.in_space(place, time, notes)
    return image.in_image(place, time, _image_size(about), notes)


class _Bodies:
    """The bodies of all frames, in the image or in the world."""

    def __init__(self, layout: Sequence[str | None]) -> None:
        self._points = len(layout)
        self._index = [i for i, name in enumerate(layout) if name is not None]
        self._names = tuple(name for name in layout if name is not None)
        self.frame = array("q")
        self._number = array("q")
        self._values = array("d")  # x, y, z, visibility of each landmark

    def add(self, frame: int, number: int, landmarks: Sequence[Any]) -> None:
        """Add a body, the first, second, ... of its frame; nothing is nobody."""
        if not landmarks:
            return
        check_size("of all landmarks", len(self._values))
        self._values.fromlist(_values(landmarks, frame, self._points))
        self.frame.append(frame)
        self._number.append(number)

    def _found(self, place: Index) -> tuple[Index, Index, Array, list[str]]:
        """Return frame, number and keypoints of the bodies in the frames that are kept, notes.

        `place` is the frame that each frame of the file has become, -1 for none.
        """
        frame = place[np.array(self.frame, dtype=np.intp)]
        points = np.frombuffer(self._values).reshape(-1, self._points, 4)
        points = points[:, self._index][frame >= 0]
        points[~np.isfinite(points)] = np.nan
        positions, notes = without_huge(points[..., :3])
        points[..., :3] = positions
        unseen = (points[..., :2] == 0).all(axis=2) & ~(points[..., 3] > 0)
        points[unseen, :2] = np.nan
        points[..., 3] = np.clip(np.nan_to_num(points[..., 3], nan=1.0), 0.0, 1.0)
        return frame[frame >= 0], np.array(self._number)[frame >= 0], points, notes

    def in_image(
        self, place: Index, time: Array, size: tuple[int, int] | None, notes: Sequence[str]
    ) -> list[Recording]:
        """Tell people apart: nothing says that they come in the same order in each frame."""
        frame, _, points, doubts = self._found(place)
        seen = np.isfinite(points[..., :2]).all(axis=-1).any(axis=-1)
        frame, points = frame[seen], points[seen]
        people = separate(
            Detections(
                frame=frame,
                xy=points[..., :2],
                confidence=points[..., 3],
                time=time,
                keypoints=self._names,
                score=points[..., 3].mean(axis=1),
                track=np.full(len(frame), -1),
            )
        )
        people, scaled = to_pixels(people, size)
        said = (*notes, *doubts, *scaled)
        return [each.with_(image_size=size, notes=(*said, *each.notes)) for each in people]

    def in_space(self, place: Index, time: Array, notes: Sequence[str]) -> list[Recording]:
        """Return a recording with depth for the first, the second, ... body of the frames."""
        frame, number, points, doubts = self._found(place)
        people = []
        for each in np.unique(number):
            whole = np.full((len(time), len(self._names), 4), np.nan)
            whole[frame[number == each]] = points[number == each]
            recording = three_d.to_recording(
                {name: whole[:, i, :3] for i, name in enumerate(self._names)},
                time,
                notes=(*notes, *doubts, _WORLD_NOTE),
            )
            order = [self._names.index(name) for name in recording.keypoints]
            confidence = np.nan_to_num(whole[:, order, 3], nan=1.0)
            people.append(recording.with_(confidence=confidence))
        return people


def _frames(data: Any) -> Iterable[Any]:
    """Return the list of frames, wherever it is."""
    lists = list, json_text.Items
    if isinstance(data, dict):
        data = next((data[k] for k in _FRAMES if isinstance(data.get(k), lists)), None)
    if not isinstance(data, lists) or not len(data):
        raise InputError("The JSON holds no frames", expected=_EXPECTED)
    return data


def _stamps(frame: Any) -> dict[str, float]:
    """Return what a frame says about its time and number."""
    if not isinstance(frame, dict):
        return {}
    found = ((key, _number(frame, (key,))) for key in (*_TIMES, *_NUMBERS) if key in frame)
    return {key: number for key, number in found if number is not None}


def _about(data: Any) -> dict[str, Any]:
    """Return what the file says about the whole video, in one flat mapping."""
    if not isinstance(data, dict):
        return {}
    about = dict(data)
    for key in _ABOUT:
        if isinstance(data.get(key), dict):
            about.update(data[key])
    return about


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_point(value: Any) -> bool:
    if isinstance(value, dict):
        return "x" in value and "y" in value
    return isinstance(value, list) and 2 <= len(value) <= 5 and all(_is_number(v) for v in value)


def _people(frame: Any, keys: Iterable[str]) -> list[Any]:
    """Return the landmarks of each person in a frame; none where nobody was detected."""
    if isinstance(frame, dict):
        frame = next((frame[k] for k in keys if frame.get(k)), None)
    elif "landmarks" not in keys:
        return []  # A bare list of points is in the image.
    if isinstance(frame, dict):
        frame = next((frame[k] for k in _WRAPPED if frame.get(k)), None)
    if not isinstance(frame, list) or not frame:
        return []
    if _is_point(frame[0]) or _is_number(frame[0]):
        return [frame]
    unwrapped = [
        next((p[k] for k in _WRAPPED if p.get(k)), []) if isinstance(p, dict) else p for p in frame
    ]
    return [p if isinstance(p, list) else [] for p in unwrapped]


def _values(person: Sequence[Any], frame: int, points: int) -> list[float]:
    """Return x, y, z, visibility of each landmark of one person; NaN where there is nothing."""
    try:
        values = _plain_values(person)
        if len(values) == points * 4 and _NUMBER_TYPES.issuperset(map(type, values)):
            return list(map(float, values))
    except (KeyError, TypeError, OverflowError):
        pass  # in another way of writing, or with something else among the numbers
    if len(person) in (3 * points, 4 * points) and all(map(_is_number, person)):
        width = len(person) // points
        person = [list(person[i : i + width]) for i in range(0, len(person), width)]
    if len(person) != points:
        raise InputError(f"Frame {frame} has {len(person)} points", expected=f"{points} landmarks")
    return [value for point in person for value in _point(point, frame)]


def _plain_values(person: Sequence[Any]) -> list[Any]:
    """Return the values of landmarks that all have the usual names, as most files write them."""
    if "visibility" in person[0] or "score" not in person[0]:
        return list(chain.from_iterable(map(_LANDMARK, person)))
    return [value for x, y, c in map(_KEYPOINT, person) for value in (x, y, np.nan, c)]


def _point(point: Any, frame: int) -> list[float]:
    if point is None:
        return [np.nan] * 4
    if isinstance(point, dict):
        sure = next((point[key] for key in _CONFIDENCE if key in point), 1.0)
        values = [point.get("x"), point.get("y"), point.get("z"), sure]
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
    return [_finite(v) for v in values]


def _finite(value: float | None) -> float:
    try:
        number = np.nan if value is None else float(value)
    except OverflowError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def _number(source: Any, keys: Iterable[str]) -> float | None:
    """Return the first of these keys that holds a finite number."""
    if not isinstance(source, dict):
        return None
    numbers = (_finite(source[k]) for k in keys if _is_number(source.get(k)))
    return next((n for n in numbers if np.isfinite(n)), None)


def _clock(
    clocks: Sequence[Mapping[str, float]], about: Mapping[str, Any], options: Options
) -> tuple[Array, NDArray[np.intp], list[str]]:
    """Return times in seconds, which frames they belong to, and notes."""
    for key, unit in _TIMES.items():
        stamps = [clock.get(key) for clock in clocks]
        if any(stamp is None for stamp in stamps) or len(set(stamps)) < min(2, len(stamps)):
            continue
        time = np.array(stamps, dtype=float)
        kept, repeated = timing.increasing(time)
        seconds, notes = timing.from_stamps(time[kept] * (unit or 1.0), fps=options.fps)
        return seconds, kept, [*repeated, *notes]
    numbers = [next((clock[k] for k in _NUMBERS if k in clock), None) for clock in clocks]
    known = all(n is not None for n in numbers)
    frame = np.array(numbers if known else range(len(clocks)), dtype=float)
    kept, repeated = timing.increasing(frame)
    rate = _number(about, _RATES)
    file_fps = rate if rate is not None and rate > 0 else None
    time = timing.from_frames(frame[kept], fps=options.fps, file_fps=file_fps)
    return time, kept, repeated


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
