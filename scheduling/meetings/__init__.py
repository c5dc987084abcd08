"""When a group can meet across zones, fairly: one meeting, a year of them, and the ledger of who has borne bad hours.

Pure functions. Nothing here imports a solver: the exact plan of a year is `scheduling.meetings.exact`, which only the
child process of `scheduling.solving` loads.
"""

from .burden import Attendee, Burden, Reason, Why, burden
from .ledger import carried, gini
from .slots import Score, propose, score
from .year import Plan, Year, best_fixed, cost, fixed, monthly, rotation

__all__ = [
    "Attendee",
    "Burden",
    "Plan",
    "Reason",
    "Score",
    "Why",
    "Year",
    "best_fixed",
    "burden",
    "carried",
    "cost",
    "fixed",
    "gini",
    "monthly",
    "propose",
    "rotation",
    "score",
]
