"""The words of this room."""

from __future__ import annotations

from enum import StrEnum

from db.people import RoleName

DEED = "action_entry"  # what a file of evidence hangs on
OVERSEEING = (RoleName.COORDINATOR, RoleName.VICE_CHAIR, RoleName.ADMINISTRATOR)


class Side(StrEnum):
    CUSTOMS = "customs"
    BUSINESS = "business"

    @property
    def other(self) -> Side:
        return Side.BUSINESS if self is Side.CUSTOMS else Side.CUSTOMS


class State(StrEnum):
    PROPOSED = "proposed"  # not both owners have agreed to own it
    ADOPTED = "adopted"
    IN_PROGRESS = "in_progress"
    CLAIMED = "claimed"  # one owner says that it is done
    DISPUTED = "disputed"  # … and the other says that it is not
    DONE = "done"  # both say so
    DROPPED = "dropped"


UNDER_WAY = (State.PROPOSED, State.ADOPTED, State.IN_PROGRESS, State.CLAIMED, State.DISPUTED)


class Source(StrEnum):
    """Where an action came from; `source_id` is the id there, of nothing for what was added by hand."""

    HAND = "hand"
    ISSUE = "issue"
    MEETING = "meeting"
    CONSULTATION = "consultation"


class DropReason(StrEnum):
    DONE_OTHERWISE = "done_otherwise"
    NO_LONGER_NEEDED = "no_longer_needed"
    NO_MEANS = "no_means"
    NOT_AGREED = "not_agreed"  # no two owners could be found, or they could not agree
    LAW = "law"


class SnoozeReason(StrEnum):
    WAITS_FOR_PARTNER = "waits_for_partner"
    WAITS_FOR_OTHERS = "waits_for_others"
    OTHER_WORK = "other_work"
    AWAY = "away"


class Deed(StrEnum):
    """What an entry says somebody did."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    OFFERED = "offered"  # to hand it over, to somebody who has not accepted yet
    TOOK_OVER = "took_over"
    DECLINED = "declined"
    PROGRESS = "progress"
    EVIDENCE = "evidence"
    MILESTONE = "milestone"
    CLAIMED = "claimed"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    WENT_ON = "went_on"  # said to be done, and taken back
    SNOOZED = "snoozed"
    HELP = "help"
    ADVICE = "advice"
    MOVED = "moved"  # to another date
    DROPPED = "dropped"
