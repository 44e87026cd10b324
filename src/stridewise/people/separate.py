"""From the bodies of all frames to one recording per person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stridewise.errors import InputError
from stridewise.people.chains import chains, doubles
from stridewise.people.detections import Detections, Index
from stridewise.people.encounters import untangle
from stridewise.people.join import join
from stridewise.recording import Recording

#: Of more bodies in one frame than this, the surest are kept: nobody films so many runners.
MOST_BODIES = 50
#: A body with fewer seen points says little about who it is.
_FEWEST_POINTS = 4
#: People seen for less time than this do not matter, unless nobody is seen for twice as long.
_MATTERS_S = 1.0
#: With more chains than this, those of one body are noise.
_MOST_CHAINS = 20_000


def separate(bodies: Detections) -> list[Recording]:
    """Follow people over the frames: one recording each, in the unit of the detections.

    Bodies are linked from frame to frame where there is no doubt, by position and pose or by the
    numbers of the estimator's own tracker. The chains are joined over losses of up to three seconds
    where motion, size and looks from both sides agree. People who pass each other are cut apart
    there and joined again by how they came and how they leave. In a file that never shows more than
    one body at a time, all bodies are one person.

    Parameters
    ----------
    bodies : Detections

    Returns
    -------
    list of Recording
        People seen for a second or more (or half as long as whoever is seen longest), the largest
        and longest seen first; each from the first to the last frame in which they are seen.

    Raises
    ------
    InputError
        When no body is seen in any frame.
    """
    seen = np.isfinite(bodies.xy[..., 0]).sum(axis=1)
    enough = seen >= min(_FEWEST_POINTS, len(bodies.keypoints))
    bodies = bodies.rows(enough) if not enough.all() else bodies
    if not len(bodies):
        raise InputError(
            f"No person is seen in any of the {len(bodies.time)} frame(s)",
            expected="keypoints of one person at least",
        )
    notes: list[str] = []
    if (np.diff(bodies.frame) > 0).all():
        return [_recording(bodies, np.arange(len(bodies)), notes)]
    surest = _surest(bodies)
    if not surest.all():
        notes.append(f"Frames with more than {MOST_BODIES} bodies: the surest were kept.")
        bodies = bodies.rows(surest)
    double = doubles(bodies)
    if double.any():
        notes.append(f"{int(double.sum())} body(s) found twice in a frame were merged.")
        bodies = bodies.rows(~double)
    links, more = chains(bodies)
    if len(links) > _MOST_CHAINS:
        links = [rows for rows in links if len(rows) > 1]
    people = _who_matter(bodies, untangle(bodies, join(bodies, links)))
    return [_recording(bodies, rows, [*notes, *more]) for rows in people]


def _surest(bodies: Detections) -> np.ndarray:
    """Mark the bodies to keep of each frame."""
    order = np.lexsort((-bodies.score, bodies.frame))
    starts = np.searchsorted(bodies.frame, bodies.frame)
    kept = np.zeros(len(bodies), dtype=bool)
    kept[order] = np.arange(len(bodies)) - starts < MOST_BODIES
    return kept


def _who_matter(bodies: Detections, people: Sequence[Index]) -> list[Index]:
    """Return people seen for long enough, largest and longest first."""
    if not people:
        return []
    step = float(np.median(np.diff(bodies.time))) if len(bodies.time) > 1 else 1.0
    seconds = np.array([len(rows) * step for rows in people])
    enough = min(_MATTERS_S, seconds.max() / 2)
    presence = np.array([bodies.size[rows].sum() for rows in people])
    order = np.argsort(-presence, kind="stable")
    return [people[i] for i in order if seconds[i] >= enough]


def _recording(bodies: Detections, rows: Index, notes: Sequence[str]) -> Recording:
    frame = bodies.frame[rows]
    first, last = int(frame[0]), int(frame[-1])
    xy = np.full((last - first + 1, len(bodies.keypoints), 2), np.nan)
    confidence = np.zeros(xy.shape[:2])
    xy[frame - first] = bodies.xy[rows]
    confidence[frame - first] = bodies.confidence[rows]
    return Recording(
        xy=xy,
        confidence=confidence,
        time=bodies.time[first : last + 1],
        keypoints=bodies.keypoints,
        notes=tuple(notes),
    )
