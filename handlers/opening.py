"""Open what a reference names that somebody typed: alike for every kind of row that has one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Style, button
from bot.kit.text import Code, _


def offer(ctx: Context, words: str, table: type[Any], command: str) -> tuple[Button, ...]:
    """A button that runs `command` about the row of `table`, a kind `OfAdministration`, that `words` name, where it is
    theirs to see."""
    meant = table.named(words)
    row: Any = ctx.session.scalar(select(table).where(meant, table.visible_to(ctx.who))) if meant is not None else None
    if row is None:
        return ()
    about = {table.__tablename__: row.id}
    return (button(_("Open {ref}", ref=Code(row.ref)), command, style=Style.PRIMARY, **about),)
