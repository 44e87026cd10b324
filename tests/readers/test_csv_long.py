from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.readers import read, read_people
from stridewise.skeletons import LAYOUTS, REQUIRED


@pytest.fixture
def file(tmp_path):
    def make(text: str):
        path = tmp_path / "run.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def long(frames, names=REQUIRED, header="frame,keypoint,x,y,confidence") -> str:
    """Return a table whose point i of frame f is at (f + i, 10 f + i) with confidence 0.5."""
    rows = (
        f"{f},{n},{f + i + 1},{10 * f + i + 1},0.5" for f in frames for i, n in enumerate(names)
    )
    return "\n".join((header, *rows)) + "\n"


def test_frames_by_name(file):
    recording = read(file(long([0, 1, 3])), fps=10)
    assert recording.format == "csv_long"
    np.testing.assert_allclose(recording.time, [0, 0.1, 0.3], rtol=1e-15)
    np.testing.assert_array_equal(recording.point("left_hip"), [[1, 1], [2, 11], [4, 31]])
    np.testing.assert_array_equal(recording.point("right_ankle"), [[6, 6], [7, 16], [9, 36]])
    np.testing.assert_array_equal(recording.confidence, 0.5)
    assert recording.unit == "px"
    assert recording.notes == ()


def test_rows_in_any_order_and_missing_rows(file):
    head, *rows = long([0, 1, 2]).splitlines()
    turned = [row for row in reversed(rows) if not row.startswith("1,left_hip,")]
    recording = read(file("\n".join((head, *turned))), fps=10)
    np.testing.assert_array_equal(recording.point("left_hip"), [[1, 1], [np.nan] * 2, [3, 21]])
    np.testing.assert_array_equal(recording.point("left_knee")[:, 0], [3, 4, 5])
    assert recording.confidence[1, recording.keypoints.index("left_hip")] == 0


@pytest.mark.parametrize(
    "header",
    [
        "frame_idx,node,x,y,score",
        "Frame_Number,landmark_name,X,Y,visibility",
        "frame,bodypart,x,y,likelihood",
    ],
)
def test_other_column_names(file, header):
    recording = read(file(long([0, 1], header=header)), fps=10)
    np.testing.assert_array_equal(recording.point("left_hip"), [[1, 1], [2, 11]])
    np.testing.assert_array_equal(recording.confidence, 0.5)


def test_times_are_preferred(file):
    text = long([0, 0.5]).replace("frame", "time_s")
    np.testing.assert_array_equal(read(file(text)).time, [0, 0.5])
    with pytest.raises(InputError, match="--fps"):
        read(file(long([0, 1])))


def test_without_confidence(file):
    rows = [",".join(row.split(",")[:4]) for row in long([0, 1]).splitlines()]
    np.testing.assert_array_equal(read(file("\n".join(rows)), fps=10).confidence, 1.0)


def test_several_people_each_with_their_own_frames(file):
    one, two = long([0, 1, 2]).splitlines(), long([1, 2]).splitlines()
    rows = [
        ",".join((row.partition(",")[0], who, row.partition(",")[2]))
        for who, part in (("Ann", one[1:]), ("Bob", two[1:]))
        for row in part
    ]
    text = "\n".join(("frame,track,keypoint,x,y,confidence", *rows))
    people = read_people(file(text), fps=10)
    assert [person.frames for person in people] == [3, 2]
    np.testing.assert_allclose(people[1].time, [0.1, 0.2])
    assert people[1].notes == ("The file calls this person Bob.",)
    assert read(file(text), fps=10, person=2).frames == 2


def test_numbers_are_positions_in_a_layout(file):
    text = long([0, 1], range(33)).replace("keypoint", "landmark_id")
    recording = read(file(text), fps=10)
    layout = LAYOUTS["blazepose-33"]
    assert set(recording.keypoints) == {name for name in layout if name}
    i = layout.index("left_heel")
    np.testing.assert_array_equal(recording.point("left_heel"), [[i + 1, i + 1], [i + 2, i + 11]])


def test_shares_of_the_image_are_scaled(file):
    names = [f"{n}".upper() for n in (*REQUIRED, "left_foot_index", "right_foot_index")]
    rows = "\n".join(
        f"{f},{n},{0.1 + i / 50},{0.2 + (f + i) / 50},1"
        for f in (0, 1)
        for i, n in enumerate(names)
    )
    recording = read(file(f"frame,landmark,x,y,visibility\n{rows}\n"), fps=10)
    assert recording.has("left_big_toe", "right_big_toe")
    assert any("states no image size" in note for note in recording.notes)
    assert recording.xy.max() > 100


def test_a_point_that_comes_twice_is_taken_once(file):
    text = long([0, 1]) + "0,left_hip,99,99,1\n"
    recording = read(file(text), fps=10)
    np.testing.assert_array_equal(recording.point("left_hip")[0], [1, 1])
    assert recording.notes == ("1 point(s) that come twice in a frame were dropped.",)


def test_a_map(file):
    text = long([0, 1]).replace("left_hip", "coxa")
    assert read(file(text), fps=10, map={"coxa": "left_hip"}).has("left_hip")
    with pytest.raises(InputError, match="No point of the file is left_hip"):
        read(file(text), fps=10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frame,keypoint,x,y\n", "a header and no frames"),
        ("frame,keypoint,x,y\n0,left_hip,a,1\n", "Line 2, column x is not a number"),
        ("frame,keypoint,x,y\n0,left_hip\n0,left_hip,1,1\n", "Line 2 has too few cells"),
        ("keypoint,x,y\nleft_hip,1,1\n", "no column for the frame"),
        ("frame,keypoint,x,y\n0,7,1,1\n", "has 8 points without names"),
    ],
)
def test_bad_tables(file, text, message):
    with pytest.raises(InputError, match=message):
        read(file(text), fps=10)


def test_a_crowd_is_refused(file):
    rows = "\n".join(f"0,{i},{n},1,2" for i in range(1001) for n in REQUIRED)
    with pytest.raises(InputError, match=r"too many people.*1000 at most. Received 1001"):
        read(file(f"frame,id,keypoint,x,y\n{rows}"), fps=10)


@settings(max_examples=50)
@given(
    st.permutations([(f, n) for f in range(3) for n in REQUIRED]),
    st.lists(st.floats(1, 1e5), min_size=36, max_size=36),
)
def test_the_order_of_rows_does_not_matter(tmp_path_factory, order, numbers):
    at = {
        key: numbers[2 * i : 2 * i + 2]
        for i, key in enumerate((f, n) for f in range(3) for n in REQUIRED)
    }
    path = tmp_path_factory.mktemp("long") / "a.csv"
    rows = (f"{f},{n},{at[f, n][0]!r},{at[f, n][1]!r}" for f, n in order)
    path.write_text("\n".join(("frame,keypoint,x,y", *rows)))
    recording = read(path, fps=30)
    for name in REQUIRED:
        np.testing.assert_array_equal(recording.point(name), [at[f, name] for f in range(3)])


def test_a_person_without_any_time_is_left_out(tmp_path):
    path = tmp_path / "long.csv"
    rows = [f"{f},a,{n},{f},{i}" for f in range(3) for i, n in enumerate(REQUIRED)]
    path.write_text("\n".join(("frame,person,keypoint,x,y", *rows, ",b,left_hip,1,2\n")))
    (person,) = read_people(path, fps=30)
    assert person.frames == 3
