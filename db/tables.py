"""Every table, for the migrations."""

from . import centres, files, issues, machinery, outcomes, people, search

__all__ = ["centres", "files", "issues", "machinery", "outcomes", "people", "search"]
