"""The report page: what goes where; how it looks is in `template.html` and `style.css`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from stridewise.estimate import Estimate, MetricSide
from stridewise.report import words
from stridewise.report.brief import (
    advice,
    name,
    opening,
    priorities,
    score_words,
    side_words,
    unjudged_areas,
    unjudged_measures,
)
from stridewise.report.figures import (
    CURVES,
    contacts,
    curve_figure,
    norm_strip,
    timeline_figure,
    window,
)
from stridewise.report.reasons import reason_words, reasons_figure
from stridewise.report.skeleton import pose_figure, stage, undrawn
from stridewise.report.svg import COLOURS
from stridewise.result import Analysis, Curve, Pose
from stridewise.skeletons import SIDES, Side

#: Metrics of the summary tiles, in order of preference.
_HEADLINE = (
    "cadence",
    "ground_contact_time",
    "vertical_oscillation",
    "overstride",
    "trunk_lean",
    "contralateral_pelvic_drop",
    "step_width",
    "duty_factor",
)


_SIDE_ORDER = ("left", "right", "both")


def figures(analysis: Analysis) -> dict[str, Markup]:
    """Return the pictures of a report by file name."""
    on = stage(analysis.poses)
    out = {f"pose_{p.side}_{p.phase}.svg": pose_figure(p, on) for p in analysis.poses}
    out |= {f"curve_{name}.svg": curve_figure(c) for name, c in _curves(analysis).items()}
    if analysis.events:
        out["timeline.svg"] = timeline_figure(analysis.events)
    return out


def template(name: str) -> Template:
    """Return a template of this package; what it is given is escaped."""
    environment = Environment(
        loader=PackageLoader("stridewise.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(name)


def page(analysis: Analysis, *, written: date | None = None) -> str:
    """Return the report as one HTML file that loads nothing else.

    Parameters
    ----------
    analysis : Analysis
        What to report.
    written : date, optional
        Printed as the day of the report.
    """
    drawn = figures(analysis)
    return template("template.html").render(
        analysis=analysis,
        capture=analysis.capture,
        colours=COLOURS,
        facts=_facts(analysis, written),
        name=name(analysis),
        words=words,
        evidence=words.evidence(),
        side_words=side_words,
        reasons_words=lambda finding: words.join(map(reason_words, finding.reasons)),
        reasons_figure=reasons_figure,
        score_words=score_words(analysis),
        paragraphs=opening(analysis),
        tiles=_tiles(analysis),
        poses=_pose_rows(analysis, drawn),
        priorities=priorities(analysis),
        others=[f for f in analysis.findings if f.priority is None],
        groups=_groups(analysis),
        unjudged=[
            ("Areas of running form", unjudged_areas(analysis)),
            ("Measures", unjudged_measures(analysis)),
        ],
        curves=[drawn[f"curve_{key}.svg"] for key in _curves(analysis)],
        timeline=drawn.get("timeline.svg"),
        timeline_note=_timeline_note(analysis),
        advice=advice(analysis),
        sources=_sources(analysis),
        provenance=_provenance(analysis),
    )


@dataclass(frozen=True)
class _Row:
    """One metric in the table; `notes` are numbers of the group's notes."""

    name: str
    help: str
    of: dict[MetricSide, Estimate]
    strip: Markup | None
    words: str
    notes: list[int]

    @property
    def sided(self) -> bool:
        """Whether left and right are told apart."""
        return "both" not in self.of

    @property
    def n(self) -> str:
        """Steps behind the values."""
        counts = list(dict.fromkeys(str(e.n) for e in self.of.values()))
        return " / ".join(counts)


@dataclass(frozen=True)
class _Group:
    """One table of metrics; `notes` say why values are only advisory, numbered from 1."""

    title: str
    rows: list[_Row]
    notes: list[str]

    @property
    def sided(self) -> bool:
        """Whether any metric tells left and right apart."""
        return any(row.sided for row in self.rows)

    @property
    def compared(self) -> bool:
        """Whether there is anything to say beside the values."""
        return any(row.words or row.notes for row in self.rows) or self.stripped

    @property
    def stripped(self) -> bool:
        """Whether any metric has a norm strip."""
        return any(row.strip for row in self.rows)


def _groups(analysis: Analysis) -> list[_Group]:
    """Return the present metrics by group, in the order of the groups and of the analysis."""
    present: dict[str, list[Estimate]] = {}
    for estimate in analysis.metrics:
        if estimate.value is not None:
            present.setdefault(estimate.id, []).append(estimate)
    groups = {key: _Group(title, [], []) for key, title in words.GROUPS.items()}
    for key, estimates in present.items():
        described = words.describe(key)
        group = groups.setdefault(described.group, _Group(described.group, [], []))
        ordered = sorted(estimates, key=lambda e: _SIDE_ORDER.index(e.side))
        coarse = dict.fromkeys(
            words.sentence(e.reason) for e in ordered if e.status == "advisory" and e.reason
        )
        group.notes.extend(note for note in coarse if note not in group.notes)
        group.rows.append(
            _Row(
                described.name,
                described.help,
                {e.side: e for e in ordered},
                norm_strip(ordered),
                words.compare(ordered),
                [group.notes.index(note) + 1 for note in coarse],
            )
        )
    return [group for group in groups.values() if group.rows]


