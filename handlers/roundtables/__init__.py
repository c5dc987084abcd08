"""Roundtables: called from an issue or from nothing, given a date everybody can, held, and what was decided there."""

from . import answering, arranging, calling, dating, feed, holding, inviting, lists, minutes, opening, polling, replying
from .room import roundtables

__all__ = [
    "answering",
    "arranging",
    "calling",
    "dating",
    "feed",
    "holding",
    "inviting",
    "lists",
    "minutes",
    "opening",
    "polling",
    "replying",
    "roundtables",
]
