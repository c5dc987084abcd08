"""People's ways through Parley in Slack, over the wire: the real client library and a server, on both databases."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.kit.text import CATALOGUES, Catalogues, without_isolates
from db.files import File, FileState
from db.issues import Issue
from db.machinery import Draft, Inbox, InboxState, Outgoing, Sending
from db.meetings import Meeting, MeetingState, Minute
from db.people import Account, Kind, Person, Role, RoleName, Scope, Sector
from scheduling.clock import SystemClock
from tests.fakes import FakeSlack
from tests.fakes.slack import Message, Timing, User, payloads

from .running import House, running, settle

FRENCH = Catalogues(CATALOGUES).of("fr")
HELD = "Mon conteneur frigorifique est retenu <!channel> depuis *trois* jours & <@U0000001> https://evil.example"
SEAL = b"\x89PNG\r\n\x1a\n" + b"seal" * 50
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
QUICK = Timing(retries=(0.0, 0.05, 0.1))


def fr(source: str) -> str:
    return FRENCH.gettext(source)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """A server that must have had nothing to refuse by the end."""
    async with FakeSlack.running(timing=QUICK) as server:
        yield server
        assert not server.refusals


@pytest.fixture
def url(database_url: str) -> str:
    settle(database_url)
    return database_url


@pytest.fixture
def amina(slack: FakeSlack) -> User:
    return slack.user("Amina", locale="fr-FR", tz="Africa/Tunis")


def words(text: str) -> str:
    """What is read, without the marks that only steer its direction."""
    return without_isolates(text)


def count(house: House, table: type, *where: Any) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


async def registers(slack: FakeSlack, user: User, *, language: str = "fr") -> None:
    reply = await slack.command(user, "/parley")
    assert reply.acknowledged
    await slack.fills(user, {"language": language})
    await slack.fills(user, {"consent": ["yes"], "name": "Amina Diop", "kind": "business"})
    reply = await slack.submits(user, {"sector": "perishables"})
    assert reply.acknowledged and not reply.errors
    assert slack.modal(user) is None
    await slack.hears(user, "Amina Diop")


async def raises(slack: FakeSlack, user: User, **more: Any) -> Message:
    assert (await slack.command(user, "/parley raise")).acknowledged
    reply = await slack.submits(user, {"detail": HELD, "sector": "perishables", **more})
    assert reply.acknowledged and not reply.errors, reply
    return await slack.hears(user, fr("Reference"))


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_broker_registers_in_french_raises_an_issue_and_an_officer_hears_of_it(
    slack: FakeSlack, url: str, amina: User, http: bool
) -> None:
    olga = slack.user("Olga")
    async with running(url, slack, http=http) as house:
        house.makes_officer(olga)
        assert (await slack.command(amina, "/parley")).acknowledged
        modal = slack.modal(amina)
        assert modal is not None and modal.sent["submit"]["text"] == fr("Send")  # as her Slack is in French
        await slack.fills(amina, {"language": "ar"})
        modal = slack.modal(amina)
        assert modal is not None and modal.sent["submit"]["text"] != fr("Send")  # the rest speaks Arabic at once
        await registers(slack, amina)
        welcome = await slack.hears(amina, "Amina Diop")
        assert fr("Raise an issue") in [words(label) for label in welcome.buttons]

        assert (await slack.taps(amina, fr("Raise an issue"), on=welcome)).acknowledged
        offered = await slack.looks_up(amina, "port", "sod")
        assert [words(each["text"]["text"]) for each in offered] == ["Port Sodal", "sod"]
        reply = await slack.submits(
            amina,
            {"detail": HELD, "sector": "perishables", "port": "Port Sodal", "chapter": "٨", "files": [("s.png", SEAL)]},
        )
        assert reply.payload == {"response_action": "clear"}
        received = await slack.hears(amina, fr("Reference"))

        with house.parley.sessions.reading() as session:
            issue, person = (
                session.scalars(select(Issue)).one(),
                session.scalars(select(Person).order_by(Person.id.desc())).first(),
            )
        assert issue.ref in received.shown and HELD in words(received.shown)
        assert person is not None and (person.name, person.language, person.kind) == ("Amina Diop", "fr", Kind.BUSINESS)
        assert (issue.sector, issue.chapter, issue.port) == (Sector.PERISHABLES, "08", "Port Sodal")
        assert {mark.kind for mark in received.marks} <= {"bold", "italic", "date"}
        assert received.text and "<" not in received.text

        card = await slack.hears(olga, issue.ref)
        assert {mark.kind for mark in card.marks} <= {"bold", "italic", "date"}
        assert "Take it" in [words(label) for label in card.buttons]
        await slack.until(lambda: count(house, File, File.state == FileState.STORED))
        assert (await slack.taps(olga, "Take it", on=card)).acknowledged
        await slack.until(lambda: len([each for each in slack.messages(olga) if each.by_app]) > 1)
        assert count(house, Issue, Issue.officer_id.is_not(None)) == 1


async def test_the_home_tab_shows_what_waits_and_is_shown_again_after_something_was_done_there(
    slack: FakeSlack, url: str, amina: User
) -> None:
    async with running(url, slack) as house:
        await registers(slack, amina)
        assert (await slack.opens_home(amina)).acknowledged
        home = await slack.until(lambda: slack.home(amina))
        assert home is not None and "Amina Diop" in home.shown
        before = home.hash
        assert (await slack.taps(amina, fr("Raise an issue"), on="home")).acknowledged
        assert (await slack.submits(amina, {"detail": HELD, "sector": "perishables"})).acknowledged
        await slack.hears(amina, fr("Reference"))
        await slack.until(lambda: (slack.home(amina) or home).hash != before)
        assert count(house, Issue) == 1

        assert (await slack.taps(amina, fr("My issues"), on="home")).acknowledged
        await slack.until(lambda: words((slack.home(amina) or home).shown).startswith(fr("My issues")))
        said = len(slack.messages(amina))
        assert (await slack.taps(amina, fr("Home"), on="home")).acknowledged
        await slack.until(lambda: "Amina Diop" in (slack.home(amina) or home).shown)
        assert len(slack.messages(amina)) == said  # what is done on the Home tab stays there


async def test_navigation_replaces_its_message_and_news_stay(slack: FakeSlack, url: str, amina: User) -> None:
    async with running(url, slack):
        await registers(slack, amina)
        received = await raises(slack, amina)
        assert (await slack.shortcut(amina, "issues.mine")).acknowledged
        listed = await slack.hears(amina, fr("My issues"))
        assert (await slack.taps(amina, fr("Open"), on=listed)).acknowledged
        await slack.until(lambda: fr("Reference") in listed.shown)
        assert listed.edited and not received.edited


async def test_a_message_becomes_a_decision_by_its_shortcut(slack: FakeSlack, url: str) -> None:
    olga = slack.user("Olga")
    async with running(url, slack) as house:
        house.makes_officer(olga)
        now = house.parley.clock.now()
        with house.parley.sessions.writing() as session:
            organiser = session.scalars(select(Person.id).where(Person.name == olga.name)).one()
            running_now = {"state": MeetingState.CONFIRMED, "starts_at": now, "ends_at": now + timedelta(hours=1)}
            more = {"language": "en", "zone": "UTC", "called_at": now, "changed_at": now}
            session.add(Meeting(administration_id=1, organiser_id=organiser, title="Reefers", **running_now, **more))
        await slack.dm(olga, "Two inspectors at Port B from January")
        said = next(each for each in slack.messages(olga) if not each.by_app)
        assert (await slack.message_shortcut(olga, said, "roundtables.to_decision")).acknowledged
        await slack.until(lambda: slack.modal(olga))
        offered = await slack.looks_up(olga, "about", "Reefers")
        assert [words(each["text"]["text"]) for each in offered] == ["R-1: Reefers"]
        reply = await slack.submits(olga, {"about": "R-1: Reefers"})
        assert reply.acknowledged and not reply.errors
        assert count(house, Minute, Minute.words == "Two inspectors at Port B from January") == 1
        stored = [json.loads(each or "{}") for each in _payloads(house) if "message_action" in (each or "")]
        assert [each["body"]["quoted"] for each in stored] == ["Two inspectors at Port B from January"]
        assert "message" not in stored[0]["body"]  # of what somebody wrote its words, and nothing else


def _payloads(house: House) -> list[str | None]:
    with house.parley.sessions.reading() as session:
        return list(session.scalars(select(Inbox.payload)))


async def test_a_double_tap_and_a_redelivered_event_have_one_effect(slack: FakeSlack, url: str, amina: User) -> None:
    olga = slack.user("Olga")
    async with running(url, slack) as house:
        house.makes_officer(olga)
        await registers(slack, amina)
        await raises(slack, amina)
        card = await slack.hears(olga, "Take it")
        assert (await slack.taps(olga, "Take it", on=card)).acknowledged
        assert (await slack.taps(olga, "Take it", on=card)).acknowledged
        await slack.until(lambda: len([each for each in slack.messages(olga) if each.by_app]) >= 3)
        assert count(house, Issue, Issue.officer_id.is_not(None)) == 1

        await slack.dm(amina, "hm")
        event = {"type": "message", "channel_type": "im", "user": amina.id, "text": "hm", "ts": "1.1", "channel": "D1"}
        body = payloads.event(slack, event)
        for _ in range(3):
            delivery = await slack.doors.send_event(slack.session, body)
            assert delivery.acknowledged
        await slack.until(lambda: not count(house, Inbox, Inbox.state == InboxState.WAITING))
        assert count(house, Inbox, Inbox.key == body["event_id"]) == 1
        due = Outgoing.not_before <= SystemClock().now()  # at night news waits for the morning
        await slack.until(lambda: not count(house, Outgoing, Outgoing.state != Sending.ACCEPTED, due))


@pytest.mark.promise("faults.31", "A form whose trigger has expired waits behind a button.")
async def test_a_form_whose_trigger_has_expired_waits_behind_a_button(slack: FakeSlack, url: str, amina: User) -> None:
    async with running(url, slack) as house:
        await registers(slack, amina)
        slack.fails("views.open", "error", error="expired_trigger_id")
        assert (await slack.command(amina, "/parley raise")).acknowledged
        card = await slack.hears(amina, fr("What happened?"))
        assert slack.modal(amina) is None
        assert (await slack.taps(amina, fr("Open the form"), on=card)).acknowledged
        assert (await slack.submits(amina, {"detail": HELD, "sector": "perishables"})).acknowledged
        await slack.hears(amina, fr("Reference"))
        assert count(house, Issue) == 1


async def test_what_is_before_somebody_already_is_not_sent_by_a_worker_later(
    slack: FakeSlack, url: str, amina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change in an open form, a button that opens one, a form closed over nothing: their turns failed at first."""
    async with running(url, slack, http=True) as house:
        turn = house.parley.engine.turn

        async def left_to_a_worker(does: Callable[[], Awaitable[Any]]) -> None:
            tries: list[int] = []

            def fails_once(*given: Any, **more: Any) -> Any:
                tries.append(1)
                return turn(*given, **more) if len(tries) > 1 else 1 / 0

            with monkeypatch.context() as broken:
                broken.setattr(house.parley.engine, "turn", fails_once)
                await does()
                await slack.until(lambda: not count(house, Inbox, Inbox.state == InboxState.WAITING))
            assert len(tries) == 2
            assert not count(house, Outgoing, Outgoing.state != Sending.ACCEPTED)

        slack.fails("views.open", "error", error="expired_trigger_id")
        assert (await slack.command(amina, "/parley")).acknowledged
        card = await slack.hears(amina, fr("Open the form"))
        await left_to_a_worker(lambda: slack.taps(amina, fr("Open the form"), on=card))
        assert slack.modal(amina) is None
        assert (await slack.taps(amina, fr("Open the form"), on=card)).acknowledged
        await left_to_a_worker(lambda: slack.fills(amina, {"language": "ar"}))
        await registers(slack, amina)
        assert (await slack.command(amina, "/parley raise")).acknowledged
        before = len(slack.messages(amina))
        await left_to_a_worker(lambda: slack.closes(amina))
        assert not count(house, Draft) and len(slack.messages(amina)) == before == 2


