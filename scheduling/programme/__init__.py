"""A symposium's programme: which session when, and in which room.

A `Problem` says what is needed; a `Place` for each session is its answer. `score` and `broken` judge any places at
once, `compare` says what a change by hand breaks, mends and costs, `changes` whom it touches. None needs a solver.

`scheduling.solving.solve("programme", question)` finds the best places, in a child process (`model.py` there), and as
JSON. There are always places for all sessions. The question; only `problem` is required:

    {"problem": problem.to_json(), "seconds": 20, "seed": 0, "workers": 2, "start": places, "published": places}

After publication give `published`: then as little as can be is moved. The answer:

    {"places": {session: {"block", "room"}}, "score": {part: points}, "total", "optimal": whether that is proved,
     "bound": number, or null where none is known, "broken": [{"kind", "ids", "sessions"}],
     "possible": false where it is proved that every programme breaks something,
     "conflict": {"demands": [{"kind", "ids"}], "is_smallest"}, or null,
     "changes": {"cost", "least": whether that is proved,
                 "sessions": [{"session", "old", "new", "retimed", "moved", "people"}]}, or null}
"""

from .changes import Change, changes
from .demands import Demand, Kind
from .problem import (
    Block,
    Break,
    Lock,
    Part,
    Person,
    Place,
    Places,
    Problem,
    Remote,
    Role,
    Room,
    Session,
    Walk,
    Weights,
    Window,
    Wish,
    places_from_json,
    places_to_json,
    schema,
)
from .score import PARTS, Broken, Difference, Missed, Score, broken, compare, missed, score

__all__ = [
    "PARTS",
    "Block",
    "Break",
    "Broken",
    "Change",
    "Demand",
    "Difference",
    "Kind",
    "Lock",
    "Missed",
    "Part",
    "Person",
    "Place",
    "Places",
    "Problem",
    "Remote",
    "Role",
    "Room",
    "Score",
    "Session",
    "Walk",
    "Weights",
    "Window",
    "Wish",
    "broken",
    "changes",
    "compare",
    "missed",
    "places_from_json",
    "places_to_json",
    "schema",
    "score",
]
