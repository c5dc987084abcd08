"""People: who talks to Parley, for whom they speak, what they may do, and what is kept about them."""

from . import registering
from .room import people

__all__ = ["people", "registering"]
