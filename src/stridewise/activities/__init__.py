"""Definitions of activities; only these know about running."""
