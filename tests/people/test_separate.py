from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.people import separate
from stridewise.people.separate import MOST_BODIES
from tests.people.scene import (
    FPS,
    NAMES,
    detections,
    is_person,
    mirrored,
    moved,
    passing,
    seen_frames,
    standing,
    treadmill,
)


def centre_x(xy):
    with np.errstate(all="ignore"):
        seen = np.isfinite(xy[..., 0])
        return np.where(seen, xy[..., 0], 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)


def crossing_frame(a, b):
    both = np.isfinite(a[..., 0]).all(axis=1) & np.isfinite(b[..., 0]).all(axis=1)
    apart = np.where(both, np.abs(centre_x(a) - centre_x(b)), np.inf)
    return int(np.argmin(apart))


def check(people, *truths):
    """Each truth is one of the people, whole."""
    assert len(people) == len(truths)
    found = [[is_person(each, truth) for truth in truths] for each in people]
    np.testing.assert_array_equal(np.sort(found, axis=1)[:, -1], 1.0)
    assert sorted(np.argmax(found, axis=1).tolist()) == list(range(len(truths)))


@pytest.mark.parametrize("seed", range(4))
def test_two_who_cross_stay_who_they_are(seed):
    a, b = passing(0, 3.0), moved(mirrored(passing(1, 3.5)), 0, 15)
    people = separate(detections([a, b], seed=seed)[0])
    check(people, a, b)
    assert sum(seen_frames(p) for p in people) == len(detections([a, b])[0])


@pytest.mark.parametrize("behind", [0, 1])
@pytest.mark.parametrize("frames", [4, 9])  # 0.13 and 0.3 s
def test_one_is_hidden_while_they_cross(behind, frames):
    a, b = passing(0, 3.0), moved(mirrored(passing(1, 3.5)), 0, 15)
    middle = crossing_frame(a, b)
    hidden = {(behind, f) for f in range(middle - frames // 2, middle - frames // 2 + frames)}
    check(separate(detections([a, b], hidden=hidden)[0]), a, b)


def test_the_estimator_goes_over_to_the_other_while_they_cross():
    """Only one body is found: first the one in front, then the other."""
    a, b = passing(0, 3.0), moved(mirrored(passing(1, 3.5)), 0, 15)
    middle = crossing_frame(a, b)
    hidden = {(1, f) for f in range(middle - 3, middle)} | {
        (0, f) for f in range(middle, middle + 4)
    }
    people = separate(detections([a, b], hidden=hidden)[0])
    check(people, a, b)


def test_one_overtakes_the_other():
    a, b = passing(0, 2.5), passing(2, 5.0) * 0.9 + [40, 60]
    check(separate(detections([a, b])[0]), a, b)


@pytest.mark.parametrize("apart", [40, 150])
def test_treadmills_side_by_side(apart):
    a, b = treadmill(0), (treadmill(1) - [960, 540]) * 0.95 + [960 + apart, 550]
    rng = np.random.default_rng(apart)
    hidden = {(1, int(f) + k) for f in rng.integers(5, 70, 3) for k in range(8)}
    check(separate(detections([a, b], hidden=hidden)[0]), a, b)


def test_a_loss_of_a_second_is_bridged_and_shows_as_missing():
    a, b = treadmill(0, seconds=4), standing(4 * FPS, at=1500)
    hidden = {(0, f) for f in range(40, 70)}
    bodies, _ = detections([a, b], hidden=hidden)
    people = separate(bodies)
    check(people, a, b)
    runner = next(p for p in people if is_person(p, a) == 1.0)
    assert np.isnan(runner.xy[40:70]).all()
    assert (runner.confidence[40:70] == 0).all()
    assert np.isfinite(runner.xy[[39, 70]]).all()


def test_who_leaves_and_who_comes_much_later_are_two():
    a = passing(0, 4.5, 3.0)
    late = np.concatenate((np.full((150, *a.shape[1:]), np.nan), a))
    early = np.concatenate((a, np.full((150, *a.shape[1:]), np.nan)))
    by = standing(len(late), at=960)
    people = separate(detections([early, late, by])[0])
    check(people, early, late, by)


def test_the_largest_and_longest_seen_comes_first():
    a, b = treadmill(0), treadmill(1) * 0.5 + [900, 300]
    for order in ([a, b], [b, a]):
        people = separate(detections(order)[0])
        assert [is_person(p, truth) for p, truth in zip(people, (a, b), strict=True)] == [1, 1]


def test_recordings_begin_and_end_where_a_person_is_seen():
    a = treadmill(0)
    b = standing(len(a), at=1500)
    b[:20] = b[70:] = np.nan
    by, short = separate(detections([a, b])[0])
    assert (by.time[0], by.frames) == (0, 90)
    assert (short.time[0], short.frames) == (20 / FPS, 50)


def test_who_is_seen_for_less_than_a_second_does_not_matter():
    a, b = treadmill(0), standing(90, at=1500)
    b[25:] = np.nan
    (only,) = separate(detections([a, b])[0])
    assert is_person(only, a) == 1.0


def test_short_files_keep_their_people():
    a, b = treadmill(0)[:5], standing(5, at=1500)
    assert len(separate(detections([a, b])[0])) == 2


def test_a_body_found_twice_is_one():
    a, b = treadmill(0), standing(90, at=1500)
    again = a + np.random.default_rng(0).normal(0, 1.5, a.shape)
    bodies, who = detections([a, b, again])
    bodies = replace(bodies, score=np.where(who == 2, 0.5, 1.0))
    people = separate(bodies)
    check(people, a, b)
    assert people[0].notes == ("90 body(s) found twice in a frame were merged.",)


def test_one_body_at_a_time_is_one_person_wherever_it_is():
    a = treadmill(0)
    a[40:] += [800, 0]
    bodies, _ = detections([a])
    (only,) = separate(bodies)
    np.testing.assert_array_equal(only.xy, a)


def test_crowds_are_cut_to_the_surest():
    a = treadmill(0)[:3]
    crowd = [a, *(a * 0.1 + [30 * i, 0] for i in range(MOST_BODIES + 9))]
    bodies, who = detections(crowd)
    bodies = replace(bodies, score=np.where(who == 0, 0.9, 0.1))
    people = separate(bodies)
    assert is_person(people[0], a) == 1.0
    assert f"more than {MOST_BODIES} bodies" in people[0].notes[0]


def test_nobody():
    bodies, _ = detections([treadmill(0)[:9]])
    empty = replace(bodies, xy=np.full_like(bodies.xy, np.nan))
    with pytest.raises(InputError, match=r"No person is seen in any of the 9 frame\(s\)"):
        separate(empty)


def test_noise_everywhere_takes_no_long_time_and_makes_no_person_up():
    rng = np.random.default_rng(0)
    frames, count = 2000, 6
    bodies, _ = detections([treadmill(0)[:1]])
    frame = np.repeat(np.arange(frames), count)
    place = rng.uniform(0, 5000, (len(frame), 1, 2))
    noise = replace(
        bodies,
        frame=frame,
        xy=place + rng.uniform(0, 60, (len(frame), len(NAMES), 2)),
        confidence=np.ones((len(frame), len(NAMES))),
        time=np.arange(frames) / FPS,
        score=np.ones(len(frame)),
        track=np.full(len(frame), -1),
    )
    assert max(seen_frames(p) for p in separate(noise)) < 20
