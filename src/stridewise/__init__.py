"""Running-form analysis from body keypoints.

>>> import stridewise
>>> recording = stridewise.read("runner.csv")
>>> analysis = stridewise.analyze(recording, stridewise.Context(height_m=1.75))
>>> analysis.report("report")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stridewise.analysis import analyze
    from stridewise.context import Context
    from stridewise.errors import InputError
    from stridewise.readers import read
    from stridewise.recording import Recording
    from stridewise.result import Analysis

__version__ = "0.1.0"
__all__ = ["Analysis", "Context", "InputError", "Recording", "analyze", "read"]

#: Where each public name lives; loaded on first use, so that the command line answers at once.
_HOME = {
    "Analysis": "stridewise.result",
    "Context": "stridewise.context",
    "InputError": "stridewise.errors",
    "Recording": "stridewise.recording",
    "analyze": "stridewise.analysis",
    "read": "stridewise.readers",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
