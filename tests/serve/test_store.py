"""The store over both databases; PostgreSQL where a server can be started."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stridewise.cli import main
from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.serve import live_session
from stridewise.serve.access import Access
from stridewise.serve.app import Server
from stridewise.serve.database import StoreError, is_url, open_database, shown
from stridewise.serve.live_session import LiveSession
from stridewise.serve.protocol import Hello
from stridewise.serve.store import Store
from tests.serve.conftest import running
from tests.serve.postgres import Cluster, cluster, missing
from tests.serve.test_server import ask, finish, greet, open_, packed, send_gently

POINTS = ("left_hip", "right_hip")
postgres_needed = pytest.mark.skipif(bool(missing()), reason=missing() or "it is there")


@pytest.fixture(scope="module")
def server_of_databases() -> Iterator[Cluster]:
    with cluster() as it:
        yield it


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=postgres_needed)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty store can be made."""
    if request.param == "sqlite":
        return tmp_path / "s.db"
    it: Cluster = request.getfixturevalue("server_of_databases")
    empty(it.url)
    return it.url


def empty(url: str) -> None:
    import psycopg

    with psycopg.connect(url) as db:
        db.execute("DROP TABLE IF EXISTS metric, chunk, session")


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    it = Store(place)
    yield it
    it.close()


def test_a_session_is_what_was_said_of_it(store: Store) -> None:
    before = time.time()
    id = store.create(POINTS, name="Lap 1", source="camera", context={"height_m": 1.8}, unit="m")
    found = store.session(id)
    assert found is not None
    assert (found.id, found.name, found.source) == (id, "Lap 1", "camera")
    assert (found.keypoints, found.context) == (POINTS, {"height_m": 1.8})
    # To the microsecond: times are not rounded to what fits in four bytes.
    assert before <= found.created_s <= time.time()
    assert (found.ended_s, found.frames) == (None, 0)
    assert store.create(POINTS) != id
    assert store.session("nobody") is None


def test_frames_come_back_in_order_and_are_counted(store: Store) -> None:
    first, second = store.create(POINTS), store.create(POINTS)
    store.append([(first, 2, b"\x00ab"), (second, 1, b"x"), ("gone", 9, b"lost")])
    store.append([(first, 3, b"c\xff")])
    assert store.frames(first) == b"\x00abc\xff"
    assert store.frames(second) == b"x"
    assert store.frames("gone") == b""
    assert {s.id: s.frames for s in store.sessions()} == {first: 5, second: 1}


def test_frames_are_added_all_or_none(store: Store) -> None:
    id = store.create(POINTS)
    with pytest.raises(StoreError, match="cannot be reached"):
        store.append([(id, 1, b"good"), (id, None, b"wrong")])  # type: ignore[list-item]
    assert store.frames(id) == b""


def test_metrics_are_replaced_by_newer_ones(store: Store) -> None:
    id = store.create(POINTS)
    store.end(id, [("cadence", "both", 170.123456789, "1/min", 40), ("duty", "left", 0.3, "1", 9)])
    ended = store.session(id)
    assert ended is not None
    assert ended.ended_s is not None
    store.end(id, [("cadence", "both", 171.0, "1/min", 41)])
    assert store.metrics(id) == {
        ("cadence", "both"): (171.0, "1/min", 41),
        ("duty", "left"): (0.3, "1", 9),
    }


def test_the_newest_session_comes_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for now in (1e9, 3e9, 2e9):
        monkeypatch.setattr("stridewise.serve.store.time.time", lambda now=now: now)
        ids.append(store.create(POINTS))
    assert [s.id for s in store.sessions()] == [ids[1], ids[2], ids[0]]


def test_renaming_and_deleting_say_whether_there_was_one(store: Store) -> None:
    id = store.create(POINTS, name="A")
    store.append([(id, 1, b"x")])
    store.end(id, [("cadence", "both", 170.0, "1/min", 40)])
    assert store.rename(id, "Ünïcode 'quoted' %s ? --")
    found = store.session(id)
    assert found is not None
    assert found.name == "Ünïcode 'quoted' %s ? --"
    assert not store.rename("nobody", "B")
    assert store.delete(id)
    assert not store.delete(id)
    assert store.session(id) is None
    assert (store.frames(id), store.metrics(id)) == (b"", {})


