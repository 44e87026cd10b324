"""A card of an estimator: where in the stride which point strays, by how much, and when legs swap.

A picture of the runner at some instants of the stride, curves of the errors over the stride, and
the instants at which legs change places; drawn by `stridewise.report.svg`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from stridewise.report.svg import colour, drawing, line, path_of, tag, text
from stridewise.simulate.curves import TOE_OFF, basis
from stridewise.simulate.estimator import at_phase, later, sides
from stridewise.skeletons import SIDES
from training.films.errors import HARMONICS, Errors, along, curves
from training.films.figures import PHASES, Figures

Array = NDArray[np.float64]

WIDTH = 1120.0
#: Instants of the near leg's stride that are drawn, and what happens then.
INSTANTS: Sequence[tuple[float, str]] = (
    (0.02, "near foot lands"),
    (0.17, "feet pass"),
    (TOE_OFF, "near foot leaves"),
    (0.52, "far foot lands"),
    (0.68, "feet pass"),
    (0.86, "far foot leaves"),
)
PARTS = {
    "hip": "Hip",
    "knee": "Knee",
    "ankle": "Ankle",
    "heel": "Heel",
    "big_toe": "Toe",
}
#: Near is solid, far is dashed: never told apart by colour alone.
_ROLE = {"right": "left", "left": "right"}
_DASH = {"right": "none", "left": "5 3"}
_BONES = (
    ("shoulder", "elbow"),
    ("elbow", "wrist"),
    ("shoulder", "hip"),
    ("hip", "knee"),
    ("knee", "ankle"),
    ("ankle", "heel"),
    ("heel", "big_toe"),
    ("big_toe", "ankle"),
)
#: Pixels of a leg length in the picture of the runner, and how much larger errors are drawn.
_LEG, _LARGER = 108.0, 2.0
_GRID = np.arange(0, 101) / 100


def card(errors: Errors, told: Figures, name: str) -> Markup:
    """Draw the card of an estimator from the side."""
    course = Course(errors)
    parts: list[Markup] = [
        text(24, 34, name, font_size=22, font_weight=700),
        text(
            24,
            56,
            f"{told.films} films of {told.runners} runners, seen from the side. Near leg blue and "
            "solid, far leg orange and dashed.",
            fill=colour("muted"),
        ),
    ]
    parts += _heading(92, "Where points stray", "Arrow: from where a joint is to where it is put on "
                      f"the average. Ellipse: where two of three lie. Both {_LARGER:g} times as large as they are.")
    parts += _runners(course, 112.0)
    top = 470.0
    parts += _heading(top, "Error over the stride", "In % of leg length, from contact to contact of "
                      "the point's own leg (shaded: on the ground). Line: mean of all films; band: ± 1 SD between films.")
    parts += _curves(course, top + 22)
    top = 850.0
    parts += _heading(top, "When legs change places", "Share of frames, by phase of the near leg.")
    parts += _exchanges(told, top + 22)
    return drawing(WIDTH, 1040.0, *parts, title=f"What {name} gets wrong, from the side",
                   desc="The tables below hold the numbers.")


class Course:
    """Errors over the stride, lag included, and the mean runner.

    Parameters
    ----------
    errors : Errors
    """

    def __init__(self, errors: Errors) -> None:
        self.names = errors.keypoints
        self.films = np.array(
            [
                own + curves(one, later(one.time, one.true, errors.lag_s) - one.true, np.ones(one.visible.shape), own * 0)
                for one, own in zip(errors.seen, errors.own, strict=True)
            ]
        )
        rest = np.concatenate(errors.remainder)
        at = np.concatenate([one.phase[:, sides(self.names)] for one in errors.seen]) % 1.0
        bins = 20
        self.rest = np.zeros((len(self.names), 2, bins))
        for point in range(len(self.names)):
            for b in range(bins):
                here = (at[:, point] * bins).astype(int) == b
                self.rest[point, :, b] = 1.4826 * np.nanmedian(np.abs(rest[here, point]), axis=0)
        self.errors = errors

    def of(self, name: str, phase: Array) -> tuple[Array, Array]:
        """Return mean error of a point and its standard deviation between films, (phases, 2)."""
        wave = basis(phase, HARMONICS)
        found = np.einsum("pc,fxc->fpx", wave, self.films[:, self.names.index(name)])
        return found.mean(axis=0), found.std(axis=0)

    def spread(self, name: str, phase: float) -> Array:
        """Return the covariance of the error of one frame of anybody."""
        i = self.names.index(name)
        wave = basis(np.array([phase]), HARMONICS)
        found = np.einsum("pc,fxc->fx", wave, self.films[:, i])
        rest = at_phase(np.array([[phase]]), self.rest[[i]])[0, 0]
        return np.cov(found.T) + np.diag(rest**2)

    def pose(self, phase: float) -> dict[str, Array]:
        """Return the mean runner when the near leg is there, from the middle of the hips."""
        poses = []
        for one in self.errors.seen:
            hips = one.true[:, [self.names.index(f"{s}_hip") for s in SIDES]].mean(axis=1)
            own = one.phase[:, 0]
            at = phase + np.arange(np.ceil(own[0]), np.floor(own[-1]) - 1)
            path = (one.true - hips[:, None]).reshape(len(own), -1)
            poses.append([np.interp(at, own, column).mean() for column in path.T])
        mean = np.mean(poses, axis=0).reshape(-1, 2)
        return dict(zip(self.names, mean, strict=True))

    def own_phase(self, name: str, phase: float) -> float:
        """Return the phase of a point's own leg, usually, when the near leg is at this phase."""
        if not name.startswith("left_"):
            return phase
        after = [np.interp(phase + 3, *one.phase.T) - phase - 3 for one in self.errors.seen
                 if np.ptp(one.phase[:, 0]) > 5]
        return float((phase + np.median(np.array(after) % 1.0)) % 1.0)


