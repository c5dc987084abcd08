"""The days of a symposium: check-in, the morning's programme, the floor, material, feedback, proof and report."""

from . import badges, checking, desk, feedback, floor, lists, materials, mornings, proving, report
from .room import AT_DOOR, attendance

__all__ = [
    "AT_DOOR",
    "attendance",
    "badges",
    "checking",
    "desk",
    "feedback",
    "floor",
    "lists",
    "materials",
    "mornings",
    "proving",
    "report",
]
