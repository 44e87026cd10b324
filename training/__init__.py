"""Commands that learn from laboratory data; not part of the installed package."""