def _heading(y: float, title: str, about: str) -> list[Markup]:
    return [
        text(24, y, title, font_size=15, font_weight=600),
        text(24, y + 18, about, fill=colour("muted"), font_size=12),
    ]


def _runners(course: Course, top: float) -> list[Markup]:
    """Draw the runner at some instants, with arrows and ellipses."""
    step = (WIDTH - 48) / len(INSTANTS)
    parts: list[Markup] = []
    for k, (phase, words) in enumerate(INSTANTS):
        pose = course.pose(phase)
        middle, ground = 24 + step * (k + 0.5), top + 318
        lowest = min(at[1] for name, at in pose.items() if "toe" in name or "heel" in name or "ankle" in name)

        def place(at: Array, middle: float = middle, ground: float = ground, lowest: float = lowest) -> tuple[float, float]:
            # Feet stand on a line; in flight they hang above it as in the mean pose.
            return middle + _LEG * float(at[0]) - 6, ground - 14 - _LEG * float(at[1] + 1.02)

        parts.append(line(middle - step / 2 + 8, ground, middle + step / 2 - 8, ground, stroke=colour("line"), stroke_width=2))
        parts += _figure(pose, place)
        parts += _strays(course, pose, place, phase)
        parts.append(text(middle, ground + 18, words, text_anchor="middle", fill=colour("muted")))
    return parts


Place = Callable[[Array], tuple[float, float]]


def _figure(pose: dict[str, Array], place: Place) -> list[Markup]:
    """Draw the true body, far side first and paler."""
    parts: list[Markup] = []
    shoulders, hips = (np.mean([pose[f"{s}_{p}"] for s in SIDES], axis=0) for p in ("shoulder", "hip"))
    head = shoulders + 0.30 * (shoulders - hips) / np.linalg.norm(shoulders - hips) + [0.06, 0]
    for side, opacity in (("left", 0.35), (None, 0.0), ("right", 0.75)):
        if side is None:
            x, y = place(head)
            parts.append(tag("circle", cx=x, cy=y, r=0.115 * _LEG, fill=colour("line")))
            continue
        for a, b in _BONES:
            if f"{side}_{a}" in pose and f"{side}_{b}" in pose:
                (x1, y1), (x2, y2) = place(pose[f"{side}_{a}"]), place(pose[f"{side}_{b}"])
                wide = 9.0 if b in ("hip", "knee", "ankle") else 5.0
                parts.append(
                    line(x1, y1, x2, y2, stroke=colour("muted"), stroke_opacity=opacity * 0.5, stroke_width=wide, stroke_linecap="round")
                )
    return parts


