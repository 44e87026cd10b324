from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.estimate import Estimate
from stridewise.form import find
from stridewise.live.coach import CadenceCoach, FormCoach, Occasions, Rules
from stridewise.live.rounds import Round
from stridewise.live.updates import Cue, Target
from stridewise.metrics import Sample

STEPS = 10


def crossing(
    right: float, left: float = 0.0, *, view: str = "back", last: float | None = None
) -> Round:
    """A round in which the hip of the stance leg drops by so many degrees at every step."""
    estimates, samples = [], {}
    for side, value in (("left", left), ("right", right)):
        values = np.full(STEPS, value)
        if last is not None and side == "right":
            values[-4:] = last
        sample = Sample(values, 0.2)
        samples["contralateral_pelvic_drop", side] = sample
        estimates.append(
            Estimate(
                "contralateral_pelvic_drop",
                cast(Any, side),
                value,
                "deg",
                0.3,
                (value - 1, value + 1),
                STEPS,
            )
        )
    found = SimpleNamespace(
        data=SimpleNamespace(three_d=False, fps=60.0),
        view=SimpleNamespace(name=view, yaw_deg=-90.0),
        estimates=tuple(estimates),
        samples=samples,
        assessment=find(estimates),
    )
    return cast(Round, found)


RULES = Rules(warm_up_s=60.0, training_s=400.0, pause_s=25.0)
BAD = 15.0


def test_such_a_drop_is_found() -> None:
    found = crossing(BAD).assessment.findings
    assert [f.side for f in found] == ["right"]
    assert found[0].priority == 1


def test_nothing_is_said_in_the_warm_up_and_then_seldom() -> None:
    coach = FormCoach(RULES)
    said = [(t, cue) for t in range(0, 160, 2) for cue in coach.judge(crossing(BAD), t, t)]
    assert [t for t, _ in said] == [60, 86, 112, 138]
    assert {cue.kind for _, cue in said} == {"correct"}
    assert len({cue.text for _, cue in said}) == 1


def test_feedback_fades_quarter_by_quarter() -> None:
    occasions = Occasions(RULES)
    taken = [t for t in range(0, 600) if occasions.take(float(t))]
    per_quarter = np.histogram(np.array(taken) - 60, bins=[0, 100, 200, 300, 400, 600])[0]
    assert per_quarter.tolist() == [4, 2, 1, 0, 0]


def test_within_the_band_nothing_is_corrected_and_what_worked_is_praised_once() -> None:
    coach = FormCoach(RULES)
    assert [c.kind for c in coach.judge(crossing(BAD), 60.0, 60.0)] == ["correct"]
    mending = crossing(BAD, last=0.0)
    assert [c.kind for c in coach.judge(mending, 90.0, 90.0)] == ["praise"]
    assert coach.judge(mending, 120.0, 120.0) == []


def test_an_area_is_cleared_only_well_within_its_threshold() -> None:
    coach = FormCoach(RULES)
    coach.judge(crossing(BAD), 60.0, 60.0)
    assert coach.target is not None
    from stridewise.form import load_areas

    area = next(a for a in load_areas().areas if a.id == coach.target.area)
    cut = next(c.cuts[0] for c in area.conditions if c.metric == "contralateral_pelvic_drop")
    coach.judge(crossing(cut - 0.1), 62.0, 62.0)
    assert coach.target is not None
    coach.judge(crossing(cut - 6.0), 64.0, 64.0)
    assert coach.target is None


def test_one_thing_is_worked_on_at_a_time() -> None:
    coach = FormCoach(RULES)
    coach.judge(crossing(BAD), 60.0, 60.0)
    first = coach.target
    coach.judge(crossing(BAD, left=2 * BAD), 62.0, 62.0)
    assert coach.target is first


def test_too_few_steps_past_the_threshold_are_no_reason() -> None:
    coach = FormCoach(RULES)
    # Six of ten steps: the estimate says so, but not 70 % of the steps.
    assert coach.judge(crossing(BAD, last=0.0), 60.0, 60.0) == []
    assert coach.target is None


def test_the_leg_that_is_hard_to_see_alone_is_no_reason() -> None:
    coach = FormCoach(RULES)
    assert coach.judge(crossing(BAD, view="left"), 60.0, 60.0) == []
    assert [c.kind for c in coach.judge(crossing(BAD, view="right"), 60.0, 60.0)] == ["correct"]


def test_a_runner_in_pain_gets_no_cue() -> None:
    coach = FormCoach(Rules(in_pain=True))
    assert coach.judge(crossing(BAD), 600.0, 600.0) == []


def strides(
    coach: CadenceCoach, cadence: float, start: float, seconds: float
) -> list[Target | Cue]:
    said: list[Target | Cue] = []
    for t in np.arange(start, start + seconds, 0.7):
        said += coach.stride([cadence] * 16, float(t), float(t))
    return said


def test_target_mode_raises_the_cadence_of_the_warm_up() -> None:
    coach = CadenceCoach(Rules(warm_up_s=60.0, cadence_up=0.05))
    assert strides(coach, 160.0, 0.0, 59.0) == []
    said = strides(coach, 160.0, 60.2, 50.0)
    targets = [s for s in said if isinstance(s, Target)]
    assert [t.goal for t in targets] == pytest.approx([168.0] * len(targets))
    assert not any(t.in_band for t in targets)
    cues = [s for s in said if isinstance(s, Cue)]
    assert [c.text for c in cues] == ["Quicker, lighter steps."] * 2
    held = strides(coach, 168.0, 120.0, 10.0)
    assert [c.kind for c in held if isinstance(c, Cue)] == ["praise"]
    assert all(t.in_band for t in held if isinstance(t, Target))


def test_the_metronome_goes_on_and_off() -> None:
    rules = Rules(warm_up_s=0.0, cadence_up=0.05, baseline_spm=160.0, metronome_s=(20.0, 10.0))
    targets = [s for s in strides(CadenceCoach(rules), 160.0, 0.0, 60.0) if isinstance(s, Target)]
    assert all(t.metronome == (t.time_s % 30.0 < 20.0) for t in targets)
    assert {t.metronome for t in targets} == {True, False}


@pytest.mark.parametrize("share", [0.0, -0.05, 0.11])
def test_no_more_than_ten_per_cent(share: float) -> None:
    with pytest.raises(InputError, match="cannot be raised by that much"):
        Rules(cadence_up=share)
