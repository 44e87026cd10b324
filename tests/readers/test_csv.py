from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stridewise.errors import InputError
from stridewise.readers import read, write_csv
from stridewise.recording import Recording
from stridewise.skeletons import KEYPOINTS, REQUIRED

LEGS = ",".join(f"{name}_{axis}" for name in REQUIRED for axis in "xy")


def table(*rows: str, header: str = f"time_s,{LEGS}") -> str:
    return "\n".join((header, *rows)) + "\n"


def row(time: object, start: int = 1) -> str:
    return ",".join([str(time), *(str(start + i) for i in range(2 * len(REQUIRED)))])


@pytest.fixture
def file(tmp_path):
    def make(text: str | bytes, name: str = "run.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return make


def test_plain_table(file):
    recording = read(file(table(row(0.0), row(0.02, 101))))
    assert recording.format == "csv"
    assert recording.source == "run.csv"
    assert recording.unit == "px"
    assert recording.notes == ()
    np.testing.assert_array_equal(recording.time, [0.0, 0.02])
    np.testing.assert_array_equal(recording.point("left_hip"), [[1, 2], [101, 102]])
    np.testing.assert_array_equal(recording.point("right_ankle"), [[11, 12], [111, 112]])
    np.testing.assert_array_equal(recording.confidence, 1.0)


def test_columns_in_any_order_with_confidence(file):
    names = [f"{name}_{part}" for name in REQUIRED for part in ("confidence", "y", "x")]
    values = [0.5, 20, 10] * len(REQUIRED)
    text = table(",".join(map(str, [*values, 0.0])), header=",".join([*names, "time_s"]))
    recording = read(file(text))
    np.testing.assert_array_equal(recording.point("left_knee"), [[10, 20]])
    np.testing.assert_array_equal(recording.confidence, 0.5)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(file, delimiter):
    text = table(row(0.0), row(0.02)).replace(",", delimiter)
    assert read(file(text)).frames == 2


def test_decimal_comma_with_semicolons(file):
    text = table(row(0), row(0.02)).replace(",", ";").replace("0.02", "0,02")
    recording = read(file(text))
    np.testing.assert_array_equal(recording.time, [0, 0.02])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_and_windows_line_ends(file, encoding):
    text = table(row(0.0), row(0.02)).replace("\n", "\r\n")
    assert read(file(text.encode(encoding))).frames == 2


def test_quotes_upper_case_and_spaces_in_the_header(file):
    header = ", ".join(f'"{name.upper()}"' for name in ["time_s", *LEGS.split(",")])
    assert read(file(table(row(0.0), header=header.replace(", ", ",")))).frames == 1


@pytest.mark.parametrize("blank", ["", "nan", "NaN", " ", "NA", "null", "-", "inf"])
def test_blank_cells_are_missing(file, blank):
    cells = row(0.0).split(",")
    cells[1] = blank
    recording = read(file(table(",".join(cells), row(0.02))))
    assert np.isnan(recording.point("left_hip")[0]).all()
    assert recording.confidence[0, recording.keypoints.index("left_hip")] == 0
    np.testing.assert_array_equal(recording.point("left_hip")[1], [1, 2])


def test_zero_zero_without_confidence_is_missing(file):
    cells = row(0.0).split(",")
    cells[1:3] = ["0", "0"]
    recording = read(file(table(",".join(cells), row(0.02))))
    assert np.isnan(recording.point("left_hip")[0]).all()
    assert recording.notes == ("1 point(s) at exactly (0, 0) were taken as missing.",)


def test_frame_numbers_need_a_rate_and_keep_their_holes(file):
    path = file(table(row(10), row(11), row(14), header=f"frame,{LEGS}"))
    with pytest.raises(InputError, match="--fps"):
        read(path)
    np.testing.assert_allclose(read(path, fps=50).time, [0.2, 0.22, 0.28], rtol=1e-15)


def test_times_win_over_frames_and_over_the_stated_rate(file):
    text = table("7," + row(0.0), "8," + row(0.5), header=f"frame,time_s,{LEGS}")
    recording = read(file(text), fps=60)
    np.testing.assert_array_equal(recording.time, [0.0, 0.5])
    assert "was not used" in recording.notes[0]


def test_a_time_ms_column_is_milliseconds(file):
    recording = read(file(table(row(0), row(4), header=f"time_ms,{LEGS}")))
    np.testing.assert_array_equal(recording.time, [0, 0.004])


def test_milliseconds_in_time_s_are_converted_with_a_note(file):
    recording = read(file(table(row(0), row(17), row(33))))
    np.testing.assert_allclose(recording.time, [0, 0.017, 0.033], rtol=1e-15)
    assert "milliseconds" in recording.notes[0]


def test_unknown_columns_are_ignored_with_a_note(file):
    text = table("left," + row(0.0), header=f"foot,time_s,{LEGS}")
    assert read(file(text)).notes == ("1 unknown column(s) were ignored: foot.",)


def test_near_miss_names_are_explained(file):
    text = table(row(0.0)).replace("left_hip", "left_hipp")
    with pytest.raises(
        InputError, match=r"No point of the file is left_hip\..*left_hipp: did you mean left_hip\?"
    ):
        read(file(text))


@pytest.mark.parametrize(
    "written", ["l_hip", "lhip", "hip_left", "left-hip", "lefthip", "LHip", "hipL", "Left Hip"]
)
def test_other_ways_to_write_a_name_are_read_with_a_note(file, written):
    recording = read(file(table(row(0.0)).replace("left_hip", written)))
    np.testing.assert_array_equal(recording.point("left_hip"), [[1, 2]])
    plain = written.lower().replace("-", "_").replace(" ", "_")
    assert recording.notes == (
        () if plain == "left_hip" else (f"Points were matched by name: {written} to left_hip.",)
    )


def test_other_ways_to_write_columns(file):
    text = table(row(0.0)).replace("_x", ".X").replace("_y", " Y")
    np.testing.assert_array_equal(read(file(text)).point("left_hip"), [[1, 2]])
    header = ",".join(f"{axis}_{name}" for name in REQUIRED for axis in "xy")
    turned = read(file(table(row(0.0), header=f"time_s,{header}")))
    np.testing.assert_array_equal(turned.point("right_ankle"), [[11, 12]])


@pytest.mark.parametrize("name", ["time", "timestamp", "t", "Seconds"])
def test_other_names_of_the_time(file, name):
    recording = read(file(table(row(0.0), row(0.5), header=f"{name},{LEGS}")))
    np.testing.assert_array_equal(recording.time, [0.0, 0.5])


def test_a_table_without_a_clock(file):
    with pytest.raises(InputError, match="neither a time_s nor a frame column"):
        read(file(table(row(0.0), header=f"foot,{LEGS}")))


def test_a_map_names_the_points(file):
    text = table(row(0.0)).replace("left_hip", "snout").replace("right_hip", "left_hip")
    names = {"snout": "right_hip"}
    recording = read(file(text), map=names)
    np.testing.assert_array_equal(recording.point("right_hip"), [[1, 2]])
    np.testing.assert_array_equal(recording.point("left_hip"), [[3, 4]])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["0.0,1,2,x,4,5,6,7,8,9,10,11,12"], r"Line 2, column right_hip_x is not a number.*'x'"),
        ([row(0.0), "0.1,1,2", row(0.2)], r"Line 3 has too few cells\. Expected 13\. Received 3"),
        ([row(0.0), row(0.2), row(0.1)], "go back"),
        ([], "a header and no frames"),
        (["," * 12], "a header and no frames"),
        ([f"0.0{',nan' * 12}"], r"No person is seen in any of the 1 frame\(s\)"),
        ([f"0.0{',1e300' * 12}"], "No person is seen"),
        (["0.0,nan,nan,3,4,5,6,7,8,9,10,11,12"], r"Keypoints are missing: left_hip\."),
    ],
)
def test_bad_tables_get_one_plain_line(file, rows, message):
    with pytest.raises(InputError, match=message) as caught:
        read(file(table(*rows)))
    assert "\n" not in str(caught.value)


