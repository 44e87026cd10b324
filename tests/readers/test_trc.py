from __future__ import annotations

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read

HALPE = {"hip": "Hip", "knee": "Knee", "ankle": "Ankle", "heel": "Heel", "big_toe": "BigToe"}


def trc(points, *, units="m", rate="50", times=None, tail="\t", blank=True) -> str:
    """Write points, name to (frames, 3), as TRC."""
    frames = len(next(iter(points.values())))
    times = [f"{i / 50:.4f}" for i in range(frames)] if times is None else times
    numbers = [f"{axis}{i + 1}" for i in range(len(points)) for axis in "XYZ"]
    head = [
        "PathFileType\t4\t(X/Y/Z)\trun.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame",
        f"{rate}\t{rate}\t{frames}\t{len(points)}\t{units}\t{rate}\t1",
        "Frame#\tTime\t" + "\t\t\t".join(points) + "\t\t" + tail,
        "\t\t" + "\t".join(numbers) + tail,
        *([""] if blank else []),
    ]
    rows = [
        "\t".join(
            [str(f + 1), times[f]]
            + ["" if np.isnan(v) else f"{v:.6f}" for xyz in points.values() for v in xyz[f]]
        )
        + tail
        for f in range(frames)
    ]
    return "\n".join([*head, *rows]) + "\n"


def halpe(body):
    return {
        f"{side[0].upper()}{name}": body[f"{side}_{part}"]
        for side in ("left", "right")
        for part, name in HALPE.items()
    }


