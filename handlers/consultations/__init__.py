"""Consultations: from the draft to what became of each participant's own words."""

from . import (
    announcing,
    answering,
    commenting,
    documents,
    drafts,
    feed,
    hiding,
    lists,
    making,
    meeting,
    own,
    owning,
    phases,
    proposing,
    questions,
    reading,
    translating,
)
from .room import consultations

__all__ = [
    "announcing",
    "answering",
    "commenting",
    "consultations",
    "documents",
    "drafts",
    "feed",
    "hiding",
    "lists",
    "making",
    "meeting",
    "own",
    "owning",
    "phases",
    "proposing",
    "questions",
    "reading",
    "translating",
]
