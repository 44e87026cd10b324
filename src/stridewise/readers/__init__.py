"""Readers, one module per file format, behind one registry."""
