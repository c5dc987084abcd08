"""Registrations: who comes to a symposium, where they have a seat, who waits, and who comes in whose place."""

from . import (
    allocating,
    choosing,
    delegating,
    feed,
    giving,
    keeping,
    knowing,
    looking,
    offers,
    opening,
    questions,
    registering,
    setting,
    telling,
)
from .room import registrations

__all__ = [
    "allocating",
    "choosing",
    "delegating",
    "feed",
    "giving",
    "keeping",
    "knowing",
    "looking",
    "offers",
    "opening",
    "questions",
    "registering",
    "registrations",
    "setting",
    "telling",
]
