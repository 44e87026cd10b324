"""The description of the HTTP interface (OpenAPI 3.1); `asyncapi` describes the socket."""

from __future__ import annotations

from typing import Any

from stridewise import __version__

_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_ERROR = {
    "description": "What was wrong, in plain words.",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"error": {"type": "string"}}}
        }
    },
}
_SESSION: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name", "source", "created_s", "ended_s", "frames", "keypoints", "context"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "source": {"type": "string"},
        "created_s": {"type": "number", "description": "Seconds since 1970."},
        "ended_s": {"type": ["number", "null"], "description": "null while it runs."},
        "frames": {"type": "integer"},
        "keypoints": {"type": "array", "items": {"type": "string"}},
        "context": {"type": "object"},
        "metrics": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "side": {"enum": ["left", "right", "both"]},
                    "value": {"type": "number"},
                    "unit": {"type": "string"},
                    "n": {"type": "integer"},
                },
            },
        },
    },
}


def document() -> dict[str, Any]:
    """Return the description as plain objects."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "stridewise serve",
            "version": __version__,
            "description": "Sessions of running. Live streams use the WebSocket /api/live, which "
            "/api/asyncapi.json describes.",
        },
        "paths": {
            "/api/health": {"get": _answers("Version and number of live sessions.", _object())},
            "/api/sessions": {
                "get": _answers("All sessions, newest first.", {"type": "array", "items": _SESSION})
            },
            "/api/sessions/{id}": {
                "parameters": [_ID],
                "get": _answers("One session with its metrics.", _SESSION, missing=True),
                "patch": {
                    **_answers("Name a session.", _SESSION, missing=True),
                    "requestBody": _json(
                        {
                            "type": "object",
                            "required": ["name"],
                            "properties": {
                                "name": {"type": "string", "minLength": 1, "maxLength": 200}
                            },
                        }
                    ),
                },
                "delete": {
                    "summary": "Delete a session and everything of it.",
                    "responses": {"204": {"description": "Done."}, "404": _ERROR},
                },
            },
            "/api/sessions/{id}/frames": {
                "parameters": [_ID],
                "get": _bytes("All frames in the binary form of the socket, end to end."),
            },
            "/api/sessions/{id}/analysis": {
                "parameters": [_ID],
                "get": _answers(
                    "The analysis (schema stridewise.analysis/1).", _object(), missing=True
                ),
            },
            "/api/sessions/{id}/report": {
                "parameters": [_ID],
                "get": _bytes("The report, a page that needs no other file.", "text/html"),
            },
            "/api/compare": {
                "parameters": [
                    {
                        "name": "session",
                        "in": "query",
                        "required": True,
                        "schema": {
                            "type": "array",
                            "items": {"type": "string"},
                            "minItems": 2,
                            "maxItems": 2,
                        },
                    }
                ],
                "get": _answers("Metrics of two sessions side by side.", _object(), missing=True),
            },
            "/api/files": {
                "parameters": [
                    {"name": "name", "in": "query", "schema": {"type": "string"}},
                    {"name": "fps", "in": "query", "schema": {"type": "number"}},
                ],
                "post": {
                    "summary": "Store a file of any format that can be read as a session.",
                    "requestBody": {
                        "required": True,
                        "content": {"application/octet-stream": {}},
                    },
                    "responses": {
                        "201": {"description": "The session.", **_json(_SESSION)},
                        "422": _ERROR,
                    },
                },
            },
        },
    }


def _object() -> dict[str, Any]:
    return {"type": "object"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(summary: str, schema: dict[str, Any], *, missing: bool = False) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": summary, **_json(schema)}}
    if missing:
        responses |= {"404": _ERROR, "422": _ERROR}
    return {"summary": summary, "responses": responses}


def _bytes(summary: str, kind: str = "application/octet-stream") -> dict[str, Any]:
    return {
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": {kind: {}}},
            "404": _ERROR,
            "422": _ERROR,
        },
    }
