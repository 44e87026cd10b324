"""The one error a user sees: what was wrong, what was expected, what came, what to do."""

from __future__ import annotations


class InputError(ValueError):
    """Input that cannot be used; its message is one plain line.

    Parameters
    ----------
    what : str
        What is wrong, in plain words.
    expected : str, optional
        What would have been accepted.
    received : object, optional
        What came instead.
    hint : str, optional
        What the user can do about it.
    """

    def __init__(
        self,
        what: str,
        *,
        expected: str | None = None,
        received: object = None,
        hint: str | None = None,
    ) -> None:
        parts = [what.rstrip(".") + "."]
        if expected is not None:
            parts.append(f"Expected {expected.rstrip('.')}.")
        if received is not None:
            parts.append(f"Received {received}.")
        if hint is not None:
            parts.append(hint.rstrip(".") + ".")
        line = " ".join(" ".join(part.split()) for part in parts)
        # File names and cells may hold anything, terminal control codes included.
        super().__init__("".join(c if c.isprintable() else "?" for c in line))