def test_repeated_columns_are_refused(file):
    with pytest.raises(InputError, match="come twice: left_hip_x"):
        read(file(table(row(0.0), header=f"time_s,{LEGS}".replace("left_hip_y", "left_hip_x"))))


def test_repeated_times_are_dropped_with_a_note(file):
    recording = read(file(table(row(0.0), row(0.0, 50), row(0.1))))
    np.testing.assert_array_equal(recording.time, [0.0, 0.1])
    np.testing.assert_array_equal(recording.point("left_hip")[0], [1, 2])
    assert "repeated time" in recording.notes[0]


def test_a_cut_off_last_line_is_dropped_with_a_note(file):
    recording = read(file(table(row(0.0), row(0.1)) + "0.2,1,2"))
    assert recording.frames == 2
    assert recording.notes == ("The last line (4) is cut off and was dropped.",)


def test_lines_without_a_time_are_dropped_with_a_note(file):
    recording = read(file(table(row(0.0), row(""), row(0.2))))
    np.testing.assert_array_equal(recording.time, [0.0, 0.2])
    assert recording.notes == ("1 line(s) without a time or frame number were dropped.",)


def test_a_few_huge_values_are_left_out(file):
    recording = read(file(table(row(0.0), row(0.1).replace(",1,", ",1e30,"))))
    assert np.isnan(recording.point("left_hip")[1]).all()
    assert recording.notes == ("1 position(s) beyond 1,000,000 were left out.",)


