"""Consultations: from the draft to what became of each participant's own words."""

from . import drafts, lists
from .room import consultations

__all__ = ["consultations", "drafts", "lists"]
