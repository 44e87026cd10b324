"""Cells of text tables: numbers, missing values, and errors that name the place."""

from __future__ import annotations

from stridewise.errors import InputError

_MISSING = frozenset(("", "nan", "na", "n/a", "none", "null", "-"))


def number(cell: str, line: int, column: str) -> float:
    """Return one cell as a number; NaN where it says that nothing was seen.

    A comma counts as the decimal point.

    Raises
    ------
    InputError
        When the cell is neither; it names line and column.
    """
    text = cell.strip()
    if text.lower() in _MISSING:
        return float("nan")
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise InputError(
            f"Line {line}, column {column} is not a number",
            expected="a number, or an empty cell for a missing point",
            received=repr(text[:40]),
        ) from None
