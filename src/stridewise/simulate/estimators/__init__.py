"""Fingerprints of real pose estimators, one file each; see `stridewise.simulate.estimator`."""

from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the estimators of which a fingerprint is at hand."""
    return sorted(path.stem for path in FOLDER.glob("*.npz"))
