"""Symposia: made in minutes, announced once; sessions proposed, reviewed and decided on; speakers asked."""

from . import (
    announcing,
    criteria,
    deciding,
    judging,
    lists,
    making,
    needing,
    placing,
    proposals,
    proposing,
    sessions,
    speaking,
    telling,
    times,
    venue,
    waiting,
)
from .room import symposia

__all__ = [
    "announcing",
    "criteria",
    "deciding",
    "judging",
    "lists",
    "making",
    "needing",
    "placing",
    "proposals",
    "proposing",
    "sessions",
    "speaking",
    "symposia",
    "telling",
    "times",
    "venue",
    "waiting",
]
