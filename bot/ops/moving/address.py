"""The address of a database, as an operator writes it and as it may be shown."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.ops.trouble import Trouble

DRIVER = "postgresql+psycopg"


def postgresql(written: str) -> URL:
    """`postgresql://…`, with or without our driver's name. Raises Trouble for anything else."""
    try:
        url = make_url(written)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in ("postgresql", "postgres", DRIVER):
        raise Trouble("name the PostgreSQL database to move to: postgresql://USER:PASSWORD@HOST/NAME")
    return url.set(drivername=DRIVER)


def shown(url: URL) -> str:
    """Without its password."""
    return url.render_as_string(hide_password=True)
