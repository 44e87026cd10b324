"""What a real pose estimator makes of perfect points: errors drawn from its measured fingerprint.

A fingerprint is learnt from films of laboratory runners (`training.films.fingerprint`), apart for
each view. It says by how much points lag, where they lie beside the truth over the stride, how
people differ in that, what remains, how it hangs together over time and between points, when a
point goes over to the other side of the body, and what visibility is stated.

Errors are in leg lengths, x along the picture and y up, in a picture that is mirrored where that
is needed to see the runner's right side. Seen from the side, right points are the near ones then,
and x is ahead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.gait.motion import Event, instants
from stridewise.recording import Recording
from stridewise.simulate.curves import TOE_OFF, basis, stride_phase
from stridewise.simulate.estimators import FOLDER, names
from stridewise.simulate.noise import wander
from stridewise.skeletons import SIDES, Side, other

Array = NDArray[np.float64]

#: Views that errors are told apart by: where the camera stands once the picture is mirrored.
VIEWS: Mapping[str, tuple[float, ...]] = {
    "side": (0.0,),
    "oblique": (-45.0, 45.0),
    "back": (-90.0,),
    "front": (90.0,),
}
#: Steps in which the way to the other side is counted (`Habits.over`).
STEPS = 5
#: Normal scores at which the size of what remains is told (`Habits.tail`).
KNOTS = np.arange(0.0, 4.1, 0.5)
#: A drawn person is like a filmed one in this share of the variance between people.
_LIKENESS = 0.75
#: How much longer or shorter strides may last for people to run alike, as a share.
_SAME_PACE = 0.05


@dataclass(frozen=True, eq=False)
class Habits:
    """How an estimator errs from one view.

    Parameters
    ----------
    films : int
        How many films were measured.
    lag_s : ndarray, shape (points,)
        By how much each point trails.
    shape : ndarray, shape (points, 2, coefficients)
        Mean error over the stride of the point's own leg, in leg lengths
        (`stridewise.simulate.curves.basis`); the first coefficient is the constant offset.
    bends : ndarray, shape (components, points, 2, fewer coefficients)
        How people differ from that in the first coefficients: one standard deviation each.
    people : ndarray, shape (people, components)
        Filmed people, in standard deviations.
    pace_s : ndarray, shape (people,)
        How long their strides last.
    spread : ndarray, shape (points, 2, bins)
        Robust standard deviation of what remains, by phase of the own leg, in leg lengths.
    level : ndarray, shape (people, points)
        What remains of a filmed person against that, as a logarithm.
    alike : ndarray, shape (bins, pairs)
        How what remains goes together, in normal scores: correlations by phase of the right leg,
        the upper triangles row by row (`root`).
    memory : ndarray, shape (2, 2 * points)
        Of each score: the share that is new in every frame, the time constant of the rest in s.
    tail : ndarray, shape (points, len(KNOTS))
        Size of what remains, in standard deviations, at normal scores of `KNOTS`.
    over : ndarray of uint8, shape (people, points, strides, bins)
        How far a point lies over at the other side's in strides that follow one another, in
        `STEPS` steps, by phase of the right leg.
    seen : ndarray, shape (points, bins)
        Visibility by phase of the own leg, in log odds.
    seen_level : ndarray, shape (people, points)
        What a filmed person adds to that.
    seen_over : ndarray, shape (points,)
        What a point adds to that where it lies at the other side's.
    seen_memory : ndarray, shape (2, points)
        Spread around all this, and its time constant in seconds.
    lost : ndarray, shape (2, people)
        How often a second nobody is found, and for how many seconds.
    """

    films: int
    lag_s: Array
    shape: Array
    bends: Array
    people: Array
    pace_s: Array
    spread: Array
    level: Array
    alike: Array
    memory: Array
    tail: Array
    over: NDArray[np.uint8]
    seen: Array
    seen_level: Array
    seen_over: Array
    seen_memory: Array
    lost: Array

    @cached_property
    def roots(self) -> Array:
        """What gives independent normal scores the correlations `alike`, (bins, n, n)."""
        return np.stack([root(alike) for alike in self.alike])


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What an estimator gets wrong.

    Parameters
    ----------
    name : str
        Of the estimator, and how it runs.
    layout : str
        In which it writes (`stridewise.skeletons.LAYOUTS`).
    keypoints : tuple of str
        The points that are known of.
    views : mapping of str to Habits
        By the keys of `VIEWS`, as far as there were films.
    """

    name: str
    layout: str
    keypoints: tuple[str, ...]
    views: Mapping[str, Habits]

    def habits(self, yaw_deg: float) -> Habits:
        """Return how it errs for a camera that stands here (`stridewise.simulate.camera.Camera`).

        Raises
        ------
        InputError
            When there were no films from such a view.
        """
        view = view_of(yaw_deg)
        if view not in self.views:
            raise InputError(
                f"The errors of {self.name} are not known for this view ({view})",
                expected=f"one of: {', '.join(self.views)}",
                received=f"a camera at yaw {yaw_deg:g}",
            )
        return self.views[view]


