"""One round over the last strides: angles, metrics and areas of running form, in small pieces.

The functions are those of `stridewise.analysis`; the work is cut into pieces of about a
millisecond, one for each frame, so that no frame has to wait for long.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stridewise.analysis import gait_data
from stridewise.context import Context
from stridewise.estimate import Estimate, MetricSide
from stridewise.form import Assessment, find
from stridewise.gait.body import Body
from stridewise.gait.combined import CombinedModel, fused, join_signals
from stridewise.gait.foot_path import refine_in_pieces
from stridewise.gait.frontal import add_frontal
from stridewise.gait.geometric import zero_feet
from stridewise.gait.learned import Network, Reading
from stridewise.gait.motion import Event, Motion
from stridewise.gait.sagittal import add_sagittal
from stridewise.gait.signals import Collector, add_pelvis
from stridewise.gait.strides import find_steps
from stridewise.metrics import GaitData, Metric, Sample, catalogue
from stridewise.metrics.registry import estimate_and_steps
from stridewise.quality import grade_capture, severe, withhold
from stridewise.recording import Recording
from stridewise.repair.noise import noise_level
from stridewise.repair.roll import Roll, find_roll_in_pieces
from stridewise.result import Quality
from stridewise.view import View, find_view

Array = NDArray[np.float64]
Key = tuple[str, MetricSide]

#: Points and metrics handled in one piece.
_POINTS, _METRICS = 1, 2
#: Kinds of metrics that need minutes of running and are left to the analysis afterwards.
_NOT_LIVE = frozenset({"drift"})


@dataclass(frozen=True, eq=False)
class Round:
    """What the last strides show.

    Parameters
    ----------
    data : GaitData
    view : View
    quality : {"A", "B", "C", "D"}
    notes : tuple of str
        How to set up the camera better.
    estimates : tuple of Estimate
    samples : mapping of (id, side) to Sample
        Values of single steps, in the order of `data.of(side)`.
    assessment : Assessment
    level : ndarray, shape (keypoints,)
        Noise of each keypoint in the unit of the recording.
    tilt : Roll or None
        How far the picture is turned when that is much and beyond doubt.
    """

    data: GaitData
    view: View
    quality: Quality
    notes: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    samples: Mapping[Key, Sample]
    assessment: Assessment
    level: Array
    tilt: Roll | None

    @cached_property
    def _by_key(self) -> dict[Key, Estimate]:
        return {(e.id, e.side): e for e in self.estimates}

    def estimate(self, id: str, side: MetricSide) -> Estimate | None:
        """Return one estimate; None where there is none."""
        return self._by_key.get((id, side))


def live_metrics() -> tuple[Metric, ...]:
    """Return the metrics of the catalogue that a few seconds can give."""
    return tuple(m for m in catalogue().values() if m.group not in _NOT_LIVE)


@dataclass(frozen=True, eq=False)
class Prepared:
    """The last strides before anything is measured.

    Parameters
    ----------
    body : Body
    level : ndarray, shape (keypoints,)
        Noise of each keypoint in the unit of the recording.
    tilt : Roll or None
        How far the picture is turned when that is much and beyond doubt.
    timed : tuple of Event
        Contacts timed as offline; empty unless the round is thorough.
    """

    body: Body
    level: Array
    tilt: Roll | None
    timed: tuple[Event, ...]


def prepare(
    recording: Recording,
    own: Sequence[Event],
    model: CombinedModel,
    context: Context,
    known: Round | None,
) -> Generator[None, None, Prepared]:
    """Find view and noise of the last strides and time their contacts, yielding between the pieces.

    Parameters
    ----------
    recording : Recording
        The last seconds on the network's grid.
    own : sequence of Event
        Their contacts as the network alone times them.
    model : CombinedModel
    context : Context
    known : Round, optional
        One not long ago, whose noise and tilt still hold. Without it the round is thorough: both
        are measured, and the contacts are timed once more as they are offline (its longest piece,
        some 10 ms).

    Raises
    ------
    InputError
        When no leg is seen whole, or the view contradicts the one stated.
    """
    # The direction comes from averages over strides: every other row tells as much.
    view = find_view(recording.take(slice(None, None, 2)), context)
    yield
    if known is not None:
        return Prepared(
            Body(recording, view, known.level, model.geometric.offsets), known.level, known.tilt, ()
        )
    level = np.full(len(recording.keypoints), np.nan)
    for first in range(0, len(level), _POINTS):
        names = recording.keypoints[first : first + _POINTS]
        level[first : first + _POINTS] = noise_level(recording.select(names))
        yield
    tilt = severe((yield from find_roll_in_pieces(recording)))
    yield
    body = Body(recording, view, level, model.geometric.offsets)
    plain = model.geometric.contacts(body)
    yield
    timed = yield from refine_in_pieces(fused(own, plain), recording, view, model.paths)
    return Prepared(body, level, tilt, timed)


def evaluate(
    prepared: Prepared,
    reading: Reading,
    events: Sequence[Event],
    network: Network,
    context: Context,
    fps: float,
) -> Generator[None, None, Round]:
    """Evaluate the last strides, yielding between the pieces.

    Parameters
    ----------
    prepared : Prepared
    reading : Reading
        What the network said about them.
    events : sequence of Event
        Their contacts.
    network : Network
    context : Context
    fps : float
        Frames per second of the source.
    """
    body, level = prepared.body, prepared.level
    recording, view = body.recording, body.view
    motion = withhold((yield from _motion(body, reading, events, network)), prepared.tilt)
    steps = find_steps(motion)
    yield
    known = level[np.isfinite(level)]
    noise = float(np.median(known)) / view.leg_length if known.size else float("nan")
    quality, notes = grade_capture(recording, view, noise, fps, prepared.tilt)
    data = gait_data(recording, view, motion, steps, context, quality)
    data = replace(data, fps=fps)
    yield
    estimates, samples = yield from _metrics(data)
    return Round(
        data, view, quality, notes, estimates, samples, find(estimates), level, prepared.tilt
    )


def _motion(
    body: Body, reading: Reading, events: Sequence[Event], network: Network
) -> Generator[None, None, Motion]:
    """Signals of geometry and of the network, joined; the contacts are those found live."""
    recording, view = body.recording, body.view
    for i, name in enumerate(recording.keypoints):
        body.smooth(name)
        if i % 2:
            yield
    out = Collector()
    for add in (add_pelvis, add_sagittal, add_frontal):
        add(body, out)
        yield
    zero_feet(out.signals, events, recording.time)
    yield
    signals, absent = join_signals(
        network, reading, recording, view, out.signals, out.absent, body.offsets
    )
    yield
    return Motion(recording.time, tuple(events), signals, absent, network.name)


def _metrics(
    data: GaitData,
) -> Generator[None, None, tuple[tuple[Estimate, ...], dict[Key, Sample]]]:
    estimates: list[Estimate] = []
    samples: dict[Key, Sample] = {}
    for metric in live_metrics():
        for side in metric.each_side:
            found, steps = estimate_and_steps(metric, data, side)
            estimates.append(found)
            if steps is not None:
                samples[metric.id, side] = steps
            if not len(estimates) % _METRICS:
                yield
    return tuple(estimates), samples
