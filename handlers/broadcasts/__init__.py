"""Broadcasts: one message to many, written, approved, sent, corrected."""

from . import approving, archive, asking, emergency, holding, lists, stopping, waiting
from .room import broadcasts

__all__ = ["approving", "archive", "asking", "broadcasts", "emergency", "holding", "lists", "stopping", "waiting"]
