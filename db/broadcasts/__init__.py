"""Broadcasts: one message to many, a copy and a receipt for each."""

from .audience import country_of, does_without, door_of, fingerprint, persons
from .kinds import GOES_OUT, UNDER_WAY, Asks, By, EditionKind, Reply, Standing
from .selection import Criterion, Selection
from .tables import (
    ATTACHED,
    SENDERS,
    Broadcast,
    BroadcastCopy,
    BroadcastEdition,
    BroadcastPortion,
    BroadcastText,
)

__all__ = [
    "ATTACHED",
    "GOES_OUT",
    "SENDERS",
    "UNDER_WAY",
    "Asks",
    "Broadcast",
    "BroadcastCopy",
    "BroadcastEdition",
    "BroadcastPortion",
    "BroadcastText",
    "By",
    "Criterion",
    "EditionKind",
    "Reply",
    "Selection",
    "Standing",
    "country_of",
    "does_without",
    "door_of",
    "fingerprint",
    "persons",
]