def test_confidences_outside_the_range_are_clipped(file):
    names = [f"{name}_{part}" for name in REQUIRED for part in ("x", "y", "confidence")]
    text = table(",".join(["0", *(["1", "2", "87"] * 6)]), header=",".join(["time_s", *names]))
    recording = read(file(text))
    np.testing.assert_array_equal(recording.confidence, 1.0)
    assert recording.notes == ("6 confidence(s) outside 0 to 1 were clipped.",)


FINITE = st.floats(-1e6, 1e6).filter(lambda v: v != 0)


@st.composite
def recordings(draw):
    frames = draw(st.integers(1, 6))
    extra = draw(st.lists(st.sampled_from(sorted(set(KEYPOINTS) - set(REQUIRED))), unique=True))
    names = draw(st.permutations([*REQUIRED, *extra]))
    xy = draw(hnp.arrays(float, (frames, len(names), 2), elements=FINITE))
    missing = draw(hnp.arrays(bool, (frames - 1, len(names))))
    xy[1:][missing] = np.nan
    confidence = draw(hnp.arrays(float, (frames, len(names)), elements=st.floats(0, 1)))
    steps = draw(st.lists(st.floats(1e-4, 0.9), min_size=frames, max_size=frames))
    return Recording(xy, confidence, np.cumsum(steps), tuple(names))


@given(recordings())
def test_what_is_written_is_read_back(tmp_path_factory, recording):
    path = tmp_path_factory.mktemp("csv") / "run.csv"
    write_csv(recording, path)
    back = read(path)
    order = [back.keypoints.index(name) for name in recording.keypoints]
    np.testing.assert_array_equal(back.xy[:, order], recording.xy)
    np.testing.assert_array_equal(back.confidence[:, order], recording.confidence)
    np.testing.assert_array_equal(back.time, recording.time)
    assert back.notes == ()
    assert list(path.parent.iterdir()) == [path]


def legs_only(**changes) -> Recording:
    fields = {
        "xy": np.ones((2, 6, 2)),
        "confidence": np.ones((2, 6)),
        "time": np.array([0.0, 0.1]),
        "keypoints": REQUIRED,
    }
    return Recording(**{**fields, **changes})


@pytest.mark.parametrize("changes", [{"unit": "m"}, {"depth": np.zeros((2, 6))}])
def test_only_pixels_can_be_written(tmp_path, changes):
    with pytest.raises(InputError, match="in pixels without depth"):
        write_csv(legs_only(**changes), tmp_path / "run.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "run.csv"
    path.write_text("old")

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(InputError, match=r"cannot be written.*disk full"):
        write_csv(legs_only(), path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["run.csv"]
