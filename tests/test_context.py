from __future__ import annotations

from typing import Any

import pytest

from stridewise.context import Context
from stridewise.errors import InputError


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_time_scale_that_makes_no_sense(scale: float) -> None:
    with pytest.raises(InputError, match=r"^The time scale is not usable\."):
        Context(time_scale=scale)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"view": "above"}, "The view is not known. Expected auto, left, right, front, back."),
        ({"surface": "ice"}, "The surface is not known. Expected auto, treadmill, overground."),
        (
            {"height_m": 175},
            "The height is not possible. Expected 0.8 to 2.6 metres. Received 175.",
        ),
        ({"height_m": float("nan")}, "The height is not possible."),
        ({"mass_kg": 0}, "The mass is not possible."),
        ({"speed_mps": -3.0}, "The speed is not possible."),
    ],
)
def test_facts_that_cannot_be(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        Context(**facts)
    assert str(refused.value).startswith(said)
