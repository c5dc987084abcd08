"""Opening the database that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from bot.ops.trouble import Trouble
from db.session import Sessions, connect, revisions


@contextmanager
def opened(url: str) -> Iterator[Sessions]:
    """The database at `url`, closed on leaving. Raises Trouble where there is none, or another version's.

    Old code on a new schema, or the reverse, does half work.
    """
    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    if is_file and not (parsed.database and Path(parsed.database).expanduser().exists()):
        raise Trouble(f"there is no database at {parsed.database}: run `parley admin create` first")
    engine = connect(url)
    try:
        current, newest = revisions(engine)
        if current is None:
            raise Trouble("the database has no tables yet: run `parley admin create` first")
        if current != newest:
            raise Trouble(
                f"the database is at revision {current}, this version needs {newest}: run `parley db upgrade`"
            )
        yield Sessions(engine)
    finally:
        engine.dispose()
