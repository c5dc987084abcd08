"""Rows a turn leaves beside its own change: what falls due, files to fetch, the ledger's "opened", the audit line."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import ORMExecuteState, Session

from bot.kit.clean import clean_name
from bot.kit.events import Attached
from bot.work import Work
from db.base import Base
from db.broadcasts import BroadcastCopy
from db.files import File, FileState, media_type
from db.machinery import Audit, Due, Handle, Outgoing, Receipt
from db.people import Who
from db.session import undone_with

OWN_TABLES = "db.machinery"
ROWS = "rows"  # in the `info` of the session of a turn


class Rows:
    """Written in the turn's transaction, in the name of `who`."""

    def __init__(
        self, session: Session, who: Who, *, work: Work, jobs: Container[str], now: datetime, door: str, trace: str
    ) -> None:
        self.who = who
        self._session = session
        self._work = work
        self._jobs = jobs
        self._now = now
        self._door = door
        self._trace = trace
        self._made: list[Any] = []  # what is new and has an id, oldest first
        self.is_changed = False  # whether anything but the engine's own tables was changed and has no audit line yet
        session.info[ROWS] = self
        # What a savepoint takes back needs no audit line.
        undone_with(session, lambda: (self.is_changed, len(self._made)), self._go_back, empty=(False, 0))

    def plan(self, at: datetime, job: str, key: str, args: dict[str, Any]) -> None:
        """Run `job` at `at`, once per `key`; the same key again moves it, unless it has fired."""
        if job not in self._jobs:
            raise LookupError(f"no job is called {job}")
        due = self._session.scalar(select(Due).where(Due.key == key))
        if due is None:
            administration = self.who.administration_id
            self._session.add(Due(administration_id=administration, job=job, args=args, key=key, at=at))
        elif due.fired_at is None:
            due.at, due.args, due.cancelled_at = at, args, None
        self._session.flush()

    def drop(self, key: str) -> None:
        due = self._session.scalar(select(Due).where(Due.key == key, Due.fired_at.is_(None)))
        if due is not None:
            due.cancelled_at = self._now

    def opened(self, handle: Handle) -> bool:
        """Using a button of a message is the only sign that it was opened. True when the message told something."""
        if handle.copy_id is not None:
            copy = self._session.get(BroadcastCopy, handle.copy_id)
            if copy is not None and copy.opened_at is None:
                copy.opened_at = self._now
            return True
        if handle.outgoing_id is None:
            return False
        told = select(Outgoing.receipt_id).where(Outgoing.id == handle.outgoing_id).scalar_subquery()
        receipt = self._session.scalar(select(Receipt).where(Receipt.id == told, Receipt.opened_at.is_(None)))
        if receipt is not None:
            receipt.opened_at = self._now
        return True

    def keep_files(self, files: tuple[Attached, ...]) -> list[int]:
        """A row for each file, and a job for each that is still on its platform. Their ids."""
        rows = [
            File(
                administration_id=self.who.administration_id,
                person_id=self.who.id,
                name=clean_name(each.name),
                media_type=media_type(each.media_type),
                size=each.size,
                sha256=each.sha256,
                origin=dict(each.origin) if each.origin else None,
                state=FileState.STORED if each.sha256 else FileState.WAITING,
                added_at=self._now,
            )
            for each in files
        ]
        self._session.add_all(rows)
        self._session.flush()
        for row in rows:
            if row.state is FileState.WAITING:
                self._work.defer(self._session, "fetch", file=row.id)
        return [row.id for row in rows]

    def names(self, entity: Any) -> None:
        """The next audit line names this too."""
        self._made.append(entity)

    def audit(self, what: str, entities: Mapping[str, Any], args: Mapping[str, Any]) -> None:
        """One line about everything since the last: ids only, never a person's words."""
        ids = {key: value for key, value in args.items() if isinstance(value, int | bool)}
        ids |= {name: entity.id for name, entity in entities.items()}
        for made in self._made:
            ids.setdefault(made.__tablename__, made.id)
        about = next((f"{name}:{value}" for name, value in ids.items()), None)
        self._session.add(
            Audit(
                administration_id=self.who.administration_id,
                at=self._now,
                who=self.who.id or None,
                door=self._door,
                what=what,
                about=about,
                ids=ids,
                trace=self._trace,
            )
        )
        self._session.flush()
        self.is_changed, self._made = False, []

    def note(self, session: Session) -> None:
        """What is about to be written."""
        changed = [*session.new, *session.deleted, *(each for each in session.dirty if session.is_modified(each))]
        if any(type(each).__module__ != OWN_TABLES for each in changed):
            self.is_changed = True
        self._made += [each for each in session.new if type(each).__module__ != OWN_TABLES and hasattr(each, "id")]

    def note_statement(self, state: ORMExecuteState) -> None:
        """A change of many rows at once."""
        if state.is_insert or state.is_update or state.is_delete:
            self.is_changed |= getattr(state.statement, "table", None) not in _own_tables()

    def _go_back(self, before: tuple[bool, int]) -> None:
        self.is_changed, kept = before
        del self._made[kept:]


# Listened for on the class: to begin on every turn's own session costs as much as a statement.


@event.listens_for(Session, "before_flush")
def _before_flush(session: Session, *_rest: Any) -> None:
    if (rows := session.info.get(ROWS)) is not None:
        rows.note(session)


@event.listens_for(Session, "do_orm_execute")
def _do_orm_execute(state: ORMExecuteState) -> None:
    if (rows := state.session.info.get(ROWS)) is not None:
        rows.note_statement(state)


@lru_cache(maxsize=1)
def _own_tables() -> frozenset[Any]:
    return frozenset(each.local_table for each in Base.registry.mappers if each.class_.__module__ == OWN_TABLES)
