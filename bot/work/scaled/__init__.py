"""The job engine of many processes: Procrastinate on PostgreSQL. Nothing else knows that library."""

from .engine import Scaled

__all__ = ["Scaled"]
