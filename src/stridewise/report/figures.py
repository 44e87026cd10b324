"""Pictures of numbers: curves over the gait cycle, the timeline of contacts, norm strips.

Each function returns one SVG element as a string that is safe to put into a page. Left is blue,
solid and round; right is orange, dashed and square: never told apart by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

import numpy as np
from markupsafe import Markup

from stridewise.estimate import Estimate, MetricSide
from stridewise.gait.motion import Event
from stridewise.report.svg import colour, drawing, line, path_of, tag, text, ticks
from stridewise.report.words import number, plain, title, value_text
from stridewise.result import Curve
from stridewise.skeletons import SIDES, Side

#: Name of each curve and what its positive and negative ends mean.
CURVES = {
    "hip_flexion": ("Hip", "flexed", "extended"),
    "knee_flexion": ("Knee", "bent", "straight"),
    "ankle_dorsiflexion": ("Ankle", "toes up", "toes down"),
    "thigh": ("Thigh", "forward", "back"),
    "shank": ("Shin", "foot ahead", "foot behind"),
    "foot": ("Foot", "toes up", "toes down"),
    "trunk_lean": ("Trunk", "forward", "back"),
    "pelvic_obliquity": ("Pelvis", "right up", "left up"),
    "hip_adduction": ("Hip, sideways", "inwards", "outwards"),
    "frontal_knee": ("Knee, sideways", "inwards", "outwards"),
    "trunk_lateral": ("Trunk, sideways", "right", "left"),
    "elbow_flexion": ("Elbow", "bent", "straight"),
    "vertical_force": ("Vertical force", "body weights", ""),
    "fore_aft_force": ("Fore-aft force", "driving, body weights", "braking"),
}

#: Longest stretch that the timeline shows, in seconds.
WINDOW_S = 6.0

_DASH: dict[MetricSide, str] = {"left": "none", "right": "6 3", "both": "none"}


def _of(side: MetricSide) -> str:
    return colour("ink" if side == "both" else side)


def curve_figure(curves: Sequence[Curve]) -> Markup:
    """Draw one angle over the gait cycle: mean and ± 1 SD per side, with toe-off.

    Parameters
    ----------
    curves : sequence of Curve
        The sides of one angle, all with the same id.
    """
    width, height = 340.0, 230.0
    left, right, top, bottom = 40.0, width - 10, 40.0, height - 34
    name, up, down = CURVES.get(curves[0].id, (title(curves[0].id), "", ""))
    low, high = _range(curves, _LEAST.get(curves[0].unit, 0.5))

    def x(share: float) -> float:
        return left + (right - left) * share / 100

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - low) / (high - low)

    parts = [text(left, 16, name, font_weight=600, font_size=14)]
    unit, digits = ("°", ".0") if curves[0].unit == "deg" else ("", ".2")
    for tick in ticks(low, high):
        parts.append(line(left, y(tick), right, y(tick), stroke=colour("line")))
        label = number(tick, 0 if tick == round(tick) else 1) + unit
        parts.append(text(left - 6, y(tick) + 4, label, text_anchor="end", fill=colour("muted")))
    for tick in (0, 25, 50, 75, 100):
        place = {0: "start", 100: "end"}.get(tick, "middle")
        parts.append(
            text(x(tick), bottom + 15, f"{tick} %", text_anchor=place, fill=colour("muted"))
        )
    parts.append(
        text(
            (left + right) / 2,
            height - 4,
            "of the stride, from contact to contact",
            text_anchor="middle",
            fill=colour("muted"),
            font_size=11,
        )
    )
    for words, at in ((up, top + 12), (down, bottom - 5)):
        if words:
            parts.append(
                text(
                    right - 3,
                    at,
                    words,
                    text_anchor="end",
                    fill=colour("muted"),
                    font_size=11,
                    **_HALO,
                )
            )
    share = np.linspace(0, 100, 101)
    for curve in curves:
        parts += _band(curve, [x(s) for s in share], y)
    for curve in curves:
        xs = [x(s) for s in share]
        parts.append(
            tag(
                "path",
                d=path_of([(a, y(b)) for a, b in zip(xs, curve.mean, strict=True)]),
                fill="none",
                stroke=_of(curve.side),
                stroke_width=2.2,
                stroke_dasharray=_DASH[curve.side],
                stroke_linejoin="round",
            )
        )
        if curve.toe_off_percent is not None:
            at = x(curve.toe_off_percent)
            parts.append(line(at, top, at, bottom, stroke=_of(curve.side), stroke_dasharray="2 3"))
    toe_offs = [c.toe_off_percent for c in curves if c.toe_off_percent is not None]
    if toe_offs:
        parts.append(
            text(
                x(max(toe_offs)) + 4,
                top + 12,
                "toe-off",
                fill=colour("muted"),
                font_size=11,
                **_HALO,
            )
        )
    parts += _legend([c.side for c in curves], right, 12)
    said = "; ".join(
        f"{c.side}: from {np.nanmin(c.mean):{digits}f} to {np.nanmax(c.mean):{digits}f}{unit} "
        f"in {c.n} strides"
        for c in curves
        if np.isfinite(c.mean).any()
    )
    return drawing(
        width, height, *parts, title=f"{name} over the gait cycle", desc=f"Mean ± 1 SD. {said}."
    )


_HALO = {"paint_order": "stroke", "stroke": colour("surface"), "stroke_width": 3}


#: A curve's range covers at least so much of its unit, so that small things look small.
_LEAST = {"deg": 10.0}


def _range(curves: Sequence[Curve], least: float) -> tuple[float, float]:
    """Return the range that holds all bands, with air, and at least `least` of the unit."""
    edges = np.concatenate([np.r_[c.mean - c.sd, c.mean + c.sd, c.mean] for c in curves])
    edges = edges[np.isfinite(edges)]
    if not edges.size:
        return 0.0, least
    low, high = float(edges.min()), float(edges.max())
    pad = max(0.08 * (high - low), (least - (high - low)) / 2)
    return low - pad, high + pad


def _band(curve: Curve, xs: list[float], y: Callable[[float], float]) -> list[Markup]:
    """Fill ± 1 SD around the mean; nothing where either is missing."""
    good = np.isfinite(curve.mean) & np.isfinite(curve.sd)
    points = [(xs[i], y(curve.mean[i] + curve.sd[i])) for i in np.flatnonzero(good)]
    points += [(xs[i], y(curve.mean[i] - curve.sd[i])) for i in np.flatnonzero(good)[::-1]]
    if not points:
        return []
    return [tag("path", d=path_of(points) + "Z", fill=_of(curve.side), fill_opacity=0.18)]


def _legend(sides: Sequence[MetricSide], right: float, y: float) -> list[Markup]:
    """Name the sides at the top right; nothing for a midline alone."""
    out: list[Markup] = []
    for side in reversed([s for s in sides if s != "both"]):
        out.append(text(right, y + 4, side, text_anchor="end"))
        out.append(
            line(
                right - 62,
                y,
                right - 36,
                y,
                stroke=_of(side),
                stroke_width=2.2,
                stroke_dasharray=_DASH[side],
            )
        )
        right -= 74
    return out


def contacts(events: Sequence[Event], side: Side) -> list[tuple[float, float]]:
    """Pair each contact with the toe-off that ends it, in seconds; unpaired ones are left out."""
    pairs, start = [], None
    for event in sorted((e for e in events if e.side == side), key=lambda e: e.time_s):
        if event.kind == "initial_contact":
            start = event.time_s
        elif start is not None:
            pairs.append((start, event.time_s))
            start = None
    return pairs


def window(events: Sequence[Event]) -> tuple[float, float, bool]:
    """Return start and end of what the timeline shows, and whether that is only a part."""
    first, last = min(e.time_s for e in events), max(e.time_s for e in events)
    if last - first <= WINDOW_S + 1:
        return first - 0.1, last + 0.1, False
    middle = (first + last) / 2
    return middle - WINDOW_S / 2, middle + WINDOW_S / 2, True


def timeline_figure(events: Sequence[Event]) -> Markup:
    """Draw when each foot is on the ground; a window from the middle of a long recording."""
    width, height, left, right = 900.0, 118.0, 52.0, 890.0
    start, end, partly = window(events)

    def x(time: float) -> float:
        return left + (right - left) * (time - start) / (end - start)

    parts = []
    for tick in ticks(start, end, 8):
        parts.append(line(x(tick), 8, x(tick), 90, stroke=colour("line")))
        label = number(tick, 0 if tick == round(tick) else 1) + " s"
        parts.append(text(x(tick), 108, label, text_anchor="middle", fill=colour("muted")))
    counts = []
    for row, side in enumerate(SIDES):
        top = 14 + 38 * row
        parts.append(text(0, top + 20, title(side), fill=colour(side), font_weight=600))
        shown = [(a, b) for a, b in contacts(events, side) if b > start and a < end]
        for a, b in shown:
            a, b = max(a, start), min(b, end)
            parts.append(
                tag(
                    "rect",
                    x=x(a),
                    y=float(top),
                    width=max(x(b) - x(a), 1.0),
                    height=30.0,
                    rx=3 if side == "left" else 0,
                    fill=colour(side),
                )
            )
        counts.append(f"{len(shown)} {side}")
    where = "the middle of the recording" if partly else "the whole recording"
    return drawing(
        width,
        height,
        *parts,
        title=f"Ground contacts from {start:.1f} to {end:.1f} s ({where})",
        desc=f"Bars show when each foot is on the ground: {' and '.join(counts)} contacts.",
    )


#: How many between-runner standard deviations a norm strip reaches to each side.
REACH = 3.4


def norm_strip(estimates: Sequence[Estimate]) -> Markup | None:
    """Draw where values lie among comparable runners: dots with 95 % intervals on ± 1 and 2 SD.

    Returns
    -------
    Markup or None
        None when no estimate has both a value and a norm.
    """
    shown = [
        e for e in estimates if e.value is not None and e.norm is not None and isfinite(e.norm.z)
    ]
    if not shown:
        return None
    width, height = 170.0, 26.0

    def x(z: float) -> float:
        return width / 2 + min(max(z, -REACH), REACH) * (width / 2 - 5) / REACH

    parts = [
        tag("rect", x=x(-2), y=2.0, width=x(2) - x(-2), height=22.0, rx=4, fill=colour("band")),
        tag("rect", x=x(-1), y=2.0, width=x(1) - x(-1), height=22.0, fill=colour("band-strong")),
        line(x(0), 2, x(0), 24, stroke=colour("surface"), stroke_width=1.5),
    ]
    said = []
    for i, estimate in enumerate(shown):
        assert estimate.norm is not None
        norm = estimate.norm
        y = 13.0 if len(shown) == 1 else 8.0 + 10 * i
        fill = _of(estimate.side)
        if estimate.ci95 is not None and norm.sd > 0:
            low, high = ((edge - norm.mean) / norm.sd for edge in estimate.ci95)
            parts.append(line(x(low), y, x(high), y, stroke=fill, stroke_width=2))
        dot = {"fill": fill, "stroke": colour("surface"), "stroke_width": 1}
        at = x(norm.z)
        if estimate.side == "right":
            parts.append(tag("rect", x=at - 4, y=y - 4, width=8, height=8, **dot))
        else:
            parts.append(tag("circle", cx=at, cy=y, r=4.5, **dot))
        side = "" if estimate.side == "both" else f"{estimate.side} "
        said.append(f"{side}{value_text(estimate)} ({number(norm.z, 1, signed=True)} SD)")
    name = plain(shown[0].id)
    return drawing(width, height, *parts, title=f"{name} against the norm: {', '.join(said)}")
