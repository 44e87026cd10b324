"""Which areas of running form probably lie past their threshold, and which come first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from stridewise.errors import InputError
from stridewise.estimate import Estimate, MetricSide
from stridewise.form.areas import Area, Areas, Condition, Gate, Lever, load_areas
from stridewise.form.effects import expected
from stridewise.form.learned import Opinion
from stridewise.form.probability import at_least, past
from stridewise.form.wording import Wording, Words, load_wording, sentence, sign
from stridewise.result import Finding, Judged, Reason
from stridewise.skeletons import SIDES

#: A finding is raised from this probability on: four times out of five it is true.
RAISE = 0.8
#: A higher severity is given, and an area is not called clear, from this probability on.
MORE_LIKELY_THAN_NOT = 0.5
#: At most so many findings get a priority.
PRIORITIES = 3

Measured = Mapping[tuple[str, MetricSide], Estimate]
Opinions = Mapping[tuple[str, MetricSide], Opinion]


@dataclass(frozen=True)
class Assessment:
    """What could be said about every area.

    An area can be found or clear on one side, or by some of its metrics, while the rest could not
    be judged; then it is in `unjudged` as well, and the reason says what is lacking.

    Parameters
    ----------
    findings : tuple of Finding
        Areas that are past their threshold with a probability of at least 0.8; those with a
        priority first.
    unjudged : tuple of (str, str)
        Area id and why it could not be judged, or was too close to call.
    clear : tuple of str
        Ids of the areas that were judged and are more likely than not within bounds.
    judged : tuple of Judged
        Every area and side that was judged, with the probability of each severity.
    """

    findings: tuple[Finding, ...]
    unjudged: tuple[tuple[str, str], ...]
    clear: tuple[str, ...]
    judged: tuple[Judged, ...] = ()


@dataclass(frozen=True)
class _Judgement:
    """One area of one side: how probable each severity is and on what it rests."""

    side: MetricSide
    probabilities: tuple[float, float, float]
    shown: tuple[tuple[Condition, Estimate], ...]
    ruled: float
    opinion: Opinion | None = None

    @property
    def probability(self) -> float:
        """Of being past the first cut-off."""
        return self.probabilities[0]

    @property
    def severity(self) -> Literal[1, 2, 3]:
        """The highest level that is more likely than not; 1 says nothing by itself."""
        return _severity(self.probabilities)


@dataclass(frozen=True)
class _Raised:
    """A finding with its area and its weight in the ranking."""

    area: Area
    finding: Finding
    score: float


def find(
    estimates: Iterable[Estimate],
    *,
    min_steps: int = 8,
    areas: Areas | None = None,
    wording: Wording | None = None,
    opinions: Iterable[Opinion] = (),
) -> Assessment:
    """Judge every area of running form from the metrics of one recording.

    An area is raised for a side when its conditions hold with a probability of at least 0.8
    (`probability.at_least`), each from an estimate with status "ok" and enough steps. An advisory
    estimate raises nothing. Severity is the highest level that is more likely than not.

    Parameters
    ----------
    estimates : iterable of Estimate
        Metrics; each id and side at most once.
    min_steps : int
        Steps needed behind each estimate, per side (Dingenen et al. 2018: seven or more give
        stable 2D angles).
    areas : Areas, optional
        Rules; those for running by default.
    wording : Wording, optional
        Words for the same areas.
    opinions : iterable of Opinion
        What the form network thinks. Where it has one, over enough strides, and the rule could
        judge too, the network's probability counts, and the rule explains it.

    Raises
    ------
    InputError
        When a metric comes twice for a side, or the words for an area are missing.
    """
    rules = load_areas() if areas is None else areas
    words = load_wording() if wording is None else wording
    _check_words(rules, words)
    measured = _by_id(estimates)

    closed = _closed(rules.gate, measured)
    if closed is not None:
        return Assessment((), tuple((area.id, closed) for area in rules.areas), ())

    raised: list[_Raised] = []
    unjudged: list[tuple[str, str]] = []
    clear: list[str] = []
    judged: list[Judged] = []
    learnt = {(o.area, o.side): o for o in opinions if o.strides >= min_steps}
    for area in rules.areas:
        found, reasons = _judge(area, measured, min_steps, rules.norm_people, learnt)
        judged += [Judged(area.id, j.side, j.probabilities) for j in found]
        past_threshold = [j for j in found if j.probability >= RAISE]
        if past_threshold:
            finding = _finding(area, past_threshold, rules, words.areas[area.id])
            raised.append(_Raised(area, finding, _score(area, finding, rules)))
        elif found and all(j.probability < MORE_LIKELY_THAN_NOT for j in found):
            clear.append(area.id)
        if reasons:
            unjudged.append((area.id, _per_side(reasons, area.sided)))
    findings = _ranked(raised, rules, words, measured)
    return Assessment(findings, tuple(unjudged), tuple(clear), tuple(judged))


def _by_id(estimates: Iterable[Estimate]) -> Measured:
    measured: dict[tuple[str, MetricSide], Estimate] = {}
    for estimate in estimates:
        key = (estimate.id, estimate.side)
        if key in measured:
            raise InputError(f"Metric {estimate.id} comes twice for side {estimate.side}")
        measured[key] = estimate
    return measured


def _check_words(rules: Areas, words: Wording) -> None:
    needed = {area.id for area in rules.areas} - set(words.areas)
    needed |= set(rules.levers) - set(words.levers)
    for area in rules.areas:
        if area.id in words.areas:
            signs = words.areas[area.id].signs
            needed |= {f"{area.id}.{c.metric}" for c in area.conditions if c.metric not in signs}
    if needed:
        raise InputError("The wording lacks texts", expected=", ".join(sorted(needed)))


def _closed(gate: Gate | None, measured: Measured) -> str | None:
    """Why nothing can be judged at all, if so."""
    if gate is None:
        return None
    values = [e.value for e in measured.values() if e.id == gate.metric and e.value is not None]
    return gate.reason if values and fmean(values) >= gate.at_or_above else None


def _judge(
    area: Area, measured: Measured, min_steps: int, norm_people: int, learnt: Opinions
) -> tuple[list[_Judgement], dict[MetricSide, str]]:
    """Judge an area for each of its sides; where that cannot be done in full, say why."""
    found: list[_Judgement] = []
    reasons: dict[MetricSide, str] = {}
    sides: tuple[MetricSide, ...] = SIDES if area.sided else ("both",)
    for side in sides:
        usable, lacking = _sort_out(area, side, measured, min_steps)
        if len(usable) < area.at_least:
            reasons[side] = lacking
            continue
        judgement = _weigh(area, side, usable, norm_people, learnt.get((area.id, side)))
        found.append(judgement)
        if judgement.probability < RAISE <= judgement.ruled:
            reasons[side] = (
                f"the rule alone would raise it ({_percent(judgement.ruled)}), the form network "
                f"does not ({_percent(judgement.probability)})"
            )
        elif MORE_LIKELY_THAN_NOT <= judgement.probability < RAISE:
            reasons[side] = f"too close to call ({_percent(judgement.probability)} probable)"
        elif lacking and judgement.probability < RAISE:
            reasons[side] = f"judged in part; {lacking}"
    return found, reasons


def _sort_out(
    area: Area, side: MetricSide, measured: Measured, min_steps: int
) -> tuple[list[tuple[Condition, Estimate]], str]:
    """Return the conditions of an area that can be judged, and why the others cannot."""
    usable: list[tuple[Condition, Estimate]] = []
    lacking: dict[str, list[str]] = {}
    for condition in area.conditions:
        own = measured.get((condition.metric, side))
        estimate = own or measured.get((condition.metric, "both"))
        if estimate is None:
            lacking.setdefault(f"not measured (seen from: {area.view})", []).append(condition.name)
        elif why_not := _why_not(condition, estimate, min_steps):
            lacking.setdefault(why_not, []).append(condition.name)
        else:
            usable.append((condition, estimate))
    return usable, _listed(lacking)


def _percent(probability: float) -> str:
    return f"{int(100 * probability)} %"


def _weigh(
    area: Area,
    side: MetricSide,
    usable: Sequence[tuple[Condition, Estimate]],
    norm_people: int,
    opinion: Opinion | None,
) -> _Judgement:
    """Return how probable it is that an area holds, and how severe it then is."""
    single = [[past(c, level, e, norm_people) for c, e in usable] for level in (1, 2, 3)]
    first, second, third = (at_least(area.at_least, level) for level in single)
    shown = tuple(
        pair for pair, p in zip(usable, single[0], strict=True) if p >= MORE_LIKELY_THAN_NOT
    )
    if opinion is None:
        return _Judgement(side, (first, second, third), shown, first)
    return _Judgement(side, opinion.probabilities, shown or tuple(usable), first, opinion)


def _severity(probabilities: Sequence[float]) -> Literal[1, 2, 3]:
    """Return the highest level that is more likely than not; 1 says nothing by itself."""
    if probabilities[2] >= MORE_LIKELY_THAN_NOT:
        return 3
    return 2 if probabilities[1] >= MORE_LIKELY_THAN_NOT else 1


def _why_not(condition: Condition, estimate: Estimate, min_steps: int) -> str:
    """Why an estimate cannot be judged by; empty when it can."""
    if estimate.value is None or estimate.status == "absent":
        return estimate.reason or "not measured"
    if estimate.status == "advisory":
        return f"too coarse to judge by ({(estimate.reason or 'advisory').rstrip('.')})"
    if estimate.n < min_steps:
        return f"{estimate.n} steps, and {min_steps} are needed"
    if estimate.sd is None or not math.isfinite(estimate.value) or not math.isfinite(estimate.sd):
        return "its uncertainty is not known"
    if condition.direction == "beyond" and estimate.sd > condition.cuts[0] / 2:
        # Sides always seem to differ to whoever cannot see them well.
        return (
            f"known to ±{1.96 * estimate.sd:.2g} only, where {condition.cuts[0]:g} {estimate.unit} "
            "would count"
        )
    if condition.scale == "z" and estimate.norm is None:
        return "no norm for this speed and surface to compare with"
    if condition.units and estimate.unit not in condition.units:
        return f"given in {estimate.unit}, judged in {' or '.join(condition.units)}"
    return ""


def _listed(lacking: Mapping[str, Sequence[str]]) -> str:
    """Say each reason once, with the first of the metrics that it stands for."""
    parts = []
    for reason, names in lacking.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        parts.append(f"{names[0]}{more}: {reason.rstrip('.')}")
    return "; ".join(parts)


def _per_side(reasons: Mapping[MetricSide, str], sided: bool) -> str:
    if not sided:
        return reasons["both"]
    texts = set(reasons.values())
    if len(reasons) == len(SIDES) and len(texts) == 1:
        return texts.pop()
    return "; ".join(f"{side} side: {reason}" for side, reason in reasons.items())


def _finding(area: Area, judgements: Sequence[_Judgement], rules: Areas, words: Words) -> Finding:
    """Put an area that was raised on one side or on both into words.

    On both sides, each is at least as probable as the number given, and severity is that of the
    worse one.
    """
    signs: dict[str, list[tuple[Condition, Estimate]]] = {}
    for judgement in judgements:
        for condition, estimate in judgement.shown:
            signs.setdefault(condition.metric, []).append((condition, estimate))
    clauses = [
        sign(words.signs[metric], pairs[0][0], list(dict.fromkeys(e for _, e in pairs)))
        for metric, pairs in signs.items()
    ]
    least = min(judgements, key=lambda j: j.probability)
    ruled = min(j.ruled for j in judgements)
    against = ""
    if least.opinion is not None and ruled < RAISE:
        against = f" The rule alone would not have raised this ({_percent(ruled)} probable)."
    return Finding(
        area=area.id,
        title=area.title,
        side=judgements[0].side if len(judgements) == 1 else "both",
        probability=least.probability,
        severity=max(j.severity for j in judgements),
        priority=None,
        evidence=f"{area.grade}: {area.rests_on}",
        associated_with=area.associated_with,
        why=f"{sentence(clauses)} {words.why}{against}",
        cue=words.cue,
        drill=f"{words.drill} {words.caution}",
        metrics=tuple(signs),
        source=f"{area.source}. Rules {rules.version} ({rules.date})",
        basis="rule" if least.opinion is None else "network",
        rule_probability=ruled,
        expected=expected(area),
        reasons=_reasons(least.opinion),
        as_ruled=None if least.opinion is None else least.opinion.as_ruled,
    )


def _reasons(opinion: Opinion | None) -> tuple[Reason, ...]:
    return () if opinion is None else opinion.reasons


def _score(area: Area, finding: Finding, rules: Areas) -> float:
    """Weight for the ranking: evidence, severity, probability and how readily it changes."""
    return (
        rules.grades[area.grade].weight
        * finding.severity
        * finding.probability
        * rules.changeability[area.changeability]
    )


def _ranked(
    raised: Sequence[_Raised], rules: Areas, words: Wording, measured: Measured
) -> tuple[Finding, ...]:
    """Give the three weightiest findings a priority, one for each lever.

    Areas that share a lever share a priority: the weightiest leads, names the others in its
    `why`, and carries the lever's cue and drill.
    """
    ordered = sorted(raised, key=lambda r: (-r.score, r.area.number))
    leaders: list[_Raised] = []
    for candidate in ordered:
        lever = candidate.area.lever
        if lever is None or all(lever != leader.area.lever for leader in leaders):
            leaders.append(candidate)
    first = leaders[:PRIORITIES]
    rest = [r for r in ordered if r not in first]
    with_priority = [
        replace(_with_lever(leader, ordered, rules, words, measured), priority=rank)
        for rank, leader in enumerate(first, start=1)
    ]
    return (*with_priority, *(r.finding for r in rest))


def _with_lever(
    leader: _Raised, raised: Sequence[_Raised], rules: Areas, words: Wording, measured: Measured
) -> Finding:
    """Give the leader of a lever the lever's words when other signs point to it too."""
    name = leader.area.lever
    if name is None or _spent(rules.levers[name], measured):
        return leader.finding
    others = [
        r.area.title.lower()
        for r in raised
        if r is not leader and (r.area.lever == name or name in r.area.helped_by)
    ]
    if not others:
        return leader.finding
    said = words.levers[name]
    return replace(
        leader.finding,
        why=f"{leader.finding.why} {said.why.format(signs=', '.join(others))}",
        cue=said.cue,
        drill=f"{said.drill} {said.caution}",
    )


def _spent(lever: Lever, measured: Measured) -> bool:
    """Whether the runner already does more of what the lever asks for than comparable runners."""
    if lever.spent_metric is None or lever.spent_above_z is None:
        return False
    estimate = measured.get((lever.spent_metric, "both"))
    norm = None if estimate is None else estimate.norm
    return norm is not None and norm.z > lever.spent_above_z
