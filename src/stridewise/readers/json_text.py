"""JSON of any origin: parsed, or refused in one line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from stridewise.errors import InputError

#: Larger files are refused: parsed, JSON takes several times its size in memory.
LARGEST_BYTES = 2**31

_SPACE = re.compile(r"\s+")
_MARK = b"\xef\xbb\xbf"


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


def load_all(path: Path) -> list[Any]:
    """Return all JSON values that follow each other in a file, at least one.

    Raises
    ------
    InputError
        When the file is too large, or is not whole JSON.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(
                f"{path.name} is too large",
                expected=f"JSON of up to {LARGEST_BYTES // 2**20:,} MiB",
                hint="Split the recording",
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be opened", received=error) from error
    return _parse_all(data, path.name)


def parse(data: bytes, name: str) -> Any:
    """Return what JSON text holds; `name` is what errors call it.

    Raises
    ------
    InputError
        When it is not whole JSON.
    """
    return _only(_parse_all(data, name), name)


def _only(values: list[Any], name: str) -> Any:
    if len(values) > 1:
        raise InputError(
            f"{name} is not whole JSON: there is more after its end", expected="one JSON value"
        )
    return values[0]


def _parse_all(data: bytes, name: str) -> list[Any]:
    decoder = json.JSONDecoder()
    found: list[Any] = []
    try:
        text = data.decode("utf-8-sig")
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
