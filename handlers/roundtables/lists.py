"""Which roundtables there are: one's own, those one is invited to, and those one may find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Button, Row, Screen, Style, button
from bot.kit.text import _, ngettext
from db import search
from db.meetings import AHEAD, Meeting, invited_to
from handlers import opening
from handlers.paging import PAGE, turn_pages

from . import cards
from .room import members, roundtables

MEETING = "meeting"
KEPT = timedelta(days=30)  # so long what is over stays on the list
MOST = 50


@roundtables.findable(MEETING, Meeting)
def found(session: Session, meeting: Meeting) -> str:
    """Its title and its agenda."""
    words = [each.words for each in cards.agenda_of(session, meeting) if each.words]
    return "\n".join(dict.fromkeys([*([meeting.title] if meeting.title else []), *words]))


@roundtables.command("roundtables", _("Roundtables"), allow=members, menu=35)
def roundtables_(ctx: Context, page: int = 0, past: bool = False, words: str = "") -> Screen:
    """What is ahead, the next first; `past` what is over; by `words` those that have them on their agenda."""
    seen = [Meeting.visible_to(ctx.who), _over(ctx) if past else and_(Meeting.state.in_(AHEAD), ~_is_done(ctx))]
    if words:
        among = select(Meeting.id).where(Meeting.visible_to(ctx.who))
        named = Meeting.named(words)
        ids = search.find(ctx.session, MEETING, words, among=among, limit=MOST)
        seen = [Meeting.visible_to(ctx.who), Meeting.id.in_(ids) if named is None else named]
    total = ctx.session.scalar(select(func.count()).select_from(Meeting).where(*seen)) or 0
    order = (
        (Meeting.starts_at.desc(), Meeting.id.desc())
        if past
        else (Meeting.starts_at.is_(None), Meeting.starts_at, Meeting.id)
    )
    listed = ctx.session.scalars(select(Meeting).where(*seen).order_by(*order).offset(page * PAGE).limit(PAGE))
    rows = tuple(Row(cards.title(each), cards.line(each), (cards.open_it(each),)) for each in listed)
    count = ngettext("{count} roundtable", "{count} roundtables", total)
    other = (
        button(_("What is ahead"), "roundtables.roundtables")
        if past or words
        else button(_("What is over"), "roundtables.roundtables", past=True)
    )
    return Screen(
        _("Roundtables"),
        (count,) if total else (_("There is none here that you are invited to or may find."),),
        rows=rows,
        buttons=(
            *turn_pages("roundtables.roundtables", page, total, past=past, **({"words": words} if words else {})),
            button(_("Call a roundtable"), "roundtables.call", style=Style.PRIMARY),
            other,
        ),
    )


def _over(ctx: Context) -> ColumnElement[bool]:
    """Held or cancelled, and of late; what one was invited to stays."""
    late = or_(Meeting.ended_at >= ctx.now - KEPT, Meeting.ended_at.is_(None), Meeting.id.in_(invited_to(ctx.who.id)))
    return or_(Meeting.state.not_in(AHEAD), _is_done(ctx)) & late


def _is_done(ctx: Context) -> ColumnElement[bool]:
    """Its time has passed, though nobody has said yet that it took place."""
    return and_(Meeting.ends_at.is_not(None), Meeting.ends_at <= ctx.now)


@roundtables.command("show", _("Open a roundtable"), allow=members, reads=members)
def show(ctx: Context, meeting: Meeting) -> Screen:
    """One meeting, as it is for whoever asks."""
    return cards.card(ctx, meeting)


@roundtables.offer
def offers(ctx: Context, words: str) -> Sequence[Button]:
    """Open what a reference names."""
    return opening.offer(ctx, words, Meeting, "roundtables.show")
