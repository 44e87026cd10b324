"""Messages of the socket, `stridewise.live/1`; docs/live.md describes them for other programs."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.live import Rules, Update

Array = NDArray[np.float64]

PROTOCOL = "stridewise.live/1"
#: Largest message that is read, in bytes; a binary frame of 29 points has 356.
LARGEST_MESSAGE = 65_536
#: Names of keypoints are short, and so are those of sessions.
_NAME = 200


class Facts(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of runner and camera; fields and units of `stridewise.context.Context`."""

    view: str = "auto"
    surface: str = "auto"
    speed_mps: float | None = None
    height_m: float | None = None
    mass_kg: float | None = None

    def context(self) -> Context:
        """Return it checked."""
        return Context(**msgspec.structs.asdict(self))


class Feedback(msgspec.Struct, forbid_unknown_fields=True):
    """When to give feedback; fields of `stridewise.live.Rules`."""

    warm_up_s: float = 60.0
    training_s: float = 1200.0
    pause_s: float = 25.0
    cadence_up: float | None = None
    baseline_spm: float | None = None
    in_pain: bool = False

    def rules(self) -> Rules:
        """Return them checked."""
        if not (self.warm_up_s >= 0 and self.training_s > 0 and self.pause_s >= 20):
            raise InputError(
                "The feedback asked for is not usable",
                expected="warm_up_s of 0 or more, training_s above 0, pause_s of 20 or more",
            )
        return Rules(**msgspec.structs.asdict(self))


class Hello(msgspec.Struct, tag="hello", forbid_unknown_fields=True):
    """First message of a client.

    Parameters
    ----------
    keypoints : list of str
        Canonical names, in the order of the numbers of every frame.
    name : str
        For the list of sessions.
    source : str
        Where the points come from.
    session : str or None
        Go on with this session after the connection was lost.
    keep : bool
        Store what comes.
    context : Facts
    feedback : Feedback
    """

    keypoints: list[str]
    name: str = ""
    source: str = ""
    session: str | None = None
    keep: bool = True
    context: Facts = msgspec.field(default_factory=Facts)
    feedback: Feedback = msgspec.field(default_factory=Feedback)


class Frame(msgspec.Struct, tag="frame", forbid_unknown_fields=True):
    """One frame as JSON: positions y down, null where a point is not seen."""

    time_s: float
    xy: list[tuple[float, float] | None]
    confidence: list[float] | None = None


class Stop(msgspec.Struct, tag="stop", forbid_unknown_fields=True):
    """No more frames come; a `summary` answers."""


ClientMessage = Hello | Frame | Stop


class Welcome(msgspec.Struct, tag="welcome"):
    """Answer to `hello`: the session and how large a binary frame is, in bytes."""

    session: str
    frame_bytes: int
    resumed: bool
    protocol: str = PROTOCOL


class Updates(msgspec.Struct, tag="updates"):
    """What frames have made known; one comes for every tenth frame at least.

    Parameters
    ----------
    updates : list of Update
        See docs/live.md.
    time_s : float
        Of the newest frame that was analysed.
    received, analysed, dropped : int
        Frames so far; those that are neither analysed nor dropped still wait.
    """

    updates: list[Update]
    time_s: float
    received: int
    analysed: int
    dropped: int


class Failure(msgspec.Struct, tag="error"):
    """Something was wrong with a message; `fatal` when the connection ends with it."""

    message: str
    fatal: bool = False


class Summary(msgspec.Struct, tag="summary"):
    """Answer to `stop`."""

    session: str
    received: int
    dropped: int
    counts: dict[str, int]
    values: list[Average]


class Average(msgspec.Struct):
    """One metric over the whole session."""

    id: str
    side: str
    value: float
    unit: str
    n: int


ServerMessage = Welcome | Updates | Failure | Summary

_client = msgspec.json.Decoder(ClientMessage)
_server = msgspec.json.Decoder(ServerMessage)
encode = msgspec.json.Encoder().encode


def read_client(text: str | bytes) -> ClientMessage:
    """Read a text message of a client.

    Raises
    ------
    InputError
        When it is no message of this protocol.
    """
    try:
        message: ClientMessage = _client.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InputError(
            "The message is not of this protocol",
            expected=f"JSON of {PROTOCOL}",
            received=str(error)[:_NAME],
        ) from error
    if isinstance(message, Hello) and (
        max(map(len, message.keypoints), default=0) > _NAME
        or len(message.name) > _NAME
        or len(message.source) > _NAME
    ):
        raise InputError("A name is too long", expected=f"{_NAME} characters at most")
    return message


def read_server(text: str | bytes) -> ServerMessage:
    """Read a message of the server, as a client does."""
    message: ServerMessage = _server.decode(text)
    return message


def frame_bytes(points: int) -> int:
    """Size of a binary frame."""
    return 8 + 12 * points


def pack(time_s: float, xy: Array, confidence: Array) -> bytes:
    """Return a binary frame: float64 seconds, then float32 x, y, confidence of each point.

    Everything is little-endian; NaN where a point is not seen.
    """
    rows = np.column_stack([xy, confidence]).astype("<f4")
    return np.array([time_s], dtype="<f8").tobytes() + rows.tobytes()


def unpack(data: bytes, points: int) -> tuple[float, Array]:
    """Read a binary frame: seconds, and x, y, confidence of each point, shape (points, 3).

    Raises
    ------
    InputError
        When it has the wrong size.
    """
    if len(data) != frame_bytes(points):
        raise InputError(
            "A binary frame has the wrong size",
            expected=f"{frame_bytes(points)} bytes for {points} points",
            received=f"{len(data)} bytes",
        )
    time_s = float(np.frombuffer(data, "<f8", 1)[0])
    return time_s, np.frombuffer(data, "<f4", offset=8).reshape(points, 3).astype(float)


def from_json(frame: Frame, points: int) -> tuple[float, Array]:
    """Return a JSON frame as `unpack` does.

    Raises
    ------
    InputError
        When it has the wrong size.
    """
    sure = [1.0] * len(frame.xy) if frame.confidence is None else frame.confidence
    if len(frame.xy) != points or len(sure) != points:
        raise InputError(
            "A frame has the wrong size",
            expected=f"{points} points",
            received=f"{len(frame.xy)} positions and {len(sure)} confidences",
        )
    nowhere = (float("nan"), float("nan"))
    rows = [(*(at or nowhere), c) for at, c in zip(frame.xy, sure, strict=True)]
    return frame.time_s, np.array(rows)
