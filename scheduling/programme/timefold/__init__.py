"""Programmes in the format of Timefold's conference example: its spreadsheet, its constraints, and a solver for them.

`read` reads a spreadsheet and `score` scores a programme. Neither needs a solver: that is
`scheduling.programme.timefold.solve`, which only a child process loads.
"""

from .problem import LEVELS, Conference, Place, Weight
from .score import CONSTRAINTS, Score, score
from .sheet import read, recognises

__all__ = ["CONSTRAINTS", "LEVELS", "Conference", "Place", "Score", "Weight", "read", "recognises", "score"]
