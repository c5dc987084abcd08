"""Where the conversation begins: one desk that never closes, four people, and one issue that was raised before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import null

from bot.core import Parley
from bot.kit.events import Answer, Called, Caller, Submitted
from db.centres import Centre
from db.people import Account, Kind, Person, RoleName, Scope, create_administration, grant_role
from scheduling.clock import SystemClock
from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.slack import Timing
from tests.fakes.slack import User as SlackUser
from tests.fakes.telegram import User as TelegramUser

PAGE = "https://parley.example"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = {"zone": "UTC", "days": {day: ["00:00-23:59"] for day in DAYS}}
EARLIER = "Our fish has been waiting at Port B since Monday."
# Slack's own times between attempts are minutes; a test has none to spare.
QUICK = Timing(retries=(0.0, *[0.2] * 50))


@dataclass(frozen=True)
class People:
    """Everybody on the platforms, by the same numbers in every run."""

    telegram: FakeTelegram
    slack: FakeSlack
    amina: TelegramUser
    badr: TelegramUser
    olga: SlackUser
    lena: SlackUser


def people(telegram: FakeTelegram, slack: FakeSlack) -> People:
    """The cast on new fakes: two traders, an officer and her lead."""
    amina, badr = (telegram.user(name, language_code="en") for name in ("Amina", "Badr"))
    for trader in (amina, badr):
        trader.started = True
    return People(telegram, slack, amina, badr, slack.user("Olga"), slack.user("Lena"))


def settle(url: str) -> None:
    """Fill a migrated database without rows."""
    them = people(FakeTelegram(), FakeSlack())
    with opened(url) as parley:
        now = parley.clock.now()
        with parley.sessions.writing() as session:
            home = create_administration(
                session,
                code="sk",
                name={"en": "Customs of Sakan"},
                country="TN",
                zone="UTC",
                language="en",
                regions=[],
                integrity_url=None,
            )
            session.flush()
            desk = Centre(
                administration_id=home.id,
                code="perishables",
                name={"en": "Perishables desk"},
                sectors=["perishables"],
                week=ALWAYS,
                answer_hours=500,
                takes_the_rest=True,
            )
            session.add(desk)
            session.flush()
            for trader in (them.amina, them.badr):
                person(session, home.id, trader.first_name, "telegram", str(trader.id), str(trader.id), now)
            for staff, role in ((them.olga, RoleName.OFFICER), (them.lena, RoleName.LEAD)):
                one = person(session, home.id, staff.name, "slack", f"{staff.team}:{staff.id}", staff.id, now)
                until = now + timedelta(days=365)
                grant_role(session, one, role, scope=Scope.CENTRE, scope_id=str(desk.id), at=now, until=until)
        badr = Caller("telegram", str(them.badr.id), str(them.badr.id), "Badr", "en", "UTC")
        fills(parley, badr, "issues.raise", {"detail": EARLIER, "sector": "perishables"})


def fills(parley: Parley, who: Caller, form: str, values: dict[str, Any], **about: int) -> Answer:
    """Somebody fills a form and sends it, before anything is played."""
    asked = does(parley, who, form, **about).form
    if asked is None:
        raise LookupError(f"{form} is no form to {who.name}")
    given: dict[str, Any] = {each.name: None for each in asked.fields} | values
    sent = asyncio.run(parley.edge.direct(Submitted(who, asked.token, given), trace="earlier")).answer
    if sent.form is not None:
        raise LookupError(f"{form} was not taken: {sent.form}")
    return sent


def does(parley: Parley, who: Caller, command: str, **about: int) -> Answer:
    """Somebody has a command run, before anything is played."""
    return asyncio.run(parley.edge.direct(Called(who, name=command, args=about), trace="earlier")).answer


def person(session: Any, home: int, name: str, door: str, external_id: str, address: str, at: datetime) -> Person:
    """Somebody who is registered and has an account at a door."""
    # Told to be NULL: of None the default would come, and nothing would be heard in the evening.
    one = Person(administration_id=home, name=name, language="en", zone="UTC", quiet_from=null(), quiet_to=null())
    one.kind = Kind.CUSTOMS if door == "slack" else Kind.BUSINESS
    one.met_at = one.language_chosen_at = one.consented_at = one.registered_at = at
    session.add(one)
    session.flush()
    account = Account(person_id=one.id, platform=door, external_id=external_id, address=address)
    account.met_at = account.used_at = at
    session.add(account)
    return one


@contextmanager
def opened(url: str) -> Iterator[Parley]:
    """Parley without doors, for what happened before."""
    parley = Parley(database_url=url, public_url=PAGE, clock=SystemClock())
    try:
        yield parley
    finally:
        parley.close()
