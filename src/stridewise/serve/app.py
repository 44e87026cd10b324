"""The server: the page, sessions over HTTP, live streams over a socket."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from stridewise import __version__
from stridewise.errors import InputError
from stridewise.live import LiveAnalyzer
from stridewise.serve import asyncapi, openapi, protocol
from stridewise.serve.access import Access
from stridewise.serve.database import StoreError
from stridewise.serve.live_session import LiveSession, context_of
from stridewise.serve.protocol import Failure, Frame, Hello, ServerMessage, Welcome, encode
from stridewise.serve.store import Session, Store
from stridewise.skeletons import REQUIRED

#: What was received is written this often, in seconds.
SAVE_S = 0.5
#: A lost connection can be taken up again for so long, in seconds.
RESUME_S = 60.0
#: Athletes at once, and the largest file that is taken, in bytes.
MOST_SESSIONS, LARGEST_FILE = 128, 100_000_000
#: Wrong messages after which a client is sent away.
_PATIENCE = 20
#: Endings of file names that are kept: some formats are told apart by them.
_ENDINGS = frozenset(
    {
        ".json",
        ".jsonl",
        ".csv",
        ".tsv",
        ".txt",
        ".trc",
        ".c3d",
        ".h5",
        ".hdf5",
        ".npz",
        ".npy",
        ".bvh",
        ".zip",
        ".slp",
        ".mot",
    }
)
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".task": "application/octet-stream",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
#: The page loads nothing from elsewhere; the pose model needs WebAssembly and a worker-free loader.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)


class Server:
    """The state behind the application.

    Parameters
    ----------
    store : Store
    access : Access
    parent : int, optional
        Process without which this one has no business.
    """

    def __init__(self, store: Store, access: Access, parent: int | None = None) -> None:
        self._parent = parent
        self.store = store
        self.access = access
        #: Streams by session, those whose connection was lost too.
        self.live: dict[str, LiveSession] = {}
        self._lost: dict[str, float] = {}
        self._one_analysis = asyncio.Semaphore(1)
        self._failing = False

    async def save_for_ever(self) -> None:
        """Write what was received, over and over, and end what nobody takes up again."""
        while True:
            await asyncio.sleep(SAVE_S)
            await self._save_if_possible()
            if self._parent is not None and os.getppid() != self._parent:
                os.kill(os.getpid(), signal.SIGTERM)
            for id, since in list(self._lost.items()):
                if time.monotonic() - since > RESUME_S:
                    with suppress(StoreError):  # Tried again with the next round.
                        await run_in_threadpool(self.end, id)

    async def _save_if_possible(self) -> None:
        """Write what was received; say once when that fails, and once when it works again."""
        try:
            if await self.save() and self._failing:
                print("stridewise: the sessions are stored again", file=sys.stderr, flush=True)
                self._failing = False
        except StoreError as error:
            if not self._failing:
                print(f"stridewise: {error} Trying on.", file=sys.stderr, flush=True)
            self._failing = True

    async def save(self) -> bool:
        """Write what was received; say whether there was anything.

        Raises
        ------
        StoreError
            When that is not possible now; it is kept for the next time.
        """
        handed = [(s, chunk) for s in self.live.values() if (chunk := s.unsaved()) is not None]
        if handed:
            try:
                await run_in_threadpool(self.store.append, [chunk for _, chunk in handed])
            except StoreError:
                for session, (_, _, data) in handed:
                    session.give_back(data)
                raise
        return bool(handed)

    async def begin(self, hello: Hello) -> tuple[LiveSession, bool]:
        """Begin a session, or take one up again; the second value says which.

        Raises
        ------
        InputError
            When there are too many, or the client asks for what cannot be.
        """
        if hello.session is not None:
            return await self._again(hello, hello.session), True
        if len(self.live) >= MOST_SESSIONS:
            raise InputError(
                "The server is full", expected=f"{MOST_SESSIONS} sessions at once at most"
            )
        session = LiveSession("", hello)
        session.id = (
            await run_in_threadpool(
                self.store.create,
                session.keypoints,
                name=hello.name,
                source=hello.source,
                context=context_of(hello.context),
            )
            if hello.keep
            else f"not kept {id(session):x}"
        )
        self.live[session.id] = session
        return session, False

    async def _again(self, hello: Hello, id: str) -> LiveSession:
        """Take up a session again: where it stood, or, after the server was restarted, anew."""
        stored = await run_in_threadpool(self.store.session, id)
        session = self.live.get(id)
        connected = session is not None and id not in self._lost
        if stored is None or stored.ended_s is not None or connected:
            raise InputError("There is no such session to take up again")
        if stored.keypoints != tuple(hello.keypoints):
            raise InputError("The session has other keypoints")
        self._lost.pop(id, None)
        if session is None:
            session = self.live[id] = LiveSession(id, hello)
        return session

    def lose(self, session: LiveSession) -> None:
        """Remember a session whose connection was lost."""
        if session.id in self.live:
            self._lost[session.id] = time.monotonic()

    def end(self, id: str) -> None:
        """Close a session and keep its metrics.

        Raises
        ------
        StoreError
            When that is not possible now; the session then counts as one whose connection was lost.
        """
        session = self.live.pop(id, None)
        since = self._lost.pop(id, None)
        if session is None or not session.keep:
            return
        chunk = session.unsaved()
        try:
            if chunk is not None:
                self.store.append([chunk])
                chunk = None
            self.store.end(id, [(a.id, a.side, a.value, a.unit, a.n) for a in session.averages()])
        except StoreError:
            if chunk is not None:
                session.give_back(chunk[2])
            self.live[id], self._lost[id] = session, since or time.monotonic()
            raise

    def end_all(self) -> None:
        """Close every session, when the server stops."""
        for id in list(self.live):
            try:
                self.end(id)
            except StoreError as error:
                print(f"stridewise: {error} What came last is lost.", file=sys.stderr, flush=True)
                return

    async def analysed(self, id: str) -> Any:
        """Analyse a stored session; one at a time, beside the live streams.

        Raises
        ------
        InputError
            When there is no such session, or it cannot be analysed.
        """
        from stridewise.analysis import analyze
        from stridewise.context import Context

        session = await run_in_threadpool(self.store.session, id)
        if session is None:
            raise _NotThere

        def work() -> Any:
            recording = self.store.recording(id)
            assert recording is not None
            analysis = analyze(recording, Context(**session.context))
            self.store.end(
                id,
                [
                    (m.id, m.side, m.value, m.unit, m.n)
                    for m in analysis.metrics
                    if m.value is not None
                ],
            )
            return analysis

        await self.save()
        async with self._one_analysis:
            return await run_in_threadpool(work)


class _NotThere(Exception):
    """There is no such session."""


def application(server: Server, ready: Callable[[], None] = lambda: None) -> Starlette:
    """Return the ASGI application of a server; `ready` is called when it can be used."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # What the first athlete would else have to wait for.
        await run_in_threadpool(LiveAnalyzer, REQUIRED)
        saving = asyncio.create_task(server.save_for_ever())
        ready()
        yield
        saving.cancel()
        with suppress(asyncio.CancelledError):
            await saving
        server.end_all()

    api = _Api(server)
    app = Starlette(
        routes=[
            Route("/", api.page),
            Route("/page/{name:path}", api.page),
            Route("/api/health", api.health),
            Route("/api/openapi.json", api.openapi),
            Route("/api/asyncapi.json", api.asyncapi),
            Route("/api/sessions", api.sessions),
            Route("/api/sessions/{id}", api.session, methods=["GET", "PATCH", "DELETE"]),
            Route("/api/sessions/{id}/frames", api.frames),
            Route("/api/sessions/{id}/analysis", api.analysis),
            Route("/api/sessions/{id}/report", api.report),
            Route("/api/compare", api.compare),
            Route("/api/files", api.file, methods=["POST"]),
            WebSocketRoute("/api/live", api.live),
        ],
        middleware=[Middleware(_Guard, access=server.access)],
        lifespan=lifespan,
        exception_handlers={
            InputError: _refused,
            StoreError: _out_of_reach,
            _NotThere: _not_there,
        },
    )
    return app


