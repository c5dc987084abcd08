"""One person on several doors: a code that works once, and a yes from the account they had first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.engine import Outcome
from bot.kit.events import Called, Caller
from bot.kit.screen import Button
from bot.kit.text import Code, Link, Raw
from db.issues import How, Issue, Participation
from db.machinery import Draft, Handle, Outgoing, Receipt, Sending
from db.people import Account, Mandate, Pass, Person, Role, RoleName, Sector, WebSession
from db.personal import person_columns

from .people_world import World, asked, buttons, labels, plain, screen, text

AMINA = Caller("slack", "T1:U7", "U7", "Amina", "fr")
ABROAD = Caller("telegram", "1001", "1001", "Amina B.", "fr")
ADMIN = Caller("slack", "T1:U1", "U1", "Ada", "en")
WRONG = "This code is not valid. Ask for a new one: on the account you had first, write “link”."


def code_of(world: World, caller: Caller) -> str:
    shown = screen(world.call(caller, "link"))
    (code,) = (each.token for each in shown.body if isinstance(each, Code))
    return code


def linked(world: World) -> tuple[int, int]:
    """Amina's Slack account and her younger Telegram account made one: (older, newer)."""
    older = world.known(AMINA)
    world.clock.advance(timedelta(minutes=5))
    newer = world.open(ABROAD, "home.show").person_id
    world.call(ABROAD, f"/link {code_of(world, AMINA)}")
    world.press(AMINA, world.news(older)[-1], "Yes, this is me")
    return older, newer


def test_a_code_has_128_bits_and_only_its_hash_is_kept(people_world: World) -> None:
    people_world.known(AMINA)
    code = code_of(people_world, AMINA)
    assert len(code) == 22  # 16 bytes in base 64
    with people_world.sessions.reading() as session:
        kept = session.scalars(select(Pass)).one()
    assert kept.digest == Pass.hashed(code) and code not in kept.digest
    assert kept.expires_at == people_world.clock.now() + timedelta(minutes=15)


def test_the_older_account_is_asked_at_once_and_joins_them(people_world: World) -> None:
    older = people_world.known(AMINA)
    people_world.clock.advance(timedelta(hours=10))  # her quiet hours
    code = code_of(people_world, AMINA)
    waiting = people_world.call(ABROAD, f"/link {code}")
    assert plain(screen(waiting).heading) == "Almost there." and waiting.person_id != older
    (question,) = people_world.news(older)
    assert "telegram:1001" in text(question)
    with people_world.sessions.reading() as session:
        row = session.scalars(select(Outgoing).where(Outgoing.person_id == older)).one()
    assert row.not_before == people_world.clock.now(), "a question that lives fifteen minutes does not wait for morning"
    done = people_world.press(AMINA, question, "Yes, this is me")
    assert "telegram:1001" in text(done) and "slack:T1:U7" in text(done)
    assert people_world.call(ABROAD, "home").person_id == older
    assert people_world.get(Person, waiting.person_id).merged_into_id == older


def test_nothing_is_joined_before_the_older_account_says_yes(people_world: World) -> None:
    older = people_world.known(AMINA)
    waiting = people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    assert people_world.person(ABROAD).id == waiting.person_id != older


def test_a_no_joins_nothing_and_both_hear_it(people_world: World) -> None:
    older = people_world.known(AMINA)
    waiting = people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    (question,) = people_world.news(older)
    refused = people_world.press(AMINA, question, "No, this is not me")
    assert plain(screen(refused).heading) == "Nothing was linked."
    assert "not linked" in text(people_world.news(waiting.person_id)[-1])
    late = people_world.press(AMINA, question, "Yes, this is me")
    assert "no longer open" in text(late)
    assert people_world.person(ABROAD).id == waiting.person_id


def test_a_yes_comes_too_late_after_fifteen_minutes(people_world: World) -> None:
    older = people_world.known(AMINA)
    waiting = people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    people_world.clock.advance(timedelta(minutes=15))
    assert "no longer open" in text(people_world.press(AMINA, people_world.news(older)[0], "Yes, this is me"))
    assert people_world.person(ABROAD).id == waiting.person_id


