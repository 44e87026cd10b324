"""Arrays of numpy in one `.npz` file: positions, names of the points, times or a frame rate."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.layout_map import Match, resolve, resolve_unnamed
from stridewise.readers import points, timing
from stridewise.readers.limits import check_size
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

Array = NDArray[np.float64]

_POSITIONS = (
    "xyz",
    "xy",
    "keypoints",
    "poses",
    "positions",
    "position",
    "landmarks",
    "points",
    "joints",
    "keypoints_3d",
    "data",
    "arr_0",
)
_SPATIAL = ("xyz", "keypoints_3d")
_CONFIDENCE = ("confidence", "confidences", "conf", "scores", "score", "likelihood", "visibility")
_TIME = {"time": 1.0, "times": 1.0, "time_s": 1.0, "timestamps": 1.0, "t": 1.0, "time_ms": 1e-3}
_RATE = ("fps", "frame_rate", "framerate")
_UNIT = ("unit", "units")
_EXPECTED = (
    "xy (frames, keypoints, 2) in pixels or xyz (frames, keypoints, 3), names of the keypoints, "
    "and time or fps"
)
_ENDING = ".npy"
_LARGEST_WORDS_BYTES = 1_000_000


@dataclass(frozen=True)
class _Entry:
    """What the header of one array says."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class _Arrays:
    """The arrays of a file by name; they are read when asked for, and never by pickle."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.entries: dict[str, _Entry] = {}
        for name in archive.namelist():
            entry = self._header(name) if name.endswith(_ENDING) else None
            if entry is not None:
                self.entries[name.removesuffix(_ENDING)] = entry

    def _header(self, name: str) -> _Entry | None:
        with self._archive.open(name) as file:
            version = npy.read_magic(file)
            if version == (1, 0):
                shape, _, dtype = npy.read_array_header_1_0(file)
            elif version == (2, 0):
                shape, _, dtype = npy.read_array_header_2_0(file)
            else:
                return None
        return _Entry(shape, dtype)

    def numbers(self, name: str) -> Array:
        return np.asarray(self._read(name), dtype=float)

    def words(self, name: str) -> list[str]:
        entry = self.entries[name]
        if int(np.prod(entry.shape, dtype=float)) * entry.dtype.itemsize > _LARGEST_WORDS_BYTES:
            raise InputError(f"The names in {name} are too long", expected="a name for each point")
        return [
            word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
            for word in self._read(name).ravel().tolist()
        ]

    def _read(self, name: str) -> NDArray[Any]:
        entry = self.entries[name]
        check_size(name, np.prod(entry.shape, dtype=float) * max(entry.dtype.itemsize / 8, 1.0))
        with self._archive.open(name + _ENDING) as file:
            array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
        return array

    def find(self, names: Sequence[str] | Mapping[str, float], kinds: str, *shape: int) -> str:
        """Return the first of these names that holds such values in that shape, else ""."""
        for name in names:
            entry = self.entries.get(name)
            if entry and entry.dtype.kind in kinds and (entry.shape == shape or not shape):
                return name
        return ""


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the file is a zip of arrays."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # Damaged bytes lead the library anywhere.
        return False
    return bool(names) and all(name.endswith(_ENDING) for name in names)


def read(path: Path, options: Options) -> list[Recording]:
    """Read arrays.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when the file has neither times nor a rate; `layout` names the points.

    Returns
    -------
    list of Recording
        One per person: in pixels, or in metres or leg lengths with depth.

    Raises
    ------
    InputError
        When the file is damaged, has no positions or no times, or both legs are not there.
    """
    with _opened(path) as arrays:
        values, spatial = _positions(arrays)
        frames, count = values.shape[1:3]
        match = _names(arrays, count, options)
        time, notes = _times(arrays, frames, options)
        unit = arrays.find(_UNIT, "US")
        stated = " ".join(arrays.words(unit)).strip().lower() if unit else ""
    kept, repeated = timing.increasing(time)
    time = time[kept]
    said = [*match.notes, *notes, *repeated]
    found = [person[kept][:, match.index] for person in values]
    seen = [person for person in found if np.isfinite(person[..., :2]).all(axis=2).any()]
    if not seen:
        raise InputError(f"No person is seen in any of the {frames} frame(s)", expected=_EXPECTED)
    names = match.keypoints
    if spatial:
        return [points.in_space(p, time, names, unit=stated or None, notes=said) for p in seen]
    flat = [person[..., [0, 1, 3]] for person in seen]
    return [points.in_image(p, time, names, notes=said, shares=True) for p in flat]


@contextmanager
def _opened(path: Path) -> Iterator[_Arrays]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Arrays(archive)
    except InputError:
        raise
    except Exception as error:  # Damaged bytes lead the libraries anywhere.
        raise InputError(
            f"{path.name} is a damaged npz file",
            expected="arrays as numpy.savez writes them",
            received=f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
        ) from error


def _positions(arrays: _Arrays) -> tuple[Array, bool]:
    """Return x, y, z, confidence, shape (people, frames, points, 4), and whether z is a place."""
    for name in _POSITIONS:
        entry = arrays.entries.get(name)
        if entry is None or entry.dtype.kind not in "fiu" or len(entry.shape) not in (3, 4):
            continue
        if entry.shape[-1] not in (2, 3, 4) or 0 in entry.shape:
            continue
        raw = arrays.numbers(name)
        scores = arrays.find(_CONFIDENCE, "fiu", *entry.shape[:-1])
        columns = [raw[..., i] for i in range(raw.shape[-1])]
        none = np.full(raw.shape[:-1], np.nan)
        x, y, z, confidence = [*columns, none, none][:4]
        if scores:
            confidence = arrays.numbers(scores)
        elif len(columns) == 3 and name not in _SPATIAL and _is_confidence(z):
            z, confidence = none, z
        # With four numbers a point, z is MediaPipe's guess of the depth.
        spatial = name in _SPATIAL or (len(columns) == 3 and bool(np.isfinite(z).any()))
        values = np.stack((x, y, z, confidence), axis=-1)
        return (values[None] if values.ndim == 3 else values.swapaxes(0, 1)), spatial
    shown = ", ".join(f"{name} {e.dtype} {e.shape}" for name, e in list(arrays.entries.items())[:6])
    raise InputError("The file has no positions", expected=_EXPECTED, received=shown or "nothing")


def _is_confidence(third: Array) -> bool:
    seen = third[np.isfinite(third)]
    return bool(seen.size) and bool(((seen >= 0) & (seen <= 1)).all())


def _names(arrays: _Arrays, count: int, options: Options) -> Match:
    for name, entry in arrays.entries.items():
        if entry.dtype.kind in "US" and entry.shape == (count,):
            return resolve(arrays.words(name), options.layout)
    return resolve_unnamed(count, options.layout)


def _times(arrays: _Arrays, frames: int, options: Options) -> tuple[Array, list[str]]:
    name = arrays.find(_TIME, "fiu", frames)
    if name:
        values = arrays.numbers(name) * _TIME[name]
        if not np.isfinite(values).all():
            raise InputError(f"Some times in {name} are missing", expected="a time for each frame")
        timing.increasing(values)
        return timing.from_stamps(values, fps=options.fps)
    rate = arrays.find(_RATE, "fiu")
    found = arrays.numbers(rate).ravel() if rate else np.empty(0)
    file_fps = float(found[0]) if found.size == 1 and found[0] > 0 else None
    return timing.from_frames(
        np.arange(frames, dtype=float), fps=options.fps, file_fps=file_fps
    ), []


reader = Reader(
    name="npz",
    description="numpy arrays: xy or xyz, names of the points, time or fps, confidence",
    suffixes=(".npz",),
    recognise=recognise,
    read=read,
    mapped=True,
)
