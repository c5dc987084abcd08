"""Broadcasts: one message to many, written, approved, sent, corrected."""

from . import lists
from .room import broadcasts

__all__ = ["broadcasts", "lists"]
