"""What people answer from their calendar program, by e-mail: the same as if they had tapped."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.clean import clean_line, shorten
from bot.kit.context import Context
from bot.kit.events import Replied
from bot.kit.text import _
from db.meetings import Meeting

from . import answering, cards

ACCEPTED, DECLINED = "ACCEPTED", "DECLINED"


def replied(ctx: Context, reply: Replied) -> None:
    """Accept or decline. What answers an earlier date, or says neither yes nor no, is answered with how to say it.

    An answer to what is not theirs is none. Raises `Refusal`.
    """
    meeting = ctx.session.scalar(select(Meeting).where(Meeting.uid == reply.uid, Meeting.visible_to(ctx.who)))
    if meeting is None or cards.invitation_of(ctx, meeting, ctx.who.id) is None:
        return
    once = f"{meeting.ref}:reply:{reply.sequence}:{reply.answer}:{reply.stamped_at.isoformat()}"
    if reply.sequence < meeting.sequence:
        lead = _("It has changed since you answered. Please answer for the date it has now.")
    elif reply.answer == ACCEPTED:
        answering.accept(ctx, meeting)
        return
    elif reply.answer == DECLINED:
        answering.decline(ctx, meeting, shorten(clean_line(reply.comment), answering.REASON) or None)
        return
    elif reply.substitute:
        lead = _("Who comes in your place is said here: they are invited at once.")
    else:
        lead = _("The organiser has to know: do you come or not?")
    ctx.notify(ctx.who, cards.card(ctx, meeting, lead, to=ctx.who.id), once=once, urgent=True)
