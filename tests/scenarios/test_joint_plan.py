"""S6, the joint annual action plan: adopted from chat messages, disputed, forgotten, reported on, handed over."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from db.people import Kind, Person, RoleName, Scope, create_administration, grant_role
from db.regions import Office, Representative, Side, Takes, Term
from handlers.paging import PAGE

from .stage import MAIL, SLACK, TELEGRAM, Somebody, Stage, swapped

NMENA = "NMENA"
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine in Tunis
YEAR = timedelta(days=365)
TUNIS = "Africa/Tunis"
CAST = {
    "cora": Somebody("Cora Mansour", zone=TUNIS),
    "ruiz": Somebody("Daniel Ruiz", zone=TUNIS),
    "amina": Somebody("Amina Haddad", Kind.BUSINESS, "Asia/Tokyo", "fr", "Haddad & Fils"),
    "zoe": Somebody("Zoe", Kind.BUSINESS, TUNIS, "en", "Farm of Zoe"),
    "inga": Somebody("Inga Saleh", zone="Asia/Dubai"),
    "nina": Somebody("Nina Farouk", zone="Africa/Cairo"),
}
FIRST = {"cora": SLACK, "ruiz": TELEGRAM, "amina": SLACK, "zoe": MAIL, "inga": TELEGRAM, "nina": SLACK}

# Eighteen actions; or as many of them as there is something to tell of.
ARRANGEMENTS = (
    pytest.param("sqlite_url", FIRST, 7, id="sqlite-few"),
    pytest.param("sqlite_url", FIRST, 18, id="sqlite-first", marks=pytest.mark.slow),
    pytest.param("postgresql_url", swapped(FIRST), 18, id="postgresql-swapped", marks=pytest.mark.slow),
)
FORGOTTEN, DISPUTED, ZOES = "Publish the list of tests", "Open the gate at six", "Weigh the lorries once"
MEETING = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)  # the first of the times that are proposed
LONG, SOON = date(2027, 6, 30), date(2027, 1, 21)
# What is adopted: its words, who owns it in Customs, who in business, and until when.
Adopted = tuple[str, str, str, date]
ACTIONS: tuple[Adopted, ...] = (
    (FORGOTTEN, "ruiz", "amina", SOON),
    (DISPUTED, "ruiz", "amina", LONG),
    (ZOES, "cora", "zoe", LONG),
    *((f"Step {number:02} of the year", "cora" if number < 7 else "ruiz", "amina", LONG) for number in range(4, 19)),
)
# The ladder of the action that nobody replies to: when, who, and what they read. Each in their own morning, at 7:30.
LADDER = (
    ("2027-01-06T22:30", {"amina"}, "This action is due in 14 days."),
    ("2027-01-07T06:30", {"ruiz"}, "This action is due in 14 days."),
    ("2027-01-17T22:30", {"amina"}, "This action is due in 3 days."),
    ("2027-01-18T06:30", {"ruiz"}, "This action is due in 3 days."),
    ("2027-01-20T22:30", {"amina"}, "This action is due today."),
    ("2027-01-21T06:30", {"ruiz"}, "This action is due today."),
    ("2027-01-28T06:30", {"cora"}, "was due on Thursday 21 January 2027 and is not done."),
    ("2027-02-11T03:30", {"inga"}, "Its owners and its coordinator were reminded."),
)


def settle_in(stage: Stage) -> None:
    """Inga's office leads the region, Cora coordinates it; Nina speaks for the member that has it next."""
    now = stage.clock.now()
    with stage.parley.sessions.writing() as session:
        home = create_administration(
            session, code="tn", name={"en": "Customs of Sodal"}, country="TN", zone=TUNIS, language="en",
            regions=[], integrity_url=None,
        )  # fmt: skip
        home.home_regions = [{"code": NMENA, "name": {"en": "North of Africa, Near and Middle East"}}]
        session.flush()
        stage.know(session, home.id)
        common = {"administration_id": home.id, "region": NMENA}
        terms = {"term": Term.SITTING, "takes": Takes.REGION, "named_at": now, "since": now, "until": now + YEAR}
        session.add(Office(**common, country="TN", head_id=stage.ids["inga"], **terms))
        posts = {"inga": RoleName.VICE_CHAIR, "cora": RoleName.COORDINATOR}
        for name, post in posts.items():
            person = session.get_one(Person, stage.ids[name])
            grant_role(session, person, post, scope=Scope.REGION, scope_id=NMENA, at=now, until=now + YEAR)
        ruiz = session.get_one(Person, stage.ids["ruiz"])
        grant_role(session, ruiz, RoleName.ADMINISTRATOR, scope=Scope.COUNTRY, scope_id="TN", at=now, until=now + YEAR)
        seat = {
            "country": "EG",
            "side": Side.CUSTOMS,
            "zone": CAST["nina"].zone,
            "starts_at": now,
            "ends_at": now + YEAR,
        }
        session.add(Representative(**common, person_id=stage.ids["nina"], **seat))


