"""Long lists, a page at a time."""

from __future__ import annotations

from bot.kit.screen import Button, Scalar
from bot.kit.text import _

PAGE = 6


def turn_pages(command: str, page: int, total: int, lines: int = PAGE, /, **args: Scalar) -> tuple[Button, ...]:
    """Previous and Next, where there is something before and after; `args` are those the command was shown with.

    `lines` is how many there are on a page: a table takes more than what has buttons of its own.
    """
    before = (Button(_("Previous"), command, args | {"page": page - 1}),) if page > 0 else ()
    after = (Button(_("Next"), command, args | {"page": page + 1}),) if (page + 1) * lines < total else ()
    return before + after
