"""The documentation page of the areas, made from the data files.

`python -m stridewise.form.page > docs/form.md` writes it anew.
"""

from __future__ import annotations

from stridewise.form.areas import Area, Areas, Condition, load_areas
from stridewise.form.wording import Wording, Words, load_wording, quantity

_DIRECTION = {"above": "above", "below": "below", "beyond": "either way beyond"}

_INTRODUCTION = """\
# Areas of running form

*Made from `src/stridewise/form/areas.toml` (version {version}, {date}) and `wording.toml` by
`python -m stridewise.form.page`.*

An area is raised when it is probable, at 0.8 or more, that the **true** value lies past its first
cut-off, given the uncertainty of the measurement and of the norm. Each number behind it needs at
least 8 steps (of that side) and must not be advisory. Severity is the highest level that is more
likely than not. Where an area asks for several things, the probability is the one that holds
however their errors depend on each other: for "all of them" the sum less n − 1, for "any of them"
the greatest. What cannot be judged is listed with its reason, and so is what is too close to call.

A cut-off in *sd* counts standard deviations from runners at the same speed and on the same surface
({people} people stand behind the norms, and how far those can be wrong is counted in). Without a
norm such an area is not judged.

At most three findings get a priority, by weight of evidence × severity × probability × how readily
it changes. Areas that share a lever share one priority. When {gate} is {gate_from:g} or more
(no flight phase), nothing is judged.

These are observations about movement, not medical statements; "associated with" is what studies
found together, not what leads to what. Foot strike, contact time, duty factor, hip extension, heel
recovery, head position and elbow bend are shown and never judged.

Evidence grades: {grades}.
"""


def page(areas: Areas, wording: Wording) -> str:
    """Return the page as Markdown."""
    gate = areas.gate
    parts = [
        _INTRODUCTION.format(
            version=areas.version,
            date=areas.date,
            people=areas.norm_people,
            gate="" if gate is None else gate.metric.replace("_", " "),
            gate_from=0.0 if gate is None else gate.at_or_above,
            grades="; ".join(f"**{key}** {grade.meaning}" for key, grade in areas.grades.items()),
        )
    ]
    parts += [_area(area, wording.areas[area.id], areas) for area in areas.areas]
    parts += [
        f"## Lever: {lever.title}\n\n"
        f"For {_titles(areas, name)}. {_advice(wording.levers[name])}\n\nSource: {lever.source}.\n"
        for name, lever in areas.levers.items()
    ]
    return "\n".join(parts)


def _area(area: Area, words: Words, areas: Areas) -> str:
    some = "" if len(area.conditions) == 1 else f", at least {area.at_least} of"
    rows = "\n".join(_row(condition) for condition in area.conditions)
    lever = "" if area.lever is None else f" Lever: {areas.levers[area.lever].title}."
    return f"""\
## {area.number}. {area.title} (`{area.id}`)

{area.description}

Seen from: {area.view}. Evidence {area.grade}: {area.rests_on}. Associated with \
{" and ".join(area.associated_with)}.{lever}

| metric{some} | mild | moderate | marked | cut-off is | source |
|---|---|---|---|---|---|
{rows}

{words.why} {_advice(words)}
"""


def _row(condition: Condition) -> str:
    cuts = [_cut(condition, cut) for cut in condition.cuts]
    cells = [
        f"{condition.name} (`{condition.metric}`) {_DIRECTION[condition.direction]}",
        *cuts,
        *("–",) * (3 - len(cuts)),
        condition.tag,
        condition.source,
    ]
    return f"| {' | '.join(cells)} |"


def _cut(condition: Condition, cut: float) -> str:
    if condition.scale == "z":
        return f"{cut:+g} sd".replace("-", "−")
    return " / ".join(quantity(cut, unit) for unit in condition.units)


def _advice(words: Words) -> str:
    return f"**{words.cue}** {words.drill} *{words.caution}*"


def _titles(areas: Areas, lever: str) -> str:
    titles = [a.title.lower() for a in areas.areas if a.lever == lever]
    also = [a.title.lower() for a in areas.areas if lever in a.helped_by]
    return ", ".join(titles) + (f"; often also {', '.join(also)}" if also else "")


if __name__ == "__main__":
    print(page(load_areas(), load_wording()), end="")
