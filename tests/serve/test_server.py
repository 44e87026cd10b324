"""A real server in a process of its own, over real sockets."""

from __future__ import annotations

import asyncio
import json
import math
import signal
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.serve.access import Access
from stridewise.serve.app import Server, application
from stridewise.serve.client import live_address, stream
from stridewise.serve.protocol import Hello, Summary, Updates, Welcome, pack, read_server
from stridewise.serve.store import Store
from tests.serve.conftest import running


def ask(
    url: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, Any]:
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            status, data, kind = answer.status, answer.read(), answer.headers["Content-Type"] or ""
    except urllib.error.HTTPError as error:
        status, data, kind = error.code, error.read(), error.headers["Content-Type"] or ""
    return status, json.loads(data) if kind.startswith("application/json") else data


def open_(server: str, **options: Any) -> ClientConnection:
    return connect(live_address(server, None), compression=None, **options)


def greet(socket: ClientConnection, recording: Recording, **more: Any) -> Welcome:
    hello = {"type": "hello", "keypoints": list(recording.keypoints), **more}
    socket.send(json.dumps(hello))
    answer = read_server(socket.recv(20))
    assert isinstance(answer, Welcome), answer
    return answer


def packed(recording: Recording, start: int = 0, stop: int | None = None) -> list[bytes]:
    parts = zip(recording.time, recording.xy, recording.confidence, strict=True)
    return [pack(*part) for part in list(parts)[start:stop]]


def finish(socket: ClientConnection) -> tuple[list[Updates], Summary]:
    socket.send('{"type": "stop"}')
    heard = []
    while True:
        message = read_server(socket.recv(60))
        if isinstance(message, Summary):
            return heard, message
        if isinstance(message, Updates):
            heard.append(message)


def send_gently(
    socket: ClientConnection, frames: list[bytes], sent_before: int = 0
) -> list[Updates]:
    """Send as fast as they are analysed: no more than 20 frames wait."""
    heard: list[Updates] = []
    for i, frame in enumerate(frames):
        socket.send(frame)
        while (heard[-1].analysed if heard else sent_before) < sent_before + i - 20:
            message = read_server(socket.recv(60))
            assert isinstance(message, Updates), message
            heard.append(message)
    return heard


def test_a_recording_sent_is_analysed_stored_and_found_again(
    server: str, recording: Recording
) -> None:
    with open_(server) as socket:
        session = greet(socket, recording, name="First").session
        heard = send_gently(socket, packed(recording))
        more, summary = finish(socket)
    said = [update for message in heard + more for update in message.updates]
    assert {"Contact", "StepDone", "StrideDone", "Trace"} <= {type(u).__name__ for u in said}
    assert summary.received == recording.frames
    assert summary.dropped == 0
    assert summary.counts["good"] == recording.frames
    status, stored = ask(f"{server}/api/sessions/{session}")
    assert status == 200
    assert stored["name"] == "First"
    assert stored["frames"] == recording.frames
    assert stored["ended_s"] is not None
    assert {m["id"] for m in stored["metrics"]} >= {"cadence", "ground_contact_time"}
    _, frames = ask(f"{server}/api/sessions/{session}/frames")
    assert frames == b"".join(packed(recording))
    assert session in [s["id"] for s in ask(f"{server}/api/sessions")[1]]


def test_json_frames_do_as_well(server: str, recording: Recording) -> None:
    with open_(server) as socket:
        session = greet(socket, recording).session
        for t, xy, sure in zip(
            recording.time[:5], recording.xy, recording.confidence, strict=False
        ):
            points = [None if np.isnan(p).any() else p.tolist() for p in xy]
            told = {"type": "frame", "time_s": t, "xy": points, "confidence": sure.tolist()}
            socket.send(json.dumps(told))
        _, summary = finish(socket)
    assert summary.counts["good"] == 5
    _, frames = ask(f"{server}/api/sessions/{session}/frames")
    assert frames == b"".join(packed(recording, 0, 5))


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (b"\x00" * 7, "binary frame has the wrong size"),
        (b"", "binary frame has the wrong size"),
        ("", "not of this protocol"),
        ("[" * 50_000, "not of this protocol"),
        ('{"type": "frame"}', "not of this protocol"),
        ('{"type": "frame", "time_s": 1, "xy": [[0, 0]]}', "wrong size"),
        ('{"type": "shutdown"}', "not of this protocol"),
        ('{"type": "hello", "keypoints": []}', "said already"),
    ],
)
def test_wrong_messages_are_answered_and_the_stream_goes_on(
    server: str, recording: Recording, message: str | bytes, answer: str
) -> None:
    with open_(server) as socket:
        greet(socket, recording, keep=False)
        socket.send(message)
        heard = json.loads(socket.recv(20))
        assert heard["type"] == "error"
        assert answer in heard["message"]
        assert not heard["fatal"]
        for frame in packed(recording, 0, 3):
            socket.send(frame)
        assert finish(socket)[1].counts["good"] == 3


