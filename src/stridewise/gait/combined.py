"""The default gait model: the network, checked by geometry and falling back on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import foot_path, force, learned
from stridewise.gait.encoding import INPUT_POINTS, OUTPUTS, Key
from stridewise.gait.foot_path import FootPaths
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.learned import Network, Reading
from stridewise.gait.motion import KINDS, Event, Motion, Signal, instants
from stridewise.gait.signals import Signals
from stridewise.placement import EXACT, Offsets, lasting
from stridewise.recording import Recording
from stridewise.repair.resample import nearest_index
from stridewise.skeletons import SIDES
from stridewise.view import View

Array = NDArray[np.float64]

#: Events of both models this close belong together.
_SAME_S = 0.1
#: Medians of the difference between both models above which one of them is wrong.
_APART_S = 0.025
#: Share of events that only one of the models found from which on they contradict each other.
_ALONE = 0.15
#: A network that thinks worse of itself than this, in seconds, has not seen such a thing.
_UNSURE_S = 0.030
#: Points that an output needs beside hips, knees and ankles, of its own side or of both.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "trunk_lean": ("shoulder",),
    "trunk_lateral": ("shoulder",),
    "hip_flexion": ("shoulder",),
    "upper_arm": ("shoulder", "elbow"),
    "elbow_flexion": ("shoulder", "elbow", "wrist"),
    "foot": ("heel", "big_toe"),
    "ankle_dorsiflexion": ("heel", "big_toe"),
}
#: What a camera that shows another plane must be able to tell, as a standard deviation in the
#: signal's unit, for it to be worth telling: about what runners differ by.
_WORTH = {
    "pelvic_obliquity": 1.6,
    "thigh_adduction": 2.0,
    "hip_adduction": 2.6,
    "frontal_knee": 3.0,
    "trunk_lateral": 2.5,
    "ankle_lateral": 0.012,
    "knee_gap": 0.08,
}
#: The network follows lasting offsets of the points by about this share of what they make of lines
#: (laboratory runners, offsets of 2 %: 0.03 to 0.6, most 0.3 to 0.5, from any side).
_FOLLOWS = 0.4
#: Outputs that are not signals of their own.
_NO_SIGNALS = frozenset({"initial_contact", "toe_off", "pelvis_bounce"})


class CombinedModel:
    """What the network and geometry say together.

    Events are the mean of both, moved to where the paths of all strides place them
    (`stridewise.gait.foot_path`); ground force is the network's, put right over all strides
    (`stridewise.gait.force`). A signal that both know is their mean by certainty; where the view
    keeps geometry from it, the network speaks alone. When the network contradicts geometry or is
    unsure throughout, geometry speaks alone and the motion says why.

    Parameters
    ----------
    network : Network, optional
        The one that ships with the package by default.
    geometric : GeometricModel, optional
        Fallback and check.
    paths : FootPaths, optional
        How feet move about events; those that ship with the package by default.
    """

    def __init__(
        self,
        network: Network | None = None,
        geometric: GeometricModel | None = None,
        paths: FootPaths | None = None,
    ) -> None:
        self.network = network or learned.shipped()
        self.geometric = geometric or GeometricModel()
        self.paths = paths
        self.force = force.from_json(self.network.calibration["force"])
        self.name = f"{self.network.name} + {self.geometric.name}"

    def read(self, recording: Recording, view: View) -> Motion:
        """Turn a cleaned recording (even time base) and its view into motion."""
        plain = self.geometric.read(recording, view)
        reading = learned.read(self.network, recording)
        events = learned.events(reading)
        doubt, lost = cross_check(events, plain.events)
        if lost:
            return replace(plain, doubt=doubt)
        timed = foot_path.refine(fused(events, plain.events), recording, view, self.paths)
        reading = force.corrected(reading, events, timed, 1 / recording.fps, self.force)
        signals, absent = join_signals(
            self.network,
            reading,
            recording,
            view,
            plain.signals,
            plain.absent,
            self.geometric.offsets,
        )
        return Motion(
            recording.time,
            timed,
            signals,
            absent,
            self.name,
            doubt,
            reading.yaw_deg,
        )


def join_signals(
    network: Network,
    reading: Reading,
    recording: Recording,
    view: View,
    plain: Mapping[Key, Signal],
    plain_absent: Mapping[str, str],
    offsets: Offsets,
) -> tuple[Signals, dict[str, str]]:
    """Join the signals of both models.

    Parameters
    ----------
    network : Network
        For its calibration.
    reading : Reading
        What the network says.
    recording : Recording
        What both have read.
    view : View
    plain, plain_absent : mapping
        Signals of the geometric model, and the reasons for those that it lacks.
    offsets : Offsets
        How far points lie beside their joints throughout, in a flat picture.

    Returns
    -------
    signals, absent : dict
        As in `Motion`.
    """
    bias = network.calibration["bias_share"]
    off = lasting(offsets if view.flat else EXACT)
    signals: Signals = dict(plain)
    absent = dict(plain_absent)
    for key in OUTPUTS:
        if key[0] in _NO_SIGNALS or not _shown(recording, key):
            continue
        signal = _signal(reading, key, recording.time, float(bias.get(key[0], 0.5)))
        points_sd = _FOLLOWS * off.get(key[0], 0.0)
        whole = float(np.hypot(signal.bias_sd, points_sd))
        signal = replace(signal, bias_sd=whole, points_sd=points_sd)
        if not view.flat and key in signals:
            # Three-dimensional points show every angle as it is.
            continue
        if key in signals:
            signals[key] = together(signals[key], signal)
        elif np.hypot(signal.sd, signal.own_sd) <= _WORTH.get(key[0], np.inf):
            signals[key] = signal
            absent.pop(key[0], None)
    return signals, absent


def together(a: Signal, b: Signal) -> Signal:
    """Mean of two opinions about the same points by certainty.

    They err alike, so that their errors do not average out: the mean errs by the mean of what they
    err by. What lasting offsets of the points make, both have in common; it does not say which of
    them to believe.
    """
    variance_a, variance_b = (s.sd**2 + s.own_sd**2 for s in (a, b))
    share = variance_b / (variance_a + variance_b) if variance_a + variance_b > 0 else 0.5
    mean = share * a.value + (1 - share) * b.value
    value = np.where(np.isnan(a.value), b.value, np.where(np.isnan(b.value), a.value, mean))
    sd, own, points = (
        share * x + (1 - share) * y
        for x, y in ((a.sd, b.sd), (a.own_sd, b.own_sd), (a.points_sd, b.points_sd))
    )
    return Signal(value, sd, float(np.hypot(own, points)), points)


def fused(events: Sequence[Event], check: Sequence[Event]) -> tuple[Event, ...]:
    """Take the mean of both models' instants by certainty, where both found an event."""
    joined: list[Event] = []
    for kind in KINDS:
        for side in SIDES:
            mine, others = (
                sorted(
                    (e for e in found if (e.kind, e.side) == (kind, side)), key=lambda e: e.time_s
                )
                for found in (events, check)
            )
            if not others:
                joined += mine
                continue
            times = [np.array([e.time_s for e in found]) for found in (others, mine)]
            for event, i in zip(mine, nearest_index(*times).tolist(), strict=True):
                near = abs(others[i].time_s - event.time_s) < _SAME_S
                joined.append(_between(event, others[i]) if near else event)
    return tuple(sorted(joined, key=lambda event: event.time_s))


