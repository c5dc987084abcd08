"""Issues: what trade asks Customs to put right, and what became of it."""

from . import desk, own, raising, reminders
from .room import issues

__all__ = ["desk", "issues", "own", "raising", "reminders"]
