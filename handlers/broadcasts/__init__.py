"""Broadcasts: one message to many, written, approved, sent, corrected."""

from . import choosing, composing, lists, previewing, texts
from .room import broadcasts

__all__ = ["broadcasts", "choosing", "composing", "lists", "previewing", "texts"]
