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

    A mail can be late: what was said after it was written holds, by RFC 5546's order of SEQUENCE, then DTSTAMP. An
    answer to what is not theirs is none. Raises `Refusal`.
    """
    meeting = ctx.session.scalar(select(Meeting).where(Meeting.uid == reply.uid, Meeting.visible_to(ctx.who)))
    invitation = cards.invitation_of(ctx, meeting, ctx.who.id) if meeting is not None else None
    if meeting is None or invitation is None:
        return
    said_at = min(reply.stamped_at, ctx.now)  # a clock that is fast says nothing of what is to come
    once = f"{meeting.ref}:reply:{reply.sequence}:{reply.answer}:{reply.stamped_at.isoformat()}"
    if reply.sequence < meeting.sequence:
        lead = _("It has changed since you answered. Please answer for the date it has now.")
    elif invitation.answered_at is not None and said_at < invitation.answered_at:
        lead = _("You have answered again since you wrote that. What you said last holds.")
    elif reply.answer == ACCEPTED:
        answering.accept(ctx, meeting, at=said_at)
        return
    elif reply.answer == DECLINED:
        why = shorten(clean_line(reply.comment), answering.REASON) or None
        answering.decline(ctx, meeting, why, at=said_at)
        return
    elif reply.substitute:
        lead = _("Who comes in your place is said here: they are invited at once.")
    else:
        lead = _("The organiser has to know: do you come or not?")
    ctx.notify(ctx.who, cards.card(ctx, meeting, lead, to=ctx.who.id), once=once, urgent=True)
