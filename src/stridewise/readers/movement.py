"""Poses datasets of `movement`: netCDF files, and xarray datasets in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.layout_map import LayoutMap, Source, load, resolve
from stridewise.people.runner import choose
from stridewise.readers import hdf5, points, timing
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

if TYPE_CHECKING:
    import xarray

Array = NDArray[np.float64]

#: Axes in the order in which they are used here; newer versions name the last two in the singular.
_AXES = ("individuals", "time", "keypoints", "space")
#: In the order of newer versions; older ones had individuals second and space last.
_NAMES = ("time", "space", "keypoints", "keypoint", "individuals", "individual")
_SINGULAR = {"keypoint": "keypoints", "individual": "individuals"}
_EXPECTED = "position over time, space, keypoints and individuals"


@dataclass(frozen=True)
class _Poses:
    """A poses dataset, wherever it came from; arrays with the axes as in `_AXES`."""

    position: Array
    confidence: Array | None
    time: Array
    space: Sequence[str]
    keypoints: Sequence[str]
    attributes: Mapping[str, Any]
    source: str = ""


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the file is HDF5 (netCDF 4) with position over time and space."""
    return hdf5.mentions(head, path, b"position", b"time", b"space", b"keypoint")


def read(path: Path, options: Options) -> list[Recording]:
    """Read a poses dataset that was saved with `to_netcdf`.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when the times are frame numbers; `layout` names the keypoints.

    Returns
    -------
    list of Recording
        One per individual: in pixels, or in metres or leg lengths with depth when there is z.

    Raises
    ------
    InputError
        When the file is damaged or lacks a variable, or both legs are not there.
    """
    found = hdf5.read(path, [*_NAMES, "position", "confidence"])
    names = _axis_names(found, "position")
    confidence = None
    if "confidence" in found.arrays:
        axes = _axis_names(found, "confidence")
        confidence = _turned(found.numbers("confidence", len(axes)), axes, _AXES[:3])
    poses = _Poses(
        position=_turned(found.numbers("position", len(names)), names, _AXES),
        confidence=confidence,
        time=found.numbers("time", 1),
        space=found.words("space"),
        keypoints=found.words("keypoint" if "keypoint" in found.arrays else "keypoints"),
        attributes=found.attributes[""],
    )
    return _recordings(poses, options)


def from_xarray(
    dataset: xarray.Dataset,
    *,
    fps: float | None = None,
    person: int | None = None,
    map: Source | LayoutMap | None = None,
) -> Recording:
    """Return the recording that a poses dataset in memory holds: `Recording.to_xarray` turned back.

    Parameters
    ----------
    dataset : xarray.Dataset
        With `position` and, where known, `confidence`, as `movement` makes them.
    fps : float, optional
        Frames per second, when the times are frame numbers.
    person : int, optional
        Which individual, counted from 1; by default the one seen largest and longest.
    map : str, Path, mapping or LayoutMap, optional
        Which keypoint is which, as for `stridewise.read`.

    Returns
    -------
    Recording
        In pixels; with z in metres, or in leg lengths where the unit cannot be told.

    Raises
    ------
    InputError
        When a variable or coordinate is missing, or both legs are not there.
    """
    if fps is not None:
        timing.check_fps(fps)
    position = dataset.get("position")
    lacking = [n for n in ("time", "space") if position is None or n not in position.coords]
    if position is None or lacking:
        raise InputError("The dataset holds no poses", expected=_EXPECTED)
    axes = [str(name) for name in position.dims]
    names = next((n for n in ("keypoints", "keypoint") if n in position.coords), None)
    if names is None:
        raise InputError("The dataset does not name its keypoints", expected=_EXPECTED)
    confidence = dataset.get("confidence")
    try:
        poses = _Poses(
            position=_turned(position.to_numpy().astype(float), axes, _AXES),
            confidence=None
            if confidence is None
            else _turned(
                confidence.to_numpy().astype(float),
                [str(name) for name in confidence.dims],
                _AXES[:3],
            ),
            time=position["time"].to_numpy().astype(float),
            space=[str(s) for s in position["space"].to_numpy()],
            keypoints=[str(k) for k in position[names].to_numpy()],
            attributes=dataset.attrs,
            source=str(dataset.attrs.get("source_file", "")),
        )
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("The dataset holds no numbers", expected=_EXPECTED) from error
    layout = None if map is None else load(map)
    people = _recordings(poses, Options(fps=fps, person=person, layout=layout))
    recording = choose(people, person)
    return recording.with_(format=str(dataset.attrs.get("source_software", "") or "movement"))


