"""Statements of a consultation: put in, voted on one by one, and drawn as a map of who agrees with whom."""

from . import drawing_up, mapping, owning, putting, voting
from .room import statements

__all__ = ["drawing_up", "mapping", "owning", "putting", "statements", "voting"]
