"""Start the server and keep it going until it is told to stop."""

from __future__ import annotations

import secrets
import socket
import sys
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
    store: Path | None = None,
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
    store : Path, optional
        SQLite file of the sessions.
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
        import uvicorn

        from stridewise.serve.access import Access
        from stridewise.serve.app import Server, application
        from stridewise.serve.store import Store
    except ModuleNotFoundError as error:
        raise InputError(
            f"The server needs the package {error.name}, which is not installed",
            hint="Install it with: pip install --upgrade stridewise",
        ) from error
    from stridewise.serve.protocol import LARGEST_MESSAGE

    token = secrets.token_urlsafe(24) if token == "auto" else token
    access = Access(host, token)
    listening = _listen(host, port)
    sessions = Store(store or STORE)
    try:
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listening.getsockname()[1]}/"
        page = f"{address}#token={token}" if token else address
        print(f"stridewise: serving {page}", flush=True)
        if not quiet:
            print(f"Sessions are kept in {store or STORE}. Stop with Ctrl-C.", flush=True)
        if open_page:
            import webbrowser

            webbrowser.open(page)
        config = uvicorn.Config(
            application(Server(sessions, access)),
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
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        sessions.close()
        listening.close()
        sys.stdout.flush()


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