def _axis_names(found: hdf5.Contents, variable: str) -> list[str]:
    """Return the names of a variable's axes: by netCDF's numbers, else by their lengths."""
    shape = found.array(variable).shape
    lengths = {axis: found.arrays[axis].size for axis in _NAMES if axis in found.arrays}
    numbers = {repr(found.attributes[axis].get("_Netcdf4Dimid")): axis for axis in lengths}
    stated = found.attributes[variable].get("_Netcdf4Coordinates")
    wanted = list(map(repr, stated)) if isinstance(stated, list) else []
    if len(wanted) == len(shape) and set(wanted) <= numbers.keys():
        return [numbers[number] for number in wanted]
    for order in (_NAMES, _NAMES[:1] + _NAMES[:0:-1]):
        names = [a for a in order if a in lengths and (variable == "position" or a != "space")]
        if shape == tuple(lengths[axis] for axis in names):
            return names
    raise InputError(f"The axes of {variable} are not known", expected=_EXPECTED, received=shape)


def _turned(values: Array, axes: Sequence[str], wanted: Sequence[str]) -> Array:
    """Return an array with its axes in the wanted order; no individuals are one."""
    named = [_SINGULAR.get(name, name) for name in axes]
    if "individuals" not in named:
        values, named = values[..., None], [*named, "individuals"]
    if sorted(named) != sorted(wanted):
        raise InputError(
            "The axes of the dataset are not those of poses",
            expected=_EXPECTED,
            received=", ".join(axes),
        )
    return values.transpose([named.index(name) for name in wanted])


def _recordings(poses: _Poses, options: Options) -> list[Recording]:
    shape = (len(poses.time), len(poses.keypoints), len(poses.space))
    spatial = list(poses.space) == ["x", "y", "z"]
    if poses.position.shape[1:] != shape or not (spatial or list(poses.space) == ["x", "y"]):
        raise InputError(
            "The positions do not fit their coordinates",
            expected=f"{shape[0]} times, {shape[1]} keypoints, and x, y or x, y, z",
            received=f"{poses.position.shape[1:]} with {', '.join(poses.space)}",
        )
    match = resolve(list(poses.keypoints), options.layout)
    confidence = np.full(poses.position.shape[:3], np.nan)
    if poses.confidence is not None and poses.confidence.shape == confidence.shape:
        confidence = poses.confidence
    values = np.concatenate((poses.position, confidence[..., None]), axis=3)[:, :, match.index]
    kept, repeated = timing.increasing(poses.time)
    time, timed = _seconds(poses.time[kept], poses.attributes, options)
    notes = [*match.notes, *repeated, *timed]
    unit = poses.attributes.get("space_unit")
    seen = np.isfinite(values[..., :2]).any(axis=(1, 2, 3))
    made = [
        points.in_space(each, time, match.keypoints, unit=unit, notes=notes)
        if spatial
        else points.in_image(each, time, match.keypoints, notes=notes)
        for each in values[seen][:, kept]
    ]
    return [recording.with_(source=poses.source) for recording in made]


def _seconds(
    time: Array, attributes: Mapping[str, Any], options: Options
) -> tuple[Array, list[str]]:
    if attributes.get("time_unit") != "frames":
        return timing.from_stamps(time, fps=options.fps)
    rate = attributes.get("fps")
    file_fps = float(rate) if isinstance(rate, int | float) and rate > 0 else None
    return timing.from_frames(time, fps=options.fps, file_fps=file_fps), []


reader = Reader(
    name="movement",
    description="Poses datasets of movement, saved as netCDF",
    suffixes=(".nc", ".h5"),
    recognise=recognise,
    read=read,
    mapped=True,
)
