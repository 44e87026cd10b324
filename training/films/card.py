"""A card of an estimator: where in the stride which point strays, by how much, and when legs swap.

A picture of the mean runner at some instants of the stride, curves of the errors over the stride,
and the instants at which legs change places; drawn by `stridewise.report.svg`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from stridewise.report.svg import colour, drawing, line, path_of, tag, text
from stridewise.simulate.curves import TOE_OFF, basis
from stridewise.simulate.estimator import later, sides
from stridewise.skeletons import SIDES
from training.films import known
from training.films.errors import HARMONICS, Errors, curves
from training.films.figures import PHASES, Figures

Array = NDArray[np.float64]
Place = Callable[[Array], tuple[float, float]]

WIDTH, HEIGHT = 1120.0, 1010.0
#: Instants of the near leg's stride that are drawn, and what happens then.
INSTANTS: Sequence[tuple[float, str]] = (
    (0.02, "near foot lands"),
    (0.18, "far foot passes"),
    (TOE_OFF, "near foot leaves"),
    (0.52, "far foot lands"),
    (0.69, "near foot passes"),
    (0.86, "far foot leaves"),
)
#: Points whose curves are drawn, and what people call them.
PARTS = {"hip": "Hip", "knee": "Knee", "ankle": "Ankle", "heel": "Heel", "big_toe": "Toe"}
#: Points of which it is told whether they change places with the feet.
ALONG = ("shoulder", "wrist", "hip", "knee", "ankle", "heel", "big_toe")
#: Near is blue and solid, far is orange and dashed: never told apart by colour alone.
INK, DASH = {"right": "left", "left": "right"}, {"right": "none", "left": "4 3"}
#: Pixels of a leg length, and how much larger errors are drawn than the body.
LEG, LARGER = 118.0, 2.0
#: Curves show errors up to this, in % of leg length.
MOST = 10.0
_BONES = (
    ("shoulder", "elbow"),
    ("elbow", "wrist"),
    ("shoulder", "hip"),
    ("hip", "knee"),
    ("knee", "ankle"),
    ("ankle", "heel"),
    ("heel", "big_toe"),
    ("ankle", "big_toe"),
)
_STOUT = ("hip", "knee", "ankle")
_GRID = np.linspace(0.0, 1.0, 61)
_BINS = 20
_LEFT, _RIGHT = 24.0, WIDTH - 24


class Course:
    """Errors over the stride, lag included, and the mean runner.

    Parameters
    ----------
    errors : Errors
        From the side.
    """

    def __init__(self, errors: Errors) -> None:
        self.names, self.seen = errors.keypoints, errors.seen
        trailing = [
            curves(
                one,
                later(one.time, one.true, errors.lag_s) - one.true,
                np.ones(one.visible.shape),
                np.zeros(errors.own.shape[1:]),
            )
            for one in errors.seen
        ]
        self._films = errors.own + np.array(trailing)
        at = np.concatenate([one.phase[:, sides(self.names)] for one in errors.seen])
        bins, rest = (at % 1.0 * _BINS).astype(int), np.abs(np.concatenate(errors.remainder))
        self._rest = 1.4826 * np.array(
            [
                [known.median(rest[bins[:, p] == b, p]) for b in range(_BINS)]
                for p in range(len(self.names))
            ]
        )

    def of(self, name: str, phase: Array) -> Array:
        """Return the error of a point in each film, shape (films, phases, 2)."""
        wave = basis(phase, HARMONICS)
        return np.einsum("pc,fxc->fpx", wave, self._films[:, self.names.index(name)])

    def spread(self, name: str, phase: float) -> Array:
        """Return the covariance of the error of one frame of anybody, shape (2, 2)."""
        films = self.of(name, np.array([phase]))[:, 0]
        rest = self._rest[self.names.index(name), int(phase % 1.0 * _BINS)]
        covariance: Array = np.cov(films.T) + np.diag(rest**2)
        return covariance

    def pose(self, phase: float) -> dict[str, Array]:
        """Return the mean runner at a phase of the near leg, from the middle of the hips."""
        poses = []
        for one in self.seen:
            hips = one.true[:, [self.names.index(f"{s}_hip") for s in SIDES]].mean(axis=1)
            own = one.phase[:, 0]
            at = phase + np.arange(np.ceil(own[0]), np.floor(own[-1]) - 1)
            path = (one.true - hips[:, None]).reshape(len(own), -1)
            poses.append([np.interp(at, own, column).mean() for column in path.T])
        return dict(zip(self.names, np.mean(poses, axis=0).reshape(-1, 2), strict=True))

    def far_phase(self, phase: float) -> float:
        """Return where the far leg usually is in its stride when the near one is here."""
        ahead = []
        for one in self.seen:
            near, far = one.phase.T
            whole = np.arange(np.ceil(near[0]), np.floor(near[-1]) - 1)
            ahead += (np.interp(phase + whole, near, far) - whole).tolist()
        # Phases go round: their mean is that of directions.
        return float(np.angle(np.exp(2j * np.pi * np.array(ahead)).mean()) / (2 * np.pi) % 1.0)


def card(errors: Errors, told: Figures, name: str) -> Markup:
    """Draw the card of an estimator from the side."""
    course = Course(errors)
    about = (
        f"{told.films} films of {told.runners} runners, seen from the side. "
        "Near leg blue and solid, far leg orange and dashed."
    )
    parts = [
        text(_LEFT, 36, name, font_size=24, font_weight=700),
        text(_LEFT, 58, about, fill=colour("muted")),
        *_heading(
            94,
            "Where points stray",
            "Arrow: from where a joint is (white dot) to where it is put on average. Ellipse: "
            f"where two of three lie. Both drawn {LARGER:g} times as large as the body.",
        ),
        *_runners(course, 124),
        *_heading(
            446,
            "Error over the stride",
            "In % of leg length, from contact to contact of the point’s own leg; shaded while it "
            "is on the ground. Line: mean of all films; band: ± 1 SD between films.",
        ),
        *_courses(course, 474),
        *_heading(838, "When legs change places", "Share of frames, over the near leg’s stride."),
        *_exchanges(told, 872),
    ]
    return drawing(
        WIDTH,
        HEIGHT,
        *parts,
        title=f"What {name} gets wrong, from the side",
        desc="; ".join(_summary(told)),
    )


def _heading(y: float, title: str, about: str) -> list[Markup]:
    return [
        text(_LEFT, y, title, font_size=15, font_weight=600),
        text(_LEFT, y + 19, about, fill=colour("muted")),
    ]


# The runner ------------------------------------------------------------------------------------


def _runners(course: Course, top: float) -> list[Markup]:
    """Draw the runner at some instants, with arrows and ellipses."""
    step, ground = (_RIGHT - _LEFT) / len(INSTANTS), top + 2.26 * LEG
    parts: list[Markup] = []
    for k, (phase, words) in enumerate(INSTANTS):
        pose, middle = course.pose(phase), _LEFT + step * (k + 0.5)
        ink = {"stroke": colour("line"), "stroke_width": 2}
        parts.append(line(middle - step / 2 + 8, ground, middle + step / 2 - 8, ground, **ink))

        def place(at: Array, x: float = middle) -> tuple[float, float]:
            return x - 8 + LEG * float(at[0]), ground - LEG * (1.03 + float(at[1]))

        parts += _body(pose, place)
        for side in SIDES:
            own = course.far_phase(phase) if side == "left" else phase
            for part in ("shoulder", *PARTS):
                if f"{side}_{part}" in pose:
                    parts += _stray(course, f"{side}_{part}", own, place, pose)
        parts.append(text(middle, ground + 20, words, text_anchor="middle", fill=colour("muted")))
    return parts


def _body(pose: dict[str, Array], place: Place) -> list[Markup]:
    """Draw the true body, the far side paler."""
    shoulders, hips = (
        np.mean([pose[f"{s}_{p}"] for s in SIDES], axis=0) for p in ("shoulder", "hip")
    )
    trunk = shoulders - hips
    x, y = place(shoulders + 0.29 * trunk / np.linalg.norm(trunk) + [0.05, 0.0])
    parts: list[Markup] = []
    for side, opacity in zip(SIDES, (0.16, 0.36), strict=True):
        bones = []
        for a, b in _BONES:
            if f"{side}_{a}" in pose and f"{side}_{b}" in pose:
                (x1, y1), (x2, y2) = place(pose[f"{side}_{a}"]), place(pose[f"{side}_{b}"])
                bones.append(line(x1, y1, x2, y2, stroke_width=11 if b in _STOUT else 6))
        # As a group: where bones overlap the colour stays even.
        parts.append(
            tag("g", *bones, stroke=colour("muted"), stroke_linecap="round", opacity=opacity)
        )
    parts.append(tag("circle", cx=x, cy=y, r=0.12 * LEG, fill=colour("muted"), opacity=0.36))
    return parts


def _stray(
    course: Course, name: str, phase: float, place: Place, pose: dict[str, Array]
) -> list[Markup]:
    """Draw where a point is, where it is put on average, and where two of three lie."""
    mean = course.of(name, np.array([phase])).mean(axis=0)[0]
    x1, y1 = place(pose[name])
    x2, y2 = x1 + LARGER * LEG * mean[0], y1 - LARGER * LEG * mean[1]
    variance, axes = np.linalg.eigh(course.spread(name, phase))
    # Of a normal distribution in the plane, 68 % lie within 1.51 standard deviations.
    minor, major = 1.51 * LARGER * LEG * np.sqrt(np.maximum(variance, 0.0))
    turn = -np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    side = name.partition("_")[0]
    ink = colour(INK[side])
    long = float(np.hypot(x2 - x1, y2 - y1))
    parts = [
        tag(
            "ellipse",
            cx=x2,
            cy=y2,
            rx=float(major),
            ry=float(minor),
            transform=f"rotate({turn:.1f} {x2:.1f} {y2:.1f})",
            fill=ink,
            fill_opacity=0.14,
            stroke=ink,
            stroke_opacity=0.65,
            stroke_dasharray=DASH[side],
        ),
        line(x1, y1, x2, y2, stroke=ink, stroke_width=1.8),
    ]
    if long > 4:
        ux, uy, r = (x2 - x1) / long, (y2 - y1) / long, 5.0
        corners = [(x2 - r * (ux + k * uy), y2 - r * (uy - k * ux)) for k in (0.5, -0.5)]
        parts.append(tag("path", d=path_of([(x2, y2), *corners]) + "Z", fill=ink))
    dot = {"fill": colour("surface"), "stroke": colour("ink"), "stroke_width": 1}
    return [*parts, tag("circle", cx=x1, cy=y1, r=2.3, **dot)]


# Curves ----------------------------------------------------------------------------------------


def _courses(course: Course, top: float) -> list[Markup]:
    """Draw the error of each point over the stride, ahead and up."""
    shown = [part for part in PARTS if f"right_{part}" in course.names]
    left, gap, high = _LEFT + 54, 18.0, 136.0
    wide = (_RIGHT - left - gap * (len(PARTS) - 1)) / len(PARTS)
    parts: list[Markup] = []
    for row, axis in enumerate(("ahead", "up")):
        y0 = top + 20 + row * (high + 20)
        middle = y0 + high / 2
        turned = f"rotate(-90 {_LEFT + 10:g} {middle:g})"
        parts.append(
            text(
                _LEFT + 10,
                middle,
                axis,
                font_weight=600,
                text_anchor="middle",
                transform=turned,
            )
        )
        for column, part in enumerate(shown):
            x0 = left + column * (wide + gap)
            if row == 0:
                parts.append(text(x0, top + 12, PARTS[part], font_weight=600))
            parts += _frame(x0, y0, wide, high, labelled=column == 0)
            for side in SIDES:
                found = 100 * course.of(f"{side}_{part}", _GRID)[..., row]
                parts += _curve(found, x0, y0, wide, high, side)
    if len(shown) < len(PARTS):
        x0 = left + len(shown) * (wide + gap)
        words = "Heels and toes are not among its points."
        parts.append(text(x0, top + 20 + high / 2, words, fill=colour("muted")))
    return parts


def _frame(x: float, y: float, wide: float, high: float, *, labelled: bool) -> list[Markup]:
    """Draw what lies behind a curve: stance and the lines of the scale."""
    shade = {"fill": colour("band"), "width": wide * TOE_OFF, "height": high}
    parts = [tag("rect", x=x, y=y, **shade)]
    for tick in (-10, -5, 0, 5, 10):
        at = y + high / 2 * (1 - tick / MOST)
        parts.append(line(x, at, x + wide, at, stroke=colour("muted" if tick == 0 else "line")))
        if labelled:
            label = f"{tick:+d}".replace("-", "−") if tick else "0"
            far = {"text_anchor": "end", "fill": colour("muted"), "font_size": 11}
            parts.append(text(x - 6, at + 4, label, **far))
    return parts


def _curve(films: Array, x: float, y: float, wide: float, high: float, side: str) -> list[Markup]:
    """Draw mean and band of a point's error, shape (films, phases), in %."""

    def path(values: Array) -> list[tuple[float, float]]:
        ys = y + high / 2 * (1 - np.clip(values, -MOST, MOST) / MOST)
        return list(zip((x + wide * _GRID).tolist(), ys.tolist(), strict=True))

    mean, sd = films.mean(axis=0), films.std(axis=0)
    ink = colour(INK[side])
    band = path_of([*path(mean + sd), *path(mean - sd)[::-1]]) + "Z"
    drawn = {"fill": "none", "stroke": ink, "stroke_width": 2, "stroke_linejoin": "round"}
    return [
        tag("path", d=band, fill=ink, fill_opacity=0.15),
        tag("path", d=path_of(path(mean)), stroke_dasharray=DASH[side], **drawn),
    ]


