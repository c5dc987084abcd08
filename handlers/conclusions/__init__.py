"""Outcomes of consultations: each contribution answered, one statement agreed on, and everybody who took part told."""

from . import answering, following, hearing, listing, many, signing, telling, trail, translating, writing
from .room import conclusions

__all__ = [
    "answering",
    "conclusions",
    "following",
    "hearing",
    "listing",
    "many",
    "signing",
    "telling",
    "trail",
    "translating",
    "writing",
]
