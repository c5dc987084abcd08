"""Several news in one message: a row for each, and a button that shows it whole."""

from __future__ import annotations

from collections.abc import Container

from .screen import Row, Screen
from .text import ngettext

READ = "news.read"  # what such a button does; its argument `news` says which


def together(rows: tuple[Row, ...]) -> Screen:
    """The message that carries the news of `rows`."""
    return Screen(ngettext("{count} thing is new for you", "{count} things are new for you", len(rows)), rows=rows)


def without(screen: Screen, news: Container[object]) -> Screen:
    """The same message without some of its news."""
    return together(tuple(row for row in screen.rows if not any(each.args.get("news") in news for each in row.buttons)))
