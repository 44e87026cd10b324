from __future__ import annotations

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import tables
from stridewise.readers.registry import Options


@pytest.fixture
def table(tmp_path):
    def make(text, numbers, words=(), **options):
        path = tmp_path / "a.csv"
        path.write_text(text, encoding="utf-8")
        with tables.rows(path) as lines:
            names = lines.next()
            return tables.read(lines, names, numbers, words, **options)

    return make


def test_numbers_and_words(table):
    found = table("t,who,x\n0,b,1\n1,a,\n2, b ,3\n", [0, 2], [1])
    np.testing.assert_array_equal(found.numbers, [[0, 1], [1, np.nan], [2, 3]])
    assert found.words == [["b", "a"]]
    np.testing.assert_array_equal(found.codes, [[0], [1], [0]])
    assert found.notes == []


@pytest.mark.parametrize("rows", [1, 255, 256, 257, 700])
def test_blocks_do_not_show(table, rows):
    text = "t,who,x\n" + "".join(f"{i},w{i % 3},{i * i}\n" for i in range(rows))
    found = table(text, [0, 2], [1])
    i = np.arange(rows)
    np.testing.assert_array_equal(found.numbers, np.c_[i, i * i])
    np.testing.assert_array_equal(found.codes[:, 0], i % 3)


def test_blank_lines_and_other_words_for_missing(table):
    found = table("t,x\n0,NaN\n\n , \n1,n/a\n2,-\n", [0, 1])
    np.testing.assert_array_equal(found.numbers[:, 0], [0, 1, 2])
    assert np.isnan(found.numbers[:, 1]).all()


@pytest.mark.parametrize("line", [0, 254, 255, 256, 600])
def test_bad_cells_and_short_lines_are_told_with_their_line(table, line):
    rows = [f"{i},5" for i in range(700)]
    for damage, message in (
        (f"{line},x", rf"Line {line + 2}, column x is not a number.*'x'"),
        (f"{line}", rf"Line {line + 2} has too few cells\. Expected 2\. Received 1"),
    ):
        damaged = [*rows[:line], damage, *rows[line + 1 :]]
        with pytest.raises(InputError, match=message):
            table("t,x\n" + "\n".join(damaged), [0, 1])


@pytest.mark.parametrize("rows", [1, 256, 257])
def test_a_cut_off_last_line(table, rows):
    text = "t,x\n" + "".join(f"{i},5\n" for i in range(rows)) + "9"
    found = table(text, [0, 1])
    assert len(found.numbers) == rows
    assert found.notes == [f"The last line ({rows + 2}) is cut off and was dropped."]


def test_rows_without_a_clock(table):
    text = "t,x\n0,1\n,2\ninf,3\n4,4\n"
    found = table(text, [0, 1])
    np.testing.assert_array_equal(found.numbers, [[0, 1], [4, 4]])
    assert found.notes == ["2 line(s) without a time or frame number were dropped."]
    assert len(table(text, [0, 1], dated=False).numbers) == 4


def test_clocks():
    assert tables.clock_column(["x", "frame_idx", "timestamp"]) == 2
    assert tables.clock_column(["frame", "ms"]) == 1
    assert tables.clock_column(["x"]) is None
    time, notes = tables.seconds("ms", np.array([0.0, 40.0]), Options())
    np.testing.assert_allclose(time, [0, 0.04])
    assert notes == []
    np.testing.assert_allclose(
        tables.seconds("frame_id", np.array([5.0, 6.0]), Options(fps=50))[0], [0.1, 0.12]
    )


def test_rows_by_person():
    found = tables.by_person(np.array([1, 0, 2, 0, 1]), 4)
    assert [rows.tolist() for rows in found] == [[1, 3], [0, 4], [2], []]
    people = tables.LARGEST_CROWD + 1
    with pytest.raises(InputError, match="too many people"):
        tables.by_person(np.arange(people), people)


def test_first_rows_of_anything():
    assert tables.first_rows(b"a;b\n1;2\n", 2) == [["a", "b"], ["1", "2"]]
    assert tables.header_of(b"") == []
    assert tables.header_of("Ä,b\n".encode("utf-16")) == ["ä", "b"]
