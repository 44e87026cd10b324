"""From the point names of a file to the canonical ones: by a user's map, else by the names.

A map is a small TOML file. `[map]` names points by the names in the file, `[layout]` by their
position, for files without names::

    [map]                        [layout]
    snout = "nose"               points = ["nose", "", "left_hip", "right_hip"]
    l_knee = "left_knee"         # or a known one: name = "coco-17"
    tail = ""                    # is left out
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stridewise.errors import InputError
from stridewise.skeletons import KEYPOINTS, LAYOUTS, REQUIRED, SIDES, Side

#: What a user may give as a map: a TOML file, or names in the file to canonical names.
Source = str | Path | Mapping[str, str]

LARGEST_MAP_BYTES = 1_000_000
_SHOWN = 8
_EXPECTED = 'a TOML file with [map] name = "keypoint", or [layout] points = ["keypoint", ...]'
_HINT = "Say which name is which point in a small map and state it with --map"

_SIDE_WORDS: Mapping[str, Side] = {
    "left": "left",
    "lft": "left",
    "lt": "left",
    "l": "left",
    "right": "right",
    "rgt": "right",
    "rt": "right",
    "r": "right",
}
#: What other programs call each part, best first; "foot" is the ankle where no name says ankle.
_PAIRED: Mapping[str, Sequence[str]] = {
    "eye": ("eye",),
    "ear": ("ear",),
    "shoulder": ("shoulder", "shoulderjoint", "sho", "sjc", "acromion"),
    "elbow": ("elbow", "elbowjoint", "elb", "ejc"),
    "wrist": ("wrist", "wristjoint", "wri", "wjc", "hand"),
    "hip": ("hip", "hjc"),
    "knee": ("knee", "kneejoint", "kjc"),
    "ankle": ("ankle", "anklejoint", "ajc", "foot"),
    "heel": ("heel", "calcaneus", "calc"),
    "big_toe": ("bigtoe", "hallux", "footindex", "toe", "toes", "toetip", "forefoot", "foot"),
    "small_toe": ("smalltoe", "littletoe", "pinkytoe", "pinkietoe"),
}
_MIDLINE: Mapping[str, Sequence[str]] = {
    "nose": ("nose",),
    "head_top": ("headtop", "topofhead", "vertex", "head"),
    "neck": ("neck", "c7", "thorax", "upperneck"),
    "mid_hip": ("midhip", "hipcenter", "hipcentre", "pelvis", "hips", "hip"),
}
_PARTS = frozenset(word for words in _PAIRED.values() for word in words)
_MIDDLES = frozenset(word for words in _MIDLINE.values() for word in words)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
#: Layouts that a number of points without names can only be.
_BY_COUNT = {
    16: "mpii-16",
    17: "coco-17",
    25: "body-25",
    26: "halpe-26",
    33: "blazepose-33",
    133: "coco-wholebody-133",
}


@dataclass(frozen=True)
class LayoutMap:
    """What the user says about the points of a file.

    Parameters
    ----------
    names : mapping of str to str
        Name in the file to canonical name; "" leaves the point out.
    points : sequence of str or None, optional
        Canonical name of each point by position; None where there is no use for it.
    title : str
        How errors and notes call the map.

    Raises
    ------
    InputError
        When it names points that do not exist, or one twice.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    points: Sequence[str | None] | None = None
    title: str = "map"

    def __post_init__(self) -> None:
        targets = [*self.names.values(), *(self.points or ())]
        named = [name for name in targets if name]
        unknown = [name for name in named if name not in KEYPOINTS]
        if unknown:
            raise InputError(
                f"The {self.title} names points that stridewise does not know: "
                + _list(_with_guess(name, KEYPOINTS) for name in dict.fromkeys(unknown)),
                expected=f"names such as {', '.join(REQUIRED[:3])} (see the page on formats)",
            )
        twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
        if twice:
            raise InputError(
                f"The {self.title} gives {_list(twice)} twice", expected="each point once"
            )


@dataclass(frozen=True)
class Match:
    """Which points of a file are which keypoints.

    Parameters
    ----------
    index : list of int
        Position in the file of each keypoint.
    keypoints : tuple of str
        Canonical names, in canonical order.
    notes : list of str
        What was matched to what, and what was left aside.
    """

    index: list[int]
    keypoints: tuple[str, ...]
    notes: list[str]

    def only(self, place: Mapping[int, int]) -> Match:
        """Return the keypoints whose position in the layout is in the file.

        Parameters
        ----------
        place : mapping of int to int
            Position in the layout to position in the file.

        Raises
        ------
        InputError
            When hip, knee or ankle of a side is not among them.
        """
        found = {
            keypoint: place[i]
            for i, keypoint in zip(self.index, self.keypoints, strict=True)
            if i in place
        }
        _check_legs(found, [f"point {i}" for i in sorted(place)])
        return Match(list(found.values()), tuple(found), self.notes)


