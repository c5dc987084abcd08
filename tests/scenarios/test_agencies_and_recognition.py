"""S7, the agencies' roundtable on the recognition of trusted traders, and one answer for six firms, on all doors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.centres import Centre
from db.people import Kind, Organisation, Person, RoleName, Scope, create_administration, grant_role
from db.recognition import Recognition, RecognitionChange, Stand

from .stage import MAIL, SLACK, TELEGRAM, Somebody, Stage, swapped

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine in Tunis
YEAR = timedelta(days=365)
TUNIS = "Africa/Tunis"
WEEK = {"zone": TUNIS, "days": {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}
CAST = {
    "ruiz": Somebody("Daniel Ruiz", zone=TUNIS),
    "lena": Somebody("Lena Brandt", zone=TUNIS),
    "chloe": Somebody("Chloe", Kind.AGENCY, TUNIS, "en", "Food Safety Agency"),
    "dina": Somebody("Dina", Kind.AGENCY, TUNIS, "en", "Transport Authority"),
    "badr": Somebody("Badr", Kind.AGENCY, TUNIS, "en", "Standards Institute"),
    "amina": Somebody("Amina", Kind.BUSINESS, TUNIS, "en", "Amina & Fils"),
    "bruno": Somebody("Bruno", Kind.BUSINESS, TUNIS, "en", "Bruno Freight"),
    "carla": Somebody("Carla", Kind.BUSINESS, TUNIS, "fr", "Carla Transit"),
    "dora": Somebody("Dora", Kind.BUSINESS, TUNIS, "en", "Dora Shipping"),
    "emil": Somebody("Emil", Kind.BUSINESS, TUNIS, "en", "Emil Cold Stores"),
    "fay": Somebody("Fay", Kind.BUSINESS, TUNIS, "ar", "Fay Trading"),
}
AGENCIES, FIRMS = ("chloe", "dina", "badr"), ("amina", "bruno", "carla", "dora", "emil", "fay")
FIRST = {
    "ruiz": SLACK, "lena": TELEGRAM, "chloe": TELEGRAM, "dina": SLACK, "badr": MAIL,
    "amina": TELEGRAM, "bruno": SLACK, "carla": TELEGRAM, "dora": MAIL, "emil": SLACK, "fay": TELEGRAM,
}  # fmt: skip

FEW = {name: door for name, door in FIRST.items() if name not in {"carla", "emil", "fay"}}
# Six firms, and every answer of the agencies in chat; or fewer firms, and what an agency recognises is known already.
ARRANGEMENTS = (
    pytest.param("sqlite_url", FEW, id="sqlite-few"),
    pytest.param("sqlite_url", FIRST, id="sqlite-first", marks=pytest.mark.slow),
    pytest.param("postgresql_url", swapped(FIRST), id="postgresql-swapped", marks=pytest.mark.slow),
)
# What each does not recognise, or in part; with what it tells Customs alone. All together nine criteria.
NOT, PART = "Not recognised", "In part"
UNMATCHED = {
    "chloe": {"A": NOT, "B": PART, "G": NOT},
    "dina": {"G": NOT, "H": PART, "I": NOT},
    "badr": {"A": PART, "J": NOT, "K": PART, "L": NOT, "M": NOT},
}
NOTES = {"chloe": "The laboratory is not ours.", "dina": "Our inspectors object.", "badr": "There is no budget."}
QUESTIONS = {name: f"What does {CAST[name].organisation} count of it?" for name in AGENCIES}
ANSWERS = {"chloe": "Food counts samples.", "dina": "Transport counts the seals.", "badr": "Standards count audits."}
LETTERS = "ABCDEFGHIJKLM"
RAISED = "Why is our status not counted at the port?"
SHARED = "The status of trusted traders is not counted at the port"
AGAIN = "You get this answer again, completed, when what is missing has come."
BY = date(2026, 11, 26)


def settle_in(stage: Stage) -> None:
    """One desk with an officer and a lead; three agencies and six firms, each with somebody who speaks for it."""
    now = stage.clock.now()
    with stage.parley.sessions.writing() as session:
        home = create_administration(
            session, code="tn", name={"en": "Customs of Sodal"}, country="TN", zone=TUNIS, language="en",
            regions=[], integrity_url=None,
        )  # fmt: skip
        session.flush()
        stage.know(session, home.id)
        desk = Centre(
            administration_id=home.id, code="general", week=WEEK, name={"en": "General desk"}, sectors=["general"],
            answer_hours=24, takes_the_rest=True,
        )  # fmt: skip
        session.add(desk)
        session.flush()
        for name, role in (("ruiz", RoleName.OFFICER), ("lena", RoleName.LEAD)):
            person = session.get_one(Person, stage.ids[name])
            grant_role(session, person, role, scope=Scope.CENTRE, scope_id=str(desk.id), at=now, until=now + YEAR)
        if "fay" not in stage.seats:
            for name in AGENCIES:
                recognises(session, stage, name, home.id)


def recognises(session: Session, stage: Stage, name: str, home: int) -> None:
    """An agency has said before of most criteria that it recognises them."""
    agency = session.scalars(select(Organisation.id).where(Organisation.name == CAST[name].organisation)).one()
    for number, letter in enumerate(LETTERS, 1):
        if letter not in UNMATCHED[name]:
            said = {"administration_id": home, "criterion_id": number, "agency_id": agency, "language": "en"}
            by, at = stage.ids[name], stage.clock.now()
            session.add(Recognition(**said, stand=Stand.RECOGNISED, said_by_id=by, said_at=at))
            session.add(RecognitionChange(**said, stand=Stand.RECOGNISED, by_id=by, at=at))


@pytest.mark.promise(
    "scenario.s7", "Agencies over all doors: gaps become topics and actions, six firms get one answer, completed later."
)
@pytest.mark.parametrize(("database", "doors"), ARRANGEMENTS)
async def test_agencies_and_the_recognition_of_trusted_traders(
    database: str, doors: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    async with Stage.opened(request.getfixturevalue(database), MONDAY, settle_in, CAST, doors) as stage:
        await say_what_they_recognise(stage)
        await becomes_a_roundtable(stage)
        await becomes_actions(stage)
        await ask_with_one_case_number(stage)
        await get_an_answer_that_names_who_is_missing(stage)
        await get_it_completed(stage)
        await saw_only_their_own(stage)


def firms(stage: Stage) -> list[str]:
    return [name for name in FIRMS if name in stage.seats]


async def say_what_they_recognise(stage: Stage) -> None:
    """1. The agencies are asked, and fill their columns: nine criteria are not recognised by all."""
    ruiz = stage["ruiz"]
    await ruiz.writes("/recognition")
    for name in AGENCIES:
        await ruiz.presses("Ask an agency")
        await ruiz.fills("recognition.ask", agency=CAST[name].organisation, respond_by=BY)
        stage[name].hears("Customs asks which criteria of trusted traders your agency recognises.")
        assert stage.told() == {"ruiz", name}
    for name in AGENCIES:
        shown = await stage[name].presses("My agency's answers")
        asked = LETTERS if "fay" in stage.seats else list(UNMATCHED[name])
        for left, letter in zip(range(len(asked), 0, -1), asked, strict=True):
            assert re.search(rf"\b{left} criteri(on has|a have) no answer yet", shown), (name, letter, shown)
            await stage[name].presses("Next without an answer")
            note = {"note": NOTES[name]} if letter in UNMATCHED[name] else {}
            shown = await stage[name].fills("recognition.say", stand=UNMATCHED[name].get(letter, "Recognised"), **note)
        assert "Your agency has answered everything. Thank you." in shown
        ruiz.hears(f"{CAST[name].organisation} has said of every criterion")
    await ruiz.writes("/recognition")
    assert "9 criteria are not recognised by everybody." in await ruiz.presses("Gaps")


async def gap(stage: Stage, letter: str) -> str:
    """One of the gaps, opened from the list of them."""
    ruiz = stage["ruiz"]
    await ruiz.writes("/recognition")
    shown = await ruiz.presses("Gaps")
    if f"{letter}. " not in shown:
        await ruiz.presses("Next")
    return str(await ruiz.presses("Open", of=f"{letter}. "))


async def becomes_a_roundtable(stage: Stage) -> None:
    """A roundtable is called from the matrix, and four gaps are its topics."""
    ruiz = stage["ruiz"]
    assert NOTES["chloe"] in await gap(stage, "A"), "Customs reads why"
    called = await ruiz.presses("Call a roundtable of it")
    assert "Called, with 2 of those who speak for the agencies on its list." in called and "Reference: R-1" in called
    for letter in "BGH":
        await gap(stage, letter)
        shown = await ruiz.presses("Put it on the agenda of R-1")
    assert re.search(r"1\. A\. .*2\. B\. .*3\. G\. .*4\. H\. ", shown, re.DOTALL)
    await ruiz.presses("Set the date")
    await ruiz.fills("roundtables.set_date", day=date(2026, 12, 8), time="10:00", minutes=60)
    for name in AGENCIES:
        assert "4. H. " in stage[name].hears("You are invited to a roundtable.", "Tuesday 8 December 2026 10:00")
    for name in AGENCIES:
        assert "Comes" in await stage[name].presses("Accept")


async def becomes_actions(stage: Stage) -> None:
    """Three gaps become actions of the joint plan, each owned by Customs and by the agency."""
    for number, (letter, name) in enumerate((("I", "dina"), ("J", "badr"), ("K", "badr")), 1):
        await gap(stage, letter)
        await stage["ruiz"].presses("Make it an action")
        made = await stage["ruiz"].presses("They own it with me")
        assert f"Reference: A-{number}\n" in made and "Owner in Customs: Daniel Ruiz" in made
        stage[name].hears("You are asked to own this action. Do you?", f"{letter}. ")
        assert "It is yours, and adopted." in await stage[name].presses("I own it", of=f"{letter}. ")
    assert "What became of it: A-3, Adopted, not begun" in await gap(stage, "K")


async def ask_with_one_case_number(stage: Stage) -> None:
    """3. Six firms have one question: one of them raises it, the others say that it is theirs, too."""
    ruiz, amina = stage["ruiz"], stage["amina"]
    await amina.writes("/raise")
    shown = await amina.fills("issues.raise", detail=RAISED, sector="Several sectors, or another one")
    assert "Your reference is P-000001" in shown
    await ruiz.presses("Take it")
    await ruiz.presses("More")
    await ruiz.presses("Share it as a problem")
    await ruiz.fills("issues.publish", line=SHARED)
    for name in firms(stage)[1:]:
        firm = stage[name]
        if firm.platform == MAIL:
            await firm.opens_page(stage.sign_in(name))
        await firm.writes("/problems")
        await firm.presses("Open", of=SHARED)
        await firm.presses("Same here")
        noted = await firm.fills("issues.same", words=f"{firm.name}: ours neither.")
        assert "P-000001" in noted and "Amina" not in noted
    await ruiz.writes("P-000001")
    await ruiz.presses("Open P-000001")
    await ruiz.presses("More")
    await ruiz.presses("Other agencies")
    for name in AGENCIES:
        await ruiz.presses("Ask an agency")
        asked = {"agency": CAST[name].organisation, "words": QUESTIONS[name], "respond_by": BY}
        await ruiz.fills("agencies.ask", **asked)
        stage[name].hears("Customs asks your agency for its part of an answer.", QUESTIONS[name], "P-000001")


async def get_an_answer_that_names_who_is_missing(stage: Stage) -> None:
    """2. Two agencies are late; the firms get one answer, which says who is missing and by when."""
    ruiz = stage["ruiz"]
    await stage["chloe"].presses("Answer", of=QUESTIONS["chloe"])
    await stage["chloe"].fills("agencies.answer", words=ANSWERS["chloe"])
    ruiz.hears("Food Safety Agency has answered its part.")
    await stage["dina"].presses("We need more time", of=QUESTIONS["dina"])
    await stage["dina"].fills("agencies.later", respond_by=date(2026, 12, 4), words="Our board meets then.")
    ruiz.hears("Transport Authority needs more time, until Friday 4 December 2026")
    await stage.until(datetime(2026, 11, 27, 9, tzinfo=UTC))
    ruiz.hears("Standards Institute has not answered by Thursday 26 November 2026 18:00 (Tunis).")
    await ruiz.writes("P-000001")
    await ruiz.presses("Open P-000001")
    await ruiz.presses("Propose an outcome")
    outcome = {
        "asked": SHARED,
        "found": "Each authority counts for itself",
        "decision": "Done in part",
        "reason": "Another authority decides this",
    }
    shown = await ruiz.fills("issues.propose", **outcome, words="From May each counts what another has checked")
    late = "Transport Authority has not answered yet. Its part is expected by Friday 4 December 2026 18:00 (Tunis)."
    missing = "Standards Institute has not answered. Its part was expected by Thursday 26 November 2026 18:00 (Tunis)."
    assert ANSWERS["chloe"] in shown and late in shown and missing in shown
    await stage["lena"].presses("Approve")
    for name in firms(stage):
        heard = stage[name].hears("What became of it", ANSWERS["chloe"], "P-000001", AGAIN)
        if CAST[name].language == "en":
            assert late in heard and missing in heard
        assert "Transport Authority" in heard and "Standards Institute" in heard
    stage["chloe"].hears("told to those who raised it")
    assert stage.told() == {"lena", "chloe", "ruiz", *firms(stage)}
    for name in firms(stage):
        await stage[name].presses("Acknowledge")


async def get_it_completed(stage: Stage) -> None:
    """What was missing comes, and the answer goes to all six again, completed, under the same number."""
    ruiz = stage["ruiz"]
    for number, name in enumerate(("dina", "badr"), 1):
        await stage.passes(days=3)
        await stage[name].presses("Answer", of=QUESTIONS[name])
        await stage[name].fills("agencies.answer", words=ANSWERS[name])
        ruiz.hears(f"{CAST[name].organisation} has sent its part after the answer went out.")
        assert ANSWERS[name] in await ruiz.presses("Complete the answer")
        await stage["lena"].presses("Approve")
        for firm in firms(stage):
            heard = stage[firm].hears("What became of it, completed", ANSWERS[name], ANSWERS["chloe"], "P-000001")
            assert heard.index(ANSWERS[name]) < heard.index(ANSWERS["chloe"]), "what is new comes first"
            assert (stage[firm].says(AGAIN) in heard) == (number == 1), "while one is missing still"
        stage[name].hears("told to those who raised it")
    for firm in firms(stage):
        await stage[firm].presses("Acknowledge")
    lines = json.loads(await stage.shows("ledger", issue="P-000001"))
    told = [(each["person"], each["state"], each["completes"]) for each in lines]
    assert len(told) == 3 * len(firms(stage)) and {each["issue"] for each in lines} == {"P-000001"}
    first, last = told[: len(firms(stage))], told[-len(firms(stage)) :]
    assert {each[1:] for each in first} == {("acknowledged", False)} and {each[1:] for each in last} == {
        ("acknowledged", True)
    }


async def saw_only_their_own(stage: Stage) -> None:
    """No agency read another's question, answer or note, nor who raised it; no firm read a note."""
    for name in AGENCIES:
        read = "\n".join(stage[name].all)
        for other in set(AGENCIES) - {name}:
            for words in (QUESTIONS[other], ANSWERS[other], NOTES[other]):
                assert words not in read, (name, words)
        assert RAISED not in read and not any(CAST[firm].organisation in read for firm in firms(stage))
    for name in firms(stage):
        assert not any(note in each for note in NOTES.values() for each in stage[name].all)
        assert set(re.findall(r"\bP-\d+", "\n".join(stage[name].all))) == {"P-000001"}
