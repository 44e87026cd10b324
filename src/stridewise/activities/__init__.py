"""Definitions of activities; only these know about running.

Another package adds an activity through an entry point of the group `stridewise.activities` that
names an `Activity`, or a function that returns one.
"""

from stridewise.activities.activity import Activity, Limits
from stridewise.activities.registry import activities, get, register

__all__ = ["Activity", "Limits", "activities", "get", "register"]
