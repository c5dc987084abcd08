"""Every table, for the migrations."""

from . import centres, files, issues, machinery, outcomes, people

__all__ = ["centres", "files", "issues", "machinery", "outcomes", "people"]
