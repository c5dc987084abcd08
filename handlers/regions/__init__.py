"""Regions: members and their time, the Vice-Chair's office, handing over, the ledger of bad hours, and meetings."""

from . import bearing, feeding, handing_over, holdings, looking, office, planning, proposing
from .room import regions

__all__ = ["bearing", "feeding", "handing_over", "holdings", "looking", "office", "planning", "proposing", "regions"]
