"""Who may come in: the address, the origin of pages, the token."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams

from stridewise.errors import InputError

#: Shortest token that is accepted.
_SHORTEST = 16


class Access:
    """Decides about each request by its headers.

    Parameters
    ----------
    host : str
        Address that the server listens on.
    token : str, optional
        Needed beyond loopback; then every request must show it.

    Raises
    ------
    InputError
        When a token is lacking or too short.
    """

    def __init__(self, host: str, token: str | None = None) -> None:
        self.loopback = is_loopback(host)
        if token is not None and len(token) < _SHORTEST:
            raise InputError("The token is too short", expected=f"{_SHORTEST} characters or more")
        if not self.loopback and token is None:
            raise InputError(
                "Beyond this machine the server needs a token",
                expected="--token with a secret, or --token auto",
                hint="Without --host, only this machine can reach it, and no token is needed",
            )
        self._token = token

    def refusal(self, headers: Headers, query: QueryParams, *, token: bool = True) -> str | None:
        """Say why a request is refused; None when it is welcome.

        Parameters
        ----------
        headers : Headers
        query : QueryParams
        token : bool
            Whether the token must be shown.
        """
        host = headers.get("host", "")
        if self.loopback and not is_loopback(_name(host)):
            # A page elsewhere has bent its own name to this machine.
            return "This address is not served."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return "Pages of other origins are not served."
        if self._token is None or not token:
            return None
        shown = headers.get("authorization", "").removeprefix("Bearer ") or query.get("token", "")
        if hmac.compare_digest(shown.encode(), self._token.encode()):
            return None
        return "The token is missing or wrong."


def is_loopback(host: str) -> bool:
    """Say whether an address or name is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """Take the port off a host header."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
