"""The minutes go out, and whoever runs the meeting sees who has heard."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context, Told
from bot.kit.screen import NotFound, Row, Screen, button
from bot.kit.text import Code, Text, When, _
from db.ledger import heard_by
from db.meetings import (
    MINUTED,
    MINUTES,
    Meeting,
    Minute,
)
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from .. import cards, dating, holding, rooming
from ..room import members, roundtables, runs
from .reading import minutes_screen, page_of, receipt_of, to_acknowledge

# Sent


@roundtables.job("close")
def close(ctx: Context, meeting: Meeting) -> None:
    """The time for corrections has passed: the minutes go to everybody who was there or sent apologies."""
    if not meeting.close(at=ctx.now):
        return
    ctx.session.flush()
    rooming.end(ctx, meeting, *rooming.minutes_are_with(meeting))
    lines = ctx.session.scalars(select(Minute).where(Minute.meeting_id == meeting.id).order_by(Minute.id)).all()
    screen = minutes_screen(ctx, meeting, _("The minutes of a meeting"), lines)
    sent = Screen(screen.heading, screen.body, screen.facts, buttons=(to_acknowledge(meeting), cards.open_it(meeting)))
    to = [each.person_id for each in holding.invited(ctx, meeting) if each.attendance in MINUTED]
    for person_id in to:
        ctx.notify(person_id, sent, once=f"{meeting.ref}:minutes", told=Told(MINUTES, meeting.id))
    if meeting.organiser_id not in to:
        heard_ = button(_("Who has heard"), "roundtables.heard", meeting=meeting.id)
        done = Screen(screen.heading, screen.body, screen.facts, buttons=(heard_, cards.open_it(meeting)))
        ctx.notify(meeting.organiser_id, done, once=f"{meeting.ref}:minutes")


@roundtables.command("acknowledge", _("Acknowledge"), allow=members, reads=members, by_link=True)
def acknowledge(ctx: Context, meeting: Meeting) -> Screen:
    """One has read the minutes."""
    receipt = receipt_of(ctx, meeting)
    if receipt is None:
        raise NotFound()
    dating.acknowledge(ctx, receipt)
    return page_of(ctx, meeting, _("Thank you. Whoever organised it knows that you have read them."))


@roundtables.command("heard", _("Who has heard"), allow=runs, reads=runs)
def heard(ctx: Context, meeting: Meeting, page: int = 0) -> Screen:
    """How far the minutes have come with each of those they went to."""
    found = heard_by(ctx.session, MINUTES, meeting.id)
    names: dict[int, Text] = called(ctx.session, set(found))
    order = sorted(found, key=lambda person_id: list(type(found[person_id][0])).index(found[person_id][0]))
    rows = tuple(
        Row(names[each], _("{state}, {when}", state=found[each][0], when=When(found[each][1])))
        for each in order[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        _("Who has heard of the minutes of {ref}", ref=Code(meeting.ref)),
        (cards.title(meeting),) if rows else (cards.title(meeting), _("They went to nobody yet.")),
        rows=rows,
        buttons=(*turn_pages("roundtables.heard", page, len(order), meeting=meeting.id), cards.open_it(meeting)),
    )
