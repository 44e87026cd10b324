"""Whatever a file of many people holds, a recording or one plain line comes out."""

from __future__ import annotations

import copy
import json
import zipfile
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.readers import read
from stridewise.recording import Recording
from tests.readers.points import numbered


def _two(points: int = 17):
    """Return four frames of two bodies as lists."""
    return [[body.tolist(), (body + np.array([300, 0, 0])).tolist()] for body in numbered(points)]


def _flat(body):
    return [value for point in body for value in point]


def _coco(image):
    return [
        {"image_id": image(f), "category_id": 1, "keypoints": _flat(body), "score": 0.5, "idx": i}
        for f, here in enumerate(_two())
        for i, body in enumerate(here)
    ]


def _mmpose():
    return {
        "meta_info": {"keypoint_id2name": {}},
        "instance_info": [
            {
                "frame_id": f,
                "instances": [
                    {"keypoints": [p[:2] for p in body], "keypoint_scores": [p[2] for p in body]}
                    for body in here
                ],
            }
            for f, here in enumerate(_two())
        ],
    }


def _yolo():
    return [
        [
            {
                "name": "person",
                "confidence": 0.5,
                "track_id": i,
                "keypoints": dict(
                    zip(("x", "y", "visible"), map(list, zip(*body, strict=True)), strict=True)
                ),
            }
            for i, body in enumerate(here)
        ]
        for here in _two()
    ]


def _annotations():
    names = [
        "nose",
        *(
            f"{s}_{p}"
            for p in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
            for s in ("left", "right")
        ),
    ]
    return {
        "images": [
            {"id": f, "file_name": f"{f}.jpg", "width": 640, "height": 480} for f in range(4)
        ],
        "annotations": _coco(int),
        "categories": [{"id": 1, "keypoints": names}],
    }


def _openpose():
    return {
        f"{f}.jpg": {
            "people": [
                {"person_id": [i], "pose_keypoints_2d": _flat(b)} for i, b in enumerate(here)
            ]
        }
        for f, here in enumerate(_two(25))
    }


SEEDS = {
    "alphapose": ("alphapose", _coco(lambda f: f"{f}.jpg")),
    "annotations": ("coco", _annotations()),
    "mmpose": ("mmpose", _mmpose()),
    "movenet": ("movenet", [(np.array(here[0]) / [640, 500, 1]).tolist() for here in _two()]),
    "openpose": ("openpose", _openpose()),
    "results": ("coco", _coco(int)),
    "yolo": ("yolo", _yolo()),
}
ODD = [
    None,
    True,
    -1,
    0,
    1e308,
    -1e308,
    10**400,
    10**18,
    float("nan"),
    float("inf"),
    "",
    "17",
    "\u0000\ud800",
    [],
    {},
    [[]],
    [None],
    [1.0] * 51,
    [[1.0, 2.0]] * 17,
    {"x": []},
    "[" * 50_000,
]


def survives(path, name, **stated):
    """Read a file; only a recording or an InputError of one line may come out."""
    message = ""
    try:
        recording = read(path, format=name, **stated)
    except InputError as error:
        message = str(error)
    else:
        assert isinstance(recording, Recording)
        assert (np.abs(recording.xy[np.isfinite(recording.xy)]) < 1e10).all()
    assert "\n" not in message


def test_the_seeds_are_read_as_they_are(tmp_path):
    for format, value in SEEDS.values():
        path = tmp_path / "run.json"
        path.write_text(json.dumps(value))
        assert read(path, fps=30).format == format


def _replace(value, data):
    """Put something odd into a random place of a JSON value."""
    parts = value
    while True:
        keys = list(parts) if isinstance(parts, dict) else list(range(len(parts)))
        key = data.draw(st.sampled_from(keys))
        inner = parts[key]
        if not isinstance(inner, list | dict) or not inner or data.draw(st.integers(0, 3)) == 0:
            action = data.draw(st.sampled_from(["odd", "odd", "delete", "repeat"]))
            if action == "odd":
                parts[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
            elif action == "delete":
                del parts[key]
            elif isinstance(parts, list):
                parts[key:key] = [inner] * data.draw(st.sampled_from([1, 2, 100]))
            return
        parts = inner


@pytest.mark.parametrize("seed", sorted(SEEDS))
@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_odd_values(tmp_path_factory, seed, data):
    format, value = SEEDS[seed]
    value = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(1, 3))):
        if value:
            _replace(value, data)
    path = tmp_path_factory.getbasetemp() / "odd.json"
    path.write_text(json.dumps(value))
    survives(path, format, fps=30)
    survives(path, None, fps=30)


@pytest.mark.parametrize("seed", sorted(SEEDS))
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_damaged_texts(tmp_path_factory, seed, data):
    format, value = SEEDS[seed]
    content = bytearray(json.dumps(value).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        length = data.draw(st.sampled_from([0, 1, 3, 20, 10**6]))
        content[at : at + length] = data.draw(st.binary(max_size=4))
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_bytes(content)
    survives(path, format, fps=30)
    survives(path, None, fps=30)


def _archive(texts):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return file.getvalue()


ARCHIVES = {
    "openpose": _archive(
        {f"{f}_keypoints.json": json.dumps(v) for f, v in enumerate(_openpose().values())}
    ),
    "yolo": _archive(
        {
            f"{f}.txt": "0 0 0 0 0 " + " ".join(str(v / 1000) for v in _flat(here[0]))
            for f, here in enumerate(_two())
        }
    ),
}


@pytest.mark.parametrize("format", sorted(ARCHIVES))
@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_damaged_archives(tmp_path_factory, format, data):
    content = bytearray(ARCHIVES[format])
    for _ in range(data.draw(st.integers(1, 6))):
        # Half of the damage goes into the directory at the end.
        least = data.draw(st.sampled_from([0, max(0, len(content) - 300)]))
        at = data.draw(st.integers(least, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    if data.draw(st.integers(0, 4)) == 0:
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(content)
    survives(path, format, fps=30)
    survives(path, None, fps=30)


def test_a_hundred_thousand_bodies_in_one_frame(tmp_path):
    """The surest are looked at, in bounded time."""
    one = json.dumps(_coco(int)[0])
    path = tmp_path / "run.json"
    path.write_text("[" + ",".join([one] * 100_000) + "]")
    survives(path, None, fps=30)