def test_zero_characters_do_no_harm(store: Store) -> None:
    id = store.create(POINTS, name="a\0b")
    assert store.session("\0") is None
    assert store.rename(id, "c\0d")
    assert len(store.sessions()) == 1


def test_what_was_stored_is_there_when_opened_again(place: Path | str) -> None:
    store = Store(place)
    id = store.create(POINTS)
    store.append([(id, 1, b"x" * 32)])
    store.close()
    again = Store(place)
    assert again.frames(id) == b"x" * 32
    again.close()


def test_threads_share_a_store(store: Store) -> None:
    ids = [store.create(POINTS) for _ in range(4)]

    def write(id: str) -> None:
        for _ in range(25):
            store.append([(id, 1, id.encode())])

    threads = [threading.Thread(target=write, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.frames(id) for id in ids] == [25 * id.encode() for id in ids]


def test_a_recording_read_back_is_the_one_sent(store: Store, recording: Recording) -> None:
    id = store.create(recording.keypoints)
    frames = packed(recording)
    store.append([(id, 100, b"".join(frames[:100])), (id, 2, frames[50] + frames[100])])
    kept = store.recording(id)
    assert kept is not None
    assert kept.time == pytest.approx(recording.time[:101])
    np.testing.assert_allclose(kept.xy, recording.xy[:101], rtol=1e-6)


def test_the_server_keeps_its_sessions_there(place: Path | str, recording: Recording) -> None:
    with running(place, "--processes", "2") as (address, _):
        with open_(address) as socket:
            id = greet(socket, recording, name="Kept").session
            send_gently(socket, packed(recording, 0, 60))
            finish(socket)
        status, found = ask(f"{address}/api/sessions/{id}")
        assert (status, found["name"], found["frames"]) == (200, "Kept", 60)
        assert ask(f"{address}/api/sessions/%00")[0] == 404
    store = Store(place)
    assert store.frames(id) == b"".join(packed(recording, 0, 60))
    store.close()


@postgres_needed
def test_a_database_that_goes_away_for_a_while_loses_nothing(
    server_of_databases: Cluster, recording: Recording, capfd: pytest.CaptureFixture[str]
) -> None:
    empty(server_of_databases.url)
    with running(server_of_databases.url) as (address, process):
        assert process.stderr is not None
        with open_(address) as socket:
            id = greet(socket, recording).session
            send_gently(socket, packed(recording, 0, 60))
            while ask(f"{address}/api/sessions/{id}")[1]["frames"] < 60:
                pass
            server_of_databases.stop()
            try:
                send_gently(socket, packed(recording, 60, 120), 60)
                assert "cannot be reached" in process.stderr.readline()
                status, answer = ask(f"{address}/api/sessions")
                assert status == 503
                assert "cannot be reached" in answer["error"]
                with open_(address) as another:
                    hello = {"type": "hello", "keypoints": list(recording.keypoints)}
                    another.send(json.dumps(hello))
                    told = json.loads(another.recv(20))
                    assert "cannot be reached" in told["message"]
                    assert told["fatal"]
            finally:
                server_of_databases.start()
            assert "stored again" in process.stderr.readline()
            send_gently(socket, packed(recording, 120, 180), 120)
            finish(socket)
        assert ask(f"{address}/api/sessions/{id}/frames")[1] == b"".join(packed(recording, 0, 180))


def test_a_session_that_cannot_be_closed_now_is_closed_later(
    tmp_path: Path, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "s.db")
    server = Server(store, Access("127.0.0.1", None))
    session = LiveSession(store.create(recording.keypoints), Hello(list(recording.keypoints)))
    server.live[session.id] = session
    frames = packed(recording, 0, 3)
    for frame in frames:
        session.take(frame)
    for step in ("append", "end"):
        with monkeypatch.context() as broken:
            broken.setattr(store, step, unreachable)
            with pytest.raises(StoreError):
                server.end(session.id)
        assert server.live == {session.id: session}
    server.end(session.id)
    assert server.live == {}
    assert store.frames(session.id) == b"".join(frames)
    stored = store.session(session.id)
    assert stored is not None
    assert stored.ended_s is not None
    store.close()


def unreachable(*words: object) -> None:
    raise StoreError("The sessions cannot be reached")


def test_what_waits_for_a_store_is_bounded_and_whole(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = LiveSession("a", Hello(list(recording.keypoints)))
    frames = packed(recording, 0, 5)
    # Room for three frames and a half.
    monkeypatch.setattr(live_session, "MOST_UNSAVED", 7 * len(frames[0]) // 2)
    for frame in frames[:2]:
        session.take(frame)
    _, _, data = session.unsaved() or ("", 0, b"")
    for frame in frames[2:]:
        session.take(frame)
    session.give_back(data)
    assert session.unsaved() == ("a", 3, b"".join(frames[2:]))


@postgres_needed
def test_a_store_opened_before_the_server_restarted_goes_on(server_of_databases: Cluster) -> None:
    empty(server_of_databases.url)
    store = Store(server_of_databases.url)
    id = store.create(POINTS)
    server_of_databases.stop()
    try:
        with pytest.raises(StoreError, match="cannot be reached"):
            store.sessions()
    finally:
        server_of_databases.start()
    assert [s.id for s in store.sessions()] == [id]
    store.close()


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_a_server_that_is_not_there_is_one_plain_line_without_the_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("psycopg")
    url = f"postgresql://me:hunter2@/runs?host={tmp_path}&password=hunter2"
    line = refused(["serve", "--port", "0", "--store", url], capsys)
    assert "The sessions cannot be stored" in line
    assert "postgresql://me@/runs" in line
    assert "hunter2" not in line


def test_a_url_that_cannot_be_read_keeps_the_password_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("psycopg")
    line = refused(["serve", "--port", "0", "--store", "postgresql://me:hunter%2@h/d"], capsys)
    assert "The sessions cannot be stored" in line
    assert "hunter" not in line


def test_a_missing_driver_is_one_plain_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    line = refused(["serve", "--port", "0", "--store", "postgresql://localhost/runs"], capsys)
    assert "need the package psycopg" in line
    assert "stridewise[postgres]" in line


@pytest.mark.parametrize(
    ("place", "url", "text"),
    [
        (Path("postgresql://x/y"), False, str(Path("postgresql://x/y"))),
        ("runs.db", False, "runs.db"),
        ("postgres://h/d", True, "postgres://h/d"),
        ("postgresql://u:p@h:5433/d?password=p", True, "postgresql://u@h:5433/d"),
    ],
)
def test_urls_are_told_from_files_and_shown_without_secrets(
    place: Any, url: bool, text: str
) -> None:
    assert is_url(place) is url
    assert shown(place) == text


def test_a_file_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.executescript(
            "CREATE TABLE session (id TEXT PRIMARY KEY, name TEXT NOT NULL, source TEXT NOT NULL,"
            " created_s REAL NOT NULL, keypoints TEXT NOT NULL, context TEXT NOT NULL,"
            " unit TEXT NOT NULL DEFAULT 'px', ended_s REAL);"
            "INSERT INTO session (id, name, source, created_s, keypoints, context)"
            " VALUES ('abc', 'Old', '', 1.5, '[\"left_hip\"]', '{}');"
        )
    old.close()
    store = Store(path)
    store.append([("abc", 1, b"x")])
    (found,) = store.sessions()
    assert (found.name, found.created_s, found.frames) == ("Old", 1.5, 1)
    store.close()


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = open_database(tmp_path / "s.db")
    database.close()
    with pytest.raises(InputError, match="cannot be reached"), database.transaction() as run:
        run("SELECT 1")
