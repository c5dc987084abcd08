"""Agencies: a case that needs several authorities is answered once, with the part of each."""

from . import answering, asking, consenting, finding, reminders
from .room import agencies

__all__ = ["agencies", "answering", "asking", "consenting", "finding", "reminders"]
