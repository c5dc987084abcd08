"""An administration with two desks, its officers and some traders, on the real engine, behind doors that only record.

    world = World(url)
    world.say("amina", "raise")
    world.press("amina", "Perishable goods")
    assert "Received" in world.last("amina").text

Everything goes the whole way: the edge, the turn, the outbox, delivery, what falls due. Nothing is read from the
database to find out what somebody was told.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, event, func, select, update
from sqlalchemy.orm import Session

import handlers
from bot.core import Parley
from bot.kit.capability import Registry
from bot.kit.door import Permanent, Transient
from bot.kit.events import Answer, Answered, Attached, Called, Caller, Changed, Event, Submitted
from bot.kit.forms import FormView
from bot.kit.screen import Button, Progress, Quote, Screen, from_json, map_buttons, twin
from bot.kit.text import Writer, without_isolates
from db.base import Base
from db.centres import Centre
from db.machinery import Due, Job, Outgoing
from db.people import (
    Account,
    Kind,
    Mandate,
    Organisation,
    Person,
    Role,
    RoleName,
    Scope,
    Standing,
    create_administration,
    grant_role,
)
from scheduling.clock import ManualClock

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine o'clock in Tunis, an ordinary week
ZONE = "Africa/Tunis"
YEAR = timedelta(days=365)
WEEK = {
    "zone": ZONE,
    "days": {day: ["09:00-12:00", "13:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
}
TEAM = "T1"

# name: (door, role, where); traders have neither role nor place
CAST: dict[str, tuple[str, RoleName | None, str]] = {
    "ruiz": ("slack", RoleName.OFFICER, "perishables"),
    "olga": ("slack", RoleName.OFFICER, "perishables"),
    "lena": ("slack", RoleName.LEAD, "perishables"),
    "gus": ("slack", RoleName.OFFICER, "general"),
    "lars": ("slack", RoleName.LEAD, "general"),
    "cora": ("slack", RoleName.COORDINATOR, "north"),
    "inga": ("slack", RoleName.COORDINATOR, "international"),
    "adam": ("slack", RoleName.ADMINISTRATOR, "TN"),
    "amina": ("telegram", None, ""),
    "badr": ("telegram", None, ""),
    "chloe": ("telegram", None, ""),
    "dina": ("telegram", None, ""),
    "emil": ("telegram", None, ""),
}


@dataclass(frozen=True)
class Sent:
    """One message as its recipient read it: without markup, in their language."""

    text: str
    buttons: Mapping[str, str]  # label -> handle
    answer: Answer
    language: str
    edits: Mapping[str, Any] | None = None  # the message whose place it takes

    def __contains__(self, words: str) -> bool:
        return words in self.text


# News without a button that says by which right they are somebody's, and the reason why that does no harm.
ABOUT_ONESELF = {
    "letter:m-#": "what one has written oneself",
    "letter:t-p-#": "what one has written oneself",
    "link:#:refused": "one's own account",
    "mail:#:confirm": "an address that was given; it shows nothing of anybody",
    "mandate:#:ended": "that one's own right has ended",
    "news": "a test's own",
    "role:#:ended": "that one's own right has ended",
    "signin:#-#-#T#:#": "one's own page",
}.keys()
UNCHECKED = "what waits is not checked again when it goes: give it a button, or say in ABOUT_ONESELF why nobody minds"


class Unaudited:
    """Looks at every statement: a transaction that changes more than the machinery's own rows leaves an audit line.

    Not a change: that somebody was here (`meet` touches their account) or their calendar program was, that a message
    reached nobody, that a file came, what became of a copy of a broadcast while it was sent or when it came back, that
    it was opened, and what a savepoint takes back. A handler that changes copies leaves a line like any other.
    """

    WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "?([a-z_]+)')
    BY_THE_WAY = frozenset({"account", "file", "chunk", "calendar_address"})
    SENDING = frozenset({"broadcast_copy", "broadcast_portion"})
    # Somebody acts: what only sends reads no inbox, and what only takes a mail that came back answers nobody.
    TURNS = frozenset({"draft"}), frozenset({"inbox", "outgoing"})
    OPENED = re.compile(r"UPDATE broadcast_copy SET opened_at=[^,]* WHERE")  # that, and nothing beside it
    MACHINERY = frozenset(
        each.class_.__tablename__ for each in Base.registry.mappers if each.class_.__module__ == "db.machinery"
    )

    def __init__(self, engine: Engine) -> None:
        self.found: list[str] = []
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "after_cursor_execute", self._look)
        event.listen(engine, "savepoint", self._save)
        event.listen(engine, "rollback_savepoint", self._undo)
        event.listen(engine, "release_savepoint", self._keep)
        event.listen(engine, "commit", self._commit)

    def _begin(self, connection: Connection) -> None:
        connection.info.update(written=[], saved=[])

    def _look(self, connection: Connection, cursor: Any, statement: str, *_rest: Any) -> None:
        if self.OPENED.match(statement):
            return
        if (written := self.WRITES.match(statement)) and cursor.rowcount != 0:
            connection.info["written"].append(written[1])

    def _save(self, connection: Connection, _name: str) -> None:
        connection.info["saved"].append(len(connection.info["written"]))

    def _undo(self, connection: Connection, _name: str, _context: None) -> None:
        del connection.info["written"][connection.info["saved"].pop() :]

    def _keep(self, connection: Connection, _name: str, _context: None) -> None:
        connection.info["saved"].pop()

    def _commit(self, connection: Connection) -> None:
        written = set(connection.info["written"])
        by_a_test = threading.current_thread() is threading.main_thread()  # turns have threads of their own
        if not by_a_test and "audit" not in written:
            is_turn = any(each <= written for each in self.TURNS)
            by_the_way = self.BY_THE_WAY if is_turn else self.BY_THE_WAY | self.SENDING
            self.found += written - self.MACHINERY - by_the_way


@dataclass
class Recorder:
    """A door without a platform: what is sent to an address is kept; an address may be out of reach."""

    name: str
    sent: dict[str, list[Sent]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)  # address -> why it refuses for good
    away: bool = False  # it takes nothing from anybody, and may later
    files: dict[str, bytes] = field(default_factory=dict)
    ids: count[int] = field(default_factory=lambda: count(1))

    def read(self, payload: Mapping[str, Any]) -> Event | None:
        caller = Caller(
            self.name, payload["from"], payload["from"], payload["name"], payload.get("language", "en"), ZONE
        )
        if "reach" in payload:
            return Changed(caller, reach=payload["reach"])
        if "handle" in payload:
            return Called(caller, handle=payload["handle"])
        if "files" in payload:
            files = tuple(
                Attached(name, None, None, {"platform": self.name, "file_id": name}) for name in payload["files"]
            )
            return Answered(caller, payload.get("words"), files)
        if payload["words"].startswith("/"):
            return Called(caller, words=payload["words"])
        return Answered(caller, payload["words"])

    async def send(
        self,
        address: str,
        answer: Answer,
        writer: Writer,
        *,
        edits: Mapping[str, Any] | None = None,
        repeated: bool = False,
    ) -> Mapping[str, Any]:
        if self.away:
            raise Transient("away")
        if address in self.broken:
            raise Permanent(self.broken[address])
        seen = Sent(_text(answer, writer), _buttons(answer, writer), answer, writer.reader.language, edits)
        self.sent.setdefault(address, []).append(seen)
        return {"id": next(self.ids)}

    async def look(self) -> None:
        if self.away:
            raise Transient("away")

    async def fetch(self, origin: Mapping[str, Any], limit: int) -> bytes:
        return self.files[origin["file_id"]][:limit]


class World:
    """The cast above, registered, each on their own door. Time stands until `pass_time`."""

    def __init__(self, url: str, *, at: datetime = MONDAY, registry: Registry | None = None) -> None:
        self.clock = ManualClock(at)
        self.parley = Parley(database_url=url, public_url="https://parley.example", clock=self.clock, registry=registry)
        self.doors = {name: Recorder(name) for name in ("slack", "telegram")}
        for door in self.doors.values():
            self.parley.add(door)
        self.runner = asyncio.Runner()
        self._keys = count(1)
        self.ids: dict[str, int] = {}
        self.problems = 0  # how many were published: their ids count along
        self.centres: dict[str, int] = {}
        self._people(at)
        self.unaudited = Unaudited(self.parley.sessions.engine)

    def close(self) -> None:
        self.runner.close()
        with self.parley.sessions.reading() as session:
            assert set(unchecked(session)) <= ABOUT_ONESELF, UNCHECKED
        self.parley.close()
        assert self.unaudited.found == [], "a change without an audit line"

    # Talking

    def say(self, who: str, words: str) -> Sent:
        """Type something; a command begins with "/". Returns the answer."""
        return self._turn(who, {"words": words})

    def press(self, who: str, label: str) -> Sent:
        """Press the button with that label on the latest message that has one."""
        for message in reversed(self.received(who)):
            if label in message.buttons:
                return self._turn(who, {"handle": message.buttons[label]})
        raise AssertionError(f"{who} has no button {label!r}; the last message was:\n{self.last(who).text}")

    def press_in_row(self, who: str, message: Sent, row: int) -> Sent:
        """Press the first button of a row of a list, counted from 1: their labels are alike."""
        screen = message.answer.screen
        assert screen is not None
        return self._turn(who, {"handle": screen.rows[row - 1].buttons[0].handle})

    def attach(self, who: str, name: str, data: bytes, words: str | None = None) -> Sent:
        """Send a file, with or without words."""
        self.doors[CAST[who][0]].files[name] = data
        return self._turn(who, {"files": [name], "words": words})

    def fill(self, who: str, *answers: str) -> Sent:
        """Answer question after question, as far as there are answers: "[label]" presses, anything else is typed."""
        given = self.last(who)
        for each in answers:
            given = self.press(who, each[1:-1]) if each.startswith("[") else self.say(who, each)
        return given

    def do(self, who: str, command: str, **args: Any) -> Sent:
        """Run a command at once, as a page does: by its name. Returns the answer."""
        return self._direct(who, Called(self.caller(who), name=command, args=args))

    def submit(self, who: str, form: str, values: Mapping[str, Any], **about: int) -> Sent:
        """Open a form and send all of its fields at once, as a modal does. Returns what it answers."""
        self.do(who, form, **about)
        opened = self.last(who).answer.form
        if opened is None:
            return self.last(who)
        empty: dict[str, Any] = {each.name: None for each in opened.fields}
        return self._direct(who, Submitted(self.caller(who), opened.token, empty | dict(values)))

    def caller(self, who: str) -> Caller:
        return Caller(CAST[who][0], address(who), address(who), who.title(), "en", ZONE)

    def received(self, who: str) -> list[Sent]:
        """Everything somebody was sent, answers to them included, oldest first."""
        return self.doors[CAST[who][0]].sent.get(address(who), [])

    def last(self, who: str) -> Sent:
        return self.received(who)[-1]

    def news(self, who: str, since: int) -> list[Sent]:
        """What came after the first `since` messages."""
        return self.received(who)[since:]

    def seen(self) -> dict[str, int]:
        """How many messages each has, to tell later what is new."""
        return {who: len(self.received(who)) for who in CAST}

    def told(self, before: Mapping[str, int]) -> set[str]:
        """Who has heard anything since."""
        return {who for who in CAST if len(self.received(who)) > before[who]}

    # What happens to them

    def pass_time(self, **by: float) -> None:
        """Let time pass, and what falls due happen at its own instant."""
        until = self.clock.now() + timedelta(**by)
        while (at := self._next_instant()) is not None and at <= until:
            self.clock.advance(max(at - self.clock.now(), timedelta()))
            self.settle()
        self.clock.advance(until - self.clock.now())
        self.settle()

    def _next_instant(self) -> datetime | None:
        """When something is planned next: a due row, or a message that waits for the end of quiet hours."""
        with self.parley.sessions.reading() as session:
            due = select(func.min(Due.at)).where(Due.fired_at.is_(None), Due.cancelled_at.is_(None))
            job = select(func.min(Job.at)).where(Job.failed_at.is_(None))
            return min((at for query in (due, job) if (at := session.scalar(query))), default=None)

    def wait_until(self, at: datetime) -> None:
        self.pass_time(seconds=(at - self.clock.now()).total_seconds())

    def settle(self) -> None:
        self.runner.run(self.parley.settle())

    def revoke(self, who: str) -> None:
        """Every role of theirs has ended."""
        with self.parley.sessions.writing() as session:
            session.execute(update(Role).where(Role.person_id == self.ids[who]).values(ends_at=self.clock.now()))

    def blocks(self, who: str, reason: str = "blocked") -> None:
        """From now on their door refuses whatever is sent to them."""
        self.doors[CAST[who][0]].broken[address(who)] = reason

    # Making them

    def _people(self, at: datetime) -> None:
        with self.parley.sessions.writing() as session:
            home = create_administration(
                session,
                code="sk",
                name={"en": "Customs of Sokal"},
                country="TN",
                zone=ZONE,
                language="en",
                regions=[{"code": "north", "name": {"en": "The North"}}],
                integrity_url=None,
            )
            session.flush()
            self.home = home.id
            for code, more in DESKS.items():
                desk = Centre(administration_id=home.id, code=code, week=WEEK, **more)
                session.add(desk)
                session.flush()
                self.centres[code] = desk.id
            trading = Organisation(
                administration_id=home.id, name="Sodal Trading", kind=Kind.BUSINESS, standing=Standing.VERIFIED
            )
            health = Organisation(
                administration_id=home.id, name="Food Safety Agency", kind=Kind.AGENCY, standing=Standing.VERIFIED
            )
            session.add_all([trading, health])
            session.flush()
            self.organisation, self.agency = trading.id, health.id
            for who, (door, role, where) in CAST.items():
                self.ids[who] = _person(session, home.id, who, door, role, self.centres.get(where, where), at)
            for who in ("amina", "emil"):
                person = session.get_one(Person, self.ids[who])
                mandate = Mandate.given(person, trading, at=at)
                mandate.confirmed_by_id = self.ids["adam"]
                session.add(mandate)

    def _turn(self, who: str, payload: dict[str, Any]) -> Sent:
        door = CAST[who][0]
        payload |= {"from": address(who), "name": who.title()}
        before = len(self.received(who))

        async def go() -> None:
            await self.parley.edge.keep(door, str(next(self._keys)), payload, account=address(who))
            await self.parley.settle()

        self.runner.run(go())
        answered = self.news(who, before)
        if not answered:
            raise AssertionError(f"{who} got no answer to {payload}")
        return answered[-1]

    def _direct(self, who: str, event: Event) -> Sent:
        outcome = self.runner.run(self.parley.edge.direct(event, trace="direct"))
        writer = Writer(self.parley.catalogues, outcome.reader)
        seen = Sent(
            _text(outcome.answer, writer), _buttons(outcome.answer, writer), outcome.answer, outcome.reader.language
        )
        self.doors[CAST[who][0]].sent.setdefault(address(who), []).append(seen)
        self.settle()
        return seen


DESKS: dict[str, dict[str, Any]] = {
    "perishables": {
        "name": {"en": "Perishables desk", "fr": "Bureau des périssables", "ar": "مكتب السلع سريعة التلف"},
        "sectors": ["perishables"],
        "chapters": ["03", "08"],
        "ports": ["Port B"],
        "answer_hours": 16,
    },
    "general": {
        "name": {"en": "General desk", "fr": "Bureau général", "ar": "المكتب العام"},
        "sectors": ["general"],
        "ports": ["Port Sodal"],
        "answer_hours": 24,
        "takes_the_rest": True,
    },
}


def address(who: str) -> str:
    return f"{TEAM}:{who}" if CAST[who][0] == "slack" else who


def _person(session: Any, home: int, who: str, door: str, role: RoleName | None, where: int | str, at: datetime) -> int:
    person = Person(
        administration_id=home,
        name=who.title(),
        kind=Kind.CUSTOMS if role else Kind.BUSINESS,
        language="en",
        zone=ZONE,
        met_at=at,
        language_chosen_at=at,
        consented_at=at,
        registered_at=at,
    )
    session.add(person)
    session.flush()
    session.add(
        Account(
            person_id=person.id,
            platform=door,
            external_id=address(who),
            address=address(who),
            met_at=at,
            used_at=at,
        )
    )
    if role is not None:
        scope = Scope.CENTRE if isinstance(where, int) else Scope.COUNTRY if where == "TN" else Scope.REGION
        grant_role(session, person, role, scope=scope, scope_id=str(where), at=at, until=at + YEAR)
    return int(person.id)


def unchecked(session: Session) -> Iterator[str]:
    """The kinds of news of which nothing says by which right they were somebody's: sent whatever became of that."""
    news = Outgoing.is_reply.is_(False), Outgoing.receipt_id.is_(None), Outgoing.screen.is_not(None)
    for row in session.scalars(select(Outgoing).where(*news)):
        rights: list[str] = []

        def note(button: Button, rights: list[str] = rights) -> Button:
            if button.handle is not None and button.command in handlers.registry.commands:
                rights.append(button.command)
            return button

        map_buttons(from_json(row.screen), note)
        if not rights and not row.carries_others:
            yield re.sub(r"\d+", "#", row.once)


