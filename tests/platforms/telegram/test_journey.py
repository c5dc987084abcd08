"""A broker's way through Parley, over the wire: the real client library against a server, on both databases."""

from collections.abc import AsyncIterator
from enum import StrEnum

import pytest
from sqlalchemy import func, select

from bot.kit.text import CATALOGUES, Catalogues, phrase_of
from db.files import File, FileState
from db.issues import Issue
from db.machinery import Draft, Inbox, InboxState
from db.people import Account, Kind, Person, Sector
from handlers import registry
from tests.fakes import FakeTelegram
from tests.fakes.telegram import Message, User
from tests.fakes.telegram.samples import picture

from .running import House, eventually, know, running, settle

PHRASES = Catalogues(CATALOGUES).of("fr")
HELD = "Mon conteneur frigorifique est retenu depuis trois jours @sodal /approve"
SEAL = picture(80, 60)


def named(member: StrEnum) -> str:
    """What a member is called, in English: known once the capabilities are imported."""
    return phrase_of(member).source


def question(form: str, field: str) -> str:
    """How a form asks for a field, in English."""
    asked = registry[form].form
    assert asked is not None
    return asked.asks[field].label.source


def fr(source: str) -> str:
    """A phrase of ours in French, as the catalogue has it today."""
    return PHRASES.gettext(source)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """A server that must have had nothing to refuse by the end."""
    async with FakeTelegram.running(retry_seconds=0.05) as server:
        yield server
        assert not server.refusals


@pytest.fixture
def url(database_url: str) -> str:
    settle(database_url)
    return database_url


@pytest.fixture
def amina(telegram: FakeTelegram) -> User:
    return telegram.user("Amina", language_code="fr")


class Broker:
    """One person at her telephone: what she does, and what she then sees."""

    def __init__(self, telegram: FakeTelegram, user: User) -> None:
        self.telegram = telegram
        self.user = user

    async def says(self, text: str, then: str) -> Message:
        await self.telegram.says(self.user, text)
        return await self.telegram.hears(self.user, fr(then))

    async def taps(self, label: str, then: str) -> Message:
        tap = await self.telegram.taps(self.user, label if label == "Français" else fr(label))
        message = await self.telegram.hears(self.user, fr(then))
        await tap.answered()
        return message

    async def registers(self) -> None:
        await self.telegram.starts(self.user)
        await self.telegram.hears(self.user, fr(question("people.register", "language")))
        await self.taps("Français", question("people.register", "consent"))
        await self.taps("I agree", question("people.register", "name"))
        await self.says("Amina Diop", question("people.register", "kind"))
        await self.taps(named(Kind.BUSINESS), question("people.register", "organisation"))
        await self.taps("Skip", question("people.register", "sector"))
        await self.taps(named(Sector.PERISHABLES), question("people.register", "region"))
        await self.taps("Skip", "Please check what you are about to send.")
        await self.telegram.taps(self.user, fr("Send"))
        await self.telegram.hears(self.user, fr("Welcome, {name}.").partition("{")[0])

    async def raises_up_to_files(self) -> None:
        await self.says("/raise", question("issues.raise", "detail"))
        await self.says(HELD, question("issues.raise", "sector"))
        await self.taps(named(Sector.PERISHABLES), question("issues.raise", "port"))
        await self.taps("Skip", question("issues.raise", "chapter"))
        await self.says("8", question("issues.raise", "agency"))
        await self.taps("Skip", question("issues.raise", "files"))


def count(house: House, table: type, *where: object) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]


async def test_a_broker_registers_in_french_raises_an_issue_with_a_photo_and_holds_a_reference(
    telegram: FakeTelegram, url: str, amina: User
) -> None:
    broker = Broker(telegram, amina)
    async with running(url, telegram) as house:
        await broker.registers()
        await broker.raises_up_to_files()
        await telegram.sends_photo(amina, SEAL)
        await telegram.hears(
            amina, PHRASES.ngettext("{count} file kept so far.", "{count} files kept so far.", 1)[-12:]
        )
        await broker.taps("That is all", "Please check what you are about to send.")
        received = await broker.taps("Send", fr("Reference"))
        with house.parley.sessions.reading() as session:
            issue, person = session.scalars(select(Issue)).one(), session.scalars(select(Person)).one()
            file = session.scalars(select(File)).one()
        assert issue.ref in received.text
        assert (person.name, person.language, person.kind) == ("Amina Diop", "fr", Kind.BUSINESS)
        assert (issue.sector, issue.chapter, issue.language) == (Sector.PERISHABLES, "08", "fr")
        assert (file.state, file.owner, file.size) == (FileState.STORED, "entry", len(SEAL))
        assert not {"mention", "bot_command", "url"} & {kind for kind, _words in received.marks}


