"""The registry of activities."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from stridewise.activities.activity import Activity
from stridewise.activities.running import RUNNING
from stridewise.errors import InputError

ENTRY_POINT_GROUP = "stridewise.activities"

_activities: dict[str, Activity] = {RUNNING.name: RUNNING}


def register(activity: Activity) -> Activity:
    """Add an activity; a later one of the same name takes its place."""
    _activities[activity.name] = activity
    return activity


@cache
def _load_third_party() -> None:
    for point in entry_points(group=ENTRY_POINT_GROUP):
        loaded = point.load()
        register(loaded if isinstance(loaded, Activity) else loaded())


def activities() -> list[Activity]:
    """Return all known activities by name, those of other installed packages included."""
    _load_third_party()
    return sorted(_activities.values(), key=lambda activity: activity.name)


def get(name: str) -> Activity:
    """Return the activity of this name.

    Raises
    ------
    InputError
        When there is none; the message lists those there are.
    """
    for activity in activities():
        if activity.name == name:
            return activity
    known = ", ".join(activity.name for activity in activities())
    raise InputError("The activity is not known", expected=f"one of {known}", received=name)
