"""When to say something to a runner, and what: one thing at a time, seldom, and ever less.

The rules follow the evidence on feedback in gait retraining: faded feedback (Willy et al. 2012;
Crowell & Davis 2011), one target and feedback only outside a band, with praise inside it (Van
Hooren et al. 2020), and small changes of cadence (Heiderscheit et al. 2011; Doyle et al. 2022).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.estimate import Estimate
from stridewise.form import load_areas
from stridewise.form.areas import Area, Condition
from stridewise.form.probability import limit
from stridewise.live.rounds import Key, Round
from stridewise.live.updates import Cue, Target
from stridewise.metrics import Sample, catalogue
from stridewise.result import Finding
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """When feedback is given.

    Parameters
    ----------
    warm_up_s : float
        Running without feedback at the start (60 to 120 s are advised).
    training_s : float
        How long feedback fades: over each quarter of this time a share of `fading` is given.
    fading : sequence of float
        Share of the occasions on which something is said, quarter by quarter.
    pause_s : float
        Shortest time between two cues (at most one in 20 to 30 s).
    steps : int
        Fewest steps per side behind a cue.
    share : float
        Share of these steps that must lie past the threshold.
    band_strides : int
        Last strides that must be out of the band for a cue to be given (3 to 5).
    hysteresis : float
        How far a value must come back before an area counts as mended, in smallest detectable
        changes.
    cadence_up : float or None
        Target mode: raise the cadence by this share (0.05; 0.10 at most) and say nothing else.
    baseline_spm : float, optional
        Cadence that is raised; that of the warm-up by default.
    band : float
        Half width of the cadence band as a share of the target.
    metronome_s : (float, float)
        Seconds with and without the metronome, in turns.
    in_pain : bool
        The runner has pain: no cue is given.

    Raises
    ------
    InputError
        When the cadence is to be raised by more than 10 %, or a share is none.
    """

    warm_up_s: float = 60.0
    training_s: float = 1200.0
    fading: tuple[float, ...] = (1.0, 0.5, 0.25, 0.0)
    pause_s: float = 25.0
    steps: int = 8
    share: float = 0.7
    band_strides: int = 4
    hysteresis: float = 0.5
    cadence_up: float | None = None
    baseline_spm: float | None = None
    band: float = 0.025
    metronome_s: tuple[float, float] = (25.0, 25.0)
    in_pain: bool = False

    def __post_init__(self) -> None:
        if self.cadence_up is not None and not 0 < self.cadence_up <= 0.10:
            raise InputError(
                "The cadence cannot be raised by that much",
                expected="a share above 0 and up to 0.10; 0.05 to begin with",
                received=self.cadence_up,
            )
        if not self.fading or not all(0 <= share <= 1 for share in self.fading):
            raise InputError(
                "The fading of feedback is not usable",
                expected="shares between 0 and 1, one for each part of the training",
                received=self.fading,
            )


class Occasions:
    """Spreads cues evenly: of the occasions, the share that the fading leaves is taken.

    Parameters
    ----------
    rules : Rules
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._credit = 0.0
        self._last_s = -np.inf

    def share(self, running_s: float) -> float:
        """Share of the occasions taken after so many seconds of running."""
        rules = self._rules
        parts = len(rules.fading)
        into = max(running_s - rules.warm_up_s, 0.0) / rules.training_s
        return rules.fading[min(int(into * parts), parts - 1)]

    def take(self, running_s: float) -> bool:
        """Say whether to speak now; asked on every occasion."""
        if running_s < self._rules.warm_up_s or running_s - self._last_s < self._rules.pause_s:
            return False
        # What is not said still counts as an occasion, so that the next one comes a pause later.
        self._last_s = running_s
        self._credit += self.share(running_s)
        if self._credit < 1.0 - 1e-9:
            return False
        self._credit -= 1.0
        return True