def test_nan_infinite_and_disordered_frames_are_counted(server: str, recording: Recording) -> None:
    xy, sure = recording.xy[0], recording.confidence[0]
    with open_(server) as socket:
        greet(socket, recording, keep=False)
        for t in (0.0, 0.1, 0.1, 0.05, 0.2):
            socket.send(pack(t, xy + t, sure))
        socket.send(pack(float("nan"), xy, sure))
        socket.send(pack(0.3, np.full_like(xy, np.nan), sure))
        socket.send(pack(0.4, np.full_like(xy, np.inf), sure))
        socket.send('{"type": "stop"}')
        heard = [json.loads(socket.recv(20))]
        while heard[-1]["type"] != "summary":
            heard.append(json.loads(socket.recv(20)))
    assert ["no time" in h["message"] for h in heard if h["type"] == "error"] == [True]
    assert heard[-1]["counts"]["late"] == 2
    assert heard[-1]["counts"]["good"] == 5


def test_a_message_of_ten_megabytes_ends_the_connection_and_nothing_else(
    server: str, recording: Recording
) -> None:
    with open_(server) as socket:
        session = greet(socket, recording).session
        for frame in packed(recording, 0, 10):
            socket.send(frame)
        # What arrives in one packet with such a message would go down with it.
        assert isinstance(read_server(socket.recv(20)), Updates)
        with suppress(ConnectionClosed):
            socket.send(b"\x00" * 10_000_000)
        with pytest.raises(ConnectionClosed):
            all(socket.recv(20) for _ in range(100))
    assert ask(f"{server}/api/health")[0] == 200
    sent = b"".join(packed(recording, 0, 10))
    for _ in range(500):
        # What came last is written while the connection closes.
        _, frames = ask(f"{server}/api/sessions/{session}/frames")
        if len(frames) == len(sent):
            break
    assert frames == sent


@pytest.mark.parametrize(
    "hello",
    [
        "nonsense",
        '{"type": "stop"}',
        '{"type": "hello", "keypoints": ["nose"]}',
        '{"type": "hello", "keypoints": ["../../etc/passwd"]}',
        '{"type": "hello", "keypoints": [], "session": "../x"}',
        '{"type": "hello", "keypoints": [], "surprise": 1}',
    ],
)
def test_who_does_not_say_hello_is_sent_away(server: str, hello: str) -> None:
    with open_(server) as socket:
        socket.send(hello)
        told = json.loads(socket.recv(20))
        assert told["type"] == "error"
        assert told["fatal"]
        with pytest.raises(ConnectionClosed):
            socket.recv(20)


def test_patience_with_wrong_messages_ends(server: str, recording: Recording) -> None:
    with open_(server) as socket:
        greet(socket, recording, keep=False)
        for _ in range(20):
            socket.send("x")
        told = [json.loads(socket.recv(20)) for _ in range(20)]
        assert [t["fatal"] for t in told] == [False] * 19 + [True]


def test_a_flood_is_shed_and_counted(server: str, recording: Recording) -> None:
    frames = packed(recording, 0, 100)
    with open_(server) as socket:
        greet(socket, recording, keep=False)
        for _ in range(15):
            for frame in frames:
                socket.send(frame)
        _, summary = finish(socket)
    assert summary.received == 1500
    assert summary.dropped > 0
    assert sum(summary.counts.values()) == summary.received - summary.dropped


def test_a_lost_connection_is_taken_up_again(server: str, recording: Recording) -> None:
    with open_(server, close_timeout=0.1) as socket:
        first = greet(socket, recording)
        send_gently(socket, packed(recording, 0, 240))
        socket.socket.shutdown(SHUT_RDWR)
    for _ in range(100):
        with open_(server) as socket:
            socket.send(
                json.dumps(
                    {
                        "type": "hello",
                        "keypoints": list(recording.keypoints),
                        "session": first.session,
                    }
                )
            )
            welcome = read_server(socket.recv(20))
            if not isinstance(welcome, Welcome):
                continue  # The server has not yet noticed that the first one is gone.
            send_gently(socket, packed(recording, 240), 240)
            _, summary = finish(socket)
            break
    assert welcome.resumed
    assert welcome.session == first.session
    assert summary.received == recording.frames
    assert summary.counts["jump"] == 0


