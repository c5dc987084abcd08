"""Every table, for the migrations."""

from . import (
    actions,
    agencies,
    calendars,
    centres,
    files,
    issues,
    machinery,
    mail,
    meetings,
    outcomes,
    people,
    recognition,
    regions,
    rooms,
    search,
    symposia,
)

__all__ = [
    "actions",
    "agencies",
    "calendars",
    "centres",
    "files",
    "issues",
    "machinery",
    "mail",
    "meetings",
    "outcomes",
    "people",
    "recognition",
    "regions",
    "rooms",
    "search",
    "symposia",
]
