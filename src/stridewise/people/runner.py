"""Which of several people is the runner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED

_BRIEF = "too brief to tell gait"
#: What a person counts, against a runner of the same size. Somebody who stands by is seldom five
#: times as large.
_COUNTS = {"runs": 1.0, "steps": 0.5, _BRIEF: 0.5, "stands": 0.2}
#: Gait is looked at for up to a minute in the middle of what is seen.
_LOOK_S = 60.0
#: Free fall is not told from less than this.
_SHORTEST_S = 1.0
#: Ankles that swing less about each other than this (standard deviation, in leg lengths) take no
#: steps: in running it is 0.2 from the front and more from the side.
_STEP = 0.08
#: The second person is a candidate too from this share of the first one's weight on.
_DOUBT = 0.6


@dataclass(frozen=True)
class _Person:
    """What speaks for a person: share of frames and of leg points seen, height, and gait."""

    seen: float
    legs: float
    height: float
    gait: str

    @property
    def weight(self) -> float:
        return self.seen * self.legs * self.height * _COUNTS[self.gait]


def choose(people: Sequence[Recording], person: int | None = None) -> Recording:
    """Pick the runner, or the person asked for, and say so in the notes.

    Parameters
    ----------
    people : sequence of Recording
        Everybody in the file.
    person : int, optional
        Which one, counted from 1; by default the one with the greatest product of height in the
        picture, share of frames and of leg points seen, and gait (somebody who steps without
        flight counts half, somebody who stands a fifth).

    Returns
    -------
    Recording
        With a note about the choice, which lists the candidates when in doubt.

    Raises
    ------
    InputError
        When there is nobody, or no person of that number.
    """
    if not people:
        raise InputError("The file holds no person", expected="keypoints of one person at least")
    if person is not None:
        if not 1 <= person <= len(people):
            raise InputError(
                "There is no such person in the file",
                expected=f"a number from 1 to {len(people)}",
                received=person,
            )
        return people[person - 1]
    if len(people) == 1:
        return people[0]
    frames = len(np.unique(np.concatenate([recording.time for recording in people])))
    found = [_describe(recording, frames) for recording in people]
    weights = [each.weight for each in found]
    chosen = int(np.argmax(weights))
    recording = people[chosen]
    return recording.with_(notes=(*recording.notes, _note(found, chosen)))


def _note(found: Sequence[_Person], chosen: int) -> str:
    own = found[chosen]
    rivals = [
        i for i, each in enumerate(found) if i != chosen and each.weight > _DOUBT * own.weight
    ]
    seen = f"seen in {100 * own.seen:.0f} % of the frames"
    if rivals:
        listed = "; ".join(
            f"person {i + 1} ({found[i].gait}, {100 * found[i].height / own.height:.0f} % as tall, "
            f"seen in {100 * found[i].seen:.0f} % of the frames)"
            for i in rivals
        )
        return (
            f"{len(found)} people found; person {chosen + 1} ({own.gait}, {seen}) was taken, but "
            f"the runner may be {listed}: choose with --person."
        )
    why = [own.gait]
    if own.height == max(each.height for each in found):
        why.append("largest")
    return (
        f"{len(found)} people found; person {chosen + 1} was taken: {', '.join(why)}, {seen} "
        "(--person takes another)."
    )


def _describe(recording: Recording, frames: int) -> _Person:
    seen = np.isfinite(recording.xy[..., 0])
    here = seen.any(axis=1)
    if not here.any():
        return _Person(0.0, 0.0, 0.0, _BRIEF)
    legs = [np.isfinite(recording.point(name)[here, 0]).mean() for name in REQUIRED]
    y = recording.xy[here, :, 1]
    return _Person(
        seen=float(here.sum()) / frames,
        legs=float(np.mean(legs)),
        height=float(np.median(np.nanmax(y, axis=1) - np.nanmin(y, axis=1))),
        gait=_gait(recording),
    )


def _gait(recording: Recording) -> str:
    """Return how a person moves, one of `_COUNTS`."""
    from stridewise.gait.rhythm import FLIGHT_FALL, free_fall, swing_cadence
    from stridewise.repair.clean import clean
    from stridewise.view import leg_length

    near = np.abs(recording.time - recording.time[recording.frames // 2]) <= _LOOK_S / 2
    part = recording.take(near)
    if part.duration < _SHORTEST_S:
        return _BRIEF
    try:
        even, _ = clean(part)
        if swing_cadence(even) is None:
            return "stands"
        gap = even.point("right_ankle") - even.point("left_ankle")
        if not np.nanstd(gap, axis=0).max() > _STEP * leg_length(even):
            return "stands"
        return "runs" if free_fall(even) >= FLIGHT_FALL else "steps"
    except InputError:  # the times are too uneven, or no leg is ever seen whole
        return _BRIEF
