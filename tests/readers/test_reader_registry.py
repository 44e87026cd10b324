from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.readers import Reader, formats, read, register, registry
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED


def recording(height: float = 1.0, **changes) -> Recording:
    xy = np.tile(np.arange(6.0)[:, None] * height, (2, 1, 2))
    fields = {"xy": xy, "confidence": np.ones((2, 6)), "time": np.array([0, 0.1])}
    return Recording(keypoints=REQUIRED, **{**fields, **changes})


@pytest.fixture
def own(monkeypatch):
    """Return a function that registers a reader of files beginning with OWN."""
    monkeypatch.setattr(registry, "_readers", dict(registry._readers))

    def make(answer, name="own", **changes):
        fields = {
            "description": "own",
            "suffixes": (".own",),
            "recognise": lambda head, path: head.startswith(b"OWN"),
            "read": lambda path, options: answer,
        }
        return register(Reader(name=name, **{**fields, **changes}))

    return make


def test_the_known_formats():
    assert [r.name for r in formats()] == sorted(r.name for r in formats())
    assert {"c3d", "csv", "mediapipe", "trc"} <= {r.name for r in formats()}


@pytest.mark.parametrize("reader", formats(), ids=lambda r: r.name)
def test_every_reader_keeps_the_contract(reader, tmp_path):
    assert reader.name.islower()
    assert reader.description
    assert all(suffix.startswith(".") for suffix in reader.suffixes)
    assert reader.recognise(b"\x00\xff" * 300, tmp_path / f"x{reader.suffixes[0]}") is False


def test_every_format_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {r.name for r in formats()}


def test_a_registered_reader_is_found_by_content_and_fills_in_the_source(own, tmp_path):
    own(recording())
    path = tmp_path / "run.bin"
    path.write_text("OWN")
    found = read(path)
    assert (found.source, found.format) == ("run.bin", "own")


def test_the_suffix_breaks_ties(own, tmp_path):
    own(recording(), name="a")
    own(recording(), name="b", suffixes=(".b",))
    path = tmp_path / "run.b"
    path.write_text("OWN")
    assert read(path).format == "b"
    assert read(path, format="a").format == "a"


def test_of_people_alike_the_largest_is_taken(own, tmp_path):
    own([recording(1), recording(3), recording(2)])
    path = tmp_path / "run"
    path.write_text("OWN")
    assert read(path).xy.max() == 15
    assert "3 people found; person 2 (too brief to tell gait" in read(path).notes[0]
    assert read(path, person=3).xy.max() == 10
    with pytest.raises(InputError, match="from 1 to 3"):
        read(path, person=0)


def test_no_people(own, tmp_path):
    own([])
    path = tmp_path / "run"
    path.write_text("OWN")
    with pytest.raises(InputError, match="no person"):
        read(path)


def test_options_reach_the_reader(own, tmp_path):
    seen = []
    own(None, read=lambda path, options: seen.append(options) or recording())
    path = tmp_path / "run"
    path.write_text("OWN")
    read(path, fps=50, person=1)
    assert (seen[0].fps, seen[0].person) == (50, 1)


def test_readers_of_other_packages(own, monkeypatch):
    point = EntryPoint("third", "stridewise_third:reader", registry.ENTRY_POINT_GROUP)
    third = Reader("third", "third", (".third",), lambda head, path: False, lambda p, o: [])
    monkeypatch.setattr(EntryPoint, "load", lambda self: third)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    registry._load_third_party.cache_clear()
    try:
        assert third in formats()
    finally:
        registry._load_third_party.cache_clear()


