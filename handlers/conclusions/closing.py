"""The check before the end: nothing is concluded while a contribution has no answer, and it is said which."""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.screen import Refusal, Style, button
from bot.kit.text import _, listed, ngettext
from db.conclusions import count_unanswered, unanswered
from db.consultations import Consultation

from . import finding

NAMED = 4  # of those without an answer; the list behind the button has all


def must_be_answered(ctx: Context, consultation: Consultation) -> None:
    """Raise `Refusal` while something has no answer: how much it is, and the first of it by name."""
    left = count_unanswered(ctx.session, consultation.id)
    if not left:
        return
    first = finding.seen(ctx.session, finding.placed().where(unanswered(consultation.id)).limit(NAMED))
    which = [_("{what} ({words})", what=each.title(), words=each.excerpt()) for each in first]
    if left > NAMED:
        which.append(ngettext("{count} more", "{count} more", left - NAMED))
    raise Refusal(
        ngettext(
            "{count} contribution has no answer yet: {which}.",
            "{count} contributions have no answer yet: {which}.",
            left,
            which=listed(which),
        ),
        buttons=(
            button(_("Answer the next one"), "conclusions.next", style=Style.PRIMARY, consultation=consultation.id),
            button(_("Without an answer"), "conclusions.contributions", consultation=consultation.id, waits=True),
        ),
    )
