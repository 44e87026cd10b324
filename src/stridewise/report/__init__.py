"""Reports for people: HTML, figures, tables, terminal summary."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from stridewise.errors import InputError

if TYPE_CHECKING:
    from stridewise.result import Analysis

__all__ = ["write_report"]

#: Names of the figures that a report writes.
_OURS = re.compile(r"(pose|curve)_\w+\.svg|timeline\.svg")


def write_report(analysis: Analysis, directory: str | Path) -> Path:
    """Write the report page, its tables and its figures, all or nothing.

    Parameters
    ----------
    analysis : Analysis
        What to report.
    directory : str or Path
        Where to; made when missing. Files of an earlier report are replaced, others stay.

    Returns
    -------
    Path
        Of `report.html`, which needs no other file.

    Raises
    ------
    InputError
        When the directory cannot be written.
    """
    from stridewise.report.page import figures, page
    from stridewise.report.svg import standalone
    from stridewise.report.tables import tables

    files = {f"figures/{name}": standalone(svg) for name, svg in figures(analysis).items()}
    files |= tables(analysis)
    files["report.html"] = page(analysis, written=date.today())
    target = Path(directory)
    try:
        _put(files, target)
    except OSError as error:
        raise InputError(
            "The report cannot be written",
            expected="a folder that can be written to",
            received=f"{target} ({error.strerror or error})",
            hint="Choose another folder with --out",
        ) from error
    return target / "report.html"


def _put(files: dict[str, str], target: Path) -> None:
    """Write all files in a folder beside `target`, then move them into place, the page last."""
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(20, "this is a file")
    blocked = [name for name in files if (target / name).is_dir()]
    if blocked:
        raise IsADirectoryError(21, f"a folder is called {blocked[0]}")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Inside the temporary folder, so that the final one has the user's usual permissions.
    beside = Path(tempfile.mkdtemp(prefix=".stridewise-", dir=target.parent))
    whole = beside / "report"
    try:
        for name, content in files.items():
            (whole / name).parent.mkdir(parents=True, exist_ok=True)
            (whole / name).write_text(content, encoding="utf-8", newline="")
        if not target.exists():
            whole.rename(target)
            return
        for folder in {(target / name).parent for name in files}:
            folder.mkdir(exist_ok=True)
        for old in (target / "figures").glob("*.svg"):  # of an earlier report, from another view
            if f"figures/{old.name}" not in files and _OURS.match(old.name):
                old.unlink()
        for name in files:
            os.replace(whole / name, target / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
