"""Send frames to a server: a recording replayed, or any other source as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.serve.protocol import (
    Facts,
    Failure,
    Feedback,
    Hello,
    ServerMessage,
    Stop,
    Summary,
    encode,
    pack,
    read_server,
)

#: Waiting for an answer longer than this, in seconds, means that the server is gone.
_PATIENCE_S = 30.0


@dataclass(frozen=True, eq=False)
class Source:
    """Where frames come from.

    Parameters
    ----------
    keypoints : tuple of str
        Canonical names of the points of every frame.
    name, kind : str
        For the list of sessions.
    frames : iterator of bytes or float
        Packed frames when they are due; in between, for how many seconds nothing is.
    """

    keypoints: tuple[str, ...]
    name: str
    kind: str
    frames: Iterator[bytes | float]


def replay(recording: Recording, speed: float = 1.0) -> Source:
    """Return a recording as a source, at its own pace.

    Parameters
    ----------
    recording : Recording
    speed : float
        How many times faster than it was recorded.
    """

    def frames() -> Iterator[bytes | float]:
        begun = time.monotonic()
        parts = zip(recording.time, recording.xy, recording.confidence, strict=True)
        for t, xy, confidence in parts:
            due = begun + (t - recording.time[0]) / speed
            while (left := due - time.monotonic()) > 0:
                yield left
            yield pack(t, xy, confidence)

    kind = f"replay, {recording.format}"
    return Source(recording.keypoints, recording.source, kind, frames())


def stream(
    source: Source | Recording,
    url: str,
    *,
    token: str | None = None,
    speed: float = 1.0,
    facts: Facts | None = None,
    feedback: Feedback | None = None,
    heard: Callable[[ServerMessage], None] = lambda message: None,
) -> Summary:
    """Send a source to a server frame by frame until it ends, or is interrupted with Ctrl-C.

    Parameters
    ----------
    source : Source or Recording
        A recording is replayed.
    url : str
        Address of the server, such as http://127.0.0.1:8765.
    token : str, optional
    speed : float
        How many times faster than it was recorded a recording is replayed.
    facts : Facts, optional
        What is known of runner and camera.
    feedback : Feedback, optional
    heard : callable
        Called with every message of the server.

    Returns
    -------
    Summary

    Raises
    ------
    InputError
        When the server cannot be reached, or refuses.
    """
    try:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect
    except ModuleNotFoundError as error:
        raise InputError(
            "Streaming needs the package websockets, which is not installed",
            hint="Install it with: pip install --upgrade stridewise",
        ) from error
    if isinstance(source, Recording):
        source = replay(source, speed)
    hello = Hello(
        list(source.keypoints),
        name=source.name[:200],
        source=source.kind[:200],
        context=facts or Facts(),
        feedback=feedback or Feedback(),
    )
    try:
        with connect(live_address(url, token), max_size=2**22, compression=None) as socket:

            def hear(timeout: float) -> ServerMessage | None:
                try:
                    message = read_server(socket.recv(timeout))
                except TimeoutError:
                    return None
                heard(message)
                if isinstance(message, Failure) and message.fatal:
                    raise InputError(f"The server refuses: {message.message}")
                return message

            socket.send(encode(hello).decode())
            if hear(_PATIENCE_S) is None:
                raise InputError("The server does not answer")
            with suppress(KeyboardInterrupt):
                for item in source.frames:
                    if isinstance(item, float):
                        hear(item)
                        continue
                    while hear(0.0) is not None:
                        pass  # What the server says must not pile up.
                    socket.send(item)
            socket.send(encode(Stop()).decode())
            while (message := hear(_PATIENCE_S)) is not None:
                if isinstance(message, Summary):
                    return message
    except (OSError, WebSocketException) as error:
        raise InputError(
            "The server cannot be reached, or has gone",
            expected="the address that `stridewise serve` prints",
            received=f"{url} ({error})",
        ) from error
    raise InputError("The server does not answer")


def live_address(url: str, token: str | None) -> str:
    """Return the address of the socket of a server.

    Raises
    ------
    InputError
        When it is no address.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.netloc:
        raise InputError("The address is not usable", expected="http://HOST:PORT", received=url)
    if token is None and parts.fragment.startswith("token="):
        token = parts.fragment.removeprefix("token=")
    query = urlencode({"token": token}) if token else ""
    return urlunsplit((scheme, parts.netloc, "/api/live", query, ""))
