"""Contacts that are matched, by hand-made ones."""

from __future__ import annotations

from benchmarks.matching import match
from stridewise.gait.motion import Event, EventKind
from stridewise.skeletons import Side


def event(side: Side, time_s: float, kind: EventKind = "initial_contact") -> Event:
    return Event(kind, side, time_s, 0.01)


TRUE = [event("right", 1.0), event("left", 1.4), event("right", 1.8)]


def test_the_right_foot_within_reach() -> None:
    found = [event("right", 1.02), event("left", 1.35), event("right", 1.85)]
    matching = match(TRUE, found, 0.06)
    assert matching.right == tuple(zip(TRUE, found, strict=True))
    assert matching.other == matching.lost == matching.invented == ()


def test_the_other_foot() -> None:
    found = [event("left", 1.02), event("right", 1.41), event("right", 1.8)]
    matching = match(TRUE, found, 0.06)
    assert matching.right == ((TRUE[2], found[2]),)
    assert matching.other == ((TRUE[0], found[0]), (TRUE[1], found[1]))
    assert matching.lost == matching.invented == ()


def test_lost_and_invented() -> None:
    found = [event("right", 1.07), event("left", 1.4), event("left", 1.41)]
    matching = match(TRUE, found, 0.06)
    assert matching.right == ((TRUE[1], found[1]),)
    assert matching.lost == (TRUE[0], TRUE[2])
    assert matching.invented == (found[0], found[2])


def test_the_nearest_one_is_the_partner_and_kinds_do_not_mix() -> None:
    found = [event("right", 0.95), event("right", 1.01), event("right", 1.0, "toe_off")]
    matching = match(TRUE[:1], found, 0.06)
    assert matching.right == ((TRUE[0], found[1]),)
    assert matching.invented == (found[0], found[2])


def test_the_ends_do_not_count_but_may_hold_partners() -> None:
    found = [event("right", 1.04), event("left", 1.4), event("left", 1.85), event("left", 2.5)]
    matching = match(TRUE, found, 0.06, 1.02, 1.82)
    assert matching.right == ((TRUE[1], found[1]),)
    assert matching.other == ((TRUE[2], found[2]),)
    assert matching.lost == matching.invented == ()
