"""Damaged files of the table, array and skeleton formats: one line, or a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.readers import read
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED


def _rows(*rows: object) -> bytes:
    return "\n".join(map(str, rows)).encode() + b"\n"


def _text_seeds() -> dict[str, bytes]:
    names = ",".join(f"{n}.x,{n}.y,{n}.score" for n in REQUIRED)
    parts = ",".join(n for n in REQUIRED for _ in "xyl")
    numbers = ",".join(["5.5", "6", "0.5"] * 6)
    joints = "".join(
        f"JOINT {s}UpLeg\n{{\nOFFSET {x} 0 0\nCHANNELS 3 Zrotation Yrotation Xrotation\n"
        f"JOINT {s}Leg\n{{\nOFFSET 0 -4 0\nCHANNELS 3 Zrotation Yrotation Xrotation\n"
        f"JOINT {s}Foot\n{{\nOFFSET 0 -5 0\nCHANNELS 3 Zrotation Yrotation Xrotation\n"
        f"End Site\n{{\nOFFSET 0 -1 2\n}}\n}}\n}}\n}}\n"
        for s, x in (("Left", 1), ("Right", -1))
    )
    return {
        "csv_long": _rows(
            "frame,person,keypoint,x,y,confidence",
            *(f"{f},1,{n},{f + i},{f * i},0.5" for f in range(3) for i, n in enumerate(REQUIRED)),
        ),
        "mediapipe_csv": _rows(
            "frame," + ",".join(f"{p}{i}" for i in range(33) for p in "xyzv"),
            *(f"{f}," + ",".join(["0.4", "0.5", "0", "0.9"] * 33) for f in range(3)),
        ),
        "deeplabcut": _rows(
            "scorer" + ",net" * 18,
            "bodyparts," + parts,
            "coords" + ",x,y,likelihood" * 6,
            *(f"{f},{numbers}" for f in range(3)),
        ),
        "sleap": _rows(
            "track,frame_idx,instance.score," + names, *(f"t,{f},0.9,{numbers}" for f in range(3))
        ),
        "bvh": _rows(
            "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition",
            joints + "}",
            "MOTION\nFrames: 3\nFrame Time: 0.01",
            *(" ".join(["1", "9", str(f), *["0", "5", str(f)] * 6]) for f in range(3)),
        ),
    }


def _binary_seeds(folder: Path) -> dict[str, bytes]:
    body = np.linspace(1, 90, 4 * 6 * 2).reshape(4, 6, 2)
    np.savez(folder / "npz", xy=body, names=np.array(REQUIRED), fps=50.0)
    paths = {"npz": folder / "npz.npz"}
    try:
        from tests.readers import hdf5_files
    except ImportError:
        return {name: path.read_bytes() for name, path in paths.items()}
    columns = [("net", n, c) for n in REQUIRED for c in ("x", "y", "likelihood")]
    values = np.linspace(1, 90, 4 * 18).reshape(4, 18)
    paths["deeplabcut"] = hdf5_files.deeplabcut_table(folder / "table.h5", columns, values)
    paths["deeplabcut-fixed"] = hdf5_files.deeplabcut_fixed(folder / "fixed.h5", columns, values)
    tracks, scores = body[None], np.ones((1, 4, 6))
    paths["sleap"] = hdf5_files.sleap_analysis(folder / "sleap.h5", REQUIRED, tracks, scores)
    paths["movement"] = hdf5_files.movement_netcdf(
        folder / "a.nc",
        REQUIRED,
        body.transpose(0, 2, 1)[..., None],
        np.ones((4, 6, 1)),
        np.arange(4) / 9,
    )
    return {name: path.read_bytes() for name, path in paths.items()}


def survives(path: Path, name: str | None) -> None:
    """Read a file; only a recording or an InputError of one line may come out."""
    try:
        recording = read(path, format=name, fps=30)
    except InputError as error:
        message = str(error)
    else:
        message = ""
        assert isinstance(recording, Recording)
    assert "\n" not in message


TEXTS = _text_seeds()
PIECES = (
    *(b"", b"\0", b"\n", b",", b"\t", b'"', b" ", b"{", b"}", b"\xff", "²".encode()),
    *(b"nan", b"inf", b"1e400", b"-1", b"1_0", b"9" * 30, b"End Site\n"),
)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_seeds_are_read(tmp_path, name):
    path = tmp_path / "x"
    path.write_bytes(TEXTS[name])
    assert read(path, fps=30).format == name


@pytest.mark.parametrize("name", sorted(TEXTS))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_mutations_of_text(tmp_path_factory, name, data):
    content = bytearray(TEXTS[name])
    pieces = st.sampled_from([*PIECES, bytes(content[:200])])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        length = data.draw(st.sampled_from([0, 1, 2, 20, 10_000]))
        content[at : at + length] = data.draw(pieces | st.binary(max_size=4))
    path = tmp_path_factory.mktemp("fuzz") / "x"
    path.write_bytes(content)
    survives(path, name)
    survives(path, None)


@pytest.fixture(scope="module")
def binary_seeds(tmp_path_factory) -> dict[str, bytes]:
    return _binary_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.mark.parametrize("name", ["npz", "deeplabcut", "deeplabcut-fixed", "sleap", "movement"])
def test_binary_seeds_are_read(tmp_path, binary_seeds, name):
    if name not in binary_seeds:
        pytest.skip("h5py is not installed")
    path = tmp_path / "x"
    path.write_bytes(binary_seeds[name])
    assert read(path, fps=30).format == name.partition("-")[0]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_mutations_of_arrays(tmp_path_factory, binary_seeds, data):
    _mutate_bytes(tmp_path_factory, binary_seeds, "npz", data)


# Every reading starts a process, so that there are few of them here.
@pytest.mark.parametrize("name", ["deeplabcut", "deeplabcut-fixed", "sleap", "movement"])
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_mutations_of_hdf5(tmp_path_factory, binary_seeds, name, data):
    if name not in binary_seeds:
        pytest.skip("h5py is not installed")
    _mutate_bytes(tmp_path_factory, binary_seeds, name, data)


def _mutate_bytes(tmp_path_factory, binary_seeds, name, data):
    content = bytearray(binary_seeds[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path_factory.mktemp("fuzz") / "x"
    path.write_bytes(content)
    survives(path, name.partition("-")[0])
