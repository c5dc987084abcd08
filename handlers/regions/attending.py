"""Who speaks for a member is on the list of the region's meetings ahead, and who does no longer is not."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from db.meetings import AHEAD, Answer, Invitation, Meeting
from db.regions import RegionalMeeting, Representative, Side
from handlers.roundtables import inviting

from . import bearing


def came(ctx: Context, seat: Representative) -> None:
    """They hear what the others have heard. Whom the office has taken off a list stays off."""
    for meeting in _ahead(ctx, seat):
        known = select(Invitation.id).where(Invitation.meeting_id == meeting.id, Invitation.person_id == seat.person_id)
        if ctx.session.scalar(known) is None:
            made = inviting.put_on_list(ctx, meeting, seat.person_id)
            if made is not None:
                inviting.tell_new(ctx, meeting, made)


def left(ctx: Context, seat: Representative) -> None:
    """Taken off, unless they speak for another member, too."""
    speaking = bearing.in_force(ctx.session, seat.administration_id, seat.region, at=ctx.now)
    if any(each.person_id == seat.person_id for each in speaking):
        return
    for meeting in _ahead(ctx, seat):
        theirs = Invitation.meeting_id == meeting.id, Invitation.person_id == seat.person_id
        invitation = ctx.session.scalar(select(Invitation).where(*theirs, Invitation.answer != Answer.REMOVED))
        if invitation is not None:
            inviting.take_off(ctx, meeting, invitation)


def _ahead(ctx: Context, seat: Representative) -> Sequence[Meeting]:
    """The region's meetings they attend; those of business attend joint ones only."""
    those = select(Meeting).join(RegionalMeeting, RegionalMeeting.meeting_id == Meeting.id)
    of_region = RegionalMeeting.region == seat.region, Meeting.administration_id == seat.administration_id
    joint = (RegionalMeeting.jointly,) if seat.side is Side.BUSINESS else ()
    return ctx.session.scalars(those.where(*of_region, *joint, Meeting.state.in_(AHEAD)).order_by(Meeting.id)).all()
