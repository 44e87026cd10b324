"""The registry of file formats, and `read`, which finds the one that fits a file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np

from stridewise.errors import InputError
from stridewise.layout_map import LayoutMap, Source, load
from stridewise.people.runner import choose
from stridewise.readers import timing
from stridewise.recording import Recording

#: Bytes from the start of a file by which its format is recognised.
HEAD_BYTES = 65_536

ENTRY_POINT_GROUP = "stridewise.readers"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What the user says about a file.

    Parameters
    ----------
    fps : float, optional
        Frames per second, for files without times.
    person : int, optional
        Which person of the file, counted from 1; None lets the package choose.
    layout : LayoutMap, optional
        Which point is which, for formats whose points have names of the user's own or none.
    """

    fps: float | None = None
    person: int | None = None
    layout: LayoutMap | None = None


@dataclass(frozen=True)
class Reader:
    """One file format.

    Parameters
    ----------
    name : str
        What the user types after `--format`.
    description : str
        One line for people.
    suffixes : sequence of str
        Usual file name endings, with the dot; they only break ties between readers.
    recognise : callable
        Takes the first `HEAD_BYTES` bytes (none of a folder) and the path; says whether the content
        is of this format. Must not raise.
    read : callable
        Takes the path and `Options`; returns a recording, or one per person in the file.
        Raises `InputError` and nothing else, whatever the bytes.
    general : bool
        Whether the reader only takes what no other recognises.
    mapped : bool
        Whether it names points by `Options.layout`; for others the user must not state a map.
    folders : bool
        Whether it also reads folders; others are never asked about one.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    recognise: Callable[[bytes, Path], bool]
    read: Callable[[Path, Options], Recording | Sequence[Recording]]
    general: bool = False
    mapped: bool = False
    folders: bool = False


_readers: dict[str, Reader] = {}


def register(reader: Reader) -> Reader:
    """Add a format; a later one of the same name takes its place."""
    _readers[reader.name] = reader
    return reader


@cache
def _load_third_party() -> None:
    """Register the readers of other packages; one that fails is left out, with a warning."""
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            loaded = point.load()
            reader = loaded if isinstance(loaded, Reader) else loaded()
            if not isinstance(reader, Reader):
                raise TypeError(f"{point.value} is no Reader")
        except Exception as error:  # Whatever another package does, its format alone is lost.
            _logger.warning(
                "%s",
                InputError(
                    f"The reader {point.name} of another package cannot be used",
                    received=f"{type(error).__name__}: {error}",
                    hint="Its format is not read; update that package, or remove it",
                ),
            )
            continue
        register(reader)


def formats() -> list[Reader]:
    """Return all known formats by name, those of other installed packages included.

    Another package adds one by an entry point of the group `stridewise.readers` that names a
    `Reader`, or a function that returns one.
    """
    _load_third_party()
    return sorted(_readers.values(), key=lambda reader: reader.name)


def _known() -> str:
    return "one of the formats " + ", ".join(reader.name for reader in formats())


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            return b""
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise InputError(
            f"There is no file {path}", hint="Check the name and the folder"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be opened", received=error) from error
    if not head.strip():
        raise InputError(f"{path.name} is empty", expected=_known())
    return head


def _find(head: bytes, path: Path, format: str | None) -> Reader:
    readers = formats()
    folder = path.is_dir()
    if format is not None:
        for reader in readers:
            if reader.name == format:
                if folder and not reader.folders:
                    raise InputError(
                        f"{path} is a folder",
                        expected=f"a file for the format {format}",
                        hint="Name one file inside the folder",
                    )
                return reader
        raise InputError("The format is not known", expected=_known(), received=format)
    able = [reader for reader in readers if reader.folders or not folder]
    fits = [reader for reader in able if reader.recognise(head, path)]
    if not fits and folder:
        raise InputError(
            f"{path} is a folder without the files of any format that keeps one per frame",
            expected=f"a file, or a folder as {', '.join(r.name for r in able)} write it",
            hint="Name one file, or the folder that holds the files of the frames itself",
        )
    if not fits:
        raise InputError(
            f"The content of {path.name} is of no format that stridewise knows",
            expected=_known(),
            hint="State it with --format if you know it is one of these",
        )
    return min(fits, key=lambda each: (each.general, path.suffix.lower() not in each.suffixes))


def _check_legs(recording: Recording) -> None:
    missing = recording.missing_required()
    if not missing:
        return
    if not np.isfinite(recording.xy).any():
        raise InputError(
            f"No person is seen in any of the {recording.frames} frame(s)",
            expected="keypoints of one person",
        )
    raise InputError(
        f"Keypoints are missing: {', '.join(missing)}",
        expected="hip, knee and ankle of both legs, seen in one frame at least",
    )


def read(
    path: str | Path,
    *,
    format: str | None = None,
    fps: float | None = None,
    person: int | None = None,
    map: Source | LayoutMap | None = None,
) -> Recording:
    """Read a recording of keypoints; the format is found from the content.

    Parameters
    ----------
    path : str or Path
        The file, or a folder or zip archive with one file per frame.
    format : str, optional
        Name of a format (see `formats`), when it shall not be inferred.
    fps : float, optional
        Frames per second, for files without times. Times in the file are always preferred.
    person : int, optional
        Which person, counted from 1; by default the runner (see `stridewise.people.choose`).
    map : str, Path, mapping or LayoutMap, optional
        Which point is which (see `stridewise.layout_map`): a TOML file, or names in the file to
        canonical names.

    Returns
    -------
    Recording
        With its `notes` saying what had to be assumed.

    Raises
    ------
    InputError
        When the file cannot be opened, is of no known format, cannot be read, or does not hold
        hip, knee and ankle of both legs.
    """
    people = read_people(path, format=format, fps=fps, person=person, map=map)
    recording = choose(people, person)
    _check_legs(recording)
    return recording


def read_people(
    path: str | Path,
    *,
    format: str | None = None,
    fps: float | None = None,
    person: int | None = None,
    map: Source | LayoutMap | None = None,
) -> list[Recording]:
    """Read all people of a file; parameters as of `read`.

    Raises
    ------
    InputError
        When the file cannot be opened, is of no known format, or cannot be read.
    """
    path = Path(path)
    if fps is not None:
        timing.check_fps(fps)
    head = _head(path)
    reader = _find(head, path, format)
    layout = None if map is None else load(map)
    if layout is not None and not reader.mapped:
        raise InputError(
            f"{path.name} is of the format {reader.name}, whose points have fixed names",
            expected="no map of point names",
        )
    found = reader.read(path, Options(fps=fps, person=person, layout=layout))
    people = [found] if isinstance(found, Recording) else list(found)
    return [replace(each, source=each.source or path.name, format=reader.name) for each in people]
