"""S4, a regulation written with business: from its draft to what became of each one's own words, on all doors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from db.centres import Centre
from db.people import Kind, Organisation, Person, RoleName, Scope, create_administration, grant_role

from .doors import line_of
from .stage import MAIL, SLACK, TELEGRAM, Somebody, Stage, swapped

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine in Tunis
YEAR = timedelta(days=365)
TUNIS, PORT = "Africa/Tunis", "Port B"
WEEK = {"zone": TUNIS, "days": {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}
CLOSES = date(2026, 12, 14)  # after 21 days
IN_TIME = datetime(2026, 12, 29, 23, tzinfo=UTC)  # ten working days after the outcome of 15 December
UNIT = "Policy unit"
CAST = {
    "ruiz": Somebody("Daniel Ruiz", zone=TUNIS),
    "lena": Somebody("Lena Brandt", zone=TUNIS),
    "vera": Somebody("Vera Lang", Kind.ASSOCIATION, TUNIS, "fr", "Association of Carriers"),
    "wim": Somebody("Wim", Kind.ASSOCIATION, TUNIS, "en", "Association of Brokers"),
    "xenia": Somebody("Xenia", Kind.ASSOCIATION, TUNIS, "en", "Association of Growers"),
    "emil": Somebody("Emil", Kind.AGENCY, TUNIS, "en", "Ministry of Agriculture"),
    "amina": Somebody("Amina Haddad", Kind.BUSINESS, TUNIS, "en", "Haddad & Fils"),
    "aziz": Somebody("Aziz Haddad", Kind.BUSINESS, TUNIS, "en", "Haddad & Fils"),
    "bruno": Somebody("Bruno", Kind.BUSINESS, TUNIS, "en", "Bruno Freight"),
    "bruno_mail": Somebody("Bruno.Mail", Kind.BUSINESS, TUNIS, "en", second_of="bruno"),
    "carla": Somebody("Carla", Kind.BUSINESS, TUNIS, "fr", "Carla Transit"),
    "colin": Somebody("Colin", Kind.BUSINESS, TUNIS, "fr", "Carla Transit"),
    "dora": Somebody("Dora", Kind.BUSINESS, TUNIS, "en", "Dora Shipping"),
    "fay": Somebody("Fay", Kind.BUSINESS, TUNIS, "ar", "Fay Trading", region=PORT),
}
MORE = {
    f"firm{number}": Somebody(f"Guest{number}", Kind.BUSINESS, TUNIS, "en", f"Firm {number}") for number in range(7)
}
FIRST = {
    "ruiz": SLACK, "lena": TELEGRAM, "vera": TELEGRAM, "emil": SLACK, "amina": SLACK, "aziz": TELEGRAM,
    "bruno": TELEGRAM, "bruno_mail": MAIL, "carla": TELEGRAM, "colin": SLACK, "dora": MAIL, "fay": TELEGRAM,
}  # fmt: skip
ALL = FIRST | {"wim": SLACK, "xenia": TELEGRAM} | {name: (SLACK, TELEGRAM)[n % 2] for n, name in enumerate(MORE)}
# An association, five firms and the ministry; or three associations and twelve firms.
ARRANGEMENTS = (
    pytest.param("sqlite_url", FIRST, id="sqlite-few"),
    pytest.param("sqlite_url", ALL, id="sqlite-first", marks=pytest.mark.slow),
    pytest.param("postgresql_url", swapped(ALL), id="postgresql-swapped", marks=pytest.mark.slow),
)
TITLE, SUMMARY = "Cold goods at the port", "When goods that spoil are inspected, and who pays for it."
TITLE_FR = "Les denrées réfrigérées au port"
DRAFT = """Order on cold goods

1. Scope
These rules apply to all goods that travel under temperature control, by sea, by air or by road.
2. Announcing
The carrier announces the arrival of the goods twelve hours before, by message to the port authority.
3. Opening hours
Cold goods are inspected between six in the morning and ten in the evening, on every day of the week.
4. Fees
A fee is due for each inspection outside of these hours, and it is paid by whoever asks for the inspection."""
NEXT = """Order on cold goods

