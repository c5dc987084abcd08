"""Parley's own page."""
