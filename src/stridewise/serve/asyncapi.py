"""The description of the socket (AsyncAPI 3.0), made from the types that read its messages."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from stridewise import __version__
from stridewise.serve import protocol

_SCHEMAS = "#/components/schemas/"
_MESSAGES = "#/channels/live/messages/"
_BINARY = "binary_frame"


def document() -> dict[str, Any]:
    """Return the description as plain objects."""
    said, answered = get_args(protocol.ClientMessage), get_args(protocol.ServerMessage)
    _, schemas = msgspec.json.schema_components(
        (*said, *answered), ref_template=_SCHEMAS + "{name}"
    )
    messages = {_tag(kind): _message(kind) for kind in (*said, *answered)}
    messages[_BINARY] = {
        "title": "Frame in its compact form",
        "summary": "Little-endian: float64 seconds, then float32 x, y, confidence of each point.",
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary"},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": protocol.PROTOCOL,
            "version": __version__,
            "description": "Keypoints in, feedback on running out: the WebSocket of "
            "`stridewise serve`. docs/live.md tells what the fields mean.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": {
                "address": "/api/live",
                "summary": "One athlete's session.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"query": _QUERY}},
            }
        },
        "operations": {
            "begin": _operation("First message.", ["hello"], answers=["welcome", "error"]),
            "feed": _operation("Frames.", ["frame", _BINARY], answers=["updates", "error"]),
            "end": _operation("No more comes.", ["stop"], answers=["updates", "summary"]),
        },
        "components": {
            "messages": messages,
            "schemas": {name: _plain(schema) for name, schema in schemas.items()},
        },
    }


_QUERY = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "description": "Where the server asks for one."},
    },
}


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _message(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "title": kind.__name__,
        "summary": _first_line(kind.__doc__ or ""),
        "payload": {"$ref": _SCHEMAS + kind.__name__},
    }


def _operation(summary: str, names: list[str], *, answers: list[str]) -> dict[str, Any]:
    return {
        "action": "receive",
        "summary": summary,
        "channel": {"$ref": "#/channels/live"},
        "messages": [{"$ref": _MESSAGES + name} for name in names],
        "reply": {
            "channel": {"$ref": "#/channels/live"},
            "messages": [{"$ref": _MESSAGES + name} for name in answers],
        },
    }


def _plain(schema: Any) -> Any:
    """Return a schema in the words of JSON Schema draft 7, which AsyncAPI takes without asking.

    Tuples are written otherwise there, and the discriminator of OpenAPI is unknown; the types of
    messages differ by their `type` in any case.
    """
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items() if key != "discriminator"}
    if "prefixItems" in plain:
        plain |= {"items": plain.pop("prefixItems"), "additionalItems": False}
    if isinstance(plain.get("description"), str):
        plain["description"] = _first_line(plain["description"])
    return plain


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
