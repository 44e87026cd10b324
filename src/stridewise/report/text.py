"""The summary that the terminal shows."""

from __future__ import annotations

import textwrap

from stridewise.estimate import Estimate
from stridewise.report import words
from stridewise.report.brief import (
    name,
    priorities,
    score_words,
    side_words,
    unjudged_areas,
    unjudged_measures,
    verdict,
)
from stridewise.result import Analysis

#: Widest line, in characters.
WIDTH = 100

_KEY_METRICS = (
    "cadence",
    "ground_contact_time",
    "vertical_oscillation",
    "overstride",
    "shank_ic",
    "knee_flex_ic",
    "trunk_lean",
    "contralateral_pelvic_drop",
    "peak_hip_adduction",
    "step_width",
)
_MOST_METRICS = 7
_MOST_REASONS = 2


def summary(analysis: Analysis) -> str:
    """Return at most 25 lines in plain words: recording, key metrics, priorities, what is missing.

    Parameters
    ----------
    analysis : Analysis
        What to sum up.
    """
    parts = [[_cut(name(analysis)), _cut(_capture(analysis))]]
    parts += [
        part
        for part in (_metrics(analysis), _findings(analysis), _score(analysis), _missing(analysis))
        if part
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def _capture(analysis: Analysis) -> str:
    capture, recording = analysis.capture, analysis.recording
    facts = [f"filmed {words.VIEWS.get(capture.view, capture.view)}"]
    if isinstance(fps := recording.get("fps"), int | float):
        facts.append(f"{fps:.0f} frames/s")
    if isinstance(duration := recording.get("duration_s"), int | float):
        facts.append(f"{duration:.0f} s")
    if capture.surface in ("treadmill", "overground"):
        facts.append(capture.surface)
    if capture.speed_mps is not None:
        facts.append(words.speed_text(capture.speed_mps))
    facts.append(f"quality {capture.quality}")
    return ", ".join(facts)


def _metrics(analysis: Analysis) -> list[str]:
    """Return a table: name, left, right (or one value), comparison with the norm."""
    rows: list[tuple[str, str, str, str]] = []
    for key in _KEY_METRICS:
        found: dict[str, Estimate] = {
            e.side: e for e in analysis.metrics if e.id == key and e.value is not None
        }
        if not found:
            continue
        first = found.get("left") or found.get("both")
        left, right = (_value(e) if e else "" for e in (first, found.get("right")))
        rows.append((words.describe(key).name, left, right, words.compare(list(found.values()))))
    if not rows:
        return []
    rows = [("", "left or both", "right", "for this speed"), *rows[:_MOST_METRICS]]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return [
        _cut("  ".join(cell.ljust(w) for cell, w in zip(row, [*widths, 0], strict=True)).rstrip())
        for row in rows
    ]


def _value(estimate: Estimate) -> str:
    """Write a value a little shorter than on the page."""
    return words.value_text(estimate).replace("% leg length", "% leg")


def _findings(analysis: Analysis) -> list[str]:
    first = priorities(analysis)
    if not first:
        return textwrap.wrap(verdict(analysis), WIDTH)
    lines = ["Work on first"]
    for rank, finding in enumerate(first, 1):
        side = f", {side_words(finding)}" if side_words(finding) else ""
        sure = f"{words.probability_words(finding.probability)}, "
        sure += words.percent(finding.probability)
        lines.append(_cut(f"  {rank}. {finding.title}{side} ({sure})"))
        lines.append(_cut(f"     “{finding.cue}”"))
    others = [f.title.lower() for f in analysis.findings if f.priority is None]
    if others:
        lines.append(_cut(f"  Also seen: {words.join(others)}"))
    return lines


def _score(analysis: Analysis) -> list[str]:
    return textwrap.wrap(score_words(analysis), WIDTH)


def _missing(analysis: Analysis) -> list[str]:
    groups = unjudged_measures(analysis) + unjudged_areas(analysis)
    if not groups:
        return []
    lines = ["Not judged"]
    for reason, names in groups[:_MOST_REASONS]:
        lines.append(_cut(f"  {reason.rstrip('.')}: {', '.join(names).lower()}"))
    if len(groups) > _MOST_REASONS:
        lines.append(
            f"  … and more: {len(groups) - _MOST_REASONS} other reasons, all in the report"
        )
    return lines


def _cut(text: str) -> str:
    """Keep a line on one line, whatever a file brought into it."""
    text = "".join(c if c.isprintable() else " " for c in text).rstrip()
    return text if len(text) <= WIDTH else text[: WIDTH - 1].rstrip() + "…"