def test_all_that_came_is_told_as_analysed_before_the_summary(
    server: str, recording: Recording
) -> None:
    with open_(server) as socket:
        greet(socket, recording, keep=False)
        for frame in packed(recording, 0, 3):
            socket.send(frame)
        socket.send('{"type": "stop"}')
        heard = []
        while not heard or not isinstance(heard[-1], Summary):
            heard.append(read_server(socket.recv(30)))
    told = [m.analysed for m in heard if isinstance(m, Updates)]
    assert told
    assert told[-1] == 3


def test_a_client_that_stops_and_goes_at_once_leaves_nothing_hanging(
    tmp_path: Path, recording: Recording
) -> None:
    with running(tmp_path / "s.db") as (server, process):
        for _ in range(3):
            with open_(server, close_timeout=0.1) as socket:
                greet(socket, recording, keep=False)
                for frame in packed(recording, 0, 200):
                    socket.send(frame)
                socket.send('{"type": "stop"}')
                socket.socket.shutdown(SHUT_RDWR)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)


def test_pages_elsewhere_and_bent_names_are_refused(server: str) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        with pytest.raises(InvalidStatus), open_(server, additional_headers=headers):
            pass
        assert ask(f"{server}/api/sessions", **headers)[0] == 403
    assert ask(f"{server}/api/sessions", Origin=server)[0] == 200


@pytest.mark.parametrize(
    "path", ["/page/../app.py", "/page/%2e%2e/app.py", "/page//etc/passwd", "/page/..%5capp.py"]
)
def test_no_path_leads_to_the_file_system(server: str, path: str) -> None:
    assert ask(server + path)[0] == 404


def test_sessions_are_named_compared_and_deleted(server: str) -> None:
    from stridewise.cli import SAMPLE

    body = SAMPLE.read_bytes()
    ids = [
        ask(f"{server}/api/files?name={name}", "POST", body)[1]["id"]
        for name in ("a.csv", "..%2F..%2Fb.csv")
    ]
    status, report = ask(f"{server}/api/sessions/{ids[0]}/report")
    assert status == 200
    assert b"<html" in report
    status, analysis = ask(f"{server}/api/sessions/{ids[1]}/analysis")
    assert analysis["schema"] == "stridewise.analysis/1"
    status, compared = ask(f"{server}/api/compare?session={ids[0]}&session={ids[1]}")
    assert [s["name"] for s in compared["sessions"]] == ["a.csv", "b.csv"]
    assert {m["change"] for m in compared["metrics"]} == {0.0}
    header, *rows = body.splitlines(keepends=True)
    every_other = b"".join([header, *rows[::2]])
    slow = ask(f"{server}/api/files?name=slow.csv", "POST", every_other)[1]["id"]
    assert ask(f"{server}/api/sessions/{slow}/analysis")[0] == 200
    for other, expected in ((ids[1], 0.015), (slow, math.hypot(0.015, 0.025) / 2**0.5)):
        _, compared = ask(f"{server}/api/compare?session={ids[0]}&session={other}")
        change = {m["id"]: m["smallest_detectable_change"] for m in compared["metrics"]}
        assert change["ground_contact_time"] == pytest.approx(expected, rel=0.01)
    url = f"{server}/api/sessions/{ids[0]}"
    assert ask(url, "PATCH", b'{"name": "Easy run"}')[1]["name"] == "Easy run"
    assert ask(url, "PATCH", b'{"name": ""}')[0] == 422
    assert ask(url, "DELETE")[0] == 204
    for method in ("GET", "DELETE"):
        assert ask(url, method)[0] == 404
    assert ask(f"{url}/report")[0] == 404


def test_a_file_that_cannot_be_read_is_refused_in_plain_words(server: str) -> None:
    status, told = ask(f"{server}/api/files?name=cat.json", "POST", b"meow")
    assert status == 422
    assert "cat.json" in told["error"]
    assert "/tmp" not in told["error"]


