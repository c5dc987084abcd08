"""Every table, for the migrations."""

from . import centres, files, machinery, people

__all__ = ["centres", "files", "machinery", "people"]