async def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)


async def _out_of_reach(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)


async def _not_there(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "There is no such session."}, 404)


class _Guard:
    """Refuses what may not come in, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked: Request | WebSocket
        asked = Request(scope) if scope["type"] == "http" else WebSocket(scope, receive, send)
        # The page itself holds no secrets and must load before it can show the token.
        open_ = scope["type"] == "http" and not scope["path"].startswith("/api/")
        refusal = self._access.refusal(asked.headers, asked.query_params, token=not open_)
        if refusal is None:
            await self._app(scope, receive, send)
        elif isinstance(asked, WebSocket):
            await asked.close(1008, refusal)
        else:
            await JSONResponse({"error": refusal}, 403)(scope, receive, send)


_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class _Api:
    """What is answered, path by path."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._page = page_files()

    async def page(self, request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        # Only what ships is served: a name is looked up, never joined to a path.
        file = self._page.get(name)
        if file is None:
            return JSONResponse({"error": "There is no such page."}, 404)
        headers = {**_HEADERS, "Content-Security-Policy": PAGE_POLICY}
        content = await run_in_threadpool(file.read_bytes)
        return Response(content, media_type=_TYPES[file.suffix], headers=headers)

    async def health(self, request: Request) -> Response:
        return JSONResponse(
            {
                "stridewise": __version__,
                "protocol": protocol.PROTOCOL,
                "live_sessions": len(self._server.live),
            }
        )

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(openapi.document())

    async def asyncapi(self, request: Request) -> Response:
        return JSONResponse(asyncapi.document())

    async def sessions(self, request: Request) -> Response:
        found = await run_in_threadpool(self._server.store.sessions)
        return _json([_public(session) for session in found])

    async def session(self, request: Request) -> Response:
        store, id = self._server.store, request.path_params["id"]
        if request.method == "DELETE":
            self._server.live.pop(id, None)
            done = await run_in_threadpool(store.delete, id)
            return Response(status_code=204) if done else await _not_there(request, _NotThere())
        if request.method == "PATCH":
            body = await _body(request, 10_000)
            try:
                name = msgspec.json.decode(body, type=dict[str, str])["name"]
            except (msgspec.DecodeError, KeyError) as error:
                raise InputError("The name cannot be read", expected='{"name": "..."}') from error
            if not 0 < len(name) <= 200:
                raise InputError("The name cannot be used", expected="1 to 200 characters")
            if not await run_in_threadpool(store.rename, id, name):
                raise _NotThere
        session = await run_in_threadpool(store.session, id)
        if session is None:
            raise _NotThere
        values = await run_in_threadpool(store.metrics, id)
        metrics = [
            {"id": metric, "side": side, "value": value, "unit": unit, "n": n}
            for (metric, side), (value, unit, n) in values.items()
        ]
        return _json({**_public(session), "metrics": metrics})

    async def frames(self, request: Request) -> Response:
        id = request.path_params["id"]
        await self._server.save()
        if await run_in_threadpool(self._server.store.session, id) is None:
            raise _NotThere
        data = await run_in_threadpool(self._server.store.frames, id)
        return Response(data, media_type="application/octet-stream", headers=_HEADERS)

    async def analysis(self, request: Request) -> Response:
        analysis = await self._server.analysed(request.path_params["id"])
        return Response(analysis.to_json(), media_type="application/json", headers=_HEADERS)

    async def report(self, request: Request) -> Response:
        from stridewise.report.page import page

        analysis = await self._server.analysed(request.path_params["id"])
        text = await run_in_threadpool(page, analysis, written=date.today())
        headers = {**_HEADERS, "Content-Security-Policy": _REPORT_POLICY}
        return Response(text, media_type="text/html; charset=utf-8", headers=headers)

    async def compare(self, request: Request) -> Response:
        """Metrics of two sessions side by side, and whether the change is more than error."""
        from stridewise.metrics import catalogue

        ids = request.query_params.getlist("session")
        if len(ids) != 2:
            raise InputError(
                "Two sessions can be compared", expected="?session=ID&session=ID", received=len(ids)
            )
        store = self._server.store
        sessions = [await run_in_threadpool(store.session, id) for id in ids]
        if None in sessions:
            raise _NotThere
        first, second = [await run_in_threadpool(store.metrics, id) for id in ids]
        fps, other_fps = [await run_in_threadpool(store.fps, id) for id in ids]
        rows = []
        for key in sorted(first.keys() & second.keys()):
            (before, unit, n), (after, other_unit, m) = first[key], second[key]
            metric = catalogue().get(key[0])
            if metric is None or unit != other_unit:
                continue
            mdc = metric.mdc_between(fps, other_fps)
            rows.append(
                {
                    "id": key[0],
                    "side": key[1],
                    "name": metric.name,
                    "unit": unit,
                    "values": [before, after],
                    "n": [n, m],
                    "change": after - before,
                    "smallest_detectable_change": mdc,
                    "more_than_error": None if mdc is None else abs(after - before) > mdc,
                }
            )
        return _json({"sessions": [_public(s) for s in sessions if s], "metrics": rows})

    async def file(self, request: Request) -> Response:
        """Take a file of any format that can be read, and store it as a session."""
        from stridewise.readers import read

        given = PurePath(request.query_params.get("name", "file").replace("\\", "/")).name[:200]
        ending = PurePath(given).suffix.lower()
        try:
            fps = float(request.query_params["fps"]) if "fps" in request.query_params else None
        except ValueError as error:
            raise InputError("The frame rate is no number", expected="?fps=60") from error
        body = await _body(request, LARGEST_FILE)

        def work() -> str:
            # The client's name never becomes a path.
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"upload{ending if ending in _ENDINGS else ''}"
                path.write_bytes(body)
                try:
                    recording = read(path, fps=fps)
                except InputError as error:
                    told = str(error).replace(str(path), given).replace(path.name, given)
                    raise InputError(told) from None
            store = self._server.store
            id = store.create(
                recording.keypoints,
                name=given,
                source=f"file, {recording.format}",
                unit=recording.unit,
            )
            parts = zip(recording.time, recording.xy, recording.confidence, strict=True)
            data = b"".join(protocol.pack(t, xy, sure) for t, xy, sure in parts)
            store.append([(id, recording.frames, data)])
            store.end(id)
            return id

        id = await run_in_threadpool(work)
        session = await run_in_threadpool(self._server.store.session, id)
        assert session is not None
        return _json(_public(session), 201)

    async def live(self, socket: WebSocket) -> None:
        """One athlete's connection."""
        await socket.accept()

        async def send(message: ServerMessage) -> None:
            await socket.send_text(encode(message).decode())

        session: LiveSession | None = None
        worker: asyncio.Task[None] | None = None
        try:
            greeted = await self._greet(socket, send)
            if greeted is None:
                return
            session, welcome = greeted
            await send(welcome)
            worker = asyncio.create_task(session.work(send))
            if await self._receive(socket, send, session, worker):
                await session.finish(send)
                await self._end(session, send)
                await socket.close(1000)
        except (WebSocketDisconnect, RuntimeError):
            pass  # The client is gone; what it sent is kept.
        finally:
            if worker is not None:
                worker.cancel()
                with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                    await worker
            if session is not None:
                self._server.lose(session)

    async def _end(
        self, session: LiveSession, send: Callable[[ServerMessage], Awaitable[None]]
    ) -> None:
        try:
            await run_in_threadpool(self._server.end, session.id)
        except StoreError as error:
            await send(Failure(str(error), fatal=True))

    async def _greet(
        self, socket: WebSocket, send: Callable[[ServerMessage], Awaitable[None]]
    ) -> tuple[LiveSession, Welcome] | None:
        """Read the first message and return its answer; None when it is not acceptable."""
        try:
            message = await asyncio.wait_for(socket.receive(), 10.0)
            if message["type"] != "websocket.receive":
                return None
            hello = protocol.read_client(message.get("text") or message.get("bytes") or b"")
            if not isinstance(hello, Hello):
                raise InputError("The first message must be hello")
            session, resumed = await self._server.begin(hello)
        except (InputError, TimeoutError) as error:
            await send(Failure(str(error) or "No hello came.", fatal=True))
            await socket.close(1008)
            return None
        size = protocol.frame_bytes(len(session.keypoints))
        return session, Welcome(session.id, size, resumed)

    async def _receive(
        self,
        socket: WebSocket,
        send: Callable[[ServerMessage], Awaitable[None]],
        session: LiveSession,
        worker: asyncio.Task[None],
    ) -> bool:
        """Take in messages until the client stops (True) or is gone."""
        wrong = 0
        while not worker.done():
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return False
            try:
                if (data := message.get("bytes")) is not None:
                    session.take(data)
                    continue
                told = protocol.read_client(message.get("text") or "")
                if isinstance(told, Frame):
                    session.take(told)
                elif isinstance(told, Hello):
                    raise InputError("hello was said already")
                else:
                    return True
            except InputError as error:
                wrong += 1
                fatal = wrong >= _PATIENCE
                await send(Failure(str(error), fatal))
                if fatal:
                    await socket.close(1008)
                    return False
        return False


def page_files() -> dict[str, Path]:
    """Return the files of the page that ship with the package, by their names under `page/`."""
    folder = Path(str(files("stridewise.serve") / "page"))
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in _TYPES
    }


async def _body(request: Request, largest: int) -> bytes:
    """Read the body of a request, as far as it is not too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise InputError("What was sent is too large", expected=f"{largest} bytes at most")
    return bytes(body)


def _public(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "name": session.name,
        "source": session.source,
        "created_s": session.created_s,
        "ended_s": session.ended_s,
        "frames": session.frames,
        "keypoints": list(session.keypoints),
        "context": dict(session.context),
    }


def _json(content: Any, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(content), status, media_type="application/json", headers=_HEADERS
    )
