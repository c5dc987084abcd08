"""The words of this room."""

from __future__ import annotations

from enum import StrEnum


class SymposiumState(StrEnum):
    DRAFT = "draft"  # only those who run it see it
    ANNOUNCED = "announced"  # its audience sees it; sessions are proposed and people register as its dates say
    PUBLISHED = "published"  # its programme is out: from now on every change of it is told
    CLOSED = "closed"  # it took place
    CANCELLED = "cancelled"


SHOWN = (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED, SymposiumState.CLOSED, SymposiumState.CANCELLED)


class SessionKind(StrEnum):
    PLENARY = "plenary"  # for everybody: nothing else takes place meanwhile
    BREAKOUT = "breakout"


class SessionState(StrEnum):
    PLANNED = "planned"
    CANCELLED = "cancelled"


class Part(StrEnum):
    """What somebody is needed for in a session: each can be in one place at a time."""

    SPEAKER = "speaker"
    CHAIR = "chair"
    OFFICIAL = "official"
    INTERPRETER = "interpreter"


class Agreed(StrEnum):
    """Whether whoever is needed has said that they come."""

    ASKED = "asked"
    YES = "yes"
    NO = "no"


class Equipment(StrEnum):
    """What a session may need and a room may have."""

    INTERPRETATION = "interpretation"
    HYBRID = "hybrid"
    STEP_FREE = "step_free"
    PROJECTION = "projection"


class BlockKind(StrEnum):
    SESSIONS = "sessions"
    PLENARY = "plenary"
    BREAK = "break"  # a pause, a meal, a prayer: nothing is placed there
