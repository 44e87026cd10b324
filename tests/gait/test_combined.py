from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stridewise.context import Context
from stridewise.gait.combined import CombinedModel, cross_check, fused, together
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.learned import shipped
from stridewise.gait.motion import Event, Signal, instants
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.skeletons import SIDES
from stridewise.view import View, find_view


def seen(yaw: float = 0.0) -> tuple[Recording, View]:
    runner, camera = Runner(seed=4), Camera(yaw_deg=yaw)
    recording, _ = clean(simulate(runner, camera, Noise(white=0.003), 6.0).recording)
    return recording, find_view(recording, Context())


def steps(late_s: float = 0.0, sd_s: float = 0.005, count: int = 20) -> list[Event]:
    events = []
    for k in range(count):
        side = "left" if k % 2 else "right"
        start = 0.5 + 0.35 * k + late_s
        events.append(Event("initial_contact", side, start, sd_s))
        events.append(Event("toe_off", side, start + 0.25, sd_s))
    return events


def test_two_opinions_are_weighed_by_certainty() -> None:
    a = Signal(np.array([1.0, np.nan, 1.0]), 3.0, 4.0)
    b = Signal(np.array([3.0, 3.0, np.nan]), 5.0, 0.0)
    both = together(a, b)
    assert both.value == pytest.approx([2.0, 3.0, 1.0])
    # They err alike: neither the smaller error nor that of a mean of independent ones.
    assert (both.sd, both.bias_sd) == (4.0, 2.0)
    surer = together(a, Signal(b.value, 0.5, 0.0))
    assert surer.value[0] == pytest.approx(3.0, abs=0.04)


def test_opinions_share_what_their_points_are_wrong_by() -> None:
    a = Signal(np.array([1.0]), 0.0, 5.0, points_sd=4.0)
    b = Signal(np.array([3.0]), 0.0, np.sqrt(13.0), points_sd=2.0)
    both = together(a, b)
    # As far as their own errors go, 3 each, they are as good as each other.
    assert both.value == pytest.approx([2.0])
    assert both.points_sd == pytest.approx(3.0)
    assert both.bias_sd == pytest.approx(np.hypot(3.0, 3.0))


def test_instants_are_weighed_by_certainty() -> None:
    mine, other = steps(sd_s=0.006), steps(late_s=0.010, sd_s=0.003)
    found = fused(mine, other)
    assert [e.time_s - m.time_s for e, m in zip(found, mine, strict=True)] == pytest.approx(
        [0.008] * len(mine)
    )
    # Between errors that are the same and errors that are independent.
    assert 0.0027 < found[0].sd_s < 0.006


def test_what_only_the_network_finds_stays() -> None:
    mine = steps()
    assert fused(mine, mine[:4])[6:] == tuple(mine[6:])
    assert fused(mine, []) == tuple(mine)


def test_agreement_raises_no_doubt() -> None:
    assert cross_check(steps(), steps(0.010)) == ("", False)


def test_the_ends_of_a_recording_raise_no_doubt() -> None:
    assert cross_check(steps(), steps()[3:-3]) == ("", False)


@pytest.mark.parametrize(
    ("mine", "other", "said", "lost"),
    [
        ([], steps(), "found no contacts", True),
        (steps(sd_s=0.05), steps(), "unsure of its contacts", True),
        (steps(), steps(0.040), "40 ms apart", False),
        (steps(), [*steps()[:8], *steps()[-8:]], "disagree on 60 %", False),
    ],
)
def test_doubt_is_put_in_words(
    mine: list[Event], other: list[Event], said: str, lost: bool
) -> None:
    doubt, geometry = cross_check(mine, other)
    assert said in doubt
    assert geometry == lost


def test_an_oblique_camera_shows_what_geometry_cannot() -> None:
    recording, view = seen(45.0)
    plain = GeometricModel().read(recording, view)
    motion = CombinedModel().read(recording, view)
    assert ("knee_flexion", "left") not in plain.signals
    assert "knee_flexion" in plain.absent
    assert "knee_flexion" not in motion.absent
    knee = motion.signals["knee_flexion", "left"]
    assert 60 < np.nanmax(knee.value) < 130
    assert knee.sd > 0
    assert knee.bias_sd > 0


def test_force_is_there_from_every_side() -> None:
    for yaw in (0.0, 45.0, -90.0):
        motion = CombinedModel().read(*seen(yaw))
        assert 1.8 < np.nanmax(motion.signals["vertical_force", "right"].value) < 4.0
        assert np.nanmin(motion.signals["fore_aft_force", "right"].value) < -0.1


def test_a_network_in_doubt_leaves_the_word_to_geometry() -> None:
    recording, view = seen()
    network = shipped()

    class Unsure(type(network)):  # type: ignore[misc]
        def __init__(self) -> None:
            self.__dict__ = dict(network.__dict__)
            self.calibration = network.calibration | {
                "inflate": {"initial_contact": 50.0, "toe_off": 50.0}
            }

    motion = CombinedModel(Unsure()).read(recording, view)
    plain = GeometricModel().read(recording, view)
    assert motion.events == plain.events
    assert "Simple rules were used" in motion.doubt
    assert motion.model == plain.model


def test_points_in_space_keep_their_own_angles() -> None:
    recording, view = seen()
    flat = CombinedModel().read(recording, view)
    space = recording.with_(depth=np.zeros(recording.xy.shape[:2]))
    motion = CombinedModel().read(space, replace(view, flat=False))
    plain = GeometricModel().read(space, replace(view, flat=False))
    assert motion.signals["thigh", "left"] is not plain.signals["thigh", "left"]
    np.testing.assert_array_equal(
        motion.signals["thigh", "left"].value, plain.signals["thigh", "left"].value
    )
    assert [e.kind for e in motion.events] == [e.kind for e in flat.events]


def test_trunk_and_arms_are_not_guessed() -> None:
    recording, view = seen(45.0)
    legs = recording.select(
        [n for n in recording.keypoints if not n.endswith(("shoulder", "elbow", "wrist", "neck"))]
    )
    motion = CombinedModel().read(legs, view)
    for name in ("trunk_lean", "hip_flexion", "upper_arm", "elbow_flexion"):
        assert not [key for key in motion.signals if key[0] == name]
    assert ("knee_flexion", "left") in motion.signals


@pytest.mark.parametrize("yaw", [0.0, -90.0])
def test_the_ground_carries_the_runner(yaw: float) -> None:
    """Truth: over whole strides the vertical force is one body weight."""
    motion = CombinedModel().read(*seen(yaw))
    both = sum(motion.signals["vertical_force", side].value for side in SIDES)
    contact = instants(motion.events, "initial_contact", "left")
    within = (motion.time >= contact[0]) & (motion.time <= contact[-1])
    assert np.nanmean(both[within]) == pytest.approx(1.0, abs=0.005)
