"""What just happened, for whoever looks behind the scenes: each thing somebody did, and all that came of it."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.core import Parley
from db.machinery import Audit, Due, Outgoing, Sending
from db.people import Account, Person

from .shown import apart

REMEMBERED = 120  # things somebody did
LISTED = 40  # rows that wait
ADDRESSED = ("chat_id", "channel", "channel_id", "user_id")  # where a call says whom it is for
UNSENT = (Sending.WAITING, Sending.HELD, Sending.SENDING)


@dataclass(frozen=True)
class Record:
    """One consequence: an audit line, or a payload that a platform would get, exactly, and who it goes to."""

    kind: str
    title: str
    at: datetime
    detail: str = ""
    payload: Any = None


@dataclass
class Chapter:
    """One thing that somebody did, and what came of it, in order."""

    number: int
    at: datetime
    title: str
    records: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class Waiting:
    """A row that waits: what for, since it will happen by itself, and when."""

    kind: str
    title: str
    detail: str
    at: datetime


class Story:
    """Keeps the latest chapters in memory; what waits is read from its rows."""

    def __init__(self, parley: Parley) -> None:
        self._parley = parley
        self._chapters: deque[Chapter] = deque(maxlen=REMEMBERED)
        self._number = 0
        self._audited = 0
        self._names: dict[str, str] = {}  # by address

    def start(self) -> None:
        """Tell nothing of what was written before now."""
        with self._parley.sessions.reading() as session:
            self._audited = session.scalar(select(Audit.id).order_by(Audit.id.desc()).limit(1)) or 0
            named = select(Account.address, Person.name).join(Person, Person.id == Account.person_id)
            self._names = {row.address: row.name for row in session.execute(named)}

    def begin(self, title: str) -> None:
        """Somebody has done something: what comes now comes of it."""
        self._number += 1
        self._chapters.append(Chapter(self._number, self._parley.clock.now(), title))

    def called(self, method: str, parameters: Any) -> None:
        """A platform was called."""
        to = next((str(parameters[each]) for each in ADDRESSED if each in parameters), "").removeprefix("D:")
        self._note("payload", method, apart(self._names.get(to, to)) if to else "", parameters)

    def note_audit(self) -> None:
        """Note the audit lines written since this was done last."""
        with self._parley.sessions.reading() as session:
            for line in session.scalars(select(Audit).where(Audit.id > self._audited).order_by(Audit.id)):
                self._audited = line.id
                person = session.get(Person, line.who) if line.who else None
                by = f"by {apart(person.name or 'somebody new')}" if person else "by the clock"
                about = [line.about] if line.about else []
                chained = [f"number {line.position} of the chain"] if line.position else []
                detail = ", ".join([*about, by, f"from {line.door}", *chained])
                self._note("audit", line.what, detail)

    def _note(self, kind: str, title: str, detail: str, payload: Any = None) -> None:
        if not self._chapters:
            self.begin("Parley began")
        self._chapters[-1].records.append(Record(kind, title, self._parley.clock.now(), detail, payload))

    def chapters(self) -> list[Chapter]:
        """The newest first."""
        return list(reversed(self._chapters))

    def waiting(self) -> list[Waiting]:
        """What will happen by itself, the next first."""
        with self._parley.sessions.reading() as session:
            due = Due.fired_at.is_(None), Due.cancelled_at.is_(None)
            rows = [
                Waiting("due", row.job, self._explained(row), row.at)
                for row in session.scalars(select(Due).where(*due).order_by(Due.at).limit(LISTED))
            ]
            unsent = (
                select(Outgoing, Person.name)
                .join(Person, Person.id == Outgoing.person_id)
                .where(Outgoing.state.in_(UNSENT))
                .order_by(Outgoing.not_before)
                .limit(LISTED)
            )
            for row, name in session.execute(unsent):
                rows.append(Waiting("outbox", row.once, f"for {apart(name)} ({row.state.value})", row.not_before))
        return sorted(rows, key=lambda each: each.at)

    def _explained(self, row: Due) -> str:
        """What the job says of itself, and what it is about."""
        job = self._parley.engine.registry.jobs.get(row.job)
        said = inspect.getdoc(job.run) if job is not None else None
        about: Sequence[str] = [f"{name} {value}" for name, value in row.args.items()]
        return " ".join([*(said or "").splitlines()[:1], f"({', '.join(about)})" if about else ""]).strip()
