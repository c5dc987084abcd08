"""The communication protocol: what an administration promises to tell whom within how many working days, version by
version, and what was owed under it and when it was kept."""

from .kinds import HEARS, Door, Event, Hears, Superior
from .tables import Duty, Protocol, ProtocolEditor, ProtocolRule

__all__ = [
    "HEARS",
    "Door",
    "Duty",
    "Event",
    "Hears",
    "Protocol",
    "ProtocolEditor",
    "ProtocolRule",
    "Superior",
]
