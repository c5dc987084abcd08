"""Every table, for the migrations."""

from . import actions, calendars, centres, files, issues, machinery, mail, meetings, outcomes, people, regions, search

__all__ = [
    "actions",
    "calendars",
    "centres",
    "files",
    "issues",
    "machinery",
    "mail",
    "meetings",
    "outcomes",
    "people",
    "regions",
    "search",
]
