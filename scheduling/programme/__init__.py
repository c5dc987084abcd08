"""A symposium's programme: which session when, and in which room.

A `Problem` says what is needed and a place for each session is its answer.
"""

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
)
from .score import PARTS, Broken, Difference, Missed, Score, broken, compare, missed, score

__all__ = [
    "PARTS",
    "Block",
    "Break",
    "Broken",
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
    "compare",
    "missed",
    "places_from_json",
    "places_to_json",
    "score",
]
