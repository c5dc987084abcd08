"""The date: fixed, moved, cancelled; told at once, confirmed as seen, and remembered in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import NotFound, Quote, Refusal, Screen, Style, button
from bot.kit.text import Raw, _, ngettext
from db.machinery import Receipt
from db.meetings import (
    CHANGE,
    Answer,
    Changed,
    Meeting,
    MeetingChange,
    MeetingRequest,
    MeetingSlot,
    MeetingState,
    Reply,
)
from db.people import Topic
from handlers.addresses import address

from . import cards, dates, inviting, polling, rooming, telling
from .room import members, roundtables, runs

ROOM, LINK, REASON = 200, 300, 500
DAY = ask.date(_("On which day?"))
TIME = ask.line(_("At what time?"), max=20, hint=_("On your own clock, for example 10:00."))
MINUTES = ask.number(_("How many minutes does it take?"), least=dates.MINUTES_LEAST, most=dates.MINUTES_MOST)


@roundtables.command("fix", _("Fix this date"), allow=runs)
def fix(ctx: Context, meeting: Meeting, slot: MeetingSlot) -> Screen:
    """One of the times of the poll becomes the date: everybody on the list is invited."""
    poll = polling.poll_of(ctx, meeting)
    if poll is None or slot.poll_id != poll.id:
        raise NotFound()
    _confirm(ctx, meeting, slot.starts_at, meeting.minutes, meeting.zone)
    return _invited(ctx, meeting)


@roundtables.form("set_date", _("Set the date"), allow=runs)
class SetDate(Form):
    """Without a poll."""

    meeting: Meeting = ask.about()
    day: date = DAY
    time: str = TIME
    minutes: int = MINUTES

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["meeting"].state is not MeetingState.CALLED:
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=bound["meeting"].state))

    def submit(self, ctx: Context) -> Screen:
        _confirm(ctx, self.meeting, _instant(ctx, self.day, self.time), self.minutes, ctx.who.zone)
        return _invited(ctx, self.meeting)


def _instant(ctx: Context, day: date, words: str) -> datetime:
    return dates.instant(day, dates.read_time(words, field="time"), ctx.who.zone, now=ctx.now, field="day")


def _confirm(ctx: Context, meeting: Meeting, starts_at: datetime, minutes: int, zone: str) -> None:
    if not meeting.confirm(starts_at, minutes=minutes, zone=zone, at=ctx.now):
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
    ctx.session.flush()
    poll = polling.poll_of(ctx, meeting)  # with a date, from wherever, nobody is asked for one any more
    if poll is not None:
        poll.end(at=ctx.now)
    telling.let_go(ctx, meeting, meeting.sequence)


def fix_at(ctx: Context, meeting: Meeting, starts_at: datetime, *, minutes: int, zone: str) -> Screen:
    """It takes place then: everybody on the list is invited, and reminded in time. Raises `Refusal`."""
    _confirm(ctx, meeting, starts_at, minutes, zone)
    return _invited(ctx, meeting)


def _invited(ctx: Context, meeting: Meeting) -> Screen:
    telling.plan_reminders(ctx, meeting)
    count = telling.change(ctx, meeting, Changed.CONFIRMED, before=None, reason=None)
    lead = ngettext(
        "The date stands. {count} person is being invited.", "The date stands. {count} people are being invited.", count
    )
    return cards.card(ctx, meeting, lead)


def move_to(
    ctx: Context, meeting: Meeting, starts_at: datetime, *, minutes: int, zone: str, reason: str | None = None
) -> Screen:
    """It takes place then instead: everybody is told at once and asked again. Raises `Refusal`."""
    _must_stand(meeting)
    before, sequence = meeting.starts_at, meeting.sequence
    if not meeting.move(starts_at, minutes=minutes, zone=zone, at=ctx.now):
        raise Refusal(_("That is its date already."), field="day")
    ctx.session.flush()
    telling.let_go(ctx, meeting, sequence)
    telling.plan_reminders(ctx, meeting)
    for each in inviting.invitations(ctx, meeting, Answer.ACCEPTED, Answer.DECLINED):
        each.ask_again()
    ctx.session.flush()
    count = telling.change(ctx, meeting, Changed.MOVED, before=before, reason=reason)
    lead = ngettext("Moved. {count} person is being told.", "Moved. {count} people are being told.", count)
    return cards.card(ctx, meeting, lead)


@roundtables.form("move", _("Move it"), allow=runs)
class Move(Form):
    """Another date: everybody is told at once and asked again."""

    meeting: Meeting = ask.about()
    day: date = DAY
    time: str = TIME
    minutes: int = MINUTES
    reason: str | None = ask.line(_("Why?"), max=REASON, optional=True, hint=_("Everybody who is invited reads this."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_stand(bound["meeting"])

    def submit(self, ctx: Context) -> Screen:
        starts_at = _instant(ctx, self.day, self.time)
        zone = ctx.who.zone
        return move_to(ctx, self.meeting, starts_at, minutes=self.minutes, zone=zone, reason=self.reason)


@roundtables.form("cancel", _("Cancel it"), allow=runs)
class Cancel(Form):
    """It does not take place: everybody who has heard of it is told at once."""

    meeting: Meeting = ask.about()
    reason: str | None = ask.line(_("Why?"), max=REASON, optional=True, hint=_("Everybody who is invited reads this."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        inviting.must_be_ahead(bound["meeting"])

    def submit(self, ctx: Context) -> Screen:
        meeting, was, sequence = self.meeting, self.meeting.state, self.meeting.sequence
        meeting.cancel(at=ctx.now)
        ctx.session.flush()
        poll = polling.poll_of(ctx, meeting)
        if poll is not None:
            poll.end(at=ctx.now)
        telling.let_go(ctx, meeting, sequence)
        _answer_wishes(ctx, meeting, self.reason)
        if was is MeetingState.CALLED and not rooming.there(ctx, meeting):
            return cards.card(ctx, meeting, _("Cancelled. Nobody had heard of it yet."))
        count = telling.change(ctx, meeting, Changed.CANCELLED, before=meeting.starts_at, reason=self.reason)
        lead = ngettext("Cancelled. {count} person is being told.", "Cancelled. {count} people are being told.", count)
        return cards.card(ctx, meeting, lead)


def _answer_wishes(ctx: Context, meeting: Meeting, reason: str | None) -> None:
    """Whoever asked to join, or for a topic, waits for an answer."""
    told = {*(each.person_id for each in telling.expected(ctx, meeting)), *telling.followers(ctx, meeting)}
    waiting = MeetingRequest.meeting_id == meeting.id, MeetingRequest.reply == Reply.OPEN
    for each in ctx.session.scalars(select(MeetingRequest).where(*waiting).order_by(MeetingRequest.id)).all():
        each.decide(Reply.NO, ctx.who.id, at=ctx.now, reason=reason, language=ctx.who.language)
        if each.person_id not in told:
            told.add(each.person_id)
            why = (Quote(Raw(reason, ctx.who.language), label=_("Why")),) if reason else ()
            lead = _("A meeting of which you had asked something does not take place.")
            screen = Screen(
                lead, (cards.title(meeting), *why), buttons=(button(_("Roundtables"), "roundtables.roundtables"),)
            )
            ctx.notify(each.person_id, screen, once=f"{meeting.ref}:reply:{each.id}")
    ctx.session.flush()


@roundtables.form("place", _("Where it takes place"), allow=runs)
class Place(Form):
    """A room, an address to join from elsewhere, or both."""

    meeting: Meeting = ask.about()
    room: str | None = ask.line(
        _("In which room?"), max=ROOM, optional=True, hint=_("With the address, if it is needed.")
    )
    link: str | None = ask.line(
        _("By which link does one join from elsewhere?"), max=LINK, optional=True, hint=_("It begins with https://")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        inviting.must_be_ahead(bound["meeting"])

    def submit(self, ctx: Context) -> Screen:
        meeting, stands = self.meeting, self.meeting.state is MeetingState.CONFIRMED
        sequence = meeting.sequence
        if not meeting.settle_place(self.room, address(self.link), at=ctx.now):
            return cards.card(ctx, meeting, _("That is its place already."))
        ctx.session.flush()
        if not stands:
            return cards.card(ctx, meeting, _("Changed."))
        telling.let_go(ctx, meeting, sequence)
        telling.plan_reminders(ctx, meeting)
        count = telling.change(ctx, meeting, Changed.PLACE, before=None, reason=None)
        lead = ngettext("Changed. {count} person is being told.", "Changed. {count} people are being told.", count)
        return cards.card(ctx, meeting, lead)


def _must_stand(meeting: Meeting) -> None:
    if meeting.state is not MeetingState.CONFIRMED:
        raise Refusal(_("It has no date that could be moved. Its state is: {state}.", state=meeting.state))


@roundtables.command("seen", _("I have seen it"), allow=members, by_link=True)
def seen(ctx: Context, change: MeetingChange) -> Screen:
    """Somebody confirms that a change has reached them."""
    mine = Receipt.about == CHANGE, Receipt.about_id == change.id, Receipt.person_id == ctx.who.id
    receipt = ctx.session.scalar(select(Receipt).where(*mine))
    if receipt is None:
        raise NotFound()
    acknowledge(ctx, receipt)
    meeting = ctx.session.get_one(Meeting, change.meeting_id)
    return cards.card(ctx, meeting, _("Thank you. Whoever organises it knows that you have seen it."))


def acknowledge(ctx: Context, receipt: Receipt) -> None:
    receipt.opened_at = receipt.opened_at or ctx.now
    receipt.acknowledged_at = receipt.acknowledged_at or ctx.now


# What falls due


@roundtables.job("remind")
def remind(ctx: Context, meeting: Meeting, sequence: int, hours: int) -> None:
    """Whoever is expected is reminded, and whoever called it, in their language and on their clock; never of what has
    begun, or was moved."""
    if meeting.state is not MeetingState.CONFIRMED or meeting.sequence != sequence or meeting.starts_at is None:
        return
    if meeting.starts_at <= ctx.now:
        return
    lead = _("A meeting begins on {when}.", when=cards.at(meeting))
    is_near = hours == 1
    people = [each for each in telling.expected(ctx, meeting) if not is_near or each.answer is Answer.ACCEPTED]
    screens = {each.person_id: cards.card(ctx, meeting, lead, to=each.person_id) for each in people}
    if meeting.organiser_id in telling.answers_for(ctx, meeting):
        own = cards.card(ctx, meeting, lead, to=meeting.organiser_id)
        screens[meeting.organiser_id] = replace(own, buttons=(*cards.join_button(meeting), cards.open_it(meeting)))
    for person_id, screen in screens.items():
        ctx.notify(
            person_id,
            screen,
            once=f"{meeting.ref}:remind:{sequence}:{hours}",
            urgent=is_near,
            topic=Topic.REMINDERS,
            until=meeting.starts_at,
        )


@roundtables.job("over")
def over(ctx: Context, meeting: Meeting, sequence: int) -> None:
    """Its time has passed: whoever called it is asked whether it took place, and who was there."""
    if meeting.state is not MeetingState.CONFIRMED or meeting.sequence != sequence:
        return
    held = button(_("It took place"), "roundtables.held", style=Style.PRIMARY, meeting=meeting.id)
    screen = Screen(_("Did the meeting take place?"), (cards.title(meeting),), buttons=(held, cards.open_it(meeting)))
    for person_id in telling.answers_for(ctx, meeting):
        ctx.notify(person_id, screen, once=f"{meeting.ref}:over:{sequence}")
