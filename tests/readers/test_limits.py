from __future__ import annotations

import numpy as np

from stridewise.readers.bodies import to_pixels
from stridewise.readers.limits import without_huge


def test_huge_and_infinite_positions_are_missing_as_a_whole():
    xyz = np.ones((4, 2, 3))
    xyz[0, 0, 1] = 1e7
    xyz[1, 1, 2] = -np.inf
    xyz[2, 0] = np.nan
    kept, notes = without_huge(xyz)
    assert np.argwhere(np.isnan(kept).all(axis=2)).tolist() == [[0, 0], [1, 1], [2, 0]]
    assert notes == ["2 position(s) beyond 1,000,000 were left out."]
    assert xyz[0, 0, 1] == 1e7


def test_what_can_be_is_left_alone():
    xy = np.array([[0.0, 1e6], [np.nan, 3.0]])
    kept, notes = without_huge(xy)
    np.testing.assert_array_equal(kept, xy)
    assert notes == []


def test_nothing_is_nothing():
    """Found by fuzzing: files of which no body is left after those that cannot be are gone."""
    kept, notes = without_huge(np.empty((0, 17, 2)))
    assert kept.shape == (0, 17, 2)
    assert notes == []
    assert to_pixels([], None) == ([], [])