def _fails():
    raise ImportError("no module\nnamed hat")


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (_fails, "ImportError: no module named hat"),
        (lambda: lambda: _fails(), "ImportError: no module named hat"),
        (lambda: lambda: "no reader", "TypeError: broken.reader is no Reader"),
        (lambda: 3, "TypeError: 'int' object is not callable"),
    ],
)
def test_a_reader_of_another_package_that_fails_is_left_out(own, monkeypatch, caplog, load, said):
    points = [
        EntryPoint(name, f"{name}.reader", registry.ENTRY_POINT_GROUP)
        for name in ("broken", "whole")
    ]
    third = Reader("whole", "third", (".third",), lambda head, path: False, lambda p, o: [])
    monkeypatch.setattr(EntryPoint, "load", lambda self: load() if self.name == "broken" else third)
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry._load_third_party.cache_clear()
    try:
        assert third in formats()
    finally:
        registry._load_third_party.cache_clear()
    (line,) = caplog.messages
    assert line.startswith(f"The reader broken of another package cannot be used. Received {said}.")
    assert "\n" not in line


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(InputError, match="cannot be opened"):
        read("a\0b")


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_empty_files(tmp_path, content):
    path = tmp_path / "run.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"run\.csv is empty"):
        read(path)


def test_unknown_content_lists_the_formats(tmp_path):
    path = tmp_path / "run.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    with pytest.raises(InputError, match=r"formats .*c3d, .*csv, .*mediapipe.*trc"):
        read(path)


def test_unknown_format_name(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("x")
    with pytest.raises(InputError, match=r"not known.*csv.*Received pdf"):
        read(path, format="pdf")


def test_bad_fps(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("x")
    with pytest.raises(InputError, match="frame rate"):
        read(path, fps=0)


NAMES = sorted(r.name for r in formats())
SEEDS = {
    "csv": b"time_s,"
    + ",".join(f"{n}_{a}" for n in REQUIRED for a in "xy").encode()
    + b"".join(b"\n0.%d" % i + b",1,2" * 6 for i in range(1, 4)),
    "mediapipe": b'{"fps": 30, "frames": ['
    + b",".join(b'{"landmarks": [' + b",".join([b"[0.1,0.2,0,1]"] * 33) + b"]}" for _ in "ab")
    + b"]}",
    "trc": b"PathFileType\t4\nDataRate\tUnits\n50\tm\nFrame#\tTime\t"
    + b"".join(s + j + b"\t\t\t" for s in (b"L", b"R") for j in (b"Hip", b"Knee", b"Ankle"))
    + b"\n\t\tX1\n\n1\t0.0"
    + b"\t1\t2\t3" * 6
    + b"\n2\t0.1"
    + b"\t1\t3\t4" * 6
    + b"\n",
}


def survives(path, name):
    """Read a file; only a recording or an InputError of one line may come out."""
    try:
        recording = read(path, format=name)
    except InputError as error:
        message = str(error)
    else:
        message = ""
        assert isinstance(recording, Recording)
    assert "\n" not in message


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(content=st.binary(max_size=2000))
def test_random_bytes(tmp_path_factory, name, content):
    path = tmp_path_factory.mktemp("fuzz") / "x"
    path.write_bytes(content)
    survives(path, name)
    survives(path, None)


@pytest.mark.parametrize("name", sorted(SEEDS))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_mutations(tmp_path_factory, name, data):
    content = bytearray(SEEDS[name])
    pieces = st.sampled_from(
        [
            b"",
            b"\0",
            b"\n",
            b",",
            b"\t",
            b'"',
            b"[",
            b"]",
            b"{",
            b"}",
            b"nan",
            b"1e400",
            b"-",
            b"\xff",
        ]
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        length = data.draw(st.sampled_from([0, 1, 2, 20, 10_000]))
        content[at : at + length] = data.draw(pieces | st.binary(max_size=4))
    path = tmp_path_factory.mktemp("fuzz") / "x"
    path.write_bytes(content)
    survives(path, name)
    survives(path, None)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_mutations_of_c3d(tmp_path_factory, small_c3d, data):
    content = bytearray(small_c3d)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path_factory.mktemp("fuzz") / "x"
    path.write_bytes(content)
    survives(path, "c3d")
