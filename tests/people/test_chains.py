from __future__ import annotations

from dataclasses import replace

import numpy as np

from stridewise.people import separate
from stridewise.people.chains import chains, doubles
from tests.people.scene import detections, is_person, mirrored, moved, passing, standing, treadmill


def test_every_body_is_in_one_chain_in_the_order_of_time():
    bodies, _ = detections([treadmill(0), moved(treadmill(1), 300, 0), standing(90, at=1600)])
    found, notes = chains(bodies)
    assert notes == []
    assert sorted(np.concatenate(found).tolist()) == list(range(len(bodies)))
    assert all((np.diff(bodies.frame[rows]) > 0).all() for rows in found)


def test_people_apart_are_one_chain_each_of_their_own_bodies():
    bodies, who = detections([treadmill(0), moved(treadmill(1), 300, 0), standing(90, at=1600)])
    found, _ = chains(bodies)
    assert [len(rows) for rows in found] == [90, 90, 90]
    assert all(len(set(who[rows].tolist())) == 1 for rows in found)


def test_numbers_of_the_tracker_are_used_where_motion_is_in_doubt():
    """The same place twice, a minute apart in the estimator's eyes, is still one person."""
    a, b = treadmill(0, seconds=10), standing(300, at=1600)
    hidden = {(0, f) for f in range(60, 200)}  # longer than any loss that motion bridges
    for track, count in ((None, 3), ([7, 3], 2)):
        people = separate(detections([a, b], hidden=hidden, track=track)[0])
        assert len(people) == count


def test_numbers_that_jump_to_another_person_are_not_followed():
    a, b = treadmill(0), moved(treadmill(1), 700, 0)
    bodies, who = detections([a, b])
    track = np.where(bodies.frame < 45, who, 1 - who)
    people = separate(replace(bodies, track=track))
    assert [max(is_person(p, a), is_person(p, b)) for p in people] == [1.0, 1.0]


def test_numbers_that_change_hands_while_people_cross_are_set_right():
    a, b = passing(0, 3.0), moved(mirrored(passing(1, 3.5)), 0, 15)
    bodies, who = detections([a, b])
    together = np.nanargmin(
        np.abs(np.nanmean(a[20:70], axis=1) - np.nanmean(b[20:70], axis=1))[:, 0]
    )
    track = np.where(bodies.frame < 20 + together, who, 1 - who)
    people = separate(replace(bodies, track=track))
    assert [max(is_person(p, a), is_person(p, b)) for p in people] == [1.0, 1.0]


def test_numbers_that_come_twice_in_a_frame_are_not_used():
    bodies, _ = detections([treadmill(0), standing(90, at=1600)], track=[4, 4])
    found, notes = chains(bodies)
    assert len(found) == 2
    assert notes == ["Track numbers in the file come twice in a frame and were not used."]


def test_doubles_are_marked_once_and_the_surer_stays():
    a = treadmill(0)[:4]
    bodies, who = detections([a, a + 0.5, a - 0.5, standing(4, at=1600)])
    score = np.array([0.5, 0.9, 0.2, 0.1])[who]
    marked = doubles(replace(bodies, score=score))
    np.testing.assert_array_equal(marked, (who == 0) | (who == 2))
