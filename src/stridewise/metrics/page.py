"""The catalogue as a page to read."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from stridewise.metrics.norms import NormLine, lines
from stridewise.metrics.registry import Metric, catalogue

_HEAD = """\
# Metrics

Written by `python -m stridewise.metrics docs/metrics.md`; change the declarations, not this page.

Every number comes with a standard deviation and a 95 % interval,
u² = u_bias² + u_random² / N_eff: the random part from what steps differ by (at least what point
noise and event error predict), the systematic part from the view and never below the *floor*. The
value is the median over steps (cadence: the mean). *Change* is the smallest difference between two
recordings that is more than error (95 %). Below the first frame rate a metric is absent, below the
second it is only advisory, as it is with fewer than eight steps, and where the camera stands more
than 20° from where the plane it belongs to is seen as it is: sagittal metrics from the side,
frontal ones from in front or behind.
The systematic part also holds what points make of it that lie beside their joints for the whole
recording, by 2 % of leg length (`stridewise.placement`): the shorter the line between two points,
the more. A metric of a plane is only advisory where that is more than runners differ by.
Norms are the mean and standard deviation of runners on a treadmill at 3.5 m/s, and what a further
1 m/s adds to the mean.

`L` is leg length, `1` a plain ratio. Initial contact and toe-off are the instants at which the
vertical ground force crosses 50 N.
"""


def page() -> str:
    """Return the catalogue as Markdown."""
    norms = lines()
    groups = groupby(catalogue().values(), key=lambda m: m.group)
    return "\n".join([_HEAD, *(_section(group, list(found), norms) for group, found in groups)])


def _section(
    group: str, metrics: list[Metric], norms: Mapping[tuple[str, str, str], NormLine]
) -> str:
    rows = [
        "| id | what | unit | sides | view, fps | definition | floor | change | norm | source |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for m in metrics:
        unit = m.unit if m.unit_unscaled is None else f"{m.unit} or {m.unit_unscaled}"
        wants = ", ".join(need.name for need in m.needs)
        cells = (
            f"`{m.id}`",
            f"{m.name}. {m.help}",
            unit,
            "left, right" if m.sides == "each" else "both",
            f"{m.view}, {m.min_fps:g}, {m.advisory_fps:g}",
            m.formula + (f" (needs {wants})" if wants else ""),
            f"{m.floor:g}" if m.floor else "",
            _change(m),
            _norm(norms.get((m.id, m.unit, "treadmill"))),
            m.source,
        )
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return f"## {group.capitalize()}\n\n" + "\n".join(rows) + "\n"


def _change(metric: Metric) -> str:
    if not isinstance(metric.mdc, Mapping):
        return "" if metric.mdc is None else f"{metric.mdc:g}"
    return ", ".join(f"{value:g} at {rate:g} fps" for rate, value in sorted(metric.mdc.items()))


def _norm(line: NormLine | None) -> str:
    if line is None:
        return ""
    slope = "" if line.speed_mps is None else f", {line.mean[1]:+.2g}"
    return f"{line.mean[0]:.3g} ± {line.sd[0]:.2g}{slope} ({line.evidence})"
