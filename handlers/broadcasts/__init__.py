"""Broadcasts: one message to many, written, approved, sent, corrected."""

from . import lists, writing
from .room import broadcasts

__all__ = ["broadcasts", "lists", "writing"]