@cache
def fingerprint(name: str) -> Fingerprint:
    """Load what is known of an estimator.

    Raises
    ------
    InputError
        When nothing is known of it.
    """
    if name not in names():
        raise InputError(
            "Nothing is known of this pose estimator", expected=", ".join(names()), received=name
        )
    with (FOLDER / f"{name}.npz").open("rb") as file:
        return load(file)


def view_of(yaw_deg: float) -> str:
    """Return the nearest of `VIEWS`."""
    turned = np.arcsin(np.sin(np.radians(yaw_deg)))
    return min(VIEWS, key=lambda view: min(abs(np.degrees(turned) - yaw) for yaw in VIEWS[view]))


def is_mirrored(yaw_deg: float) -> bool:
    """Say whether the picture must be mirrored to see the runner's right side."""
    return bool(np.cos(np.radians(yaw_deg)) < 0)


def twin(name: str) -> str:
    """Return the same point of the other side; itself on the midline."""
    side, _, part = name.partition("_")
    return f"{other(side)}_{part}" if side in SIDES else name


def sides(keypoints: Iterable[str]) -> NDArray[np.intp]:
    """Return, per point, the leg whose stride it follows: 0 right and midline, 1 left."""
    return np.array([int(name.startswith("left_")) for name in keypoints])


def twins(keypoints: tuple[str, ...]) -> NDArray[np.intp]:
    """Return, per point, the index of its twin."""
    return np.array([keypoints.index(twin(name)) for name in keypoints])


def leg_phase(time: Array, events: Iterable[Event], side: Side) -> Array:
    """Phase of one leg (`stride_phase`) at all times; strides go on evenly beyond the events.

    Raises
    ------
    InputError
        When the leg has fewer than two contacts.
    """
    events = tuple(events)
    contact = np.sort(instants(events, "initial_contact", side))
    off = np.sort(instants(events, "toe_off", side))
    if len(contact) < 2:
        raise InputError(
            f"The {side} leg has too few contacts to tell its phase",
            expected="2 or more",
            received=len(contact),
        )
    stride = float(np.median(np.diff(contact)))
    before = int(np.ceil(max(contact[0] - time[0], 0.0) / stride)) + 1
    after = int(np.ceil(max(time[-1] - contact[-1], 0.0) / stride)) + 1
    contact = np.concatenate(
        [
            contact[0] - stride * np.arange(before, 0, -1),
            contact,
            contact[-1] + stride * np.arange(1, after + 1),
        ]
    )
    end = np.append(contact[1:], contact[-1] + stride)
    next_off = np.append(off, np.inf)[np.searchsorted(off, contact, side="right")]
    known = next_off < end
    share = (next_off - contact)[known] / (end - contact)[known]
    usual = contact + (np.median(share) if known.any() else TOE_OFF) * (end - contact)
    return stride_phase(time, contact, np.where(known, next_off, usual))


def later(time: Array, xy: Array, lag_s: Array) -> Array:
    """Return where points were `lag_s` ago, seen from the runner's way through the picture.

    Parameters
    ----------
    time : ndarray, shape (frames,)
    xy : ndarray, shape (frames, points, 2)
    lag_s : ndarray, shape (points,)
    """
    from scipy.interpolate import CubicSpline, PPoly

    middle = np.nanmean(xy, axis=1)
    seen = np.isfinite(middle[:, 0])
    if seen.sum() < 4:
        return xy.copy()
    clock = (time - time[0]) / max(time[-1] - time[0], 1e-9)
    way = np.polynomial.polynomial.polyvander(clock, 3)
    way = way @ np.linalg.lstsq(way[seen], middle[seen], rcond=None)[0]
    moved = np.full_like(xy, np.nan)
    # Points that are missing in the same frames share their knots.
    alike: dict[bytes, list[int]] = {}
    for point, mask in enumerate(np.isfinite(xy[..., 0]).T):
        alike.setdefault(mask.tobytes(), []).append(point)
    for mask_bytes, points in alike.items():
        known = np.frombuffer(mask_bytes, dtype=bool)
        if known.sum() < 4:
            continue
        at = time[known]
        paths = CubicSpline(at, xy[known][:, points] - way[known, None])
        for i, point in enumerate(points):
            path = PPoly.construct_fast(paths.c[:, :, i], paths.x)
            moved[known, point] = path(np.clip(at - lag_s[point], at[0], at[-1])) + way[known]
    return moved


