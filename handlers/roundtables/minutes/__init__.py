"""The minutes: what was noted and decided; corrected by those who were there, then sent to them and to whoever sent
apologies."""

from . import correcting, sending
from .reading import next_of_action
from .recording import record

__all__ = [
    "correcting",
    "next_of_action",
    "record",
    "sending",
]
