"""A day of one office: the platforms, the people, and `parley all` as a process of its own whose time can be moved."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.events import Caller
from bot.kit.text import CATALOGUES, Catalogues, Phrase, Reader, Writer
from bot.ops import doctor
from bot.settings import Settings
from db.machinery import Inbox, InboxState, Outgoing, Sending
from db.people import Account, Kind, Person, RoleName, Scope, grant_role
from db.session import Sessions, connect
from tests.crash import facts, office
from tests.crash.clock import Shift
from tests.crash.process import Nursery
from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.platform import machine_clock
from tests.fakes.slack import User as SlackUser
from tests.fakes.telegram import User as TelegramUser
from tests.shell import free_port

LOOK = 0.02  # seconds between looks at the database, which cannot call
WITHIN = 60.0  # seconds until what is waited for has surely come, a restart included
OUTCOME = {
    "asked": "Release of refrigerated goods without delay",
    "found": "No inspector was on duty at the weekend",
    "decision": "done",
    "words": "An inspector is on duty every day from now on",
}
FISH = "Nos poissons attendent au port B depuis lundi."


@dataclass(frozen=True)
class Cast(office.People):
    """Those of the office, an officer who is on Telegram, and a trader who reads French on Slack."""

    omar: TelegramUser
    sara: SlackUser


def cast(telegram: FakeTelegram, slack: FakeSlack) -> Cast:
    them = office.people(telegram, slack)
    omar, sara = telegram.user("Omar", language_code="en"), slack.user("Sara")
    omar.started = True
    return Cast(telegram, slack, them.amina, them.badr, them.olga, them.lena, omar, sara)


def settle(url: str) -> None:
    """Bring the two newcomers into an office; Sara has raised an issue."""
    them = cast(FakeTelegram(), FakeSlack())
    with office.opened(url) as parley:
        now = parley.clock.now()
        with parley.sessions.writing() as session:
            number = str(them.omar.id)
            omar = office.person(session, 1, "Omar", "telegram", number, number, now)
            omar.kind = Kind.CUSTOMS
            until = now + timedelta(days=365)
            grant_role(session, omar, RoleName.OFFICER, scope=Scope.CENTRE, scope_id="1", at=now, until=until)
            account = f"{them.sara.team}:{them.sara.id}"
            sara = office.person(session, 1, "Sara", "slack", account, them.sara.id, now)
            sara.kind, sara.language = Kind.BUSINESS, "fr"
        office.fills(parley, _caller(them.sara, "fr"), "issues.raise", {"detail": FISH, "sector": "perishables"})


@dataclass(frozen=True)
class Crowd(Cast):
    """… and many who have the same problem: every other one on Slack, each third reading another language."""

    many: tuple[TelegramUser | SlackUser, ...]

    def language(self, member: TelegramUser | SlackUser) -> str:
        return ("en", "fr", "ar")[self.many.index(member) % 3]


def gathered(telegram: FakeTelegram, slack: FakeSlack, *, many: int = 40) -> Crowd:
    them = cast(telegram, slack)
    crowd: list[TelegramUser | SlackUser] = []
    for number in range(many):
        member = slack.user(f"Member {number}") if number % 2 else telegram.user(f"Member {number}")
        if isinstance(member, TelegramUser):
            member.started = True
        crowd.append(member)
    return Crowd(**vars(them), many=tuple(crowd))


def gather(url: str) -> None:
    """Let Badr's issue be a problem that all of them share, with an outcome that only waits for its approval."""
    them = gathered(FakeTelegram(), FakeSlack())
    with office.opened(url) as parley:
        callers = [_caller(each, them.language(each)) for each in them.many]
        with parley.sessions.writing() as session:
            for each in callers:
                one = office.person(
                    session, 1, each.name, each.platform, each.external_id, each.address, parley.clock.now()
                )
                one.kind, one.language = Kind.BUSINESS, each.language or "en"
        olga = _caller(them.olga, "en")
        office.fills(parley, olga, "issues.publish", {"line": "Fish waits at Port B"}, issue=1)
        for each in callers:
            office.fills(parley, each, "issues.same", {"words": f"I am {each.name}, and mine too."}, problem=1)
        office.fills(parley, olga, "issues.propose", OUTCOME, issue=1)


def _caller(user: TelegramUser | SlackUser, language: str) -> Caller:
    if isinstance(user, SlackUser):
        return Caller("slack", f"{user.team}:{user.id}", user.id, user.name, language, "UTC")
    return Caller("telegram", str(user.id), str(user.id), user.first_name, language, "UTC")


