"""Looking for a date: times are offered, everybody says when they can, the silent are reminded once, and the best time
is proposed to whoever called the meeting, with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, NotFound, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Text, When, _, listed, name_members, ngettext
from db.meetings import Can, Invitation, Meeting, MeetingPoll, MeetingSlot, MeetingState, MeetingVote
from db.people import Topic
from handlers.people.naming import called

from . import cards, dates, telling
from .room import members, roundtables, runs

LAST_MINUTE = time(18, 0)  # of the day to answer by
TO_ANSWER = timedelta(hours=4)  # the least that a reminder leaves
WORDS = 600


class Offering(StrEnum):
    SUGGESTED = "suggested"
    OWN = "own"


name_members({Offering.SUGGESTED: _("Let Parley suggest times"), Offering.OWN: _("I name the times")})


# Whoever knows better times for one of its kind registers it here: (ctx, meeting, minutes, the last day to answer) ->
# them, the earliest first; None for a meeting of another kind.
SUGGESTING: list[Callable[[Context, Meeting, int, date], list[datetime] | None]] = []


@roundtables.form("poll", _("Find a date"), allow=runs)
class Poll(Form):
    """Several times are offered to everybody on the list."""

    meeting: Meeting = ask.about()
    minutes: int = ask.number(_("How many minutes does it take?"), least=dates.MINUTES_LEAST, most=dates.MINUTES_MOST)
    respond_by: date = ask.date(_("By which day must everybody have answered?"), options=dates.respond_days)
    offering: Offering = ask.choice(
        _("Which times do you offer?"), hint=_("Parley knows everybody's time zone, working days and public holidays.")
    )
    times: str | None = ask.prose(
        _("Which times?"),
        max=WORDS,
        hint=_("One a line, on your own clock; for example: 4 December 10:00"),
        when=lambda so_far: so_far.offering is Offering.OWN,
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        meeting = bound["meeting"]
        if meeting.state is not MeetingState.CALLED:
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=meeting.state))
        if not telling.expected(ctx, meeting):
            raise Refusal(_("Nobody is on its list yet. Invite somebody first."))

    def submit(self, ctx: Context) -> Screen:
        meeting, zone = self.meeting, ctx.who.zone
        until = dates.instant(self.respond_by, LAST_MINUTE, zone, now=ctx.now, field="respond_by")
        people = [each.person_id for each in telling.expected(ctx, meeting)]
        if self.offering is Offering.OWN:
            slots = dates.read_slots(self.times or "", ctx, zone, field="times")
        else:
            slots = self._suggested(ctx, [*people, meeting.organiser_id])
        if slots[0] <= until:
            raise Refusal(_("The first time must come after the day to answer by."), field="respond_by")
        meeting.open_poll(minutes=self.minutes, zone=zone)
        poll = MeetingPoll(
            administration_id=meeting.administration_id, meeting_id=meeting.id, respond_by=until, opened_at=ctx.now
        )
        ctx.session.add(poll)
        ctx.session.flush()
        for each in slots:
            slot = MeetingSlot(administration_id=meeting.administration_id, poll_id=poll.id, starts_at=each)
            ctx.session.add(slot)
        ctx.session.flush()
        ctx.later(self._nudge_at(ctx, until), "roundtables.nudge", key=telling.poll_key(poll.id, "nudge"), poll=poll.id)
        ctx.later(until, "roundtables.decide", key=telling.poll_key(poll.id, "decide"), poll=poll.id)
        for invitation in telling.expected(ctx, meeting):
            ask_one(ctx, meeting, invitation)
        lead = ngettext("Asked. {count} person is to answer.", "Asked. {count} people are to answer.", len(people))
        return standing_screen(ctx, meeting, poll, lead)

    def _nudge_at(self, ctx: Context, until: datetime) -> datetime:
        """Half of the time on; when offices open after that, where it leaves time to answer: nobody on a day off."""
        half = ctx.now + (until - ctx.now) / 2
        opening = dates.home_week(ctx).next_open(half)
        return opening if until - opening >= TO_ANSWER else half

    def _suggested(self, ctx: Context, people: Sequence[int]) -> list[datetime]:
        for suggest in SUGGESTING:
            if (found := suggest(ctx, self.meeting, self.minutes, self.respond_by)) is not None:
                return found
        return dates.suggest(ctx, people, self.minutes, self.respond_by, ctx.who.zone)


def poll_of(ctx: Context, meeting: Meeting) -> MeetingPoll | None:
    """The last one, under way or not."""
    its = select(MeetingPoll).where(MeetingPoll.meeting_id == meeting.id)
    return ctx.session.scalars(its.order_by(MeetingPoll.id.desc()).limit(1)).first()


def slots_of(ctx: Context, poll: MeetingPoll) -> Sequence[MeetingSlot]:
    offered = select(MeetingSlot).where(MeetingSlot.poll_id == poll.id)
    return ctx.session.scalars(offered.order_by(MeetingSlot.starts_at)).all()


def votes_of(ctx: Context, poll: MeetingPoll) -> dict[int, dict[int, Can]]:
    """What each person said of each slot."""
    rows = ctx.session.execute(
        select(MeetingVote.person_id, MeetingVote.slot_id, MeetingVote.can)
        .join(MeetingSlot, MeetingSlot.id == MeetingVote.slot_id)
        .where(MeetingSlot.poll_id == poll.id)
    )
    found: dict[int, dict[int, Can]] = {}
    for row in rows:
        found.setdefault(row.person_id, {})[row.slot_id] = row.can
    return found


def voters(ctx: Context, meeting: Meeting) -> Collection[int]:
    """Whoever has said anything in its last poll."""
    poll = poll_of(ctx, meeting)
    return votes_of(ctx, poll) if poll is not None else ()


def ask_one(ctx: Context, meeting: Meeting, invitation: Invitation) -> None:
    """Ask somebody when they can; anew whoever was taken off the list and put on it again."""
    poll = poll_of(ctx, meeting)
    if poll is not None and poll.is_under_way:
        person_id, once = invitation.person_id, f"{meeting.ref}:poll:{poll.id}:{invitation.version}"
        screen = poll_screen(ctx, meeting, poll, person_id, _("When can you come to a meeting?"))
        ctx.notify(person_id, screen, once=once, until=poll.respond_by)


def poll_screen(ctx: Context, meeting: Meeting, poll: MeetingPoll, person_id: int, lead: Phrase) -> Screen:
    """Every time that is offered, in the reader's own zone, with what they said of it."""
    said = votes_of(ctx, poll).get(person_id, {})
    slots = slots_of(ctx, poll)
    rows = tuple(
        Row(
            When(each.starts_at, venue=meeting.zone),
            _("You said: {answer}", answer=said[each.id]) if each.id in said else None,
            tuple(
                button(
                    _("{answer}", answer=can),
                    "roundtables.vote",
                    style=Style.PRIMARY if said.get(each.id) is can else Style.PLAIN,
                    slot=each.id,
                    can=can.value,
                )
                for can in Can
                if said.get(each.id) is not can
            ),
        )
        for each in slots
    )
    rest = button(_("I cannot at the others"), "roundtables.not_the_others", poll=poll.id)
    return Screen(
        lead,
        (
            cards.title(meeting),
            *cards.agenda_lines(ctx, meeting),
            ngettext("It takes {count} minute.", "It takes {count} minutes.", meeting.minutes),
            _("Please answer by {when}.", when=When(poll.respond_by)),
        ),
        rows=rows,
        buttons=(*((rest,) if len(said) < len(slots) else ()), cards.open_it(meeting)),
    )


