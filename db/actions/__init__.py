"""The joint annual action plan: actions with one owner in Customs and one in business, what was said of each, reports.

Progress counts when both owners confirm it. Where one says done and the other disputes it, both words stand.
"""

from .kinds import DEED, OVERSEEING, UNDER_WAY, Deed, DropReason, Side, SnoozeReason, Source, State
from .tables import Action, ActionEntry, Milestone, Report

__all__ = [
    "DEED",
    "OVERSEEING",
    "UNDER_WAY",
    "Action",
    "ActionEntry",
    "Deed",
    "DropReason",
    "Milestone",
    "Report",
    "Side",
    "SnoozeReason",
    "Source",
    "State",
]
