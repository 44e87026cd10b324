"""Readers, one module per file format, behind one registry."""

from __future__ import annotations

from stridewise.readers import c3d, csv, mediapipe, trc
from stridewise.readers.csv import write_csv
from stridewise.readers.registry import Options, Reader, formats, read, register

for _module in (c3d, csv, mediapipe, trc):
    register(_module.reader)

__all__ = ["Options", "Reader", "formats", "read", "register", "write_csv"]
