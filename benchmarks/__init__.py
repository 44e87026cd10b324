"""Commands that measure accuracy, speed and memory; not part of the installed package."""
