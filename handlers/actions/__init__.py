"""The joint annual action plan: what Customs and business have agreed to do, who owns it, and how far it is."""

from . import adopting, asking, feeding, from_meetings, mornings, owning, passing_on, plan, reminders, reports, working
from .adopting import adopt
from .room import actions

__all__ = [
    "actions",
    "adopt",
    "adopting",
    "asking",
    "feeding",
    "from_meetings",
    "mornings",
    "owning",
    "passing_on",
    "plan",
    "reminders",
    "reports",
    "working",
]
