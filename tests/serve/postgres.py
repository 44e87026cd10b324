"""A PostgreSQL server of its own for the tests, where one is installed."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

#: Packages of Debian keep the programs out of the path.
_FOLDERS = os.pathsep.join(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))
_SETTINGS = "-c listen_addresses= -c fsync=off -c max_connections=20 -c shared_buffers=8MB"


def program(name: str) -> str | None:
    """Path of a program of PostgreSQL."""
    return shutil.which(name) or shutil.which(name, path=_FOLDERS)


def missing() -> str:
    """Say what is missing to run one; empty when nothing is."""
    if os.name == "nt":
        return "PostgreSQL is started only on Unix"
    if find_spec("psycopg") is None:
        return "psycopg is not installed"
    if not (program("initdb") and program("pg_ctl")):
        return "PostgreSQL is not installed"
    if os.getuid() == 0 and not _account():
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def _account() -> str | None:
    """Who runs it when we are root, which it refuses."""
    import pwd

    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if os.getuid() == 0 and "postgres" in known else None


class Cluster:
    """A server that can be started and stopped; reached only through a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        if account := _account():
            shutil.chown(folder, account)
        self._call("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")

    def start(self) -> None:
        """Start it; it can be used when this returns."""
        options = f"-k {self.folder} {_SETTINGS}"
        self._call(
            "pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "-o", options, "start"
        )

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        self._call("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def _call(self, name: str, *words: object) -> None:
        command = [str(program(name)), *map(str, words)]
        subprocess.run(
            command,
            check=True,
            cwd=self.folder,
            user=_account(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Give a running server; it and its folder are gone afterwards."""
    # A socket's path must be short, and the user postgres must reach it.
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as name:
        server = Cluster(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()
