from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stridewise.gait.motion import Event, Motion, Signal
from stridewise.gait.strides import Limits, at, between, curve, find_steps, mean, peak
from stridewise.skeletons import SIDES

STRIDE, CONTACT, FIRST = 0.7, 0.25, 0.513
MID_STANCE = 0.1


def regular_events(strides: int = 6, first: float = FIRST, sd: float = 0.004) -> list[Event]:
    events = []
    for k in range(strides):
        for lag, side in ((0.0, "right"), (STRIDE / 2, "left")):
            contact = first + k * STRIDE + lag
            events.append(Event("initial_contact", side, contact, sd))
            events.append(Event("toe_off", side, contact + CONTACT, 2 * sd))
    return sorted(events, key=lambda e: e.time_s)


def motion(events: list[Event], time: np.ndarray | None = None, **signals: Signal) -> Motion:
    time = np.arange(0, 6, 1 / 60) if time is None else time
    keyed = {}
    for name, signal in signals.items():
        side = next((s for s in SIDES if name.endswith(f"_{s}")), None)
        keyed[name.removesuffix(f"_{side}"), side] = signal
    return Motion(time, tuple(events), keyed)


def uneven_time(rng: np.random.Generator, frames: int = 500) -> np.ndarray:
    return np.cumsum(rng.uniform(0.008, 0.025, frames))


