"""What was answered: how many said what, and what was said in other words."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Row, Screen, button
from bot.kit.text import Raw, Text, When, _, phrase_of
from db.broadcasts import Asks, Broadcast, BroadcastCopy, Reply
from db.people import Person
from handlers.paging import PAGE, turn_pages
from scheduling.regions import name_of

from . import cards, voices
from .replying import ANSWERS
from .room import ON_BROADCAST, broadcasts, senders


@broadcasts.command("answers", _("What was answered"), allow=senders, reads=senders)
def answers(ctx: Context, broadcast: Broadcast, page: int = 0) -> Screen:
    """In figures, then the answers in other words, the newest first: with the names of one's own administration."""
    its = BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.accepted_at.is_not(None)
    by_reply = select(BroadcastCopy.reply, func.count()).where(*its).group_by(BroadcastCopy.reply)
    counts = {reply: count for reply, count in ctx.session.execute(by_reply)}  # noqa: C416
    in_words = (*its, BroadcastCopy.reply == Reply.OTHER, BroadcastCopy.reply_words.is_not(None))
    said = (
        select(BroadcastCopy, Person)
        .join(Person, Person.id == BroadcastCopy.person_id)
        .where(*in_words)
        .order_by(BroadcastCopy.acknowledged_at.desc(), BroadcastCopy.id)
    )
    total = ctx.session.scalar(select(func.count()).select_from(BroadcastCopy).where(*in_words)) or 0
    found = ctx.session.execute(said.limit(PAGE).offset(page * PAGE))
    possible = [each for each in Reply if each in ANSWERS[broadcast.asks]]
    return Screen(
        _("What was answered"),
        (cards.title(ctx.session, broadcast, ctx.who.language),),
        facts=(
            *(Fact(phrase_of(each), voices.figure(broadcast, counts.get(each, 0))) for each in possible),
            Fact(_("No answer yet"), voices.figure(broadcast, counts.get(None, 0))),
        ),
        rows=tuple(_row(ctx, broadcast, copy, person) for copy, person in found),
        buttons=(*turn_pages("broadcasts.answers", page, total, broadcast=broadcast.id), cards.open_it(broadcast)),
    )


def _row(ctx: Context, broadcast: Broadcast, copy: BroadcastCopy, person: Person) -> Row:
    words = Raw(copy.reply_words or "", person.language)
    if voices.is_about_voices(broadcast) or copy.acknowledged_at is None:
        return Row(words)
    is_ours = person.administration_id == ctx.who.administration_id and person.name
    who: Text = Raw(person.name) if is_ours else Raw(name_of(copy.country, ctx.who.language), ctx.who.language)
    return Row(words, _("{name}, {when}", name=who, when=When(copy.acknowledged_at)))


def on_card(ctx: Context, broadcast: Broadcast) -> tuple[Button, ...]:
    if broadcast.asks is Asks.NOTHING or broadcast.began_at is None:
        return ()
    return (button(_("What was answered"), "broadcasts.answers", broadcast=broadcast.id),)


ON_BROADCAST.append(on_card)
