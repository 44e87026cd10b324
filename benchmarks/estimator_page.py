"""What docs/accuracy.md and README.md say about accuracy with real pose estimators."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.agreement import KINDS, MARGIN_S
from benchmarks.estimator_tables import (
    NAMES,
    NONE,
    SHOWN,
    VIEWS,
    count,
    event_table,
    events,
    extent,
    judged,
    metric,
    metric_table,
    order,
    outcome_table,
    percent,
    short_table,
    table,
    telling_table,
)
from benchmarks.films import EXACT, MATCH_S, Reading, Summary, summary
from training.gait_net.folds import FOLDS, NETWORKS

COMMAND = "python -m benchmarks.estimators --document"
#: What stands between these in a page is written by the command.
_START, _END = "<!-- written by {} -->", "<!-- to here -->"
PEERS = Path(__file__).parent / "peers" / "results.json"
#: A method that loses more than this share is only shown where all do.
_FEW_LOST = 1 / 3
#: Columns of the short table: title, views, whose points.
_COLUMNS: Sequence[tuple[str, Sequence[str], str]] = (
    ("BlazePose full, side", ("side",), "blazepose-full"),
    ("the same, frame by frame", ("side",), "blazepose-full-frames"),
    ("MoveNet Thunder, side", ("side",), "movenet-thunder"),
    ("BlazePose full, other views", ("oblique", "back", "front"), "blazepose-full"),
    ("exact points, all views", VIEWS, EXACT),
)


def between(text: str, lines: Sequence[str], command: str = COMMAND) -> str:
    """Put lines between the marks of a text."""
    start = _START.format(command)
    head, _, rest = text.partition(start)
    _, end, tail = rest.partition(_END)
    if not end:
        raise SystemExit(f"There is no {start!r} with {_END!r} after it.")
    return "\n".join([f"{head}{start}", *lines, f"{_END}{tail}"])


def page(readings: Sequence[Reading]) -> list[str]:
    """Write docs/accuracy.md, one line each."""
    lines = [*_text(_ABOUT), "", *setting(readings)]
    for title, about, rows in (
        ("In short", _GIST, gist(readings)),
        ("When feet touch and leave the ground", _EVENTS, event_table(readings)),
        ("What comes of it", _OUTCOMES, outcome_table(readings)),
        ("What is told, and what is not", _TOLD, telling_table(readings)),
        ("By frame rate", "", by_rate(readings)),
        ("By what the file says about time", _TIMES, by_time(readings)),
        ("By place", "", by_place(readings)),
        *(("Every metric: " + view, _METRICS, by_metric(readings, view)) for view in VIEWS),
        ("Other packages on the same films", "", peers(readings)),
    ):
        if rows:
            lines += ["", f"## {title}", "", *_text(about), *([""] if about else []), *rows]
    return [*lines, "", *_text(_REAL)]


def _text(block: str) -> list[str]:
    return block.rstrip().splitlines()


def setting(readings: Sequence[Reading]) -> list[str]:
    """Say what films there are."""
    films = {r.film: r for r in readings}
    runners = {r.runner for r in readings}
    views = Counter(r.view for r in films.values())
    rates = Counter(f"{r.fps:g}" for r in films.values())
    off = sum(not r.true_to_time for r in films.values())
    seen = ", ".join(f"{view} {views[view]}" for view in VIEWS if views[view])
    fast = ", ".join(f"{rate} ({rates[rate]})" for rate in sorted(rates, key=float))
    return [
        f"**Here**: {count(len(films), 'film')} of {count(len(runners), 'runner')}; {seen}.",
        f"By frame rate: {fast}. Files whose times are not those of their frames: {off}.",
    ]


def gist(readings: Sequence[Reading]) -> list[str]:
    """Write the short table: what a user can expect, real estimators first, exact points last."""
    exact = {r.film: r for r in readings if r.points == EXACT and not r.refused}
    columns = [
        (title, own)
        for title, views, points in _COLUMNS
        if (own := [r for r in readings if r.points == points and r.view in views])
    ]
    rows = [["films (runners)", *(extent(own) for _, own in columns)]]
    for kind, title in zip(KINDS, ("contact", "toe-off"), strict=True):
        found = [events(own, kind) for _, own in columns]
        cells = (f"{e.rms:.1f} ({e.mean:+.1f})" if e.error else NONE for e in found)
        rows.append([f"{title}: RMSE (bias), ms", *cells])
    rows.append(["lost or on the other foot, %", *(_lost(own) for _, own in columns)])
    rows.append(["95 % intervals of events that hold, %", *(_held(own) for _, own in columns)])
    for id, (title, unit, digits) in SHOWN.items():
        errors = [metric(own, id) for _, own in columns]
        if any(e.error for e in errors):
            told = (f"{e.rms:.{digits}f}" if e.error else NONE for e in errors)
            rows.append([f"{title}: RMSE, {unit}", *told])
    findings = [judged(own, exact) for _, own in columns]
    same = (f"{right} of {raised}" for raised, right, _ in findings)
    rows.append(["findings that exact points give too", *same])
    return table(["", *(title for title, _ in columns)], rows)


def _lost(readings: Sequence[Reading]) -> str:
    how = [event.how for r in readings for event in r.events]
    away = how.count("lost") + how.count("other")
    return percent(away, len(how) - how.count("invented"))


def _held(readings: Sequence[Reading]) -> str:
    held = [event.held for r in readings for event in r.events if event.how == "right"]
    return percent(sum(held), len(held))


def by_rate(readings: Sequence[Reading]) -> list[str]:
    """Write the gist by frame rate."""
    rates = sorted({r.fps for r in readings})
    return _by(readings, "frames/s", lambda r: f"{r.fps:g}", [f"{rate:g}" for rate in rates])


def by_time(readings: Sequence[Reading]) -> list[str]:
    """Write the gist by whether the file tells the truth about time."""
    some = {r.true_to_time for r in readings}
    words = {True: "true", False: "wrong"}
    values = [word for known, word in words.items() if known in some]
    return _by(readings, "times of the file", lambda r: words[r.true_to_time], values)


def by_place(readings: Sequence[Reading]) -> list[str]:
    """Write the gist by where the runner was filmed."""
    return _by(readings, "place", lambda r: r.place, sorted({r.place for r in readings}))


def by_metric(readings: Sequence[Reading], view: str) -> list[str]:
    """Write every metric from one view; nothing where there is no film."""
    own = [r for r in readings if r.view == view]
    return metric_table(own) if own else []


def _by(
    readings: Sequence[Reading], title: str, key: Callable[[Reading], str], values: Sequence[str]
) -> list[str]:
    """Write a table by something that differs; nothing where it does not."""
    return short_table(readings, title, key, values) if len(values) > 1 else []


def peers(readings: Sequence[Reading], results: Path = PEERS) -> list[str]:
    """Write what the best method of each other package finds, beside what the product finds."""
    if not results.exists():
        return ["Not measured: `python -m benchmarks.peers` does."]
    content = json.loads(results.read_text(encoding="utf-8"))
    films = set(content["films"])
    packages = sorted({name.split()[0] for own in content["found"].values() for name in own})
    rows = []
    for points in (p for p in order(readings) if p in content["found"]):
        own = [r for r in readings if r.points == points and r.film in films]
        told = [event for r in own for event in r.events]
        for kind in KINDS:
            cells = [NAMES.get(points, points), kind.replace("_", " ")]
            cells.append(_summary(summary(told, kind)))
            for package in packages:
                cells.append(_best(content["found"][points], package, kind))
            rows.append(cells)
    about = _PEERS.format(
        packages=", ".join(content["packages"]).replace("==", " "), films=len(films)
    )
    return [*_text(about), "", *table(["points", "event", "stridewise", *packages], rows)]


def _best(methods: Mapping[str, Mapping[str, Any]], package: str, kind: str) -> str:
    """Write the best method of a package for a kind of event."""
    own = {
        name.split(maxsplit=1)[1]: Summary(**found[kind])
        for name, found in methods.items()
        if name.split()[0] == package and found[kind]["rms_ms"] is not None
    }
    if not own:
        return NONE
    fair = {name: s for name, s in own.items() if s.lost < _FEW_LOST * s.true}
    if fair:
        name = min(fair, key=lambda name: fair[name].rms_ms or 0.0)
    else:
        name = min(own, key=lambda name: own[name].lost)
    return f"{name} {_summary(own[name])}"


def _summary(found: Summary) -> str:
    shares = " / ".join(percent(n, found.true) for n in (found.lost, found.other, found.invented))
    if found.rms_ms is None:
        return f"{NONE}, {shares}"
    return f"{found.rms_ms:.1f} ({found.bias_ms:+.1f}), {shares}"


_ABOUT = f"""\
# Accuracy