@roundtables.command("when", _("Say when you can"), allow=members, reads=members)
def when(ctx: Context, meeting: Meeting) -> Screen:
    """The times that are offered, to whoever is asked."""
    poll = poll_of(ctx, meeting)
    if poll is None or not _is_asked(ctx, meeting):
        raise NotFound(telling.NOT_FOUND)
    _must_be_under_way(poll)
    return poll_screen(ctx, meeting, poll, ctx.who.id, _("When can you come?"))


@roundtables.command("vote", _("Say whether you can"), allow=members)
def vote(ctx: Context, slot: MeetingSlot, can: str) -> Screen:
    """One answer to one time; the last word counts."""
    if can not in set(Can):
        raise NotFound(telling.NOT_FOUND)
    poll, meeting = _locked(ctx, slot.poll_id)
    _note(ctx, [slot], Can(can))
    return _answered(ctx, meeting, poll)


@roundtables.command("not_the_others", _("I cannot at the others"), allow=members)
def not_the_others(ctx: Context, poll: MeetingPoll) -> Screen:
    """No to every time one has said nothing of."""
    poll, meeting = _locked(ctx, poll.id)
    said = votes_of(ctx, poll).get(ctx.who.id, {})
    _note(ctx, [each for each in slots_of(ctx, poll) if each.id not in said], Can.NO)
    return _answered(ctx, meeting, poll)


