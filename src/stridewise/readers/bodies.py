"""What readers of many people share: bodies collected frame by frame, then told apart."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.layout_map import resolve, resolve_unnamed
from stridewise.people import Detections, separate
from stridewise.readers import normalised, timing
from stridewise.readers.bundle import LARGEST_NUMBER
from stridewise.readers.limits import check_size, without_huge
from stridewise.readers.registry import Options
from stridewise.recording import Recording
from stridewise.skeletons import LAYOUTS

Array = NDArray[np.float64]

#: Numbers of points in files without names, and the layout that each means.
ESTIMATORS: Mapping[int, Sequence[str | None]] = {
    17: LAYOUTS["coco-17"],
    23: LAYOUTS["coco-wholebody-133"][:23],  # body and feet
    26: LAYOUTS["halpe-26"],
    133: LAYOUTS["coco-wholebody-133"],
    136: LAYOUTS["halpe-136"],
}


class Bodies:
    """Collects the bodies of a file.

    Parameters
    ----------
    expected : str
        What a body of the format is, for errors.
    """

    def __init__(self, expected: str) -> None:
        self._expected = expected
        self._frames = array("d")
        self._frame = array("d")
        self._track = array("q")
        self._score = array("d")
        self._points = 0
        self._values = array("d")  # x, y, confidence of each point in turn

    def look(self, frame: float) -> None:
        """Note that a frame was looked at, whether or not it shows a body."""
        self._frames.append(frame)

    def add(
        self,
        frame: float,
        x: Sequence[Any],
        y: Sequence[Any],
        confidence: Sequence[Any] | None,
        *,
        score: Any = None,
        track: Any = None,
    ) -> None:
        """Add a body, with the values as they are in the file.

        Parameters
        ----------
        frame : float
            Frame number.
        x, y : sequence
            One number or None per point.
        confidence : sequence or None
            One number per point; None where the file has none.
        score : optional
            How sure the estimator is of the body.
        track : optional
            Number from the estimator's own tracker.

        Raises
        ------
        InputError
            When the points are no numbers, or not as many as of the bodies before.
        """
        if confidence is None:
            confidence = [1.0] * len(x)
        if not len(x) == len(y) == len(confidence):
            raise InputError(
                f"A body in frame {frame:g} has {len(x)} points",
                expected=self._expected,
                received=f"{len(x)} x, {len(y)} y and {len(confidence)} confidences",
            )
        values: list[Any] = [None] * (3 * len(x))
        values[::3], values[1::3], values[2::3] = x, y, confidence
        self.add_flat(frame, values, score=score, track=track)

    def add_flat(self, frame: float, values: Any, *, score: Any = None, track: Any = None) -> None:
        """Add a body of one flat list: x, y, confidence of each point in turn; none is nobody."""
        if not isinstance(values, list) or len(values) % 3:
            raise InputError(
                f"A body in frame {frame:g} cannot be used",
                expected=self._expected,
                received=repr(values)[:60],
            )
        if not values:
            return
        self._points = self._points or len(values) // 3
        if len(values) != 3 * self._points:
            raise InputError(
                f"A body in frame {frame:g} has {len(values) // 3} points",
                expected=f"{self._points}, as before: {self._expected}",
            )
        try:
            self._values.fromlist(values)
        except (TypeError, OverflowError):
            self._values.fromlist(_numbers(values, frame))
        self._frame.append(frame)
        number = _number(score)
        self._score.append(nan if number is None else number)
        self._track.append(-1 if track is None else _track(track))

    def recordings(
        self,
        options: Options,
        *,
        names: Sequence[str] | None = None,
        layouts: Mapping[int, Sequence[str | None]] = ESTIMATORS,
        shares: bool = False,
        full: float = 1.0,
        image_size: tuple[int, int] | None = None,
        notes: Sequence[str] = (),
    ) -> list[Recording]:
        """Tell people apart and return a recording of each.

        Parameters
        ----------
        options : Options
            `fps` gives the times, `layout` names points.
        names : sequence of str, optional
            Names of the points, where the file has them.
        layouts : mapping of int to sequence
            Layout by number of points, where it has none.
        shares : bool
            Whether coordinates from 0 to 1 are shares of the image.
        full : float
            The confidence that means certainty.
        image_size : (width, height), optional
            In pixels.
        notes : sequence of str
            What the reader has to say already.

        Raises
        ------
        InputError
            When nobody is seen, or too many, points cannot be named or nobody states the frame
            rate.
        """
        frames = np.unique(np.concatenate((self._frames, self._frame)))
        check_size("of all bodies", len(self._values))
        if not (np.abs(frames) < LARGEST_NUMBER).all():
            raise InputError(
                "A frame number cannot be used", expected=f"a number below {LARGEST_NUMBER:.0e}"
            )
        if not len(self._frame):
            raise InputError(
                f"No person is seen in any of the {len(frames)} frame(s)", expected=self._expected
            )
        time = timing.from_frames(frames, fps=options.fps)
        index, keypoints, said = self._layout(options, names, layouts)
        values = np.frombuffer(self._values).reshape(-1, self._points, 3)[:, index]
        xy, huge = without_huge(values[..., :2])
        # All these estimators write (0, 0) for a point that they do not see.
        xy[(~np.isfinite(xy) | (xy == 0)).all(axis=2)] = np.nan
        confidence, clipped = _confidence(values[..., 2] / full)
        score = np.frombuffer(self._score)
        at = np.searchsorted(frames, np.array(self._frame))
        order = np.argsort(at, kind="stable")
        people = separate(
            Detections(
                frame=at[order],
                xy=xy[order],
                confidence=confidence[order],
                time=time,
                keypoints=keypoints,
                score=np.where(np.isfinite(score), score, confidence.mean(axis=1))[order],
                track=np.array(self._track, dtype=np.intp)[order],
            )
        )
        said = [*notes, *said, *huge, *clipped]
        if shares:
            people, scaled = to_pixels(people, image_size)
            said += scaled
        return [each.with_(notes=(*said, *each.notes), image_size=image_size) for each in people]

    def _layout(
        self,
        options: Options,
        names: Sequence[str] | None,
        layouts: Mapping[int, Sequence[str | None]],
    ) -> tuple[list[int], tuple[str, ...], list[str]]:
        """Return position and name of the keypoints, and what to say about it."""
        if names is not None and len(names) != self._points:
            raise InputError(
                f"The file names {len(names)} points and gives {self._points}",
                expected="a name for each point",
            )
        if names is not None:
            match = resolve(names, options.layout)
        elif options.layout is not None:
            match = resolve_unnamed(self._points, options.layout)
        elif self._points in layouts:
            named = [(i, name) for i, name in enumerate(layouts[self._points]) if name is not None]
            return [i for i, _ in named], tuple(name for _, name in named), []
        else:
            raise InputError(
                f"Bodies have {self._points} points without names",
                expected=f"{', '.join(map(str, layouts))} points: {self._expected}",
                hint="Name them in order in a small map, [layout] points = [...], and state it "
                "with --map",
            )
        return match.index, match.keypoints, match.notes


def _numbers(values: list[Any], frame: float) -> list[float]:
    """Return the numbers of a body, NaN for None; the first that is none is an error."""
    numbers = [nan if value is None else _number(value) for value in values]
    if None in numbers:
        raise InputError(
            f"A point in frame {frame:g} cannot be used",
            expected="numbers",
            received=repr(values[numbers.index(None)])[:60],
        )
    return [number for number in numbers if number is not None]


def _track(value: Any) -> int:
    """Return a number of the estimator's tracker; -1 for none."""
    while isinstance(value, list) and value:  # AlphaPose wraps it
        value = value[0]
    number = _number(value)
    return int(number) if number is not None and 0 <= number < LARGEST_NUMBER else -1


