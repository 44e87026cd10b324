from __future__ import annotations

import csv
import io

import numpy as np

from stridewise.report.tables import tables
from stridewise.result import Analysis


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def number(field: str) -> float | None:
    return float(field) if field else None


def test_metrics_come_back_exactly(from_side: Analysis) -> None:
    read = rows(tables(from_side)["metrics.csv"])
    assert len(read) == len(from_side.metrics)
    for row, metric in zip(read, from_side.metrics, strict=True):
        assert (row["id"], row["side"], row["unit"]) == (metric.id, metric.side, metric.unit)
        assert number(row["value"]) == metric.value
        assert number(row["sd"]) == metric.sd
        low, high = metric.ci95 or (None, None)
        assert (number(row["ci95_low"]), number(row["ci95_high"])) == (low, high)
        assert int(row["n"]) == metric.n
        assert row["status"] == metric.status
        assert row["reason"] == (metric.reason or "")
        assert row["label"] == (metric.label or "")
        assert number(row["norm_z"]) == (metric.norm and metric.norm.z)
        assert row["norm_source"] == (metric.norm.source if metric.norm else "")


def test_events_come_back_exactly(from_side: Analysis) -> None:
    read = rows(tables(from_side)["events.csv"])
    assert [(r["kind"], r["side"], float(r["time_s"]), float(r["sd_s"])) for r in read] == [
        (e.kind, e.side, e.time_s, e.sd_s) for e in from_side.events
    ]


def test_curves_come_back_exactly(from_side: Analysis) -> None:
    read = rows(tables(from_side)["curves.csv"])
    assert len(read) == 101 * len(from_side.curves)
    for i, curve in enumerate(from_side.curves):
        part = read[101 * i : 101 * (i + 1)]
        assert [int(r["percent"]) for r in part] == list(range(101))
        np.testing.assert_array_equal([float(r["mean"]) for r in part], curve.mean)
        np.testing.assert_array_equal([float(r["sd"]) for r in part], curve.sd)


def test_findings_come_back(from_side: Analysis) -> None:
    read = rows(tables(from_side)["findings.csv"])
    for row, finding in zip(read, from_side.findings, strict=True):
        assert row["why"] == finding.why
        assert row["drill"] == finding.drill
        assert float(row["probability"]) == finding.probability
        assert tuple(row["metrics"].split("; ")) == finding.metrics
        assert number(row["priority"]) == finding.priority


def test_empty_tables_have_their_columns(bare: Analysis) -> None:
    for text in tables(bare).values():
        assert text.count("\n") == 1
        assert "," in text


def test_missing_numbers_are_empty_fields(from_side: Analysis) -> None:
    text = tables(from_side)["metrics.csv"]
    assert "None" not in text
    assert "nan" not in text
