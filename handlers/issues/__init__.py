"""Issues: what trade asks Customs to put right, and what became of it."""

from . import (
    desk,
    feeding,
    finding,
    hearing,
    levels,
    moving,
    offering,
    outcome,
    own,
    passing_on,
    problems,
    raising,
    reminders,
    translating,
)
from .room import issues

__all__ = [
    "desk",
    "feeding",
    "finding",
    "hearing",
    "issues",
    "levels",
    "moving",
    "offering",
    "outcome",
    "own",
    "passing_on",
    "problems",
    "raising",
    "reminders",
    "translating",
]
