"""Helpers for those who build the package."""
