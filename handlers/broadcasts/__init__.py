"""Broadcasts: one message to many, written, approved, sent, corrected."""

from . import lists, progress, replying, writing
from .room import broadcasts

__all__ = ["broadcasts", "lists", "progress", "replying", "writing"]