def _locked(ctx: Context, poll_id: int) -> tuple[MeetingPoll, Meeting]:
    """The poll, held until the turn ends: who answers last is known, however many answer at once."""
    held = select(MeetingPoll).where(MeetingPoll.id == poll_id).with_for_update()
    poll = ctx.session.scalars(held.execution_options(populate_existing=True)).one()
    meeting = ctx.session.get_one(Meeting, poll.meeting_id)
    if not _is_asked(ctx, meeting):
        raise NotFound(telling.NOT_FOUND)
    _must_be_under_way(poll)
    return poll, meeting


def _is_asked(ctx: Context, meeting: Meeting) -> bool:
    return any(each.person_id == ctx.who.id for each in telling.expected(ctx, meeting))


def _must_be_under_way(poll: MeetingPoll) -> None:
    if not poll.is_under_way:
        raise Refusal(_("The poll has ended. You hear which date it is."))


def _note(ctx: Context, slots: Sequence[MeetingSlot], can: Can) -> None:
    mine = select(MeetingVote).where(MeetingVote.person_id == ctx.who.id)
    known = {
        each.slot_id: each
        for each in ctx.session.scalars(mine.where(MeetingVote.slot_id.in_([slot.id for slot in slots])))
    }
    for slot in slots:
        if (held := known.get(slot.id)) is not None:
            held.can, held.at = can, ctx.now
        else:
            ctx.session.add(MeetingVote(slot_id=slot.id, person_id=ctx.who.id, can=can, at=ctx.now))
    ctx.session.flush()


def _answered(ctx: Context, meeting: Meeting, poll: MeetingPoll) -> Screen:
    """Thank them; when nobody is missing any longer, the poll ends."""
    if _is_complete(ctx, meeting, poll):
        end(ctx, meeting, poll)
        return Screen(
            _("Thank you. Everybody has answered; you hear which date it is."),
            (cards.title(meeting),),
            buttons=(cards.open_it(meeting),),
        )
    left = len(slots_of(ctx, poll)) - len(votes_of(ctx, poll)[ctx.who.id])
    lead = (
        ngettext("Noted. {count} time is left to answer.", "Noted. {count} times are left to answer.", left)
        if left
        else _("Thank you. You hear which date it is. Until then you can change your answers.")
    )
    return poll_screen(ctx, meeting, poll, ctx.who.id, lead)


def _is_complete(ctx: Context, meeting: Meeting, poll: MeetingPoll) -> bool:
    """Whether nobody who is asked has left a time out."""
    said, count = votes_of(ctx, poll), len(slots_of(ctx, poll))
    return all(len(said.get(each.person_id, {})) >= count for each in telling.expected(ctx, meeting))


def ask_one_less(ctx: Context, meeting: Meeting) -> None:
    """Somebody was taken off the list. Where only their answer was missing, the poll ends; with nobody left on it, not
    before its time: others may be invited yet."""
    held = select(MeetingPoll).where(MeetingPoll.meeting_id == meeting.id, MeetingPoll.ended_at.is_(None))
    held = held.with_for_update().execution_options(populate_existing=True)
    for poll in ctx.session.scalars(held).all():
        if telling.expected(ctx, meeting) and _is_complete(ctx, meeting, poll):
            end(ctx, meeting, poll)


# What falls due


@roundtables.job("nudge")
def nudge(ctx: Context, poll: MeetingPoll) -> None:
    """Half of the time has passed: whoever has said nothing at all is reminded, once."""
    meeting = ctx.session.get_one(Meeting, poll.meeting_id)
    if meeting.state is not MeetingState.POLLING or poll.respond_by <= ctx.now or not poll.nudge(at=ctx.now):
        return
    said = votes_of(ctx, poll)
    for each in telling.expected(ctx, meeting):
        if each.person_id not in said:
            screen = poll_screen(
                ctx, meeting, poll, each.person_id, _("A meeting waits for your answer: when can you?")
            )
            once = f"{meeting.ref}:nudge:{poll.id}"
            ctx.notify(each.person_id, screen, once=once, topic=Topic.REMINDERS, until=poll.respond_by)


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
