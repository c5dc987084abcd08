"""Programmes in the format of CoSPLib, the public library of conference problems, under its own objective.

`read` takes a spreadsheet, `score` says what a programme costs, kind by kind. Nothing here imports a solver: what does
is `scheduling.programme.cosplib.solver`, which only the child process of `scheduling.solving` loads.
"""

from .conference import Conference, Place, Weights
from .score import exact_score, faults, score
from .sheets import Odd, looks_like, read

__all__ = ["Conference", "Odd", "Place", "Weights", "exact_score", "faults", "looks_like", "read", "score"]
