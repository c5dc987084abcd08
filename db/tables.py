"""Every table, for the migrations."""

from . import centres, files, issues, machinery, meetings, outcomes, people, search

__all__ = ["centres", "files", "issues", "machinery", "meetings", "outcomes", "people", "search"]