class FormCoach:
    """Chooses one area of running form, and speaks of it until it is mended.

    Parameters
    ----------
    rules : Rules
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._areas = {area.id: area for area in load_areas().areas}
        self._occasions = Occasions(rules)
        #: What is worked on; None when nothing is.
        self.target: Finding | None = None
        self._spoken = False

    def judge(self, found: Round, running_s: float, time_s: float) -> list[Cue]:
        """Look at a round; return at most one cue.

        Parameters
        ----------
        found : Round
        running_s : float
            Seconds of undisturbed running so far.
        time_s : float
            Now.
        """
        if self._rules.in_pain:
            return []
        if self.target is not None and self._mended(self.target, found):
            self.target = None
        if self.target is None:
            self.target = next(
                (f for f in found.assessment.findings if self._raised(f, found)), None
            )
            self._spoken = False
        if self.target is None:
            return []
        out = all(
            _share_beyond(found, condition, side, self._rules.band_strides) == 1.0
            for condition, side in self._shown(self.target, found)
        )
        if out and self._occasions.take(running_s):
            self._spoken = True
            return [Cue(time_s, "correct", self.target.area, self.target.cue, self.target.title)]
        if not out and self._spoken:
            # Once for each correction that worked.
            self._spoken = False
            return [Cue(time_s, "praise", self.target.area, "Good, hold it.", self.target.title)]
        return []

    def _raised(self, finding: Finding, found: Round) -> bool:
        """Say whether enough steps show it, not only those of the leg that is hard to see."""
        if finding.priority is None or finding.side == _far_leg(found):
            return False
        shown = self._shown(finding, found)
        return bool(shown) and all(
            _share_beyond(found, condition, side, self._rules.steps, at_least=self._rules.steps)
            >= self._rules.share
            for condition, side in shown
        )

    def _mended(self, finding: Finding, found: Round) -> bool:
        """Say whether every sign of it has come back well within its threshold."""
        shown = self._shown(finding, found)
        return bool(shown) and all(
            _within(found, condition, side, self._rules.hysteresis) for condition, side in shown
        )

    def _shown(self, finding: Finding, found: Round) -> list[tuple[Condition, Side | None]]:
        """Conditions that a finding rests on, for each side that it was found on."""
        area: Area = self._areas[finding.area]
        pairs: list[tuple[Condition, Side | None]] = []
        for condition in area.conditions:
            if condition.metric not in finding.metrics:
                continue
            sides = SIDES if finding.side == "both" else (finding.side,)
            own = [side for side in sides if (condition.metric, side) in found.samples]
            pairs += [(condition, side) for side in own]
            if not own and (condition.metric, "both") in found.samples:
                pairs.append((condition, None))
        return pairs


def _far_leg(found: Round) -> Side | None:
    """Return the leg that a side view hides now and then."""
    if found.data.three_d or found.view.name not in SIDES:
        return None
    return "right" if found.view.name == "left" else "left"


def _share_beyond(
    found: Round, condition: Condition, side: Side | None, last: int, at_least: int = 1
) -> float:
    """Share of the last known steps that lie past the first cut-off; 0 where there are too few."""
    values, cut = _values(found.samples, condition, side), _cut(found, condition, side)
    recent = values[-max(last, at_least) :]
    if cut is None or len(recent) < at_least:
        return 0.0
    return float(np.mean(_beyond(condition, recent, cut)))


def _within(found: Round, condition: Condition, side: Side | None, hysteresis: float) -> bool:
    """Say whether the value has come back past the cut-off by a share of its smallest change."""
    estimate, cut = _estimate(found, condition, side), _cut(found, condition, side)
    if estimate is None or estimate.value is None or cut is None:
        return False
    mdc = catalogue()[condition.metric].mdc_at(found.data.fps)
    room = hysteresis * (mdc if mdc is not None else 2.0 * (estimate.sd or 0.0))
    inner = cut + room if condition.direction == "below" else cut - room
    return not bool(_beyond(condition, np.array([estimate.value]), inner)[0])


def _beyond(condition: Condition, values: Array, cut: float) -> NDArray[np.bool_]:
    if condition.direction == "below":
        return np.asarray(values < cut)
    return np.asarray((np.abs(values) if condition.direction == "beyond" else values) > cut)


def _values(samples: Mapping[Key, Sample], condition: Condition, side: Side | None) -> Array:
    values = samples[condition.metric, side or "both"].values
    return values[np.isfinite(values)]


def _estimate(found: Round, condition: Condition, side: Side | None) -> Estimate | None:
    key = (condition.metric, side or "both")
    return next((e for e in found.estimates if (e.id, e.side) == key), None)


def _cut(found: Round, condition: Condition, side: Side | None) -> float | None:
    """First cut-off in the unit of the metric; None where there is no norm to tell it."""
    estimate = _estimate(found, condition, side)
    if estimate is None or (condition.scale == "z" and estimate.norm is None):
        return None
    return limit(condition, 1, estimate, load_areas().norm_people)[0]


class CadenceCoach:
    """Target mode: a few per cent more steps per minute, by metronome and tone.

    Parameters
    ----------
    rules : Rules
        With `cadence_up`.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._occasions = Occasions(rules)
        self.baseline = rules.baseline_spm
        self._warm: list[float] = []
        self._spoken = False

    def stride(
        self, recent: Sequence[float], running_s: float, time_s: float
    ) -> list[Target | Cue]:
        """Take in a stride.

        Parameters
        ----------
        recent : sequence of float
            Cadence of the last strides, newest last, in steps per minute.
        running_s : float
            Seconds of undisturbed running so far.
        time_s : float
            Now.
        """
        rules = self._rules
        if self.baseline is None:
            if running_s < rules.warm_up_s:
                # Two minutes of strides of both feet are enough for a median.
                self._warm = [*self._warm[-400:], recent[-1]]
                return []
            if len(self._warm) < rules.steps:
                self._warm.append(recent[-1])
                return []
            self.baseline = float(np.median(self._warm))
        goal = self.baseline * (1 + (rules.cadence_up or 0.0))
        low, high = goal * (1 - rules.band), goal * (1 + rules.band)
        cadence = float(np.median(recent[-2 * rules.band_strides :]))
        in_band = low <= cadence <= high
        on, off = rules.metronome_s
        metronome = (running_s - rules.warm_up_s) % (on + off) < on
        said: list[Target | Cue] = [
            Target(
                time_s,
                self.baseline,
                cadence,
                goal,
                low,
                high,
                in_band,
                metronome and not rules.in_pain,
            )
        ]
        if rules.in_pain:
            return said
        why = f"{cadence:.0f} steps/min; the target is {goal:.0f}"
        if in_band and self._spoken:
            # Once for each correction that worked.
            self._spoken = False
            said.append(Cue(time_s, "praise", "cadence", "Good, hold it.", why))
        elif not in_band and self._occasions.take(running_s):
            text = "Quicker, lighter steps." if cadence < low else "A little slower steps."
            said.append(Cue(time_s, "target", "cadence", text, why))
            self._spoken = True
        return said
