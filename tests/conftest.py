from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def laboratory() -> Path:
    """Return the folder of laboratory recordings that STRIDEWISE_DATA names."""
    folder = os.environ.get("STRIDEWISE_DATA")
    if not folder:
        pytest.skip("STRIDEWISE_DATA is not set: the laboratory recordings are not at hand")
    return Path(folder)
