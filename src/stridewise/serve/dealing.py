"""Connections dealt out in turn to several processes, so that athletes are shared evenly."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Thread

import uvicorn

Take = Callable[[], socket.socket]


class DealtServer(uvicorn.Server):
    """Serves connections that are handed to it instead of listening.

    Parameters
    ----------
    config : uvicorn.Config
    take : callable
        Waits for the next connection; raises EOFError or OSError when there will be none.
    """

    def __init__(self, config: uvicorn.Config, take: Take) -> None:
        super().__init__(config)
        self._take = take

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start without listening and begin to take connections."""
        await super().startup(sockets=[])
        loop = asyncio.get_running_loop()
        Thread(target=self._take_for_ever, args=(loop,), daemon=True).start()

    def _take_for_ever(self, loop: asyncio.AbstractEventLoop) -> None:
        # The loop is closed, or the other side gone: nothing is left to be done.
        with suppress(EOFError, OSError, RuntimeError):
            while True:
                connection = self._take()
                asyncio.run_coroutine_threadsafe(self._serve_one(connection), loop)

    async def _serve_one(self, connection: socket.socket) -> None:
        def protocol() -> asyncio.Protocol:
            kind: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
            return kind(
                config=self.config,
                server_state=self.server_state,
                app_state=self.lifespan.state,
            )

        await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)


def handed(pipe: Connection) -> Take:
    """Return what takes connections from another process."""

    def take() -> socket.socket:
        connection: socket.socket = pipe.recv()
        return connection

    return take


def dealer(listening: socket.socket, others: Sequence[Connection]) -> Take:
    """Return what takes one of so many connections and hands the others on.

    Parameters
    ----------
    listening : socket.socket
    others : sequence of Connection
        Pipes to the processes that share the work.
    """
    turns: deque[Connection | None] = deque((None, *others))

    def take() -> socket.socket:
        while True:
            connection, _ = listening.accept()
            other = turns[0]
            turns.rotate(-1)
            if other is None:
                return connection
            try:
                other.send(connection)
            except OSError:
                # That process is gone; what was its turn is ours.
                turns.remove(other)
                return connection
            connection.close()

    return take
