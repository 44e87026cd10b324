from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.gait.rules import RULES, LegMotion, candidates, crossing, peak, vertex

TIME = np.arange(101) / 100
BELT = {"ankle_forward": -3.0, "foot_forward": -3.0, "toe_up": 0.0}


@given(top=st.floats(0.3, 0.7), height=st.floats(-5, 5), bend=st.floats(0.1, 100))
def test_the_top_of_a_parabola_is_found_between_frames(
    top: float, height: float, bend: float
) -> None:
    parabola = height - bend * (TIME - top) ** 2
    assert peak(TIME, parabola, 0.2, 0.8) == pytest.approx(top, abs=1e-6)


def test_the_top_of_a_plateau_is_its_frame() -> None:
    assert vertex(TIME, np.zeros(101), 40) == TIME[40]


@pytest.mark.parametrize(
    ("start", "stop"), [(0.55, 0.9), (0.1, 0.45), (0.49, 0.505), (0.2, 1.2), (np.nan, 0.8)]
)
def test_there_is_no_peak_on_the_rim_or_beyond(start: float, stop: float) -> None:
    parabola = -((TIME - 0.5) ** 2)
    assert np.isnan(peak(TIME, parabola, start, stop))


def test_there_is_no_peak_in_a_window_with_a_gap() -> None:
    parabola = -((TIME - 0.5) ** 2)
    parabola[70] = np.nan
    assert np.isnan(peak(TIME, parabola, 0.2, 0.8))
    assert peak(TIME, parabola, 0.2, 0.65) == pytest.approx(0.5)


@given(at=st.floats(0.11, 0.89), level=st.floats(-3, 3), slope=st.floats(0.1, 50))
def test_a_line_crosses_where_it_crosses(at: float, level: float, slope: float) -> None:
    line = level + slope * (TIME - at)
    assert crossing(TIME, line, level, 0.1, 0.9) == pytest.approx(at, abs=1e-9)
    assert np.isnan(crossing(TIME, -line, -level, 0.1, 0.9))


def test_the_first_and_the_last_crossing() -> None:
    wave = np.sin(2 * np.pi * 4 * TIME - 1e-9)
    assert crossing(TIME, wave, 0.0, 0.1, 0.9) == pytest.approx(0.25, abs=1e-6)
    assert crossing(TIME, wave, 0.0, 0.1, 0.9, last=True) == pytest.approx(0.75, abs=1e-6)


def test_gaps_and_unknown_windows_have_no_crossing() -> None:
    line = TIME - 0.505
    line[50] = np.nan
    assert np.isnan(crossing(TIME, line, 0.0, 0.1, 0.9))
    assert np.isnan(crossing(TIME, TIME, 0.5, np.nan, 0.9))
    assert np.isnan(crossing(TIME, TIME, 0.5, 1.5, 2.5))


def ramp(*corners: tuple[float, float]) -> np.ndarray:
    return np.interp(TIME, *zip(*corners, strict=True))


def test_every_rule_on_curves_with_known_turns() -> None:
    # The pelvis falls fastest at 0.40 and rises fastest at 0.55; steps take 0.36 s.
    leg = LegMotion(
        TIME,
        ankle_forward=ramp((0.25, 4.0), (0.40, -3.0), (0.6, -3.0), (0.7, 4.0)),
        foot_forward=ramp((0.30, 4.0), (0.41, -3.0), (0.6, -3.0), (0.7, 4.0)),
        toe_up=ramp((0.30, 0.0), (0.36, -1.2), (0.42, 0.0), (0.60, 0.0), (0.70, 2.0), (0.75, 1.0)),
        knee=30 + 2000 * np.minimum((TIME - 0.34) ** 2, (TIME - 0.60) ** 2),
    )
    found = candidates(leg, BELT, 0.40, 0.55, 0.36)
    assert set(found) == {name for names in RULES.values() for name in names}
    assert found["pelvis_falls"] == 0.40
    assert found["pelvis_rises"] == 0.55
    # Half of the belt speed, 1.5 backwards, on the way from 4 to -3.
    assert found["ankle_reaches_belt_speed"] == pytest.approx(0.25 + 0.15 * 5.5 / 7)
    assert found["foot_reaches_belt_speed"] == pytest.approx(0.30 + 0.11 * 5.5 / 7)
    assert found["toe_falls_fastest"] == pytest.approx(0.36)
    assert found["toe_comes_to_rest"] == pytest.approx(0.39)
    # 0.3 leg lengths per second of a rise to 2 within 0.1 s.
    assert found["toe_lifts"] == pytest.approx(0.615)
    assert found["knee_opens"] == pytest.approx(0.34)
    assert found["knee_opens_again"] == pytest.approx(0.60)


def test_a_slow_toe_lifts_at_a_quarter_of_its_speed() -> None:
    leg = LegMotion(TIME, toe_up=ramp((0.60, 0.0), (0.70, 0.8), (0.75, 0.0)))
    assert candidates(leg, BELT, 0.40, 0.55, 0.36)["toe_lifts"] == pytest.approx(0.625, abs=0.001)


def test_the_belt_may_seem_to_rise() -> None:
    """A camera in front sees a foot on the belt go up while it moves away."""
    up = ramp((0.30, 0.0), (0.36, -1.2), (0.42, 0.0), (0.60, 0.0), (0.70, 2.0), (0.75, 1.0))
    level = candidates(LegMotion(TIME, toe_up=up), BELT, 0.40, 0.55, 0.36)
    rising = candidates(LegMotion(TIME, toe_up=up + 0.6), BELT | {"toe_up": 0.6}, 0.40, 0.55, 0.36)
    assert rising == pytest.approx(level)


def test_points_not_shown_make_no_candidates() -> None:
    assert candidates(LegMotion(TIME), BELT, 0.4, 0.55, 0.36) == {
        "pelvis_falls": 0.4,
        "pelvis_rises": 0.55,
    }


def test_points_not_seen_just_then_make_nan() -> None:
    gone = np.full(101, np.nan)
    leg = LegMotion(TIME, gone, gone, gone, gone)
    found = candidates(leg, BELT, 0.40, 0.55, 0.36)
    assert {name for name, time in found.items() if np.isfinite(time)} == {
        "pelvis_falls",
        "pelvis_rises",
    }
