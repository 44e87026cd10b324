"""Cleaning a recording before it is analysed."""
