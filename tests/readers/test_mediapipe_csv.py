from __future__ import annotations

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read
from stridewise.skeletons import LAYOUTS

LAYOUT = LAYOUTS["blazepose-33"]
FRAMES = 4


@pytest.fixture
def file(tmp_path):
    def make(header, rows, lead="", leads=None):
        path = tmp_path / "pose.csv"
        leads = leads or [""] * len(rows)
        lines = [lead + ",".join(header)]
        lines += [a + ",".join(map(repr, row)) for a, row in zip(leads, rows, strict=True)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return make


@pytest.fixture
def landmarks():
    """Pixels, confidence: (frames, 33, x y z v)."""
    rng = np.random.default_rng(0)
    values = rng.uniform(100, 900, (FRAMES, 33, 4)).round(2)
    values[..., 3] = rng.uniform(0.4, 1, (FRAMES, 33)).round(3)
    return values


def check(recording, landmarks):
    assert recording.format == "mediapipe_csv"
    for i, name in enumerate(LAYOUT):
        if name is not None:
            np.testing.assert_array_equal(recording.point(name), landmarks[:, i, :2])
            k = recording.keypoints.index(name)
            np.testing.assert_array_equal(recording.confidence[:, k], landmarks[:, i, 3])


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize(
    "form",
    ["{p}{i}", "{p}_{i}", "landmark_{i}_{p}", "lm_{i}_{p}", "lmk{i}_{p}", "pose_{p}{i}", "{i}.{p}"],
)
def test_numbered_landmarks(file, landmarks, base, form):
    header = [form.format(i=i + base, p=p) for i in range(33) for p in ("x", "y", "z", "v")]
    check(read(file(header, landmarks.reshape(FRAMES, -1).tolist()), fps=30), landmarks)


def test_named_landmarks(file, landmarks):
    eyes = [f"{side}_EYE_{end}" for side in ("LEFT", "RIGHT") for end in ("INNER", "OUTER")]
    hands = [f"{s}_{part}" for part in ("PINKY", "INDEX", "THUMB") for s in ("LEFT", "RIGHT")]
    unused = iter([*eyes, "MOUTH_LEFT", "MOUTH_RIGHT", *hands])
    names = [n.replace("big_toe", "foot_index").upper() if n else next(unused) for n in LAYOUT]
    header = [f"{n}_{p}" for n in names for p in ("x", "y", "z", "visibility")]
    check(read(file(header, landmarks.reshape(FRAMES, -1).tolist()), fps=30), landmarks)


def test_clock_and_label_columns(file, landmarks):
    header = [f"{p}{i}" for i in range(33) for p in "xyzv"]
    path = file(
        header,
        landmarks.reshape(FRAMES, -1).tolist(),
        lead="class,frame_idx,ms,",
        leads=[f"run,{f},{40 * f}," for f in range(FRAMES)],
    )
    recording = read(path)
    np.testing.assert_allclose(recording.time, [0, 0.04, 0.08, 0.12], rtol=1e-15)
    check(recording, landmarks)


def test_without_a_clock_each_row_is_a_frame(file, landmarks):
    header = [f"{p}{i}" for i in range(33) for p in "xyzv"]
    path = file(header, landmarks.reshape(FRAMES, -1).tolist())
    np.testing.assert_allclose(read(path, fps=25).time, [0, 0.04, 0.08, 0.12])
    with pytest.raises(InputError, match="--fps"):
        read(path)


def test_undetected_frames_are_gaps(file, landmarks):
    header = [f"{p}{i}" for i in range(33) for p in "xyzv"]
    path = file(header, landmarks.reshape(FRAMES, -1).tolist())
    lines = path.read_text().splitlines()
    lines[2] = "," * 131
    path.write_text("\n".join(lines))
    recording = read(path, fps=30)
    assert recording.frames == FRAMES
    np.testing.assert_array_equal(np.isnan(recording.xy).all(axis=(1, 2)), [0, 1, 0, 0])


def test_shares_of_the_image_with_its_size(file, landmarks):
    shares = landmarks.copy()
    shares[..., 0] /= 1280
    shares[..., 1] /= 720
    header = [f"{p}{i}" for i in range(33) for p in "xyzv"]
    path = file(
        header,
        shares.reshape(FRAMES, -1).tolist(),
        lead="image_width,image_height,",
        leads=["1280,720,"] * FRAMES,
    )
    recording = read(path, fps=30)
    assert recording.image_size == (1280, 720)
    np.testing.assert_allclose(recording.point("nose"), landmarks[:, 0, :2], rtol=1e-12)


def test_holistic_columns_begin_with_the_body(file):
    values = np.random.default_rng(1).uniform(100, 900, (FRAMES, 501, 4)).round(2)
    values[..., 3] = 0.5
    header = [f"{p}{i}" for i in range(1, 502) for p in "xyzv"]
    check(read(file(header, values.reshape(FRAMES, -1).tolist()), fps=30), values[:, :33])


def test_world_landmarks_are_places(file, body):
    values = np.zeros((40, 33, 4))
    values[..., 3] = 0.9
    hips = (body["left_hip"] + body["right_hip"]) / 2
    for i, name in enumerate(LAYOUT):
        place = body.get(name or "", hips + 0.3) - hips
        # As MediaPipe has it: x to the right of the picture, y down, z away from the camera.
        values[:, i, :3] = place * (1, -1, -1)
    header = [f"{p}{i}" for i in range(33) for p in "xyzv"]
    recording = read(file(header, values.reshape(40, -1).tolist()), fps=30)
    assert recording.unit == "m"
    assert recording.depth is not None
    k = recording.keypoints.index("left_knee")
    expected = body["left_knee"] - hips
    np.testing.assert_allclose(recording.xy[:, k, 0], expected[:, 0], atol=1e-12)
    np.testing.assert_allclose(recording.xy[:, k, 1], -expected[:, 1], atol=1e-12)
    np.testing.assert_allclose(recording.depth[:, k], -expected[:, 2], atol=1e-12)
    np.testing.assert_array_equal(recording.confidence, 0.9)


def test_landmarks_without_legs(file):
    header = [f"{p}{i}" for i in range(11, 25) for p in "xyzv"]
    with pytest.raises(InputError, match="No point of the file is left_knee"):
        read(file(header, [[1.0] * 56] * 2), fps=30)


def test_boxes_are_no_landmarks(file):
    with pytest.raises(InputError, match="of no format"):
        read(file(["x1", "y1", "x2", "y2"], [[1.0, 2.0, 3.0, 4.0]]))
