"""A small administration with an engine on a real database, and short ways to talk to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import handlers
from bot.engine import Engine, Outcome
from bot.kit.events import Answered, Called, Caller
from bot.kit.forms import FormView
from bot.kit.screen import Button, Screen, from_json, map_buttons
from bot.kit.text import Catalogues, Reader, Writer, without_isolates
from db.centres import Centre
from db.machinery import Due, Outgoing
from db.people import (
    Account,
    Kind,
    Mandate,
    Organisation,
    Person,
    RoleName,
    Scope,
    Standing,
    create_administration,
    grant_role,
)
from db.session import Sessions, connect
from scheduling.clock import ManualClock
from tests.world import ABOUT_ONESELF, UNCHECKED, unchecked

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
WEEK = {"zone": "Africa/Tunis", "days": {day: ["08:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}
REGIONS = [{"code": "north", "name": {"en": "The North", "fr": "Le Nord"}}]


class Deferred:
    """The job port of a test that delivers nothing: it notes what was asked for."""

    shares = False

    def __init__(self) -> None:
        self.jobs: list[tuple[str, dict[str, int]]] = []

    def defer(
        self,
        session: Session,
        name: str,
        *,
        lock: str | None = None,
        at: datetime | None = None,
        first: int = 0,
        **ids: int,
    ) -> None:
        self.jobs.append((name, ids))

    def defer_all(
        self, session: Session, name: str, jobs: Sequence[tuple[str | None, Mapping[str, int]]], *, first: int = 0
    ) -> None:
        self.jobs += [(name, dict(ids)) for _lock, ids in jobs]


class World:
    """One administration, one verified organisation, one centre; whoever else is needed is made."""

    def __init__(self, url: str) -> None:
        self.sessions = Sessions(connect(url))
        self.clock = ManualClock(NOON)
        self.engine = Engine(
            sessions=self.sessions,
            registry=handlers.registry,
            clock=self.clock,
            catalogues=Catalogues(Path("nowhere")),
            work=Deferred(),
            doors={},
            public_url="https://parley.example",
        )
        with self.sessions.writing() as session:
            home = create_administration(
                session,
                code="sk",
                name={"en": "Customs of Sokal"},
                country="TN",
                zone="Africa/Tunis",
                language="en",
                regions=REGIONS,
                integrity_url="https://safe.example/tell",
            )
            maritime = Organisation(
                administration_id=home.id, name="Maritime Trading", kind=Kind.BUSINESS, standing=Standing.VERIFIED
            )
            desk = Centre(
                administration_id=home.id,
                code="perishables",
                name={"en": "Perishables"},
                ports=["Sodal", "Salin Airport"],
                week=WEEK,
                takes_the_rest=True,
            )
            session.add_all([maritime, desk])
            session.flush()
            self.home_id, self.maritime_id, self.desk_id = home.id, maritime.id, desk.id

    def close(self) -> None:
        with self.sessions.reading() as session:
            assert set(unchecked(session)) <= ABOUT_ONESELF, UNCHECKED
        self.sessions.engine.dispose()

    # Making people

    def known(self, caller: Caller, *roles: RoleName, kind: Kind = Kind.BUSINESS) -> int:
        """Somebody who registered before, with these roles; officers and leads at the one desk. Their person's id."""
        outcome = self.turn(Called(caller, name="home.show"))
        now = self.clock.now()
        with self.sessions.writing() as session:
            person = session.get_one(Person, outcome.person_id)
            person.name, person.kind, person.language_chosen_at, person.registered_at = caller.name, kind, now, now
            person.consented_at = now
            for role in roles:
                at_desk = role in (RoleName.OFFICER, RoleName.LEAD)
                grant_role(
                    session,
                    person,
                    role,
                    scope=Scope.CENTRE if at_desk else Scope.COUNTRY,
                    scope_id=str(self.desk_id) if at_desk else "TN",
                    at=now,
                    until=now + YEAR,
                )
        return outcome.person_id

    def speaks(self, person_id: int, *, by: int | None, is_deputy: bool = False) -> int:
        """A mandate for Maritime Trading, confirmed by `by`. Its id."""
        with self.sessions.writing() as session:
            person = session.get_one(Person, person_id)
            maritime = session.get_one(Organisation, self.maritime_id)
            mandate = Mandate.given(person, maritime, at=self.clock.now(), is_deputy=is_deputy)
            mandate.confirmed_by_id = by
            session.add(mandate)
            session.flush()
            return mandate.id

    # Talking

    def turn(self, event: Any, **more: Any) -> Outcome:
        outcome = self.engine.turn(event, trace="t", **more)
        assert outcome is not None
        return outcome

    def call(self, caller: Caller, words: str) -> Outcome:
        return self.turn(Called(caller, words=words))

    def open(self, caller: Caller, name: str, **args: Any) -> Outcome:
        return self.turn(Called(caller, name=name, args=args))

    def say(self, caller: Caller, text: str) -> Outcome:
        return self.turn(Answered(caller, text))

    def press(self, caller: Caller, shown: Any, label: str) -> Outcome:
        """Press a button of an outcome, or of a message that was sent."""
        found = next(each for each in buttons(shown) if plain(each.label) == label)
        return self.turn(Called(caller, handle=found.handle))

    def news(self, person_id: int) -> list[Screen]:
        """The screens sent to somebody, oldest first."""
        with self.sessions.reading() as session:
            theirs = Outgoing.person_id == person_id, Outgoing.screen.is_not(None)
            rows = session.scalars(select(Outgoing).where(*theirs).order_by(Outgoing.id)).all()
        return [from_json(row.screen).screen for row in rows]

    def run_due(self) -> list[str]:
        """Run everything that has fallen due by now, and what that makes due. The names of the jobs."""
        ran: list[str] = []
        while True:
            now = self.clock.now()
            with self.sessions.writing() as session:
                waiting = Due.at <= now, Due.done_at.is_(None), Due.cancelled_at.is_(None)
                due = session.execute(select(Due.id, Due.job).where(*waiting).order_by(Due.at, Due.id)).all()
            if not due:
                return ran
            for row in due:
                self.engine.run_due(row.id)
                ran.append(row.job)

    # Looking

    def count(self, table: Any, *where: Any) -> int:
        with self.sessions.reading() as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    def get(self, table: Any, row_id: int) -> Any:
        with self.sessions.reading() as session:
            return session.get_one(table, row_id)

    def person(self, caller: Caller) -> Person:
        with self.sessions.reading() as session:
            mine = Account.platform == caller.platform, Account.external_id == caller.external_id
            account = session.scalars(select(Account).where(*mine)).one()
            return session.get_one(Person, account.person_id)


