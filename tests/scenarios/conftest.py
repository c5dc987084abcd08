"""The process that is started, killed and stopped; the database it begins with, made once and copied."""

from tests.crash.conftest import copies, nursery, postgresql_copies, prepared, sqlite_copies

__all__ = ["copies", "nursery", "postgresql_copies", "prepared", "sqlite_copies"]
