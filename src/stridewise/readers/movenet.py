"""MoveNet: outputs as an array, one person (17 points) or six (56 values) per frame; or poses.

TensorFlow.js gives the poses of a frame as a list of `{score, keypoints: [{x, y, score, name}]}`.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers import json_text, mediapipe
from stridewise.readers.bodies import Bodies
from stridewise.readers.limits import check_size
from stridewise.readers.registry import HEAD_BYTES, Options, Reader
from stridewise.recording import Recording
from stridewise.skeletons import LAYOUTS

Array = NDArray[np.float64]

POINTS = 17
#: Of the six bodies, those that are none have scores near 0.
LEAST_SCORE = 0.1
#: y, x, score of each point, then the box and its score.
_MULTI = 3 * POINTS + 5
_MAGIC = b"\x93NUMPY"
_EXPECTED = (
    "an array of y, x, score: (frames, 17, 3), or (frames, 6, 56) for several people; or JSON of "
    "the poses of each frame"
)


def recognise(head: bytes, path: Path) -> bool:
    """Say whether a file is an array of MoveNet's shape, or begins as poses."""
    if head.startswith(_MAGIC):
        shape = _header_shape(head)
        return shape is not None and _kind(shape) is not None
    text = json_text.begins(head)
    if mediapipe.of_movenet(text):
        return True
    row = text.lstrip(b"[ \t\r\n").partition(b"]")[0]
    try:
        width = len([float(cell) for cell in row.split(b",")])
    except ValueError:
        return False
    depth = text[: text.find(row)].count(b"[") if row else 0
    return depth >= 3 and width in (3, _MULTI)


def read(path: Path, options: Options) -> list[Recording]:
    """Read MoveNet outputs.

    Parameters
    ----------
    path : Path
        A .npy file, or JSON of nested lists: (frames, 17, 3) or (frames, 6, 56); further axes of
        length 1 do not matter. Or JSON of poses, in the ways of `mediapipe`.
    options : Options
        `fps` gives the times, where poses have none.

    Returns
    -------
    list of Recording
        One per person, in pixels. Shares of the image are scaled to the shape of image under which
        legs keep the most constant length.

    Raises
    ------
    InputError
        When the file is no such array, or the frame rate is not stated.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if mediapipe.of_movenet(json_text.begins(head)):
        return mediapipe.landmarks(path, options, LAYOUTS["coco-17"])
    values = _array(path, binary=head.startswith(_MAGIC))
    kind = _kind(values.shape)
    if kind is None:
        raise InputError(
            "The array is of no MoveNet model", expected=_EXPECTED, received=f"shape {values.shape}"
        )
    bodies = Bodies(_EXPECTED)
    values = values.reshape(len(values), *kind)
    if kind[-1] == 3:
        points, score = values[:, None], np.ones((len(values), 1))
    else:
        points = values[..., : 3 * POINTS].reshape(*values.shape[:2], POINTS, 3)
        score = values[..., -1]
    x, y, notes = _sides(points[..., 1], points[..., 0])
    ordered = np.stack((x, y, points[..., 2]), axis=-1).reshape(*score.shape, 3 * POINTS)
    for frame, (here, sure) in enumerate(zip(ordered, score, strict=True)):
        bodies.look(frame)
        kept = sure >= LEAST_SCORE
        for values, value in zip(here[kept].tolist(), sure[kept].tolist(), strict=True):
            bodies.add_flat(frame, values, score=value)
    return bodies.recordings(options, shares=True, notes=notes)


def _sides(x: Array, y: Array) -> tuple[Array, Array, list[str]]:
    """Return x and y, exchanged where bodies would lie on their side."""
    lengths = []
    for way in (x, y):
        fall = way[..., -2:].mean(axis=-1) - way[..., 0]  # from nose to ankles
        seen = fall[np.isfinite(fall)]
        lengths.append(abs(float(seen.mean())) if seen.size else 0.0)
    if lengths[0] <= lengths[1]:
        return x, y, []
    note = "By the way bodies stand, the array holds x before y, other than MoveNet's own."
    return y, x, [note]


def _kind(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the shape of a frame without axes of length 1; None when it is not MoveNet's."""
    inner = [n for n in shape[1:] if n != 1]
    if inner == [POINTS, 3]:
        return POINTS, 3
    if inner and inner[-1] == _MULTI and len(inner) <= 2 and shape[0]:
        return (inner[0] if len(inner) == 2 else 1), _MULTI
    return None


def _header_shape(head: bytes) -> tuple[int, ...] | None:
    file = BytesIO(head)
    try:
        version = np.lib.format.read_magic(file)
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, _ = read_header(file)
    except Exception:  # Damaged headers lead numpy's parser anywhere.
        return None
    return shape


def _array(path: Path, *, binary: bool) -> Array:
    try:
        if binary:
            # A map checks the length of the file before any memory is taken.
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            if array.dtype.kind not in "fiu":
                raise ValueError(f"values of type {array.dtype}")
            check_size(path.name, array.size)
            return np.array(array, dtype=float)
        return np.array(json_text.load(path), dtype=float)
    except InputError:
        raise
    except Exception as error:  # Damaged headers lead numpy's parser anywhere.
        raise InputError(
            f"{path.name} is no array of numbers", expected=_EXPECTED, received=str(error)[:80]
        ) from None


reader = Reader(
    name="movenet",
    description="MoveNet outputs, .npy or JSON: (frames, 17, 3), (frames, 6, 56), or poses of tfjs",
    suffixes=(".npy", ".json"),
    recognise=recognise,
    read=read,
    mapped=True,
)
