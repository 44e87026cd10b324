"""What a snapshot looks like: text, a page with a drawing, and rows of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from html import escape
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.form import pose
from stridewise.form.areas import load_areas
from stridewise.form.snapshot import AREAS, Snapshot
from stridewise.report.svg import colour, drawing, line, standalone
from stridewise.report.words import number, plain

Array = NDArray[np.float64]

_SIZE, _MARGIN = 260.0, 20.0
_BONES = (
    ("shoulder", "elbow"),
    ("elbow", "wrist"),
    ("shoulder", "hip"),
    ("hip", "knee"),
    ("knee", "ankle"),
    ("heel", "big_toe"),
)
_CAVEAT = (
    "A snapshot: speed, rhythm and what came before are not known. An area that looks likely here "
    "is a reason to film a few seconds, not a finding."
)


def text(found: Snapshot) -> str:
    """Return a few lines in plain words."""
    lines = [found.source, ""]
    lines.append(f"Looks like running: {100 * found.running:.0f} %")
    phase = found.phase or "cannot be told"
    lines.append(
        f"Phase: {phase}" + (f" ({100 * found.phase_probability:.0f} %)" if found.phase else "")
    )
    lines.append(
        "Camera: its direction cannot be told"
        if found.yaw_deg is None
        else f"Camera: {number(found.yaw_deg, signed=True)}° "
        "(0 right side, 90 front, 180 left side, −90 back)"
    )
    if found.angles:
        lines += ["", "Angles"]
        lines += [
            f"  {f'{a.side} {plain(a.signal)}'.strip()}: {number(a.value)} ± {1.96 * a.sd:.0f}°"
            for a in found.angles
        ]
    titles = {area.id: area.title for area in load_areas().areas}
    if found.areas:
        lines += ["", "Areas that this picture can show"]
        lines += [f"  {titles[k]}: {100 * p:.0f} % probable" for k, p in found.areas.items()]
    reasons: dict[str, list[str]] = {}
    for key, reason in found.untold.items():
        reasons.setdefault(reason, []).append(titles[key].lower())
    lines += ["", "Not judged"]
    lines += [f"  {reason}: {', '.join(names)}" for reason, names in reasons.items()]
    return "\n".join([*lines, "", _CAVEAT])


def page(found: Snapshot, xy: Array, folder: Path) -> Path:
    """Write a page with the pose and what it shows; return its path.

    Raises
    ------
    InputError
        When the folder cannot be written.
    """
    path = folder / "snapshot.html"
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(found.source)}</title>"
        '<body style="font-family:system-ui,sans-serif;max-width:46rem;margin:2rem auto">'
        f"<h1>Snapshot</h1>{standalone(figure(xy))}"
        f'<pre style="white-space:pre-wrap;font:inherit">{escape(text(found))}</pre>'
        "</body></html>\n"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"The report cannot be written to {folder}: {error.strerror}",
            expected="a folder that can be written to",
        ) from error
    return path


def figure(xy: Array) -> Markup:
    """Draw a pose, shape (points, 2), left blue and right orange."""
    known = xy[np.isfinite(xy).all(axis=1)]
    low, high = known.min(axis=0), known.max(axis=0)
    scale = (_SIZE - 2 * _MARGIN) / max(float((high - low).max()), 1e-9)
    place = (xy - (low + high) / 2) * scale + _SIZE / 2
    bones = [
        line(*place[p], *place[q], stroke=colour(side), stroke_width=6, stroke_linecap="round")
        for side in ("left", "right")
        for a, b in _BONES
        for p, q in [(pose.POINTS.index(f"{side}_{a}"), pose.POINTS.index(f"{side}_{b}"))]
        if np.isfinite(place[[p, q]]).all()
    ]
    return drawing(_SIZE, _SIZE, *bones, title="The pose")


def table(found: Iterable[Snapshot]) -> str:
    """Return CSV: a row for each pose; empty cells where nothing can be told."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["pose", "running", "phase", "phase_probability", "yaw_deg", *AREAS])
    for one in found:
        areas = [f"{one.areas[name]:.3f}" if name in one.areas else "" for name in AREAS]
        yaw = "" if one.yaw_deg is None else f"{one.yaw_deg:.0f}"
        certain = f"{one.phase_probability:.3f}" if one.phase else ""
        writer.writerow(
            [
                one.source,
                "" if np.isnan(one.running) else f"{one.running:.4f}",
                one.phase or "",
                certain,
                yaw,
                *areas,
            ]
        )
    return out.getvalue()
