"""A symposium's programme: which session when, and in which room.

A `Problem` says what is needed and a place for each session is its answer.
"""

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

__all__ = [
    "Block",
    "Break",
    "Lock",
    "Part",
    "Person",
    "Place",
    "Places",
    "Problem",
    "Remote",
    "Role",
    "Room",
    "Session",
    "Walk",
    "Weights",
    "Window",
    "Wish",
    "places_from_json",
    "places_to_json",
]
