"""Regions: members and their time, the Vice-Chair's office, handing over, and the ledger of bad hours."""

from . import bearing, handing_over, holdings, looking, office
from .room import regions

__all__ = ["bearing", "handing_over", "holdings", "looking", "office", "regions"]
