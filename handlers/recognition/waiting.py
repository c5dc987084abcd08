"""What waits for somebody in the matrix: for home."""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import When, _, ngettext
from db.recognition import unsaid

from . import asking


def waiting(ctx: Context) -> tuple[Row, ...]:
    """For an agency: the criteria it was asked about and has not answered."""
    request = asking.latest(ctx, ctx.who.agency_id) if ctx.who.agency_id is not None else None
    left = unsaid(ctx.session, request) if request is not None else ()
    if request is None or not left:
        return ()
    title = ngettext(
        "{count} criterion your agency is asked about", "{count} criteria your agency is asked about", len(left)
    )
    answer = button(_("Answer"), "recognition.column", style=Style.PRIMARY)
    return (Row(title, _("by {when}", when=When(request.respond_by)), (answer,)),)