class TestFindSteps:
    def test_every_instant_of_a_regular_run(self):
        steps = find_steps(motion(regular_events()))
        step = steps[2]
        assert step.side == "right"
        assert step.initial_contact == pytest.approx(FIRST + STRIDE, abs=1e-12)
        assert step.toe_off == pytest.approx(FIRST + STRIDE + CONTACT, abs=1e-12)
        assert step.previous_contact == pytest.approx(FIRST + STRIDE / 2, abs=1e-12)
        assert step.next_contact == pytest.approx(FIRST + 1.5 * STRIDE, abs=1e-12)
        assert step.next_same == pytest.approx(FIRST + 2 * STRIDE, abs=1e-12)
        assert (step.contact_sd, step.toe_off_sd) == (0.004, 0.008)
        assert step.mid_stance is None
        assert [s.side for s in steps] == ["right", "left"] * 6

    def test_ends_are_unknown(self):
        steps = find_steps(motion(regular_events()))
        assert steps[0].previous_contact is None
        assert steps[-1].next_contact is None
        assert [s.next_same is None for s in steps] == [False] * 10 + [True] * 2

    def test_contact_time_has_no_frame_in_it(self):
        """Counting frames from contact to last contact frame would be up to 33 ms short here."""
        slow = np.arange(0, 6, 1 / 30)
        steps = find_steps(motion(regular_events(), slow))
        np.testing.assert_allclose(steps.toe_off - steps.initial_contact, CONTACT, atol=1e-12)

    def test_order_of_events_does_not_matter(self):
        events = regular_events()
        shuffled = [events[i] for i in np.random.default_rng(0).permutation(len(events))]
        a, b = find_steps(motion(events)), find_steps(motion(shuffled))
        np.testing.assert_array_equal(a.toe_off, b.toe_off)
        np.testing.assert_array_equal(a.right, b.right)

    def test_missed_contact_breaks_only_its_neighbours(self):
        events = regular_events()
        contacts = [e for e in events if e.kind == "initial_contact"]
        steps = find_steps(motion([e for e in events if e is not contacts[4]]))  # right
        before = next(s for s in steps if s.initial_contact == contacts[3].time_s)
        assert before.next_contact is None
        assert before.next_same == contacts[5].time_s
        earlier = next(s for s in steps if s.initial_contact == contacts[2].time_s)
        assert earlier.next_contact == contacts[3].time_s
        assert earlier.next_same is None
        assert earlier.toe_off == pytest.approx(contacts[2].time_s + CONTACT)

    def test_two_strides_at_a_sprint_are_not_one(self):
        """Missing a contact at 250 steps/min leaves 0.96 s, which a stride could have."""
        times = 0.5 + 0.24 * np.arange(12)
        sides = ["right", "left"] * 6
        events = [
            Event("initial_contact", side, t, 0.0)
            for i, (t, side) in enumerate(zip(times, sides, strict=True))
            if i != 4
        ]
        steps = find_steps(motion(events))
        third = next(s for s in steps if s.initial_contact == times[2])
        assert third.next_same is None

    def test_missed_toe_off(self):
        events = regular_events()
        offs = [e for e in events if e.kind == "toe_off"]
        steps = find_steps(motion([e for e in events if e is not offs[3]]))
        assert [s.toe_off is None for s in steps] == [i == 3 for i in range(12)]
        assert steps[3].toe_off_sd is None

    @pytest.mark.parametrize(
        ("contact", "kept"), [(0.079, False), (0.081, True), (0.599, True), (0.601, False)]
    )
    def test_impossible_contact_is_unknown(self, contact, kept):
        events = [
            Event("initial_contact", "left", 1.0, 0.0),
            Event("toe_off", "left", 1.0 + contact, 0.0),
        ]
        assert (find_steps(motion(events))[0].toe_off is not None) == kept

    @pytest.mark.parametrize(
        ("stride", "kept"), [(0.39, False), (0.41, True), (1.19, True), (1.21, False)]
    )
    def test_impossible_stride_is_unknown(self, stride, kept):
        events = [Event("initial_contact", "left", 1.0 + k * stride, 0.0) for k in range(2)]
        assert (find_steps(motion(events))[0].next_same is not None) == kept

    def test_limits_of_another_gait(self):
        events = [Event("initial_contact", "left", 1.0 + k * 1.3, 0.0) for k in range(2)]
        walking = Limits(contact=(0.3, 1.2), stride=(0.8, 1.8))
        assert find_steps(motion(events), walking)[0].next_same == pytest.approx(2.3)

    def test_hole_in_the_recording_breaks_steps(self):
        time = np.arange(0, 6, 1 / 60)
        hole = (1.63, 1.76)  # within the second left stance
        time = time[(time < hole[0]) | (time > hole[1])]
        steps = find_steps(motion(regular_events(), time))
        for step in steps:
            for instant in (step.toe_off, step.next_contact, step.next_same):
                assert instant is None or not step.initial_contact < hole[0] < hole[1] < instant
        assert sum(s.next_same is None for s in steps) == 4  # two broken, two at the end
        assert sum(s.toe_off is None for s in steps) == 1

    def test_no_events(self):
        steps = find_steps(motion([]))
        assert len(steps) == 0
        assert list(steps) == []

    def test_one_side_only(self):
        steps = find_steps(motion([e for e in regular_events() if e.side == "left"]))
        assert len(steps) == len(steps.of("left")) == 6
        assert np.isnan(steps.next_contact).all()
        assert np.isfinite(steps.next_same[:-1]).all()

    def test_mid_stance_is_peak_knee_flexion(self):
        time = np.arange(0, 6, 1 / 60)
        course = 40 + 20 * np.cos(4 * np.pi * (time - FIRST - MID_STANCE) / STRIDE)
        knee = Signal(course, 0.0)
        pelvis = Signal(0.9 - 0.05 * np.cos(4 * np.pi * (time - FIRST - 0.2) / STRIDE), 0.0)
        run = motion(
            regular_events(), time, knee_flexion_left=knee, knee_flexion_right=knee,
            pelvis_height=pelvis,
        )  # fmt: skip
        steps = find_steps(run)
        np.testing.assert_allclose(steps.mid_stance - steps.initial_contact, MID_STANCE, atol=5e-4)

    def test_mid_stance_is_the_lowest_pelvis_without_knees(self):
        time = np.arange(0, 6, 1 / 60)
        pelvis = Signal(0.9 - 0.05 * np.cos(4 * np.pi * (time - FIRST - 0.12) / STRIDE), 0.0)
        steps = find_steps(motion(regular_events(), time, pelvis_height=pelvis))
        np.testing.assert_allclose(steps.mid_stance - steps.initial_contact, 0.12, atol=5e-4)

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["initial_contact", "toe_off"]),
                st.sampled_from(SIDES),
                st.floats(0, 6) | st.just(np.nan),
            ),
            max_size=40,
        )
    )
    def test_any_events_give_possible_steps(self, drawn):
        steps = find_steps(motion([Event(k, s, t, 0.01) for k, s, t in drawn]))
        known = [e for e in drawn if e[0] == "initial_contact" and np.isfinite(e[2])]
        assert len(steps) == len(known)
        assert np.all(np.diff(steps.initial_contact) >= 0)
        for name, low, high in (
            ("toe_off", 0.08, 0.6), ("next_contact", 0.2, 0.6), ("next_same", 0.4, 1.2),
            ("previous_contact", -0.6, -0.2),
        ):  # fmt: skip
            lasts = getattr(steps, name) - steps.initial_contact
            lasts = lasts[np.isfinite(lasts)]
            assert np.all((lasts >= low - 1e-9) & (lasts <= high + 1e-9))
        later = steps.next_contact[np.isfinite(steps.next_contact)]
        assert len(set(later)) == len(later)


