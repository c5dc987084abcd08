"""The words of this room."""

from __future__ import annotations

from enum import StrEnum

ENTRY = "entry"  # what a file hangs on
INTERNATIONAL_REGION = "international"  # the region a coordinator holds who answers for all regions together


class State(StrEnum):
    OPEN = "open"  # nobody has taken it
    TAKEN = "taken"
    ASKED = "asked"  # waits for the person who raised it: the clock stands still
    PROPOSED = "proposed"  # an outcome waits for a second pair of eyes
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


UNDER_WAY = (State.OPEN, State.TAKEN, State.ASKED, State.PROPOSED)


class Level(StrEnum):
    NATIONAL = "national"
    REGIONAL = "regional"
    INTERNATIONAL = "international"


class Voice(StrEnum):
    """What an entry of the thread is."""

    RAISED = "raised"
    ADDITION = "addition"
    QUESTION = "question"
    ANSWER = "answer"
    REPLY = "reply"  # from the desk to whoever raised it
    NEWS = "news"  # from the desk to everybody who takes part
    NOTE = "note"  # between officers
    ADVICE = "advice"  # from a coordinator, down to the desk and to whoever raised it
    REOPENED = "reopened"


TO_REPORTER = (Voice.QUESTION, Voice.REPLY, Voice.ADVICE)
TO_EVERYBODY = (Voice.NEWS, Voice.REOPENED)


class How(StrEnum):
    """How somebody takes part."""

    REPORTER = "reporter"
    SAME_HERE = "same_here"
    CONTRIBUTOR = "contributor"
    FOLLOWER = "follower"
