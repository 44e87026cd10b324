from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stridewise.live.ring import Ring

CHANGES = st.lists(
    st.tuples(st.integers(min_value=0, max_value=9), st.integers(min_value=0, max_value=3)),
    max_size=40,
)


@given(size=st.integers(min_value=1, max_value=7), changes=CHANGES)
def test_a_ring_is_the_end_of_an_endless_list(size: int, changes: list[tuple[int, int]]) -> None:
    ring, whole = Ring(size, (2,)), []
    number = 0
    for added, dropped in changes:
        rows = [[float(number + i), -float(number + i)] for i in range(added)]
        number += added
        ring.extend(np.array(rows).reshape(-1, 2))
        whole += rows
        # What was pushed out by more than the ring holds is gone for good.
        dropped = min(dropped, len(whole), max(len(ring.last()), 0), size)
        ring.drop(dropped)
        whole = whole[: len(whole) - dropped]
        kept = ring.last().tolist()
        assert kept == whole[len(whole) - len(kept) :]
        assert len(kept) <= size
    ring.clear()
    assert len(ring.last()) == 0


def test_as_many_rows_as_its_size_are_always_there() -> None:
    ring = Ring(5)
    for i in range(1000):
        ring.extend(np.array([float(i)]))
        assert ring.last().tolist() == [float(k) for k in range(max(0, i - 4), i + 1)]
    assert ring.last(2).tolist() == [998.0, 999.0]
    assert ring.total == 1000