def _strays(course: Course, pose: dict[str, Array], place: Place, phase: float) -> list[Markup]:
    parts: list[Markup] = []
    for side in ("left", "right"):
        for part in ("shoulder", *PARTS):
            name = f"{side}_{part}"
            if name not in pose:
                continue
            own = course.own_phase(name, phase)
            mean = course.of(name, np.array([own]))[0][0]
            x1, y1 = place(pose[name])
            x2, y2 = x1 + _LARGER * _LEG * mean[0], y1 - _LARGER * _LEG * mean[1]
            size, axes = np.linalg.eigh(course.spread(name, own))
            # Two of three of a plane's normal draws lie within 1.5 standard deviations.
            r = 1.5 * _LARGER * _LEG * np.sqrt(np.maximum(size, 0))
            turn = -np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
            ink = colour(_ROLE[side])
            parts.append(
                tag("ellipse", cx=x2, cy=y2, rx=float(r[1]), ry=float(r[0]), transform=f"rotate({turn:.1f} {x2:.1f} {y2:.1f})",
                    fill=ink, fill_opacity=0.16, stroke=ink, stroke_opacity=0.7, stroke_width=1, stroke_dasharray=_DASH[side])
            )
            parts.append(line(x1, y1, x2, y2, stroke=ink, stroke_width=1.8))
            parts += _head(x1, y1, x2, y2, ink)
            parts.append(tag("circle", cx=x1, cy=y1, r=2.4, fill=colour("surface"), stroke=colour("ink"), stroke_width=1))
    return parts


def _head(x1: float, y1: float, x2: float, y2: float, ink: str) -> list[Markup]:
    """Draw the head of an arrow, unless there is no room for it."""
    long = float(np.hypot(x2 - x1, y2 - y1))
    if long < 3:
        return []
    ux, uy = (x2 - x1) / long, (y2 - y1) / long
    r = min(5.0, long)
    points = [(x2, y2), (x2 - r * ux - 0.5 * r * uy, y2 - r * uy + 0.5 * r * ux), (x2 - r * ux + 0.5 * r * uy, y2 - r * uy - 0.5 * r * ux)]
    return [tag("path", d=path_of(points) + "Z", fill=ink)]


def _curves(course: Course, top: float) -> list[Markup]:
    """Draw the error of each point over the stride, ahead and up."""
    shown = [part for part in PARTS if f"right_{part}" in course.names]
    left, gap, high = 64.0, 16.0, 130.0
    wide = (WIDTH - left - 24 - gap * (len(PARTS) - 1)) / len(PARTS)
    parts: list[Markup] = []
    limit = 10.0
    for row, axis in enumerate(("ahead", "up")):
        y0 = top + 22 + row * (high + 26)

        def y(value: float, y0: float = y0) -> float:
            return y0 + high / 2 - high / 2 * float(np.clip(value, -limit, limit)) / limit

        parts.append(text(24, y0 + high / 2 + 4, axis, font_weight=600))
        for column, part in enumerate(shown):
            x0 = left + column * (wide + gap)
            if row == 0:
                parts.append(text(x0, top + 14, PARTS[part], font_weight=600))
            parts.append(tag("rect", x=x0, y=y0, width=wide * TOE_OFF, height=high, fill=colour("band"), fill_opacity=0.7))
            for tick in (-10, -5, 0, 5, 10):
                parts.append(line(x0, y(tick), x0 + wide, y(tick), stroke=colour("muted" if tick == 0 else "line"), stroke_width=1))
                if column == 0:
                    parts.append(text(x0 - 6, y(tick) + 4, f"{tick:+d}" if tick else "0", text_anchor="end", fill=colour("muted"), font_size=11))
            for side in ("left", "right"):
                mean, sd = course.of(f"{side}_{part}", _GRID)
                mean, sd = 100 * mean[:, row], 100 * sd[:, row]
                xs = [x0 + wide * float(p) for p in _GRID]
                band = [(a, y(b)) for a, b in zip(xs, mean + sd, strict=True)] + [(a, y(b)) for a, b in zip(xs[::-1], (mean - sd)[::-1], strict=True)]
                ink = colour(_ROLE[side])
                parts.append(tag("path", d=path_of(band) + "Z", fill=ink, fill_opacity=0.15))
                parts.append(tag("path", d=path_of([(a, y(b)) for a, b in zip(xs, mean, strict=True)]), fill="none", stroke=ink, stroke_width=2, stroke_dasharray=_DASH[side], stroke_linejoin="round"))
    return parts


