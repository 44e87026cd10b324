from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from runner import runner

from stridewise.analysis import analyze
from stridewise.cli import main
from stridewise.context import REPAIRS, Context
from stridewise.errors import InputError
from stridewise.readers.csv import write_csv
from stridewise.recording import Recording
from stridewise.repair.clean import STEPS, clean
from stridewise.repair.swaps import LEGS, exchange


def dirty() -> Recording:
    """Swapped legs, a gap and a few unsure points."""
    whole = runner(seconds=8.0)
    there = np.zeros(whole.frames, dtype=bool)
    there[100:120] = True
    swapped = exchange(whole, LEGS, there)
    xy, confidence = swapped.xy.copy(), swapped.confidence.copy()
    xy[200:203, whole.keypoints.index("left_knee")] = np.nan
    confidence[300:302, whole.keypoints.index("right_ankle")] = 0.2
    return swapped.with_(xy=xy, confidence=confidence)


def test_the_names_in_the_context_are_those_of_the_steps() -> None:
    assert tuple(STEPS) == REPAIRS


@pytest.mark.parametrize("step", ["low_confidence", "swaps", "gaps"])
def test_each_step_can_be_left_out(step: str) -> None:
    done = {repair.step for repair in clean(dirty())[1]}
    assert done == {"low_confidence", "swaps", "gaps"}
    assert step not in {repair.step for repair in clean(dirty(), off=(step,))[1]}


def test_without_repair_only_the_clock_is_made_even() -> None:
    given_ = dirty()
    rng = np.random.default_rng(0)
    given_ = given_.with_(time=given_.time + rng.uniform(-0.005, 0.005, given_.frames))
    cleaned, repairs = clean(given_, off=REPAIRS)
    assert repairs == ()
    assert np.array_equal(cleaned.xy, given_.xy, equal_nan=True)
    assert cleaned.time == pytest.approx(
        np.linspace(given_.time[0], given_.time[-1], given_.frames), abs=1e-12
    )


def test_what_was_done_stands_in_the_provenance_and_the_notes() -> None:
    analysis = analyze(dirty())
    repairs = analysis.provenance["repairs"]
    assert isinstance(repairs, list)
    assert [(r["step"], r["count"]) for r in repairs] == [
        ("low_confidence", 2),
        ("swaps", 20),
        ("gaps", 5),
    ]
    assert {r["detail"] for r in repairs} <= set(analysis.capture.notes)
    assert analyze(dirty(), Context(repairs_off=REPAIRS)).provenance["repairs"] == []


def test_the_command_line_leaves_steps_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "dirty.csv"
    write_csv(dirty(), file)

    def steps(*words: str) -> list[str]:
        assert main(["analyze", str(file), "--json", "-", *words]) == 0
        told = json.loads(capsys.readouterr().out)
        return [repair["step"] for repair in told["provenance"]["repairs"]]

    assert steps() == ["low_confidence", "swaps", "gaps"]
    assert steps("--no-repair", "swaps", "--no-repair", "gaps") == ["low_confidence"]
    assert steps("--no-repair", "all") == []


def test_a_step_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^The repair step is not known\. .*swaps.*mirrors"):
        Context(repairs_off=("mirrors",))
