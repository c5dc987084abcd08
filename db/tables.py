"""Every table, for the migrations."""

from . import calendars, centres, files, issues, machinery, meetings, outcomes, people, regions, search

__all__ = [
    "calendars",
    "centres",
    "files",
    "issues",
    "machinery",
    "meetings",
    "outcomes",
    "people",
    "regions",
    "search",
]
