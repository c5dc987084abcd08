"""The story's next step, said above the panes, from what has happened so far."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.issues import Issue, Participation, State
from db.machinery import Receipt
from db.outcomes import Outcome

from .stage import Stage

STEPS = (
    "1. Be Amina on the left: type “Mon conteneur frigorifique est bloqué depuis trois jours au port B” and send it.",
    "2. Answer the few questions, add a photo if you like, and send the issue. The desk hears of it at once.",
    "3. Be Daniel Ruiz on the right, in Slack: take the issue, then ask one question. Its clock stands still.",
    "4. Amina answers. Then let others join: as Tom, Claire or سلمى, raise the same, or say “same here”.",
    "5. Daniel merges what is the same and proposes an outcome; Grace Mbeki, the lead, approves it.",
    "6. Everybody who took part has the outcome in their own language. Acknowledge it, and say whether it helped.",
    "7. As Daniel, look at the ledger and the feedback debt. Put the clock forward to see reminders fall due.",
)


def hint(stage: Stage) -> str:
    """One sentence: what to try now."""
    with stage.parley.sessions.reading() as session:
        return STEPS[_step(session)]


def _step(session: Session) -> int:
    latest = session.scalars(select(Issue).order_by(Issue.id.desc()).limit(1)).first()
    if latest is None:
        return 0
    if session.scalar(select(Receipt.id).where(Receipt.acknowledged_at.is_not(None)).limit(1)) is not None:
        return 6
    if session.scalar(select(Outcome.id).where(Outcome.approved_at.is_not(None)).limit(1)) is not None:
        return 5
    if session.scalar(select(func.count()).select_from(Participation)) or 0:
        others = session.scalar(select(func.count()).select_from(Participation)) or 0
        if others > 1:
            return 4
    return {State.OPEN: 2, State.TAKEN: 2, State.ASKED: 3, State.PROPOSED: 4}.get(latest.state, 5)