class TestReadingBetweenFrames:
    @given(arrays(float, 4, elements=st.floats(-3, 3)), st.integers(0, 1000))
    def test_cubics_are_exact_at_uneven_frames(self, coefficients, seed):
        rng = np.random.default_rng(seed)
        time = uneven_time(rng, 60)
        instants = rng.uniform(time[0], time[-1], 20)
        sampler = at(time, instants)
        signal = np.polyval(coefficients, time)
        np.testing.assert_allclose(
            sampler.value(signal), np.polyval(coefficients, instants), atol=1e-9
        )
        np.testing.assert_allclose(
            sampler.rate(signal), np.polyval(np.polyder(coefficients), instants), atol=1e-7
        )

    def test_frames_are_read_as_they_are(self):
        time = uneven_time(np.random.default_rng(1), 30)
        signal = np.random.default_rng(2).normal(size=30)
        np.testing.assert_allclose(at(time, time).value(signal), signal, atol=1e-12)

    def test_linear_beside_missing_values_and_unknown_within(self):
        time = np.arange(10) / 60
        signal = np.arange(10.0) ** 2
        signal[5] = np.nan
        read = at(time, np.array([3.5, 4.5, 5.0, 5.5, 6.5]) / 60).value(signal)
        np.testing.assert_allclose(read, [12.5, np.nan, np.nan, np.nan, 42.5])

    def test_unknown_outside_and_across_holes(self):
        time = np.array([0.0, 0.02, 0.04, 0.06, 0.2, 0.22, 0.24])
        read = at(time, np.array([-0.01, 0.03, 0.1, 0.21, 0.25, np.nan])).value(time)
        np.testing.assert_allclose(read, [np.nan, 0.03, np.nan, 0.21, np.nan, np.nan], atol=1e-12)

    @pytest.mark.parametrize("frames", [0, 1, 3])
    def test_too_few_frames_say_nothing(self, frames):
        sampler = at(np.arange(frames) / 60, np.array([0.01]))
        assert np.isnan(sampler.value(np.zeros(frames))).all()
        assert np.isnan(sampler.rate(np.zeros(frames))).all()

    def test_windows_are_even_in_true_time(self):
        time = uneven_time(np.random.default_rng(3))
        windows = between(time, np.array([1.0, np.nan]), np.array([1.5, 2.0]), points=11)
        read = windows.value(time)
        np.testing.assert_allclose(read[0], np.linspace(1.0, 1.5, 11), atol=1e-12)
        assert np.isnan(read[1]).all()