@pytest.mark.promise(
    "scenario.s6", "A year's joint plan over all doors: adopted in chat, disputed, reminded of, reported on, passed on."
)
@pytest.mark.parametrize(("database", "doors", "count"), ARRANGEMENTS)
async def test_a_joint_annual_action_plan(
    database: str, doors: Mapping[str, str], count: int, request: pytest.FixtureRequest
) -> None:
    async with Stage.opened(request.getfixturevalue(database), MONDAY, settle_in, CAST, doors) as stage:
        await is_adopted_at_the_meeting(stage, ACTIONS[:count])
        await is_disputed(stage, count)
        await is_forgotten(stage)
        await is_reported_on(stage, count)
        await is_handed_over(stage, count)


async def is_adopted_at_the_meeting(stage: Stage, adopted: Sequence[Adopted]) -> None:
    """1. Chat messages become actions; each owner says that it is theirs."""
    cora = stage["cora"]
    assert "Monday 7 December 2026 10:00 (Tunis)" in await cora.writes("/meeting Annual meeting")
    await cora.presses("Hold it then", of="Monday 7 December")
    await stage.until(MEETING)
    asked: dict[str, list[str]] = defaultdict(list)
    for number, (words, customs, business, due) in enumerate(adopted, 1):
        await cora.makes(words, "roundtables.to_action")
        noted = await cora.fills("roundtables.to_action", about="R-1: Annual meeting")
        assert words in noted and noted.count("In the plan") == (number - 1) % 6
        await cora.presses("Put it into the plan", of=f"{number}. Action")
        owners = {"customs_owner": CAST[customs].name, "business_owner": called(business)}
        made = await cora.fills("actions.from_minute", **owners, due_day=due)
        assert f"Reference: A-{number}\n" in made and "A meeting" in made
        for owner in {customs, business} - {"cora"}:
            if not asked[owner]:
                stage[owner].hears("You are asked to own this action. Do you?", words)
            asked[owner].append(words)
    await stage.passes(minutes=20)  # what follows the first comes together
    for owner, titles in asked.items():
        if len(titles) > 1:
            stage[owner].hears(*titles[:PAGE])
    await cora.writes("/meeting")
    await cora.presses("Open", of="Annual meeting")
    assert "Who was there?" in await cora.presses("It took place")
    for is_last in (False, True):  # Customs first
        sides = [business if is_last else customs for _words, customs, business, _due in adopted]
        for owner in dict.fromkeys(each for each in sides if each != "cora"):
            titles = asked[owner]
            for words in titles[:PAGE]:
                said = await stage[owner].presses("I own it", of=words)
            if len(titles) > PAGE:
                said = await stage[owner].presses("I own all of them", of=titles[0])
            assert not is_last or owner == "amina" or "adopted" in said


def called(name: str) -> str:
    """A person as one who speaks for an organisation is listed."""
    return f"{CAST[name].name}, {CAST[name].organisation}"


async def is_disputed(stage: Stage, count: int) -> None:
    """2. One owner says that it is done, the other disputes it: both words stand, nothing counts till both agree."""
    ruiz, amina = stage["ruiz"], stage["amina"]
    assert await done_so_far(stage, count) == 0
    await ruiz.presses("Done", of=DISPUTED)
    assert "It counts when the other owner confirms it." in await ruiz.fills("actions.done", words="Since Monday.")
    amina.hears("The other owner says that this is done. Is it?", DISPUTED, "Since Monday.")
    assert await done_so_far(stage, count) == 0, "of one who says so"
    await amina.presses("Dispute", of=DISPUTED)
    await amina.fills("actions.dispute", words="Pas le dimanche.")
    for name in ("cora", "ruiz"):
        both = stage[name].hears("Since Monday.", "Pas le dimanche.")
        assert DISPUTED in both and "Disputed between its owners" in both
    assert stage.told() == {"cora", "ruiz", "amina"}
    assert await done_so_far(stage, count) == 0, "a dispute is shown, and not averaged"
    await amina.presses("Confirm", of=DISPUTED)
    ruiz.hears("The other owner has confirmed: it is done, and counts.", DISPUTED)
    assert await done_so_far(stage, count) == 1


async def done_so_far(stage: Stage, count: int) -> int:
    """What the plan's bar counts as done, of all."""
    await stage["cora"].writes("/actions")
    shown = await stage["cora"].presses("The plan of 2027")
    found = re.search(rf"Done, confirmed by both owners.*?(\d+)(?:/| of ){count}\b", shown, re.DOTALL)
    assert found is not None, shown
    return int(found[1])


