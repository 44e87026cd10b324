"""BVH: a skeleton with joint angles over time, from motion capture and animation programs.

Every joint turns about its parent by the channels in their order, each about the axes that the
one before has turned: a point of the joint lies at R1 R2 R3 p in its parent. The format knows no
unit of length.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.layout_map import LayoutMap, resolve, split_side
from stridewise.readers import points, timing
from stridewise.readers.cells import plain_lines
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED, SIDES, Side

Array = NDArray[np.float64]

#: A skeleton with fingers and face has some 200 joints.
LARGEST_SKELETON = 2000
_BLOCK = 2**18
_EXPECTED = "HIERARCHY with ROOT, JOINT, OFFSET and CHANNELS, then MOTION, Frames and Frame Time"
#: What 3ds Max and others put before every name.
_PREFIX = re.compile(r"^(bip|character)\d*[\s_:]+", re.IGNORECASE)
_CHANNEL = re.compile(r"([XYZ])(position|rotation)", re.IGNORECASE)

#: What programs call the joint at the upper end of each segment, best first: plain joint names,
#: Motion Builder and Mixamo and the CMU database (LeftUpLeg), 3ds Max, Poser, Unreal.
_HIP = ("upleg", "upperleg", "thigh", "hip")
_KNEE = ("knee", "leg", "lowerleg", "shin", "calf")
_ANKLE = ("ankle", "foot")
_TOE = ("toebase", "toe", "toes", "toe0", "ball", "foot")
_LIMBS: Mapping[str, Sequence[str]] = {
    "hip": _HIP,
    "knee": _KNEE,
    "ankle": _ANKLE,
    "heel": ("heel",),
    "shoulder": ("arm", "uparm", "upperarm", "shldr", "shoulder"),
    "elbow": ("elbow", "forearm", "lowerarm"),
    "wrist": ("wrist", "hand"),
}


@dataclass
class _Joint:
    """One joint, or the end of a chain."""

    name: str
    parent: int
    offset: Array = field(default_factory=lambda: np.zeros(3))
    channels: list[str] = field(default_factory=list)
    first: int = 0
    children: list[int] = field(default_factory=list)


def recognise(head: bytes, path: Path) -> bool:
    """Say whether the file begins with HIERARCHY."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].upper() == b"HIERARCHY"


