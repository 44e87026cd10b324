"""The metric catalogue: what each number is and how it is computed."""

from stridewise.metrics.data import GaitData, Measured, Sample, Summary, leg_length
from stridewise.metrics.registry import Metric, Need, catalogue, compute
from stridewise.metrics.speed import estimate_speed

__all__ = [
    "GaitData",
    "Measured",
    "Metric",
    "Need",
    "Sample",
    "Summary",
    "catalogue",
    "compute",
    "estimate_speed",
    "leg_length",
]