def _text(answer: Answer, writer: Writer) -> str:
    lines: list[str] = [writer.plain(answer.notice)] if answer.notice else []
    if answer.screen:
        lines += _screen(answer.screen, writer)
    if answer.form:
        lines += _form(answer.form, writer)
    return without_isolates("\n".join(lines))


def _screen(screen: Screen, writer: Writer) -> list[str]:
    lines = [writer.plain(screen.heading), *(_said(each, writer) for each in screen.body)]
    for picture in screen.pictures:
        lines += [f"[picture {writer.plain(picture.caption)}]", *(writer.plain(each) for each in twin(picture))]
    lines += [f"{writer.plain(fact.label)}: {writer.plain(fact.value)}" for fact in screen.facts]
    for row in screen.rows:
        lines.append(f"- {writer.plain(row.title)}" + (f" ({writer.plain(row.detail)})" if row.detail else ""))
    if screen.table:
        lines += [" | ".join(writer.plain(cell) for cell in row) for row in screen.table.rows]
    return lines + [f"[file {each.name}]" for each in screen.files]


def _form(form: FormView, writer: Writer) -> list[str]:
    lines = [_said(each, writer) for each in form.intro]
    lines += [f"{writer.plain(each.label)} {writer.plain(each.error)}" for each in form.fields if each.error]
    if form.refusal:
        lines.append(writer.plain(form.refusal))
    if form.asking:
        asked = form.field(form.asking)
        return [*lines, writer.plain(asked.label), *([writer.plain(asked.hint)] if asked.hint else [])]
    return [
        *lines,
        *(f"{writer.plain(each.label)} {writer.plain(each.shown)}" for each in form.fields if each.answered),
    ]


def _said(part: Any, writer: Writer) -> str:
    if isinstance(part, Progress):
        label = f"{writer.plain(part.label)} " if part.label is not None else ""
        return f"{label}{part.done} of {part.total}"
    if isinstance(part, Quote):
        about = part.label or part.by
        return f"{writer.plain(about)}: {writer.plain(part.words)}" if about else writer.plain(part.words)
    return writer.plain(part)


def _buttons(answer: Answer, writer: Writer) -> dict[str, str]:
    """Every button of what is shown by its label; of several with one label (in a list) the first."""
    found: dict[str, str] = {}

    def note(button: Button) -> Button:
        if button.handle:
            found.setdefault(without_isolates(writer.plain(button.label)), button.handle)
        return button

    map_buttons(answer.form or answer.screen, note)
    return found
