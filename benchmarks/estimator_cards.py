"""docs/estimators.md and its pictures: `python -m benchmarks.estimator_cards`.

Measures what each estimator gets wrong in all films, draws a card for each, and writes the tables.
What `benchmarks.imitation` has written into the page stays.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimator_tables import NAMES, NONE, table
from stridewise.report.svg import standalone
from stridewise.simulate.estimator import VIEWS
from stridewise.simulate.estimators import names
from stridewise.skeletons import SIDES
from training.films.aligned import EVEN, HEAD, gather
from training.films.card import PARTS, card
from training.films.errors import take_apart
from training.films.figures import FAR_OUT, SEEN, Figures, figures
from training.films.record import Film, read_all

_ROOT = Path(__file__).parents[1]
_DOCS = _ROOT / "docs"
DOCUMENT, IMAGES = _DOCS / "estimators.md", _DOCS / "images" / "estimators"
ABOUT = _ROOT / "training" / "films" / "estimators_about.md"
COMMAND = "python -m benchmarks.estimator_cards"
#: Real clips were taken at about this rate; films from the side up to here stand beside them.
CLIPS_FPS, LEAST_CLIPS = 33.0, 6
#: In which share of frames of real clips legs are exchanged, in %.
REAL_EXCHANGED = {"blazepose-full": 2.5, "blazepose-full-frames": 2.3, "blazepose-heavy": 1.8}
_IMITATED = (
    "<!-- written by python -m benchmarks.imitation --document -->",
    "<!-- to here -->",
)

All = Mapping[str, Mapping[str, Figures]]


def main() -> None:
    films = read_all()
    told: dict[str, dict[str, Figures]] = {}
    IMAGES.mkdir(parents=True, exist_ok=True)
    for estimator in (name for name in NAMES if name in names()):
        found = {}
        for view, seen in gather(films, estimator).items():
            errors = take_apart(seen)
            found[view] = figures(errors)
            if view == "side":
                drawn = card(errors, found[view], title(estimator))
                (IMAGES / f"{estimator}.svg").write_text(standalone(drawn), encoding="utf-8")
        if found:
            told[estimator] = found
        print(f"{estimator}: {', '.join(found) or 'no films'}", file=sys.stderr)
    slow = {name: slowly(films, name) for name in told}
    before = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    lines = page(told, {name: one for name, one in slow.items() if one}, imitated(before))
    DOCUMENT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def slowly(films: Sequence[Film], estimator: str) -> Figures | None:
    """Measure an estimator in films from the side of about the rate of real clips."""
    seen = [one for one in gather(films, estimator).get("side", []) if one.fps < CLIPS_FPS]
    return figures(take_apart(seen)) if len(seen) >= LEAST_CLIPS else None


def imitated(text: str) -> list[str]:
    """Return what the benchmark wrote into the page, with its marks."""
    start, end = _IMITATED
    inner = text.partition(start)[2].partition(end)[0] if start in text else "\n"
    return [start + inner.rstrip("\n"), end]


def title(estimator: str) -> str:
    """Return what people call an estimator."""
    return NAMES.get(estimator, estimator)


def page(told: All, slow: Mapping[str, Figures], imitated: Sequence[str]) -> list[str]:
    """Write the page, one line each."""
    lines = [f"<!-- written by {COMMAND} -->", *ABOUT.read_text(encoding="utf-8").splitlines(), ""]
    lines += ["## In short", "", *_IN_SHORT.strip().splitlines(), "", *summary(told), ""]
    lines += ["## Beside real clips", "", *_CLIPS.strip().splitlines(), "", *beside(told, slow), ""]
    lines += ["## Cards", ""]
    for estimator, views in told.items():
        name = title(estimator)
        lines += [f"### {name}", ""]
        if "side" in views:
            lines += [f"![{name} from the side](images/estimators/{estimator}.svg)", ""]
        for view, one in views.items():
            where = f"{view}, {one.films} films of {one.runners} runners"
            lines += [f"<details><summary>{where}</summary>", "", *points(one, view), ""]
            lines += [*also(one), "", "</details>", ""]
    lines += [
        "## How to read the tables",
        "",
        *_HOW.format(far=FAR_OUT, seen=SEEN).strip().splitlines(),
        "",
    ]
    return [
        *lines,
        "## The simulator beside the films",
        "",
        *_SIMULATOR.strip().splitlines(),
        "",
        *imitated,
    ]


_IN_SHORT = """
Lengths in % of leg length, hips to toes of both legs (root mean squares); lag of the hips and of
the ankles; *exchanged*: frames in which the legs have changed places, or both feet lie at one leg.
"""

_CLIPS = """
Twelve real clips of eight or nine people (30 frames/s, no truth but contacts labelled by eye) were
read by the same estimators. They have no licence and are not here; what is comparable without
truth stands beside films at 24 to 30 frames/s, or beside all films where there are too few.
"""

_SIMULATOR = """
Does `stridewise simulate --estimator` make what the estimators make? Written by
`python -m benchmarks.imitation --document`: the exact points of every film were given errors drawn
from fingerprints that were learnt without its runner, and both were measured and analysed alike
(95 % intervals, matches within 60 ms). *Knee*, *overstride* and *oscillation* are RMSEs of a film.
"""

_HOW = """
Every error is taken apart. A point **lags**; it lies off by a constant **offset** (mean of runners
± SD between them); it strays from that in a way that returns with each stride, **locked** to it (SD
over the stride), part of which is **own** to each film; and there is a **rest** (robust SD; *tail*:
share beyond {far:g} of them; *alike*: its correlation from frame to frame). First along the picture
(ahead, from the side; outwards, from behind and in front), then up, in % of leg length. **Over**:
share of frames in which the point lies at the other side's, and its mean stated visibility there.
**Unseen**: share with a visibility below {seen:g}.
"""


def summary(told: All) -> list[str]:
    """Write the short table: one row for each estimator and view."""
    rows = []
    for view, (estimator, views) in product(VIEWS, told.items()):
        if view not in views:
            continue
        one = views[view]
        legs = [i for i, n in enumerate(one.keypoints) if n.partition("_")[2] in PARTS]
        lag = (
            f"{1e3 * np.mean([one.lag_s[i] for i in legs if one.keypoints[i].endswith(part)]):.0f}"
            for part in ("hip", "ankle")
        )
        rows.append(
            [
                view,
                title(estimator),
                str(one.films),
                *(
                    f"{100 * np.sqrt(np.mean(np.square(values[legs]))):.1f}"
                    for values in (one.offset, one.locked, one.remainder)
                ),
                ", ".join(lag),
                f"{100 * one.exchanges.share:.1f} + {100 * one.exchanges.one_leg:.1f}",
                f"{100 * one.lost:.1f}",
                f"{one.bounce['hip']:.2f} / {one.bounce['shoulder']:.2f}",
            ]
        )
    return table(_SUMMARY, rows)


_SUMMARY = (
    *("view", "estimator", "films", "offset", "locked", "rest", "lag, ms", "exchanged, %"),
    *("nobody, %", "bounce of hips / shoulders"),
)


def points(one: Figures, view: str) -> list[str]:
    """Write the figures of each point."""
    # From in front the runner's right lies to the left of the picture.
    way = np.array([-1.0 if view == "front" else 1.0, 1.0])
    rows = []
    for i, name in enumerate(one.keypoints):
        side, _, part = name.partition("_")
        if view in EVEN and side == "left":
            continue
        near = "" if view in EVEN or not part else {"left": "far ", "right": "near "}[side]
        wrong = [NONE] * 4
        if name not in HEAD:
            ahead, up = (
                f"{100 * mean:+.1f} ± {100 * sd:.1f}"
                for mean, sd in zip(way * one.offset[i], one.offset_sd[i], strict=True)
            )
            wrong = [
                f"{ahead} / {up}",
                _pair(one.locked[i], 1),
                _pair(one.between[i], 1),
                f"{1e3 * one.lag_s[i]:.0f}",
            ]
        over = one.visible_over[i]
        rows.append(
            [
                near + (part.replace("big_toe", "toe") or name),
                *wrong,
                _pair(one.remainder[i], 2),
                f"{100 * one.tail[i]:.1f}",
                f"{one.alike[i]:.2f}",
                NONE if name in HEAD else f"{100 * one.over[i]:.1f}",
                f"{one.visible[i]:.2f}",
                f"{100 * one.unseen[i]:.0f}",
                NONE if np.isnan(over) else f"{over:.2f}",
            ]
        )
    return table(_POINTS, rows)


_POINTS = (
    *("point", "offset", "locked", "own", "lag, ms", "rest", "tail, %", "alike", "over, %"),
    *("visible", "unseen, %", "visible when over"),
)


def _pair(values: NDArray[np.float64], digits: int) -> str:
    return f"{100 * values[0]:.{digits}f} / {100 * values[1]:.{digits}f}"


def also(one: Figures) -> Iterator[str]:
    """Say what concerns no single point."""
    found, bounce = one.exchanges, one.bounce
    said = f"Legs exchanged in {100 * found.share:.1f} % of frames"
    if len(found.lengths_s):
        goes = ", ".join(
            f"{part.replace('big_toe', 'toe')} {100 * share:.0f} %"
            for part, share in found.with_legs.items()
            if share >= 0.005
        )
        half, most = 1e3 * np.quantile(found.lengths_s, [0.5, 0.9])
        said += (
            f", {1e3 * found.lengths_s.mean():.0f} ms each (half of them {half:.0f} ms or less, "
            f"nine of ten {most:.0f}); these go along: {goes}"
        )
    yield f"{said}. Both feet at one leg in {100 * found.one_leg:.1f} %."
    yield (
        f"Nobody found in {100 * one.lost:.1f} %. Hips go up and down {bounce['hip']:.2f} of the "
        f"true way, shoulders {bounce['shoulder']:.2f}; hips over shoulders "
        f"{bounce['hip over shoulder']:.2f} (true {bounce['hip over shoulder, true']:.2f})."
    )


def beside(told: All, slow: Mapping[str, Figures]) -> list[str]:
    """Write what real clips and films have in common."""

    def of(name: str) -> Figures | None:
        return slow.get(name) or told.get(name, {}).get("side")

    full, frames = of("blazepose-full"), of("blazepose-full-frames")
    rows = []
    if full and frames:
        behind = [
            1e3 * np.mean([full.lag_s[i] - frames.lag_s[i] for i in _both_of(full, part)])
            for part in ("shoulder", "hip", "knee")
        ]
        title = "full smoothed behind frame by frame: shoulder, hip, knee, ms"
        rows.append([title, "23, 21, 11", ", ".join(f"{ms:.0f}" for ms in behind)])
    for name, real in REAL_EXCHANGED.items():
        if one := of(name):
            share = f"{100 * one.exchanges.share:.1f}"
            rows.append([f"legs exchanged, {NAMES[name]}, % of frames", f"{real}", share])
    if full:
        ratio = f"{full.bounce['hip over shoulder']:.2f}"
        rows.append(["bounce of hips over that of shoulders, full", "0.9", ratio])
    return table(("", "real clips", "films"), rows)


def _both_of(one: Figures, part: str) -> list[int]:
    return [one.keypoints.index(f"{side}_{part}") for side in SIDES]


if __name__ == "__main__":
    main()
