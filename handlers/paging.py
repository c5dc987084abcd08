"""Long lists, a page at a time."""

from __future__ import annotations

from bot.kit.screen import Button, Scalar
from bot.kit.text import _

PAGE = 6


def turn_pages(command: str, page: int, total: int, **args: Scalar) -> tuple[Button, ...]:
    """Previous and Next, where there is something before and after; `args` are those the command was shown with."""
    before = (Button(_("Previous"), command, args | {"page": page - 1}),) if page > 0 else ()
    after = (Button(_("Next"), command, args | {"page": page + 1}),) if (page + 1) * PAGE < total else ()
    return before + after
