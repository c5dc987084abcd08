"""The public register: what everybody may read of consultations, and how well their outcomes are told."""

from . import agreeing, going, pages
from .room import register

__all__ = ["agreeing", "going", "pages", "register"]