class Day:
    """One day. `passes` moves the time that everybody believes in, platforms included."""

    def __init__(self, nursery: Nursery, url: str, them: Any, shift: Shift, **settings: Any) -> None:
        self.them = them
        self.nursery = nursery
        self._shift = shift
        self._sessions = Sessions(connect(url))
        self._catalogues = Catalogues(CATALOGUES)
        port = free_port()
        self.settings: dict[str, Any] = {
            "database_url": url,
            "public_url": f"http://127.0.0.1:{port}",
            "port": port,
            "telegram_token": them.telegram.token,
            "telegram_api_url": them.telegram.address,
            "slack_bot_token": them.slack.bot_token,
            "slack_app_token": them.slack.app_token,
            "slack_api_url": them.slack.url,
        } | settings

    @classmethod
    @asynccontextmanager
    async def begun(cls, nursery: Nursery, url: str, people: Any = cast) -> AsyncIterator[Self]:
        """On platforms of its own; `url` is a prepared database, `people` those on the platforms by its own numbers."""
        shift = Shift(nursery.folder / "clock")
        shift.by(-shift.now)

        def clock() -> datetime:
            return machine_clock() + shift.now

        async with (
            FakeSlack.running(clock=clock, timing=office.QUICK) as slack,
            FakeTelegram.running(clock=clock) as telegram,
        ):
            day = cls(nursery, url, people(telegram, slack), shift)
            try:
                yield day
            finally:
                await nursery.kill()
                day._sessions.engine.dispose()

    # The process

    async def starts(self) -> None:
        """Start it; it has begun when Telegram has heard of it again."""
        asked = len(self.them.telegram.calls("getMe"))
        await self.nursery.start(self.settings, held=False, clock=self.clock)
        await self.them.telegram.until(lambda: len(self.them.telegram.calls("getMe")) > asked, WITHIN)

    async def ends(self, by: signal.Signals) -> int:
        """End it and return how it ended: its exit code, or minus the signal."""
        if self.nursery.pid is None:
            raise LookupError("it is not up")
        os.kill(self.nursery.pid, by)
        return await self.nursery.ended()

    async def health(self) -> Mapping[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as client:
            found: Mapping[str, Any] = (await client.get(f"{self.settings['public_url']}/healthz")).json()
        return found

    async def until_health(self, look: Callable[[Mapping[str, Any]], bool]) -> None:
        """Until what it says of itself is so."""
        async with asyncio.timeout(WITHIN):
            while not look(await self.health()):  # noqa: ASYNC110  nothing calls us
                await asyncio.sleep(LOOK)

    async def examined(self) -> str:
        """What `parley doctor` says."""
        settings = Settings(_env_file=None, **self.settings)  # type: ignore[call-arg]
        said, _well = await asyncio.to_thread(doctor.examine, settings, offline=False, as_json=False)
        for secret in settings.secrets():
            assert secret not in said
        return said

    @property
    def clock(self) -> Path:
        """What a process is told, so that it believes in this day's time."""
        return self._shift.path

    def log(self) -> str:
        """The end of what the processes wrote."""
        return self.nursery.log.read_text(encoding="utf-8")[-3000:]

    # Time, and waiting

    def passes(self, by: timedelta) -> None:
        self._shift.by(by)

    async def until_answered(self) -> None:
        """Until everything that came in is handled, and answered where that was on Telegram; the rest may wait."""
        handling = select(Inbox.id).where(Inbox.state != InboxState.DONE)
        unsent = Outgoing.is_reply, Outgoing.state.in_((Sending.WAITING, Sending.SENDING))
        answering = select(Outgoing.id).join(Account).where(*unsent, Account.platform == "telegram")
        await self._until(lambda session: not session.scalar(handling) and not session.scalar(answering))

    async def until_slack_took_one(self) -> None:
        """Until Slack took the one message that it leaves without an answer: what is tried later is late as well."""
        slack = self.them.slack
        await self._until(lambda _session: all(fault.kind != "reset-after" for _method, fault, *_rest in slack.faults))

    async def until_quiet(self, *, step: timedelta = timedelta()) -> None:
        """Until nothing is under way; time passes by `step` with every look."""

        def is_quiet(session: Session) -> bool:
            self.passes(step)
            return next(facts.unfinished(session), None) is None

        await self._until(is_quiet)

    async def _until(self, look: Any) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                while self.them.telegram.updates.waiting or not self._sees(look):  # noqa: ASYNC110  nothing calls us
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            with self.looking() as session:
                left = list(facts.unfinished(session))
            raise AssertionError(f"not within {WITHIN} s: {left}; {self.log()}") from None

    def _sees(self, look: Any) -> bool:
        with self.looking() as session:
            return bool(look(session))

    def looking(self) -> AbstractContextManager[Session]:
        return facts.looking(self._sessions)

    # Slack's outage

    def slack_is_down(self) -> None:
        """It takes one message without an answer, resets a few calls, and refuses everything from then on."""
        slack = self.them.slack
        slack.fails("chat.postMessage", "reset-after")
        slack.fails("*", "reset-before", times=2)
        slack.fails("*", "html", times=3)
        slack.fails("*", "500", times=10**9)

    def says(self, language: str, phrase: Phrase) -> str:
        """A phrase as somebody reads it."""
        return Writer(self._catalogues, Reader(language, "UTC")).plain(phrase)

    def shown_to(self, who: SlackUser | TelegramUser) -> list[str]:
        """What the bot's messages show to somebody, the oldest first."""
        if isinstance(who, SlackUser):
            return [each.shown for each in self.them.slack.messages(who) if each.by_app]
        return [each.shown for each in self.them.telegram.messages(who) if each.by_bot]

    def slack_is_back(self) -> None:
        self.them.slack.faults.clear()

    def sent_to(self, session: Session, who: SlackUser | TelegramUser) -> list[Outgoing]:
        """Every message to one person that is its own, the oldest first."""
        theirs = Account.address == str(who.id)
        rows = select(Outgoing).join(Person, Person.id == Outgoing.person_id).join(Account).where(theirs)
        return list(session.scalars(rows.order_by(Outgoing.not_before, Outgoing.id)))
