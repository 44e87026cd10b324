"""Areas of running form: thresholds, probabilities and wording."""

from stridewise.form.areas import Areas, load_areas
from stridewise.form.findings import Assessment, find
from stridewise.form.wording import Wording, load_wording

__all__ = ["Areas", "Assessment", "Wording", "find", "load_areas", "load_wording"]
