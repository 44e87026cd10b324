"""Load of the server: `python -m benchmarks.server`; stops by itself.

Starts `stridewise serve`, lets so many athletes stream at once at the frame rate of a phone, and
measures how long it takes from sending a frame to the answer that it was analysed, and what was
dropped. With `--overload`, twice as many athletes follow each time until the server has to shed
frames; then it must still answer, and serve a single athlete without loss.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from stridewise.recording import Recording
from stridewise.serve.client import live_address
from stridewise.serve.protocol import Summary, Updates, pack, read_server
from stridewise.simulate import Camera, Noise, Runner, simulate

FPS = 60.0
#: What the project asks for on two cores.
GOAL_ATHLETES, GOAL_P99_MS = 50, 50.0
_MOST = 400


@dataclass
class Load:
    """What one round of load has shown.

    Parameters
    ----------
    athletes : int
    sent, dropped, silent : int
        Frames, those dropped by the server, and athletes that got no summary.
    delay_ms : list of float
        From sending a frame to the first answer that counts it as analysed.
    """

    athletes: int
    sent: int = 0
    dropped: int = 0
    silent: int = 0
    delay_ms: list[float] = field(default_factory=list)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--athletes", type=int, default=GOAL_ATHLETES)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--processes", type=int, default=2, help="of the server")
    parser.add_argument(
        "--apart",
        action="store_true",
        help="one process on a core of its own, the athletes on another: half of the goal",
    )
    parser.add_argument("--overload", action="store_true", help="go on until frames are shed")
    args = parser.parse_args(argv)
    it = simulate(Runner(seed=1), Camera(fps=FPS), Noise(white=0.004), duration_s=10.0)
    frames = Frames(it.recording)
    print(
        "| athletes at 60 fps | frames | dropped | frame to answer, ms | cores | CPU, ms a frame |"
    )
    print("|---|---|---|---|---|---|")
    cores = sorted(os.sched_getaffinity(0))[:2] if args.apart else None
    with serving(1 if cores else args.processes) as (url, pid):
        if cores:
            for task in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), cores[:1])
            os.sched_setaffinity(0, cores[1:])
        athletes = args.athletes
        while True:
            cpu, start = cpu_seconds(pid), time.monotonic()
            load = asyncio.run(run(url, frames, athletes, args.seconds))
            print(line(load, cpu_seconds(pid) - cpu, time.monotonic() - start), flush=True)
            athletes *= 2
            if not args.overload or load.dropped or athletes > _MOST:
                break
        if args.overload:
            cpu, start = cpu_seconds(pid), time.monotonic()
            load = asyncio.run(run(url, frames, 1, 5.0))
            print(line(load, cpu_seconds(pid) - cpu, time.monotonic() - start), flush=True)
        with urllib.request.urlopen(f"{url}/api/health", timeout=10) as answer:
            print(f"The server is well: {answer.read().decode()}")


class Frames:
    """Binary frames of a recording, over and over, with times that go on."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.keypoints = recording.keypoints

    def __getitem__(self, i: int) -> bytes:
        k = i % self._recording.frames
        return pack(i / FPS, self._recording.xy[k], self._recording.confidence[k])


async def run(url: str, frames: Frames, athletes: int, seconds: float) -> Load:
    """Let athletes run at once."""
    load = Load(athletes)
    begin = time.monotonic() + 1.0
    await asyncio.gather(
        *(athlete(url, frames, begin + i / FPS / athletes, seconds, load) for i in range(athletes))
    )
    return load


async def athlete(url: str, frames: Frames, begin: float, seconds: float, load: Load) -> None:
    """Stream one athlete and note the delays."""
    sent: list[float] = []
    async with connect(live_address(url, None), compression=None, max_size=2**22) as socket:
        hello = {"type": "hello", "keypoints": list(frames.keypoints), "name": "load"}
        await socket.send(json.dumps(hello))
        await socket.recv()
        hearing = asyncio.create_task(hear(socket, sent, load))
        for i in range(round(seconds * FPS)):
            await asyncio.sleep(max(begin + i / FPS - time.monotonic(), 0.0))
            sent.append(time.monotonic())
            await socket.send(frames[i])
        load.sent += len(sent)
        await socket.send('{"type": "stop"}')
        try:
            async with asyncio.timeout(20.0):
                load.dropped += (await hearing).dropped
        except TimeoutError:
            load.silent += 1


async def hear(socket: ClientConnection, sent: list[float], load: Load) -> Summary:
    """Listen until the summary."""
    told = 0
    async for text in socket:
        message = read_server(text)
        if isinstance(message, Updates) and message.analysed > told:
            # The frame whose analysis is told with this answer.
            told = message.analysed
            frame = min(message.analysed + message.dropped, len(sent)) - 1
            load.delay_ms.append(1e3 * (time.monotonic() - sent[frame]))
        elif isinstance(message, Summary):
            return message
    raise ConnectionError("no summary came")


def line(load: Load, cpu_s: float, passed_s: float) -> str:
    """Return a row of the table."""
    p50, p99 = np.quantile(load.delay_ms, [0.5, 0.99])
    lost = f"{load.dropped}" + (f", {load.silent} athletes unanswered" if load.silent else "")
    delay = f"median {p50:.0f}, p99 {p99:.0f}"
    use = f"{cpu_s / passed_s:.2f} | {1e3 * cpu_s / load.sent:.2f}"
    return f"| {load.athletes} | {load.sent} | {lost} | {delay} | {use} |"


@contextmanager
def serving(processes: int) -> Iterator[tuple[str, int]]:
    """Start a server of its own and stop it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "stridewise", "serve", "--port", "0", "--quiet"),
                *("--store", str(Path(folder) / "sessions.db"), "--processes", str(processes)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, "the server did not start"
            yield found[0].rstrip("/"), process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its children so far; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(int(child)) for child in children)


if __name__ == "__main__":
    main()