def test_somebody_else_cannot_answer_for_the_older_account(people_world: World) -> None:
    people_world.known(AMINA)
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    waiting = people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    with people_world.sessions.reading() as session:
        pass_id = session.scalars(select(Pass.id)).one()
    for caller in (ADMIN, ABROAD):
        people_world.open(caller, "people.join", link=pass_id)
    assert people_world.person(ABROAD).id == waiting.person_id
    assert people_world.person(AMINA).id != people_world.person(ADMIN).id


@pytest.mark.promise("threat.11", "A used, old or invented code opens nothing.")
@pytest.mark.parametrize("fault", ["used", "expired", "invented", "own", "signin"])
def test_a_wrong_code_is_answered_in_the_same_words(people_world: World, fault: str) -> None:
    people_world.known(AMINA)
    code = code_of(people_world, AMINA)
    asks = ABROAD
    match fault:
        case "used":
            people_world.call(Caller("telegram", "9", "9", "Else"), f"/link {code}")
        case "expired":
            people_world.clock.advance(timedelta(minutes=15))
        case "invented":
            code = "x" * 22
        case "own":
            asks = AMINA
        case "signin":
            (address,) = (each.url for each in screen(people_world.call(AMINA, "signin")).buttons)
            code = str(address).rpartition("/")[2]
    shown = screen(people_world.call(asks, f"/link {code}"))
    assert plain(shown.heading) == WRONG and not shown.body


@pytest.mark.promise("threat.11", "Of twenty who redeem a code one gets through.")
def test_of_twenty_who_redeem_a_code_at_once_exactly_one_gets_through(people_world: World) -> None:
    older = people_world.known(AMINA)
    code = code_of(people_world, AMINA)
    crowd = [Caller("telegram", str(2000 + number), str(number), f"C{number}") for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda caller: people_world.call(caller, f"/link {code}"), crowd))
    headings = [plain(screen(each).heading) for each in answers]
    assert sorted(headings) == ["Almost there.", *[WRONG] * 19]
    assert len(people_world.news(older)) == 1


@pytest.mark.promise("threat.11", "Of twenty times yes at once one joins.")
def test_of_twenty_times_yes_at_once_exactly_one_joins(people_world: World) -> None:
    older = people_world.known(AMINA)
    people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    (question,) = people_world.news(older)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _n: people_world.press(AMINA, question, "Yes, this is me"), range(20)))
    headings = [plain(screen(each).heading) for each in answers]
    assert headings.count("Your accounts are linked.") == 1
    assert people_world.person(ABROAD).id == older


def test_a_code_from_the_younger_account_asks_whoever_enters_it_on_the_older(people_world: World) -> None:
    older = people_world.known(AMINA)
    people_world.clock.advance(timedelta(minutes=5))
    people_world.known(ABROAD)
    question = people_world.call(AMINA, f"/link {code_of(people_world, ABROAD)}")
    assert labels(question) == ["Yes, this is me", "No, this is not me"]
    people_world.press(AMINA, question, "Yes, this is me")
    assert people_world.person(ABROAD).id == older


def test_a_stranger_is_the_younger_one_however_early_they_came(people_world: World) -> None:
    people_world.open(ABROAD, "home.show")
    people_world.clock.advance(timedelta(days=100))
    registered = people_world.known(AMINA)
    people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    people_world.press(AMINA, people_world.news(registered)[0], "Yes, this is me")
    assert people_world.person(ABROAD).id == registered


def test_a_stranger_has_no_code_to_give(people_world: World) -> None:
    shown = people_world.call(ABROAD, "/link")
    assert people_world.count(Pass) == 0 and labels(shown) == ["Enter a code", "Say who you are"]


def test_a_code_may_be_entered_in_a_form(people_world: World) -> None:
    older = people_world.known(AMINA)
    code = code_of(people_world, AMINA)
    assert asked(people_world.press(ABROAD, people_world.call(ABROAD, "/link"), "Enter a code")) == "code"
    assert plain(screen(people_world.say(ABROAD, code)).heading) == "Almost there."
    assert len(people_world.news(older)) == 1


