"""Issues: what trade asks Customs to put right, the words exchanged about it, and who takes part."""

from .kinds import ENTRY, INTERNATIONAL_REGION, TO_EVERYBODY, TO_REPORTER, UNDER_WAY, How, Level, State, Voice
from .tables import Entry, Issue, IssueLink, Participation, Problem

__all__ = [
    "ENTRY",
    "INTERNATIONAL_REGION",
    "TO_EVERYBODY",
    "TO_REPORTER",
    "UNDER_WAY",
    "Entry",
    "How",
    "Issue",
    "IssueLink",
    "Level",
    "Participation",
    "Problem",
    "State",
    "Voice",
]
