"""What waits for somebody among the roundtables: for home."""

from __future__ import annotations

from sqlalchemy import BindParameter, and_, bindparam, exists, or_, select, union_all

from bot.kit.context import Context
from bot.kit.screen import Button, Row, Style, button
from bot.kit.text import Code, Phrase, _
from db.meetings import (
    Answer,
    Invitation,
    Meeting,
    MeetingPoll,
    MeetingRequest,
    MeetingSlot,
    MeetingState,
    MeetingVote,
    Minute,
    Reply,
)

from . import cards

MOST = 3

_ME: BindParameter[int] = bindparam("person")
_ON_IT = select(Invitation.id).where(
    Invitation.meeting_id == Meeting.id, Invitation.person_id == _ME, Invitation.answer == Answer.NONE
)
_VOTED = (
    select(MeetingVote.id)
    .join(MeetingSlot, MeetingSlot.id == MeetingVote.slot_id)
    .join(MeetingPoll, MeetingPoll.id == MeetingSlot.poll_id)
    .where(MeetingPoll.meeting_id == Meeting.id, MeetingPoll.ended_at.is_(None), MeetingVote.person_id == _ME)
)
_ASKED = and_(
    Meeting.state == MeetingState.POLLING,
    exists(_ON_IT),
    exists(select(MeetingPoll.id).where(MeetingPoll.meeting_id == Meeting.id, MeetingPoll.ended_at.is_(None))),
    ~exists(_VOTED),
)
_INVITED = and_(
    Meeting.state == MeetingState.CONFIRMED,
    Meeting.starts_at > bindparam("now", type_=Meeting.starts_at.type),
    exists(_ON_IT),
)
_WISHES = and_(
    Meeting.organiser_id == bindparam("organiser"),  # nobody, for who is no longer staff
    Meeting.state.in_((MeetingState.CALLED, MeetingState.POLLING, MeetingState.CONFIRMED)),
    exists(
        select(MeetingRequest.id).where(MeetingRequest.meeting_id == Meeting.id, MeetingRequest.reply == Reply.OPEN)
    ),
)
_PASSED = and_(
    Meeting.organiser_id == bindparam("organiser"),
    Meeting.state == MeetingState.CONFIRMED,
    Meeting.ends_at <= bindparam("now", type_=Meeting.starts_at.type),
)
_MINUTED = and_(
    Meeting.organiser_id == bindparam("organiser"),
    Meeting.state == MeetingState.HELD,
    exists(select(Minute.id).where(Minute.meeting_id == Meeting.id)),
)
# Home asks this of everybody, every time: one question for all that may wait. It begins with what is theirs, which
# indexes find; of the conditions alone a database makes a walk through all meetings.
_THEIRS = union_all(
    select(Invitation.meeting_id).where(Invitation.person_id == _ME, Invitation.answer == Answer.NONE),
    select(Meeting.id).where(Meeting.organiser_id == bindparam("organiser")),
)
WAITING = (
    select(Meeting, _WISHES)
    .where(Meeting.id.in_(_THEIRS), or_(_ASKED, _INVITED, _WISHES, _PASSED, _MINUTED))
    .where(Meeting.administration_id == bindparam("home"))
    .order_by(Meeting.id)
    .limit(MOST)
)


def waiting(ctx: Context) -> tuple[Row, ...]:
    """Polls and invitations one has not answered, and what is to be done for the meetings one organises."""
    organiser = ctx.who.id if ctx.who.is_staff else 0
    asked = {"person": ctx.who.id, "now": ctx.now, "organiser": organiser, "home": ctx.who.administration_id}
    rows = ctx.session.execute(WAITING, asked)
    return tuple(_row(ctx, meeting, bool(wishes)) for meeting, wishes in rows)


def _row(ctx: Context, meeting: Meeting, wishes: bool) -> Row:
    said: Phrase
    does: tuple[Button, ...]
    if meeting.state is MeetingState.HELD:
        said = _("{ref} · its minutes are still with you", ref=Code(meeting.ref))
        does = (button(_("Minutes"), "roundtables.minutes", style=Style.PRIMARY, meeting=meeting.id),)
    elif meeting.ends_at is not None and meeting.ends_at <= ctx.now:
        said = _("{ref} · did it take place?", ref=Code(meeting.ref))
        does = (button(_("It took place"), "roundtables.held", style=Style.PRIMARY, meeting=meeting.id),)
    elif wishes:
        said = _("{ref} · somebody asks for something", ref=Code(meeting.ref))
        does = (button(_("Look"), "roundtables.requests", style=Style.PRIMARY, meeting=meeting.id),)
    elif meeting.state is MeetingState.POLLING:
        said = _("{ref} · when can you come?", ref=Code(meeting.ref))
        does = (button(_("Say when you can"), "roundtables.when", style=Style.PRIMARY, meeting=meeting.id),)
    else:
        said = _("{ref} · you are invited for {when}", ref=Code(meeting.ref), when=cards.at(meeting))
        does = (button(_("Accept"), "roundtables.accept", style=Style.PRIMARY, meeting=meeting.id),)
    return Row(cards.title(meeting), said, (*does, cards.open_it(meeting)))
