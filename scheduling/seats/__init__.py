"""Seats: how ranked wishes are met by a published rule, who may take a seat by class, and who is next in line.

Everything here is pure. `asking` says what is asked and answered, `places` what fits into one session, `line` who is
next on its waiting list. `exact` finds the allocation, in a child process (kind "seats"): it alone knows the solver.
"""

from .asking import UNPLACED, Allocation, Asking, Person, Rule, Session, lot_of
from .line import Step, Waiting, chain, next_in_line
from .places import Held, Places, Room, fits, free_for
from .rounds import Given, Outcome, Programme, allot

__all__ = [
    "UNPLACED",
    "Allocation",
    "Asking",
    "Given",
    "Held",
    "Outcome",
    "Person",
    "Places",
    "Programme",
    "Room",
    "Rule",
    "Session",
    "Step",
    "Waiting",
    "allot",
    "chain",
    "fits",
    "free_for",
    "lot_of",
    "next_in_line",
]
