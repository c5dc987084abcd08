"""The words of this room."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """What begins a promise. Each can be measured from what Parley keeps anyway: see `owing`."""

    ISSUE_RAISED = "issue_raised"  # kept by the first words from Customs
    ISSUE_OUTCOME = "issue_outcome"  # approved; kept once it has reached everybody who is owed it
    CONSULTATION_CLOSED = "consultation_closed"  # kept by its outcome statement
    CONSULTATION_OUTCOME = "consultation_outcome"  # published; kept once it has reached everybody who took part
    MEETING_HELD = "meeting_held"  # kept by its minutes
    ACTION_DUE = "action_due"  # its day came and it is not done; kept by word of how it stands


class Hears(StrEnum):
    """Who is owed it."""

    REPORTER = "reporter"
    EVERYBODY = "everybody"  # who takes part
    ATTENDEES = "attendees"
    OWNERS = "owners"


HEARS = {
    Event.ISSUE_RAISED: (Hears.REPORTER,),
    Event.ISSUE_OUTCOME: (Hears.EVERYBODY, Hears.REPORTER),
    Event.CONSULTATION_CLOSED: (Hears.EVERYBODY,),
    Event.CONSULTATION_OUTCOME: (Hears.EVERYBODY,),
    Event.MEETING_HELD: (Hears.ATTENDEES,),
    Event.ACTION_DUE: (Hears.OWNERS,),
}


class Door(StrEnum):
    """By which way it goes. That somebody was told by hand keeps a promise only if `PERSON` is among its ways."""

    CHAT = "chat"
    MAIL = "mail"
    PAGE = "page"
    CONTACT = "contact"  # of their organisation, who passes on that something waits
    PERSON = "person"


class Superior(StrEnum):
    """Whom a breach goes to, once it has lasted."""

    LEAD = "lead"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"
