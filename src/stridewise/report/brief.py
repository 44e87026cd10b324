"""What a reader should learn first: shared by the page and the terminal summary."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from stridewise.form.areas import load_areas
from stridewise.report import words
from stridewise.result import Analysis, Finding

#: Areas that are named beside the form score.
_MOST_LOST = 3


def name(analysis: Analysis) -> str:
    """Return what the recording is called: its file name, without folders."""
    source = str(analysis.recording.get("source") or "")
    return PurePath(source.replace("\\", "/")).name or source or "Recording"


def priorities(analysis: Analysis) -> list[Finding]:
    """Return the findings to work on first, in their order."""
    ranked = [f for f in analysis.findings if f.priority is not None]
    return sorted(ranked, key=lambda f: f.priority or 0)


def side_words(finding: Finding) -> str:
    """Say whose side a finding is on: `left leg`; empty for both."""
    return "" if finding.side == "both" else f"{finding.side} side"


def opening(analysis: Analysis) -> list[str]:
    """Say in a few sentences what was seen and what stands out."""
    capture = analysis.capture
    seen = f"Filmed {words.VIEWS.get(capture.view, capture.view)}"
    if capture.surface in ("treadmill", "overground"):
        seen += " on a treadmill" if capture.surface == "treadmill" else " overground"
    if capture.speed_mps is not None:
        seen += f" at {words.speed_text(capture.speed_mps)}"
    count = sum(e.kind == "initial_contact" for e in analysis.events)
    seen += f": {count} ground contact{'' if count == 1 else 's'} were measured."
    return [seen, verdict(analysis)]


def score_words(analysis: Analysis) -> str:
    """Say the form score with its uncertainty and the areas that take most off; "" without one."""
    score = analysis.form_score
    if score is None:
        return ""
    most = sorted(score.lost.items(), key=lambda item: -item[1])[:_MOST_LOST]
    told = [f"{words.area_title(area).lower()} −{lost:.0f}" for area, lost in most if lost >= 0.5]
    lost = f", most off for {words.join(told)}" if told else ""
    return (
        f"Form score {score.value:.0f} ± {max(1.96 * score.sd, 1):.0f} of 100, from "
        f"{100 * score.judged:.0f} % of what can be judged{lost}."
    )


def verdict(analysis: Analysis) -> str:
    """Say what stands out; if nothing does, whether that means fine or hardly judged."""
    first = priorities(analysis)
    if first:
        titles = words.join(
            f"{f.title.lower()}{f' ({side_words(f)})' if side_words(f) else ''}" for f in first
        )
        least = {1: "One thing stands", 2: "Two things stand"}.get(len(first), "Three things stand")
        return f"{least} out and {'is' if len(first) == 1 else 'are'} worth working on: {titles}."
    if analysis.findings:
        return "There are a few signs, listed below, but none that should be worked on first."
    if not any(e.status == "ok" for e in analysis.metrics):
        return "Nothing could be judged in this recording."
    areas = {area.id for area in load_areas().areas}
    skipped = len(areas & {key for key, _ in analysis.unjudged})
    judged = len(areas) - skipped
    if judged < skipped:
        return (
            f"Nothing stood out, but little could be judged: {judged} of {len(areas)} areas of "
            "running form. The reasons are listed below; a better recording may show more."
        )
    return (
        f"Nothing stood out: {judged} of {len(areas)} areas of running form could be judged, and "
        "none lies clearly past its limit."
    )


def unjudged_areas(analysis: Analysis) -> list[tuple[str, list[str]]]:
    """Return why areas of running form could not be judged: reasons, each with the areas it hit."""
    return _by_reason((words.area_title(key), "both", reason) for key, reason in analysis.unjudged)


def unjudged_measures(analysis: Analysis) -> list[tuple[str, list[str]]]:
    """Return why metrics are absent: reasons, each with the metrics it hit."""
    return _by_reason(
        (words.describe(e.id).name, e.side, e.reason or "")
        for e in analysis.metrics
        if e.value is None
    )


def _by_reason(items: Iterable[tuple[str, str, str]]) -> list[tuple[str, list[str]]]:
    """Group (name, side, reason) by reason, the one that hits most first."""
    grouped: dict[str, dict[str, set[str]]] = {}
    for label, side, reason in items:
        group = grouped.setdefault(words.sentence(reason or "no reason was given"), {})
        group.setdefault(label, set()).add(side)
    named = [
        (reason, _enumerate([_sided(label, sides) for label, sides in group.items()]))
        for reason, group in grouped.items()
    ]
    return sorted(named, key=lambda item: -len(item[1]))


def _sided(label: str, sides: set[str]) -> str:
    """Add the side where only one is meant."""
    return f"{label} ({min(sides)})" if sides in ({"left"}, {"right"}) else label


def _enumerate(labels: list[str]) -> list[str]:
    """Keep the capital of the first label only."""
    return labels[:1] + [label[:1].lower() + label[1:] for label in labels[1:]]


IDEAL_YAW = {"right": 0.0, "front": 90.0, "left": 180.0, "back": -90.0}


def advice(analysis: Analysis) -> list[str]:
    """Say what would make the next recording better."""
    capture, recording = analysis.capture, analysis.recording
    out = []
    fps = recording.get("fps")
    if isinstance(fps, int | float) and fps < 100:
        out.append(
            "Film at 120 frames per second or more: contact times and angles at contact get "
            "more exact."
        )
    off = (capture.yaw_deg - IDEAL_YAW.get(capture.view, capture.yaw_deg) + 180) % 360 - 180
    if abs(off) > 8:
        out.append(
            f"Place the camera squarely: it looked {abs(off):.0f}° past a plain view "
            f"{words.VIEWS.get(capture.view, capture.view)}."
        )
    duration = recording.get("duration_s")
    if isinstance(duration, int | float) and duration < 20:
        out.append("Film 20 seconds or more at a steady speed: more steps narrow the ± ranges.")
    if capture.speed_mps is None:
        out.append("Note the running speed: what is typical depends on it.")
    if capture.view in ("left", "right"):
        out.append("Film once more from behind to judge pelvis, hips and knees sideways.")
    elif capture.view in ("front", "back"):
        out.append("Film once more from the side to judge stride, knees and trunk lean.")
    return out
