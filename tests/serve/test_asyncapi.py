from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator

from stridewise.live import updates
from stridewise.serve import asyncapi, protocol
from tests.serve.test_server import ask

DOCUMENT = asyncapi.document()
SCHEMAS = DOCUMENT["components"]["schemas"]


def validator(name: str) -> Draft7Validator:
    return Draft7Validator({**DOCUMENT, "$ref": f"#/components/schemas/{name}"})


def test_every_type_of_message_is_listed() -> None:
    told = DOCUMENT["channels"]["live"]["messages"]
    assert set(told) == {
        *("hello", "frame", "binary_frame", "stop"),
        *("welcome", "updates", "error", "summary"),
    }
    assert set(told) == set(DOCUMENT["components"]["messages"])
    used = {
        ref["$ref"].rpartition("/")[2]
        for operation in DOCUMENT["operations"].values()
        for ref in (*operation["messages"], *operation["reply"]["messages"])
    }
    assert used == set(told)


def test_every_type_of_update_is_listed() -> None:
    listed = {ref["$ref"].rpartition("/")[2] for ref in updates_schema()["anyOf"]}
    tags = {SCHEMAS[name]["properties"]["type"]["enum"][0] for name in listed}
    assert tags == {
        *("event", "step", "stride", "values", "trace", "state", "cue", "target", "notice"),
    }


def updates_schema() -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS["Updates"]["properties"]["updates"]["items"]
    return found


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [ref for inner in part for ref in references(inner)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if "$ref" in part else []
    return own + [ref for inner in part.values() for ref in references(inner)]


def test_every_reference_leads_somewhere() -> None:
    found = references(DOCUMENT)
    assert len(found) > 20
    for ref in found:
        place: Any = DOCUMENT
        for key in ref.removeprefix("#/").split("/"):
            place = place[key]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schemas_are_draft_7(name: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[name])
    assert "\n" not in SCHEMAS[name]["description"]


@pytest.mark.parametrize(
    "message",
    [
        protocol.Hello(["nose"]),
        protocol.Frame(1.0, [(1.0, 2.0), None], [1.0, 0.0]),
        protocol.Stop(),
        protocol.Welcome("a", 20, False),
        protocol.Failure("No."),
        protocol.Summary(
            "a", 1, 0, {"good": 1}, [protocol.Average("cadence", "both", 170.0, "1/min", 4)]
        ),
        protocol.Updates(
            [
                updates.Contact("toe_off", "left", 1.0, 0.01, 1.1),
                updates.Values(1.0, (updates.Value("cadence", "both", 170.0, "1/min", 8),)),
                updates.Trace([1.0], [0.5], [None], [0.0], [1.0]),
                updates.State(1.0, "running", ""),
                updates.Cue(1.0, "praise", "cadence", "Good."),
                updates.Notice(1.0, "capture", "Step back."),
            ],
            *(1.0, 10, 10, 0),
        ),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_is_sent_is_as_described(message: msgspec.Struct) -> None:
    validator(type(message).__name__).validate(json.loads(protocol.encode(message)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Frame", {"type": "frame", "time_s": 1.0, "xy": [[1.0, 2.0, 3.0]]}),
        ("Frame", {"type": "frame", "time_s": 1.0, "xy": [["1", 2.0]]}),
        ("Hello", {"type": "hello"}),
        ("Hello", {"type": "hello", "keypoints": [], "more": 1}),
        ("Stop", {"type": "hello"}),
    ],
)
def test_what_is_refused_is_not_as_described(name: str, message: dict[str, Any]) -> None:
    assert not validator(name).is_valid(message)


def test_it_is_served(server: str) -> None:
    assert ask(f"{server}/api/asyncapi.json") == (200, DOCUMENT)
