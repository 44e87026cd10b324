from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate


@contextmanager
def running(store: Path | str, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server in a process of its own; gives its address and the process."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "stridewise",
            "serve",
            "--port",
            "0",
            "--store",
            str(store),
            "--quiet",
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        yield found[0].rstrip("/"), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert "Traceback" not in errors, errors


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server without a token."""
    with running(tmp_path_factory.mktemp("store") / "sessions.db") as (address, _):
        yield address


@pytest.fixture(scope="session")
def recording() -> Recording:
    """Eight seconds of a simulated runner."""
    it = simulate(Runner(seed=2), Camera(fps=60.0), Noise(white=0.003), duration_s=8.0)
    return it.recording
