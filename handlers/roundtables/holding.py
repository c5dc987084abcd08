"""A meeting took place: who was there, and who sent apologies."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import NotFound, Refusal, Row, Screen, button
from bot.kit.text import Phrase, _
from db.meetings import Answer, Attendance, Invitation, Meeting, MeetingState
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import cards, telling
from .room import WHEN_HELD, roundtables, runs


@roundtables.command("held", _("It took place"), allow=runs)
def held(ctx: Context, meeting: Meeting) -> Screen:
    """It took place; who was there begins with what people had answered."""
    if meeting.state is MeetingState.HELD:
        return _attendance(ctx, meeting, _("That is recorded already. Who was there?"))
    if not meeting.hold(at=ctx.now):
        raise Refusal(_("That cannot be said yet. Its state is: {state}.", state=meeting.state))
    said = {
        Answer.ACCEPTED: Attendance.PRESENT,
        Answer.DECLINED: Attendance.APOLOGIES,
        Answer.REPLACED: Attendance.APOLOGIES,
        Answer.NONE: Attendance.ABSENT,
    }
    for each in invited(ctx, meeting):
        each.attendance = said[each.answer]
    ctx.session.flush()
    for note in WHEN_HELD:
        note(ctx, meeting)
    return _attendance(ctx, meeting, _("Who was there? This is what people had said: please put it right."))


@roundtables.command("attendance", _("Who was there"), allow=runs, reads=runs)
def attendance(ctx: Context, meeting: Meeting, page: int = 0) -> Screen:
    return _attendance(ctx, meeting, _("Who was there?"), page=page)


@roundtables.command("was", _("Say who was there"), allow=runs)
def was(ctx: Context, meeting: Meeting, invitation: Invitation, how: str, page: int = 0) -> Screen:
    """One person was there, sent apologies, or neither."""
    telling.of(meeting, invitation)
    if how not in set(Attendance):
        raise NotFound()
    if meeting.state is not MeetingState.HELD:
        raise Refusal(_("That cannot be changed now. Its state is: {state}.", state=meeting.state))
    invitation.attendance = Attendance(how)
    ctx.session.flush()
    return _attendance(ctx, meeting, _("Noted."), page=page)


def _attendance(ctx: Context, meeting: Meeting, lead: Phrase, *, page: int = 0) -> Screen:
    found = invited(ctx, meeting)
    names = called(ctx.session, {each.person_id for each in found})
    rows = tuple(
        Row(
            names[each.person_id],
            _("{how}", how=each.attendance) if each.attendance else None,
            tuple(
                button(
                    _("{how}", how=how),
                    "roundtables.was",
                    meeting=meeting.id,
                    invitation=each.id,
                    how=how.value,
                    page=page,
                )
                for how in Attendance
                if how is not each.attendance and meeting.state is MeetingState.HELD
            ),
        )
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        lead,
        (cards.title(meeting),),
        rows=rows,
        buttons=(
            *turn_pages("roundtables.attendance", page, len(found), meeting=meeting.id),
            *(cards.run_buttons(ctx, meeting) if meeting.state is MeetingState.HELD else ()),
            cards.open_it(meeting),
        ),
    )


def invited(ctx: Context, meeting: Meeting) -> Sequence[Invitation]:
    """Everybody on the list who was not taken off it."""
    on_it = Invitation.meeting_id == meeting.id, Invitation.answer != Answer.REMOVED
    return ctx.session.scalars(select(Invitation).where(*on_it).order_by(Invitation.id)).all()
