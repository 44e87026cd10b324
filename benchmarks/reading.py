"""Reading speed and memory: `python -m benchmarks.reading [--frames 100000] [--only NAME]`.

Writes a large file of each text format, then reads it as a recording and parses it with the fastest
common library, both in the same run: pandas' C parser for tables, msgspec or orjson, whichever is
faster, for JSON; in processor time. Reading includes everything up to the recording: names, times,
people told apart. Memory is the peak of a process that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed import recording
from stridewise.skeletons import LAYOUTS

Array = NDArray[np.float64]
#: The goal of the project: reading costs at most so many times what parsing costs.
LIMIT = 2.0
FPS = 60.0
_REPEATS = 3


def points(layout: str, frames: int) -> Array:
    """Return x, y, confidence of the points of a layout, shape (frames, points, 3)."""
    runner = recording(frames)
    at = [
        runner.keypoints.index(name) if name in runner.keypoints else 0 for name in LAYOUTS[layout]
    ]
    xy = runner.xy[:, at] + np.arange(len(at))[:, None]
    confidence = np.tile(0.5 + np.arange(len(at)) / 1000, (frames, 1))
    return np.round(np.concatenate((xy, confidence[..., None]), axis=2), 3)


def _table(path: Path, header: str, rows: Array, separator: str = ",") -> Path:
    with path.open("w") as file:
        print(header, file=file)
        for row in rows.tolist():
            print(*row, sep=separator, file=file)
    return path


def _names(layout: str) -> list[str]:
    return [name or f"other_{i}" for i, name in enumerate(LAYOUTS[layout])]


def _flat(layout: str, frames: int) -> Array:
    values = points(layout, frames).reshape(frames, -1)
    return np.column_stack((np.round(np.arange(frames) / FPS, 5), values))


def csv(folder: Path, frames: int) -> Path:
    columns = (f"{name}_{part}" for name in _names("halpe-26") for part in ("x", "y", "confidence"))
    return _table(folder / "wide.csv", ",".join(("time_s", *columns)), _flat("halpe-26", frames))


def csv_long(folder: Path, frames: int) -> Path:
    names, path = _names("coco-17"), folder / "long.csv"
    with path.open("w") as file:
        print("frame,person,keypoint,x,y,confidence", file=file)
        for f, body in enumerate(points("coco-17", frames).tolist()):
            for name, (x, y, c) in zip(names, body, strict=True):
                print(f"{f},1,{name},{x},{y},{c}", file=file)
    return path


def mediapipe_csv(folder: Path, frames: int) -> Path:
    values = points("blazepose-33", frames)
    values = np.insert(values, 2, 0.125, axis=2).reshape(frames, -1)
    columns = (f"{part}{i}" for i in range(33) for part in "xyzv")
    rows = np.column_stack((np.arange(frames), values))
    return _table(folder / "mediapipe.csv", ",".join(("frame", *columns)), rows)


def deeplabcut(folder: Path, frames: int) -> Path:
    names = [name for name in _names("coco-17") for _ in "xyl"]
    header = "\n".join(
        (
            ",".join(("scorer", *["net"] * len(names))),
            ",".join(("bodyparts", *names)),
            ",".join(("coords", *["x", "y", "likelihood"] * 17)),
        )
    )
    rows = _flat("coco-17", frames)
    path = folder / "deeplabcut.csv"
    with path.open("w") as file:
        print(header, file=file)
        for f, row in enumerate(rows[:, 1:].tolist()):
            print(f, *row, sep=",", file=file)
    return path


def trc(folder: Path, frames: int) -> Path:
    short = {"left": "L", "right": "R"}
    names = []
    for name in _names("halpe-26"):
        side, _, part = name.partition("_")
        joined = "".join(word.capitalize() for word in (part or side).split("_"))
        names.append(short.get(side, "") + joined)
    header = "\n".join(
        (
            "PathFileType\t4\t(X/Y/Z)\trun.trc",
            "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits",
            f"60\t60\t{frames}\t{len(names)}\tm",
            "Frame#\tTime\t" + "\t\t\t".join(names),
            "\t\t" + "\t".join(f"{a}{i + 1}" for i in range(len(names)) for a in "XYZ"),
        )
    )
    values = points("halpe-26", frames)
    values[..., :2] = np.round(values[..., :2] / -800, 6)
    times = np.arange(frames)
    rows = np.column_stack((times, np.round(times / FPS, 6), values.reshape(frames, -1)))
    return _table(folder / "run.trc", header, rows, "\t")


def bvh(folder: Path, frames: int) -> Path:
    turns = "CHANNELS 3 Zrotation Yrotation Xrotation"
    legs = "".join(
        f"JOINT {s}UpLeg\n{{\nOFFSET {x} 0 0\n{turns}\nJOINT {s}Leg\n{{\nOFFSET 0 -4 0\n{turns}\n"
        f"JOINT {s}Foot\n{{\nOFFSET 0 -5 0\n{turns}\nEnd Site\n{{\nOFFSET 0 -1 2\n}}\n}}\n}}\n}}\n"
        for s, x in (("Left", 1), ("Right", -1))
    )
    names = "".join(f"JOINT Other{i}\n{{\nOFFSET 1 1 0\n{turns}\n}}\n" for i in range(20))
    header = (
        "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 6 Xposition Yposition Zposition Zrotation "
        f"Yrotation Xrotation\n{legs}{names}}}\nMOTION\nFrames: {frames}\nFrame Time: {1 / FPS}"
    )
    turn = np.arange(frames)[:, None] / 7 + np.arange(84)
    return _table(folder / "run.bvh", header, np.round(30 * np.sin(turn), 4), " ")


def _json(path: Path, texts: Iterator[str], before: str = "[", after: str = "]") -> Path:
    with path.open("w") as file:
        file.write(before)
        for i, text in enumerate(texts):
            file.write(("," if i else "") + text)
        file.write(after)
    return path


def mediapipe(folder: Path, frames: int) -> Path:
    values = np.round(points("blazepose-33", frames) / [1920, 1080, 1], 7)
    keys = "x", "y", "visibility"
    texts = (
        json.dumps(
            {
                "frame": f,
                "timestamp_ms": round(1000 * f / FPS, 3),
                "landmarks": [
                    {"z": -0.1234567, **dict(zip(keys, point, strict=True))} for point in body
                ],
            }
        )
        for f, body in enumerate(values.tolist())
    )
    before = '{"fps": 60, "width": 1920, "height": 1080, "frames": ['
    return _json(folder / "mediapipe.json", texts, before, "]}")


def _bodies(layout: str, frames: int) -> Iterator[tuple[int, list[float]]]:
    return enumerate(points(layout, frames).reshape(frames, -1).tolist())


def coco(folder: Path, frames: int) -> Path:
    texts = (
        json.dumps({"image_id": f, "category_id": 1, "keypoints": body, "score": 0.9})
        for f, body in _bodies("coco-17", frames)
    )
    return _json(folder / "coco.json", texts)


def alphapose(folder: Path, frames: int) -> Path:
    texts = (
        json.dumps({"image_id": f"{f}.jpg", "category_id": 1, "keypoints": body, "score": 2.5})
        for f, body in _bodies("halpe-26", frames)
    )
    return _json(folder / "alphapose.json", texts)


def openpose(folder: Path, frames: int) -> Path:
    texts = (
        json.dumps({"people": [{"person_id": [-1], "pose_keypoints_2d": body}]})
        for _, body in _bodies("body-25", frames)
    )
    return _json(folder / "openpose.json", texts)


def openpose_zip(folder: Path, frames: int) -> Path:
    path = folder / "openpose.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for f, body in _bodies("body-25", frames):
            people = [{"person_id": [-1], "pose_keypoints_2d": body}]
            archive.writestr(f"run_{f:012}_keypoints.json", json.dumps({"people": people}))
    return path


def mmpose(folder: Path, frames: int) -> Path:
    texts = (
        json.dumps(
            {
                "frame_id": f,
                "instances": [
                    {
                        "keypoints": [point[:2] for point in body],
                        "keypoint_scores": [point[2] for point in body],
                        "bbox_score": 0.9,
                    }
                ],
            }
        )
        for f, body in enumerate(points("halpe-26", frames).tolist())
    )
    return _json(folder / "mmpose.json", texts)


def yolo(folder: Path, frames: int) -> Path:
    texts = (
        json.dumps(
            [
                {
                    "name": "person",
                    "confidence": 0.9,
                    "keypoints": dict(zip(("x", "y", "visible"), columns, strict=True)),
                }
            ]
        )
        for columns in points("coco-17", frames).swapaxes(1, 2).tolist()
    )
    return _json(folder / "yolo.json", ("[" + text[1:] for text in texts))


def movenet(folder: Path, frames: int) -> Path:
    values = points("coco-17", frames)[..., [1, 0, 2]].tolist()
    return _json(folder / "movenet.json", map(json.dumps, values))


def tfjs(folder: Path, frames: int) -> Path:
    names = _names("coco-17")
    texts = (
        json.dumps(
            [
                {
                    "keypoints": [
                        {"y": y, "x": x, "score": c, "name": name}
                        for name, (x, y, c) in zip(names, body, strict=True)
                    ],
                    "score": 0.9,
                }
            ]
        )
        for body in points("coco-17", frames).tolist()
    )
    return _json(folder / "tfjs.json", texts)


WRITERS: tuple[Callable[[Path, int], Path], ...] = (
    *(csv, csv_long, mediapipe_csv, deeplabcut, trc, bvh, mediapipe, coco, alphapose),
    *(openpose, openpose_zip, mmpose, yolo, movenet, tfjs),
)


def _parse_table(path: Path) -> None:
    import pandas as pd

    if path.suffix == ".bvh":
        with path.open() as file:
            below = next(i for i, line in enumerate(file) if line.startswith("Frame Time"))
        pd.read_csv(path, sep=" ", header=None, skiprows=below + 1, engine="c")
    elif path.suffix == ".trc":
        pd.read_csv(path, sep="\t", header=None, skiprows=5, engine="c")
    else:
        pd.read_csv(path, skiprows=3 if path.stem == "deeplabcut" else 0, engine="c")


def _parsers(path: Path) -> list[Callable[[Path], object]]:
    """Return the fastest common ways to parse a file into values, to nothing else."""
    if path.suffix in (".csv", ".trc", ".bvh"):
        return [_parse_table]
    import msgspec
    import orjson

    decoders = msgspec.json.decode, orjson.loads
    if path.suffix == ".zip":

        def unpacked(decode: Callable[[bytes], object]) -> Callable[[Path], object]:
            def parse(path: Path) -> None:
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        decode(archive.read(name))

            return parse

        return [unpacked(decode) for decode in decoders]
    return [lambda path, decode=decode: decode(path.read_bytes()) for decode in decoders]  # type: ignore[misc]


def _read(path: Path) -> None:
    from stridewise.readers import read

    found = read(path, fps=FPS)
    assert found.frames > 1


def _here(path: Path, what: str) -> None:
    """Time one way of reading in this process; print seconds and MiB."""
    call = _read if what == "read" else _parsers(path)[int(what)]
    times = []
    for _ in range(_REPEATS):
        start = time.process_time()
        call(path)
        times.append(time.process_time() - start)
    print(min(times), _peak())


def _peak() -> float:
    """Return the peak memory of this process in MiB."""
    try:  # Unlike what `resource` says, this does not begin with the peak of the parent.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 2**10
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _measure(path: Path, what: str) -> tuple[float, float]:
    words = [sys.executable, "-m", "benchmarks.reading", "--file", str(path), "--way", what]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, mib = map(float, done.stdout.split())
    return seconds, mib


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", help="names of files, as in the table")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.file:
        _here(args.file, args.way)
        return
    print(f"{args.frames:,} frames\n")
    print("| file | MB | parse s | read s | ratio | parse MiB | read MiB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for writer in WRITERS:
            if args.only and writer.__name__ not in args.only:
                continue
            path = writer(Path(folder), args.frames)
            size = path.stat().st_size / 1e6
            parsed = min(_measure(path, str(i)) for i in range(len(_parsers(path))))
            taken = _measure(path, "read")
            ratio = taken[0] / parsed[0]
            print(
                f"| {writer.__name__} | {size:.0f} | {parsed[0]:.2f} | {taken[0]:.2f} "
                f"| {ratio:.1f}{' (above)' if ratio > LIMIT else ''} | {parsed[1]:.0f} "
                f"| {taken[1]:.0f} |",
                flush=True,
            )
            path.unlink()


if __name__ == "__main__":
    main()
