"""Symposia: where and when, their tracks, rooms and times, their sessions, and who is needed in them."""

from .kinds import SHOWN, Agreed, BlockKind, Equipment, Part, SessionKind, SessionState, SymposiumState
from .tables import (
    ALSO_SEEN_BY,
    WALK,
    Away,
    Block,
    SessionPart,
    Symposium,
    SymposiumRoom,
    SymposiumSession,
    Track,
    of_those_run_by,
    with_symposium,
)

__all__ = [
    "ALSO_SEEN_BY",
    "SHOWN",
    "WALK",
    "Agreed",
    "Away",
    "Block",
    "BlockKind",
    "Equipment",
    "Part",
    "SessionKind",
    "SessionPart",
    "SessionState",
    "Symposium",
    "SymposiumRoom",
    "SymposiumSession",
    "SymposiumState",
    "Track",
    "of_those_run_by",
    "with_symposium",
]
