"""Meetings as invitations by e-mail, for whoever prefers these to a calendar by subscription."""

from __future__ import annotations

from sqlalchemy import exists, select

from bot.kit.context import Context, Told
from bot.kit.feeds import wording
from bot.kit.screen import Screen
from db.meetings import Meeting, MeetingState
from db.people import MAIL, WEB, Account, Person
from handlers import invitations
from scheduling.calendar.entry import Label, within

from . import feed


def tell(
    ctx: Context,
    meeting: Meeting,
    person_id: int,
    screen: Screen,
    *,
    once: str,
    told: Told | None = None,
    urgent: bool = False,
    is_off: bool = False,
) -> None:
    """Tell somebody in chat, and their calendar by mail where they want it so; whoever has no chat hears it once.

    `is_off`: for them it does not take place, even if it does for others.
    """
    if not by_mail(ctx, meeting, person_id, screen, once=once, told=told, is_off=is_off):
        ctx.notify(person_id, screen, once=once, told=told, urgent=urgent)


def by_mail(
    ctx: Context,
    meeting: Meeting,
    person_id: int,
    screen: Screen,
    *,
    once: str,
    told: Told | None = None,
    is_off: bool = False,
) -> bool:
    """Tell their calendar by mail where they want it so. Whether that was all: they have no chat to be told in."""
    is_all = _is_only_by_mail(ctx, person_id)
    sent = _send(ctx, meeting, person_id, screen, once=once, told=told if is_all else None, is_off=is_off)
    return sent and is_all


def _send(
    ctx: Context, meeting: Meeting, person_id: int, screen: Screen, *, once: str, told: Told | None, is_off: bool
) -> bool:
    person = ctx.session.get_one(Person, person_id)
    if meeting.starts_at is None or not invitations.prefers_mail(person):
        return False
    say = ctx.words_for(person)
    entry = feed.entry_of(ctx.session, meeting, say, page=ctx.page(""))
    entry = within(entry, Label.MEMBERS, entry.cover)  # many servers read along: what is confidential is not said there
    words = wording(say, person.language)
    is_cancelled = is_off or meeting.state is MeetingState.CANCELLED
    return invitations.send(
        ctx, person_id, entry, screen, words, once=f"{once}:mail", is_cancelled=is_cancelled, told=told
    )


def _is_only_by_mail(ctx: Context, person_id: int) -> bool:
    chats = Account.platform.not_in((MAIL, WEB)), Account.unreachable_since.is_(None)
    return not ctx.session.scalar(select(exists().where(Account.person_id == person_id, *chats)))