def imitate(
    perfect: Recording,
    source: Fingerprint,
    events: Iterable[Event],
    yaw_deg: float,
    leg_px: float | Array,
    rng: np.random.Generator,
) -> Recording:
    """Return a recording as a real pose estimator would have written it, of somebody drawn.

    Parameters
    ----------
    perfect : Recording
        Perfect points.
    source : Fingerprint
        Of the estimator.
    events : iterable of Event
        Contacts of both legs on the clock of the recording, at least two each.
    yaw_deg : float
        Where the camera stands (`stridewise.simulate.camera.Camera`).
    leg_px : float or ndarray, shape (frames,)
        Length of the runner's leg in the unit of the recording.
    rng : numpy.random.Generator
        Same generator state, same result.

    Returns
    -------
    Recording
        With the points that both the recording and the estimator have.

    Raises
    ------
    InputError
        When the estimator's errors are not known from such a view, or contacts are too few.
    """
    habits, mirrored, events = source.habits(yaw_deg), is_mirrored(yaw_deg), tuple(events)
    time, keypoints = perfect.time, source.keypoints
    phase = np.stack(
        [leg_phase(time, events, other(s) if mirrored else s) for s in ("right", "left")], axis=1
    )
    scale = np.broadcast_to(leg_px, time.shape)[:, None, None] * np.array(
        [-1.0 if mirrored else 1.0, -1.0]
    )
    written = [twin(name) if mirrored else name for name in keypoints]
    true = np.stack([perfect.point(name) for name in written], axis=1) / scale
    person = Person.draw(habits, float((time[-1] - time[0]) / np.ptp(phase[:, 0])), rng)
    xy, seen = person.mislead(keypoints, time, phase, true, rng)
    present = [i for i, name in enumerate(written) if perfect.has(name)]
    order = sorted(present, key=lambda i: keypoints.index(written[i]))
    return perfect.with_(
        xy=(xy * scale)[:, order],
        confidence=seen[:, order],
        keypoints=tuple(written[i] for i in order),
        depth=None,
    )


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody at whom an estimator errs in a way of its own.

    Parameters
    ----------
    habits : Habits
        How it errs with people.
    who : int
        The filmed person whom this one is most like.
    shape : ndarray, shape (points, 2, coefficients)
        Error over the stride, in leg lengths.
    """

    habits: Habits
    who: int
    shape: Array

    @classmethod
    def draw(cls, habits: Habits, pace_s: float, rng: np.random.Generator) -> Person:
        """Draw somebody, like those whose strides last about as long."""
        apart = np.log(habits.pace_s / pace_s) / _SAME_PACE
        chance = np.exp(-0.5 * (apart**2 - (apart**2).min()))
        who = int(rng.choice(len(chance), p=chance / chance.sum()))
        own = rng.standard_normal(habits.people.shape[1])
        scores = np.sqrt(_LIKENESS) * habits.people[who] + np.sqrt(1 - _LIKENESS) * own
        shape = habits.shape.copy()
        shape[..., : habits.bends.shape[-1]] += np.tensordot(scores, habits.bends, axes=1)
        return cls(habits, who, shape)

    def mislead(
        self,
        keypoints: tuple[str, ...],
        time: Array,
        phase: Array,
        true: Array,
        rng: np.random.Generator,
    ) -> tuple[Array, Array]:
        """Return where the estimator puts the points, and how visible it calls them.

        Parameters
        ----------
        keypoints : tuple of str
        time : ndarray, shape (frames,)
        phase : ndarray, shape (frames, 2)
            Of the right leg and of the left.
        true : ndarray, shape (frames, points, 2)
            In leg lengths.
        rng : numpy.random.Generator

        Returns
        -------
        points : ndarray, shape (frames, points, 2)
        visible : ndarray, shape (frames, points)
        """
        own = phase[:, sides(keypoints)]
        waves = basis(own, (self.shape.shape[-1] - 1) // 2)
        placed = later(time, true, self.habits.lag_s) + np.einsum("tpc,pxc->tpx", waves, self.shape)
        over = self._over(phase[:, 0], rng)
        there = placed[:, twins(keypoints)] - placed
        placed = placed + np.nan_to_num(over[..., None] * there)
        placed = placed + self._remainder(time, phase[:, 0], own, rng)
        visible = self._visible(time, own, over, rng)
        gone = self._lost(time, rng)
        placed[gone], visible[gone] = np.nan, 0.0
        return placed, visible

    def _over(self, phase: Array, rng: np.random.Generator) -> Array:
        """Take how far points lie over from the filmed person's strides in turn, 0 to 1."""
        strides = self.habits.over[self.who]
        points, count, bins = strides.shape
        path = strides.reshape(points, -1).T
        at = phase - np.floor(phase[0]) + rng.integers(count)
        taken: Array = path[np.floor(at * bins).astype(int) % len(path)] / STEPS
        return taken

    def _remainder(self, time: Array, phase: Array, own: Array, rng: np.random.Generator) -> Array:
        """Draw what changes from stride to stride and from frame to frame, in leg lengths."""
        habits = self.habits
        new, constant = habits.memory
        weights = habits.roots[np.floor(phase % 1.0 * len(habits.roots)).astype(int)]
        noise = rng.standard_normal((2, len(time), len(new)))
        fresh, old = np.einsum("tab,ntb->nta", weights, noise)
        scores = np.sqrt(new) * fresh + np.sqrt(1 - new) * wander(time, constant, old)
        scores = scores.reshape(len(time), -1, 2)
        size = np.stack(
            [
                np.interp(np.abs(scores[:, point]), KNOTS, tail)
                for point, tail in enumerate(habits.tail)
            ],
            axis=1,
        )
        level = np.exp(habits.level[self.who])[:, None]
        remainder: Array = np.sign(scores) * size * at_phase(own, habits.spread) * level
        return remainder

    def _visible(self, time: Array, own: Array, over: Array, rng: np.random.Generator) -> Array:
        """Draw visibilities, 0 to 1."""
        habits = self.habits
        spread, constant = habits.seen_memory
        odds = at_phase(own, habits.seen[:, None])[..., 0] + habits.seen_level[self.who]
        noise = rng.standard_normal(over.shape)
        odds = odds + habits.seen_over * (over > 0.5) + spread * wander(time, constant, noise)
        visible: Array = 1 / (1 + np.exp(-odds))
        return visible

    def _lost(self, time: Array, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draw when nobody is found."""
        often, long = self.habits.lost[:, self.who]
        gone = np.zeros(len(time), dtype=bool)
        for start in rng.uniform(time[0], time[-1], rng.poisson(often * (time[-1] - time[0]))):
            gone |= (time >= start) & (time < start + rng.exponential(long))
        return gone


def root(triangle: Array) -> Array:
    """Return a matrix that gives independent normal scores these correlations.

    Parameters
    ----------
    triangle : ndarray, shape (n * (n + 1) / 2,)
        Upper triangle of the correlations, row by row.
    """
    n = int((2 * len(triangle)) ** 0.5)
    alike = np.zeros((n, n))
    alike[np.triu_indices(n)] = triangle
    alike = alike + np.triu(alike, 1).T
    share, vectors = np.linalg.eigh(alike)
    made: Array = vectors * np.sqrt(np.maximum(share, 0.0))
    return made


def at_phase(own: Array, table: Array) -> Array:
    """Read tables over the stride between their bins.

    Parameters
    ----------
    own : ndarray, shape (frames, points)
        Phase of the own leg.
    table : ndarray, shape (points, values, bins)

    Returns
    -------
    ndarray, shape (frames, points, values)
    """
    bins = table.shape[-1]
    place = own % 1.0 * bins - 0.5
    low = np.floor(place).astype(int)
    share = (place - low)[..., None]
    by_bin, point = np.moveaxis(table, -1, 0), np.arange(len(table))
    value: Array = (1 - share) * by_bin[low % bins, point]
    value += share * by_bin[(low + 1) % bins, point]
    return value


# Files ---------------------------------------------------------------------------------------


def save(made: Fingerprint, file: BinaryIO) -> None:
    """Write a fingerprint; numbers are rounded to a part in 127 of the largest beside them."""
    about: dict[str, Any] = {
        "name": made.name,
        "layout": made.layout,
        "keypoints": made.keypoints,
        "films": {view: habits.films for view, habits in made.views.items()},
    }
    arrays: dict[str, Any] = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for view, habits in made.views.items():
        for name, value in asdict(habits).items():
            if name == "over":
                arrays[f"{view}/{name}"] = value
            elif name != "films":
                # Components, people and points differ in size: each has a scale of its own.
                most = np.abs(value).reshape(len(value), -1).max(axis=1, initial=1e-9)
                scale = (most / 127).reshape(-1, *[1] * (value.ndim - 1)).astype(np.float32)
                arrays[f"{view}/{name}"] = np.round(value / scale).astype(np.int8)
                arrays[f"{view}/{name}/scale"] = scale
    np.savez_compressed(file, **arrays)


def load(file: BinaryIO) -> Fingerprint:
    """Read a fingerprint."""
    with np.load(file) as data:
        about = json.loads(data["about"].tobytes())
        views = {
            view: Habits(
                films=films,
                over=data[f"{view}/over"],
                **{
                    name: data[f"{view}/{name}"] * data[f"{view}/{name}/scale"].astype(float)
                    for name in Habits.__dataclass_fields__
                    if name not in ("films", "over")
                },
            )
            for view, films in about["films"].items()
        }
    return Fingerprint(about["name"], about["layout"], tuple(about["keypoints"]), views)
