"""People: who talks to Parley, for whom they speak, what they may do, and what is kept about them."""

from . import data, linking, mail, mandates, membership, organisations, preferences, registering, roles, trusted
from .naming import called
from .room import people

__all__ = [
    "called",
    "data",
    "linking",
    "mail",
    "mandates",
    "membership",
    "organisations",
    "people",
    "preferences",
    "registering",
    "roles",
    "trusted",
]