def test_a_deep_link_begins_linking_and_leaves_no_half_finished_registration(people_world: World) -> None:
    older = people_world.known(AMINA)
    code = code_of(people_world, AMINA)
    people_world.call(ABROAD, "/start")
    assert plain(screen(people_world.call(ABROAD, f"/start link_{code}")).heading) == "Almost there."
    people_world.press(AMINA, people_world.news(older)[0], "Yes, this is me")
    home = people_world.call(ABROAD, "/start")
    assert plain(screen(home).heading) == "Hello, Amina." and not screen(home).rows
    assert people_world.count(Draft) == 0


def test_a_deep_link_that_carries_nothing_of_ours_is_a_greeting(people_world: World) -> None:
    assert asked(people_world.call(ABROAD, "/start group")) == "language"
    people_world.known(AMINA)
    assert plain(screen(people_world.call(AMINA, "/start leaflet")).heading) == "Hello, Amina."
    assert plain(screen(people_world.call(AMINA, "/start link_nonsense")).heading) == WRONG


def test_the_code_comes_with_the_address_of_every_other_door(people_world: World) -> None:
    people_world.engine.openers["telegram"] = lambda payload: Button(Raw("Go"), url=f"https://chat.example/{payload}")
    people_world.known(AMINA)
    shown = screen(people_world.call(AMINA, "/link"))
    (code,) = [each.token for each in shown.body if isinstance(each, Code)]
    assert [each.url for each in shown.buttons if each.url] == [f"https://chat.example/link_{code}"]
    people_world.known(ABROAD)
    assert not [each for each in screen(people_world.call(ABROAD, "/link")).buttons if each.url], (
        "they are there already"
    )


def test_everything_that_named_the_younger_person_names_the_older(people_world: World) -> None:
    older = people_world.known(AMINA)
    newer = people_world.known(ABROAD, RoleName.OFFICER)
    now = people_world.clock.now()
    people_world.open(ABROAD, "people.zone")
    with people_world.sessions.writing() as session:
        common = {"administration_id": people_world.home_id}
        issue = Issue(
            **common,
            title="T",
            language="en",
            reporter_id=newer,
            sector=Sector.GENERAL,
            raised_at=now,
            clock_started_at=now,
        )
        session.add(issue)
        session.flush()
        session.add_all(
            [
                Participation(**common, issue_id=issue.id, person_id=older, how=How.FOLLOWER, joined_at=now),
                Participation(
                    **common,
                    issue_id=issue.id,
                    person_id=newer,
                    how=How.REPORTER,
                    words="held",
                    language="fr",
                    joined_at=now,
                ),
                Receipt(
                    **common,
                    about="outcome",
                    about_id=1,
                    person_id=older,
                    created_at=now,
                    failed_at=now,
                    reason="blocked",
                ),
                Receipt(**common, about="outcome", about_id=1, person_id=newer, created_at=now, accepted_at=now),
                Receipt(**common, about="outcome", about_id=2, person_id=newer, created_at=now, opened_at=now),
                WebSession(digest="d", person_id=newer, csrf="c", expires_at=now),
            ]
        )
        session.flush()
        doubled = session.scalars(select(Receipt).where(Receipt.person_id == newer, Receipt.about_id == 1)).one()
        for person_id, receipt_id in ((older, None), (newer, doubled.id)):
            session.add(
                Outgoing(
                    **common, person_id=person_id, once="news", state=Sending.ACCEPTED, receipt_id=receipt_id,
                    created_at=now, not_before=now, expires_at=now, trace="t",
                )
            )  # fmt: skip
    people_world.speaks(newer, by=None)
    sent = [people_world.open(caller, "home.show") for caller in (AMINA, ABROAD)]
    handles = people_world.count(Handle)
    people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    people_world.press(AMINA, people_world.news(older)[-1], "Yes, this is me")

    with people_world.sessions.reading() as session:
        for table, column in person_columns():
            if table.name != "person":
                left = session.execute(select(column).where(column == newer)).all()
                assert not left, f"{table.name}.{column.key} still names the younger person"
        part = session.scalars(select(Participation)).one()
        lines = session.scalars(select(Receipt).order_by(Receipt.about_id)).all()
        messages = session.scalars(select(Outgoing).where(Outgoing.once.startswith("news"))).all()
        assert (part.person_id, part.how, part.words) == (older, How.REPORTER, "held")
        assert [(line.about_id, line.person_id) for line in lines] == [(1, older), (2, older)]
        assert lines[0].accepted_at == now and lines[0].failed_at is None and lines[0].reason is None
        assert len(messages) == 2 and {each.receipt_id for each in messages} == {None, lines[0].id}
        assert session.scalars(select(Role.person_id)).all() == [older]
        assert session.scalars(select(Mandate.person_id)).all() == [older]
        assert session.scalars(select(WebSession.person_id)).all() == [older]
        assert len(session.scalars(select(Account)).all()) == 2
    assert people_world.count(Handle) >= handles, "buttons on earlier messages go on working"
    for outcome in sent:
        old = next(each for each in buttons(outcome) if plain(each.label) == "Preferences")
        assert plain(screen(people_world.turn(Called(ABROAD, handle=old.handle))).heading) == "Preferences"


