"""One athlete's stream on the server: what is received is stored, analysed and answered."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect
from collections import deque
from collections.abc import Awaitable, Callable

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.live import LiveAnalyzer, Update
from stridewise.metrics import catalogue
from stridewise.serve.protocol import (
    Average,
    Facts,
    Failure,
    Frame,
    Hello,
    ServerMessage,
    Summary,
    Updates,
    frame_bytes,
    from_json,
    pack,
    unpack,
)

Array = NDArray[np.float64]
Send = Callable[[ServerMessage], Awaitable[None]]

#: Frames that wait to be analysed at most, half a second at 60 per second; then they are thinned.
WAITING = 30
#: A frame that has waited longer shows how busy the machine is, in seconds.
_BUSY_S = (0.002, 0.006, 0.025)
#: An answer comes for every so many frames at least.
_TELL_EVERY = 10
#: Frames per second and client, and how many may come at once, before they are dropped.
RATE_LIMIT, BURST = 500.0, 1000.0
#: Bytes that wait for a store out of reach at most: minutes of 29 points at 60 per second.
MOST_UNSAVED = 4_000_000
#: Sessions that end do so one after the other: those who still run come first.
_one_finishes = asyncio.Lock()


class LiveSession:
    """Receives frames, keeps them for the store, analyses them in turn.

    Parameters
    ----------
    id : str
        Of the session in the store.
    hello : Hello
        How the client introduced itself.

    Raises
    ------
    InputError
        When keypoints, context or feedback rules cannot be used.
    """

    def __init__(self, id: str, hello: Hello) -> None:
        self.id = id
        self.keep = hello.keep
        self.keypoints = tuple(hello.keypoints)
        self._live = LiveAnalyzer(self.keypoints, hello.context.context(), hello.feedback.rules())
        # When a frame came, its own time, and its points.
        self._waiting: deque[tuple[float, float, Array]] = deque()
        self._come = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._unsaved = bytearray()
        self._allowed = BURST
        self._counted_s = time.monotonic()
        #: Frames received; analysed, also those found wrong; and dropped before that.
        self.received = self.analysed = self.dropped = 0
        self._time_s = 0.0
        self._told = 0

    def take(self, message: Frame | bytes) -> None:
        """Take in a frame; it is dropped, and counted, when too many wait or come too fast.

        Raises
        ------
        InputError
            When it has the wrong size.
        """
        points = len(self.keypoints)
        if isinstance(message, bytes):
            time_s, rows = unpack(message, points)
        else:
            time_s, rows = from_json(message, points)
            with np.errstate(over="ignore"):
                message = pack(time_s, rows[:, :2], rows[:, 2])
        self.received += 1
        now = time.monotonic()
        self._allowed = min(BURST, self._allowed + RATE_LIMIT * (now - self._counted_s))
        self._counted_s = now
        if self._allowed < 1:
            self.dropped += 1
            return
        self._allowed -= 1
        if self.keep:
            self._unsaved += message
        if len(self._waiting) >= WAITING:
            # Every second one goes: half the frame rate can be read, a hole cannot.
            kept = list(self._waiting)[::2]
            self.dropped += len(self._waiting) - len(kept)
            self._waiting = deque(kept)
        self._waiting.append((now, time_s, rows))
        self._idle.clear()
        self._come.set()

    def unsaved(self) -> tuple[str, int, bytes] | None:
        """Hand over what the store has not got yet; None when there is nothing."""
        if not self._unsaved:
            return None
        data, self._unsaved = bytes(self._unsaved), bytearray()
        return self.id, len(data) // frame_bytes(len(self.keypoints)), data

    def give_back(self, data: bytes) -> None:
        """Take back what could not be stored, to be handed over again.

        Of what has waited for too long, the oldest frames are given up.
        """
        self._unsaved[:0] = data
        size = frame_bytes(len(self.keypoints))
        over = len(self._unsaved) - MOST_UNSAVED // size * size
        del self._unsaved[: max(over, 0)]

    async def work(self, send: Send) -> None:
        """Analyse what comes, for ever; a slow reader of the answers holds up only itself."""
        try:
            while True:
                await self._come.wait()
                self._come.clear()
                while self._waiting:
                    await self._analyse(send, *self._waiting.popleft())
                    # Others come first now.
                    await asyncio.sleep(0)
                self._idle.set()
        finally:
            # When the client is gone, nobody may wait for what is left.
            self._idle.set()

    async def _analyse(self, send: Send, came_s: float, time_s: float, rows: Array) -> None:
        self.analysed += 1
        try:
            hurry = bisect(_BUSY_S, time.monotonic() - came_s)
            said = self._live.update(time_s, rows[:, :2], rows[:, 2], hurry=hurry)
        except InputError as error:
            await send(Failure(str(error)))
            return
        self._time_s = time_s
        if said or self.analysed - self._told >= _TELL_EVERY:
            self._told = self.analysed
            await send(self._updates(said, time_s))

    async def finish(self, send: Send) -> None:
        """Wait until all is analysed, and say the rest and the summary."""
        await self._idle.wait()
        if self.analysed > self._told:
            # What follows takes a while, longer where others end too.
            self._told = self.analysed
            await send(self._updates([], self._time_s))
        async with _one_finishes:
            for said in self._live.finish_in_pieces():
                if said:
                    await send(self._updates(said, self._time_s))
                await asyncio.sleep(0)
        await send(
            Summary(
                self.id,
                self.received,
                self.dropped,
                {str(fate): n for fate, n in self._live.counts.items()},
                self.averages(),
            )
        )

    def _updates(self, said: list[Update], time_s: float) -> Updates:
        return Updates(said, time_s, self.received, self.analysed, self.dropped)

    def averages(self) -> list[Average]:
        """Return the metrics of the whole session."""
        return [
            Average(id, side, summary.value, summary.unit or catalogue()[id].unit, summary.n)
            for (id, side), summary in self._live.averages().items()
        ]


def context_of(facts: Facts) -> dict[str, object]:
    """Return what is known as the store keeps it."""
    known = facts.context()
    return {name: getattr(known, name) for name in Facts.__struct_fields__}
