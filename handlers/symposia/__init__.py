"""Symposia: made in minutes, announced once; sessions proposed, reviewed and decided on; speakers asked."""

from . import (
    announcing,
    deciding,
    judging,
    lists,
    making,
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
    "deciding",
    "judging",
    "lists",
    "making",
    "proposing",
    "sessions",
    "speaking",
    "symposia",
    "telling",
    "times",
    "venue",
    "waiting",
]
