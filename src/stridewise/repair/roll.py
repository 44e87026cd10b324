"""Camera roll: how far the picture is turned about the line of sight, and the turn back.

Three things are level or plumb whoever runs: the belt, along which a foot moves while it lies on
it; the way of the hips of someone who passes a camera at rest; and, seen from the front or the back
and averaged over strides, the line from the feet up to the hips, because nobody runs beside his own
support. A camera that stands `yaw` away from a plain side view and above the foot by a share k of
its distance pictures the level belt at an angle of -atan(k tan(yaw)), so that much is expected and
the doubt about both adds to the uncertainty.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.repair.noise import noise_level
from stridewise.repair.smooth import derivative, low_pass
from stridewise.skeletons import SIDES, Side
from stridewise.view import View, find_view

Array = NDArray[np.float64]
Pieces = Generator[None, None, "Roll | None"]

#: Roll from here on is worth a correction, and above `SEVERE_DEG` tells in segment angles without.
SLIGHT_DEG, SEVERE_DEG = 1.5, 3.0
#: So many times its standard deviation, roll is worth telling, and beyond doubt.
LIKELY_SD, SURE_SD = 2.0, 3.0
#: Angles of the view within which each cue is read.
_SIDE_DEG, _FRONT_DEG = 20.0, 15.0
#: Height of the lens above foot and hips as a share of its distance: phones are held at 1 to 1.5 m,
#: 3 to 6 m away.
_FOOT_BELOW, _FOOT_BELOW_SD = 0.20, 0.08
_HIPS_BELOW_SD = 0.10
#: What pose estimators make of the way of a level foot, in degrees, whatever points it is read
#: from: root mean square on films of the virtual laboratory, a poor estimator's, what returns with
#: every film included (`benchmarks.repairs`; with exact points it would be 1).
_BELT_SD = 4.0
#: Between runners, in degrees: 57 trials of 19 laboratory runners (Fukuchi et al. 2017).
_PLUMB_SD = 0.6
#: The ankle rises towards the end of stance and turns its way by this much against the belt.
_ANKLE_DEG = -2.5
#: Degrees that keypoint noise of one leg length adds to the way of a foot.
_PER_NOISE = 40.0
#: What stands above the feet, how far, and how far ahead as a share of that, which yaw shows
#: sideways; strides of 19 laboratory runners, and of simulated ones for the shoulders.
_ABOVE = (("shoulder", 1.35, 0.19), ("hip", 0.85, 0.25))
#: How level hips and shoulders are over whole strides, in degrees, and their width.
_LINES = (("hip", 1.2, 0.18), ("shoulder", 1.5, 0.42))
#: Error of the place of one point, in leg lengths, that does not average out (`stridewise.view`).
_PLACEMENT = 0.02
#: Way of someone who passes, in leg lengths; its slope against the true level, in degrees.
_PASSES, _WAY_SD = 2.0, 0.5
#: Slowest foot in leg lengths per second that lies on a belt, and the steepest way it can show.
_MIN_SPEED, _STEEPEST_DEG = 0.8, 15.0
_CUTOFF_HZ, _KERNEL = 10.0, 0.12
_SHORTEST_S, _ROUNDS = 2.0, 2
#: So little roll does not disturb the search for itself.
_LEVEL_DEG = 1.0
#: Of more velocities than this, every second, third and so on is enough.
_MOST = 4000


class Roll(NamedTuple):
    """Turn of the picture: + when it is turned anticlockwise (the camera clockwise), in degrees."""

    angle_deg: float
    sd_deg: float

    @property
    def likely(self) -> bool:
        """Whether it is so much, and so likely, that angles against the vertical are doubtful."""
        return abs(self.angle_deg) > max(SEVERE_DEG, LIKELY_SD * self.sd_deg)

    @property
    def sure(self) -> bool:
        """Whether it is worth a correction and beyond doubt."""
        return abs(self.angle_deg) > max(SLIGHT_DEG, SURE_SD * self.sd_deg)


def find_roll(recording: Recording) -> Roll | None:
    """Find how far the picture is turned.

    Parameters
    ----------
    recording : Recording
        On an even time base, left and right in order.

    Returns
    -------
    Roll or None
        None for points in space, oblique views and where too little is seen.
    """
    pieces = find_roll_in_pieces(recording)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: Roll | None = end.value
            return found


def find_roll_in_pieces(recording: Recording) -> Pieces:
    """Do what `find_roll` does, yielding about every millisecond: live, frames must not wait."""
    if recording.depth is not None or not recording.duration >= _SHORTEST_S:
        return None
    # Yaw and the search for level feet suffer from roll themselves, so look again once turned.
    total, found = 0.0, None
    for _ in range(_ROUNDS):
        found = yield from _once(turn(recording, total) if total else recording)
        if found is None:
            return None
        total += found.angle_deg
        if abs(found.angle_deg) < _LEVEL_DEG:
            break
    return found and Roll(total, found.sd_deg)


def _once(recording: Recording) -> Pieces:
    try:
        view = find_view(recording, Context())
    except InputError:
        return None
    yield
    if view.off_sagittal_deg <= _SIDE_DEG:
        return _way_of_hips(recording, view) or (yield from _way_of_feet(recording, view))
    return _plumb(recording, view) if view.off_frontal_deg <= _FRONT_DEG else None


def turn(recording: Recording, angle_deg: float) -> Recording:
    """Turn the points clockwise about the middle of the picture, or of the points."""
    size = recording.image_size
    points = recording.xy[np.isfinite(recording.xy[..., 0])]
    centre = np.array(size) / 2 if size else points.mean(axis=0) if len(points) else np.zeros(2)
    angle = np.radians(angle_deg)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return recording.with_(xy=(recording.xy - centre) @ matrix + centre)


def _up(recording: Recording, name: str, view: View) -> Array:
    """Positions in leg lengths, y up."""
    return recording.point(name) * (np.array([1.0, -1.0]) / view.leg_length)


def _middle(recording: Recording, part: str, view: View) -> Array:
    left, right = (_up(recording, f"{side}_{part}", view) for side in SIDES)
    return (left + right) / 2


def _way_of_hips(recording: Recording, view: View) -> Roll | None:
    """Take the way of someone who passes as level."""
    hips = _middle(recording, "hip", view)
    x, y = hips[np.isfinite(hips[:, 0])].T
    if len(x) < 2 or abs(x[-1] - x[0]) < _PASSES or np.ptp(x) > 1.5 * abs(x[-1] - x[0]):
        return None
    # The rise and fall of each step averages out over several, and along x not even that is needed.
    slope = np.polynomial.Polynomial.fit(x, y, 1).convert().coef[-1]
    yaw = np.tan(np.radians(min(np.hypot(view.off_sagittal_deg, view.yaw_sd_deg), 45.0)))
    sd = np.hypot(_WAY_SD, np.degrees(_HIPS_BELOW_SD * yaw))
    return Roll(float(np.degrees(np.arctan(slope))), float(sd))


def _way_of_feet(recording: Recording, view: View) -> Pieces:
    """Take the way of the feet that lie on the belt as level; the mean of heel and toe, or ankle.

    The heel sinks a little and the toe rises by as much while the foot lies flat.
    """
    ankles = [f"{side}_ankle" for side in SIDES if recording.has(f"{side}_ankle")]
    level = noise_level(recording.select(ankles))
    level = level[np.isfinite(level)]
    noise = float(np.median(level)) / view.leg_length if level.size else 0.005
    ahead = float(np.sign(np.cos(np.radians(view.yaw_deg))))
    yield
    ways = []
    for side in SIDES:
        heel = _way(recording, side, "heel", view)
        yield
        ways.append((heel + _way(recording, side, "big_toe", view)) / 2)
        yield
    if not np.isfinite(ways).any():
        ways = []
        for side in SIDES:
            ways.append(_way(recording, side, "ankle", view) - ahead * _ANKLE_DEG)
            yield
    known = np.array([way for way in ways if np.isfinite(way)])
    if not known.size:
        return None
    yaw = np.radians(np.clip(_off_side(view), -45.0, 45.0))
    yaw_sd = float(np.radians(view.yaw_sd_deg))
    shown = np.degrees(np.arctan(-_FOOT_BELOW * np.tan(yaw)))
    unsure = np.hypot(_FOOT_BELOW_SD * np.tan(yaw), _FOOT_BELOW * yaw_sd)
    sd = np.linalg.norm([_BELT_SD, np.ptp(known) / 2, _PER_NOISE * noise, np.degrees(unsure)])
    return Roll(float(known.mean() - shown), float(sd))


def _off_side(view: View) -> float:
    """Yaw against the nearest side view, with its sign, in degrees."""
    return (view.yaw_deg + 90.0) % 180.0 - 90.0


def _way(recording: Recording, side: Side, part: str, view: View) -> float:
    """Angle of the most frequent velocity of a foot point, in degrees; NaN when there is none.

    A foot on a belt has one velocity for a good part of the stride, at all other times it passes
    through many: the densest place among the velocities, found by mean shift.
    """
    points = low_pass(_up(recording, f"{side}_{part}", view), _CUTOFF_HZ, recording.fps)
    velocity = derivative(points, recording.fps)
    back = -np.sign(np.cos(np.radians(view.yaw_deg)))
    steep = np.tan(np.radians(_STEEPEST_DEG))
    flat = np.isfinite(velocity[:, 0]) & (velocity[:, 0] * back > _MIN_SPEED)
    flat[flat] = np.abs(velocity[flat, 1]) < steep * np.abs(velocity[flat, 0])
    velocity = velocity[flat]
    velocity = velocity[:: 1 + len(velocity) // _MOST]
    if len(velocity) < recording.fps / 2:
        return float("nan")
    kernel = _KERNEL * float(np.percentile(np.abs(velocity[:, 0]), 90))
    centre = np.array([_densest(velocity[:, 0], kernel), 0.0])
    for _ in range(40):
        weight = np.exp(-(((velocity - centre) / kernel) ** 2).sum(axis=1) / 2)
        centre, last = weight @ velocity / weight.sum(), centre
        if np.abs(centre - last).max() < 1e-4 * kernel:
            break
    return float(np.degrees(np.arctan(centre[1] / centre[0])))


def _densest(values: Array, kernel: float) -> float:
    """Return the value around which most others lie."""
    grid = np.linspace(values.min(), values.max(), 60)
    count = np.exp(-(((grid[:, None] - values) / kernel) ** 2) / 2).sum(axis=1)
    return float(grid[count.argmax()])


def _plumb(recording: Recording, view: View) -> Roll | None:
    """Combine the plumb line from the feet to the hips with the level of hips and shoulders."""
    found = list(_lines(recording, view))
    if not found:
        return None
    angle, sd = np.array(found).T
    weight = sd**-2.0
    mean = float(weight @ angle / weight.sum())
    spread = float(np.sqrt(weight @ (angle - mean) ** 2 / weight.sum()))
    return Roll(mean, float(np.hypot(weight.sum() ** -0.5, spread / 2)))


def _lines(recording: Recording, view: View) -> Iterator[Roll]:
    feet = _middle(recording, "ankle", view)
    for part, height, ahead in _ABOVE:
        up = _mean(_middle(recording, part, view) - feet, recording.fps)
        if up is None:
            continue
        shown = np.arctan(ahead * np.cos(np.radians(view.yaw_deg)))
        sd = np.hypot(_PLUMB_SD, np.degrees(_PLACEMENT / height))
        angle = np.degrees(np.arctan2(-up[0], up[1]) + shown)
        yield Roll(float(angle), float(np.hypot(sd, ahead * view.yaw_sd_deg)))
        break  # the next shares its errors
    for part, own, width in _LINES:
        left, right = (_up(recording, f"{side}_{part}", view) for side in SIDES)
        across = _mean(right - left, recording.fps)
        if across is not None and across[0]:
            angle = np.degrees(np.arctan(across[1] / across[0]))
            sd = np.hypot(own, np.degrees(2**0.5 * _PLACEMENT / width))
            yield Roll(float(angle), float(sd))


def _mean(values: Array, fps: float) -> Array | None:
    """Mean of the known rows; None when they make less than a second."""
    known = values[np.isfinite(values[:, 0])]
    return known.mean(axis=0) if len(known) >= fps else None