def load(source: Source | LayoutMap) -> LayoutMap:
    """Return a map from a TOML file, or from a mapping of names.

    Raises
    ------
    InputError
        When the file cannot be read, is not such TOML, or names points that do not exist.
    """
    if isinstance(source, LayoutMap):
        return source
    if isinstance(source, Mapping):
        return _from_tables({"map": source}, "map")
    path = Path(source)
    try:
        if path.stat().st_size > LARGEST_MAP_BYTES:
            raise InputError(f"The map {path.name} is too large", expected=_EXPECTED)
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(f"There is no map {path}", hint="Check the name and the folder") from error
    except InputError:
        raise
    except (ValueError, RecursionError) as error:  # TOML and Unicode errors are ValueErrors.
        raise InputError(
            f"The map {path.name} is not TOML", expected=_EXPECTED, received=error
        ) from None
    except OSError as error:
        raise InputError(f"The map {path} cannot be opened", received=error) from error
    return _from_tables(tables, f"map {path.name}")


def _from_tables(tables: Mapping[str, Any], title: str) -> LayoutMap:
    names, layout = tables.get("map"), tables.get("layout")
    if (names is None) == (layout is None):
        raise InputError(
            f"The {title} needs one of the tables [map] and [layout]",
            expected=_EXPECTED,
            received=_list(tables) or "none",
        )
    if names is not None:
        if not isinstance(names, Mapping) or not all(
            isinstance(key, str) and isinstance(value, str) for key, value in names.items()
        ):
            raise InputError(f"[map] of the {title} cannot be used", expected=_EXPECTED)
        return LayoutMap(names=dict(names), title=title)
    points = layout.get("points") if isinstance(layout, Mapping) else None
    name = layout.get("name") if isinstance(layout, Mapping) else None
    if points is None and isinstance(name, str):
        if name not in LAYOUTS:
            raise InputError(
                f"The {title} names a layout that stridewise does not know",
                expected=f"points, or one of {', '.join(sorted(LAYOUTS))}",
                received=name,
            )
        return LayoutMap(points=tuple(LAYOUTS[name]), title=title)
    if not isinstance(points, list) or not all(isinstance(point, str) for point in points):
        raise InputError(f"[layout] of the {title} cannot be used", expected=_EXPECTED)
    return LayoutMap(points=tuple(point or None for point in points), title=title)


def resolve(names: Sequence[str], layout: LayoutMap | None = None) -> Match:
    """Find the keypoints among the named points of a file.

    Names in the map are taken as it says; others are matched by themselves: case, separators, and
    where the side is written do not matter, so that `LKnee`, `knee_l` and `leftKnee` are one.

    Parameters
    ----------
    names : sequence of str
        As in the file.
    layout : LayoutMap, optional
        The user's map.

    Raises
    ------
    InputError
        When the map does not fit the file, or hip, knee and ankle of both legs are not found.
    """
    if layout is not None and layout.points is not None:
        return _by_position(layout.points, len(names), layout.title)
    stated = layout.names if layout is not None else {}
    lacking = [name for name in stated if name not in names]
    if lacking:
        assert layout is not None
        raise InputError(
            f"The {layout.title} has names that are not in the file: "
            + _list(_with_guess(name, names) for name in lacking),
            expected=f"names of the file, which are {_list(names)}",
        )
    found = {target: names.index(name) for name, target in stated.items() if target}
    free = [i for i, name in enumerate(names) if name not in stated]
    for keypoint, i in _guess({i: names[i] for i in free}).items():
        found.setdefault(keypoint, i)
    _check_legs(found, names)
    return _match(found, names)


def resolve_unnamed(count: int, layout: LayoutMap | None = None) -> Match:
    """Find the keypoints among points without names, by position.

    Raises
    ------
    InputError
        When the map does not fit the file, or there is none and the number of points does not
        tell the layout.
    """
    if layout is not None and layout.points is not None:
        return _by_position(layout.points, count, layout.title)
    if layout is not None:
        raise InputError(
            f"The points of the file have no names, so the {layout.title} cannot name them",
            expected="[layout] points, one for each point in the order of the file",
        )
    if count not in _BY_COUNT:
        raise InputError(
            f"The file has {count} points without names",
            expected=" or ".join(f"{n} ({name})" for n, name in _BY_COUNT.items()),
            hint="Name them in order in a small map, [layout] points = [...], and state it with "
            "--map",
        )
    name = _BY_COUNT[count]
    match = _by_position(LAYOUTS[name], count, name)
    note = f"The {count} points have no names and were taken in the order of {name}."
    return Match(match.index, match.keypoints, [note])