@pytest.fixture
def file(tmp_path):
    def make(text: str, name: str = "run.trc"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return make


def check(recording, body, atol=1e-6):
    for name in (f"{side}_{part}" for side in ("left", "right") for part in HALPE):
        i = recording.keypoints.index(name)
        np.testing.assert_allclose(recording.xy[:, i] * (1, -1), body[name][:, :2], atol=atol)
        if recording.depth is not None:
            np.testing.assert_allclose(-recording.depth[:, i], body[name][:, 2], atol=atol)


@pytest.mark.parametrize(("units", "scale"), [("m", 1), ("mm", 1000), ("cm", 100)])
def test_three_dimensions(file, body, units, scale):
    body = {name: xyz + np.sin(np.arange(40))[:, None] * (0, 0, 1e-3) for name, xyz in body.items()}
    text = trc({name: xyz * scale for name, xyz in halpe(body).items()}, units=units)
    recording = read(file(text))
    assert recording.format == "trc"
    assert recording.unit == "m"
    assert recording.notes == ()
    np.testing.assert_allclose(recording.time, np.arange(40) / 50, atol=1e-9)
    check(recording, body)


@pytest.mark.parametrize("tail", ["", "\t", "\t\t\t"])
@pytest.mark.parametrize("blank", [True, False])
def test_tabs_at_the_end_and_the_blank_line(file, body, tail, blank):
    assert read(file(trc(halpe(body), tail=tail, blank=blank))).frames == 40


def test_spaces_for_tabs(file, body):
    text = trc(halpe(body), tail="").replace("\t\t\t", " ").replace("\t", " ")
    check(read(file(text)), body)


def test_a_plane_in_metres_with_y_up(file, body):
    recording = read(file(trc(halpe(body))))
    assert recording.unit == "m"
    assert recording.depth is None
    check(recording, body)


def test_a_plane_in_pixels_with_y_down_that_claims_metres(file, body):
    pixels = {name: xyz * (400, -400, 0) + (500, 900, 0) for name, xyz in halpe(body).items()}
    recording = read(file(trc(pixels, units="m")))
    assert recording.unit == "px"
    assert "taken as pixels" in recording.notes[0]
    np.testing.assert_allclose(recording.point("left_knee"), pixels["LKnee"][:, :2], atol=1e-5)


def test_pixels_by_name(file, body):
    pixels = {name: xyz * (400, -400, 0) + (500, 900, 0) for name, xyz in halpe(body).items()}
    recording = read(file(trc(pixels, units="px")))
    assert recording.unit == "px"
    assert recording.notes == ()


def test_augmented_markers_give_joint_centres(file, body):
    body = {name: xyz + np.sin(np.arange(40))[:, None] * (0, 0, 1e-3) for name, xyz in body.items()}
    markers = {name: xyz + np.array([0.02, 0, 0]) for name, xyz in halpe(body).items()}
    for side, s in (("left", "L"), ("right", "r")):
        for joint in ("knee", "ankle"):
            markers[f"{s}_{joint}_study"] = body[f"{side}_{joint}"] + (0, 0, 0.04)
            markers[f"{s}_m{joint}_study"] = body[f"{side}_{joint}"] - (0, 0, 0.04)
        markers[f"{s.upper()}HJC_study"] = body[f"{side}_hip"]
        markers[f"{s}_calc_study"] = body[f"{side}_heel"]
        markers[f"{s}_toe_study"] = body[f"{side}_big_toe"]
    check(read(file(trc(markers))), body)


def test_blank_cells_and_zeros_are_missing(file, body):
    points = halpe(body)
    points["LKnee"] = points["LKnee"].copy()
    points["LKnee"][3] = np.nan
    points["LKnee"][5] = 0
    knee = read(file(trc(points))).point("left_knee")
    assert np.flatnonzero(np.isnan(knee[:, 0])).tolist() == [3, 5]


def test_without_times_the_data_rate_counts(file, body):
    path = file(trc(halpe(body), times=[""] * 40))
    np.testing.assert_allclose(read(path).time, np.arange(1, 41) / 50)
    np.testing.assert_allclose(read(path, fps=25).time, np.arange(1, 41) / 25)


def test_without_times_and_rate_fps_is_asked_for(file, body):
    with pytest.raises(InputError, match="--fps"):
        read(file(trc(halpe(body), times=[""] * 40, rate="")))


def test_a_cut_off_last_line_is_dropped(file, body):
    text = trc(halpe(body), tail="")
    recording = read(file(text[: text.rindex("\t") - 20]))
    assert recording.frames == 39
    assert recording.notes == ("The last line is cut off and was dropped.",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("Frame#", "Bild"), "names no markers"),
        (("\t0.0600\t", "\tx\t"), r"Line 10, column 2 is not a number"),
        (("LKnee", "Foo"), "do not give left_knee"),
    ],
)
def test_bad_files_get_one_plain_line(file, body, change, message):
    with pytest.raises(InputError, match=message):
        read(file(trc(halpe(body)).replace(*change)), format="trc")


def test_unknown_units_in_space(file, body):
    body = {name: xyz + np.sin(np.arange(40))[:, None] * (0, 0, 1e-3) for name, xyz in body.items()}
    with pytest.raises(InputError, match="'furlong'"):
        read(file(trc(halpe(body), units="furlong")))


def test_a_header_alone(file, body):
    text = trc(halpe(body))
    with pytest.raises(InputError, match="no frames"):
        read(file(text[: text.index("\n1\t") + 1]))


@pytest.mark.parametrize("name", ["run0350cms", "run0500cms", "run0700cms"])
def test_overground_runs_of_a_laboratory(laboratory, name):
    recording = read(laboratory / "full_body" / f"{name}.trc")
    assert recording.unit == "m"
    assert recording.fps == pytest.approx(250)
    hip = (recording.point("left_hip") + recording.point("right_hip")) / 2
    speed = float(name[3:7]) / 100
    assert (hip[-1, 0] - hip[0, 0]) / recording.duration == pytest.approx(speed, rel=0.07)
    for side in ("left", "right"):
        thigh = np.linalg.norm(
            recording.point(f"{side}_knee") - recording.point(f"{side}_hip"), axis=1
        )
        assert 0.3 < np.nanmedian(thigh) < 0.5
    assert recording.has("left_shoulder", "right_elbow", "left_wrist", "neck", "right_heel")
