from __future__ import annotations

import os
from pathlib import Path

import pytest

from stridewise.errors import InputError
from stridewise.report import write_report
from stridewise.result import Analysis

FILES = {"report.html", "metrics.csv", "events.csv", "curves.csv", "findings.csv", "figures"}


def test_a_new_folder_gets_everything(from_side: Analysis, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "report of today"
    assert write_report(from_side, target) == target / "report.html"
    assert {p.name for p in target.iterdir()} == FILES
    assert len(list((target / "figures").glob("*.svg"))) == 11
    assert [p.name for p in target.parent.iterdir()] == ["report of today"]


def test_a_new_folder_has_the_usual_permissions(from_side: Analysis, tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    write_report(from_side, tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_other_files_stay_and_an_earlier_report_is_replaced(
    from_side: Analysis, from_behind: Analysis, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "photo.png").write_text("mine")
    write_report(from_behind, tmp_path)
    write_report(from_side, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "figures" / "photo.png").read_text() == "mine"
    assert "anna_treadmill.csv" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert {p.name for p in tmp_path.iterdir()} == FILES | {"notes.txt"}
    assert len(list((tmp_path / "figures").glob("*.svg"))) == 11


def test_a_file_in_the_way_is_refused(from_side: Analysis, tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.write_text("mine")
    with pytest.raises(InputError, match=r"this is a file"):
        write_report(from_side, target)
    assert target.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_where_a_file_should_be_is_refused(from_side: Analysis, tmp_path: Path) -> None:
    (tmp_path / "events.csv").mkdir()
    with pytest.raises(InputError, match=r"a folder is called events\.csv"):
        write_report(from_side, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["events.csv"]


@pytest.mark.parametrize("existing", [True, False])
def test_nothing_is_half_written(
    from_side: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    target = tmp_path / "report"
    if existing:
        target.mkdir()
        (target / "metrics.csv").write_text("old")
    write_text, calls = Path.write_text, []

    def full_disk(self: Path, *args: str, **kwargs: str) -> int:
        calls.append(self)
        if len(calls) == 14:
            raise OSError(28, "No space left on device")
        return write_text(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(InputError, match="No space left on device"):
        write_report(from_side, target)
    assert len(calls) == 14
    if existing:
        assert [p.name for p in target.iterdir()] == ["metrics.csv"]
        assert (target / "metrics.csv").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == (["report"] if existing else [])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_refused(from_side: Analysis, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="The report cannot be written"):
        write_report(from_side, tmp_path / "report")
    tmp_path.chmod(0o700)
