"""Programmes: a place for every session, worked out, changed by hand, published, and kept while things change."""

from . import feed, making, mending, moving, publishing, showing, telling
from .asking import problem_of
from .room import HOLDERS, WHEN_PUBLISHED, WHEN_SHIFTED, WISHES, programmes

__all__ = [
    "HOLDERS",
    "WHEN_PUBLISHED",
    "WHEN_SHIFTED",
    "WISHES",
    "feed",
    "making",
    "mending",
    "moving",
    "problem_of",
    "programmes",
    "publishing",
    "showing",
    "telling",
]
