"""What was raised and settled before the demo begins, told through the capabilities' own verbs, at its own hours.

The doors are production's own; the platforms behind them take every message and keep none, so that nobody's screen
begins full of old news.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.core import Parley
from bot.kit.events import Answer, Called, Caller, Submitted
from bot.platforms.telegram.door import TelegramDoor
from db.issues import Issue, Problem
from db.outcomes import Decision, Outcome, Reason
from db.people import Account, Person, Sector
from scheduling.clock import ManualClock

from .personas import ZONE
from .slack import Workspace
from .telegram import Chats

MORNING = timedelta(hours=9, minutes=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Case:
    """One issue of the past. `weeks` before the demo begins it was raised, on a Monday morning.

    `heard` says what each person did with the outcome: acknowledge, helped, outcome (only opened it). `lost` had
    blocked Parley by then.
    """

    weeks: int
    reporter: str
    detail: str
    sector: Sector
    officer: str
    approver: str
    asked: str
    found: str
    words: str
    decision: Decision
    heard: Mapping[str, str]
    reason: Reason | None = None
    port: str | None = None
    chapter: str | None = None
    question: tuple[str, str] | None = None
    problem: str | None = None
    same: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


SETTLED = (
    Case(
        weeks=6,
        reporter="Nadia Cherif",
        detail="Au port Sodal, les conteneurs frigorifiques attendent le contrôle sans prise électrique : "
        "la chaîne du froid est rompue.",
        sector=Sector.PERISHABLES,
        port="Port Sodal",
        officer="Mariam Sow",
        approver="Grace Mbeki",
        asked="Refrigerated containers wait for inspection at Port Sodal without power.",
        found="The inspection yard had four sockets for up to nine refrigerated containers a day.",
        words="Eight sockets were added. Refrigerated containers are inspected before all others.",
        decision=Decision.DONE,
        heard={"Nadia Cherif": "helped"},
    ),
    Case(
        weeks=5,
        reporter="Sofia Marin",
        detail="Every shipment of lithium batteries is sampled twice: by Customs on Monday and by the Standards "
        "Institute on Thursday. The second visit costs us three days of storage.",
        sector=Sector.ELECTRONICS,
        chapter="85",
        officer="Hana Kim",
        approver="Leila Benali",
        asked="One visit instead of two when batteries are sampled.",
        found="The two laboratories cannot share one sample: each must seal its own.",
        words="Both now come on the same day. One common sample needs a change of the Standards Institute's rules.",
        decision=Decision.PARTLY,
        reason=Reason.OTHER_AUTHORITY,
        heard={"Sofia Marin": "acknowledge"},
    ),
    Case(
        weeks=4,
        reporter="ليلى منصور",
        detail="طُلب منا تقديم شهادة المنشأ الأصلية على الورق رغم أننا أرسلناها إلكترونيا قبل وصول الشحنة.",
        sector=Sector.TEXTILES,
        chapter="52",
        officer="Peter Novak",
        approver="Leila Benali",
        question=("Which country issued the certificate?", "صدرت الشهادة في المغرب وهي تحمل توقيعا إلكترونيا."),
        asked="Paper originals are demanded although the certificate of origin was sent electronically.",
        found="The officer on duty did not know that certificates with an electronic signature are accepted.",
        words="Every desk has been instructed again: an electronic certificate of origin needs no paper.",
        decision=Decision.DONE,
        heard={"ليلى منصور": "helped"},
    ),
    Case(
        weeks=3,
        reporter="Jonas Weber",
        detail="The guarantee for demonstration cars is released only three months after they have left the country.",
        sector=Sector.VEHICLES,
        port="Land border Tazir",
        officer="Fatou Diop",
        approver="Leila Benali",
        asked="An earlier release of the guarantee for cars under temporary admission.",
        found="The law gives the country of return three months to confirm.",
        words="The guarantee can be halved for traders who brought every car back for two years. Please apply for it.",
        decision=Decision.NOT,
        reason=Reason.LAW,
        heard={"Jonas Weber": "outcome"},
    ),
    Case(
        weeks=2,
        reporter="Karim Belaid",
        detail="Les petits colis attendent deux jours au scanner de l’aéroport Salin.",
        sector=Sector.EXPRESS,
        port="Airport Salin",
        officer="Youssef Amrani",
        approver="Anna Rossi",
        problem="Small parcels wait two days for the scanner at Airport Salin",
        same=("Jonas Weber", "Rachid Haddad", "Sofia Marin"),
        lost=("Rachid Haddad",),
        asked="Small parcels wait two days for the scanner.",
        found="One of two scanners is broken, and its spare part comes in January.",
        words="Until then parcels of approved traders are opened by hand within four hours.",
        decision=Decision.PARTLY,
        reason=Reason.PLANNED,
        heard={"Jonas Weber": "acknowledge"},
    ),
)


async def play(database_url: str, *, at: datetime, public_url: str) -> None:
    """Tell the whole past of a database that has just been seeded; `at` is when the demo begins."""
    past = _Past(database_url, at, public_url)
    try:
        for case in SETTLED:
            await past.settled(case)
        await past.under_way()
    finally:
        past.parley.close()


class _Past:
    def __init__(self, database_url: str, at: datetime, public_url: str) -> None:
        local = at.astimezone(ZoneInfo(ZONE))
        self._monday = local.replace(hour=0, minute=0, second=0, microsecond=0) - DAY * local.weekday()
        self._begins = at
        self.clock = ManualClock(self._monday - timedelta(weeks=SETTLED[0].weeks))
        self.parley = Parley(database_url=database_url, public_url=public_url, clock=self.clock)
        self._chats = Chats(record=_unseen, clock=self.clock)
        self.parley.add(
            TelegramDoor(self._chats.perform, download=self._chats.download, stored=_no_file, sleep=_no_sleep)
        )
        self.parley.add(Workspace(self.parley, record=_unseen, stored=_no_file).door)
        self._traces = (f"past-{number}" for number in count(1))
        with self.parley.sessions.reading() as session:
            rows = session.execute(select(Account, Person.name).join(Person, Person.id == Account.person_id))
            self._people = {
                name: Caller(account.platform, account.external_id, account.address, name) for account, name in rows
            }

    async def settled(self, case: Case) -> None:
        """Raised on Monday, settled on Tuesday, heard in the afternoon."""
        raised = self._monday - timedelta(weeks=case.weeks) + MORNING
        issue = await self._raised(case, raised)
        await self._at(raised + HOUR)
        await self._do(case.officer, "issues.take", issue=issue)
        if case.question is not None:
            await self._fill(case.officer, "issues.ask", {"words": case.question[0]}, issue=issue)
            await self._at(raised + 2 * HOUR)
            await self._fill(case.reporter, "issues.answer", {"words": case.question[1]}, issue=issue)
        if case.problem is not None:
            problem = await self._published(case.officer, issue, case.problem)
            for name in case.same:
                await self._fill(name, "issues.same", {}, problem=problem)
        for name in case.lost:
            self._chats.blocked.add(self._people[name].address)
        await self._at(raised + DAY)
        told = {"asked": case.asked, "found": case.found, "words": case.words, "decision": case.decision.value}
        await self._fill(case.officer, "issues.propose", told | {"reason": case.reason}, issue=issue)
        await self._do(case.approver, "issues.approve", issue=issue)
        await self._at(raised + DAY + 3 * HOUR)
        outcome = self._latest(Outcome)
        for name, deed in case.heard.items():
            await self._do(name, f"issues.{deed}", outcome=outcome)

    async def under_way(self) -> None:
        """Two that are not settled yet: one waits for its trader, one is known to all and an hour old."""
        asked = self._monday - timedelta(weeks=1) + 3 * DAY + MORNING
        await self._at(asked)
        dyes = {
            "detail": "التحليل المخبري لأصباغ النسيج يستغرق ثلاثة أسابيع.",
            "sector": Sector.CHEMICALS.value,
            "chapter": "32",
        }
        issue = await self._raise("عمر الزين", dyes)
        await self._at(asked + HOUR)
        await self._do("Luis Ortega", "issues.take", issue=issue)
        question = {"words": "Which laboratory is it, and since when do you wait?"}
        await self._fill("Luis Ortega", "issues.ask", question, issue=issue)
        await self._at(self._begins - HOUR)
        returned = {
            "detail": "Les articles retournés par les clients sont taxés une seconde fois.",
            "sector": Sector.EXPRESS.value,
        }
        issue = await self._raise("Nadia Cherif", returned)
        await self._do("Youssef Amrani", "issues.take", issue=issue)
        await self._published("Youssef Amrani", issue, "Returned online purchases are charged duty a second time")
        await self._at(self._begins)

    async def _raised(self, case: Case, at: datetime) -> int:
        await self._at(at)
        told = {"detail": case.detail, "sector": case.sector.value, "port": case.port, "chapter": case.chapter}
        return await self._raise(case.reporter, told)

    async def _raise(self, name: str, told: Mapping[str, Any]) -> int:
        await self._fill(name, "issues.raise", told)
        return self._latest(Issue)

    async def _published(self, officer: str, issue: int, line: str) -> int:
        await self._fill(officer, "issues.publish", {"line": line}, issue=issue)
        return self._latest(Problem)

    async def _do(self, name: str, command: str, **args: int) -> Answer:
        """Run a command as its button would; what it causes is done when this returns."""
        event = Called(self._people[name], name=command, args=args)
        outcome = await self.parley.edge.direct(event, trace=next(self._traces))
        await self.parley.settle()
        return outcome.answer

    async def _fill(self, name: str, command: str, values: Mapping[str, Any], **about: int) -> None:
        """Open a form and send all of it. Raises LookupError where the rules say no: a past that did not happen."""
        form = (await self._do(name, command, **about)).form
        if form is None:
            raise LookupError(f"{name} is asked nothing by {command}")
        empty: dict[str, Any] = {each.name: None for each in form.fields}
        given = {key: value for key, value in values.items() if value is not None}
        event = Submitted(self._people[name], form.token, empty | given)
        outcome = await self.parley.edge.direct(event, trace=next(self._traces))
        if not outcome.answer.ended:
            raise LookupError(f"{name} cannot send {command}")
        await self.parley.settle()

    async def _at(self, at: datetime) -> None:
        """Let time pass; what fell due meanwhile is done first."""
        self.clock.advance(at - self.clock.now())
        await self.parley.settle()

    def _latest(self, table: type[Issue] | type[Problem] | type[Outcome]) -> int:
        with self.parley.sessions.reading() as session:
            return session.scalars(select(func.max(table.id))).one()


def _unseen(_door: str, _method: str, _parameters: Any) -> None:
    """Nobody looks on."""


async def _no_file(_file_id: int) -> bytes | None:
    return None


async def _no_sleep(_seconds: float) -> None:
    """The past is not waited for."""
