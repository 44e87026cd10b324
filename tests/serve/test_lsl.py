from __future__ import annotations

import itertools
import sys
import threading
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from stridewise.cli import main
from stridewise.errors import InputError
from stridewise.layout_map import load
from stridewise.recording import Recording
from stridewise.serve import lsl
from stridewise.serve.protocol import unpack
from stridewise.skeletons import REQUIRED
from tests.serve.conftest import running
from tests.serve.test_server import ask, packed

LABELS = [f"{name}_{part}" for name in REQUIRED for part in ("x", "y", "confidence")]


def test_channels_are_found_by_their_labels_in_any_order() -> None:
    shuffled = list(reversed(LABELS))
    keypoints, index = lsl.channels(shuffled)
    assert set(keypoints) == set(REQUIRED)
    for name, row in zip(keypoints, index, strict=True):
        assert [shuffled[i] for i in row] == [f"{name}_{part}" for part in ("x", "y", "confidence")]


def test_confidence_may_be_lacking_and_other_channels_are_left_aside() -> None:
    labels = ["battery", "LKnee.z"]
    for side, part, axis in itertools.product("LR", ("Hip", "Knee", "Ankle"), "XY"):
        labels.append(f"{side}{part}.{axis}")
    keypoints, index = lsl.channels(labels)
    row = index[keypoints.index("left_knee")].tolist()
    assert row == [labels.index("LKnee.X"), labels.index("LKnee.Y"), -1]


def test_channels_without_labels_are_threes_of_a_known_layout() -> None:
    keypoints, index = lsl.channels([None] * 51)
    # COCO: the left knee is the point of number 13.
    assert index[keypoints.index("left_knee")].tolist() == [39, 40, 41]


def test_a_map_names_what_has_names_of_its_own() -> None:
    names = dict(zip("abcdef", REQUIRED, strict=True))
    labels = [f"{name}_{axis}" for name in names for axis in "xy"]
    keypoints, index = lsl.channels(labels, load(names))
    assert set(keypoints) == set(REQUIRED)
    assert index[keypoints.index(REQUIRED[2])].tolist() == [4, 5, -1]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([None] * 50, "no labels"),
        ([None] * 51 + ["battery"], "name no positions"),
        (["Fz1", "Fz2"], "name no positions"),
        (LABELS[3:], "No point of the file is left_hip"),
    ],
)
def test_what_has_no_legs_is_refused(labels: list[str | None], said: str) -> None:
    with pytest.raises(InputError, match=said):
        lsl.channels(labels)


class Lost(RuntimeError):
    pass


class Inlet:
    """Stands in for a stream: gives its samples, None where nothing has come yet."""

    def __init__(self, info: Any, **options: Any) -> None:
        self._info = info
        self._samples = iter(info.samples)
        self.closed = False
        info.inlets.append(self)

    def info(self, timeout: float) -> Any:
        return self._info

    def open_stream(self, timeout: float) -> None:
        pass

    def pull_sample(self, timeout: float) -> Any:
        assert timeout == 0.0, "the server would not be heard meanwhile"
        try:
            return next(self._samples) or (None, None)
        except StopIteration:
            raise Lost("gone") from None

    def close_stream(self) -> None:
        self.closed = True


def offered(name: str = "pose", samples: Any = (), **more: Any) -> SimpleNamespace:
    told = {"labels": LABELS, "units": None, "format": 1, **more}
    return SimpleNamespace(
        name=lambda: name,
        channel_format=lambda: told["format"],
        channel_count=lambda: len(told["labels"]),
        get_channel_labels=lambda: told["labels"],
        get_channel_units=lambda: told["units"],
        samples=list(samples),
        inlets=[],
    )


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """Streams that a stand-in for pylsl finds."""
    streams: list[SimpleNamespace] = []
    package: Any = ModuleType("pylsl")
    package.cf_string, package.LostError, package.StreamInlet = 3, Lost, Inlet
    package.resolve_streams = lambda wait: streams
    package.resolve_byprop = lambda prop, value, timeout: [
        s for s in streams if prop == "name" and s.name() == value
    ]
    monkeypatch.setitem(sys.modules, "pylsl", package)
    return streams


