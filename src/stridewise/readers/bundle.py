"""Folders and zip archives that hold one file per frame."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from lzma import LZMAError
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError

Array = NDArray[np.float64]

#: All files of an archive or folder together may not be larger, nor more; nor one of them larger.
LARGEST_BYTES = 2**30
LARGEST_FILE_BYTES = 2**26
MOST_FILES = 1_000_000
#: Among so many first files one shows what they hold.
_PEEKED = 300
#: Frame numbers beyond this are no numbers of frames.
LARGEST_NUMBER = 2**53

_ZIP = b"PK\x03\x04"
# All that the zip module raises for damaged, encrypted and unknown archives.
_DAMAGED = (
    BadZipFile,
    EOFError,
    KeyError,
    LZMAError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
_DIGITS = re.compile(r"\d+")


def peek(head: bytes, path: Path, suffix: str, size: int) -> bytes | None:
    """Return the beginning of the largest of a bundle's first files; None when it is none.

    The first of all may be of a frame without a body, and say nothing.

    Parameters
    ----------
    head : bytes
        Beginning of the file at `path`.
    path : Path
        Anything.
    suffix : str
        Ending of the files that count, in small letters.
    size : int
        How many bytes to return.
    """
    try:
        if not path.is_dir() and not head.startswith(_ZIP):
            return None
        names = _names(path, suffix)[:_PEEKED]
        if not names:
            return None
        if path.is_dir():
            largest = max(names, key=lambda name: (path / name).stat().st_size)
            with (path / largest).open("rb") as file:
                return file.read(size)
        sizes = _sizes(path)
        largest = max(names, key=sizes.__getitem__)
        with ZipFile(path) as archive, archive.open(largest) as member:
            return member.read(size)
    except (InputError, *_DAMAGED):
        return None


def has(path: Path, suffix: str) -> bool:
    """Say whether a bundle holds files with this ending.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    return bool(_names(path, suffix))


def is_bundle(path: Path) -> bool:
    """Say whether something is a folder or begins as a zip archive."""
    try:
        if path.is_dir():
            return True
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:
        return False


def frames(path: Path, suffix: str) -> tuple[Array, Iterator[tuple[str, bytes]], list[str]]:
    """Return the files of a bundle as frames, in the order of their names.

    Parameters
    ----------
    path : Path
        A folder or zip archive.
    suffix : str
        Ending of the files that count, in small letters.

    Returns
    -------
    frame : ndarray, shape (files,)
        Frame numbers, all different.
    contents : iterator of (str, bytes)
        Name and content of each, read one at a time; raises `InputError` where that fails.
    notes : list of str
        Whether numbers had to be made up.

    Raises
    ------
    InputError
        When there are no such files, or too many.
    """
    names = _names(path, suffix)
    if not names:
        raise InputError(
            f"{path.name} holds no {suffix} files", expected="a folder or zip of one per frame"
        )
    frame, notes = frame_numbers(names)
    return frame, _contents(path, names), notes


def _contents(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    try:
        if path.is_dir():
            left = LARGEST_BYTES
            for name in names:
                size = (path / name).stat().st_size
                left -= size
                if left < 0 or size > LARGEST_FILE_BYTES:
                    raise _too_large(path)
                yield name, (path / name).read_bytes()
            return
        with ZipFile(path) as archive:
            sizes = [archive.getinfo(name).file_size for name in names]
            if sum(sizes) > LARGEST_BYTES or max(sizes) > LARGEST_FILE_BYTES:
                raise _too_large(path)
            for name in names:
                yield name, archive.read(name)
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(
            f"{path.name} cannot be read", expected="a whole folder or zip archive", received=error
        ) from None


def _too_large(path: Path) -> InputError:
    return InputError(
        f"{path.name} is too large",
        expected=f"up to {LARGEST_BYTES // 2**20:,} MiB and {MOST_FILES:,} files of up to "
        f"{LARGEST_FILE_BYTES // 2**20} MiB",
        hint="Split the recording",
    )


def _names(path: Path, suffix: str) -> list[str]:
    """Return the files that count, in natural order; of an archive they must share a folder."""
    try:
        if path.is_dir():
            names = [
                entry.name
                for entry in path.iterdir()
                if entry.name.lower().endswith(suffix) and entry.is_file()
            ]
        else:
            names = [name for name in _sizes(path) if name.lower().endswith(suffix)]
    except _DAMAGED as error:
        raise InputError(
            f"{path.name} cannot be read", expected="a folder or a zip archive", received=error
        ) from None
    # Systems leave hidden files of their own beside the frames.
    names = [name for name in names if not name.rpartition("/")[2].startswith(".")]
    if len(names) > MOST_FILES:
        raise _too_large(path)
    folders = sorted({name.rpartition("/")[0] for name in names})
    if not path.is_dir() and len(folders) > 1:
        raise InputError(
            f"{path.name} holds {len(folders)} folders of frames",
            expected="one recording per archive",
            received=", ".join(folders[:4]),
            hint="Unpack it and name one of the folders",
        )
    return sorted(names, key=_natural)


def _sizes(path: Path) -> dict[str, int]:
    """Return the names in an archive with their sizes; every reader asks for them."""
    about = path.stat()
    return _listed(str(path), about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=1)
def _listed(path: str, size: int, changed: int) -> dict[str, int]:
    with ZipFile(path) as archive:
        return {each.filename: each.file_size for each in archive.infolist()}


def _stem(name: str) -> str:
    """Return a file name without folders and ending."""
    file = name.rpartition("/")[2]
    return file.rpartition(".")[0] or file


def _natural(name: str) -> tuple[list[int], str]:
    """Sort numbers in names by value, then names without them by themselves."""
    return [int(digits[:16]) for digits in _DIGITS.findall(name)], name


def frame_numbers(names: Sequence[str]) -> tuple[Array, list[str]]:
    """Return the frame numbers that file names end in; else their natural order, with a note.

    Parameters
    ----------
    names : sequence of str
        File names of the frames, as `run_000000000012_keypoints.json`.

    Returns
    -------
    frame : ndarray, shape (names,)
        All different.
    notes : list of str
        Whether the order had to be taken instead.
    """
    last = [_DIGITS.findall(_stem(name))[-1:] for name in names]
    if all(last) and max((len(digits[0]) for digits in last), default=0) < 16:
        frame = np.array([int(digits[0]) for digits in last], dtype=float)
        if len(np.unique(frame)) == len(frame):
            return frame, []
    order = sorted(range(len(names)), key=lambda i: _natural(names[i]))
    frame = np.empty(len(names))
    frame[order] = np.arange(len(names))
    return frame, ["File names hold no frame numbers; their order was taken, without holes."]
