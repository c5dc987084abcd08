"""A text: read into clauses, followed from draft to draft, and what differs between two wordings of it."""

from .following import SURE, Link, follow
from .reading import Fault, Passage, Unreadable, read
from .wording import Piece, Wording, difference

__all__ = ["SURE", "Fault", "Link", "Passage", "Piece", "Unreadable", "Wording", "difference", "follow", "read"]
