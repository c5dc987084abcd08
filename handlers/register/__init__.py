"""The public register: what everybody may read of consultations, and how well their outcomes are told."""

from . import going, pages
from .room import register

__all__ = ["going", "pages", "register"]
