"""The words of this room."""

from __future__ import annotations

from enum import StrEnum


class MeetingKind(StrEnum):
    ROUNDTABLE = "roundtable"
    REGIONAL = "regional"


class MeetingState(StrEnum):
    CALLED = "called"  # it has no date yet; nobody but those who run it has heard of it, unless it is open
    POLLING = "polling"  # a date is being looked for
    CONFIRMED = "confirmed"
    HELD = "held"
    CORRECTING = "correcting"  # its minutes lie open to whoever was there
    CLOSED = "closed"  # its minutes went out
    CANCELLED = "cancelled"


AHEAD = (MeetingState.CALLED, MeetingState.POLLING, MeetingState.CONFIRMED)
PAST = (MeetingState.HELD, MeetingState.CORRECTING, MeetingState.CLOSED)
DATED = (MeetingState.CONFIRMED, *PAST)


class Confidentiality(StrEnum):
    """`CONFIDENTIAL`: only whoever organises it and those invited see it, and no calendar says what it is about."""

    OPEN = "open"
    CONFIDENTIAL = "confidential"


class Answer(StrEnum):
    """How an invitation stands."""

    NONE = "none"  # not answered, or not sent yet
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REPLACED = "replaced"  # a substitute comes instead
    REMOVED = "removed"  # taken off the list


EXPECTED = (Answer.NONE, Answer.ACCEPTED)  # who is told, reminded and asked
INVITED = (*EXPECTED, Answer.DECLINED, Answer.REPLACED)  # who still sees it


class Attendance(StrEnum):
    PRESENT = "present"
    APOLOGIES = "apologies"
    ABSENT = "absent"


MINUTED = (Attendance.PRESENT, Attendance.APOLOGIES)  # who is sent the minutes


class Wish(StrEnum):
    """What somebody asks of a meeting."""

    JOIN = "join"
    TOPIC = "topic"


class Reply(StrEnum):
    """What became of a wish, or of a correction."""

    OPEN = "open"
    YES = "yes"
    NO = "no"


class Can(StrEnum):
    """What one says of a slot in a poll."""

    YES = "yes"
    MAYBE = "maybe"  # if need be
    NO = "no"


class Changed(StrEnum):
    """What happened to a date people may have in their calendars."""

    CONFIRMED = "confirmed"
    MOVED = "moved"
    PLACE = "place"
    CANCELLED = "cancelled"


class MinuteKind(StrEnum):
    NOTE = "note"
    DECISION = "decision"
    ACTION = "action"
