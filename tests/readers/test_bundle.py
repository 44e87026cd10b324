from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import bundle


def folder(path, files):
    path.mkdir()
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def archive(path, files, **options):
    with zipfile.ZipFile(path, "w", **options) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


FILES = {"run_10.json": b"ten", "run_9.json": b"nine", "notes.txt": b"-", ".run_1.json": b"hidden"}


@pytest.mark.parametrize("make", [folder, archive])
def test_files_of_frames_come_in_the_order_of_their_numbers(tmp_path, make):
    path = make(tmp_path / "run", FILES)
    frame, contents, notes = bundle.frames(path, ".json")
    np.testing.assert_array_equal(frame, [9, 10])
    assert list(contents) == [("run_9.json", b"nine"), ("run_10.json", b"ten")]
    assert notes == []
    head = path.read_bytes() if path.is_file() else b""
    assert bundle.is_bundle(path)
    assert bundle.peek(head, path, ".json", 2) == b"ni"  # the longer one
    assert bundle.peek(head, path, ".npy", 2) is None


def test_other_files_are_no_bundle(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(b"[]")
    assert not bundle.is_bundle(path)
    assert not bundle.is_bundle(tmp_path / "none")
    assert bundle.peek(b"[]", path, ".json", 9) is None


def test_an_archive_may_keep_its_files_in_a_folder_but_not_in_two(tmp_path):
    path = archive(tmp_path / "a.zip", {"out/a_1.json": b"1", "__MACOSX/out/._a_1.json": b"-"})
    assert [name for name, _ in bundle.frames(path, ".json")[1]] == ["out/a_1.json"]
    path = archive(tmp_path / "b.zip", {"one/a_1.json": b"1", "two/a_1.json": b"1"})
    with pytest.raises(InputError, match=r"2 folders of frames.*one, two"):
        bundle.frames(path, ".json")
    assert bundle.peek(path.read_bytes(), path, ".json", 9) is None


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["video_000000000012_keypoints.json", "video_000000000013_keypoints.json"], [12, 13]),
        (["2nd_run_7.txt", "2nd_run_3.txt"], [7, 3]),
        (["0.jpg", "2.jpg", "10.jpg"], [0, 2, 10]),
        (["a/000342_run/000005.jpg", "a/000342_run/000006.jpg"], [5, 6]),
    ],
)
def test_frame_numbers_are_the_last_in_the_name(names, numbers):
    frame, notes = bundle.frame_numbers(names)
    np.testing.assert_array_equal(frame, numbers)
    assert notes == []


@pytest.mark.parametrize(
    "names", [["b", "a", "c"], ["b_1", "a_1", "c_1"], ["b1", "a" + "9" * 40, "c2"]]
)
def test_without_different_numbers_the_order_of_names_counts(names):
    frame, notes = bundle.frame_numbers(names)
    assert [names[i] for i in np.argsort(frame)] == sorted(names, key=bundle._natural)
    assert sorted(frame) == [0, 1, 2]
    assert "order was taken" in notes[0]


def test_too_large_archives_are_refused_before_they_are_unpacked(tmp_path, monkeypatch):
    path = archive(
        tmp_path / "bomb.zip", {"1.json": bytes(10**6)}, compression=zipfile.ZIP_DEFLATED
    )
    assert path.stat().st_size < 2000
    monkeypatch.setattr(bundle, "LARGEST_BYTES", 10**6 - 1)
    with pytest.raises(InputError, match="too large"):
        list(bundle.frames(path, ".json")[1])
    assert len(bundle.peek(path.read_bytes(), path, ".json", 10)) == 10
    with pytest.raises(InputError, match="too large"):
        list(bundle.frames(folder(tmp_path / "f", {"1.json": bytes(10**6)}), ".json")[1])


def test_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "MOST_FILES", 1)
    with pytest.raises(InputError, match="too large"):
        bundle.frames(folder(tmp_path / "f", FILES), ".json")


def test_damaged_archives(tmp_path):
    path = archive(tmp_path / "a.zip", {"1.json": b"abc" * 100})
    whole = path.read_bytes()
    for damaged in (whole[:60], whole[:-20], whole.replace(b"abcabc", b"abdabc", 1)):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="cannot be read"):
            list(bundle.frames(path, ".json")[1])


def test_things_that_are_no_files_are_passed_over(tmp_path):
    path = folder(tmp_path / "f", {"1.json": b"1"})
    (path / "2.json").mkdir()
    os.mkfifo(path / "3.json")
    (path / "4.json").symlink_to(path / "none")
    assert [name for name, _ in bundle.frames(path, ".json")[1]] == ["1.json"]


def test_folders_without_frames(tmp_path):
    with pytest.raises(InputError, match=r"holds no \.json files"):
        bundle.frames(tmp_path, ".json")


@pytest.mark.parametrize("make", [folder, archive])
def test_one_file_that_is_too_large(tmp_path, make, monkeypatch):
    monkeypatch.setattr(bundle, "LARGEST_FILE_BYTES", 100)
    path = make(tmp_path / "run", {"1.json": bytes(101), "2.json": b"[]"})
    with pytest.raises(InputError, match="too large"):
        list(bundle.frames(path, ".json")[1])


def test_an_archive_that_has_changed_is_listed_anew(tmp_path):
    path = archive(tmp_path / "a.zip", {"1.json": b"1"})
    assert bundle.has(path, ".json")
    archive(path, {"1.txt": b"1", "2.txt": b"2"})
    assert not bundle.has(path, ".json")
