"""The story told step by step above the panes: whom to be next and what to try, from what has happened so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from db.issues import Entry, How, Issue, Participation, Problem, Voice
from db.machinery import Audit, Receipt
from db.outcomes import Outcome

Found = Callable[[datetime], Select[int]]


@dataclass(frozen=True)
class Step:
    """`persona` is whom to be; the step is done when `done`, asked since the demo began, finds a row."""

    persona: str
    text: str
    done: Found


STEPS = (
    Step(
        "broker",
        "Be Amina. Write what is wrong in her own words, “Mon conteneur frigorifique est bloqué depuis trois jours au "
        "port B”, and choose « Le signaler comme problème ». Answer the questions; she may add a photo.",
        lambda since: select(Issue.id).where(Issue.raised_at >= since),
    ),
    Step(
        "officer",
        "Be Daniel, in Slack. It is on his desk already, in her words: “Take it”, then “Ask” her one question. The "
        "clock of his desk stands still until she answers.",
        lambda since: select(Entry.id).where(Entry.voice == Voice.QUESTION, Entry.at >= since),
    ),
    Step(
        "broker",
        "Amina has been asked, in French. Choose « Répondre », or simply write the answer.",
        lambda since: select(Entry.id).where(Entry.voice == Voice.ANSWER, Entry.at >= since),
    ),
    Step(
        "officer",
        "Daniel reads the answer. “More”, then “Share it as a problem”: in one neutral line that others can join.",
        lambda since: select(Problem.id).where(Problem.published_at >= since),
    ),
    Step(
        "importer",
        "Others have it too. Be Tom: “/problems”, “Open”, “Same here”. Be سلمى, whose pane runs from right to left, "
        "and do the same. Nobody sees who else it is.",
        lambda since: select(Participation.id).where(
            Participation.how == How.SAME_HERE, Participation.joined_at >= since
        ),
    ),
    Step(
        "officer",
        "Daniel proposes an outcome: what was asked, what Customs found, what was done. Earlier answers to like "
        "questions stand above the form.",
        lambda since: select(Outcome.id).where(Outcome.proposed_at >= since),
    ),
    Step(
        "lead",
        "Nobody approves their own. Be Grace, the lead of the desk, and “Approve” it.",
        lambda since: select(Outcome.id).where(Outcome.approved_at >= since),
    ),
    Step(
        "broker",
        "Everybody who took part has the outcome, in their language and with their own words. As Amina, choose "
        "« Accuser réception », and say whether it helped.",
        lambda since: select(Receipt.id).where(Receipt.acknowledged_at >= since),
    ),
    Step(
        "officer",
        "As Daniel, write “/parley debt”, then choose “Who has heard”: received, opened, acknowledged, and whom no "
        "door reaches.",
        lambda since: select(Audit.id).where(Audit.what.in_(("ledger.debt", "ledger.show")), Audit.at >= since),
    ),
)
AFTERWARDS = (
    "That is the story. Raise another as Amina, leave it, and put the clock forward: the desk is reminded, then its "
    "lead. Block the bot as Tom before an outcome is approved. Be Nora to meet Parley for the first time. Or choose "
    "“Help”, then “Open my page”, to see all this as a page."
)


def at_step(session: Session, since: datetime) -> int:
    """The index of the first step that has not been done since `since`; their number when all have."""
    for number, step in enumerate(STEPS):
        if session.scalar(step.done(since).limit(1)) is None:
            return number
    return len(STEPS)
