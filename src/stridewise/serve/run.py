"""Start the server and keep it going until it is told to stop."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from stridewise.errors import InputError

#: Where sessions are kept by default.
STORE = Path.home() / ".stridewise" / "sessions.db"
PORT = 8765


def serve(
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    token: str | None = None,
    store: Path | str | None = None,
    processes: int = 1,
    open_page: bool = False,
    quiet: bool = False,
) -> None:
    """Serve until interrupted; what was recorded is kept.

    Parameters
    ----------
    host, port : str, int
        Where to listen; port 0 takes any that is free.
    token : str, optional
        Secret that every client must show; "auto" makes one. Needed beyond loopback.
    store : Path or str, optional
        SQLite file of the sessions, or the URL of a PostgreSQL database.
    processes : int
        How many share the work; a session stays with one of them.
    open_page : bool
        Open the page in the browser.
    quiet : bool
        Print only the address.

    Raises
    ------
    InputError
        When the address cannot be used, the token is lacking, or a package is.
    """
    try:
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401

        from stridewise.serve.access import Access
        from stridewise.serve.database import shown
        from stridewise.serve.store import Store
    except ModuleNotFoundError as error:
        raise InputError(
            f"The server needs the package {error.name}, which is not installed",
            hint="Install it with: pip install --upgrade stridewise",
        ) from error
    token = secrets.token_urlsafe(24) if token == "auto" else token
    Access(host, token)
    store = store or STORE
    Store(store).close()
    listening = _listen(host, port)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listening.getsockname()[1]}/"
    page = f"{address}#token={token}" if token else address

    def ready() -> None:
        print(f"stridewise: serving {page}", flush=True)
        if not quiet:
            print(f"Sessions are kept in {shown(store)}. Stop with Ctrl-C.", flush=True)
        if open_page:
            import webbrowser

            webbrowser.open(page)

    # Analysis is one thread's work: more athletes than one processor can read need more processes,
    # each with its own sessions, all with the same file. This one deals the connections out.
    spawn = multiprocessing.get_context("spawn")
    pipes = [spawn.Pipe() for _ in range(processes - 1)]
    helpers = [
        spawn.Process(target=_work, args=(theirs, host, token, store, os.getpid()))
        for _, theirs in pipes
    ]
    try:
        for helper, (_, theirs) in zip(helpers, pipes, strict=True):
            helper.start()
            theirs.close()
        _work(listening, host, token, store, ready=ready, others=[own for own, _ in pipes])
    finally:
        for helper in helpers:
            helper.terminate()
        for helper in helpers:
            helper.join()
        listening.close()


def _work(
    source: socket.socket | Connection,
    host: str,
    token: str | None,
    store: Path | str,
    parent: int | None = None,
    ready: Callable[[], None] = lambda: None,
    others: Sequence[Connection] = (),
) -> None:
    """Serve in this process; as a helper, for as long as the parent lives.

    Connections come from a socket, shared with the `others`, or are handed over through a pipe.
    """
    import uvicorn

    from stridewise.serve.access import Access
    from stridewise.serve.app import Server, application
    from stridewise.serve.dealing import DealtServer, dealer, handed
    from stridewise.serve.protocol import LARGEST_MESSAGE
    from stridewise.serve.store import Store

    sessions = Store(store)
    config = uvicorn.Config(
        application(Server(sessions, Access(host, token), parent), ready),
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        ws_max_queue=64,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        limit_concurrency=512,
        timeout_graceful_shutdown=3,
        server_header=False,
    )
    _settle()
    try:
        if not isinstance(source, socket.socket):
            DealtServer(config, handed(source)).run()
        elif others:
            DealtServer(config, dealer(source, others)).run()
        else:
            uvicorn.Server(config).run(sockets=[source])
    except KeyboardInterrupt:
        pass  # This is how it is told to stop.
    finally:
        sessions.close()


def _settle() -> None:
    """Load what every session needs, and take it out of the garbage collector's rounds.

    They would go through all of it, and hold up every athlete for 60 ms each time.
    """
    import gc

    from stridewise.form.areas import load_areas
    from stridewise.live import LiveAnalyzer
    from stridewise.metrics import catalogue
    from stridewise.skeletons import KEYPOINTS

    LiveAnalyzer(KEYPOINTS)
    catalogue()
    load_areas()
    gc.collect()
    gc.freeze()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(256)
    except OSError as error:
        listening.close()
        raise InputError(
            "The server cannot listen there",
            expected="an address of this machine and a free port",
            received=f"{host} port {port} ({error.strerror or error})",
            hint="Choose another with --port",
        ) from error
    return listening