async def test_a_closed_modal_keeps_what_it_held_and_the_conversation_goes_on_from_there(
    slack: FakeSlack, url: str, amina: User
) -> None:
    async with running(url, slack) as house:
        await registers(slack, amina)
        assert (await slack.command(amina, "/parley raise")).acknowledged
        assert (await slack.closes(amina)).acknowledged
        await slack.until(lambda: not count(house, Draft))  # it held nothing

        assert (await slack.command(amina, "/parley raise")).acknowledged
        await slack.fills(amina, {"detail": HELD})
        assert (await slack.closes(amina)).acknowledged
        card = await slack.hears(amina, fr("Which sector is it about?"))
        assert (await slack.taps(amina, fr("Perishable goods"), on=card)).acknowledged
        await slack.until(lambda: fr("At which port or border crossing?") in card.shown)  # asked in the same place
        assert (await slack.dm(amina, "Port Sodal")).acknowledged
        asked = await slack.hears(amina, fr("Which chapter of the tariff (HS)?"))
        assert (await slack.taps(amina, fr("Open the form"), on=asked)).acknowledged
        modal = slack.modal(amina)
        assert modal is not None
        assert modal.values["detail"]["value"]["value"] == HELD
        assert words(modal.values["port"]["value"]["selected_option"]["text"]["text"]) == "Port Sodal"
        assert (await slack.submits(amina)).acknowledged
        await slack.hears(amina, fr("Reference"))


