"""Does the project's page see what `blazepose-lite` sees? `python -m training.films.browser CLIP`.

Runs the page's own model files in headless Chromium on the first frames of a clip, and the same
frames through MediaPipe for Python; prints by how many pixels the two differ. Each frame alone they
agree to some hundredths of a pixel. As the page has it, on video, each frame is cut out by what was
found in the last one, and roundings grow: some points are apart by a pixel, and where the legs are
confused it may be in different frames. Two versions of MediaPipe for Python differ as much.
"""

from __future__ import annotations

import argparse
import base64
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.films.assets import LITE
from training.films.estimators import open_estimator

#: Any address does: nothing leaves the browser, all is answered from the page's folder.
_SITE = "http://films.test"
_OPEN = """async (mode) => {
  const { PoseLandmarker } = await import("/vision_bundle.mjs");
  const files = {
    wasmLoaderPath: "/vision_wasm_internal.js", wasmBinaryPath: "/vision_wasm_internal.wasm",
  };
  window.model = await PoseLandmarker.createFromOptions(files, {
    baseOptions: { modelAssetPath: "/pose_landmarker_lite.task", delegate: "CPU" },
    runningMode: mode, numPoses: 1,
  });
}"""
_LOOK = """([packed, width, height, time]) => {
  const bytes = Uint8ClampedArray.from(atob(packed), (letter) => letter.charCodeAt(0));
  const image = new ImageData(bytes, width, height);
  const found = time < 0 ? window.model.detect(image) : window.model.detectForVideo(image, time);
  return found.landmarks[0]?.map((at) => [at.x * width, at.y * height, at.visibility]) ?? null;
}"""
_KINDS = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="compare the page's pose model with Python's")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--frames", type=int, default=30)
    args = parser.parse_args(argv)
    frames = list(islice(_frames(args.clip), args.frames))
    stamps = [round(1000 * i / 30) for i in range(len(frames))]
    for name, words in (
        ("blazepose-lite-frames", "each frame alone"),
        ("blazepose-lite", "on video"),
    ):
        see = open_estimator(name)
        python = np.array([see(frame, ms / 1000) for frame, ms in zip(frames, stamps, strict=True)])
        page = in_browser(frames, None if name.endswith("frames") else stamps)
        print(f"{words}: {_compared(python, page)}")


def _compared(a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]]) -> str:
    seen_a, seen_b = (np.isfinite(points[:, 0, 0]) for points in (a, b))
    both = seen_a & seen_b
    apart = np.linalg.norm(a[both, :, :2] - b[both, :, :2], axis=-1)
    return (
        f"somebody in {both.sum()} of {len(a)} frames of both, in one only in "
        f"{(seen_a != seen_b).sum()}; apart by {np.median(apart):.3f} px (median), "
        f"{np.percentile(apart, 95):.3f} (95 %), {apart.max():.2f} (most)"
    )


def in_browser(
    frames: Sequence[NDArray[np.uint8]], stamps_ms: Sequence[int] | None
) -> NDArray[np.float64]:
    """Run the page's model on frames in headless Chromium: (frames, 33, 3), NaN without anybody.

    Without stamps it looks at each frame alone.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("The program chromium is needed to compare with")
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.route(f"{_SITE}/**", _answer)
        page.goto(f"{_SITE}/")
        page.evaluate(_OPEN, "IMAGE" if stamps_ms is None else "VIDEO")
        found = [
            page.evaluate(_LOOK, [*_packed(frame), ms])
            for frame, ms in zip(frames, stamps_ms or [-1] * len(frames), strict=True)
        ]
        browser.close()
    nobody = np.full((33, 3), np.nan)
    return np.array([nobody if points is None else points for points in found], dtype=float)


def _answer(route: Any) -> None:
    name = route.request.url.removeprefix(f"{_SITE}/")
    if not name:
        route.fulfill(body="<!doctype html>", content_type="text/html")
        return
    path = LITE.parent / name
    kind = _KINDS.get(path.suffix, "application/octet-stream")
    route.fulfill(body=path.read_bytes(), content_type=kind)


def _packed(frame: NDArray[np.uint8]) -> tuple[str, int, int]:
    height, width = frame.shape[:2]
    opaque = np.full((height, width, 1), 255, np.uint8)
    data = np.concatenate([frame, opaque], axis=2).tobytes()
    return base64.b64encode(data).decode(), width, height


def _frames(clip: Path) -> Iterator[NDArray[np.uint8]]:
    import av

    with av.open(str(clip)) as video:
        for frame in video.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


if __name__ == "__main__":
    main()
