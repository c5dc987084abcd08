"""Formal positions: what an organisation says of a consultation as such, filed once, by whoever may speak for it."""

from . import drafting, filing, lists, members, reminders
from .room import positions

__all__ = ["drafting", "filing", "lists", "members", "positions", "reminders"]
