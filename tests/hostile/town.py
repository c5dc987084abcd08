"""Everybody who might look over somebody's shoulder, on the real engine, with turns that can be rehearsed.

    town = Town(url)
    town.do("ana", "issues.mine")  # committed
    seen = town.rehearse(event)  # the whole turn, then rolled back: what it said, asked and left behind

Two administrations share the database. In the first are two desks, two organisations and a guest of another workspace;
in the second a trader and an officer. Dina is of both: she trades in the first, and is an officer of the second.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import RowMapping, Table, delete, event, insert, select, text
from sqlalchemy.orm import Session

import db.tables  # noqa: F401  imported for its effect: every table is known to the metadata
import handlers
from bot.engine import Engine, Outcome
from bot.kit.capability import Registry
from bot.kit.events import Answer, Called, Caller, Event, Submitted
from bot.kit.screen import Refusal, to_json
from bot.kit.text import Catalogues
from db.base import Base
from db.calendars import CalendarAddress
from db.centres import Centre
from db.people import (
    Account,
    Kind,
    Mandate,
    Organisation,
    Person,
    RoleName,
    Scope,
    Standing,
    belong,
    create_administration,
    grant_role,
)
from db.session import Sessions, connect
from scheduling.clock import ManualClock
from tests.handlers.people_world import WEEK, Deferred

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
NOBODYS = 987654  # an id that no row has
REFERENCE = re.compile(r"P-\d{6}")
HANDLE = re.compile(r"'handle': '[\w-]{22}'")
WRITES = re.compile(r"\A(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
# What no two turns have in common, whoever looks at what.
DRAWN = {"handle": {"token", "digest"}, "pass": {"digest"}, "web_session": {"digest", "csrf"}}


@dataclass(frozen=True)
class Member:
    """Somebody of the town: their door, the organisation they speak for, and their role with its place."""

    door: str
    organisation: str | None = None
    role: RoleName | None = None
    place: str = ""
    home: str = "sk"
    is_guest: bool = False
    is_registered: bool = True
    kind: Kind = Kind.BUSINESS  # of the organisation, and of whoever holds no role
    also: str | None = None  # the administration they are of beside their home; there they hold their role


CAST = {
    "ana": Member("telegram", "Alpha Trading"),
    "alf": Member("telegram", "Alpha Trading"),  # a colleague of Ana's
    "bob": Member("telegram", "Beta Shipping"),
    "gil": Member("slack", is_guest=True),
    "pia": Member("slack", role=RoleName.OFFICER, place="perishables"),
    "lea": Member("slack", role=RoleName.LEAD, place="perishables"),
    "gus": Member("slack", role=RoleName.OFFICER, place="general"),
    "cora": Member("slack", role=RoleName.COORDINATOR, place="north"),
    "adam": Member("slack", role=RoleName.ADMINISTRATOR, place="TN"),
    "fay": Member("telegram", "Food Agency", kind=Kind.AGENCY),
    "tia": Member("telegram", "Transport Agency", kind=Kind.AGENCY),
    "xeno": Member("telegram", "Gamma Export", home="ot"),
    "odil": Member("telegram", role=RoleName.OFFICER, place="elsewhere", home="ot"),
    "dina": Member("telegram", "Beta Shipping", role=RoleName.OFFICER, place="elsewhere", also="ot"),
    "stray": Member("telegram", is_registered=False),
}
DESKS = {
    "sk": {"perishables": ["perishables"], "general": ["general"]},
    "ot": {"elsewhere": ["perishables", "general"]},
}


@dataclass(frozen=True)
class Seen:
    """A rehearsed turn: what was answered, the statements that ran, and what the database would hold."""

    answer: str
    statements: tuple[str, ...]
    left: str


class Rehearsals(Sessions):
    """Transactions that are undone at their end: `ran` are the statements of the last, `left` what it would leave."""

    def __init__(self, engine: Database) -> None:
        super().__init__(engine)
        self.left = ""
        self.is_looking = True
        self.is_behind = True  # a turn may have used up numbers of rows that it then did not make
        self.ran: tuple[str, ...] = ()
        self.statements: list[str] = []
        event.listen(engine, "before_cursor_execute", self._note)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False, autoflush=True) as session:
            if self.is_behind and not self.is_sqlite:
                _reset(session, Base.metadata.tables)
                session.commit()
            self.is_behind = False
            self.statements.clear()
            session.begin()
            yield session
            session.flush()
            self.ran = tuple(self.statements)
            written = {table for each in self.ran for table in WRITES.findall(each)}
            self.left = contents(session, written) if self.is_looking else ""
            session.rollback()
            if not self.is_sqlite:
                _reset(session, written)
                session.commit()

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements.append(statement)


class Town:
    """The cast above on a real engine; nothing is delivered."""

    def __init__(self, url: str, *, registry: Registry = handlers.registry) -> None:
        self.sessions = Sessions(connect(url))
        self.clock = ManualClock(NOON)
        self.engine = self._engine(self.sessions, registry)
        self._rehearsals = Rehearsals(self.sessions.engine)
        self._rehearsing = self._engine(self._rehearsals, registry)
        self.callers = {
            name: Caller(each.door, _external(name, each), _external(name, each), name.title(), "en", "Africa/Tunis")
            for name, each in CAST.items()
        }
        self.callers["gil"] = replace(self.callers["gil"], is_guest=True)
        self.ids: dict[str, int] = {}
        self.centres: dict[str, int] = {}
        self.organisations: dict[str, int] = {}
        self._remembered: Mapping[Table, Sequence[RowMapping]] = {}
        self._people()

    def close(self) -> None:
        self.sessions.engine.dispose()

    # Talking

    def turn(self, event_: Event) -> Outcome:
        """A turn that counts."""
        self._rehearsals.is_behind = True
        outcome = self.engine.turn(event_, trace="t")
        assert outcome is not None
        return outcome

    def rehearse(self, event_: Event) -> Seen:
        """The same turn, undone."""
        outcome = self._rehearsing.turn(event_, trace="t")
        assert outcome is not None
        return Seen(answered(outcome), self._rehearsals.ran, self._rehearsals.left)

    def answer(self, event_: Event) -> Answer:
        """Only what a rehearsed turn answers."""
        self._rehearsals.is_looking = False
        try:
            outcome = self._rehearsing.turn(event_, trace="t")
        finally:
            self._rehearsals.is_looking = True
        assert outcome is not None
        return outcome.answer

    def look_up(self, name: str, token: str, field: str, query: str) -> Seen:
        """What a door that searches as one types is told of a field of an open form."""
        ran = self._rehearsals.statements
        ran.clear()
        try:
            found, _reader = self.engine.options(self.callers[name], token, field, query)
        except Refusal as refused:
            return Seen(f"refused: {refused.phrase.source}", tuple(ran), "")
        return Seen(json.dumps(to_json(found)), tuple(ran), "")

    def submit(self, name: str, form: str, values: Mapping[str, Any], **about: int) -> Outcome:
        """Open a form and send all of its fields at once, as a page does."""
        opened = self.turn(Called(self.callers[name], name=form, args=about))
        view = opened.answer.form
        assert view is not None, f"{name} may not open {form}: {answered(opened)}"
        empty: dict[str, Any] = {each.name: None for each in view.fields}
        return self.turn(Submitted(self.callers[name], view.token, empty | dict(values)))

    def do(self, name: str, command: str, **args: Any) -> Outcome:
        return self.turn(Called(self.callers[name], name=command, args=args))

    # Making it

    def remember(self) -> None:
        """From now on `begin_again` leads back to this moment."""
        with self.sessions.reading() as session:
            tables = Base.metadata.sorted_tables
            self._remembered = {table: session.execute(select(table)).mappings().all() for table in tables}

    def begin_again(self) -> None:
        with self.sessions.writing() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
            for table, rows in self._remembered.items():
                if rows:
                    session.execute(insert(table), [dict(row) for row in rows])
                    if not self.sessions.is_sqlite:
                        _reset(session, (table.name,))

    def _people(self) -> None:
        with self.sessions.writing() as session:
            homes = {code: self._home(session, code) for code in DESKS}
            for name, member in CAST.items():
                self.ids[name] = self._person(session, homes, name, member)

    def _home(self, session: Session, code: str) -> int:
        home = create_administration(
            session,
            code=code,
            name={"en": f"Customs {code}"},
            country="TN",
            zone="Africa/Tunis",
            language="en",
            regions=[{"code": "north", "name": {"en": "The North"}}],
        )
        for desk, sectors in DESKS[code].items():
            made = Centre(administration_id=home.id, code=desk, name={"en": desk.title()}, sectors=sectors, week=WEEK)
            session.add(made)
            session.flush()
            self.centres[desk] = made.id
        kinds = {member.organisation: member.kind for member in CAST.values() if member.home == code}
        for each, kind in kinds.items():
            if each is not None:
                known = Organisation(administration_id=home.id, name=each, kind=kind, standing=Standing.VERIFIED)
                session.add(known)
                session.flush()
                self.organisations[each] = known.id
        return home.id

    def _person(self, session: Session, homes: Mapping[str, int], name: str, member: Member) -> int:
        home = homes[member.home]
        at = NOON if member.is_registered else None
        person = Person(
            administration_id=home,
            name=name.title(),
            kind=Kind.CUSTOMS if member.role and not member.organisation else member.kind,
            language="en",
            zone="Africa/Tunis",
            met_at=NOON,
            language_chosen_at=at,
            consented_at=at,
            registered_at=at,
        )
        session.add(person)
        session.flush()
        caller = self.callers[name]
        session.add(
            Account(
                person_id=person.id,
                platform=caller.platform,
                external_id=caller.external_id,
                address=caller.address,
                is_guest=member.is_guest,
                met_at=NOON,
                used_at=NOON,
            )
        )
        if member.role is not None:
            scope = Scope.COUNTRY if member.place == "TN" else Scope.REGION if member.place == "north" else Scope.CENTRE
            where = str(self.centres[member.place]) if scope is Scope.CENTRE else member.place
            there = homes[member.also or member.home]
            role: dict[str, Any] = {"scope": scope, "scope_id": where, "administration_id": there}
            grant_role(session, person, member.role, **role, at=NOON, until=NOON + YEAR)
        if member.organisation is not None:
            spoken = session.get_one(Organisation, self.organisations[member.organisation])
            mandate = Mandate.given(person, spoken, at=NOON, is_deputy=name == "alf")
            mandate.confirmed_by_id = person.id
            session.add(mandate)
        if member.also is not None:
            belong(session, person, homes[member.also], at=NOON)
        known: dict[str, Any] = {"scope": "mine", "about": "", "label": "members", "made_at": NOON}
        address = CalendarAddress(administration_id=home, person_id=person.id, digest=f"hash of {name}’s", **known)
        session.add(address)
        session.flush()
        return person.id

    def _engine(self, sessions: Sessions, registry: Registry) -> Engine:
        engine = Engine(
            sessions=sessions,
            registry=registry,
            clock=self.clock,
            catalogues=Catalogues(Path("nowhere")),
            work=Deferred(),
            doors={},
            public_url="https://parley.example",
        )
        engine.rooms |= {"slack", "telegram"}
        return engine


def answered(outcome: Outcome) -> str:
    """An answer as JSON, without what is drawn by lot and without the reference that was typed."""
    return REFERENCE.sub("P-#", json.dumps(_without_handles(to_json(outcome.answer)), sort_keys=True))


def contents(session: Session, names: set[str]) -> str:
    """These tables, row by row, without what is drawn by lot."""
    lines = []
    for name in sorted(names):
        table = Base.metadata.tables[name]
        columns = [each for each in table.columns if each.key not in DRAWN.get(name, ())]
        rows = session.execute(select(*columns).order_by(*table.primary_key)).all()
        lines += [f"{name} {tuple(row)!r}" for row in rows]
    return REFERENCE.sub("P-#", HANDLE.sub("drawn", "\n".join(lines)))


def _reset(session: Session, names: Iterable[str]) -> None:
    """Sequences of PostgreSQL's go on whatever becomes of their transaction; set them to what their tables hold."""
    for name in names:
        if "id" in Base.metadata.tables[name].columns:
            highest = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"  # noqa: S608  our own
            session.execute(text(highest))


def _without_handles(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_handles(each) for each in value]
    if isinstance(value, dict):
        return {key: "drawn" if key == "handle" else _without_handles(each) for key, each in value.items()}
    return value


def _external(name: str, member: Member) -> str:
    return f"T{'9' if member.is_guest else '1'}:{name}" if member.door == "slack" else name
