"""C3D: marker trajectories of a motion laboratory."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.readers import marker_sets, three_d
from stridewise.readers.limits import without_huge
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED

Array = NDArray[np.float64]

#: Metres in the length units that laboratories write.
METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}

_MAGIC = 0x50


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the second byte is C3D's mark and the parameter block carries it too."""
    if len(head) < 512 or head[1] != _MAGIC or not head[0]:
        return False
    block = (head[0] - 1) * 512
    return len(head) <= block + 3 or head[block + 3] in (84, 85, 86)


def read(path: Path, options: Options) -> Recording | list[Recording]:
    """Read a C3D file.

    A standing trial of the same person beside it (`static` in its name) gives the joints where the
    trial has marker clusters only.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is not used: C3D states its rate.

    Returns
    -------
    Recording or list of Recording
        In metres, with depth; one per subject when markers are named `subject:marker`.

    Raises
    ------
    InputError
        When the file is damaged, or the markers do not give both legs.
    """
    markers, time, notes = _markers(path)
    if options.fps is not None:
        notes.append(f"C3D states its own rate, so {options.fps:g} frames/s was not used.")
    people: dict[str, dict[str, Array]] = {}
    for label, xyz in markers.items():
        people.setdefault(label.rpartition(":")[0], {})[label] = xyz
    static = _static_beside(path)
    found = [marker_sets.joints(person, static=static) for person in people.values()]
    whole = [
        three_d.to_recording(points, time, notes=(*notes, *more))
        for points, more in found
        if all(name in points for name in REQUIRED)
    ]
    if whole:
        return whole
    best = max((points for points, _ in found), key=len, default={})
    lacking = [name for name in REQUIRED if name not in best]
    shown = ", ".join(list(markers)[:8])
    raise InputError(
        f"The markers do not give {', '.join(lacking)}",
        expected="joint names or a known marker set (Plug-in Gait, OpenSim, Fukuchi; see formats)",
        received=f"{len(markers)} markers: {shown}" + (" …" if len(markers) > 8 else ""),
    )


def _markers(path: Path) -> tuple[dict[str, Array], Array, list[str]]:
    """Return markers in metres with NaN where not seen, times in seconds, and notes."""
    import c3d

    try:
        with path.open("rb") as file, warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            content = c3d.Reader(file)
            labels = [str(label).strip(" \0") for label in content.point_labels]
            rate = float(content.point_rate)
            unit = _unit(content)
            numbers, frames = [], []
            for number, points, _ in content.read_frames(copy=False):
                numbers.append(number)
                frames.append(points[:, :4].copy())
    except InputError:
        raise
    except Exception as error:  # The library raises whatever the damaged bytes lead it to.
        raise InputError(
            f"{path.name} is a damaged C3D file",
            expected="a whole C3D file",
            received=f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
        ) from error
    if not (math.isfinite(rate) and rate > 0):
        raise InputError("The C3D file states no frame rate", expected="POINT:RATE", received=rate)
    if not frames or not labels:
        raise InputError(f"{path.name} holds no marker trajectories", expected="3D points")
    data = np.stack(frames).astype(float)
    xyz, notes = without_huge(data[..., :3] * METRES[unit])
    unseen = (data[..., 3] < 0) | (data[..., :3] == 0).all(axis=2)
    xyz[unseen | ~np.isfinite(xyz).all(axis=2)] = np.nan
    time = (np.array(numbers, dtype=float) - 1.0) / rate
    markers = {label: xyz[:, i] for i, label in enumerate(labels[: xyz.shape[1]])}
    return markers, time, notes


def _unit(content: object) -> str:
    parameter = content.get("POINT:UNITS")  # type: ignore[attr-defined]
    unit = parameter.string_value.strip(" \0").lower() if parameter is not None else "mm"
    if unit not in METRES:
        raise InputError(
            "The unit of the C3D file is not known",
            expected=f"one of {', '.join(METRES)}",
            received=repr(unit),
        )
    return str(unit)


def _static_beside(path: Path) -> Mapping[str, Array] | None:
    """Return mean markers of the same subject's standing trial in the same folder, if any."""
    subject = re.match(r"[A-Za-z]*\d+", path.stem)
    if subject is None or "static" in path.stem.lower():
        return None
    for other in sorted(path.parent.glob("*.c3d")):
        rest = other.stem.removeprefix(subject[0])
        if rest != other.stem and re.match(r"[^0-9]*static", rest, re.IGNORECASE):
            try:
                markers, _, _ = _markers(other)
            except InputError:
                return None
            return {
                label: np.nanmean(xyz, axis=0)
                for label, xyz in markers.items()
                if np.isfinite(xyz).any()
            }
    return None


reader = Reader(
    name="c3d",
    description="Marker trajectories of a motion laboratory, or joint centres, in C3D",
    suffixes=(".c3d",),
    recognise=recognise,
    read=read,
)
