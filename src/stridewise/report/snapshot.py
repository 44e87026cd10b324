"""What a snapshot looks like: text, a page with a drawing, and rows of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.form import pose
from stridewise.form.areas import load_areas
from stridewise.form.snapshot import AREAS, Reading, Snapshot, off_side
from stridewise.form.wording import load_wording
from stridewise.gait.angles import contralateral_drop
from stridewise.gait.body import MAX_OFF_FRONTAL_DEG, MAX_OFF_SAGITTAL_DEG
from stridewise.report.brief import IDEAL_YAW
from stridewise.report.page import template
from stridewise.report.skeleton import pose_figure, stage
from stridewise.report.svg import COLOURS
from stridewise.report.words import (
    VIEWS,
    chance_words,
    join,
    measure,
    number,
    percent,
    plain,
    sentence,
    title,
)
from stridewise.result import Pose
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

#: Key instant whose angles are drawn; flight follows toe-off.
_INSTANT: Mapping[str, Literal["initial_contact", "mid_stance"]] = {
    "contact": "initial_contact",
    "mid-stance": "mid_stance",
}
_ANGLES = {
    "trunk_lean": "Trunk lean, forward",
    "trunk_lateral": "Trunk lean, to the right",
    "pelvic_obliquity": "Tilt of the pelvis",
    "thigh": "Thigh from upright",
    "shank": "Shin from upright",
    "knee_flexion": "Knee bend",
    "foot": "Foot from level",
    "elbow_flexion": "Elbow bend",
}
_CAVEAT = (
    "A snapshot: speed, rhythm and what came before are not known. An area that looks likely here "
    "is a reason to film a few seconds, not a finding."
)


def text(found: Snapshot) -> str:
    """Return a few lines in plain words."""
    lines = [found.source, ""]
    lines.append(f"Looks like running: {percent(found.running)}")
    phase = found.phase or "cannot be told"
    lines.append(
        f"Phase: {phase}" + (f" ({percent(found.phase_probability)})" if found.phase else "")
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
        lines += [f"  {titles[k]}: {percent(p)} probable" for k, p in found.areas.items()]
    lines += ["", "Not judged"]
    lines += [
        f"  {reason.rstrip('.')}: {', '.join(names).lower()}" for reason, names in untold(found)
    ]
    return "\n".join([*lines, "", _CAVEAT])


def page(found: Snapshot, xy: Array, folder: Path) -> Path:
    """Write a page with the pose and what it shows; return its path.

    Parameters
    ----------
    found : Snapshot
    xy : ndarray, shape (points, 2)
        The pose, y down: `pose.POINTS`, and `pose.HEAD` where it is known.
    folder : Path
        Where `snapshot.html` goes.

    Raises
    ------
    InputError
        When the folder cannot be written.
    """
    path = folder / "snapshot.html"
    drawn = drawable(found, xy)
    body = template("snapshot.html").render(
        name=found.source,
        colours=COLOURS,
        facts=facts(found),
        figure=pose_figure(drawn, stage([drawn]), _where(found) or "The pose"),
        strong=drawn.side if found.phase else "",
        paragraphs=opening(found),
        angles=angles(found),
        areas=judged(found),
        untold=untold(found),
        advice=advice(found, xy),
        caveat=_CAVEAT,
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


def drawable(found: Snapshot, xy: Array) -> Pose:
    """Return the pose as the pictures of a report are drawn, with the angles of its plane.

    The leg in question is the one that is or was last on the ground, or the nearer one.
    """
    off = None if found.yaw_deg is None else off_side(found.yaw_deg)
    plane: Literal["sagittal", "frontal"] | None = None
    if off is not None and off <= MAX_OFF_SAGITTAL_DEG:
        plane = "sagittal"
    elif off is not None and off >= 90.0 - MAX_OFF_FRONTAL_DEG:
        plane = "frontal"
    side: Side = "right" if off is None or abs(found.yaw_deg or 0.0) <= 90.0 else "left"
    phase = found.phase or "mid-stance"
    if found.phase:
        side = "left" if "left" in phase else "right"
    values = {a.signal: a.value for a in _told(found) if a.side in (side, "")}
    if "pelvic_obliquity" in values:
        values["contralateral_drop"] = float(
            contralateral_drop(np.array(values.pop("pelvic_obliquity")), side)
        )
    names = (*pose.POINTS, *pose.HEAD)[: len(xy)]
    return Pose(_INSTANT.get(phase.split()[-1], "toe_off"), side, 0.0, names, xy, values, plane)


def _told(found: Snapshot) -> tuple[Reading, ...]:
    """Return the angles; what they were learnt from were runners."""
    return found.angles if found.running >= 0.5 else ()


def facts(found: Snapshot) -> list[tuple[str, str]]:
    """Return what the head of the page says."""
    where = (
        f"{found.phase}, {percent(found.phase_probability)}" if found.phase else "cannot be told"
    )
    return [
        ("Looks like running", percent(found.running)),
        ("In the stride", where),
        ("Seen", _seen_from(found.yaw_deg)),
        ("Areas judged", f"{len(found.areas)} of {len(found.areas) + len(found.untold)}"),
    ]


def _seen_from(yaw_deg: float | None) -> str:
    """Say from where, such as `from the right, 12° off`."""
    if yaw_deg is None:
        return "direction cannot be told"
    away = {name: abs((yaw_deg - yaw + 180) % 360 - 180) for name, yaw in IDEAL_YAW.items()}
    name = min(away, key=lambda n: away[n])
    off = round(away[name])
    return VIEWS[name] + (f", {off}° off" if off else "")


def _where(found: Snapshot) -> str:
    return sentence(found.phase).rstrip(".") if found.phase else ""


def opening(found: Snapshot) -> list[str]:
    """Say in a few sentences what was found."""
    if found.running < 0.5:
        return [
            f"This does not look like running ({percent(found.running)} probable), so no area of "
            "running form is judged."
        ]
    where = f"the phase is {found.phase}" if found.phase else "the phase of the stride is uncertain"
    first = (
        f"This looks like running ({percent(found.running)} probable); {where}, "
        f"{'seen ' if found.yaw_deg is not None else 'its '}{_seen_from(found.yaw_deg)}."
    )
    titles = {area.id: area.title for area in load_areas().areas}
    likely = [
        f"{titles[key].lower()} ({percent(p)} probable)"
        for key, p in found.areas.items()
        if p >= 0.5
    ]
    if likely:
        second = f"Worth a look in a film: {join(likely)}."
    elif found.areas:
        names = join([titles[key].lower() for key in found.areas])
        second = f"Judged here: {names}. Nothing of it is likely."
    else:
        second = "It shows no area of running form well enough to judge it."
    return [first, second]


def angles(found: Snapshot) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the rows of the table of angles: name, and value by side; none of who does not run."""
    rows: dict[str, dict[str, str]] = {}
    for a in _told(found):
        rows.setdefault(a.signal, {})[a.side] = measure(a.value, 1.96 * a.sd, "deg")
    return [
        (
            _ANGLES.get(signal, title(signal)),
            [("both", of[""])]
            if "" in of
            else [(side, of.get(side, "")) for side in ("left", "right")],
        )
        for signal, of in rows.items()
    ]