def _tiles(analysis: Analysis) -> list[dict[str, object]]:
    """Return up to four headline numbers, those that can be judged by before the others."""
    known = {
        key: found
        for key in _HEADLINE
        if (found := [e for e in analysis.metrics if e.id == key and e.value is not None])
    }
    firm = sorted(known, key=lambda key: all(e.status != "ok" for e in known[key]))
    return [
        {
            "name": words.describe(key).name,
            "values": [(e.side, words.value_text(e)) for e in known[key]],
            "words": words.compare(known[key]),
        }
        for key in firm[:4]
    ]


def _near(analysis: Analysis) -> Side | None:
    view = analysis.capture.view
    return "left" if view == "left" else "right" if view == "right" else None


def _pose_rows(
    analysis: Analysis, drawn: dict[str, Markup]
) -> list[tuple[str, list[dict[str, object]]]]:
    """Return pictures by side, the side nearer to the camera first."""
    near = _near(analysis)
    sides: Iterable[Side] = SIDES if near != "right" else SIDES[::-1]
    order = list(words.PHASES)
    rows = []
    for side in sides:
        of_side = sorted(
            (p for p in analysis.poses if p.side == side), key=lambda p: order.index(p.phase)
        )
        title = f"{side.capitalize()} leg"
        if near is not None:
            title += " (nearer to the camera)" if side == near else " (farther away)"
        if of_side:
            rows.append((title, [_picture(p, drawn) for p in of_side]))
    return rows


def _picture(pose: Pose, drawn: dict[str, Markup]) -> dict[str, object]:
    return {
        "svg": drawn[f"pose_{pose.side}_{pose.phase}.svg"],
        "title": words.PHASES[pose.phase],
        "time": f"{pose.time_s:.2f} s",
        "also": ", ".join(undrawn(pose)),
    }


def _curves(analysis: Analysis) -> dict[str, list[Curve]]:
    """Return curves by id: known ones first, in their order."""
    found: dict[str, list[Curve]] = {}
    for curve in analysis.curves:
        found.setdefault(curve.id, []).append(curve)
    order = {key: i for i, key in enumerate(CURVES)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def _timeline_note(analysis: Analysis) -> str:
    if not analysis.events:
        return ""
    start, end, partly = window(analysis.events)
    shown = (
        f"A representative {end - start:.0f} s from the middle of the recording. "
        if partly
        else "The whole recording. "
    )
    pairs = sum(len(contacts(analysis.events, side)) for side in SIDES)
    sds = sorted(e.sd_s for e in analysis.events)
    middle = 1000 * 1.96 * sds[len(sds) // 2]
    return (
        f"{shown}Bars show when a foot is on the ground; {pairs} whole contacts were found in all. "
        f"One instant is exact to about ± {middle:.0f} ms."
    )


def _facts(analysis: Analysis, written: date | None) -> list[tuple[str, str]]:
    """Return the facts of the header."""
    capture, recording = analysis.capture, analysis.recording
    facts = []
    if recording.get("date"):
        facts.append(("Recorded", str(recording["date"])))
    if written is not None:
        facts.append(("Report of", f"{written.day} {written:%B %Y}"))
    if capture.speed_mps is not None:
        speed = words.speed_text(capture.speed_mps)
        facts.append(
            ("Speed", speed + (f", {capture.speed_source}" if capture.speed_source else ""))
        )
    else:
        facts.append(("Speed", "not known"))
    facts.append(("View", words.VIEWS.get(capture.view, capture.view)))
    if capture.surface in ("treadmill", "overground"):
        facts.append(("Surface", capture.surface))
    if estimator := recording.get("estimator"):
        facts.append(("Pose estimator", words.estimator_text(**estimator)))
    length = [
        f"{recording[key]:.{digits}f} {unit}"
        for key, digits, unit in (("duration_s", 0, "s"), ("fps", 0, "frames/s"))
        if isinstance(recording.get(key), int | float)
    ]
    if length:
        facts.append(("Recording", " at ".join(length)))
    return facts


def _sources(analysis: Analysis) -> list[str]:
    """Return the sources of norms and findings, each once."""
    found = [e.norm.source for e in analysis.metrics if e.norm] + [
        f.source for f in analysis.findings
    ]
    return list(dict.fromkeys(s for s in found if s))


def _provenance(analysis: Analysis) -> list[tuple[str, str]]:
    """Return what was done with which version, flattened to words."""
    return [(words.title(str(key)), _flat(value)) for key, value in analysis.provenance.items()]


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{words.plain(str(k))} {_flat(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_flat(v) for v in value) or "none"
    if isinstance(value, float):
        return f"{value:.3g}"
    return "none" if value is None else str(value)
