"""Sessions in a database: frames as they come, names, results."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stridewise.recording import Recording
from stridewise.serve.database import open_database
from stridewise.serve.protocol import frame_bytes

_TABLES = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, source TEXT NOT NULL,
    created_s DOUBLE PRECISION NOT NULL, keypoints TEXT NOT NULL, context TEXT NOT NULL,
    unit TEXT NOT NULL DEFAULT 'px', ended_s DOUBLE PRECISION);
CREATE TABLE IF NOT EXISTS chunk (
    session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    frames INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (session, number));
CREATE TABLE IF NOT EXISTS metric (
    session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, id TEXT NOT NULL,
    side TEXT NOT NULL, value DOUBLE PRECISION NOT NULL, unit TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (session, id, side));
"""


@dataclass(frozen=True)
class Session:
    """What is known of a session without its frames.

    Parameters
    ----------
    id, name, source : str
    created_s : float
        Seconds since 1970.
    ended_s : float or None
        None while it runs, and when it was cut off.
    frames : int
        Stored so far.
    keypoints : tuple of str
    context : mapping
        What was known of runner and camera.
    """

    id: str
    name: str
    source: str
    created_s: float
    ended_s: float | None
    frames: int
    keypoints: tuple[str, ...]
    context: Mapping[str, Any]


class Store:
    """All sessions, in one database; safe to use from several threads.

    What `append` has written survives the end of the program, however it ends. Every method raises
    `StoreError` when the database cannot be reached or refuses.

    Parameters
    ----------
    place : Path or str
        SQLite file, made when it is not there (":memory:" keeps nothing), or the URL of a
        PostgreSQL database.

    Raises
    ------
    InputError
        When it cannot be used.
    """

    def __init__(self, place: Path | str) -> None:
        self._db = open_database(place)
        with self._db.transaction() as run:
            for table in filter(str.strip, _TABLES.split(";")):
                run(table)

    def create(
        self,
        keypoints: Sequence[str],
        *,
        name: str = "",
        source: str = "",
        context: Mapping[str, Any] | None = None,
        unit: str = "px",
    ) -> str:
        """Begin a session; return its id, which cannot be guessed."""
        id, now = secrets.token_hex(12), time.time()
        name = name or time.strftime("Run of %d %B %Y, %H:%M", time.localtime(now))
        row = (id, name, source, now, json.dumps(list(keypoints)), json.dumps(context or {}), unit)
        with self._db.transaction() as run:
            run(
                "INSERT INTO session (id, name, source, created_s, keypoints, context, unit) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return id

    def append(self, chunks: Iterable[tuple[str, int, bytes]]) -> None:
        """Add frames, (session, count, binary frames one after the other), all or none."""
        with self._db.transaction() as run:
            for id, frames, data in chunks:
                run(
                    "INSERT INTO chunk (session, number, frames, data) SELECT s.id, "
                    "1 + COALESCE((SELECT MAX(number) FROM chunk WHERE session = s.id), 0), ?, ? "
                    "FROM session s WHERE s.id = ?",
                    (frames, data, id),
                )

    def end(self, id: str, metrics: Iterable[tuple[str, str, float, str, int]] = ()) -> None:
        """Close a session and keep its metrics: (id, side, value, unit, n)."""
        with self._db.transaction() as run:
            run("UPDATE session SET ended_s = ? WHERE id = ?", (time.time(), id))
            for metric in metrics:
                run(
                    "INSERT INTO metric (session, id, side, value, unit, n) "
                    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session, id, side) DO UPDATE "
                    "SET value = excluded.value, unit = excluded.unit, n = excluded.n",
                    (id, *metric),
                )

    def sessions(self) -> list[Session]:
        """Return all sessions, newest first."""
        with self._db.transaction() as run:
            rows = run(f"{_SELECT} GROUP BY s.id ORDER BY created_s DESC").fetchall()
        return [_session(row) for row in rows]

    def session(self, id: str) -> Session | None:
        """Return one session; None when there is none of this id."""
        with self._db.transaction() as run:
            row = run(f"{_SELECT} WHERE s.id = ? GROUP BY s.id", (id,)).fetchone()
        return _session(row) if row else None

    def rename(self, id: str, name: str) -> bool:
        """Name a session; False when there is none of this id."""
        with self._db.transaction() as run:
            return run("UPDATE session SET name = ? WHERE id = ?", (name, id)).rowcount > 0

    def delete(self, id: str) -> bool:
        """Delete a session and everything of it; False when there is none of this id."""
        with self._db.transaction() as run:
            return run("DELETE FROM session WHERE id = ?", (id,)).rowcount > 0

    def metrics(self, id: str) -> dict[tuple[str, str], tuple[float, str, int]]:
        """Return value, unit and n of each metric of a session, by id and side."""
        with self._db.transaction() as run:
            rows = run(
                "SELECT id, side, value, unit, n FROM metric WHERE session = ?", (id,)
            ).fetchall()
        return {(metric, side): (value, unit, n) for metric, side, value, unit, n in rows}

    def frames(self, id: str) -> bytes:
        """Return all frames of a session in their binary form."""
        with self._db.transaction() as run:
            rows = run("SELECT data FROM chunk WHERE session = ? ORDER BY number", (id,)).fetchall()
        return b"".join(row[0] for row in rows)

    def recording(self, id: str) -> Recording | None:
        """Return a session as a recording, frames that came out of order left out."""
        session = self.session(id)
        if session is None:
            return None
        with self._db.transaction() as run:
            unit = run("SELECT unit FROM session WHERE id = ?", (id,)).fetchone()[0]
        points = len(session.keypoints)
        row = np.dtype([("time", "<f8"), ("point", "<f4", (points, 3))])
        assert row.itemsize == frame_bytes(points)
        data = np.frombuffer(self.frames(id), row)
        time_s, point = data["time"], data["point"].astype(float)
        newest = np.maximum.accumulate(np.concatenate([[-np.inf], time_s]))[:-1]
        good = np.isfinite(time_s) & (time_s > newest)
        return Recording(
            point[good, :, :2],
            np.nan_to_num(point[good, :, 2]),
            time_s[good],
            session.keypoints,
            unit=unit,
            source=session.name,
            format="live session",
        )

    def fps(self, id: str) -> float:
        """Return the frame rate of a session; NaN with fewer than two frames."""
        recording = self.recording(id)
        return float("nan") if recording is None else recording.fps

    def close(self) -> None:
        """Close the database."""
        self._db.close()


_SELECT = (
    "SELECT s.id, s.name, s.source, s.created_s, s.ended_s, COALESCE(SUM(c.frames), 0), "
    "s.keypoints, s.context FROM session s LEFT JOIN chunk c ON c.session = s.id"
)


def _session(row: Sequence[Any]) -> Session:
    id, name, source, created_s, ended_s, frames, keypoints, context = row
    names = tuple(json.loads(keypoints))
    return Session(id, name, source, created_s, ended_s, frames, names, json.loads(context))
