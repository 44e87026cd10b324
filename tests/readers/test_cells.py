from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.readers.cells import number, plain_cells, plain_lines

NUMBERS = st.floats(allow_infinity=False) | st.integers(-(10**9), 10**9)


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
@settings(deadline=None)
@given(rows=st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[NUMBERS] * n), min_size=1)))
def test_plain_lines_are_what_python_reads(separator, rows):
    text = "".join(separator.join(map(repr, row)) + "\n" for row in rows)
    np.testing.assert_array_equal(plain_lines(text, separator), np.array(rows, dtype=float))
    column = [repr(row[-1]) for row in rows]
    np.testing.assert_array_equal(plain_cells(column), [float(row[-1]) for row in rows])


def test_nothing_seen():
    nan = np.nan
    text = ",1,,\n2,,nan,3\n,,,\n"
    expected = [[nan, 1, nan, nan], [2, nan, nan, 3], [nan] * 4]
    np.testing.assert_array_equal(plain_lines(text, ","), expected)
    np.testing.assert_array_equal(plain_lines(text.replace(",", "\t"), "\t"), expected)
    np.testing.assert_array_equal(plain_cells(["", "2", "NaN"]), [nan, 2, nan])


def test_decimal_commas_and_white_space():
    np.testing.assert_array_equal(plain_lines("1,5;2\n3;4,25\n", ";"), [[1.5, 2], [3, 4.25]])
    np.testing.assert_array_equal(plain_lines(" 1.5\t 2 \n3   4\n", " "), [[1.5, 2], [3, 4]])


@pytest.mark.parametrize(
    "text",
    [
        *("1,2\n3\n", "1,a\n", "1],[2\n", "[1,2\n", "1,2\n\n3,4\n", "1,+2\n", "1,1e999\n"),
        *("1,true\n", '1,"2"\n', "1,٣\n", "1_0,2\n", "-,1\n", "1,2]]\n", "", "1,0x1\n"),
        *("007,1\n", "1,[]\n", "\n"),
    ],
)
def test_anything_else_needs_a_closer_look(text):
    assert plain_lines(text, ",") is None


@pytest.mark.parametrize("cells", [["1", "a"], ["1,2"], ["1],[2"], ["[1", "2]"], ["true"], ['"1"']])
def test_other_cells_need_a_closer_look(cells):
    assert plain_cells(cells) is None


def test_a_number_of_a_person():
    assert number(" 1,5 ", 2, "x") == 1.5
    assert np.isnan(number("N/A", 2, "x"))
