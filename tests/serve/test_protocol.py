from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.live import updates
from stridewise.serve import protocol
from stridewise.serve.app import page_files
from stridewise.serve.protocol import Facts, Feedback, Frame, Hello, from_json, pack, unpack

DOCUMENT = Path(__file__).parents[2] / "docs" / "live.md"
FROM_CLIENT: tuple[type[msgspec.Struct], ...] = (
    *(protocol.Hello, protocol.Frame, protocol.Stop, protocol.Facts, protocol.Feedback),
)
FROM_SERVER: tuple[type[msgspec.Struct], ...] = (
    *(protocol.Welcome, protocol.Updates, protocol.Failure, protocol.Summary, protocol.Average),
    *(updates.Contact, updates.StepDone, updates.StrideDone, updates.Values, updates.Value),
    *(updates.Trace, updates.State, updates.Cue, updates.Target, updates.Notice),
)


def test_a_frame_has_the_bytes_that_the_document_tells() -> None:
    import struct

    data = pack(1.5, np.array([[2.0, 3.0], [np.nan, 4.0]]), np.array([0.5, 0.0]))
    assert data == struct.pack("<d", 1.5) + struct.pack("<6f", 2, 3, 0.5, float("nan"), 4, 0)
    time_s, rows = unpack(data, 2)
    assert time_s == 1.5
    np.testing.assert_array_equal(rows, [[2.0, 3.0, 0.5], [np.nan, 4.0, 0.0]])


@given(st.binary(max_size=200), st.integers(min_value=1, max_value=8))
def test_bytes_of_any_kind_are_read_or_refused(data: bytes, points: int) -> None:
    if len(data) == 8 + 12 * points:
        assert unpack(data, points)[1].shape == (points, 3)
    else:
        with pytest.raises(InputError, match="wrong size"):
            unpack(data, points)


@given(st.one_of(st.binary(max_size=100), st.text(max_size=100)))
def test_text_of_any_kind_is_read_or_refused(text: bytes | str) -> None:
    with pytest.raises(InputError, match="not of this protocol"):
        protocol.read_client(text)


def test_json_frames_mean_the_same() -> None:
    time_s, rows = from_json(Frame(2.0, [(1.0, 2.0), None], [0.9, 0.0]), 2)
    assert time_s == 2.0
    np.testing.assert_array_equal(rows, [[1.0, 2.0, 0.9], [np.nan, np.nan, 0.0]])
    assert from_json(Frame(2.0, [(1.0, 2.0)]), 1)[1][0, 2] == 1.0


def test_long_names_are_refused() -> None:
    with pytest.raises(InputError, match="too long"):
        protocol.read_client(protocol.encode(Hello(["nose"], name="x" * 201)))


def test_facts_and_rules_are_checked() -> None:
    with pytest.raises(InputError, match="height"):
        Facts(height_m=180.0).context()
    with pytest.raises(InputError, match="cannot be raised"):
        Feedback(cadence_up=0.5).rules()
    for wrong in (Feedback(warm_up_s=-1), Feedback(pause_s=1), Feedback(training_s=float("nan"))):
        with pytest.raises(InputError, match="not usable"):
            wrong.rules()


def test_every_message_and_field_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for struct in (*FROM_CLIENT, *FROM_SERVER):
        tag = struct.__struct_config__.tag
        for name in (*([tag] if tag else []), *struct.__struct_fields__):
            assert f"`{name}`" in text, (struct.__name__, name)


def test_the_page_knows_every_message_and_field() -> None:
    text = page_files()["messages.js"].read_text(encoding="utf-8")
    known = dict(re.findall(r"@typedef \{\{(.*)\}\} (\w+)", text))
    types = {name: fields for fields, name in known.items()}
    for struct in FROM_SERVER:
        tag = struct.__struct_config__.tag
        fields = re.findall(r"(\w+): ", types[struct.__name__])
        assert set(fields) == {*(["type"] if tag else []), *struct.__struct_fields__}
        if tag:
            assert f'type: "{tag}"' in types[struct.__name__]
