"""What video files do to frames: which pictures they hold, what they say of time, compression.

A camera takes pictures at instants; a file shows them in frames, some twice or not at all, and
says when each was taken, rightly or not. `timeline` draws that; `compressed` runs the frames
through H.264, so that estimators see what a decoder gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]
Frame = NDArray[np.uint8]

#: What the file does, and the share of films that do so:
#: - constant: nothing; each picture once, rightly stamped.
#: - converted: of one rate, written at another; pictures are repeated or left out.
#: - dropped: pictures are missing, and the stamps say so.
#: - dropped-unstamped: pictures are missing, and the stamps go on as if none were.
#: - frozen: the first moments show the first picture, then the film goes on as if nothing were.
#: - variable: uneven intervals, as phones have them in dim light, rightly stamped.
#: - variable-unstamped: the same, but the file claims its mean rate.
Kind = Literal[
    "constant",
    "converted",
    "dropped",
    "dropped-unstamped",
    "frozen",
    "variable",
    "variable-unstamped",
]
SHARES: dict[Kind, float] = {
    "constant": 0.55,
    "converted": 0.15,
    "dropped": 0.06,
    "dropped-unstamped": 0.06,
    "frozen": 0.06,
    "variable": 0.06,
    "variable-unstamped": 0.06,
}
#: Rates of cameras, frames/s, and how often they are met.
RATES = {24.0: 0.05, 25.0: 0.05, 30.0: 0.42, 50.0: 0.05, 60.0: 0.3, 120.0: 0.09, 240.0: 0.04}
#: Rates from and to which files are converted.
CONVERSIONS = ((24.0, 30.0), (25.0, 30.0))


@dataclass(frozen=True)
class File:
    """What the file of a film does.

    Parameters
    ----------
    kind : str
        See `Kind`.
    fps : float
        Pictures per second that the camera takes (in the mean, where that varies).
    crf : int
        x264's constant rate factor of the camera's encoder: 18 hardly visible, 34 ugly.
    file_fps : float
        Frames per second of the file; other than `fps` in a converted one.
    again_crf : int, optional
        Of a second encoder, in files that were changed after they were taken.
    lost : float
        Share of pictures that are lost.
    frozen_s : float
        How long the first picture stays.
    uneven : float
        Spread of the intervals, as a share of the mean one.
    """

    kind: Kind
    fps: float
    crf: int
    file_fps: float
    again_crf: int | None = None
    lost: float = 0.0
    frozen_s: float = 0.0
    uneven: float = 0.0


@dataclass(frozen=True, eq=False)
class Timeline:
    """What a file shows when.

    Parameters
    ----------
    taken : ndarray, shape (pictures,)
        When each picture is taken, s from the first; only those that the file shows.
    shown : ndarray of int, shape (frames,)
        Which picture each frame of the file shows.
    stamp : ndarray, shape (frames,)
        What the file says, s from its first frame.
    """

    taken: Array
    shown: NDArray[np.int64]
    stamp: Array

    @property
    def time(self) -> Array:
        """When what each frame shows was really taken, shape (frames,)."""
        return self.taken[self.shown]


def draw(rng: Generator, kind: Kind | None = None, fps: float | None = None) -> File:
    """Draw what a file does; kind and rate may be given."""
    if kind is None:
        kind = rng.choice(np.array(list(SHARES)), p=list(SHARES.values())).item()
    if fps is None:
        fps = float(rng.choice(list(RATES), p=list(RATES.values())))
    crf = int(rng.integers(18, 31))
    if kind == "converted":
        fps, file_fps = CONVERSIONS[rng.integers(len(CONVERSIONS))]
        return File(kind, fps, crf, file_fps, again_crf=int(rng.integers(20, 33)))
    if kind == "frozen":
        again = int(rng.integers(20, 33))
        return File(kind, fps, crf, fps, again_crf=again, frozen_s=float(rng.uniform(0.2, 1.0)))
    if kind in ("dropped", "dropped-unstamped"):
        return File(kind, fps, crf, fps, lost=float(rng.uniform(0.01, 0.1)))
    if kind in ("variable", "variable-unstamped"):
        return File(kind, fps, crf, fps, uneven=float(rng.uniform(0.02, 0.15)))
    return File(kind, fps, crf, fps)


def timeline(file: File, seconds: float, rng: Generator) -> Timeline:
    """Draw when pictures are taken, which the frames of the file show, and what it says."""
    frames = max(2, round(seconds * file.file_fps))
    stamp = np.arange(frames) / file.file_fps
    taken = np.arange(frames) / file.fps
    shown = np.arange(frames)
    if file.kind == "converted":
        shown = np.floor(shown * file.fps / file.file_fps + rng.random()).astype(int)
    elif file.kind == "frozen":
        shown = np.where(stamp < file.frozen_s, 0, shown)
    elif file.kind in ("dropped", "dropped-unstamped"):
        shown = shown[_kept(frames, file.lost, rng)]
        right = file.kind == "dropped"
        stamp = taken[shown] if right else stamp[: len(shown)]
    elif file.kind in ("variable", "variable-unstamped"):
        taken = np.concatenate([[0.0], np.cumsum(_intervals(frames - 1, file, rng))])
        right = file.kind == "variable"
        stamp = taken if right else np.linspace(0.0, taken[-1], frames)
    used, shown = np.unique(shown, return_inverse=True)
    return Timeline(taken[used] - taken[used[0]], shown, stamp)


def _kept(frames: int, lost: float, rng: Generator) -> NDArray[np.bool_]:
    """Lose single pictures and, in one of three cases, the next one too; never the first."""
    gone = rng.random(frames) < lost / (4 / 3)
    gone[1:] |= gone[:-1] & (rng.random(frames - 1) < 1 / 3)
    gone[0] = False
    return ~gone


def _intervals(count: int, file: File, rng: Generator) -> Array:
    """Intervals between pictures: a slowly changing rate and a jitter of each picture."""
    slow = np.interp(
        np.arange(count) / file.fps,
        np.arange(0.0, count / file.fps + 1.0, 0.5),
        rng.standard_normal(int(np.ceil((count / file.fps + 1.0) / 0.5))),
    )
    uneven = file.uneven * (slow + rng.standard_normal(count)) / np.sqrt(2)
    # No picture follows another within less than half of the interval.
    return np.maximum(1.0 + uneven, 0.5) / file.fps


def through(file: File, pictures: Iterable[Frame], shown: NDArray[np.int64]) -> Iterator[Frame]:
    """Return the frames of the file, decoded, from the pictures that the camera took.

    A file that was changed later is encoded twice, by the camera and then with its repetitions:
    frames that show the same picture are alike but not equal.
    """
    repeats = np.bincount(shown)
    if file.again_crf is None:
        yield from compressed(_repeated(pictures, repeats), file.crf, file.file_fps)
    else:
        first = compressed(pictures, file.crf, file.fps)
        yield from compressed(_repeated(first, repeats), file.again_crf, file.file_fps)


def _repeated(pictures: Iterable[Frame], repeats: NDArray[np.int64]) -> Iterator[Frame]:
    for picture, times in zip(pictures, repeats, strict=True):
        for _ in range(times):
            yield picture


def compressed(frames: Iterable[Frame], crf: int, fps: float) -> Iterator[Frame]:
    """Encode frames (height, width, 3), of even sides, by H.264 and decode them again, in step.

    Like the encoders of phones it looks at no later frame and starts anew each second.
    """
    import av

    rate = round(fps)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": str(crf)}
    encoder.pix_fmt, encoder.thread_count = "yuv420p", 1
    encoder.framerate, encoder.time_base, encoder.gop_size = rate, Fraction(1, rate), rate
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    for number, frame in enumerate(frames):
        if not number:
            encoder.height, encoder.width = frame.shape[:2]
        picture = av.VideoFrame.from_ndarray(frame, "rgb24")
        picture.pts = number
        for packet in encoder.encode(picture):
            yield from (out.to_ndarray(format="rgb24") for out in decoder.decode(packet))
    for packet in [*encoder.encode(None), None]:
        yield from (out.to_ndarray(format="rgb24") for out in decoder.decode(packet))
