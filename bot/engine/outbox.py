"""Telling people: rows of the outbox and the ledger, written in the turn's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.engine import handles
from bot.kit.context import Told
from bot.kit.events import Answer
from bot.kit.screen import Button, Screen, to_json
from bot.work import Work
from db.machinery import OUTBOX_HOLD, Outgoing, Receipt, Sending, Setting
from db.people import Delivery, Person, Who, who
from scheduling.deadlines import after_quiet_hours

USEFUL_FOR = timedelta(days=3)
REPLY_USEFUL_FOR = timedelta(hours=6)
DIGEST_AT = time(8, 0)


@dataclass(frozen=True)
class Outbox:
    """Writes outgoing rows within one turn."""

    session: Session
    work: Work
    now: datetime
    trace: str
    may: Callable[[Who, Button], bool]

    def tell(self, person_id: int, screen: Screen, once: str, told: Told | None, urgent: bool) -> None:
        """One message to one person, unless the same news (`once`) went to them before."""
        person = self._living(person_id)
        if person is None or self._is_told(person.id, once):
            return
        receipt = self._receipt(person, told) if told else None
        row = self._row(person, once, not_before=self.now if urgent else self._suits(person))
        row.receipt_id = receipt.id if receipt else None
        self._store(row, Answer(screen=screen), who(self.session, person, at=self.now))

    def reply(self, asker: Who, answer: Answer, *, account_id: int, edits: Mapping[str, Any] | None, once: str) -> int:
        """The answer to the person who asked, through the door they asked at; its buttons are bound already."""
        person = self.session.get_one(Person, asker.id)
        row = self._row(person, once, not_before=self.now)
        row.is_reply, row.account_id = True, account_id
        row.edits = dict(edits) if edits else None
        row.expires_at = self.now + REPLY_USEFUL_FOR
        row.screen = to_json(answer)
        self.session.flush()
        self._defer(row)
        return row.id

    def _living(self, person_id: int) -> Person | None:
        person = self.session.get(Person, person_id)
        while person is not None and person.merged_into_id is not None:
            person = self.session.get(Person, person.merged_into_id)
        return person if person and person.erased_at is None else None

    def _is_told(self, person_id: int, once: str) -> bool:
        told = select(Outgoing.id).where(Outgoing.person_id == person_id, Outgoing.once == once)
        return self.session.scalar(told) is not None

    def _row(self, person: Person, once: str, *, not_before: datetime) -> Outgoing:
        held = self.session.get(Setting, OUTBOX_HOLD)
        row = Outgoing(
            administration_id=person.administration_id,
            person_id=person.id,
            once=once,
            state=Sending.HELD if held else Sending.WAITING,
            created_at=self.now,
            not_before=not_before,
            expires_at=not_before + USEFUL_FOR,
            trace=self.trace,
        )
        self.session.add(row)
        self.session.flush()
        return row

    def _store(self, row: Outgoing, answer: Answer, reader: Who) -> None:
        bound = handles.bind(
            self.session,
            answer,
            person_id=row.person_id,
            at=self.now,
            may=lambda button: self.may(reader, button),
            outgoing_id=row.id,
        )
        row.screen = to_json(bound)
        self.session.flush()
        self._defer(row)

    def _defer(self, row: Outgoing) -> None:
        if row.state is Sending.WAITING:
            self.work.defer(
                self.session.connection(),
                "deliver",
                lock=f"to:{row.person_id}",
                at=row.not_before,
                outgoing=row.id,
            )

    def _receipt(self, person: Person, told: Told) -> Receipt:
        found = self.session.scalar(
            select(Receipt).where(
                Receipt.about == told.about, Receipt.about_id == told.about_id, Receipt.person_id == person.id
            )
        )
        if found is None:
            found = Receipt(
                administration_id=person.administration_id,
                about=told.about,
                about_id=told.about_id,
                person_id=person.id,
                created_at=self.now,
            )
            self.session.add(found)
            self.session.flush()
        return found

    def _suits(self, person: Person) -> datetime:
        """When this person wants to hear: after their quiet hours, or with their morning digest."""
        at = self.now
        if person.delivery is Delivery.DIGEST:
            local = at.astimezone(ZoneInfo(person.zone))
            at = local.replace(hour=DIGEST_AT.hour, minute=0, second=0, microsecond=0)
            if at <= local:
                at += timedelta(days=1)
        if person.quiet_from is None or person.quiet_to is None:
            return at
        return after_quiet_hours(at, person.zone, (person.quiet_from, person.quiet_to))
