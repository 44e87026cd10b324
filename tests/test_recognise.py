"""What is no running is declined by its name; plausible doubts are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stridewise.activities import get
from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.gait.motion import Event, Motion
from stridewise.gait.strides import find_steps
from stridewise.recognise import decline
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate

FPS = 60.0
LEG = 400.0


def posed(thigh: dict[str, np.ndarray], knee: dict[str, np.ndarray], floor: str) -> Recording:
    """Someone from the right, by thigh angle and knee flexion, degrees.

    `floor` "both" keeps each ankle at the same height, "lower" the lower one.
    """
    time = np.arange(len(thigh["left"])) / FPS
    ankles, knees = {}, {}
    for side in ("left", "right"):
        a, b = np.radians(thigh[side]), np.radians(thigh[side] - knee[side])
        knees[side] = 0.5 * LEG * np.stack([np.sin(a), np.cos(a)], axis=1)
        ankles[side] = knees[side] + 0.45 * LEG * np.stack([np.sin(b), np.cos(b)], axis=1)
    down = np.maximum(ankles["left"][:, 1], ankles["right"][:, 1])
    hip = np.stack([np.full(len(time), 900.0), 900.0 - down], axis=1)
    if floor == "both":
        hip[:, 0] -= ankles["right"][:, 0]
    points = {}
    for side in ("left", "right"):
        points |= {
            f"{side}_hip": hip,
            f"{side}_knee": hip + knees[side],
            f"{side}_ankle": hip + ankles[side],
        }
    xy = np.stack(list(points.values()), axis=1)
    return Recording(xy, np.ones(xy.shape[:2]), time, tuple(points))


def walker(steps_per_min: float) -> Recording:
    phase = np.pi * steps_per_min / 60.0 * np.arange(600) / FPS
    both = {"left": phase, "right": phase + np.pi}
    thigh = {side: 5.0 + 24.0 * np.cos(p) for side, p in both.items()}
    knee = {side: 5.0 + 45.0 * np.clip(np.sin(p - np.pi), 0, 1) ** 2 for side, p in both.items()}
    return posed(thigh, knee, "lower")


def squatter(depth: float) -> Recording:
    bend = depth * (1.0 - np.cos(2 * np.pi * 0.5 * np.arange(600) / FPS)) / 2
    return posed(
        dict.fromkeys(("left", "right"), bend),
        {"left": 2.0 * bend, "right": 2.0 * bend + 1.0},
        "both",
    )


def tried(recording: Recording, events: tuple[Event, ...] = ()) -> tuple[str, ...]:
    motion = Motion(recording.time, events, {})
    return decline(get("running"), recording, motion, find_steps(motion), Context())


def refused(recording: Recording) -> str:
    with pytest.raises(InputError) as caught:
        tried(recording)
    return str(caught.value)


@pytest.mark.parametrize("cadence", [80.0, 112.0])
@pytest.mark.parametrize("slower", [1.0, 2.0])
def test_walking_is_named_at_any_speed_of_playback(cadence: float, slower: float) -> None:
    walking = walker(cadence)
    said = refused(walking.with_(time=slower * walking.time))
    assert said.startswith(f"This looks like walking ({cadence / slower:.0f} steps/min)")
    assert "--time-scale" not in said


def test_squatting_is_named() -> None:
    assert refused(squatter(50.0)).startswith("This looks like squatting")


def test_a_small_bend_is_no_squat() -> None:
    assert "squatting" not in refused(squatter(15.0))


def test_jumping_on_both_feet_is_named() -> None:
    squat = squatter(50.0)
    height = 400.0 * np.abs(np.sin(2 * np.pi * np.arange(600) / FPS))
    jump = squat.with_(xy=squat.xy - np.stack([0 * height, height], axis=1)[:, None])
    assert refused(jump).startswith("This looks like jumping on both feet")


def run(view: float = 0.0) -> tuple[Recording, tuple[Event, ...]]:
    made = simulate(Runner(seed=2), Camera(yaw_deg=view), Noise(white=0.002), 8.0)
    return made.recording, made.truth.events


@pytest.mark.parametrize("view", [0.0, 60.0, 90.0])
@pytest.mark.parametrize("slower", [1.0, 4.0])
def test_running_is_never_called_walking(view: float, slower: float) -> None:
    recording, events = run(view)
    if slower == 1.0:
        assert tried(recording, events) == ()
    else:
        assert "--time-scale 4" in refused(recording.with_(time=slower * recording.time))


def test_coming_nearer_is_no_jumping() -> None:
    camera = Camera(yaw_deg=-90.0, follow=False, distance_m=14.0)
    runner = Runner(seed=5, surface="overground")
    made = simulate(runner, camera, Noise(white=0.002), 6.0)
    assert tried(made.recording, made.truth.events) == ()


def test_two_plausible_rhythms_are_told() -> None:
    recording, events = run()
    # Contacts a fifth faster than the legs, both of them a runner's cadence.
    faster = tuple(replace(event, time_s=event.time_s / 1.2) for event in events)
    (doubt,) = tried(recording, faster)
    assert doubt.startswith("The contacts found come at 19")
    assert "the legs swing at 165" in doubt