def plain(value: Any) -> str:
    """What a reader of English sees, without direction marks."""
    return without_isolates(Writer(Catalogues(Path("nowhere")), Reader("en", "UTC")).plain(value))


def buttons(shown: Any) -> list[Button]:
    """Every button of an outcome or a screen, in the order it is shown."""
    found: list[Button] = []

    def note(button: Button) -> Button:
        found.append(button)
        return button

    answer = shown.answer if isinstance(shown, Outcome) else None
    map_buttons((answer.form or answer.screen) if answer is not None else shown, note)
    return found


def labels(shown: Any) -> list[str]:
    return [plain(each.label) for each in buttons(shown)]


def form(outcome: Outcome) -> FormView:
    assert outcome.answer.form is not None, plain(screen(outcome).heading)
    return outcome.answer.form


def asked(outcome: Outcome) -> str:
    """The question a chat asks now."""
    view = form(outcome)
    return view.asking or "review"


def screen(outcome: Outcome) -> Screen:
    assert outcome.answer.screen is not None
    return outcome.answer.screen


def text(shown: Any) -> str:
    """Everything a screen says, in lines."""
    page = screen(shown) if isinstance(shown, Outcome) else shown
    lines = [plain(page.heading), *(plain(each) for each in page.body)]
    lines += [f"{plain(fact.label)}: {plain(fact.value)}" for fact in page.facts]
    for row in page.rows:
        lines.append(" | ".join(plain(each) for each in (row.title, row.detail) if each is not None))
    return "\n".join(lines)
