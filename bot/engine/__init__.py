"""One turn: who, may they, draft, run, commit, answer. Also runs what falls due.

A turn is synchronous and is one transaction: the inbox row, the domain change, the draft, the outbox, what is due and
the audit line commit together, or not at all. The engine renders nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from bot.kit.capability import Labour, Registry
from bot.kit.context import HOLD, Mailing
from bot.kit.door import LATE, Door
from bot.kit.events import Answer, Caller, Changed, Event
from bot.kit.forms import Option
from bot.kit.screen import Button
from bot.kit.text import LANGUAGES, Catalogues, Reader
from bot.work import Work
from db.machinery import Due, Inbox, InboxState, Outgoing
from db.people import Account, Administration, Person, meet, who
from db.session import Sessions
from scheduling.clock import Clock

from . import acting, rights, suggest
from .handles import bind_copies
from .turn import Turn

__all__ = ["Begun", "Engine", "Outcome", "bind_copies"]

# An update is done with its turn's own commit, or not at all.
TAKE = (
    update(Inbox)
    .where(Inbox.id == bindparam("inbox"), Inbox.state == InboxState.WAITING)
    .values(state=InboxState.DONE)
    .returning(Inbox.received_at)
)


@dataclass(frozen=True)
class Outcome:
    """What a turn came to: the answer to draw, for whom, and the outbox row that carries it where one does.

    That row goes to `address`, that of the account `account_id`, in the place of the message `edits`.
    """

    answer: Answer
    reader: Reader
    person_id: int
    outgoing_id: int | None = None
    account_id: int = 0
    address: str = ""
    edits: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Begun:
    """A labour that is to be done outside any turn: what is asked, and the due row that keeps it until it is done."""

    due_id: int
    labour: Labour
    question: Any


class Engine:
    """Runs turns. Thread-safe: everything a turn changes is in its transaction."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        registry: Registry,
        clock: Clock,
        catalogues: Catalogues,
        work: Work,
        doors: Mapping[str, Door],
        public_url: str,
        hold: timedelta = HOLD,
    ) -> None:
        self.sessions = sessions
        self.registry = registry
        self.clock = clock
        self.catalogues = catalogues
        self.titles = suggest.Titles(registry, catalogues)
        self.work = work
        self.doors = doors  # those that something can be sent to, as they are added
        self.public_url = public_url.rstrip("/")
        self.hold = hold
        # What a door's wire adds once it is connected: the button that opens it with a payload.
        self.openers: dict[str, Callable[[str], Button]] = {}
        self.mailing: Mailing | None = None  # and what that of e-mail adds
        self.rooms: set[str] = set()  # the platforms that can open rooms

    def invitations(self, payload: str, *, but: str) -> tuple[Button, ...]:
        """A button for each door, other than `but`, that an address opens with a payload."""
        return tuple(opens(payload) for door, opens in self.openers.items() if door != but)

    def turn(
        self, event: Event, *, trace: str, inbox_id: int | None = None, reply: bool | Callable[[Answer], bool] = False
    ) -> Outcome | None:
        """Run one event and return the answer; None when this update was handled before, or nobody is known by it.

        With `reply` the answer is an outbox row of its own, so that a crash after the commit does not swallow it. A
        door that can show some answers in another way says which ones are messages.
        """
        caller = event.caller
        with self.sessions.writing() as session:
            self.sessions.lock(session, caller.key)
            now = asked_at = self.clock.now()
            if inbox_id is not None:
                taken = session.connection().execute(TAKE, {"inbox": inbox_id}).scalar_one_or_none()
                if taken is None:
                    return None
                asked_at = taken
            if caller.is_known_here and session.scalar(_account(caller)) is None:
                return None
            account, person, is_new = meet(
                session,
                partial(self._administration, session, caller.platform, caller.external_id),
                platform=caller.platform,
                external_id=caller.external_id,
                address=caller.address,
                name=caller.name,
                language=_supported(caller.language),
                zone=caller.zone,
                is_guest=caller.is_guest,
                at=now,
            )
            home = acting.place_of(session, self.registry, person, event, at=now)
            turn = Turn(self, session, person, account, now=now, trace=trace, administration_id=home)
            if is_new:
                turn.note_met(person)
            answer = turn.answer(event)
            outgoing_id = edits = None
            wanted = reply(answer) if callable(reply) else reply
            if wanted and (answer.screen or answer.form):
                edits = turn.edits(event)
                outgoing_id = turn.reply(answer, once=f"reply:{inbox_id or trace}", edits=edits, asked_at=asked_at)
            if inbox_id is not None and turn.is_unkept:
                session.execute(update(Inbox).where(Inbox.id == inbox_id).values(payload=None))
            reader = Reader(person.language, person.zone)
            outcome = Outcome(answer, reader, person.id, outgoing_id, account.id, account.address, edits)
        return outcome

    def knows(self, platform: str, external_id: str) -> bool:
        """Whether somebody has written to Parley before. A read."""
        with self.sessions.reading() as session:
            theirs = Account.platform == platform, Account.external_id == external_id
            return session.scalar(select(Account.id).where(*theirs)) is not None

    def options(self, caller: Caller, token: str, field: str, query: str) -> tuple[list[Option], Reader]:
        """What can be chosen for a field of an open form: a read, for doors that search as one types."""
        with self.sessions.reading() as session:
            account = session.scalars(_account(caller)).one()
            person = session.get_one(Person, account.person_id)
            now = self.clock.now()
            home = acting.place_of(session, self.registry, person, Changed(caller, token), at=now)
            turn = Turn(self, session, person, account, now=now, trace="", administration_id=home)
            return turn.options(token, field, query), Reader(person.language, person.zone)

    def is_still_theirs(self, session: Session, row: Outgoing, account: Account, *, at: datetime) -> bool:
        """Whether what was written for somebody may be shown to them now, at that door of theirs."""
        person, home = session.get_one(Person, row.person_id), row.administration_id
        reader = who(session, person, at=at, is_guest=account.is_guest, administration_id=home)
        return rights.is_still_theirs(session, self.registry, row, reader)

    def run_due(self, due_id: int) -> Begun | None:
        """Run what fell due, once: the row says whether it has been. A labour has only begun then."""
        with self.sessions.writing() as session:
            due = self._due(session, due_id)
            if due is None:
                return None
            labour, now = self.registry.labours.get(due.job), self.clock.now()
            turn = self._turn_of(session, due, began_at=now)
            if labour is None:
                turn.run_job(due.job, due.args)
            else:
                question = turn.run_part(labour, labour.begin, due.args)
                if question is not None:
                    return Begun(due_id, labour, question)
            due.done_at = now
        return None

    def report(self, begun: Begun, done: float, doing: str) -> bool:
        """Tell how far a labour has come; whether it is still wanted."""
        with self.sessions.writing() as session:
            due = self._due(session, begun.due_id)
            return due is not None and bool(
                self._turn_of(session, due).run_part(begun.labour, begun.labour.progress, due.args, done, doing)
            )

    def finish(self, begun: Begun, answer: Any = None, *, why: str | None = None) -> None:
        """Take a labour's answer, once; or say `why` there is none."""
        with self.sessions.writing() as session:
            due = self._due(session, begun.due_id)
            if due is None:
                return
            turn, labour = self._turn_of(session, due), begun.labour
            if why is None:
                turn.run_part(labour, labour.end, due.args, answer)
            else:
                turn.run_part(labour, labour.fail, due.args, why)
            due.done_at = self.clock.now()

    def _due(self, session: Session, due_id: int) -> Due | None:
        """A due row that is still to be done, held until the transaction ends."""
        self.sessions.lock(session, f"due:{due_id}")
        due = session.get(Due, due_id)
        return due if due is not None and due.done_at is None and due.cancelled_at is None else None

    def _turn_of(self, session: Session, due: Due, *, began_at: datetime | None = None) -> Turn:
        """A turn for what fell due; `began_at`, now, where that may be late."""
        is_late = began_at is not None and began_at - due.at > LATE
        return Turn(
            self,
            session,
            None,
            None,
            now=began_at or self.clock.now(),
            trace=f"due-{due.id}",
            administration_id=due.administration_id,
            delayed_since=due.at if is_late else None,
        )

    def _administration(self, session: Session, platform: str, external_id: str) -> Administration:
        """The administration a door belongs to: a Slack team may be bound to one; otherwise the first."""
        if platform == "slack":
            team = external_id.partition(":")[0]
            bound = session.scalar(select(Administration).where(Administration.slack_team == team))
            if bound is not None:
                return bound
        found = session.scalars(select(Administration).order_by(Administration.id).limit(1)).first()
        if found is None:
            raise LookupError("no administration yet: run `parley admin create`")
        return found


def _account(caller: Caller) -> Select[Account]:
    return select(Account).where(Account.platform == caller.platform, Account.external_id == caller.external_id)


def _supported(language: str | None) -> str | None:
    if language is None:
        return None
    short = language.replace("-", "_").split("_")[0].lower()
    return short if short in LANGUAGES else None
