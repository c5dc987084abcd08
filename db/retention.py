"""How long things are kept. The notice people agree to says the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from .machinery import Handle, Inbox, InboxState, Outgoing
from .people import Pass, WebSession

UPDATES = timedelta(days=7)
QUARANTINE = timedelta(days=30)
MESSAGES = timedelta(days=30)
CODES = timedelta(days=1)


def clear(session: Session, *, at: datetime) -> None:
    """Remove the words of old updates and messages (their rows stay, as numbers), and codes that no longer open."""
    handled = (Inbox.state == InboxState.DONE) & (Inbox.received_at <= at - UPDATES)
    set_aside = (Inbox.state == InboxState.QUARANTINED) & (Inbox.received_at <= at - QUARANTINE)
    session.execute(update(Inbox).where(or_(handled, set_aside), Inbox.payload.is_not(None)).values(payload=None))
    sent = Outgoing.settled_at <= at - MESSAGES, Outgoing.screen.is_not(None)
    session.execute(update(Outgoing).where(*sent).values(screen=None, edits=None))
    session.execute(delete(Pass).where(Pass.expires_at <= at - CODES))
    session.execute(delete(WebSession).where(WebSession.expires_at <= at))
    session.execute(delete(Handle).where(Handle.expires_at <= at))
