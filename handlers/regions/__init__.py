"""Regions: members and their time, the Vice-Chair's office, handing over, the ledger of bad hours, and meetings."""

from . import (
    bearing,
    feeding,
    figures,
    handing_over,
    holdings,
    leaving,
    looking,
    moving,
    office,
    planning,
    proposing,
    weighing,
)
from .room import regions

__all__ = [
    "bearing",
    "feeding",
    "figures",
    "handing_over",
    "holdings",
    "leaving",
    "looking",
    "moving",
    "office",
    "planning",
    "proposing",
    "regions",
    "weighing",
]
