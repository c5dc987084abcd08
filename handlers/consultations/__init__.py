"""Consultations: from the draft to what became of each participant's own words."""

from . import (
    announcing,
    documents,
    drafts,
    lists,
    making,
    meeting,
    owning,
    phases,
    proposing,
    questions,
    translating,
)
from .room import consultations

__all__ = [
    "announcing",
    "consultations",
    "documents",
    "drafts",
    "lists",
    "making",
    "meeting",
    "owning",
    "phases",
    "proposing",
    "questions",
    "translating",
]