Written by `{COMMAND}`:
what `stridewise.analyze` makes, with nothing stated, of the points that real pose estimators find,
beside a force plate and 3D markers. The other half of the story, the errors of the analysis alone
on exact points with a little noise, is in [accuracy_exact.md](accuracy_exact.md).

**Films.** Runners of Fukuchi, Fukuchi & Duarte 2017 (treadmill, 2.5, 3.5 and 4.5 m/s) drive a
clothed body that is drawn, filmed by a drawn camera, and read by real pose estimators, run as
people run them: MediaPipe's BlazePose in its video mode, which filters and lags, and frame by
frame in its image mode. Motion, joints, contacts and force are real, and so are the estimators;
bodies, clothes, rooms, light and cameras are not ([what is real here](#what-is-real-here)).
Points and truth of all films are in `training/films/points`: anybody can write this page anew.

**Split.** By runner: whatever reads a film was learnt without its runner (networks, their
calibration, contact rules, paths of feet, in {FOLDS} folds: `{NETWORKS}`). Of films,
only the limits beyond which exchanged legs and tilted pictures are put right were chosen, on those
of the runners of two folds. Norms, on which some findings rest, are those of all 19 runners.

**Counting.** Contacts and toe-offs are those of the plate (50 N), {MARGIN_S:g} s and more from
either end of a film. A found event belongs to a true one within {1e3 * MATCH_S:.0f} ms: of the
same foot if there is one, else of the other; true ones without a partner are lost, found ones
invented. Errors are those of events on the right foot. Times are compared on the laboratory's
clock, whatever the file says. In brackets behind an RMSE: the range in which 95 % of RMSEs lie when
runners are drawn anew. Frame rates are the usual
ones nearest to what files tell.
"""
_GIST = """\
Contacts and toe-offs are single ones; the rest are means of a film, left and right each.
"""
_EVENTS = """\
Stated intervals are those of each event, 95 %.
"""
_OUTCOMES = """\
Of a film as a whole, left and right each: RMSE, its range, and how many of the 95 % intervals
hold the truth. That is computed from the laboratory's joints and force; of the trunk, from the
drawn body, where its joints were kept. L is leg length.
"""
_TOLD = """\
Findings are compared with those that the same chain raises on exact points of the same film.
Withheld metrics come with a reason; advisory ones are shown, but nothing is judged by them. Refused
films come with a reason too, and count in no other column and table.
"""
_TIMES = """\
Repeated frames, dropped frames and frozen starts make a file tell other times than those at which
its frames were taken; wrong is more than 5 ms somewhere.
"""
_METRICS = """\
RMSE, and how many of the 95 % intervals hold the truth, left and right together.
"""
_REAL = """\
## What is real here

**Real**: the motion of legs and pelvis, contacts and force (laboratory); the pose estimators and
what they do to pictures. **Drawn**: bodies, clothes, shoes, hair, skin, rooms, treadmills, light,
lenses, compression; trunk and arms move as in the statistics of two people. No cloth or hair
moves by itself.

**Beside real clips** (twelve, of eight or nine people, 30 frames/s, 114 contacts labelled by eye
to ±17 ms; they have no licence and are not here), films are alike in the lag of the smoothing and
in how often legs change places; hips follow the bounce less than there
([estimators.md](estimators.md#beside-real-clips)), so all that rests on it is not to be believed
yet. Films are kinder than real clips to the contacts of the smoothed model, which come 22 ms late
there.
"""
_PEERS = """\
`python -m benchmarks.peers` ran {packages} on the points of {films} films of the first round, all
from the side (runners and speeds are those of the films here, which have replaced them since; ours
are measured here), and told them how large the runner is and where he runs to. Of each package, the
method is shown that is most exact among those of its methods that lose less than a third of the
events, or else the one that loses least. Here an event may be on either foot, for them and for us:
RMSE (bias) in ms, then lost / on the other foot / invented in per cent.
"""
