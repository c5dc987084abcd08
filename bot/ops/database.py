"""Opening the database that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from bot.ops.trouble import Trouble
from db.machinery import BEING_MOVED_HERE, MOVED_AWAY, Setting
from db.session import Sessions, connect, revisions


@contextmanager
def opened(url: str, *, even_moved: bool = False) -> Iterator[Sessions]:
    """The database at `url`, closed on leaving. Raises Trouble where there is none, or another version's.

    Old code on a new schema, or the reverse, does half work. A database that was moved, or into which a move has not
    ended, is for the mover alone.
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
        sessions = Sessions(engine)
        if not even_moved and (why := elsewhere(sessions)) is not None:
            raise Trouble(why)
        yield sessions
    finally:
        engine.dispose()


def elsewhere(sessions: Sessions) -> str | None:
    """Why nobody may use this database: its rows live in another one. None where they do not."""
    with sessions.reading() as session:
        if (gone := session.get(Setting, MOVED_AWAY)) is not None:
            return f"this database was moved to {gone.value['to']}: set PARLEY_DATABASE_URL to that one"
        if session.get(Setting, BEING_MOVED_HERE) is not None:
            return "a move into this database has not ended: run the same `parley migrate-to` again"
    return None
