"""Sending to many: a portion of a broadcast's copies a job, and putting one edition in the place of another."""

from .mending import Mending
from .sending import Bind, Broadcasting

__all__ = ["Bind", "Broadcasting", "Mending"]
