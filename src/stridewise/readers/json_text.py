"""JSON of any origin: parsed, or refused in one line, in bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from stridewise.errors import InputError

#: Larger files are refused.
LARGEST_BYTES = 2**31
#: Text whose values could take more memory than this, in bytes, is refused.
LARGEST_MEMORY = 2**32
#: What a value, a list or mapping, and a byte of text that is full of them take at most, in bytes.
_PER_VALUE, _PER_LIST, _PER_BYTE = 64, 200, 100
_COUNTED = 2**24

_SPACE = re.compile(r"\s+")
_MARK = b"\xef\xbb\xbf"
#: Raised by msgspec, also for what Python reads: NaN, infinity, numbers beyond those of floats.
_REFUSED = (msgspec.MsgspecError, ValueError, RecursionError)


class Items:
    """A list in JSON whose items are parsed when they are asked for, and not kept.

    Parameters
    ----------
    texts : list of Raw
        The text of each item.
    name : str
        What errors call the file.
    """

    def __init__(self, texts: list[msgspec.Raw], name: str) -> None:
        self._texts = texts
        self._name = name

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[Any]:
        return (_only(_parse_all(memoryview(text), self._name), self._name) for text in self._texts)


def begins(head: bytes) -> bytes:
    """Return a file's head from its first bracket on; nothing when it does not begin as JSON."""
    text = head.removeprefix(_MARK).lstrip()
    return text if text[:1] in (b"{", b"[") else b""


def load(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    InputError
        When the file is too large or not whole JSON.
    """
    return _only(load_all(path), path.name)


def load_items(path: Path) -> Any:
    """Return what a JSON file holds: a list, or the lists of a mapping, as `Items`.

    A file that is not strictly JSON (NaN) is parsed at once, with lists as they are.

    Raises
    ------
    InputError
        As `load`; `Items` also raise it when they are asked for.
    """
    data = _content(path)
    try:
        if begins(data[:_COUNTED])[:1] == b"[":
            return _items(data.removeprefix(_MARK), path.name)
        found = msgspec.json.decode(data.removeprefix(_MARK), type=dict[str, msgspec.Raw])
        return {
            key: _items(text, path.name)
            if bytes(memoryview(text)[:1]) == b"["
            else msgspec.json.decode(text)
            for key, text in found.items()
        }
    except _REFUSED:
        return parse(data, path.name)


def _items(text: bytes | msgspec.Raw, name: str) -> Items:
    return Items(msgspec.json.decode(text, type=list[msgspec.Raw]), name)


def load_all(path: Path) -> list[Any]:
    """Return all JSON values that follow each other in a file, at least one.

    Raises
    ------
    InputError
        When the file is too large, or is not whole JSON.
    """
    return _parse_all(_content(path), path.name)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _too_large(path.name)
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be opened", received=error) from error
    _check_memory(data, path.name)
    return data


def parse(data: bytes, name: str) -> Any:
    """Return what JSON text holds; `name` is what errors call it.

    Raises
    ------
    InputError
        When it is too large or not whole JSON.
    """
    _check_memory(data, name)
    return _only(_parse_all(data, name), name)


def _check_memory(data: bytes, name: str) -> None:
    """Refuse text whose values would take too much memory: a list takes 100 times its `[]`."""
    if len(data) * _PER_BYTE <= LARGEST_MEMORY:
        return
    needed = len(data)
    for start in range(0, len(data), _COUNTED):
        part = np.frombuffer(
            data, dtype=np.uint8, count=min(_COUNTED, len(data) - start), offset=start
        )
        values, lists, mappings = (np.count_nonzero(part == sign) for sign in b",[{")
        needed += _PER_VALUE * int(values) + _PER_LIST * int(lists + mappings)
    if needed > LARGEST_MEMORY:
        raise _too_large(name)


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name} is too large",
        expected=f"JSON of up to {LARGEST_BYTES // 2**20:,} MiB and "
        f"{LARGEST_MEMORY // _PER_VALUE // 10**6} million values",
        hint="Split the recording",
    )


def _only(values: list[Any], name: str) -> Any:
    if len(values) > 1:
        raise InputError(
            f"{name} is not whole JSON: there is more after its end", expected="one JSON value"
        )
    return values[0]


def _parse_all(data: bytes | memoryview, name: str) -> list[Any]:
    try:
        return [msgspec.json.decode(data)]
    except _REFUSED:
        pass  # Python reads more, and says where it fails.
    decoder = json.JSONDecoder()
    found: list[Any] = []
    try:
        text = bytes(data).decode("utf-8-sig")
        at = _after_space(text, 0)
        while at < len(text) or not found:
            value, at = decoder.raw_decode(text, at)
            found.append(value)
            at = _after_space(text, at)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name} is not whole JSON: {error.msg} in line {error.lineno}",
            expected="a complete JSON file",
            hint="The file may be cut off; write it again",
        ) from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError(f"{name} is not JSON", received=type(error).__name__) from None
    return found


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()
