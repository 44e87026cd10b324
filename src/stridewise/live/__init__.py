"""Feedback while somebody runs: the offline chain over a sliding window, frame by frame."""

from stridewise.live.analyzer import LiveAnalyzer
from stridewise.live.coach import Rules
from stridewise.live.updates import Update

__all__ = ["LiveAnalyzer", "Rules", "Update"]