def _by_position(points: Sequence[str | None], count: int, title: str) -> Match:
    if len(points) != count:
        raise InputError(
            f"The {title} does not fit the file",
            expected=f"{count} points, as in the file",
            received=f"{len(points)}",
        )
    found = {name: i for i, name in enumerate(points) if name}
    _check_legs(found, [name or "(none)" for name in points])
    order = [name for name in KEYPOINTS if name in found]
    return Match([found[name] for name in order], tuple(order), [])


def _match(found: Mapping[str, int], names: Sequence[str]) -> Match:
    order = [name for name in KEYPOINTS if name in found]
    renamed = [f"{names[found[k]]} to {k}" for k in order if _plain(names[found[k]]) != k]
    left = [name for i, name in enumerate(names) if i not in found.values()]
    notes = []
    if renamed:
        notes.append(f"Points were matched by name: {', '.join(renamed)}.")
    if left:
        notes.append(f"{len(left)} point(s) of no use here were left aside: {_list(left)}.")
    return Match([found[name] for name in order], tuple(order), notes)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name).lower()


def _check_legs(found: Mapping[str, int], names: Sequence[str]) -> None:
    lacking = [name for name in REQUIRED if name not in found]
    if not lacking:
        return
    guesses = [
        f"{name}: did you mean {near}?"
        for name in names
        if (near := nearest(name, lacking)) is not None
    ]
    raise InputError(
        f"No point of the file is {', '.join(lacking)}",
        expected="hip, knee and ankle of both legs",
        received=f"{len(names)} points: {_list(names)}",
        hint=" ".join([*guesses[:3], _HINT]),
    )


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a misspelt name was probably meant to be."""
    side, part = split_side(name)
    spelled = f"{side}_{part}" if side else _plain(name)
    close = difflib.get_close_matches(spelled, list(choices), n=1, cutoff=0.8)
    return close[0] if close else None


def split_side(name: str) -> tuple[Side | None, str]:
    """Return the side that a name states and the rest of it, in small letters without separators.

    Examples
    --------
    >>> split_side("mixamorig:LeftUpLeg")
    ('left', 'upleg')
    >>> split_side("knee_r")
    ('right', 'knee')
    >>> split_side("lankle")
    ('left', 'ankle')
    """
    words = [word.lower() for word in _WORD.findall(name.rpartition(":")[2])]
    sides = [i for i, word in enumerate(words) if word in _SIDE_WORDS]
    if len(sides) == 1:
        side = words.pop(sides[0])
        return _SIDE_WORDS[side], "".join(words)
    joined = "".join(words)
    if sides or joined in _PARTS | _MIDDLES:
        return None, joined
    for word, which in _SIDE_WORDS.items():
        for rest in (joined.removeprefix(word), joined.removesuffix(word)):
            if rest != joined and rest in _PARTS:
                return which, rest
    return None, joined


def _guess(names: Mapping[int, str]) -> dict[str, int]:
    """Return the point of each keypoint that the names tell; one point is one keypoint."""
    parts = {i: split_side(name) for i, name in names.items()}
    found: dict[str, int] = {}
    used: set[int] = set()

    def take(keypoint: str, side: Side | None, words: Sequence[str]) -> None:
        for word in words:
            for i, part in parts.items():
                if part == (side, word) and i not in used:
                    found[keypoint] = i
                    used.add(i)
                    return

    for keypoint, words in _MIDLINE.items():
        take(keypoint, None, words)
    for side in SIDES:
        for part, words in _PAIRED.items():
            take(f"{side}_{part}", side, words)
    return found


def _with_guess(name: str, choices: Sequence[str]) -> str:
    lower = {choice.lower(): choice for choice in choices}
    near = nearest(name, choices) or next(
        (lower[n] for n in difflib.get_close_matches(name.lower(), lower, n=1)), None
    )
    return f"{name} (did you mean {near}?)" if near else name


def _list(names: Iterable[str]) -> str:
    """Return the first few names, with a mark when there are more."""
    all_names = list(names)
    return ", ".join(all_names[:_SHOWN]) + (" …" if len(all_names) > _SHOWN else "")