async def is_forgotten(stage: Stage) -> None:
    """3. One passes its date and nobody replies: the ladder, each rung in the reader's own morning. What is put off
    needs a reason."""
    ruiz = stage["ruiz"]
    await ruiz.presses("Snooze", of="Step 07")
    await ruiz.must_answer("actions.snooze", "reason", days="1 working day")
    await ruiz.presses("Snooze", of="Step 07")
    put_off = await ruiz.fills("actions.snooze", days="1 working day", reason="Other work comes first")
    assert "You are reminded of it on Tuesday 8 December 2026 07:30" in put_off
    for at, told, words in LADDER:
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        await stage.until(moment - timedelta(seconds=1))
        assert about(stage, FORGOTTEN) == {}, at
        await stage.until(moment)
        heard = about(stage, FORGOTTEN)
        assert heard.keys() == told and all(len(each) == 1 for each in heard.values()), (at, heard)
        for name in told:
            stage[name].hears(words if name != "amina" else FORGOTTEN, FORGOTTEN)
    assert any("You asked to be reminded of this" in each and "Step 07" in each for each in ruiz.all)
    late = json.loads(await stage.shows("due"))
    assert not [each for each in late if each["fired_at"] is None and each["at"] < stage.clock.now().isoformat(" ")]


def about(stage: Stage, words: str) -> dict[str, list[str]]:
    """Who has news that say this, and which."""
    found = {name: [each for each in seat.news if words in each] for name, seat in stage.seats.items()}
    return {name: each for name, each in found.items() if each}


def figures(count: int) -> dict[str, int]:
    """What the report says of so many actions."""
    none = dict.fromkeys(("Of these, done in the quarter", "Said to be done by one owner"), 0)
    also = {"Disputed between its owners": 0, "Under way": 0, "Adopted, not begun": count - 1, "Past its date": 1}
    return {"Actions in the plan": count, "Done, confirmed by both": 1} | none | also | {"Dropped": 0}


async def is_reported_on(stage: Stage, count: int) -> None:
    """The quarter's report: in two languages, every figure the number of the rows it leads to."""
    cora = stage["cora"]
    await cora.writes("/actions")
    await cora.presses("Quarterly reports")
    await cora.presses("Draft a report")
    draft = await cora.fills("actions.draft", quarter="2027, quarter 1", languages="English and Français")
    assert f"{count} actions are in the plan." in draft and f"{count} actions sont dans le plan." in draft, draft
    assert "1 action is past its date." in draft and "1 action is done" in draft and "1 action est faite" in draft
    for name, rows in figures(count).items():
        assert re.search(rf"{name}: {rows}$", draft, re.MULTILINE), (name, draft)
        if rows:
            shown = await cora.presses("Show these", of=f"{name}: {rows}")
            refs = set(re.findall(r"\bA-\d+", shown))
            while "[Next]" in shown or "Next]" in shown:
                shown = await cora.presses("Next")
                refs |= set(re.findall(r"\bA-\d+", shown))
            assert len(refs) == rows, (name, refs)
            await cora.writes("/actions")
            await cora.presses("Quarterly reports")
            draft = await cora.presses("Open")
    await cora.presses("Publish to all owners")
    assert "Published to 3 owners." in await cora.presses("Publish to all owners")
    french = stage["amina"].hears("Le rapport trimestriel", "Plan d’action conjoint de 2027, trimestre 1")
    said = [re.findall(r"\d+", line) for line in french.splitlines()]
    assert [each[0] for each in said if len(each) == 1][:18] == [*map(str, figures(count).values())] * 2


async def is_handed_over(stage: Stage, count: int) -> None:
    """The office passes on: the next head sees what moves before it moves, and no open action is lost."""
    inga, nina = stage["inga"], stage["nina"]
    await inga.writes("/region")
    await inga.presses("Hand over to the next office")
    given = {"country": "Egypt", "head": "Nina Farouk", "takes": "What belongs to the region"}
    shown = await inga.fills("regions.hand_over", **given, last_day=date(2028, 2, 29))
    assert "Until: Tuesday 29 February 2028" in shown, "the same day for those in the east"
    assert "Nothing has moved yet." in shown and re.search(r"Open actions\s+4 pass on", shown), shown
    await stage.passes(hours=4)  # until the morning in Cairo
    await nina.presses("See what is handed over")
    lines = await nina.presses("Line by line", of="Open actions")
    moving = [f"A-{number}" for number, (_words, customs, *_rest) in enumerate(ACTIONS, 1) if customs == "cora"]
    assert re.findall(r"A-\d+", lines) == moving and lines.count("Cora Mansour → Nina Farouk") == 4
    assert "Cora Mansour" in stage["zoe"].all[-1], "nothing has moved yet"
    await nina.presses("Back")
    assert "is with Egypt until" in await nina.presses("Accept and take over")
    assert stage.told() == {"cora", "inga", "nina", "amina", "zoe"}
    stage["cora"].hears("has been handed over", "You have handed over: 5")
    stage["zoe"].hears("This action has another owner in Customs now.", "Owner in Customs: Nina Farouk", ZOES)
    assert sum("Nina Farouk" in each for each in stage["amina"].news) == 3
    mine = await nina.writes("/actions")
    assert "4 actions of yours are under way." in mine and re.findall(r"\bA-\d+", mine) == moving
    plan = await nina.presses("The plan of 2027")
    assert re.search(rf"Done, confirmed by both owners.*?1(?:/| of ){count}\b", plan, re.DOTALL), "none is lost"
    assert "No action of yours is under way." in await stage["cora"].writes("/actions")
