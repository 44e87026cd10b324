"""From points with a confidence each, as a file holds them, to a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stridewise.readers import normalised, three_d
from stridewise.readers.c3d import METRES
from stridewise.readers.limits import without_huge
from stridewise.recording import Recording, Unit
from stridewise.skeletons import REQUIRED, SIDES
from stridewise.view import THIGH_SHANK

Array = NDArray[np.float64]

#: Thigh plus shank of grown-ups and children in metres: what tells an unknown unit.
_LEGS_M = (0.4, 1.2)


def in_image(
    values: Array,
    time: Array,
    keypoints: Sequence[str],
    *,
    notes: Sequence[str] = (),
    shares: bool = False,
    image_size: tuple[int, int] | None = None,
) -> Recording:
    """Make a recording of points in an image.

    Parameters
    ----------
    values : ndarray, shape (frames, keypoints, 3)
        x, y (down) and confidence; NaN where missing. A point without any confidence in the file
        has 1. A point at exactly (0, 0) that has none, or a confidence of 0, was not seen.
    time : ndarray, shape (frames,)
        Seconds.
    keypoints : sequence of str
        Canonical names.
    notes : sequence of str
        What the reader has to say already.
    shares : bool
        Whether coordinates from 0 to 1 are shares of the image.
    image_size : (width, height), optional
        In pixels, where the file states it.
    """
    said = list(notes)
    xy, huge = without_huge(values[..., :2])
    confidence, clipped = _confidence(values[..., 2])
    said += [*huge, *clipped]
    given = np.isfinite(values[..., 2]).any(axis=0)
    unseen = (xy[..., 0] == 0) & (xy[..., 1] == 0) & (~given | (confidence == 0))
    if unseen.any():
        said.append(f"{int(unseen.sum())} point(s) at exactly (0, 0) were taken as missing.")
        xy = np.where(unseen[..., None], np.nan, xy)
    if shares:
        xy, scaled = normalised.to_pixels(xy, keypoints, image_size)
        said += scaled
    return Recording(
        xy=xy,
        confidence=confidence,
        time=time,
        keypoints=tuple(keypoints),
        image_size=image_size,
        notes=tuple(said),
    )


def in_space(
    values: Array,
    time: Array,
    keypoints: Sequence[str],
    *,
    unit: str | None,
    notes: Sequence[str] = (),
) -> Recording:
    """Make a recording of points in space, in metres, or in leg lengths where no unit is known.

    Parameters
    ----------
    values : ndarray, shape (frames, keypoints, 4)
        x, y, z in one frame of any orientation, and confidence; NaN where missing.
    time : ndarray, shape (frames,)
        Seconds.
    keypoints : sequence of str
        Canonical names.
    unit : str or None
        As the file states it; None lets the length of the legs tell.
    notes : sequence of str
        What the reader has to say already.

    Raises
    ------
    InputError
        When hip, knee or ankle of a side is never seen, or forward cannot be told.
    """
    xyz, huge = without_huge(values[..., :3])
    xyz = np.where((xyz == 0).all(axis=2, keepdims=True), np.nan, xyz)
    confidence, clipped = _confidence(values[..., 3])
    places = {name: xyz[:, i] for i, name in enumerate(keypoints)}
    factor, target, told = _scale(places, unit)
    recording = three_d.to_recording(
        {name: place * factor for name, place in places.items()},
        time,
        notes=(*notes, *huge, *clipped, *told),
    )
    order = [list(keypoints).index(name) for name in recording.keypoints]
    return recording.with_(confidence=confidence[:, order], unit=target)


def _confidence(given: Array) -> tuple[Array, list[str]]:
    """Return confidences from 0 to 1, and 1 where the file has none."""
    confidence: Array = np.where(np.isfinite(given), given, 1.0)
    outside = (confidence < 0) | (confidence > 1)
    if not outside.any():
        return confidence, []
    note = f"{int(outside.sum())} confidence(s) outside 0 to 1 were clipped."
    return np.clip(confidence, 0.0, 1.0), [note]


def _scale(places: Mapping[str, Array], unit: str | None) -> tuple[float, Unit, list[str]]:
    """Return the factor to the unit of the recording, that unit, and what to say about it."""
    if unit in METRES:
        return METRES[unit], "m", []
    legs = _leg(places)
    if unit is None:
        for name, factor in METRES.items():
            if _LEGS_M[0] <= legs * factor <= _LEGS_M[1]:
                note = f"The file states no unit; legs of {legs:.3g} can only be in {name}."
                return factor, "m", [note]
    said = "states no unit" if unit is None else f"is in {unit}"
    note = f"The file {said}, so lengths are in leg lengths, not in metres."
    return (THIGH_SHANK / legs if legs > 0 else 1.0), "leg", [note]


def _leg(places: Mapping[str, Array]) -> float:
    """Return the median length of thigh plus shank; 0 when no leg is ever seen whole."""
    if any(name not in places for name in REQUIRED):
        return 0.0
    lengths = np.concatenate(
        [
            np.linalg.norm(places[f"{s}_hip"] - places[f"{s}_knee"], axis=1)
            + np.linalg.norm(places[f"{s}_knee"] - places[f"{s}_ankle"], axis=1)
            for s in SIDES
        ]
    )
    lengths = lengths[np.isfinite(lengths)]
    return float(np.median(lengths)) if lengths.size else 0.0
