"""A stream of the Lab Streaming Layer as a live source.

Its channels are the x, y and, where known, confidence of each keypoint in pixels, y down, and say
so in their labels as the columns of a CSV file do (`left_knee_x`, `LKnee.y`, `score_left_knee`).
Channels without labels are taken in threes, x, y and confidence of each point of a known layout.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.layout_map import LayoutMap, resolve, resolve_unnamed
from stridewise.readers.csv import columns
from stridewise.serve.client import Source
from stridewise.serve.protocol import pack

#: What the name of a source begins with on the command line.
PREFIX = "lsl:"
#: Time to find a stream, and pause after which it counts as over, in seconds.
_FIND_S, _SILENT_S = 5.0, 60.0
#: While nothing comes, the server is listened to for so long, in seconds.
_PAUSE_S = 0.005
#: What waits in the receiver at most, in seconds; later samples push out earlier ones.
_BUFFER_S = 2
#: Units that are none of a picture; their y points up as a rule.
_LENGTHS = frozenset({"m", "mm", "cm", "meters", "metres", "millimeters", "millimetres"})

_EXPECTED = "a label for each channel, such as left_knee_x, left_knee_y, left_knee_confidence"


def source(name: str, layout: LayoutMap | None = None) -> Source:
    """Find a stream by its name and return its frames as they come.

    Parameters
    ----------
    name : str
        Of the stream.
    layout : LayoutMap, optional
        Which point is which, for names of the user's own.

    Returns
    -------
    Source
        It ends when the stream is lost, or nothing has come for a minute.

    Raises
    ------
    InputError
        When the package is lacking, or there is no such stream, or it has no usable keypoints.
    """
    lsl = _package()
    try:
        found = lsl.resolve_byprop("name", name, timeout=_FIND_S) if name else []
        if len(found) != 1:
            others = sorted({info.name() for info in found or lsl.resolve_streams(1.0)})
            raise InputError(
                "There is no such stream" if not found else "Several streams have this name",
                expected="the name of one stream of the Lab Streaming Layer in this network",
                received=f"{PREFIX}{name}, and there are: {', '.join(others) or 'none'}",
            )
        inlet = lsl.StreamInlet(found[0], max_buflen=_BUFFER_S)
        info = inlet.info(_FIND_S)
        if info.channel_format() == lsl.cf_string:
            raise InputError(f"The channels of stream {name} are words", expected="numbers")
        if _LENGTHS & {(unit or "").lower() for unit in info.get_channel_units() or ()}:
            raise InputError(f"The stream {name} has positions in space", expected="pixels, y down")
        labels = info.get_channel_labels()
        keypoints, index = channels(labels or [None] * info.channel_count(), layout)
        inlet.open_stream(_FIND_S)
    except RuntimeError as error:
        # The package has errors of its own for time-outs and lost streams; all are of this kind.
        raise InputError(f"The stream {name} cannot be received", received=error) from error
    return Source(keypoints, name, "Lab Streaming Layer", _frames(inlet, index))


def channels(
    labels: Sequence[str | None], layout: LayoutMap | None = None
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Find the channels of each keypoint.

    Parameters
    ----------
    labels : sequence of str or None
        Of the channels; all None when they have none.
    layout : LayoutMap, optional

    Returns
    -------
    keypoints : tuple of str
    index : ndarray, shape (keypoints, 3)
        Channels of x, y and confidence; -1 where there is no confidence.

    Raises
    ------
    InputError
        When hip, knee and ankle of both legs are not among them.
    """
    if not any(labels):
        if len(labels) % 3:
            raise InputError(
                "The channels of the stream have no labels",
                expected=_EXPECTED,
                received=f"{len(labels)} channels, which are no triples either",
            )
        match = resolve_unnamed(len(labels) // 3, layout)
        return match.keypoints, 3 * np.array(match.index)[:, None] + np.arange(3)
    parts = {k: c for k, c in columns([x or "" for x in labels]).items() if {"x", "y"} <= c.keys()}
    if not parts:
        raise InputError(
            "The labels of the stream name no positions",
            expected=_EXPECTED,
            received=", ".join(label or "(none)" for label in labels[:6]),
        )
    match = resolve(list(parts), layout)
    chosen = [list(parts.values())[i] for i in match.index]
    return match.keypoints, np.array([[c["x"], c["y"], c.get("confidence", -1)] for c in chosen])


def _frames(inlet: Any, index: NDArray[np.intp]) -> Iterator[bytes | float]:
    """Packed frames at the times of the sender's clock; while none comes, how long to wait."""
    came = time.monotonic()
    while time.monotonic() - came < _SILENT_S:
        try:
            sample, time_s = inlet.pull_sample(timeout=0.0)
        except RuntimeError:
            break  # The stream is lost.
        if sample is None:
            yield _PAUSE_S
            continue
        came = time.monotonic()
        # What -1 points at: sure, where the stream does not say how sure.
        rows = np.array([*sample, 1.0])[index]
        yield pack(time_s, rows[:, :2], rows[:, 2])
    inlet.close_stream()


def _package() -> ModuleType:
    try:
        import pylsl
    except (ImportError, RuntimeError, OSError) as error:  # The last two: of its C library.
        what = "package pylsl" if isinstance(error, ImportError) else "C library liblsl"
        raise InputError(
            f"The Lab Streaming Layer needs the {what}, which is not installed",
            hint="Install it with: pip install 'stridewise[lsl]'",
        ) from error
    package: ModuleType = pylsl
    return package