class TestWindows:
    @pytest.mark.parametrize("place", [0.013, 0.37, 0.5, 0.99])
    def test_peak_of_a_parabola_is_exact(self, place):
        share = np.linspace(0, 1, 21)
        value, where = peak((7 - 30 * (share - place) ** 2)[None])
        assert value[0] == pytest.approx(7, abs=1e-12)
        assert where[0] == pytest.approx(place, abs=1e-12)

    def test_peak_at_the_edge_is_the_edge(self):
        value, where = peak(np.array([[1.0, 2.0, 3.0, 4.5], [4.5, 3.0, 2.0, 1.0]]))
        np.testing.assert_array_equal(value, [4.5, 4.5])
        np.testing.assert_array_equal(where, [1.0, 0.0])

    def test_tenth_of_a_window_may_be_missing(self):
        windows = np.tile(np.arange(10.0), (2, 1))
        windows[0, 0] = np.nan
        windows[1, :2] = np.nan
        np.testing.assert_array_equal(peak(windows)[0], [9.0, np.nan])
        np.testing.assert_array_equal(mean(windows), [40.5 / 8.5, np.nan])


class TestCurve:
    time = np.arange(0, 9, 1 / 120)

    def wave(self, t: np.ndarray) -> np.ndarray:
        return 10 + 25 * np.cos(2 * np.pi * (t - FIRST) / STRIDE)

    def test_course_from_contact_to_contact(self):
        run = motion(regular_events(10), self.time, shank_right=Signal(self.wave(self.time), 0.0))
        found = curve(run, find_steps(run), "shank", "right")
        assert (found.id, found.side, found.unit, found.n) == ("shank", "right", "deg", 9)
        share = np.linspace(0, 1, 101)
        np.testing.assert_allclose(found.mean, 10 + 25 * np.cos(2 * np.pi * share), atol=1e-3)
        np.testing.assert_allclose(found.sd, 0, atol=1e-3)
        assert found.toe_off_percent == pytest.approx(100 * CONTACT / STRIDE)

    def test_spread_is_that_between_strides(self):
        stride = np.floor((self.time - FIRST) / STRIDE)
        offset = np.where(stride % 2 == 0, 1.0, -1.0)
        run = motion(regular_events(9), self.time, thigh_right=Signal(offset, 0.0))
        found = curve(run, find_steps(run), "thigh", "right")
        assert found.n == 8
        assert found.mean[50] == pytest.approx(0, abs=1e-9)
        assert found.sd[50] == pytest.approx(np.sqrt(8 / 7))

    def test_strange_stride_is_left_out(self):
        signal = self.wave(self.time) + 0.1 * np.sin(40 * self.time)
        strange = np.exp(-(((self.time - FIRST - 3.5 * STRIDE) / 0.08) ** 2))
        run = motion(regular_events(10), self.time, shank_right=Signal(signal + 30 * strange, 0.0))
        found = curve(run, find_steps(run), "shank", "right")
        assert found.n == 8
        assert np.abs(found.mean - self.wave(FIRST + np.linspace(0, STRIDE, 101))).max() < 1

    def test_missing_stretch_leaves_strides_out(self):
        signal = self.wave(self.time)
        signal[(self.time > FIRST + 0.1) & (self.time < FIRST + 0.3)] = np.nan
        run = motion(regular_events(10), self.time, shank_right=Signal(signal, 0.0))
        assert curve(run, find_steps(run), "shank", "right").n == 8

    def test_midline_over_both_feet(self):
        run = motion(regular_events(4), self.time, trunk_lean=Signal(0 * self.time + 6, 0.0))
        found = curve(run, find_steps(run), "trunk_lean", "both")
        assert found.n == 6
        np.testing.assert_allclose(found.mean, 6)
        assert curve(run, find_steps(run), "trunk_lean", "left").n == 3

    def test_lengths_are_in_leg_lengths(self):
        run = motion(regular_events(4), self.time, pelvis_height=Signal(0 * self.time, 0.0))
        assert curve(run, find_steps(run), "pelvis_height", "both").unit == "L"

    def test_nothing_to_show(self):
        run = motion(regular_events(4), self.time)
        assert curve(run, find_steps(run), "shank", "right") is None
        empty = replace(run, signals={("shank", "right"): Signal(np.nan * self.time, 0.0)})
        assert curve(empty, find_steps(empty), "shank", "right") is None