def _between(event: Event, other: Event) -> Event:
    """Join two opinions; both see the same points, so that half of their error is taken as shared.

    The variance is half-way between that of opinions that err alike and that of independent ones.
    """
    variance, other_variance = event.sd_s**2, other.sd_s**2
    share = other_variance / (variance + other_variance)
    alike = share * variance + (1 - share) * other_variance
    independent = variance * other_variance / (variance + other_variance)
    return replace(
        event,
        time_s=share * event.time_s + (1 - share) * other.time_s,
        sd_s=((alike + independent) / 2) ** 0.5,
    )


def cross_check(events: Sequence[Event], check: Sequence[Event]) -> tuple[str, bool]:
    """Compare the events of the network with those of geometry.

    Returns
    -------
    doubt : str
        What is wrong, in plain words; empty when nothing is.
    lost : bool
        Whether geometry should be believed instead.
    """
    if not events:
        return "The gait network found no contacts; simple rules were used instead.", True
    sure = float(np.median([event.sd_s for event in events]))
    if sure > _UNSURE_S:
        return (
            f"The gait network is unsure of its contacts (±{2e3 * sure:.0f} ms): this differs "
            "from the running that it learnt from. Simple rules were used instead.",
            True,
        )
    # At the ends of a recording one model may see what the other does not.
    start = max((found[0].time_s for found in (events, check) if found), default=0.0)
    end = min((found[-1].time_s for found in (events, check) if found), default=0.0)
    events, check = (
        [e for e in found if start - _SAME_S <= e.time_s <= end + _SAME_S]
        for found in (events, check)
    )
    if not events or not check:
        return "", False
    matched: list[float] = []
    for kind in KINDS:
        for side in SIDES:
            mine, other = (instants(found, kind, side) for found in (events, check))
            if len(mine) and len(other):
                away = other[nearest_index(other, mine)] - mine
                matched += away[np.abs(away) < _SAME_S].tolist()
    pairs = max(len(events), len(check))
    alone = 1 - len(matched) / pairs
    if alone > _ALONE:
        return (
            f"The gait network and simple rules disagree on {100 * alone:.0f} % of the contacts: "
            "contact times are doubtful.",
            False,
        )
    apart = float(np.median(np.abs(matched)))
    if apart > _APART_S:
        return (
            f"The gait network and simple rules place contacts {1e3 * apart:.0f} ms apart: contact "
            "times are doubtful.",
            False,
        )
    return "", False


def _shown(recording: Recording, key: Key) -> bool:
    """Say whether the points that an output needs are there."""
    name, side = key
    sides = SIDES if side is None else (side,)
    needed = [f"{s}_{part}" for s in sides for part in _NEEDS.get(name, ())]
    return all(point in INPUT_POINTS for point in needed) and recording.has(*needed)


def _signal(reading: Reading, key: Key, time: Array, bias_share: float) -> Signal:
    """Bring an output to the frames of the recording; its error split into lasting and random."""
    value = np.interp(time, reading.time, reading.value[key])
    known = np.isfinite(reading.value[key])
    sd = reading.sd[key][known]
    size = float(np.sqrt(np.mean(sd**2))) if len(sd) else 0.0
    return Signal(value, size * (1 - bias_share) ** 0.5, size * bias_share**0.5)