def read(path: Path, options: Options) -> Recording:
    """Read a BVH file.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` is used when the file states no frame time; `layout` names the joints.

    Returns
    -------
    Recording
        In leg lengths, with depth. Big toes are the ends of the feet; there is seldom a heel.

    Raises
    ------
    InputError
        When the file is damaged, or the joints do not give both legs.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline=None) as text:
        joints, line = _skeleton(text)
        width = sum(len(joint.channels) for joint in joints)
        interval, motion, notes = _motion(text, line, width)
    if _starts_at_rest(joints, motion):
        motion = motion[1:]
        notes.append("The first frame is the rest pose and was dropped.")
    time, timed = _times(interval, len(motion), options)
    found, told = _keypoints(joints, options.layout)
    places = positions(joints, motion, sorted(set(found.values())))
    values = np.stack([places[i] for i in found.values()], axis=1)
    values = np.concatenate((values, np.full((*values.shape[:2], 1), np.nan)), axis=2)
    return points.in_space(
        values,
        time,
        tuple(found),
        unit="a unit that BVH does not state",
        notes=[*notes, *timed, *told],
    )


def _skeleton(text: TextIO) -> tuple[list[_Joint], int]:
    """Return the joints, parents first, and the number of the last line."""
    joints: list[_Joint] = []
    open_joints: list[int] = []
    channels = 0
    for number, line in enumerate(text, start=1):
        word, rest = (*line.split(maxsplit=1), "", "")[:2]
        word = word.upper()
        if word in ("ROOT", "JOINT", "END"):
            parent = open_joints[-1] if open_joints else -1
            name = rest.strip(" \t\r\n{") if word != "END" else ""
            joints.append(_Joint(name, parent))
            if parent >= 0:
                joints[parent].children.append(len(joints) - 1)
            if len(joints) > LARGEST_SKELETON:
                raise InputError(
                    "The skeleton is too large", expected=f"{LARGEST_SKELETON} joints at most"
                )
            if rest.rstrip().endswith("{"):
                open_joints.append(len(joints) - 1)
        elif word == "{" and joints:
            open_joints.append(len(joints) - 1)
        elif word == "}" and open_joints:
            open_joints.pop()
        elif word == "OFFSET" and open_joints:
            joints[open_joints[-1]].offset = _offset(rest, number)
        elif word == "CHANNELS" and open_joints:
            joint = joints[open_joints[-1]]
            if joint.channels:
                raise InputError(
                    f"Line {number} gives CHANNELS to a joint that has some", expected=_EXPECTED
                )
            joint.channels, joint.first = _channels(rest, number), channels
            channels += len(joint.channels)
        elif word == "MOTION":
            if not joints or open_joints or not channels:
                break
            return joints, number
    raise InputError("The skeleton of the BVH file is not whole", expected=_EXPECTED)


def _offset(rest: str, line: int) -> Array:
    try:
        values = np.array([float(word) for word in rest.split()])
    except ValueError:
        values = np.empty(0)
    if values.shape != (3,) or not np.isfinite(values).all():
        raise InputError(f"The OFFSET in line {line} cannot be used", expected="three numbers")
    return values


def _channels(rest: str, line: int) -> list[str]:
    """Return channels such as `xr` (turn about x) and `yp` (position along y)."""
    count, *names = rest.split() or [""]
    found = [_CHANNEL.fullmatch(name) for name in names]
    if not count.isdecimal() or int(count) != len(names) or not all(found) or len(names) > 6:
        raise InputError(
            f"The CHANNELS in line {line} cannot be used",
            expected="their number, then names such as Xposition and Zrotation",
            received=repr(rest.strip()[:60]),
        )
    return [f"{m[1]}{m[2][0]}".lower() for m in found if m is not None]


def _motion(text: TextIO, line: int, width: int) -> tuple[float, Array, list[str]]:
    """Return the frame interval in seconds, 0 where none is stated, the channels, and notes."""
    interval, stated = 0.0, ""
    blocks: list[Array] = []
    cut = 0
    while block := text.read(_BLOCK) + text.readline():
        plain = None if cut else plain_lines(block, " ")
        if plain is not None and plain.shape[1] == width:
            blocks.append(plain)
            line += len(plain)
            continue
        rows = array("d")
        for text_line in StringIO(block):
            line += 1
            words = text_line.split()
            if not words:
                continue
            if words[0].lower().startswith("frames"):
                stated = words[-1]
                continue
            if words[0].lower() == "frame" and len(words) > 2:
                interval = _interval(words[2])
                continue
            row = _row(words)
            if cut or len(row) > width or len(words) > width:
                raise _bad_line(cut or line, width)
            if len(row) == width:
                rows.extend(row)
            else:
                cut = line
        blocks.append(np.array(rows).reshape(-1, width))
    motion = np.concatenate([np.empty((0, width)), *blocks])
    if not len(motion) or not np.isfinite(motion).all():
        raise InputError(
            "The BVH file has no frames, or frames without numbers", expected=_EXPECTED
        )
    notes = ["The last line is cut off and was dropped."] if cut else []
    if stated.isdecimal() and stated != str(len(motion)):
        notes.append(f"The file says {stated} frames and holds {len(motion)}.")
    return interval, motion, notes


def _row(words: Sequence[str]) -> list[float]:
    """Return the numbers of a line; none where one of them is no number."""
    try:
        return [float(word) for word in words]
    except ValueError:
        return []


def _bad_line(number: int, width: int) -> InputError:
    return InputError(f"Line {number} is no frame", expected=f"{width} numbers")


def _interval(word: str) -> float:
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


def _times(interval: float, frames: int, options: Options) -> tuple[Array, list[str]]:
    frame = np.arange(frames, dtype=float)
    if not interval:
        return timing.from_frames(frame, fps=options.fps), []
    return timing.from_stamps(frame * interval, fps=options.fps)


def _starts_at_rest(joints: Sequence[_Joint], motion: Array) -> bool:
    """Say whether the first frame, and it alone, has a root that is not turned at all."""
    root = joints[0]
    turns = [root.first + i for i, channel in enumerate(root.channels) if channel[1] == "r"]
    turned = (motion[:, turns] != 0).any(axis=1)
    return len(motion) > 2 and bool(turns) and not turned[0] and bool(turned[1:].all())


def positions(joints: Sequence[_Joint], motion: Array, wanted: Sequence[int]) -> dict[int, Array]:
    """Return where joints are, by forward kinematics.

    Parameters
    ----------
    joints : sequence of _Joint
        Parents first.
    motion : ndarray, shape (frames, channels)
        Positions in the unit of the file and turns in degrees.
    wanted : sequence of int
        Which joints.

    Returns
    -------
    dict of int to ndarray, shape (frames, 3)
        In the frame of the file.

    Notes
    -----
    The position channels of the root come on top of its offset; those of another joint stand in
    its place, as programs write them that give every joint six channels.
    """
    frames = len(motion)
    turned: dict[int, Array] = {-1: np.broadcast_to(np.eye(3), (frames, 3, 3))}
    places: dict[int, Array] = {-1: np.zeros((frames, 3))}
    for i in sorted(_with_parents(joints, wanted)):
        joint = joints[i]
        local = np.broadcast_to(joint.offset, (frames, 3)).copy()
        turn = turned[joint.parent]
        own = turn
        for column, channel in enumerate(joint.channels, start=joint.first):
            along = "xyz".index(channel[0])
            if channel[1] == "p":
                base = joint.offset[along] if joint.parent < 0 else 0.0
                local[:, along] = base + motion[:, column]
            else:
                own = own @ _turn(along, np.radians(motion[:, column]))
        places[i] = places[joint.parent] + (turn @ local[..., None])[..., 0]
        turned[i] = own
    return {i: places[i] for i in wanted}


def _with_parents(joints: Sequence[_Joint], wanted: Sequence[int]) -> set[int]:
    needed: set[int] = set()
    for i in wanted:
        while i >= 0 and i not in needed:
            needed.add(i)
            i = joints[i].parent
    return needed


def _turn(axis: int, angle: Array) -> Array:
    """Return rotations about one axis, shape (frames, 3, 3)."""
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.zeros((len(angle), 3, 3))
    one, two = (axis + 1) % 3, (axis + 2) % 3
    rotation[:, axis, axis] = 1.0
    rotation[:, one, one] = rotation[:, two, two] = cos
    rotation[:, two, one], rotation[:, one, two] = sin, -sin
    return rotation


def _keypoints(
    joints: Sequence[_Joint], layout: LayoutMap | None
) -> tuple[dict[str, int], list[str]]:
    """Return the joint of each keypoint, and what to say about it."""
    if layout is not None:
        named = [i for i, joint in enumerate(joints) if joint.name]
        match = resolve([joints[i].name for i in named], layout)
        found = dict(zip(match.keypoints, (named[i] for i in match.index), strict=True))
        return found, match.notes
    parts = [split_side(_PREFIX.sub("", joint.name)) for joint in joints]

    def first(side: Side | None, words: Sequence[str]) -> int | None:
        return next((parts.index((side, w)) for w in words if (side, w) in parts), None)

    found = {}
    for side in SIDES:
        for part, words in _LIMBS.items():
            i = first(side, words)
            if i is not None and i not in found.values():
                found[f"{side}_{part}"] = i
        toe = first(side, _TOE)
        if toe is not None:
            tip = _end(joints, toe)
            if tip not in found.values():
                found[f"{side}_big_toe"] = tip
    neck, head = first(None, ("neck",)), first(None, ("head",))
    if neck is not None:
        found["neck"] = neck
    if head is not None and _end(joints, head) != head:
        found["head_top"] = _end(joints, head)
    lacking = [name for name in REQUIRED if name not in found]
    if lacking:
        names = [joint.name for joint in joints if joint.name]
        raise InputError(
            f"No joint of the file is {', '.join(lacking)}",
            expected="names such as LeftUpLeg, LeftLeg and LeftFoot",
            received=", ".join(names[:12]) + (" …" if len(names) > 12 else ""),
            hint="Say which name is which point in a small map and state it with --map",
        )
    used = ", ".join(f"{joints[found[k]].name} to {k}" for k in found if joints[found[k]].name)
    return found, [f"Points were matched by name: {used}."]


def _end(joints: Sequence[_Joint], start: int) -> int:
    """Return the end of the chain that begins at a joint, first children first."""
    while joints[start].children:
        start = joints[start].children[0]
    return start


reader = Reader(
    name="bvh",
    description="BVH: skeleton and joint angles of motion capture and animation programs",
    suffixes=(".bvh",),
    recognise=recognise,
    read=read,
    mapped=True,
)