def test_samples_become_frames_at_their_own_times(network: list[SimpleNamespace]) -> None:
    values = np.arange(18.0)
    values[3] = np.nan
    network += [offered("force"), offered(samples=[(values, 100.25), None, (values + 1, 100.5)])]
    source = lsl.source("pose")
    assert (source.name, source.kind) == ("pose", "Lab Streaming Layer")
    first, pause, second = source.frames
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    assert isinstance(pause, float)
    rows = {name: values[3 * i : 3 * i + 3] for i, name in enumerate(REQUIRED)}
    time_s, points = unpack(first, 6)
    assert time_s == 100.25
    np.testing.assert_array_equal(points, [rows[name] for name in source.keypoints])
    assert unpack(second, 6)[0] == 100.5
    assert network[1].inlets[0].closed


def test_a_stream_that_falls_silent_is_over(
    network: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(0.0, 7.0)
    monkeypatch.setattr(lsl.time, "monotonic", lambda: next(clock))
    network.append(offered(samples=[None] * 100))
    # Asked at 7, 14, ... 56 s after it was opened, and not at 63 s.
    assert len(list(lsl.source("pose").frames)) == 8


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ([], "There is no such stream.*there are: none"),
        ([offered("eeg"), offered("force")], "There is no such stream.*eeg, force"),
        ([offered(), offered()], "Several streams"),
        ([offered(format=3)], "are words"),
        ([offered(units=["Meters"] * 18)], "positions in space"),
        ([offered(labels=["a", "b"])], "name no positions"),
    ],
)
def test_streams_that_cannot_be_used_are_said(
    network: list[SimpleNamespace], streams: list[SimpleNamespace], said: str
) -> None:
    network += streams
    with pytest.raises(InputError, match=said):
        lsl.source("pose")


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["stream", *words, "--to", "127.0.0.1:1"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (None, "package pylsl"),
        ("raise RuntimeError('LSL binary library file was not found.')", "C library liblsl"),
    ],
)
def test_what_is_not_installed_is_one_plain_line(
    error: str | None,
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if error is None:
        monkeypatch.setitem(sys.modules, "pylsl", None)
    else:
        (tmp_path / "pylsl.py").write_text(error)
        monkeypatch.delitem(sys.modules, "pylsl", raising=False)
        monkeypatch.syspath_prepend(tmp_path)
    line = refused(["lsl:pose"], capsys)
    assert what in line
    assert "stridewise[lsl]" in line


def test_options_of_files_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(["lsl:pose", "--fps", "30", "--speed-up", "2"], capsys)
    assert "--fps, --speed-up" in line


@pytest.fixture
def pylsl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package itself, seen only on this machine."""
    settings = tmp_path / "lsl.cfg"
    settings.write_text("[multicast]\nResolveScope = machine\n[log]\nlevel = -2\n")
    monkeypatch.setenv("LSLAPICFG", str(settings))
    try:
        import pylsl
    except (ImportError, RuntimeError, OSError):
        pytest.skip("pylsl or its C library is not installed")
    return pylsl


def test_a_real_stream_reaches_the_server(
    pylsl: Any, tmp_path: Path, recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = ("x", "y", "confidence")
    labels = [f"{name}_{part}" for name in recording.keypoints for part in parts]
    # Without an identity of its source, a stream that is gone is not waited for.
    info = pylsl.StreamInfo("stridewise test", "Pose", len(labels), 60.0, "float32", "")
    info.set_channel_labels(labels)
    # A time of zero would mean "now" there.
    frames = packed(recording.with_(time=recording.time + 100.0), 0, 60)

    def play(outlet: Any) -> None:
        """Send all, and withdraw the stream when all has been stored."""
        outlet.wait_for_consumers(20)
        for frame in frames:
            time_s, rows = unpack(frame, len(recording.keypoints))
            outlet.push_sample(rows.ravel().tolist(), time_s)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and stored() != b"".join(frames):
            threading.Event().wait(0.05)

    def stored() -> Any:
        found = ask(f"{server}/api/sessions")[1]
        return ask(f"{server}/api/sessions/{found[0]['id']}/frames")[1] if found else b""

    with running(tmp_path / "s.db") as (server, _):
        player = threading.Thread(target=play, args=(pylsl.StreamOutlet(info),))
        player.start()
        # The thread has the outlet for itself.
        assert main(["stream", "lsl:stridewise test", "--to", server]) == 0
        player.join()
        assert capsys.readouterr().out.startswith("60 frames sent")
        (session,) = ask(f"{server}/api/sessions")[1]
        assert (session["name"], session["source"]) == ("stridewise test", "Lab Streaming Layer")
        assert stored() == b"".join(frames)
