"""Broadcasts: one message to many, written, approved, sent, corrected."""

from . import (
    approving,
    archive,
    asking,
    choosing,
    composing,
    emergency,
    holding,
    lists,
    previewing,
    progress,
    replying,
    stopping,
    texts,
    waiting,
    writing,
)
from .room import broadcasts

__all__ = [
    "approving",
    "archive",
    "asking",
    "broadcasts",
    "choosing",
    "composing",
    "emergency",
    "holding",
    "lists",
    "previewing",
    "progress",
    "replying",
    "stopping",
    "texts",
    "waiting",
    "writing",
]