def test_a_form_begun_on_one_account_goes_on_on_the_other(people_world: World) -> None:
    linked(people_world)
    people_world.open(ABROAD, "people.grant")
    opened = people_world.open(ABROAD, "people.move")
    assert asked(opened) == "organisation"
    assert asked(people_world.say(AMINA, "Maritim")) == "organisation"
    assert people_world.count(Draft) == 1


def test_roles_that_go_over_are_told_to_administrators(people_world: World) -> None:
    administrator = people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    older = people_world.known(AMINA)
    people_world.clock.advance(timedelta(minutes=5))
    people_world.known(ABROAD, RoleName.OFFICER)
    people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    people_world.press(AMINA, people_world.news(older)[0], "Yes, this is me")
    assert "Amina has linked two accounts" in text(people_world.news(administrator)[-1])


def test_the_older_mandate_stands(people_world: World) -> None:
    older = people_world.known(AMINA)
    people_world.speaks(older, by=older)
    people_world.clock.advance(timedelta(minutes=5))
    newer = people_world.known(ABROAD)
    people_world.speaks(newer, by=None)
    people_world.clock.advance(timedelta(minutes=5))
    people_world.call(ABROAD, f"/link {code_of(people_world, AMINA)}")
    people_world.press(AMINA, people_world.news(older)[0], "Yes, this is me")
    with people_world.sessions.reading() as session:
        held = session.scalars(select(Mandate).where(Mandate.in_force(people_world.clock.now()))).all()
    assert [(each.person_id, each.confirmed_by_id) for each in held] == [(older, older)]


def test_the_page_opens_with_a_link_that_works_once(people_world: World) -> None:
    person_id = people_world.known(AMINA)
    shown = screen(people_world.call(AMINA, "signin"))
    (link,) = (each for each in shown.body if isinstance(each, Link))
    prefix, _slash, code = link.url.rpartition("/")
    assert prefix == "https://parley.example/in" and shown.buttons[0].url == link.url
    now = people_world.clock.now()
    with people_world.sessions.writing() as session:
        found = Pass.find(session, "web", code, at=now)
        assert found is not None and found.person_id == person_id
        assert Pass.find(session, "link", code, at=now) is None


def test_no_audit_line_and_no_row_holds_a_code(people_world: World) -> None:
    people_world.known(AMINA)
    code = code_of(people_world, AMINA)
    outcome: Outcome = people_world.call(ABROAD, f"/link {code}")
    assert plain(screen(outcome).heading) == "Almost there."
    with people_world.sessions.reading() as session:
        for table, _column in person_columns():
            for row in session.execute(select(table)).mappings():
                assert code not in str(dict(row))