# Legs that change places -----------------------------------------------------------------------


def _exchanges(told: Figures, top: float) -> list[Markup]:
    """Draw when legs change places, which points go along, and what else is known of it."""
    left, wide, high = _LEFT + 54, 470.0, 92.0
    found, base = told.exchanges, top + high
    most = max(0.1, float(np.ceil(10 * found.by_phase.max()) / 10))
    small = {"fill": colour("muted"), "font_size": 11}
    parts: list[Markup] = []
    for share in (0.0, most / 2, most):
        y = base - high * share / most
        parts.append(line(left, y, left + wide, y, stroke=colour("line")))
        parts.append(text(left - 6, y + 4, f"{100 * share:.0f} %", text_anchor="end", **small))
    bar = wide / PHASES
    for k, share in enumerate(found.by_phase):
        tall = high * float(share) / most
        parts.append(
            tag(
                "rect",
                x=left + k * bar + 1,
                y=base - tall,
                width=bar - 2,
                height=tall,
                fill=colour("accent"),
            )
        )
    for row, (whose, start, side) in enumerate((("near", 0.0, "right"), ("far", 0.5, "left"))):
        y = base + 8 + 15 * row
        parts.append(
            tag(
                "rect",
                x=left + wide * start,
                y=y,
                width=wide * TOE_OFF,
                height=11.0,
                rx=2,
                fill=colour(INK[side]),
                opacity=0.75,
            )
        )
        words = f"{whose} foot on the ground"
        parts.append(text(left + wide * (start + TOE_OFF) + 8, y + 9, words, **small))
    parts += _along(told, left + wide + 150, top)
    for k, words in enumerate(_summary(told)):
        parts.append(text(left + wide + 330, top + 12 + 21 * k, words))
    return parts


