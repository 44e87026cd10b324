from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.readers import json_text

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES)
def test_what_python_writes_is_read_as_it_is(value):
    assert json_text.parse(json.dumps(value).encode(), "a.json") == value
    assert json_text.parse(json.dumps(value, ensure_ascii=False).encode(), "a.json") == value


@settings(deadline=None)
@given(st.lists(VALUES), st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES))
def test_items_are_the_same_values_one_by_one(tmp_path_factory, items, mapping):
    path = tmp_path_factory.getbasetemp() / "items.json"
    path.write_text(json.dumps(items))
    assert list(json_text.load_items(path)) == items
    path.write_text(json.dumps(mapping))
    found = json_text.load_items(path)
    whole = {k: list(v) if isinstance(v, json_text.Items) else v for k, v in found.items()}
    assert whole == mapping


def test_lists_at_the_top_are_not_parsed_at_once(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"fps": 30, "frames": [[1], {"a": []}]}')
    found = json_text.load_items(path)
    assert isinstance(found["frames"], json_text.Items)
    assert (found["fps"], len(found["frames"]), list(found["frames"])) == (30, 2, [[1], {"a": []}])


def test_what_is_not_strictly_json_is_read_where_python_reads_it(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"x": NaN, "y": -Infinity, "z": 1e999}, "\\ud800"]')
    for found in (json_text.load(path), list(json_text.load_items(path))):
        assert math.isnan(found[0]["x"])
        assert (found[0]["y"], found[0]["z"]) == (-math.inf, math.inf)
    path.write_bytes(b'\xef\xbb\xbf {"a": [1, 1e999]}')
    assert list(json_text.load_items(path)["a"]) == [1, math.inf]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[1, 2", "not whole JSON: .* in line 1"),
        (b"[1] [2]", "more after its end"),
        (b'["\xff"]', "not JSON. Received UnicodeDecodeError"),
        (b"[" * 100_000, "not JSON. Received RecursionError"),
        (b"[" * 100_000 + b"]" * 100_000, "not JSON. Received RecursionError"),
        (b"", "not whole JSON"),
    ],
)
def test_bad_json_is_one_line(tmp_path, data, message):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    for load in (json_text.load, lambda path: list(json_text.load_items(path))):
        with pytest.raises(InputError, match=message) as caught:
            load(path)
        assert "\n" not in str(caught.value)


def test_items_that_cannot_be_read_are_an_error_when_they_are_asked_for(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'[1, "\xff"]')
    items = iter(json_text.load_items(path))
    assert next(items) == 1
    with pytest.raises(InputError, match=r"a\.json is not JSON"):
        next(items)


def test_text_that_would_take_too_much_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json_text, "LARGEST_MEMORY", 10**6)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(["a" * 500_000]))
    assert len(json_text.load(path)[0]) == 500_000
    for bad in ("[" + ",".join(["[]"] * 5_000) + "]", "[" + ",".join(["1"] * 20_000) + "]"):
        path.write_text(bad)
        for load in (json_text.load, json_text.load_items):
            with pytest.raises(InputError, match=r"too large.*Split"):
                load(path)
        with pytest.raises(InputError, match="too large"):
            json_text.parse(bad.encode(), "a.json")
    monkeypatch.setattr(json_text, "LARGEST_BYTES", 10)
    with pytest.raises(InputError, match="too large"):
        json_text.load(path)
