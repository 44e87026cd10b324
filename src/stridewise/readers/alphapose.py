"""AlphaPose's JSON: COCO results whose images have names, with its tracker's numbers."""

from __future__ import annotations

import re
from pathlib import Path

from stridewise.readers import coco, json_text
from stridewise.readers.registry import Options, Reader
from stridewise.recording import Recording

_RESULT = re.compile(rb'"image_id"\s*:\s*"')
_EXPECTED = "results {image_id: image name, keypoints: x, y, score of 17, 26 or 136 points, idx}"


def recognise(head: bytes, path: Path) -> bool:
    """Say whether a file begins as results for named images."""
    text = json_text.begins(head)
    named = text.startswith(b"[") and _RESULT.search(text) is not None
    return named and b'"keypoints"' in text


def read(path: Path, options: Options) -> list[Recording]:
    """Read AlphaPose results.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        `fps` gives the times; frame numbers are the numbers in the image names.

    Returns
    -------
    list of Recording
        One per person, in pixels.

    Raises
    ------
    InputError
        When the JSON is damaged, holds no such results, or the frame rate is not stated.
    """
    return coco.results(json_text.load(path), options, _EXPECTED)


reader = Reader(
    name="alphapose",
    description="AlphaPose results JSON (COCO 17, Halpe 26 or 136 points)",
    suffixes=(".json",),
    recognise=recognise,
    read=read,
    mapped=True,
)
