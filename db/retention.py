"""How long things are kept. The notice people agree to says the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from .calendars import CalendarAddress
from .machinery import ChatRoomStep, Handle, Inbox, InboxState, Outgoing
from .meetings import Invitation, Meeting, MeetingPoll, MeetingSlot, MeetingVote
from .people import Pass, WebSession
from .rooms import ChatRoom

UPDATES = timedelta(days=7)
QUARANTINE = timedelta(days=30)
MESSAGES = timedelta(days=30)
CODES = timedelta(days=1)
CALENDARS = timedelta(days=400)  # an address no calendar program has come to for so long
WHEN_AND_WHY = timedelta(days=30)  # when somebody could have come to a meeting, and why they could not


def clear(session: Session, *, at: datetime) -> None:
    """Remove the words of old updates and messages (their rows stay, as numbers), what opens nothing any more, and what
    people said of when they can come and why not."""
    handled = (Inbox.state == InboxState.DONE) & (Inbox.received_at <= at - UPDATES)
    set_aside = (Inbox.state == InboxState.QUARANTINED) & (Inbox.received_at <= at - QUARANTINE)
    session.execute(update(Inbox).where(or_(handled, set_aside), Inbox.payload.is_not(None)).values(payload=None))
    sent = Outgoing.settled_at <= at - MESSAGES, Outgoing.screen.is_not(None)
    session.execute(update(Outgoing).where(*sent).values(screen=None, edits=None, address=None))
    said = ChatRoomStep.settled_at <= at - MESSAGES, ChatRoomStep.screen.is_not(None)
    session.execute(update(ChatRoomStep).where(*said).values(screen=None))
    left = ChatRoom.closed_at <= at - MESSAGES, ChatRoom.shown.is_not(None)
    session.execute(update(ChatRoom).where(*left).values(shown=None, pinned=None))
    session.execute(delete(Pass).where(Pass.expires_at <= at - CODES))
    session.execute(delete(WebSession).where(WebSession.expires_at <= at))
    session.execute(delete(Handle).where(Handle.expires_at <= at))
    polls = select(MeetingSlot.id).join(MeetingPoll, MeetingPoll.id == MeetingSlot.poll_id)
    session.execute(
        delete(MeetingVote).where(MeetingVote.slot_id.in_(polls.where(MeetingPoll.ended_at <= at - WHEN_AND_WHY)))
    )
    over = select(Meeting.id).where(or_(Meeting.ends_at <= at - WHEN_AND_WHY, Meeting.ended_at <= at - WHEN_AND_WHY))
    told = Invitation.meeting_id.in_(over), Invitation.reason.is_not(None)
    session.execute(update(Invitation).where(*told).values(reason=None, language=None))
    seen = func.coalesce(CalendarAddress.fetched_at, CalendarAddress.made_at)
    session.execute(delete(CalendarAddress).where(seen <= at - CALENDARS))