async def test_a_draft_goes_on_where_it_was_after_the_process_died(
    telegram: FakeTelegram, url: str, amina: User
) -> None:
    broker = Broker(telegram, amina)
    know(url, amina)
    house = House(url, telegram)
    await house.start()
    await broker.says("/raise", question("issues.raise", "detail"))
    await broker.says(HELD, question("issues.raise", "sector"))
    await house.die()
    await telegram.taps(amina, fr(named(Sector.PERISHABLES)))  # while nobody is there
    async with running(url, telegram) as another:
        await telegram.hears(amina, fr(question("issues.raise", "port")))
        await broker.taps("Back", question("issues.raise", "sector"))
        with another.parley.sessions.reading() as session:
            (draft,) = session.scalars(select(Draft)).all()
        assert draft.answers == {"detail": HELD, "sector": "perishables"}


async def test_what_was_kept_and_not_handled_is_handled_after_a_restart_once(
    telegram: FakeTelegram, url: str, amina: User
) -> None:
    broker = Broker(telegram, amina)
    know(url, amina)
    deaf = House(url, telegram)
    await deaf.wire.start()  # takes updates in; nothing works on them
    await telegram.says(amina, "/raise")
    await telegram.settled()
    await deaf.die()
    assert not any(fr(question("issues.raise", "detail")) in message.text for message in telegram.messages(amina))
    async with running(url, telegram):
        await telegram.hears(amina, fr(question("issues.raise", "detail")))
        await broker.says(HELD, question("issues.raise", "sector"))
    asked = [message for message in telegram.messages(amina) if fr(question("issues.raise", "detail")) in message.text]
    assert len(asked) == 1


async def test_a_double_tap_and_a_redelivered_update_have_one_effect(
    telegram: FakeTelegram, url: str, amina: User
) -> None:
    broker = Broker(telegram, amina)
    know(url, amina)
    async with running(url, telegram) as house:
        await broker.raises_up_to_files()
        review = await broker.taps("Skip", "Please check what you are about to send.")
        first = await telegram.taps(amina, fr("Send"), on=review)
        second = await telegram.taps(amina, fr("Send"), on=review)
        update = telegram.updates.waiting[-1]
        await telegram.hears(amina, fr("Reference"))
        await first.answered()
        await second.answered()
        telegram.updates.waiting.append(update)  # as after a lost confirmation
        await broker.says("/help", "What Parley is for")
        assert count(house, Issue) == 1
        assert count(house, Inbox, Inbox.state != InboxState.DONE) == 0


@pytest.mark.promise("faults.21", "Whoever blocks the bot is unreachable, visibly, until they come back.")
async def test_whoever_blocks_the_bot_is_unreachable_until_they_come_back(
    telegram: FakeTelegram, url: str, amina: User
) -> None:
    broker = Broker(telegram, amina)
    know(url, amina)
    async with running(url, telegram) as house:
        await telegram.blocks(amina)
        await telegram.settled()
        await eventually(lambda: count(house, Account, Account.unreachable_reason == "blocked"))
        await telegram.unblocks(amina)
        await eventually(lambda: not count(house, Account, Account.unreachable_since.is_not(None)))
        await broker.says("/help", "What Parley is for")


@pytest.mark.promise("threat.10", "Nothing is raised from forwarded words.")
async def test_an_issue_is_raised_from_a_forwarded_photo_and_never_from_forwarded_words(
    telegram: FakeTelegram, url: str, amina: User
) -> None:
    broker = Broker(telegram, amina)
    forward = {"type": "hidden_user", "sender_user_name": "Chef", "date": 1}
    know(url, amina)
    async with running(url, telegram) as house:
        await broker.says("/raise", question("issues.raise", "detail"))
        body = {"message_id": 900, "date": 1, "chat": {"id": amina.id, "type": "private"}, "from": amina.body()}
        telegram.updates.add("message", body | {"text": "/cancel", "forward_origin": forward})
        await telegram.hears(amina, fr("These are somebody else's words. Please write it in your own."))
        assert count(house, Draft) == 1
        await broker.says(HELD, question("issues.raise", "sector"))
