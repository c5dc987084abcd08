"""Everybody who is asked says when they can."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import NotFound, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, When, _, ngettext
from db.meetings import Can, Invitation, Meeting, MeetingPoll, MeetingSlot, MeetingState, MeetingVote
from db.people import Topic

from .. import cards, telling
from ..room import members, roundtables
from .ending import end
from .polls import poll_of, slots_of, votes_of


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
        raise NotFound()
    _must_be_under_way(poll)
    return poll_screen(ctx, meeting, poll, ctx.who.id, _("When can you come?"))


@roundtables.command("vote", _("Say whether you can"), allow=members)
def vote(ctx: Context, slot: MeetingSlot, can: str) -> Screen:
    """One answer to one time; the last word counts."""
    if can not in set(Can):
        raise NotFound()
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
        raise NotFound()
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
