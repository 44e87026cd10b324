"""Whether somebody is running in view, steadily, so that feedback makes sense."""

from __future__ import annotations

import numpy as np

from stridewise.activities import get
from stridewise.gait.body import MAX_OFF_TIMING_DEG
from stridewise.gait.strides import Steps
from stridewise.live.rounds import Round
from stridewise.live.updates import Phase, State

#: Without a contact for so long, nobody runs: the longest stride, in seconds.
_NO_CONTACT_S = 1.2
#: A speed, or a direction, that has changed by more than this is another run. From front and back
#: the feet hardly show how fast they move: the speed of a steady run then wavers by 3 %.
_SPEED_CHANGE, _FRONTAL_SPEED_CHANGE, _TURN_DEG = 0.05, 0.10, 25.0
#: Strides after an interruption before feedback goes on.
_STEADY_STRIDES = 5


class PhaseWatch:
    """Keeps the phase of a training and the time of undisturbed running.

    Parameters
    ----------
    warm_up_s : float
        Seconds of running that count as warm-up.
    activity : str
        Name of the registered activity that is waited for.
    """

    def __init__(self, warm_up_s: float, activity: str = "running") -> None:
        self._warm_up_s = warm_up_s
        self._activity = get(activity)
        self.phase: Phase = "waiting"
        #: Seconds of undisturbed running.
        self.running_s = 0.0
        self._reason = ""
        self._last_stride_s: float | None = None
        self._strides = 0
        self._reference: tuple[float | None, float] | None = None
        self._unsteady = ""

    @property
    def steady(self) -> bool:
        """Whether feedback may be given."""
        return self.phase == "running"

    def stride(self, time_s: float) -> list[State]:
        """Take in a stride that ended now."""
        passed = np.inf if self._last_stride_s is None else time_s - self._last_stride_s
        if passed <= _NO_CONTACT_S and self.phase in ("warm_up", "running"):
            self.running_s += passed
        self._last_stride_s = time_s
        self._strides += 1
        if self._strides < _STEADY_STRIDES or self._unsteady:
            return []
        if self.running_s < self._warm_up_s:
            return self._to("warm_up", time_s, "Warm-up: run as you like.")
        return self._to("running", time_s, "")

    def frame(self, time_s: float, legs_seen: bool) -> list[State]:
        """Take in that time has passed, and whether the legs were seen of late."""
        if not legs_seen:
            return self.interrupt(time_s, "The legs are not seen.")
        last = self._last_stride_s
        if last is not None and time_s - last > _NO_CONTACT_S:
            return self.interrupt(time_s, "No running is seen.")
        return []

    def round(self, found: Round, time_s: float) -> list[State]:
        """Take in a round: a change of speed or direction, or something that is no running."""
        reason = self._no_running(found.data.steps)
        if reason:
            self._unsteady = reason
            return self.interrupt(time_s, reason)
        speed = found.data.speed.value if found.data.speed else None
        now = (speed, found.view.yaw_deg)
        before, self._reference = self._reference, now
        if before is None:
            self._unsteady = ""
            return []
        reason = ""
        shown = found.view.off_sagittal_deg <= MAX_OFF_TIMING_DEG
        change = _SPEED_CHANGE if shown else _FRONTAL_SPEED_CHANGE
        if speed is not None and before[0] and abs(speed / before[0] - 1) > change:
            reason = "The speed has changed."
        if abs((now[1] - before[1] + 180) % 360 - 180) > _TURN_DEG:
            reason = "The runner has turned."
        self._unsteady = reason
        if reason:
            return self.interrupt(time_s, reason)
        # Slow changes add up: what counts is the speed at which the feedback began.
        self._reference = before
        return []

    def new_clock(self) -> None:
        """Forget instants of a clock that is no more; the running done stays done."""
        self._last_stride_s, self._reference, self._unsteady = None, None, ""

    def interrupt(self, time_s: float, reason: str) -> list[State]:
        """Suspend feedback until strides come steadily again."""
        self._strides = 0
        if self.phase == "waiting":
            return []
        return self._to("suspended", time_s, reason)

    def _no_running(self, steps: Steps) -> str:
        """Say why the strides of a round are no running; empty when they are."""
        strides = steps.next_same - steps.initial_contact
        duty = (steps.toe_off - steps.initial_contact) / strides
        known = np.isfinite(duty)
        if known.sum() < 4:
            return ""
        return (
            self._activity.decline_reason(
                alternating_contacts=len(steps),
                cadence_spm=120.0 / float(np.median(strides[known])),
                duty_factor=float(np.median(duty[known])),
                time_scale=1.0,
            )
            or ""
        )

    def _to(self, phase: Phase, time_s: float, reason: str) -> list[State]:
        if (phase, reason) == (self.phase, self._reason):
            return []
        self.phase, self._reason = phase, reason
        return [State(time_s, phase, reason)]
