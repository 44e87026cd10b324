from __future__ import annotations

import builtins
import json
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stridewise.cli import main
from stridewise.recording import Recording
from stridewise.serve.client import live_address, stream
from stridewise.serve.protocol import Welcome
from tests.serve.conftest import running
from tests.serve.test_server import ask, finish, greet, open_, packed

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_a_port_that_is_taken_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = ["serve", "--port", port, "--store", str(tmp_path / "s.db")]
        assert "cannot listen there" in refused(words, capsys)


def test_a_store_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database" * 100)
    words = ["serve", "--port", "0", "--store", str(file)]
    assert "cannot be stored" in refused(words, capsys)
    assert file.read_text() == "no database" * 100


@pytest.mark.parametrize("token", ["", "short"])
def test_a_token_that_can_be_guessed_is_refused(
    token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "too short" in refused(["serve", "--port", "0", "--token", token], capsys)


def test_beyond_this_machine_a_token_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "needs a token" in refused(["serve", "--port", "0", "--host", "0.0.0.0"], capsys)


def test_a_missing_package_is_one_plain_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import_ = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "uvicorn":
            raise ModuleNotFoundError("gone", name="uvicorn")
        return import_(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "needs the package uvicorn" in refused(["serve"], capsys)


def test_a_session_is_taken_up_again_after_a_restart(tmp_path: Path, recording: Recording) -> None:
    store = tmp_path / "s.db"
    frames = packed(recording)
    with running(store) as (server, process), open_(server) as socket_:
        session = greet(socket_, recording).session
        for frame in frames[:60]:
            socket_.send(frame)
        while ask(f"{server}/api/sessions/{session}")[1]["frames"] < 60:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with running(store) as (server, _):
        with open_(server) as socket_:
            welcome = greet(socket_, recording, session=session)
            assert isinstance(welcome, Welcome)
            assert (welcome.session, welcome.resumed) == (session, True)
            for frame in frames[60:80]:
                socket_.send(frame)
            finish(socket_)
        assert ask(f"{server}/api/sessions/{session}/frames")[1] == b"".join(frames[:80])
        with open_(server) as socket_:
            socket_.send(
                json.dumps(
                    {
                        "type": "hello",
                        "keypoints": list(recording.keypoints),
                        "session": session,
                    }
                )
            )
            assert "no such session" in json.loads(socket_.recv(20))["message"]


def test_processes_share_address_and_file(tmp_path: Path, recording: Recording) -> None:
    part = recording.with_(
        xy=recording.xy[:40], confidence=recording.confidence[:40], time=recording.time[:40]
    )
    with running(tmp_path / "s.db", "--processes", "2") as (server, _):
        ids = {stream(part, server, speed=4.0).session for _ in range(4)}
        assert {s["id"] for s in ask(f"{server}/api/sessions")[1]} == ids
        assert {s["frames"] for s in ask(f"{server}/api/sessions")[1]} == {40}


def test_stream_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from stridewise.cli import SAMPLE

    short = tmp_path / "short.csv"
    short.write_text("".join(SAMPLE.read_text().splitlines(keepends=True)[:121]))
    with running(tmp_path / "s.db") as (server, _):
        assert main(["stream", str(short), "--to", server, "--speed-up", "2"]) == 0
        out = capsys.readouterr().out
        assert out.startswith("120 frames sent, 0 dropped")
        assert ask(f"{server}/api/sessions")[1][0]["frames"] == 120
    assert "cannot be reached" in refused(["stream", str(short), "--to", server], capsys)


def test_a_stream_that_is_interrupted_ends_its_session(server: str) -> None:
    from stridewise.cli import SAMPLE

    program = [sys.executable, "-m", "stridewise", "stream", str(SAMPLE), "--to", server]
    before = {s["id"] for s in ask(f"{server}/api/sessions")[1]}

    def mine() -> list[dict[str, Any]]:
        found = ask(f"{server}/api/sessions")[1]
        return [s for s in found if s["id"] not in before and s["frames"]]

    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        while not mine():
            assert it.poll() is None
        it.send_signal(signal.SIGINT)
        out, err = it.communicate(timeout=30)
    assert (it.returncode, err) == (0, "")
    (session,) = mine()
    assert session["ended_s"] is not None
    assert f"{session['frames']} frames sent" in out


@pytest.mark.parametrize(
    ("url", "token", "address"),
    [
        ("http://127.0.0.1:8765", None, "ws://127.0.0.1:8765/api/live"),
        ("https://run.example/#token=a b", None, "wss://run.example/api/live?token=a+b"),
        ("127.0.0.1:8765", "x&y", "ws://127.0.0.1:8765/api/live?token=x%26y"),
    ],
)
def test_addresses_of_the_socket(url: str, token: str | None, address: str) -> None:
    assert live_address(url, token) == address


@pytest.mark.parametrize("example", ["live_client.py", "live_client.mjs"])
def test_the_examples_of_the_document_work(server: str, example: str) -> None:
    # Before version 22, Node had its WebSocket behind a flag.
    node = [shutil.which("node") or "", "--experimental-websocket"]
    program = [sys.executable] if example.endswith(".py") else node
    if not program[0]:
        pytest.skip("Node is not installed")
    done = subprocess.run(
        [*program, str(EXAMPLES / example), live_address(server, None)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "summary" in done.stdout
    assert "240" in done.stdout