async def test_what_is_wrong_stands_under_its_input_and_nothing_typed_is_lost(
    slack: FakeSlack, url: str, amina: User
) -> None:
    async with running(url, slack) as house:
        await registers(slack, amina)
        assert (await slack.command(amina, "/parley raise")).acknowledged
        reply = await slack.submits(amina, {"detail": HELD, "sector": "perishables", "chapter": "1e5"})
        assert set(reply.errors) == {"chapter"}
        assert (await slack.submits(amina, {"chapter": "8"})).payload == {"response_action": "clear"}
        await slack.hears(amina, fr("Reference"))
        assert count(house, Issue, Issue.chapter == "08") == 1


async def test_an_answer_to_a_command_is_seen_by_the_asker_alone_and_its_buttons_replace_it(
    slack: FakeSlack, url: str, amina: User
) -> None:
    general = slack.channel("general", amina, slack.user("Somebody"))
    async with running(url, slack):
        await registers(slack, amina)
        before = len(slack.messages(amina))
        assert (await slack.command(amina, "/parley help", general)).acknowledged
        (help_,) = slack.messages(amina, general)
        assert help_.ephemeral_for == amina.id
        assert (await slack.taps(amina, fr("My issues"), on=help_)).acknowledged
        await slack.until(lambda: words(help_.shown).startswith(fr("My issues")))
        assert len(slack.messages(amina)) == before


