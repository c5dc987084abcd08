"""The text of a consultation, draft by draft: put in, looked through, checked against the one before, published."""

from . import checking, correcting, differing, entering, orphans, publishing

__all__ = ["checking", "correcting", "differing", "entering", "orphans", "publishing"]
