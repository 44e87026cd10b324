"""Fuzzing of the readers: `python -m benchmarks.fuzz [--reader NAME] [--seconds 600]`.

Any bytes must give a recording or one plain line (`InputError`), within `LIMIT_S` and
`LIMIT_MIB`. libFuzzer changes the small files of the tests, guided by which branches of the readers
they reach (package atheris: `pip install -e ".[fuzz]"`). What breaks the contract is kept in the
folder that is printed at the end, and a further run goes on from the files found so far.

HDF5 files are read by a process of their own, where no coverage is measured. The readers of such
files are therefore given the arrays of a file, as JSON; `--reader hdf5` changes whole files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

#: Limits of one file of up to `LARGEST_BYTES`: seconds, mebibytes of the whole process.
LIMIT_S, LIMIT_MIB = 10, 2048
LARGEST_BYTES = 65_536
#: Readers that are also given arrays in place of HDF5 files.
_HDF5 = ("deeplabcut", "movement", "sleap")
_FILES = "hdf5"
_ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 0.5, 1e308, -1e308, 10**400, 10**18, float("nan"), float("inf")),
    *("", "17", "\x00", [], {}, [[]], [None], [1.0] * 51, [[1.0, 2.0]] * 17, {"x": []}),
)
_DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+)")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--reader", help=f"name of a format, or {_FILES} (default: each in turn)")
    parser.add_argument("--seconds", type=int, default=600, help="for each reader (default: 600)")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "stridewise-fuzz",
        help="where files are kept (default: %(default)s)",
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.here:
        fuzz(args.reader, args.seconds, args.folder)
        return
    from stridewise.readers import formats

    known = [*(reader.name for reader in formats()), _FILES]
    if args.reader and args.reader not in known:
        parser.error(f"no reader {args.reader}; there are {', '.join(known)}")
    print("| reader | seconds | files | branches | finds |\n|---|---|---|---|---|")
    found = 0
    for name in [args.reader] if args.reader else known:
        found += _run(name, args.seconds, args.folder / name)
    if found:
        print(f"\n{found} find(s), each with what it raised beside it, in {args.folder}")
    sys.exit(found > 0)


def _run(name: str, seconds: int, folder: Path) -> int:
    """Fuzz one reader in a process of its own; return how many finds its folder then holds."""
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    (folder / "finds").mkdir(exist_ok=True)
    words = ["--here", "--reader", name, "--seconds", str(seconds), "--folder", str(folder)]
    with (folder / "log.txt").open("w") as log:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.fuzz", *words], stdout=log, stderr=log, check=False
        )
    done = _DONE.search((folder / "log.txt").read_text(errors="replace"))
    executed, branches, _ = done.groups() if done else ("stopped: see log.txt", "-", "-")
    finds = [path for path in (folder / "finds").iterdir() if path.suffix != ".txt"]
    print(f"| {name} | {seconds} | {executed} | {branches} | {len(finds)} |", flush=True)
    return len(finds) + (done is None and not finds)


def fuzz(name: str, seconds: int, folder: Path) -> None:
    """Fuzz one reader; does not return."""
    import atheris

    with atheris.instrument_imports(include=["stridewise.readers", "stridewise.layout_map", "c3d"]):
        from stridewise.readers import formats, hdf5, read
    from stridewise.errors import InputError

    readers = {reader.name: reader for reader in formats()}
    with tempfile.TemporaryDirectory() as work:
        for seed in seeds(name, Path(work)):
            (folder / "corpus" / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    if name in _HDF5:
        hdf5.read = _contents  # type: ignore[assignment]
    scratch = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    reader = None if name == _FILES else readers[name]
    path = scratch / f"run{'.h5' if reader is None else reader.suffixes[0]}"
    known: set[str] = set()

    def one(content: bytes) -> None:
        path.write_bytes(content)
        try:
            if reader is not None:
                reader.recognise(content, path)
            read(path, format=reader and reader.name, fps=30.0)
        except InputError:
            pass  # one line, whatever it says
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"
            if place not in known:
                known.add(place)
                (folder / "finds" / place).write_bytes(content)
                (folder / "finds" / f"{place}.txt").write_text(traceback.format_exc())

    options = {
        "max_total_time": seconds,
        "max_len": LARGEST_BYTES,
        "timeout": LIMIT_S,
        "rss_limit_mb": LIMIT_MIB,
        "artifact_prefix": f"{folder / 'finds'}{os.sep}",
        "print_final_stats": 1,
    }
    words = [sys.argv[0], *(f"-{key}={value}" for key, value in options.items())]
    atheris.Setup([*words, str(folder / "corpus")], one, custom_mutator=_mutate)
    atheris.Fuzz()


def seeds(name: str, folder: Path) -> list[bytes]:
    """Return small whole files of a format: those of the tests."""
    from tests.readers import (
        conftest,
        test_mediapipe,
        test_movenet,
        test_mpii,
        test_people_fuzz,
        test_reader_registry,
        test_table_mutations,
    )

    plain = {
        **test_table_mutations.TEXTS,
        **test_reader_registry.SEEDS,
        "mpii": (test_mpii.HEADER + "1,a.jpg" + ",5" * 14 + ",3.0,running,sports\n").encode(),
    }
    found = [plain[name]] if name in plain else []
    found += [
        json.dumps(value).encode()
        for format, value in test_people_fuzz.SEEDS.values()
        if format == name
    ]
    found += [test_people_fuzz.ARCHIVES[name]] if name in test_people_fuzz.ARCHIVES else []
    if name == "mediapipe":
        found += [json.dumps(make()).encode() for make in test_mediapipe.LAYOUTS.values()]
    if name == "c3d":
        body = dict(list(conftest._body(3).items())[1:])
        found.append(conftest._write_c3d(folder / "small.c3d", body).read_bytes())
    if name == "movenet":
        np.save(folder / "a.npy", np.tile([0.5, 0.4, 0.9], (3, 17, 1)))
        np.save(folder / "b.npy", np.full((3, 6, 56), 0.5))
        found += [(folder / f"{each}.npy").read_bytes() for each in "ab"]
        found.append(json.dumps([[test_movenet.poses(test_movenet.runner(1)[0])]] * 2).encode())
    binary = test_table_mutations._binary_seeds(folder)
    for title, content in binary.items():
        format = title.partition("-")[0]
        if name == (_FILES if format in _HDF5 else format):
            found.append(content)
        elif format == name:
            found.append(_arrays(content, folder))
    return found


def _arrays(content: bytes, folder: Path) -> bytes:
    """Return an HDF5 file as `_contents` reads it: its arrays and attributes in JSON."""
    import h5py

    from stridewise.readers import hdf5

    path = folder / "whole.h5"
    path.write_bytes(content)
    names: list[str] = []
    with h5py.File(path) as file:
        file.visit(names.append)
    found = hdf5.read(path, names)
    arrays = {name: [array.dtype.descr, array.tolist()] for name, array in found.arrays.items()}
    stated = {"members": sorted(found.members), "arrays": arrays, "attributes": found.attributes}
    return hdf5.MAGIC + json.dumps(stated, default=_plain).encode()


def _contents(path: Path, names: Sequence[str]) -> Any:
    """Stand in for `hdf5.read`: the arrays of a file come from JSON."""
    from stridewise.errors import InputError
    from stridewise.readers import hdf5

    try:
        stated = json.loads(path.read_bytes()[len(hdf5.MAGIC) :])
        arrays = {
            name: np.array([tuple(row) for row in values], dtype=[_field(d) for d in descr])
            if len(descr) > 1
            else np.array(values, dtype=descr[0][1])
            for name, (descr, values) in stated["arrays"].items()
            if name in names
        }
        attributes = {"": {}, **{name: {} for name in arrays}, **stated["attributes"]}
        attributes = {name: dict(value) for name, value in attributes.items()}
        attributes = {n: {k: v for k, v in a.items() if _simple(v)} for n, a in attributes.items()}
        return hdf5.Contents(frozenset(map(str, stated["members"])), arrays, attributes, {})
    except Exception as error:  # This is the fuzzer's own format, not what it tests.
        raise InputError("No arrays", received=type(error).__name__) from None


def _simple(value: Any) -> bool:
    """Say whether a value is such as `hdf5` lets pass as an attribute."""
    values = value if isinstance(value, list) else [value]
    return all(isinstance(each, int | float) for each in values) or isinstance(value, str)


def _plain(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value.tolist()


def _field(stated: Any) -> tuple[Any, ...]:
    """Return a field of a record, whose shape JSON has made a list."""
    return tuple(tuple(each) if isinstance(each, list) else each for each in stated)


def _mutate(data: bytes, most: int, seed: int) -> bytes:
    """Change a file; also files inside archives, and single values of JSON."""
    import atheris

    dice = random.Random(seed)
    changed = None
    if data.startswith(b"PK") and dice.random() < 0.8:
        changed = _in_archive(data, dice, most)
    elif data[:1] in (b"{", b"[", b"\x89") and dice.random() < 0.5:
        changed = _in_json(data, dice)
    if changed is not None and len(changed) <= most:
        return changed
    done: bytes = atheris.Mutate(data, most)
    return done


def _in_archive(data: bytes, dice: random.Random, most: int) -> bytes | None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # A damaged archive is changed as it is.
        return None
    if not members:
        return None
    name = dice.choice(list(members))
    members[name] = _mutate(members[name], most, dice.getrandbits(30))
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for each, content in members.items():
            archive.writestr(zipfile.ZipInfo(each), content)
    return file.getvalue()


def _in_json(data: bytes, dice: random.Random) -> bytes | None:
    start = 8 if data[:1] == b"\x89" else 0
    try:
        value = json.loads(data[start:])
        parts = value
        while isinstance(parts, list | dict) and parts:
            key = dice.choice(list(parts) if isinstance(parts, dict) else range(len(parts)))
            inner = parts[key]
            if not isinstance(inner, list | dict) or not inner or dice.random() < 0.25:
                if dice.random() < 0.7:
                    parts[key] = dice.choice(_ODD)
                elif dice.random() < 0.5:
                    del parts[key]
                elif isinstance(parts, list):
                    parts[key:key] = [inner] * dice.choice([1, 2, 50])
                break
            parts = inner
        return data[:start] + json.dumps(value).encode()
    except (ValueError, RecursionError):
        return None


if __name__ == "__main__":
    main()
