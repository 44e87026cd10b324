"""MediaPipe landmarks in CSV, one row per frame, as programs around MediaPipe write them.

MediaPipe itself writes no CSV. Two ways are common: numbered landmarks (`x0,y0,z0,v0,x1,...`,
`landmark_0_x,...`, `lmk0_x,...`; from 0 or from 1) and MediaPipe's names (`LEFT_FOOT_INDEX_x`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.layout_map import Match, resolve, resolve_unnamed, split_side
from stridewise.readers import csv, points, tables, timing
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

Array = NDArray[np.float64]

LANDMARKS = 33
#: Fewer numbered points than this are no body: boxes and other tables.
_FEWEST = 12
_PART = {
    **{part: part for part in "xyz"},
    **dict.fromkeys(("v", "c", "vis", "visibility", "conf", "confidence", "score"), "confidence"),
}
_NUMBERED = (
    re.compile(r"(?P<part>[a-z]+)[\s_.-]*(?P<number>\d+)"),
    re.compile(r"[a-z_\s.-]*?(?P<number>\d+)[\s_.-]*(?P<part>[a-z]+)"),
    re.compile(r"[a-z_\s.-]*?[\s_.-](?P<part>[a-z]+)[\s_.-]*(?P<number>\d+)"),
)
#: Parts that only MediaPipe's layout has.
_OWN = frozenset(("footindex", "eyeinner", "eyeouter", "mouth", "pinky"))
_SIZE = (
    ("image_width", "frame_width", "video_width", "width"),
    ("image_height", "frame_height", "video_height", "height"),
)
#: World landmarks have their origin between the hips: no further off than this, in metres.
_WORLD_ORIGIN_M = 0.02


def named_so(names: Iterable[str]) -> bool:
    """Say whether point names are MediaPipe's."""
    return not _OWN.isdisjoint(split_side(name)[1] for name in names)


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the header has numbered landmarks, or names that only MediaPipe has."""
    names = tables.header_of(head)
    return bool(_numbered(names)) or named_so(_named(names))


def _named(names: Sequence[str]) -> dict[str, dict[str, int]]:
    return {k: c for k, c in csv.columns(names).items() if {"x", "y"} <= c.keys()}


def _numbered(names: Sequence[str]) -> dict[int, dict[str, int]]:
    """Return the columns of each landmark by its number, if there are enough for a body."""
    found: dict[int, dict[str, int]] = {}
    for i, name in enumerate(names):
        for pattern in _NUMBERED:
            match = pattern.fullmatch(name)
            if match and match["part"] in _PART and len(match["number"]) < 4:
                found.setdefault(int(match["number"]), {}).setdefault(_PART[match["part"]], i)
                break
    whole = {number: c for number, c in found.items() if {"x", "y"} <= c.keys()}
    return whole if len(whole) >= _FEWEST else {}


def read(path: Path, options: Options) -> Recording:
    """Read MediaPipe landmarks in CSV.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when there are no times; without frame numbers, every row is a frame.
        `layout` names the points.

    Returns
    -------
    Recording
        In pixels; in metres with depth when the origin lies between the hips (world landmarks).

    Raises
    ------
    InputError
        When columns, cells or times cannot be used, or both legs are not there.
    """
    with tables.rows(path) as lines:
        names = [cell.strip() for cell in lines.next()]
        lower = [name.lower() for name in names]
        chosen, match = _landmarks(names, options)
        clock = tables.clock_column(lower)
        size = [next((lower.index(w) for w in words if w in lower), None) for words in _SIZE]
        # The x column stands in for columns that the file does not have.
        first = chosen[0]["x"]
        wanted = [c.get(part, c["x"]) for c in chosen for part in ("x", "y", "z", "confidence")]
        lead = [first if clock is None else clock, *(first if i is None else i for i in size)]
        table = tables.read(lines, names, [*lead, *wanted], dated=clock is not None)
    numbers = table.numbers
    keys = np.arange(len(numbers), dtype=float) if clock is None else numbers[:, 0]
    kept, repeated = timing.increasing(keys)
    time, timed = tables.seconds("frame" if clock is None else lower[clock], keys[kept], options)
    values = numbers[kept, 3:].reshape(len(kept), len(chosen), 4)
    for part, column in (("z", 2), ("confidence", 3)):
        values[:, [part not in c for c in chosen], column] = np.nan
    notes = [*match.notes, *table.notes, *repeated, *timed]
    if _is_world(values, match.keypoints):
        said = "World landmarks move with the hips: rise and travel of the body are not in them."
        return points.in_space(values, time, match.keypoints, unit="m", notes=[*notes, said])
    image_size = None if None in size else _size(numbers[0, 1:3])
    flat = values[..., [0, 1, 3]]
    return points.in_image(
        flat, time, match.keypoints, notes=notes, shares=True, image_size=image_size
    )


def _landmarks(names: Sequence[str], options: Options) -> tuple[list[dict[str, int]], Match]:
    """Return the columns of each keypoint, and which keypoints they are."""
    numbered = _numbered([name.lower() for name in names])
    if not numbered:
        named = _named(names)
        match = resolve(list(named), options.layout)
        return [list(named.values())[i] for i in match.index], match
    base = min(min(numbered), 1)
    count = len(numbered)
    if set(numbered) != set(range(base, base + count)) or count > LANDMARKS:
        # Some of the landmarks, or a holistic model, which goes on with face and hands.
        base, count = (0 if min(numbered) > 1 else base), LANDMARKS
    match = resolve_unnamed(count, options.layout)
    match = match.only({number - base: number for number in numbered})
    return [numbered[number] for number in match.index], match


def _size(cells: Array) -> tuple[int, int] | None:
    if not (np.isfinite(cells).all() and (cells >= 1).all() and (cells < 1e5).all()):
        return None
    return int(cells[0]), int(cells[1])


def _is_world(values: Array, keypoints: Sequence[str]) -> bool:
    """Say whether the hips lie about the origin throughout, with depth, as in world landmarks."""
    at = list(keypoints)
    middle = values[:, [at.index("left_hip"), at.index("right_hip")], :3].mean(axis=1)
    middle = middle[np.isfinite(middle).all(axis=1)]
    return bool(len(middle)) and bool((np.abs(np.median(middle, axis=0)) < _WORLD_ORIGIN_M).all())


reader = Reader(
    name="mediapipe_csv",
    description="MediaPipe landmarks in CSV: x0,y0,z0,v0,... or LEFT_HIP_x,... one row per frame",
    suffixes=(".csv", ".tsv", ".txt"),
    recognise=recognise,
    read=read,
    mapped=True,
)
