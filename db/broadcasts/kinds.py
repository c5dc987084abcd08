"""The words of this room: what a broadcast asks, how it stands, and by what people are chosen."""

from __future__ import annotations

from enum import StrEnum


class Standing(StrEnum):
    """How a broadcast stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"  # waits for a second person
    HELD = "held"  # approved, and can be taken back until its hold ends
    SENDING = "sending"  # its copies are written; some wait, perhaps for a morning
    PAUSED = "paused"
    SENT = "sent"  # no copy waits any longer
    STOPPED = "stopped"  # what had not gone does not go
    WITHDRAWN = "withdrawn"  # what had gone is replaced by a word that it does not hold


UNDER_WAY = (Standing.SENDING, Standing.PAUSED)
GOES_OUT = (Standing.HELD, *UNDER_WAY)  # what a stop ends


class Asks(StrEnum):
    """What a broadcast asks of whoever gets it: the buttons under it."""

    NOTHING = "nothing"
    ACKNOWLEDGE = "acknowledge"
    REGISTER = "register"  # for a symposium
    ANSWER = "answer"  # yes, no, or in other words


class Reply(StrEnum):
    """What somebody answered."""

    SEEN = "seen"  # acknowledged
    YES = "yes"
    NO = "no"
    OTHER = "other"  # in words of their own


class EditionKind(StrEnum):
    FIRST = "first"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


class By(StrEnum):
    """By what people are chosen. What each value is stands beside it."""

    REGION = "region"  # of the world: a code of scheduling.regions
    COUNTRY = "country"  # ISO 3166-1 alpha-2
    PLACE = "place"  # where in the country: `Person.region`
    SECTOR = "sector"  # Sector
    KIND = "kind"  # Kind
    ROLE = "role"  # RoleName, in force
    AEO = "aeo"  # an organisation's status as a trusted trader
    EVENT = "event"  # a symposium's id: whoever is registered
    CONSULTATION = "consultation"  # its id: whoever took part
    GROUP = "group"  # a meeting's id: whoever attends it