def _number(value: Any) -> float | None:
    """Return a number of a file; None for anything else, infinity for what is too large."""
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return inf


def frame_number(value: Any) -> float | None:
    """Return a frame number; None for what is none."""
    if type(value) is int and -LARGEST_NUMBER < value < LARGEST_NUMBER:
        return float(value)
    number = _number(value)
    if number is None or not abs(number) < LARGEST_NUMBER or not number.is_integer():
        return None
    return number


def _confidence(given: Array) -> tuple[Array, list[str]]:
    """Return confidences from 0 to 1; 1 where there is none."""
    confidence: Array = np.where(np.isnan(given), 1.0, given)
    outside = int(((confidence < 0) | (confidence > 1)).sum())
    if not outside:
        return confidence, []
    return np.clip(confidence, 0, 1), [f"{outside} confidence(s) outside 0 to 1 were clipped."]


def to_pixels(
    people: list[Recording], size: tuple[int, int] | None
) -> tuple[list[Recording], list[str]]:
    """Scale shares of the image to pixels; what is in pixels already stays.

    Parameters
    ----------
    people : list of Recording
        The largest first: where the size of the image is not known, they tell its shape.
    size : (width, height), optional
        Of the image, where it is known.

    Returns
    -------
    people : list of Recording
        In pixels.
    notes : list of str
        Which shape of the image had to be assumed.
    """
    if not people:
        return [], []
    largest = people[0]
    pixels, notes = normalised.to_pixels(largest.xy, largest.keypoints, size)
    if pixels is largest.xy:
        return people, []
    scale = size or normalised.likely_size(largest.xy, largest.keypoints)
    return [each.with_(xy=each.xy * scale) for each in people], notes
