"""What a real estimator's points tremble by: `python -m training.gait_net.jitter FILE`.

Any recording will do; in slow motion the body's own motion disturbs least. Prints the error that
changes from frame to frame, without swaps and outliers, as a share of leg length, for comparison
with what scenes draw (`training.gait_net.scene`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import stridewise
from stridewise.repair.clean import clean
from stridewise.repair.noise import noise_level
from stridewise.skeletons import SIDES
from stridewise.view import leg_length

_PARTS = ("hip", "knee", "ankle", "heel", "big_toe", "shoulder", "elbow", "wrist")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the jitter of a recording.")
    parser.add_argument("file", type=Path)
    recording, _ = clean(stridewise.read(parser.parse_args().file))
    level = 100 * noise_level(recording) / leg_length(recording)
    found = dict(zip(recording.keypoints, level, strict=True))
    print("| point | left, % of leg length | right |\n|---|---|---|")
    for part in _PARTS:
        left, right = (found.get(f"{side}_{part}", float("nan")) for side in SIDES)
        print(f"| {part} | {left:.2f} | {right:.2f} |")


if __name__ == "__main__":
    main()