def _exchanges(told: Figures, top: float) -> list[Markup]:
    """Draw the share of exchanged frames over the near leg's stride, and what is known of them."""
    found = told.exchanges
    left, wide, high = 64.0, 620.0, 100.0
    base = top + 8 + high
    most = max(0.1, float(np.ceil(10 * found.by_phase.max()) / 10))
    parts: list[Markup] = []
    for share in (0.0, most / 2, most):
        y = base - high * share / most
        parts.append(line(left, y, left + wide, y, stroke=colour("line")))
        parts.append(text(left - 6, y + 4, f"{100 * share:.0f} %", text_anchor="end", fill=colour("muted"), font_size=11))
    bar = wide / PHASES
    for k, share in enumerate(found.by_phase):
        tall = high * float(share) / most
        parts.append(tag("rect", x=left + k * bar + 1, y=base - tall, width=bar - 2, height=tall, fill=colour("accent")))
    for row, (words, start, ink) in enumerate((("near foot on the ground", 0.0, "left"), ("far foot on the ground", 0.5, "right"))):
        y = base + 8 + 14 * row
        for a, b in ((start, start + TOE_OFF),):
            parts.append(tag("rect", x=left + wide * a, y=y, width=wide * (min(b, 1.0) - a), height=10.0, rx=2, fill=colour(ink), fill_opacity=0.8))
        parts.append(text(left + wide * (start + TOE_OFF) + 8 if start < 0.5 else left + wide * start - 8, y + 9, words, fill=colour("muted"), font_size=11, text_anchor="start" if start < 0.5 else "end"))
    x = left + wide + 48
    for k, words in enumerate(_summary(told)):
        parts.append(text(x, top + 20 + 20 * k, words))
    return parts


def _summary(told: Figures) -> list[str]:
    found = told.exchanges
    low, high = np.quantile(found.by_film, [0.1, 0.9])
    lines = [f"Legs exchanged in {100 * found.share:.1f} % of frames ({100 * low:.0f} to {100 * high:.0f} % in eight of ten films),"]
    if len(found.lengths_s):
        lines.append(f"for {1e3 * np.mean(found.lengths_s):.0f} ms at a time ({1e3 * np.quantile(found.lengths_s, 0.9):.0f} ms at most in nine of ten).")
        along_ = ", ".join(f"{part.replace('big_toe', 'toe')} {100 * share:.0f} %" for part, share in found.with_legs.items() if part in ("wrist", "shoulder", *PARTS))
        lines.append(f"Go along: {along_}.")
    lines.append(f"Both feet at one leg in another {100 * found.one_leg:.1f} %.")
    over = [i for i, name in enumerate(told.keypoints) if name.endswith("ankle")]
    with np.errstate(invalid="ignore"):
        lines.append(f"Stated visibility of ankles: {np.nanmean(told.visible[over]):.2f}; where they are wrong: {np.nanmean(told.visible_over[over]):.2f}.")
    return lines
