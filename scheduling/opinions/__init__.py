"""Who agrees with whom: groups of people who vote alike, and figures from which nobody can be picked out.

Pure functions. Nothing here imports a solver: the groups are found by `scheduling.opinions.groups`, which only the
child process of `scheduling.solving` loads.
"""

from .circles import LEAST, USUAL, Stand, form
from .shares import PARTED, SHARED, Figures, Known, Tally, figures, parted, shared

__all__ = [
    "LEAST",
    "PARTED",
    "SHARED",
    "USUAL",
    "Figures",
    "Known",
    "Stand",
    "Tally",
    "figures",
    "form",
    "parted",
    "shared",
]
