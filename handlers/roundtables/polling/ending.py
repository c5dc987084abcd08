"""How a poll stands, and how it ends: by itself, with a date, or given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.kit.context import Context
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Text, When, _, listed
from db.meetings import Can, Meeting, MeetingPoll, MeetingSlot, MeetingState
from handlers.people.naming import called

from .. import cards, dates, telling
from ..room import roundtables, runs
from .polls import poll_of, slots_of, votes_of


@roundtables.job("decide")
def decide(ctx: Context, poll: MeetingPoll) -> None:
    """The day to answer by has come: the best time is proposed."""
    meeting = ctx.session.get_one(Meeting, poll.meeting_id)
    if meeting.state is MeetingState.POLLING and poll.is_under_way:
        end(ctx, meeting, poll)


def end(ctx: Context, meeting: Meeting, poll: MeetingPoll) -> None:
    """No more answers; whoever called the meeting is told the best time, and why it is. Where nobody is asked any
    longer, there is none: another poll can be made, or a date set."""
    poll.end(at=ctx.now)
    telling.let_go(ctx, meeting, meeting.sequence)
    ctx.session.flush()
    if telling.expected(ctx, meeting):
        screen = standing_screen(ctx, meeting, poll, _("The poll has ended. This time suits best."))
    else:
        meeting.drop_poll()
        ctx.session.flush()
        lead = _("The poll has ended without a date: nobody is on the list any longer.")
        invite = button(_("Invite"), "roundtables.invite", style=Style.PRIMARY, meeting=meeting.id)
        screen = Screen(lead, (cards.title(meeting),), buttons=(invite, cards.open_it(meeting)))
    for person_id in telling.answers_for(ctx, meeting):
        ctx.notify(person_id, screen, once=f"{meeting.ref}:best:{poll.id}")


# How it stands


@dataclass(frozen=True)
class Weighed:
    """One time as everybody's answers and clocks have it."""

    slot: MeetingSlot
    who: Mapping[Can | None, Sequence[int]]  # None: not answered
    worst: int
    total: int
    reasons: tuple[Phrase, ...]

    @property
    def rank(self) -> tuple[int, int, int, int, int, datetime]:
        """The fewest who cannot, then the fewest silent, then the fewest who could if need be, then the least burden on
        anybody, then on all, then the earliest."""
        missing, silent, maybe = (len(self.who[each]) for each in (Can.NO, None, Can.MAYBE))
        return missing, silent, maybe, self.worst, self.total, self.slot.starts_at


def weigh(ctx: Context, meeting: Meeting, poll: MeetingPoll) -> list[Weighed]:
    """Every time that is still to come, the best first."""
    people = [each.person_id for each in telling.expected(ctx, meeting)]
    names = called(ctx.session, {*people, meeting.organiser_id})
    said = votes_of(ctx, poll)
    found = []
    for slot in slots_of(ctx, poll):
        if slot.starts_at <= ctx.now:
            continue
        who = {can: [each for each in people if said.get(each, {}).get(slot.id) is can] for can in (*Can, None)}
        there = [each for each in (*people, meeting.organiser_id) if each not in who[Can.NO]]
        worst, total, reasons = dates.burdens(ctx, slot.starts_at, meeting.minutes, there, names)
        found.append(Weighed(slot, who, worst, total, reasons))
    return sorted(found, key=lambda each: each.rank)


@roundtables.command("standing", _("How the poll stands"), allow=runs, reads=runs)
def standing(ctx: Context, meeting: Meeting) -> Screen:
    """Which time suits best so far, and who has not answered."""
    poll = poll_of(ctx, meeting)
    if poll is None or meeting.state is not MeetingState.POLLING:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
    lead = _("So far this time suits best.") if poll.is_under_way else _("This time suits best.")
    return standing_screen(ctx, meeting, poll, lead)


def standing_screen(ctx: Context, meeting: Meeting, poll: MeetingPoll, lead: Phrase) -> Screen:
    weighed = weigh(ctx, meeting, poll)
    stop = button(_("Give the poll up"), "roundtables.give_up", meeting=meeting.id)
    if not weighed:
        none = _("None of the times is still to come.")
        return Screen(lead, (cards.title(meeting), none), buttons=(stop, cards.open_it(meeting)))
    names = called(ctx.session, {person for each in weighed for some in each.who.values() for person in some})
    best = weighed[0]
    until = (_("Answers come until {when}.", when=When(poll.respond_by)),) if poll.is_under_way else ()
    return Screen(
        lead,
        (
            cards.title(meeting),
            _("{when}", when=When(best.slot.starts_at, venue=meeting.zone)),
            *_who(best, names),
            *best.reasons,
            *until,
        ),
        rows=tuple(
            Row(
                When(each.slot.starts_at, venue=meeting.zone),
                _count(each),
                (_confirm(meeting, each, Style.PRIMARY if each is best else Style.PLAIN),),
            )
            for each in weighed
        ),
        buttons=(stop, cards.open_it(meeting)),
    )


def _who(best: Weighed, names: Mapping[int, Text]) -> tuple[Phrase, ...]:
    """Who can and who cannot, by name: whoever calls a meeting has to know whom it would miss."""

    def some(can: Can | None) -> Any:
        return listed([names[each] for each in best.who[can]])

    return tuple(
        line
        for can, line in (
            (Can.YES, _("Can: {names}", names=some(Can.YES))),
            (Can.MAYBE, _("If need be: {names}", names=some(Can.MAYBE))),
            (Can.NO, _("Cannot: {names}", names=some(Can.NO))),
            (None, _("No answer: {names}", names=some(None))),
        )
        if best.who[can]
    )


def _count(each: Weighed) -> Phrase:
    yes, maybe, no, silent = (len(each.who[can]) for can in (*Can, None))
    return _(
        "can: {yes} · if need be: {maybe} · cannot: {no} · no answer: {silent}",
        yes=yes,
        maybe=maybe,
        no=no,
        silent=silent,
    )


def _confirm(meeting: Meeting, each: Weighed, style: Style) -> Button:
    return button(_("Fix this date"), "roundtables.fix", style=style, meeting=meeting.id, slot=each.slot.id)


@roundtables.command(
    "give_up", _("Give the poll up"), allow=runs, confirm=_("Do you want to end the poll without a date?")
)
def give_up(ctx: Context, meeting: Meeting) -> Screen:
    """Back to a meeting without a date: another poll can be made, or a date set."""
    poll = poll_of(ctx, meeting)
    if poll is None or not meeting.drop_poll():
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
    poll.end(at=ctx.now)
    telling.let_go(ctx, meeting, meeting.sequence)
    screen = Screen(
        _("The poll of a meeting was ended without a date. You hear when there is one."),
        (cards.title(meeting),),
        buttons=(cards.open_it(meeting),),
    )
    for each in telling.expected(ctx, meeting):
        if each.person_id != ctx.who.id:
            ctx.notify(each.person_id, screen, once=f"{meeting.ref}:poll:{poll.id}:given_up")
    return cards.card(ctx, meeting, _("The poll has ended without a date."))
