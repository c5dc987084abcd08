"""What was raised and settled before the demo begins, told through the capabilities' own verbs, at its own hours."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db.issues import Issue, Problem
from db.outcomes import Decision, Outcome, Reason
from db.people import Sector

from . import alerted, consulted, together
from .retelling import DAY, HOUR, WEEK, Past

MORNING = timedelta(hours=9, minutes=30)


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


async def play(database_url: str, *, at: datetime, public_url: str, whole: bool) -> None:
    """Tell the past of a database that has just been seeded; `at` is when the demo begins.

    Unless it is told `whole`, there are issues only, and nobody has met, promised or announced anything yet.
    """
    past = Past(database_url, at, public_url, weeks=SETTLED[0].weeks)
    collects = gc.isenabled()
    gc.disable()  # a tenth of the time, for what is given back in a moment
    try:
        for case in SETTLED:
            await _settled(past, case)
            for told in (together.WEEKS, consulted.WEEKS) if whole else ():
                if case.weeks in told:
                    await told[case.weeks](past, past.monday - WEEK * case.weeks)
        if whole:
            await alerted.lately(past, past.monday - WEEK)
        await _asked(past)
        if whole:
            await together.lately(past)
        await _known_to_all(past)
        if whole:
            await consulted.said(past)
        else:
            await past.at(past.begins)
    finally:
        if collects:
            gc.enable()
        past.close()


async def _settled(past: Past, case: Case) -> None:
    """Raised on Monday, settled on Tuesday, heard in the afternoon."""
    raised = past.monday - WEEK * case.weeks + MORNING
    issue = await _raised(past, case, raised)
    await past.at(raised + HOUR)
    await past.do(case.officer, "issues.take", issue=issue)
    if case.question is not None:
        await past.fill(case.officer, "issues.ask", {"words": case.question[0]}, issue=issue)
        await past.at(raised + 2 * HOUR)
        await past.fill(case.reporter, "issues.answer", {"words": case.question[1]}, issue=issue)
    if case.problem is not None:
        problem = await _published(past, case.officer, issue, case.problem)
        for name in case.same:
            await past.fill(name, "issues.same", {}, problem=problem)
    for name in case.lost:
        past.blocks(name)
    await past.at(raised + DAY)
    told = {"asked": case.asked, "found": case.found, "words": case.words, "decision": case.decision.value}
    await past.fill(case.officer, "issues.propose", told | {"reason": case.reason}, issue=issue)
    await past.do(case.approver, "issues.approve", issue=issue)
    await past.at(raised + DAY + 3 * HOUR)
    outcome = past.latest(Outcome)
    for name, deed in case.heard.items():
        await past.do(name, f"issues.{deed}", outcome=outcome)


async def _asked(past: Past) -> None:
    """One that is not settled yet, and waits for its trader."""
    asked = past.monday - WEEK + 3 * DAY + MORNING
    await past.at(asked)
    dyes = {
        "detail": "التحليل المخبري لأصباغ النسيج يستغرق ثلاثة أسابيع.",
        "sector": Sector.CHEMICALS.value,
        "chapter": "32",
    }
    issue = await _raise(past, "عمر الزين", dyes)
    await past.at(asked + HOUR)
    await past.do("Luis Ortega", "issues.take", issue=issue)
    question = {"words": "Which laboratory is it, and since when do you wait?"}
    await past.fill("Luis Ortega", "issues.ask", question, issue=issue)


async def _known_to_all(past: Past) -> None:
    """One that is an hour old, and that others can join."""
    await past.at(past.begins - HOUR)
    returned = {
        "detail": "Les articles retournés par les clients sont taxés une seconde fois.",
        "sector": Sector.EXPRESS.value,
    }
    issue = await _raise(past, "Nadia Cherif", returned)
    await past.do("Youssef Amrani", "issues.take", issue=issue)
    await _published(past, "Youssef Amrani", issue, "Returned online purchases are charged duty a second time")


async def _raised(past: Past, case: Case, at: datetime) -> int:
    await past.at(at)
    told = {"detail": case.detail, "sector": case.sector.value, "port": case.port, "chapter": case.chapter}
    return await _raise(past, case.reporter, told)


async def _raise(past: Past, name: str, told: Mapping[str, Any]) -> int:
    await past.fill(name, "issues.raise", told)
    return past.latest(Issue)


async def _published(past: Past, officer: str, issue: int, line: str) -> int:
    await past.fill(officer, "issues.publish", {"line": line}, issue=issue)
    return past.latest(Problem)
