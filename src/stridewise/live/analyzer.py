"""The live analysis: frames in, updates out."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.estimate import MetricSide
from stridewise.gait.combined import CombinedModel
from stridewise.gait.encoding import RATE
from stridewise.gait.force import corrected
from stridewise.gait.learned import Reading
from stridewise.gait.motion import Event, Motion
from stridewise.gait.strides import find_steps
from stridewise.live.averages import Average
from stridewise.live.coach import CadenceCoach, FormCoach, Rules
from stridewise.live.grid import Grid
from stridewise.live.intake import Fate, Intake
from stridewise.live.phase import PhaseWatch
from stridewise.live.reader import STRIDE, LiveReader
from stridewise.live.rounds import Key, Round, evaluate, prepare
from stridewise.live.updates import (
    Contact,
    Notice,
    StepDone,
    StrideDone,
    Trace,
    Update,
    Value,
    Values,
)
from stridewise.metrics import GaitData, Sample, Summary, catalogue
from stridewise.recording import Recording
from stridewise.skeletons import SIDES, Side, other

Array = NDArray[np.float64]

#: What is kept and evaluated in each round, in seconds: 10 strides of a slow jogger.
WINDOW_S = 10.0
#: Shortest time from the start of one round to that of the next, in seconds.
ROUND_S = 2.5
#: Strides behind a smoothed value (6 to 10).
SMOOTH = 8
#: The noise of the points is measured and contacts are timed once more in so many rounds at first,
#: and then after so many.
_FIRST_ROUNDS, _NOISE_ROUNDS = 4, 6
#: Rows between two readings of the network, and between two pieces of other work, by hurry.
_STRIDES = (STRIDE, 2 * STRIDE, 4 * STRIDE, 8 * STRIDE)
_PIECES = (1, 3, 4, 8)
#: Metrics taken in at a time.
_TOLD = 8
#: Rows that a filter at the end of a window distorts, in seconds.
_EDGE_S = 0.3
#: Holds the last two strides, in seconds.
_RECENT_S = 2.5
#: What is known of every step and stride as soon as it ends.
_OF_STEP = ("ground_contact_time", "flight_time", "step_time")
_OF_STRIDE = ("stride_time", "duty_factor")

Piece = Generator[None, None, list[Update]]


class LiveAnalyzer:
    """Analyses running frame by frame.

    The network reads the last 1.6 s every three rows of its time base (60 per second); angles,
    metrics and areas of running form are evaluated over the last 10 s in rounds, a small piece with
    each frame. Functions, models and definitions are those of `stridewise.analyze`.

    Parameters
    ----------
    keypoints : sequence of str
        Canonical names of the points of every frame (`stridewise.skeletons.KEYPOINTS`).
    context : Context, optional
        What is known of the runner and the camera; `time_scale` and `repairs_off` do not apply.
    rules : Rules, optional
        When feedback is given.
    model : CombinedModel, optional
        The one that ships with the package by default.

    Raises
    ------
    InputError
        When keypoints are unknown, repeated or too few.

    Examples
    --------
    >>> import numpy as np
    >>> from stridewise.live import LiveAnalyzer
    >>> from stridewise.skeletons import REQUIRED
    >>> live = LiveAnalyzer(REQUIRED)
    >>> live.update(0.0, np.zeros((len(REQUIRED), 2)), np.zeros(len(REQUIRED)))
    []
    """

    def __init__(
        self,
        keypoints: Sequence[str],
        context: Context | None = None,
        rules: Rules | None = None,
        *,
        model: CombinedModel | None = None,
    ) -> None:
        self.keypoints = tuple(keypoints)
        self.context = context or Context()
        self.rules = rules or Rules()
        self._intake = Intake(self.keypoints)
        self._model = model or CombinedModel()
        _load()
        self._grid = Grid(len(self.keypoints), WINDOW_S)
        self._reader = LiveReader(self._model.network, self._grid, self.keypoints, WINDOW_S)
        self._phase = PhaseWatch(self.rules.warm_up_s, self.context.activity)
        self._coach = FormCoach(self.rules)
        self._cadence = CadenceCoach(self.rules) if self.rules.cadence_up else None
        self._work: deque[Piece] = deque()
        self._strides: deque[float] = deque(maxlen=2 * SMOOTH)
        self._recent: dict[Key, deque[float]] = defaultdict(lambda: deque(maxlen=SMOOTH))
        self._averages: dict[Key, Average] = defaultdict(Average)
        self._last_s: float | None = None
        self._traced_s = -np.inf
        self._round: Round | None = None
        self._rounds = 0
        self._hurry = 0
        self._evaluating = False
        self._next_round_s = -np.inf
        self._new_strides = False
        self._notes: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[Fate, int]:
        """Frames so far: good ones, and those left out by reason."""
        return dict(self._intake.counts)

    @property
    def latest(self) -> Round | None:
        """The last round, with every metric of the last strides."""
        return self._round

    def averages(self) -> dict[Key, Summary]:
        """Return median and uncertainty of each metric over the whole training, by id and side."""
        found = {key: average.summary() for key, average in self._averages.items()}
        return {key: summary for key, summary in found.items() if summary is not None}

    def update(
        self,
        time_s: float,
        xy: ArrayLike,
        confidence: ArrayLike | None = None,
        *,
        hurry: int = 0,
    ) -> list[Update]:
        """Take in one frame.

        Parameters
        ----------
        time_s : float
            When the picture was taken, in seconds on any clock. Frames that are late are left out
            and counted; a clock that jumps by more than a second starts the reading anew.
        xy : array, shape (keypoints, 2)
            Positions in the image, y down; NaN where not seen.
        confidence : array, shape (keypoints,), optional
            0 to 1; points below 0.3 count as not seen.
        hurry : int
            How much others wait, 0 to 3. The network then reads less often (contacts are known up
            to 50, 150 or 350 ms later) and rounds take longer, so that a busy machine catches up.

        Returns
        -------
        list of Update
            What has become known with this frame, see `stridewise.live.updates`.

        Raises
        ------
        InputError
            When the frame has the wrong size or no time; it then changes nothing.
        """
        time_s, points = self._intake.check(time_s, xy, confidence)
        fate = self._intake.sort(time_s, points)
        if fate not in ("good", "jump"):
            return []
        said: list[Update] = []
        if fate == "jump":
            said += self._restart(time_s)
        passed = 0.0 if self._last_s is None else time_s - self._last_s
        self._last_s = time_s
        self._grid.add(time_s, points)
        rows = max(round(passed * RATE), 1)
        self._hurry = hurry
        if self._grid.pending + rows > _STRIDES[hurry]:
            said += self._read(time_s)
            rows -= 1
        elif hurry and (self._grid.pending - rows) % _PIECES[hurry]:
            return said
        elif self._reader.stale:
            self._reader.refresh()
            rows -= 1
        for _ in range(min(rows, 1) if hurry else rows):
            said += self._go_on()
        return said

    def finish(self) -> list[Update]:
        """Say what is still to be said when no more frames come."""
        return [update for said in self.finish_in_pieces() for update in said]

    def finish_in_pieces(self) -> Iterator[list[Update]]:
        """Do what `finish` does, a millisecond at a time: others may have to be served."""
        if self._last_s is None:
            return
        while self._work:
            yield self._go_on()
        if self._new_strides:
            self._begin_round()
            while self._work:
                yield self._go_on()

    def _restart(self, time_s: float) -> list[Update]:
        """Begin anew on another clock; what was learnt of the runner stays."""
        said: list[Update] = [
            Notice(time_s, "stream", "The clock of the frames jumped: the reading starts anew.")
        ]
        said += self._phase.interrupt(time_s, "The stream was interrupted.")
        self._phase.new_clock()
        self._grid.clear()
        self._reader.clear()
        self._work.clear()
        self._strides.clear()
        self._recent.clear()
        for average in self._averages.values():
            average.until = -np.inf
        self._last_s, self._traced_s = None, -np.inf
        self._evaluating, self._new_strides, self._next_round_s = False, False, -np.inf
        return said

    def _read(self, time_s: float) -> list[Update]:
        """Let the network read what has come and say what has become known."""
        found = self._reader.read(self._grid.advance())
        if found is None:
            return list(self._phase.frame(time_s, self._reader.legs_seen))
        reading, new = found
        said: list[Update] = [self._trace(reading)]
        for event in new:
            said.append(Contact(event.kind, event.side, event.time_s, event.sd_s, time_s))
            if event.kind == "initial_contact":
                self._work.appendleft(self._landing(event, time_s))
        said += self._phase.frame(time_s, self._reader.legs_seen)
        if (
            self._new_strides
            and not self._evaluating
            and time_s >= self._next_round_s
            and self._grid.last(round(WINDOW_S * RATE))[0].size > 3 * RATE
        ):
            self._next_round_s = time_s + ROUND_S
            self._begin_round()
        return said

    def _trace(self, reading: Reading) -> Trace:
        new = slice(int(np.searchsorted(reading.time, self._traced_s + 1e-6)), None)
        self._traced_s = float(reading.time[-1])
        return Trace(
            reading.time[new].round(4).tolist(),
            *(_plain(reading.contact[side][new]) for side in SIDES),
            *(_plain(reading.value["vertical_force", side][new]) for side in SIDES),
        )

    def _go_on(self) -> list[Update]:
        """Do one piece of the work that waits."""
        if not self._work:
            return []
        work = self._work[0]
        try:
            next(work)
        except StopIteration as done:
            # Work that came meanwhile stands before it.
            self._work.remove(work)
            said: list[Update] = done.value
            return said
        return []

    def _landing(self, event: Event, now_s: float) -> Piece:
        """Say what the step and the stride that ended with this contact were like."""
        events = tuple(self._reader.events(event.time_s - _RECENT_S))
        time, _ = self._grid.last(round(3 * RATE))
        motion = Motion(time.copy(), events, {})
        data = GaitData(motion, find_steps(motion), 1 / self._grid.interval_s, "right")
        yield
        said: list[Update] = []
        before = other(event.side)
        step = _last(data, before, _OF_STEP, "next_contact", event.time_s)
        if step is not None:
            said.append(StepDone(before, *step))
        stride = _last(data, event.side, _OF_STRIDE, "next_same", event.time_s)
        if stride is None:
            return said
        began, values = stride
        values["cadence"] = 120.0 / values["stride_time"]
        said.append(StrideDone(event.side, began, values))
        self._new_strides = True
        said += self._phase.stride(event.time_s)
        said.append(self._smoothed(now_s, event.side, before, values, step[1] if step else {}))
        if self._cadence is not None and self._phase.phase != "suspended":
            said += self._cadence.stride(tuple(self._strides), self._phase.running_s, now_s)
        return said

    def _smoothed(
        self,
        now_s: float,
        side: Side,
        before: Side,
        stride: Mapping[str, float],
        step: Mapping[str, float],
    ) -> Values:
        """Take in the newest values and return their medians."""
        self._strides.append(stride["cadence"])
        self._averages["cadence", "both"].take(
            Sample(np.array([stride["cadence"]])), np.array([now_s])
        )
        self._recent["cadence", "both"] = self._strides
        changed: list[Key] = [("cadence", "both")]
        for owner, values in ((side, stride), (before, step)):
            for name, value in values.items():
                if name != "cadence":
                    self._recent[name, owner].append(value)
                    changed.append((name, owner))
        return Values(now_s, tuple(self._value(key) for key in changed))

    def _value(self, key: Key) -> Value:
        recent = self._recent[key]
        id, side = key
        unit, sd, low, high = catalogue()[id].unit, None, None, None
        if self._round is not None:
            estimate = self._round.estimate(*key)
            if estimate is not None:
                unit, sd = estimate.unit, estimate.sd
                if estimate.norm is not None:
                    low = estimate.norm.mean - 2 * estimate.norm.sd
                    high = estimate.norm.mean + 2 * estimate.norm.sd
        return Value(id, side, median(recent), unit, len(recent), sd, low, high)

    def _begin_round(self) -> None:
        """Put a round over the last seconds into the work."""
        self._new_strides = False
        self._evaluating = True
        self._work.append(self._evaluate())

    def _evaluate(self) -> Piece:
        time, xy = (part.copy() for part in self._grid.last(round(WINDOW_S * RATE)))
        reading = self._reader.whole(time, xy)
        own = self._reader.own_events(time[0])
        fps = 1 / self._grid.interval_s
        recording = Recording(xy, np.ones(xy.shape[:2]), time, self.keypoints)
        fresh = self._rounds < _FIRST_ROUNDS or self._rounds % _NOISE_ROUNDS == 0
        # Who is in a hurry has time for it later, but must have had it once.
        known = None if fresh and self._hurry < 2 else self._round
        yield
        try:
            prepared = yield from prepare(recording, own, self._model, self.context, known)
            self._reader.calibrate(prepared.timed)
            yield
            events = [e for e in self._reader.events(time[0]) if e.time_s <= time[-1]]
            reading = corrected(reading, own, events, 1 / fps, self._model.force)
            yield
            found = yield from evaluate(
                prepared, reading, events, self._model.network, self.context, fps
            )
        except InputError as error:
            self._evaluating = False
            return self._note((str(error),), float(time[-1]))
        self._round, self._rounds, self._evaluating = found, self._rounds + 1, False
        yield
        said = yield from self._told(found, float(time[-1]))
        return said

    def _told(self, found: Round, until_s: float) -> Piece:
        """Say what a round has found."""
        now_s = until_s if self._last_s is None else self._last_s
        said: list[Update] = self._note(found.notes, now_s)
        said += self._phase.round(found, now_s)
        changed = []
        for i, ((id, side), sample) in enumerate(found.samples.items()):
            if i % _TOLD == _TOLD - 1:
                yield
            self._average(found.data, (id, side), sample, until_s)
            known = sample.values[np.isfinite(sample.values)]
            if id not in (*_OF_STEP, *_OF_STRIDE) and len(known):
                self._recent[id, side] = deque(known[-SMOOTH:].tolist(), SMOOTH)
                changed.append((id, side))
        said.append(Values(now_s, tuple(self._value(key) for key in changed)))
        if self._cadence is None and self._phase.steady:
            said += self._coach.judge(found, self._phase.running_s, now_s)
        return said

    def _average(self, data: GaitData, key: Key, sample: Sample, until_s: float) -> None:
        """Add the steps that are complete and away from the ends of the window."""
        steps = data.of(key[1])
        if len(steps) != len(sample.values):
            return
        inside = np.where(
            np.nan_to_num(steps.next_same, nan=np.inf) < until_s - _EDGE_S,
            steps.initial_contact,
            -np.inf,
        )
        self._averages[key].take(sample, inside)

    def _note(self, notes: tuple[str, ...], now_s: float) -> list[Update]:
        """Say what is new about the capture."""
        new = [note for note in notes if note not in self._notes]
        self._notes = notes
        return [Notice(now_s, "capture", note) for note in new]


def _load() -> None:
    """Load what is else loaded with the first frames, which should not wait for it."""
    import scipy.interpolate
    import scipy.ndimage
    import scipy.signal
    import scipy.special  # noqa: F401


def _last(
    data: GaitData, side: MetricSide, ids: Sequence[str], until: str, end_s: float
) -> tuple[float, dict[str, float]] | None:
    """Start and values of the step of a side that ended at `end_s`; None where there is none."""
    own = data.of(side)
    ended = np.flatnonzero(np.abs(getattr(own, until) - end_s) < 1e-9)
    if not len(ended):
        return None
    row = int(ended[-1])
    values: dict[str, float] = {}
    for id in ids:
        found: Any = catalogue()[id].function(data, side)
        if isinstance(found, Sample) and np.isfinite(found.values[row]):
            values[id] = float(found.values[row])
    return float(own.initial_contact[row]), values


def _plain(values: Array) -> list[float | None]:
    return [round(v, 3) if v == v else None for v in values.tolist()]