def judged(found: Snapshot) -> list[dict[str, str]]:
    """Return what is said about each area that this picture can show, the likeliest first."""
    known = {area.id: area for area in load_areas().areas}
    said = load_wording().areas
    return [
        {
            "title": known[key].title,
            "words": sentence(chance_words(p)).rstrip("."),
            "percent": percent(p),
            "description": known[key].description,
            "cue": said[key].cue if p >= 0.5 else "",
        }
        for key, p in sorted(found.areas.items(), key=lambda item: -item[1])
    ]


def untold(found: Snapshot) -> list[tuple[str, list[str]]]:
    """Return the reasons for which areas are not judged, with their titles."""
    titles = {area.id: area.title for area in load_areas().areas}
    reasons: dict[str, list[str]] = {}
    for key, reason in found.untold.items():
        reasons.setdefault(sentence(reason), []).append(titles[key])
    return list(reasons.items())


def advice(found: Snapshot, xy: Array) -> list[str]:
    """Say what would make the next picture better, and that a film is better still."""
    out = []
    if found.yaw_deg is None or 10.0 < off_side(found.yaw_deg) < 80.0:
        out.append(
            "Hold the camera at hip height and square to the runner's side: leans and bends are "
            "foreshortened from anywhere else."
        )
    elif off_side(found.yaw_deg) >= 80.0:
        out.append("Take another one from the side: lean shows there only.")
    if found.running >= 0.5 and (found.phase is None or "flight" in found.phase):
        out.append("Press the button while a foot is down: a body in flight shows no area.")
    seen = {n for n, p in zip(pose.POINTS, xy, strict=False) if np.isfinite(p).all()}
    if not {f"{side}_{part}" for side in SIDES for part in ("heel", "big_toe")} <= seen:
        out.append("Use a pose estimator that marks heel and toe: without them no foot is judged.")
    body = {f"{s}_{part}" for s in SIDES for part in ("shoulder", "hip", "knee", "ankle")}
    if not body <= seen:
        out.append("Keep the whole body in the picture, with nothing in front of it.")
    out.append(
        "Film 20 seconds at a steady speed instead: rhythm, bounce, landing and the "
        "difference between left and right need several steps."
    )
    return out


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
