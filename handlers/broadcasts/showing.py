"""The whole of a broadcast: to whoever runs it, and to whoever has got it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Fact, Quote, Screen
from bot.kit.text import LANGUAGES, Code, Raw, Text, When, _, listed, phrase_of
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastEdition, EditionKind, Standing
from handlers.people.naming import called

from . import asking, choosing, reasons, replying
from .cards import text_of, texts_of, title
from .room import ON_BROADCAST


def card(ctx: Context, broadcast: Broadcast) -> Screen:
    """The whole of it to whoever runs it, to whoever got it what holds of it now."""
    if not broadcast.is_run_by(ctx.who):
        return received(ctx, broadcast)
    text = text_of(ctx.session, broadcast, ctx.who.language)
    body: list[Text | Quote] = [*asking.nobody(ctx, broadcast)]
    body += [Raw(text.words, text.language)] if text is not None else []
    if broadcast.returned_words is not None:
        by = called(ctx.session, {broadcast.returned_by_id or 0}).get(broadcast.returned_by_id or 0)
        said = _("{name}, {when}", name=by, when=When(broadcast.returned_at)) if by and broadcast.returned_at else None
        body.append(Quote(Raw(broadcast.returned_words), by=said, label=_("Sent back to be changed")))
    body += reasons.of_the_old(ctx.session, broadcast)
    buttons = tuple(each for add in ON_BROADCAST for each in add(ctx, broadcast))
    heading = title(ctx.session, broadcast, ctx.who.language)
    return Screen(heading, tuple(body), facts=facts(ctx, broadcast), buttons=buttons)


def facts(ctx: Context, broadcast: Broadcast) -> tuple[Fact, ...]:
    """How it stands, whose it is, for whom, and who said yes."""
    of = broadcast
    names = called(
        ctx.session, {each for each in (of.author_id, of.approved_by_id, of.ended_by_id) if each is not None}
    )
    written = [LANGUAGES.get(each.language, each.language) for each in texts_of(ctx.session, of)]
    found = [
        Fact(_("Standing"), of.standing),
        Fact(_("Number"), Code(of.ref)),
        Fact(_("Written by"), names[of.author_id]) if of.author_id in names else None,
        Fact(_("For"), choosing.in_words(ctx, of)),
        Fact(_("People"), of.frozen_count) if of.frozen_count is not None else None,
        Fact(_("Languages"), listed([Raw(each) for each in written])) if written else None,
        Fact(_("It asks"), phrase_of(of.asks)),
        Fact(_("Urgent"), _("At any hour")) if of.is_urgent else None,
        Fact(_("Not before"), When(of.send_at)) if of.send_at is not None else None,
        Fact(_("Submitted"), When(of.submitted_at)) if of.submitted_at is not None else None,
        Fact(_("Approved by"), names[of.approved_by_id]) if of.approved_by_id in names else None,
        Fact(_("Nobody approved it"), Raw(of.emergency)) if of.emergency is not None else None,
        Fact(_("Can be taken back until"), When(of.hold_until))
        if of.standing is Standing.HELD and of.hold_until is not None
        else None,
        Fact(_("Began"), When(of.began_at)) if of.began_at is not None else None,
        Fact(_("Ended"), When(of.ended_at)) if of.ended_at is not None else None,
        Fact(_("Ended by"), names[of.ended_by_id]) if of.ended_by_id in names else None,
        Fact(_("Why"), Raw(of.ended_words)) if of.ended_words is not None else None,
    ]
    return tuple(each for each in found if each is not None)


def received(ctx: Context, broadcast: Broadcast) -> Screen:
    """The edition that holds, to somebody who has got one: with the buttons of their own copy."""
    copy = copy_of(ctx, broadcast)
    text = text_of(ctx.session, broadcast, copy.language if copy is not None else ctx.who.language)
    if copy is not None and text is not None and text.screen is not None:
        screen = replying.own_copy(ctx, broadcast, copy)
    else:
        words = (Raw(text.words, text.language),) if text is not None else ()
        screen = Screen(title(ctx.session, broadcast, ctx.who.language), words)
    more = [_edition_fact(ctx, broadcast)]
    if copy is not None and copy.accepted_at is not None:
        more.append(Fact(_("Sent"), When(copy.accepted_at)))
    return replace(screen, facts=(*screen.facts, *(each for each in more if each is not None)))


def copy_of(ctx: Context, broadcast: Broadcast) -> BroadcastCopy | None:
    """The copy that whoever asks has got."""
    its = BroadcastCopy.broadcast_id == broadcast.id, BroadcastCopy.visible_to(ctx.who)
    return ctx.session.scalar(select(BroadcastCopy).where(*its, BroadcastCopy.accepted_at.is_not(None)))


def _edition_fact(ctx: Context, broadcast: Broadcast) -> Fact | None:
    """Since when it is no longer what it was."""
    its = BroadcastEdition.broadcast_id == broadcast.id, BroadcastEdition.number == broadcast.edition
    edition = ctx.session.scalar(select(BroadcastEdition).where(*its))
    if broadcast.standing is Standing.WITHDRAWN and broadcast.ended_at is not None:
        return Fact(_("Withdrawn"), When(broadcast.ended_at))
    if edition is None or edition.kind is EditionKind.FIRST or edition.published_at is None:
        return None
    return Fact(_("Corrected"), When(edition.published_at))