def test_the_http_interface_is_described(server: str) -> None:
    _, told = ask(f"{server}/api/openapi.json")
    assert told["openapi"].startswith("3.1")
    for path in ("/api/health", "/api/sessions", "/api/openapi.json"):
        assert ask(server + path)[0] == 200
        assert path in told["paths"] or path == "/api/openapi.json"


def test_the_page_is_strict_about_what_it_loads(server: str) -> None:
    with urllib.request.urlopen(server, timeout=20) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "http" not in policy


def test_stream_replays_a_recording(server: str, recording: Recording) -> None:
    heard: list[Any] = []
    # Fast enough for a test, slow enough for a machine that does other things.
    summary = stream(recording, server, speed=2.0, heard=heard.append)
    assert summary.received == recording.frames
    assert any(isinstance(message, Updates) for message in heard)


def test_a_server_that_is_not_there_is_said(recording: Recording) -> None:
    with pytest.raises(InputError, match="cannot be reached"):
        stream(recording, "http://127.0.0.1:9")
    with pytest.raises(InputError, match="not usable"):
        stream(recording, "ftp://127.0.0.1")


def test_what_came_survives_kill_9(tmp_path: Path, recording: Recording) -> None:
    store = tmp_path / "sessions.db"
    frames = packed(recording)
    with running(store) as (server, process), open_(server) as socket:
        session = greet(socket, recording).session
        for frame in frames[:200]:
            socket.send(frame)
        written = 0
        # The server writes by itself within a second; ask until it has.
        while written < 200:
            written = ask(f"{server}/api/sessions/{session}")[1]["frames"]
        for frame in frames[200:]:
            socket.send(frame)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with running(store) as (server, _):
        _, kept = ask(f"{server}/api/sessions/{session}/frames")
    whole = b"".join(frames)
    assert len(kept) >= len(frames[0]) * 200
    assert whole.startswith(kept)


def test_being_told_to_stop_keeps_all(tmp_path: Path, recording: Recording) -> None:
    store = tmp_path / "sessions.db"
    with running(store) as (server, process), open_(server) as socket:
        session = greet(socket, recording).session
        heard = send_gently(socket, packed(recording))
        assert heard
        while heard[-1].received < recording.frames:
            message = read_server(socket.recv(30))
            if isinstance(message, Updates):
                heard.append(message)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    with running(store) as (server, _):
        _, kept = ask(f"{server}/api/sessions/{session}")
    assert kept["frames"] == recording.frames
    assert kept["ended_s"] is not None


def test_beyond_loopback_a_token_is_needed(tmp_path: Path, recording: Recording) -> None:
    from stridewise.cli import main

    assert main(["serve", "--host", "0.0.0.0", "--port", "0"]) == 2
    token = "a-long-secret-token"
    with running(tmp_path / "s.db", "--token", token) as (page, _):
        server = page.partition("/#")[0]
        assert page.endswith(f"#token={token}")
        assert ask(server)[0] == 200
        assert ask(f"{server}/api/sessions")[0] == 403
        assert ask(f"{server}/api/sessions?token=wrong")[0] == 403
        assert ask(f"{server}/api/sessions", Authorization=f"Bearer {token}")[0] == 200
        with pytest.raises(InvalidStatus), open_(server):
            pass
        with connect(live_address(page, None)) as socket:
            greet(socket, recording, keep=False)


def test_sessions_do_not_disturb_one_another(server: str, recording: Recording) -> None:
    summaries: dict[int, Summary] = {}

    def run(i: int) -> None:
        with open_(server) as socket:
            greet(socket, recording, keep=False)
            send_gently(socket, packed(recording, 0, 240 + i))
            summaries[i] = finish(socket)[1]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert {i: s.received for i, s in summaries.items()} == {i: 240 + i for i in range(3)}
    assert {s.dropped for s in summaries.values()} == {0}


def test_a_client_gone_before_the_welcome_counts_as_lost(recording: Recording) -> None:
    hello = {"type": "hello", "keypoints": list(recording.keypoints)}
    messages = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": json.dumps(hello)},
    ]
    server = Server(Store(":memory:"), Access("127.0.0.1", None))

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            raise OSError("The connection is closed")

    async def run() -> bool:
        path = {"path": "/api/live", "query_string": b"", "headers": [(b"host", b"127.0.0.1")]}
        await application(server)({"type": "websocket", **path}, receive, send)
        (id,) = server.live
        _, resumed = await server.begin(Hello(list(recording.keypoints), session=id))
        return resumed

    assert asyncio.run(run())
    server.store.close()
