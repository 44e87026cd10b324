"""What keeps the sessions: an SQLite file, or a PostgreSQL database named by its URL.

The statements stand once, in `stridewise.serve.store`, in what both understand. Values are `?` and
bytes are BLOB; PostgreSQL has other words for these two, which are put in here.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from stridewise.errors import InputError

#: Waiting longer than this for another writer or for the server, in seconds, is an error.
_PATIENCE_S = 5


class StoreError(InputError):
    """The sessions cannot be written or read just now."""


class Result(Protocol):
    """What a statement gives; the part of a cursor that both drivers share."""

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""


class Run(Protocol):
    """Runs one statement with its values."""

    def __call__(self, statement: str, values: Sequence[Any] = (), /) -> Result:
        """Return what the statement gives."""


class Database(Protocol):
    """A database, safe to use from several threads."""

    def transaction(self) -> AbstractContextManager[Run]:
        """Give what runs statements: all of them count when the block ends, or none.

        Raises
        ------
        StoreError
            When the database cannot be reached or refuses.
        """

    def close(self) -> None:
        """Close it."""


def open_database(place: Path | str) -> Database:
    """Open the database at a path, or at a URL such as postgresql://USER@HOST/NAME.

    Parameters
    ----------
    place : Path or str
        A file is made when it is not there; ":memory:" keeps nothing.

    Raises
    ------
    StoreError
        When it cannot be used.
    InputError
        When a package is lacking.
    """
    return _PostgreSQL(str(place)) if is_url(place) else _SQLite(place)


def is_url(place: Path | str) -> bool:
    """Whether it names a PostgreSQL database and not a file."""
    return isinstance(place, str) and place.startswith(("postgresql://", "postgres://"))


def shown(place: Path | str) -> str:
    """Return path or URL as it may be printed: without what stands for a password."""
    if not is_url(place):
        return str(place)
    parts = urlsplit(str(place))
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return urlunsplit((parts.scheme, f"{name}@{host}" if name else host, parts.path, "", ""))


def _cannot_open(place: Path | str, expected: str, reason: object) -> StoreError:
    return StoreError(
        "The sessions cannot be stored",
        expected=expected,
        received=f"{shown(place)} ({reason})",
        hint="Name another place with --store",
    )


class _SQLite:
    def __init__(self, path: Path | str) -> None:
        try:
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA foreign_keys = ON")
            # Several processes may write.
            self._db.execute(f"PRAGMA busy_timeout = {1000 * _PATIENCE_S}")
        except (OSError, sqlite3.Error) as error:
            expected = "a folder that can be written to, and an SQLite file or none"
            raise _cannot_open(path, expected, error) from error
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Run]:
        try:
            with self._lock, self._db:
                yield self._db.execute
        except sqlite3.Error as error:
            raise StoreError("The sessions cannot be reached", received=error) from error

    def close(self) -> None:
        with self._lock:
            self._db.close()


class _PostgreSQL:
    def __init__(self, url: str) -> None:
        self._url = url
        self._driver = _driver()
        try:
            self._db = self._connect()
        except self._driver.Error as error:
            # What is told of a URL that cannot be read may quote the password.
            wrong = isinstance(error, self._driver.ProgrammingError)
            expected = "the URL of a PostgreSQL database that can be reached and written to"
            raise _cannot_open(url, expected, "no such URL" if wrong else error) from error
        self._lock = threading.Lock()

    def _connect(self) -> Any:
        return self._driver.connect(self._url, autocommit=True, connect_timeout=_PATIENCE_S)

    @contextmanager
    def transaction(self) -> Iterator[Run]:
        try:
            with self._lock, ExitStack() as stack:
                try:
                    stack.enter_context(self._db.transaction())
                except self._driver.OperationalError:
                    # The server was started anew since; nothing has been said to it yet.
                    self._db.close()
                    self._db = self._connect()
                    stack.enter_context(self._db.transaction())
                yield self._run
        except self._driver.Error as error:
            raise StoreError("The sessions cannot be reached", received=error) from error

    def _run(self, statement: str, values: Sequence[Any] = (), /) -> Result:
        # Text of PostgreSQL has no zero characters.
        clean = [v.replace("\0", "") if isinstance(v, str) else v for v in values]
        statement = statement.replace("?", "%s").replace(" BLOB ", " BYTEA ")
        result: Result = self._db.execute(statement, clean)
        return result

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _driver() -> ModuleType:
    try:
        import psycopg
    except ImportError as error:  # Of the package itself, or of the C library that it needs.
        raise InputError(
            "Sessions in PostgreSQL need the package psycopg, which is not installed",
            hint="Install it with: pip install 'stridewise[postgres]'",
        ) from error
    return psycopg