1. Aim
Nothing spoils because somebody waits for a signature.
2. Scope
These rules apply to all goods that travel under temperature control, by sea, by air or by road.
3. Announcing
The carrier announces the arrival of the goods six hours before, by message to the port authority.
4. Opening hours
Cold goods are inspected between six in the morning and ten in the evening, on every day of the week."""
NOTE = "Six hours instead of twelve; fees are settled elsewhere."
POSITION = "We support it if six hours are enough."
REFERENCE = "C-1"


@dataclass(frozen=True)
class Said:
    """What somebody says of a clause, and what becomes of it: at which clause of the last draft, and why."""

    clause: str
    words: str
    treatment: str
    ends_at: str
    reason: str


ADOPTED, PARTLY, NOT = "Adopted", "Adopted in part", "Not adopted"
SIX, ELSEWHERE, STAFF = "Six hours are enough for the port.", "Fees are settled in another order.", "There is no staff."
SUMMER, SUMMER_FR = "Five o'clock in summer.", "Cinq heures en été."
COMMENTS = {
    "amina": Said("2 · Announcing", "Twelve hours before, we are still at sea.", ADOPTED, "3 Announcing", SIX),
    "bruno": Said("4 · Fees", "Whoever makes us wait should pay.", NOT, "", ELSEWHERE),
    "carla": Said("3 · Opening hours", "Et la nuit du vendredi ?", NOT, "4 Opening hours", STAFF),
    "dora": Said("1 · Scope", "Does it apply to flowers too?", ADOPTED, "2 Scope", "Flowers are cold goods."),
    "vera": Said("3 · Opening hours", "Ouvrez à cinq heures.", PARTLY, "4 Opening hours", SUMMER),
    "wim": Said("2 · Announcing", "Our brokers hear of it six hours before.", ADOPTED, "3 Announcing", SIX),
    "xenia": Said("4 · Fees", "Growers cannot pay any fee.", NOT, "", ELSEWHERE),
} | {
    name: Said("2 · Announcing", f"Six hours would help us, too ({number}).", ADOPTED, "3 Announcing", SIX)
    for number, name in enumerate(MORE)
}
# Who is heard only once they are invited; their words are on the next draft.
INVITED = {
    "emil": Said("4 · Opening hours", "Our laboratory opens at eight.", PARTLY, "4 Opening hours", "Not before eight."),
    "fay": Said("3 · Announcing", "ست ساعات تكفي.", ADOPTED, "3 Announcing", SIX),
}
HELD = Said("", POSITION, ADOPTED, "3 Announcing", "What it asks for is done.")
OUTCOME = {
    "asked": "When cold goods are inspected",
    "said": "Most find twelve hours too long",
    "done": "Six hours are enough from May",
    "not_done": "Not at night: there is no staff",
}
OUTCOME_FR = {
    "asked": "Quand les denrées sont contrôlées",
    "said": "Douze heures sont trop pour la plupart",
    "done": "Six heures suffisent dès mai",
    "not_done": "Pas la nuit : il n’y a pas de personnel",
}


def settle_in(stage: Stage) -> None:
    """A policy unit with an officer and a lead; Colin is whom one asks for at Carla's."""
    now = stage.clock.now()
    with stage.parley.sessions.writing() as session:
        home = create_administration(
            session, code="tn", name={"en": "Customs of Sodal"}, country="TN", zone=TUNIS, language="en",
            regions=[], integrity_url=None,
        )  # fmt: skip
        session.flush()
        stage.know(session, home.id)
        unit = Centre(
            administration_id=home.id, code="policy", week=WEEK, name={"en": UNIT}, sectors=["general"],
            answer_hours=24, takes_the_rest=True,
        )  # fmt: skip
        session.add(unit)
        session.flush()
        for name, role in (("ruiz", RoleName.OFFICER), ("lena", RoleName.LEAD)):
            person = session.get_one(Person, stage.ids[name])
            grant_role(session, person, role, scope=Scope.CENTRE, scope_id=str(unit.id), at=now, until=now + YEAR)
        theirs = session.query(Organisation).filter_by(name=CAST["carla"].organisation).one()
        theirs.contact_id = stage.ids["colin"]


