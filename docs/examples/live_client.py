"""Send keypoints to `stridewise serve` as they come, and print what it says.

Needs `pip install websockets numpy`. Replace `frames` by your own pose estimator.
"""

import json
import struct
import sys
import time

import numpy as np
from websockets.sync.client import connect

KEYPOINTS = [f"{side}_{part}" for part in ("hip", "knee", "ankle") for side in ("left", "right")]


def frames(seconds=4.0, fps=60):
    """Yield seconds and x, y, confidence of each point: here legs that swing."""
    start = time.monotonic()
    for i in range(round(seconds * fps)):
        time.sleep(max(0.0, start + i / fps - time.monotonic()))
        rows = []
        for length in (0.0, 90.0, 180.0):  # hips, knees, ankles
            for phase in (0.0, np.pi):
                swing = np.sin(2 * np.pi * 1.4 * i / fps + phase)
                rows.append([320 + length * swing / 2, 200 + length, 1.0])
        yield i / fps, np.array(rows, dtype="<f4")


def main(url="ws://127.0.0.1:8765/api/live"):
    """Stream, and print what comes back."""
    with connect(url) as socket:
        socket.send(json.dumps({"type": "hello", "keypoints": KEYPOINTS, "name": "Example"}))
        print(json.loads(socket.recv())["session"])
        for time_s, rows in frames():
            socket.send(struct.pack("<d", time_s) + rows.tobytes())
            hear(socket, 0.0)
        socket.send('{"type": "stop"}')
        while hear(socket, 30.0):
            pass


def hear(socket, timeout):
    """Print one message; False when the summary has come."""
    try:
        message = json.loads(socket.recv(timeout))
    except TimeoutError:
        return True
    for update in message.get("updates", ()):
        if update["type"] in ("event", "cue", "state", "notice"):
            print(update)
    if message["type"] == "summary":
        print(message)
    return message["type"] != "summary"


if __name__ == "__main__":
    main(*sys.argv[1:])
