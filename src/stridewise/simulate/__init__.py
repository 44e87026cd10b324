"""A statistical runner with known truth, seen by a simulated camera."""
