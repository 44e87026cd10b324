"""The tables of a report as CSV text: full precision, machine-readable units."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np

from stridewise.result import Analysis


def tables(analysis: Analysis) -> dict[str, str]:
    """Return the tables by file name.

    Numbers are written so that reading them back gives the same number; an empty field is a missing
    value; lists inside a field are separated by `; `.
    """
    return {
        "metrics.csv": _csv(
            "id side value unit sd ci95_low ci95_high n status label reason "
            "norm_mean norm_sd norm_z norm_source",
            (
                [
                    *(e.id, e.side, e.value, e.unit, e.sd, *(e.ci95 or (None, None))),
                    *(e.n, e.status, e.label, e.reason),
                    *((n.mean, n.sd, n.z, n.source) if (n := e.norm) else (None,) * 4),
                ]
                for e in analysis.metrics
            ),
        ),
        "events.csv": _csv(
            "kind side time_s sd_s",
            ([e.kind, e.side, e.time_s, e.sd_s] for e in analysis.events),
        ),
        "curves.csv": _csv(
            "id side unit percent mean sd n toe_off_percent",
            (
                [c.id, c.side, c.unit, percent, mean, sd, c.n, c.toe_off_percent]
                for c in analysis.curves
                for percent, (mean, sd) in enumerate(zip(c.mean, c.sd, strict=True))
            ),
        ),
        "findings.csv": _csv(
            "area title side probability severity priority evidence associated_with why cue drill "
            "metrics source basis rule_probability expected",
            (
                [
                    *(f.area, f.title, f.side, f.probability, f.severity, f.priority, f.evidence),
                    *("; ".join(f.associated_with), f.why, f.cue, f.drill, "; ".join(f.metrics)),
                    *(f.source, f.basis, f.rule_probability, f.expected),
                ]
                for f in analysis.findings
            ),
        ),
    }


def _csv(columns: str, rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns.split())
    writer.writerows([_field(value) for value in row] for row in rows)
    return out.getvalue()


def _field(value: object) -> object:
    """Write plain Python numbers, and nothing for NaN."""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value))
    return value
