"""Recognition: which criteria of the trusted-trader (AEO) programme each agency counts as checked, and the gaps."""

from . import asking, becoming, criteria, filling, gaps, matrix
from .room import recognition

__all__ = ["asking", "becoming", "criteria", "filling", "gaps", "matrix", "recognition"]