def _along(told: Figures, x: float, top: float) -> list[Markup]:
    """Draw which points change places when feet do."""
    shares = told.exchanges.with_legs
    parts = [text(x - 62, top - 15, "Points that go along", font_weight=600)]
    for k, part in enumerate(part for part in ALONG if part in shares):
        y, share = top + 3 + 18 * k, shares[part]
        label = PARTS.get(part, part.capitalize()).lower()
        parts.append(text(x - 8, y + 9, label, text_anchor="end", fill=colour("muted")))
        parts.append(tag("rect", x=x, y=y, width=110.0, height=11.0, fill=colour("band")))
        full = {"width": 110 * share, "height": 11.0, "fill": colour("accent")}
        parts.append(tag("rect", x=x, y=y, **full))
    return parts


def _summary(told: Figures) -> list[str]:
    """Say in short what is known of exchanges."""
    found = told.exchanges
    low, high = 100 * np.quantile(found.by_film, [0.1, 0.9])
    said = [
        f"Legs exchanged: {100 * found.share:.1f} % of frames",
        f"(eight of ten films: {low:.0f} to {high:.0f} %)",
    ]
    if len(found.lengths_s):
        often = 1e3 * np.quantile(found.lengths_s, 0.9)
        said.append(
            f"for {1e3 * found.lengths_s.mean():.0f} ms, nine of ten for {often:.0f} at most"
        )
    said.append(f"Both feet put at one leg: {100 * found.one_leg:.1f} %")
    ankles = [i for i, name in enumerate(told.keypoints) if name.endswith("_ankle")]
    said.append(f"Stated visibility of ankles: {told.visible[ankles].mean():.2f},")
    wrong = float(known.mean(told.visible_over[ankles]))
    if np.isfinite(wrong):
        said.append(f"where they are at the other leg: {wrong:.2f}")
    return said