@pytest.mark.promise(
    "scenario.s4",
    "A regulation written with business over all doors: every word is carried, answered with a reason, and told.",
)
@pytest.mark.parametrize(("database", "doors"), ARRANGEMENTS)
async def test_a_co_created_regulation(database: str, doors: Mapping[str, str], request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(database)
    async with Stage.opened(url, MONDAY, settle_in, CAST | MORE, doors) as stage:
        await lies_open(stage)
        await is_commented_on(stage)
        await is_filed_by_a_firm(stage)
        await names_the_silent(stage)
        await goes_on_in_a_next_draft(stage)
        await cannot_be_closed(stage)
        await has_every_word_answered(stage)
        await is_agreed_to(stage)
        await is_told_to_each(stage)
        await is_on_the_register(stage)
        await is_heard(stage)


def comments(stage: Stage) -> dict[str, Said]:
    """Who says what before anybody is invited."""
    return {name: said for name, said in COMMENTS.items() if name in stage.seats}


def everything(stage: Stage) -> dict[str, Said]:
    return comments(stage) | INVITED


async def opened(stage: Stage, name: str) -> str:
    """The consultation, as somebody finds it in the list."""
    if stage[name].platform == MAIL:
        await stage[name].opens_page(stage.sign_in(name))
    await stage[name].writes("/consultations")
    return str(await stage[name].presses("Open", of=REFERENCE))


async def pages(stage: Stage, name: str, label: str) -> list[str]:
    """All pages of a list, from its button on."""
    found = [await stage[name].presses(label)]
    while re.search(r"\bNext\b", found[-1]):
        found.append(await stage[name].presses("Next"))
    return found


async def lies_open(stage: Stage) -> None:
    """1. A text is made, owned by both sides, and opened for 21 days; everybody hears it once."""
    ruiz, vera = stage["ruiz"], stage["vera"]
    await ruiz.writes("/consultations")
    await ruiz.presses("Make a consultation")
    about = {"subject": "What happens at the border", "audience": "Everybody registered here"}
    days = {"from_day": MONDAY.date(), "until_day": CLOSES}
    assert "Nobody but its owners sees it" in await ruiz.fills(
        "consultations.make", title=TITLE, summary=SUMMARY, **about, **days
    )
    for label in ("More", "Who owns it", "Ask somebody in business"):
        await ruiz.presses(label)
    await ruiz.fills("consultations.ask_to_own", person="Vera Lang, Association of Carriers")
    await vera.presses("Own it together")
    ruiz.hears("Vera Lang owns it together with Customs from now on.")
    await opened(stage, "ruiz")
    await ruiz.presses("The text")
    await ruiz.presses("Paste a text")
    assert "5 clauses, from 0 to 4" in await ruiz.fills("consultations.paste", words=DRAFT)
    await ruiz.presses("Publish it")
    assert "Draft 1 lies open." in await ruiz.fills("consultations.publish")
    for name in stage.seats:
        if name not in ("ruiz", "bruno_mail"):
            stage[name].hears("A text is open for your comments.", TITLE)


async def speaks(stage: Stage, name: str, said: Said) -> None:
    """Somebody finds a clause and says something of it; it is kept word for word."""
    seat = stage[name]
    await seat.presses("Read the text")
    await seat.presses("Open", of=said.clause)
    await seat.presses("Comment on it")
    kept = await seat.fills("consultations.comment", words=said.words)
    assert said.words in kept
    assert seat.says("Every contribution is answered: you will hear here what became of yours.") in kept


async def is_commented_on(stage: Stage) -> None:
    """Clause by clause, from both networks and from the page; others read it, without the name."""
    for name, said in comments(stage).items():
        await stage[name].presses("Open", of=TITLE)
        await speaks(stage, name, said)
    platforms = {stage[name].platform for name in comments(stage)}
    assert platforms == {SLACK, TELEGRAM, MAIL}
    await opened(stage, "aziz")
    read = "\n".join(await pages(stage, "aziz", "What others said"))
    assert all(said.words in read for said in comments(stage).values())
    assert "Amina" not in read and "Haddad" not in read


async def is_filed_by_a_firm(stage: Stage) -> None:
    """A firm's position is seen by the deputy before it is filed; then the deputy sees what the colleague filed."""
    amina, aziz = stage["amina"], stage["aziz"]
    await opened(stage, "amina")
    await amina.presses("Our position")
    await amina.presses("Write our position")
    await amina.fills("positions.draft", stance="It supports this with conditions", words=POSITION)
    aziz.hears("A colleague has written a draft of your organisation’s position. Please look at it.", POSITION)
    assert "It can be filed now." in await aziz.presses("I have seen it")
    amina.hears("A colleague has seen the draft. It can be filed.")
    filed = await amina.presses("File it")
    if "Filed. Those who consult have it" not in filed:  # asked once more
        filed = await amina.presses("File it")
    assert "Filed. Those who consult have it, and answer it." in filed
    aziz.hears("The position of your organisation is filed.", POSITION)
    stage["ruiz"].hears("An organisation has filed its position.", POSITION)
    await opened(stage, "aziz")
    seen = await aziz.presses("Our position")
    assert POSITION in seen and "State: Filed" in seen and "Filed by: Amina Haddad" in seen
    for other in ("dora", "bruno"):
        assert POSITION not in "\n".join(stage[other].all)


async def names_the_silent(stage: Stage) -> None:
    """2. Day 16: its owner hears who is silent, and one tap invites them, and nobody else."""
    ruiz = stage["ruiz"]
    await stage.until(MONDAY + timedelta(days=15, hours=23))
    assert "Whose voice is missing" not in "\n".join(ruiz.news)
    await stage.until(MONDAY + timedelta(days=16, hours=2))
    alert = ruiz.hears("Whose voice is missing", "5 days are left.")
    for silent in ("Other government agency", PORT, "Readers of العربية"):
        assert silent in alert
    assert "Association" not in alert and "Readers of Français" not in alert
    assert "are being invited" in await ruiz.presses("Invite them all")
    await stage.settle()
    assert stage.told() == {"ruiz", *INVITED}
    for name in INVITED:
        stage[name].hears("Customs would like to hear you.")


async def goes_on_in_a_next_draft(stage: Stage) -> None:
    """3. What was said goes along into draft 2, or its author hears that its clause is gone."""
    ruiz = stage["ruiz"]
    await opened(stage, "ruiz")
    await ruiz.presses("The text")
    await ruiz.presses("Paste a text")
    read = await ruiz.fills("consultations.paste", words=NEXT)
    assert "Draft 1 lies open since" in read
    while "it is not sure" in read or "left to check" in read:
        read = await ruiz.presses("Check what is not sure" if "it is not sure" in read else "Yes, it was dropped")
    shown = await ruiz.presses("Publish it")
    assert "will have no clause any longer" in shown
    assert "Draft 2 lies open." in await ruiz.fills("consultations.publish", note=NOTE)
    orphans = {name for name, said in comments(stage).items() if not said.ends_at}
    assert stage.told() == {"ruiz", "vera", *orphans}  # Vera owns it, too
    for name in orphans:
        stage[name].hears("A clause you spoke about is not in the new draft.", comments(stage)[name].words)
    await stage.passes(minutes=2)
    heard = stage.told()
    others = comments(stage).keys() - orphans - {"vera"}
    assert heard >= others and not heard & {"vera", *orphans}, "of one draft nobody hears twice"
    for name in others:
        stage[name].hears("A new draft lies open.")
    await opened(stage, "dora")
    await stage["dora"].presses("Read the text")
    await stage["dora"].presses("Open", of="3 · Announcing")
    carried = "\n".join(await pages(stage, "dora", "What others said of it"))
    stands = {said.words for said in comments(stage).values() if said.ends_at == "3 Announcing"}
    assert all(words in carried for words in stands), "it stands where its clause goes on"
    for name, said in INVITED.items():
        await stage[name].presses("Take part")
        await speaks(stage, name, said)


async def cannot_be_closed(stage: Stage) -> None:
    """4. It closes by itself; the unit wants to conclude it, and is refused, with the list."""
    ruiz = stage["ruiz"]
    await stage.until(datetime(2026, 12, 15, 8, tzinfo=UTC))
    ruiz.hears("It has closed. Everything that was said is being answered.")
    await opened(stage, "ruiz")
    await ruiz.presses("Outcome statement")
    refused = await ruiz.presses("Write the outcome statement")
    left = len(everything(stage)) + 1
    assert f"{left} contributions have no answer yet: " in refused and f"and {left - 4} more." in refused
    listed = await pages(stage, "ruiz", "Without an answer")
    words = [POSITION, *(each.words for each in everything(stage).values())]
    assert [sum(each in page for page in listed) for each in words] == [1] * left, "each is listed, once"


async def has_every_word_answered(stage: Stage) -> None:
    """Each one ends as adopted, in part or not, with a reason, at the clause where it stands."""
    ruiz = stage["ruiz"]
    ends = {each.words: each for each in everything(stage).values()} | {POSITION: HELD}
    await opened(stage, "ruiz")
    await ruiz.presses("Answer what was said")
    shown = await ruiz.presses("Answer the next one")
    for left in range(len(ends) - 1, -1, -1):
        (words,) = (each for each in ends if each in shown)
        said = ends.pop(words)
        assert all(each.name not in shown for name, each in stage.seats.items() if name != "ruiz"), shown
        await ruiz.presses("Answer it")
        where = {"clause": said.ends_at} if said is HELD else {}  # on the whole: else it ends where it stands
        shown = await ruiz.fills("conclusions.answer", treatment=said.treatment, **where, reason=said.reason)
        assert not left or re.search(rf"\b{left} waits? for (its|their) answers?; this is the next", shown), shown
    assert "All of it has an answer." in shown and "Waits for an answer: 0" in shown
    await ruiz.presses("Translate the reasons")
    await ruiz.presses("Translate", of=SUMMER)
    await ruiz.fills("conclusions.translate_reason", language="Français", reason=SUMMER_FR)
    await ruiz.presses("What was said")


async def is_agreed_to(stage: Stage) -> None:
    """The statement is written in English and French, signed by business, approved by another than its author."""
    ruiz, vera, lena = stage["ruiz"], stage["vera"], stage["lena"]
    await ruiz.presses("Outcome statement")
    await ruiz.presses("Write the outcome statement")
    await ruiz.fills("conclusions.write", **OUTCOME)
    await ruiz.presses("Add a translation")
    assert "Translated." in await ruiz.fills("conclusions.translate", language="Français", **OUTCOME_FR)
    for name in ("vera", "lena"):  # both texts are before them
        asked = stage[name].all[-1]
        assert OUTCOME["done"] in asked and OUTCOME_FR["done"] in asked
    await opened(stage, "ruiz")
    for label in ("More", "Translations"):
        await ruiz.presses(label)
    await ruiz.presses("Translate", of="Français")
    await ruiz.presses("Translate", of=TITLE)
    await ruiz.fills("consultations.translate_title", title=TITLE_FR, summary="Quand, et qui paie.")
    await debt(stage, None)
    await vera.presses("Sign")
    assert not {"amina", "dora", "emil"} & stage.told(), "nobody is told before it is approved"
    await stage["bruno"].leaves()
    await stage["carla"].leaves()
    assert "The outcome is out." in await lena.presses("Approve")


def people(stage: Stage) -> dict[str, Said]:
    """Whoever took part, with the door at which they hear what became of it; Carla has none left."""
    found = everything(stage) | {"bruno_mail": COMMENTS["bruno"], "aziz": HELD}
    return {name: said for name, said in found.items() if name not in ("bruno", "carla")}


async def is_told_to_each(stage: Stage) -> None:
    """Everybody hears it once, where they can be reached, with their own words, how these ended, where and why."""
    for name, said in people(stage).items():
        seat = stage[name]
        heard = seat.hears("What became of what you said", said.words)
        reason = SUMMER_FR if name == "vera" else said.reason
        assert seat.says(said.treatment) in heard and reason in heard, heard
        assert (said.ends_at or seat.says("The clause it was about is no longer in the text.")) in heard, heard
        others = {each.words for each in everything(stage).values()} - {said.words}
        assert not [each for each in others if each in heard], "nobody reads another's words"
    assert POSITION in stage["amina"].hears("What became of what you said", COMMENTS["amina"].words)
    french = stage["vera"].hears("What became of what you said")
    assert TITLE_FR in french and all(each in french for each in OUTCOME_FR.values())
    stage["colin"].hears("Please pass something on", "Carla")
    assert stage.told() == {*people(stage), "colin", "ruiz", "lena"}


async def is_on_the_register(stage: Stage) -> None:
    """Everybody can read what was asked, said and done, in both languages, without signing in."""
    for language, text in (("en", OUTCOME), ("fr", OUTCOME_FR)):
        page = await page_of(stage, f"/register/{REFERENCE}", language)
        assert f'<html lang="{language}"' in page
        read = words_of(page)
        for heading in ("What was asked", "What was said", "What is done", "What is not done, and why"):
            assert stage["vera" if language == "fr" else "ruiz"].says(heading) in read
        assert all(each in read for each in text.values())
        at = [read.index(each) for each in text.values()]
        assert at == sorted(at)
        assert not [each for each in (*CAST.values(), *MORE.values()) if re.search(rf"\b{each.name}\b", read)]
        assert not [each.words for each in everything(stage).values() if each.words in read]


async def page_of(stage: Stage, path: str, language: str = "en") -> str:
    async with httpx.AsyncClient(base_url=stage.address, trust_env=False) as anybody:
        got = await anybody.get(path, headers={"accept-language": language})
    assert got.status_code == 200
    return got.text


def words_of(page: str) -> str:
    return " ".join(re.sub("[\u2066-\u2069]", "", re.sub(r"<[^>]+>", "", page)).split())


async def debt(stage: Stage, left: int | None) -> None:
    """What the unit reads of how many have not heard; None where it owes nothing."""
    shown = await stage["ruiz"].writes("/debt")
    if left is None:
        assert "None: everybody has heard" in shown
        return
    assert f"{left} of {len(people(stage)) + 1} have not heard." in shown
    _issues, consultations, unheard, _days = line_of(shown, UNIT)
    assert (consultations, unheard) == ("1", str(left))


async def is_heard(stage: Stage) -> None:
    """The unit's debt falls the same day; in ten working days all have acknowledged, but one who is named."""
    ruiz, told = stage["ruiz"], [*people(stage)]
    await debt(stage, len(told) + 1)
    for name in told[:-2]:
        assert stage[name].says("Thank you. Customs knows that you have heard.") in await stage[name].presses(
            "Acknowledge"
        )
    await debt(stage, 3)
    await stage.passes(days=9)
    for name in told[-2:]:
        await stage[name].presses("Acknowledge")
    await debt(stage, 1)
    counted = await ruiz.presses("Who has heard", of=REFERENCE)
    assert f"Acknowledged: {len(told)}\n" in counted and "Not reached: 1\n" in counted
    lines = json.loads(await stage.shows("ledger", issue=REFERENCE))
    assert max(datetime.fromisoformat(each["at"]) for each in lines) < IN_TIME
    assert [each["person"] for each in lines if each["state"] != "acknowledged"] == ["Carla"]
    (office,) = json.loads(await page_of(stage, "/register/protocol.json"))["telling"]
    assert (office["office"], office["people_told"]) == (UNIT, len(lines))
    assert office["acknowledged_percent"] == round(100 * len(told) / len(lines))
    # The one who has not is named, with why and what was done about it. Then somebody tells her on the telephone.
    await debt(stage, 1)
    named = await ruiz.presses("Who has not heard")
    why = r"They have blocked Parley there\.|Their account no longer exists\."
    asked = "Their organisation's contact was asked to pass it on"
    assert re.search(rf"Carla, Carla Transit\b.*C-1: Not reached, .*({why}) Next: {asked}", named, re.DOTALL), named
    assert "Everybody has heard what they were told." in await ruiz.presses("I have told them", of="Carla")
    await debt(stage, None)
