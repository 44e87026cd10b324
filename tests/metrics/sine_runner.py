"""A runner made of sines, whose every metric is known by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from stridewise.gait.motion import Event, Motion, Signal
from stridewise.gait.strides import find_steps
from stridewise.metrics import GaitData, Measured
from stridewise.skeletons import SIDES


class Runner:
    """A runner made of sines, so that every metric is known by hand.

    Steps take `stride` / 2 and stances `contact`; the right foot lands at `first` + k `stride`.
    The knee is most bent in stance 0.1 s after landing (65 deg) and in swing half a stride later
    (95 deg). The pelvis falls and rises by 0.1 leg lengths, lowest 0.1 s after landing. The force
    of a stance is half a sine of 2.5 body weights, fore-aft a whole one of 0.3.
    """

    stride, contact, first = 0.7, 0.25, 0.513

    def __init__(self, seconds: float = 12.0, fps: float = 120.0) -> None:
        self.time = np.arange(0, seconds, 1 / fps)
        self.fps = fps
        self.events = self._events(int((seconds - self.first) / self.stride) - 1)
        self.signals = self._signals()
        self.absent: dict[str, str] = {}

    def landing(self, side: str) -> float:
        return self.first + (0.0 if side == "right" else self.stride / 2)

    def _events(self, strides: int) -> list[Event]:
        events = []
        for k in range(strides):
            for side in ("right", "left"):
                contact = self.landing(side) + k * self.stride
                events.append(Event("initial_contact", side, contact, 0.0))
                events.append(Event("toe_off", side, contact + self.contact, 0.0))
        return sorted(events, key=lambda e: e.time_s)

    def wave(self, mean: float, size: float, peak_at: float, per_stride: int = 1) -> np.ndarray:
        angle = 2 * np.pi * per_stride * (self.time - peak_at) / self.stride
        return mean + size * np.cos(angle)

    def _signals(self) -> dict[Any, np.ndarray]:
        wave, right = self.wave, self.landing("right")
        signals: dict[Any, np.ndarray] = {
            ("pelvis_height", None): wave(0.9, -0.05, right + 0.1, 2),
            ("pelvic_obliquity", None): wave(0, 4, right + 0.1),
            ("trunk_lean", None): wave(7, 2, right + 0.1, 2),
            ("trunk_lateral", None): wave(0, 3, right + 0.05),
            ("shoulder_rotation", None): wave(0, 12, right),
            ("head_ahead", None): wave(0.15, 0.01, right),
            ("knee_gap", None): wave(0.8, 0.2, right + 0.1),
        }
        for side in SIDES:
            at = self.landing(side)
            out = 1 if side == "right" else -1
            knee = wave(60, 20, at + 0.1, 2) - wave(0, 15, at + 0.1)
            own = {
                "knee_flexion": knee,
                "thigh": wave(10, 30, at - 0.1),
                "shank": wave(-40, 52, at - 0.02),
                "foot": wave(-20, 40, at - 0.01),
                "hip_flexion": wave(17, 30, at - 0.1),
                "ankle_dorsiflexion": wave(0, 20, at + 0.12),
                "ankle_ahead": wave(-0.05, 0.3, at),
                "foot_ahead": -2.0 * 0.945 * ((self.time - at) % self.stride),
                "hip_adduction": wave(2, 7, at + 0.11),
                "thigh_adduction": wave(1, 3, at + 0.1),
                "frontal_knee": wave(3, 1, at + 0.1),
                "ankle_lateral": out * wave(0.05, 0.01, at + 0.1),
                "elbow_flexion": wave(90, 10, at),
                "upper_arm": wave(-10, 25, at),
                "wrist_ahead": wave(0, 0.2, at),
                "wrist_lateral": wave(-0.1, 0.3, at),
            }
            share = ((self.time - at) % self.stride) / self.contact
            own["vertical_force"] = np.where(share < 1, 2.5 * np.sin(np.pi * share), 0.0)
            own["fore_aft_force"] = np.where(share < 1, -0.3 * np.sin(2 * np.pi * share), 0.0)
            signals |= {(name, side): value for name, value in own.items()}
        return signals

    def data(self, sd: float = 0.0, **facts: Any) -> GaitData:
        motion = Motion(
            self.time,
            tuple(self.events),
            {key: Signal(value, sd) for key, value in self.signals.items()},
            self.absent,
        )
        known: dict[str, Any] = {
            "view": "right",
            "three_d": True,
            "speed": Measured(3.0, 0.0, "belt"),
            "leg_length_m": Measured(0.9, 0.0),
            "height_m": 1.7,
            "mass_kg": 70.0,
        }
        return GaitData(motion, find_steps(motion), self.fps, **(known | facts))