@pytest.mark.promise("threat.13", "Who asks in a channel is answered where nobody else reads it.")
async def test_free_text_files_and_mentions_are_answered_in_the_direct_messages(
    slack: FakeSlack, url: str, amina: User
) -> None:
    general = slack.channel("general", amina)
    async with running(url, slack) as house:
        await registers(slack, amina)
        assert (await slack.dm(amina, HELD)).acknowledged
        offered = await slack.hears(amina, HELD[:40])
        assert words(offered.buttons[0]) == fr("Raise it as an issue")
        assert {mark.kind for mark in offered.marks} <= {"bold", "italic"}
        assert (await slack.dm(amina, "", [("seal.png", SEAL)])).acknowledged
        await slack.hears(amina, fr("What happened?"))
        await slack.until(lambda: count(house, File, File.state == FileState.STORED))
        assert (await slack.mentions(amina, general, "help")).acknowledged
        await slack.hears(amina, fr("What Parley is for"))
        assert not [each for each in slack.messages(amina, general) if each.by_app]


@pytest.mark.promise("threat.12", "People of other workspaces are guests.")
async def test_people_of_other_workspaces_are_guests_under_their_own_team(slack: FakeSlack, url: str) -> None:
    stranger = slack.user("Foreign", team="T0OTHER")
    async with running(url, slack) as house:
        assert (await slack.command(stranger, "/parley help")).acknowledged
        with house.parley.sessions.reading() as session:
            account = session.scalars(select(Account)).one()
        assert account.external_id == f"T0OTHER:{stranger.id}"
        assert account.is_guest


@pytest.mark.promise("threat.12", "A guest with a role may do nothing by it, at every door.")
async def test_a_guest_stays_one_at_every_door_of_slack(slack: FakeSlack, url: str) -> None:
    stranger = slack.user("Foreign", team="T0OTHER")

    def account(house: House) -> tuple[str, bool]:
        with house.parley.sessions.reading() as session:
            found = session.scalars(select(Account)).one()
            return found.external_id, found.is_guest

    async with running(url, slack) as house:
        await registers(slack, stranger)  # words in a direct message, taps, a modal
        assert account(house) == (f"T0OTHER:{stranger.id}", True)
        with house.parley.sessions.writing() as session:
            person, (long_ago, one_day) = session.scalars(select(Person)).one(), ALWAYS
            session.add(
                Role(
                    administration_id=person.administration_id,
                    person_id=person.id,
                    name=RoleName.ADMINISTRATOR,
                    scope=Scope.COUNTRY,
                    scope_id="TN",
                    starts_at=long_ago,
                    ends_at=one_day,
                )
            )
        await slack.opens_home(stranger)
        home = await slack.until(lambda: slack.home(stranger))
        assert home is not None and fr("Roles") not in map(words, home.buttons) and account(house)[1]
        assert (await slack.shortcut(stranger, "issues.raise")).acknowledged
        await slack.until(lambda: slack.modal(stranger))
        await slack.closes(stranger)
        assert account(house)[1]
        reply = await slack.command(stranger, "/parley roles")
        assert reply.acknowledged and account(house) == (f"T0OTHER:{stranger.id}", True)


@pytest.mark.promise("threat.6", "No secret of Slack's is stored.")
async def test_no_secret_of_slack_is_stored(slack: FakeSlack, url: str, amina: User) -> None:
    async with running(url, slack) as house:
        await registers(slack, amina)
        await raises(slack, amina)
        with house.parley.sessions.reading() as session:
            stored = [json.loads(payload or "{}") for payload in session.scalars(select(Inbox.payload))]
    assert stored
    for each in stored:
        assert not {"token", "trigger_id", "response_url", "response_urls"} & set(each["body"])
        assert "xoxb" not in json.dumps(each)
