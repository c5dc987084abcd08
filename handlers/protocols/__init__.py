"""The communication protocol: who hears what within how many working days; published, kept watch over, and its breaches
on their office's list."""

from . import breaches, drafting, keeping, public, reading, watching
from .room import protocols

__all__ = ["breaches", "drafting", "keeping", "protocols", "public", "reading", "watching"]
