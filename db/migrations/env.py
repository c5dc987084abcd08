"""Alembic's entry: migrates with the engine it is handed, or with PARLEY_DATABASE_URL's when run as `alembic …`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Engine

import db.tables  # noqa: F401  imported for its effect: every table is known to the metadata
from db.base import Base, Instant

engine: Engine | None = context.config.attributes.get("engine")
if engine is None:
    raise SystemExit("run `parley db upgrade`, or `parley db revision MESSAGE` for a new one")


def render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration is history: it names SQLAlchemy's own types, not ours, which may change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
