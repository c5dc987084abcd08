"""A roundtable's own topic in Telegram, over the wire: bound, opened, kept as it is, closed; what goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, null, select

from bot.kit.events import Answer, Called, Caller, Submitted
from bot.kit.text import without_isolates
from db.machinery import ChatRoomStep, Inbox, Sending
from db.meetings import Confidentiality, Meeting, Minute
from db.people import Account, Kind, Person, Role, RoleName, Scope
from db.rooms import ChatGroup, RoomState
from tests.fakes import FakeTelegram
from tests.fakes.telegram import Message, User
from tests.platforms.rooms import begins, comes, minutes_go_out, room, roundtable

from .running import House, running, settle

RIGHTS = "can_manage_topics", "can_pin_messages"


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram.running(retry_seconds=0.05) as server:
        yield server


@pytest.fixture
def url(database_url: str) -> str:
    settle(database_url)
    return database_url


def person(house: House, user: User, role: RoleName | None = None) -> int:
    """Somebody who has registered before, in English."""
    at = house.parley.clock.now()
    user.started = True
    with house.parley.sessions.writing() as session:
        made = Person(
            administration_id=1, name=user.first_name, language="en", zone="UTC", quiet_from=null(), met_at=at
        )
        made.kind = Kind.BUSINESS if role is None else Kind.CUSTOMS
        made.language_chosen_at = made.consented_at = made.registered_at = at
        session.add(made)
        session.flush()
        account = Account(person_id=made.id, platform="telegram", external_id=str(user.id), address=str(user.id))
        account.met_at = account.used_at = at
        session.add(account)
        if role is not None:
            until = at + timedelta(days=100)
            where = {"scope": Scope.COUNTRY, "scope_id": "TN", "starts_at": at, "ends_at": until}
            session.add(Role(administration_id=1, person_id=made.id, name=role, **where))
        return made.id


def count(house: House, table: type, *where: Any) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


async def does(house: House, user: User, command: str, **args: Any) -> str:
    caller = Caller("telegram", str(user.id), str(user.id))
    outcome = await house.parley.edge.direct(Called(caller, name=f"roundtables.{command}", args=args), trace=command)
    assert outcome.answer.screen is not None
    return str(getattr(outcome.answer.screen.heading, "source", outcome.answer.screen.heading))


async def fills(house: House, user: User, form: str, values: dict[str, str], **args: Any) -> Answer:
    """Somebody opens a form and sends all of it at once; what they are answered."""
    caller = Caller("telegram", str(user.id), str(user.id))
    opened = await house.parley.edge.direct(Called(caller, name=f"roundtables.{form}", args=args), trace=form)
    assert opened.answer.form is not None
    sent = await house.parley.edge.direct(Submitted(caller, opened.answer.form.token, values), trace=f"{form} sent")
    return sent.answer


def heard(telegram: FakeTelegram, where: Any, words: str) -> Message | None:
    seen = [each for each in telegram.messages(where) if each.by_bot and words in without_isolates(each.shown)]
    return seen[-1] if seen else None


async def test_from_binding_a_group_to_closing_the_topic(telegram: FakeTelegram, url: str) -> None:
    olga, amina, badr = (telegram.user(name) for name in ("Olga", "Amina", "Badr"))
    stranger = telegram.user("Stranger")
    group = telegram.forum("Trade of Sodal", olga, amina, stranger)
    async with running(url, telegram) as house:
        parley = house.parley
        await telegram.until(lambda: telegram.calls("setMyCommands"))
        officer = person(house, olga, RoleName.ADMINISTRATOR)
        invited = [person(house, each) for each in (amina, badr)]
        telegram.promotes(group, "can_manage_topics")
        await telegram.says(olga, "/bind", group)
        bound = await comes(parley, lambda: heard(telegram, olga, "Topics can be opened in Trade of Sodal now."))
        assert bound is not None and "still has to give me the right: to pin messages" in without_isolates(bound.shown)
        telegram.promotes(group, *RIGHTS)

        meeting = roundtable(parley, officer, *invited)
        await telegram.says(olga, f"R-{meeting}")
        await telegram.hears(olga, f"Open R-{meeting}")
        await telegram.taps(olga, f"Open R-{meeting}")
        await telegram.hears(olga, "Reference")
        await telegram.taps(olga, "Open a room in Telegram")
        await telegram.hears(olga, "Everybody in that group reads the topic, invited or not.")
        await telegram.taps(olga, "1. Open a topic")
        told = await comes(parley, lambda: heard(telegram, olga, "The room of a meeting is open."))
        assert told is not None
        assert "2 people are in it." in told.shown and "Badr (not a member there)" in without_isolates(told.shown)

        (topic,) = group.topics.values()
        assert topic.name == f"R-{meeting} Reefers at Port B"
        pinned = heard(telegram, group, "1. Two inspectors")
        assert pinned is not None and pinned.topic is topic and group.pins == [pinned.id]
        assert "meet.example" not in pinned.shown  # others of the group read it
        link = await comes(parley, lambda: heard(telegram, amina, "has a topic in Telegram"))
        assert link is not None and link.keyboard is not None
        url_of = f"https://t.me/c/{str(group.id).removeprefix('-100')}/{topic.id}"
        assert link.keyboard["inline_keyboard"][0][0]["url"] == url_of
        assert heard(telegram, badr, "has a topic in Telegram") is None

        # The agenda changes: in its place. It is called otherwise: so is the topic.
        await does(house, olga, "item_off", meeting=meeting, item=1)
        await comes(parley, lambda: "Two inspectors" not in pinned.shown)
        assert pinned.edited and len([each for each in telegram.messages(group) if each.by_bot]) == 2
        await fills(house, olga, "rename", {"title": "Night inspections"}, meeting=meeting)
        await comes(parley, lambda: topic.name == f"R-{meeting} Night inspections")
        await comes(parley, lambda: "Night inspections" in pinned.shown)

        secret = {"audience": "invited", "confidentiality": "confidential"}
        refused = await fills(house, olga, "audience", secret, meeting=meeting)
        assert refused.form is not None and refused.form.field("confidentiality").error is not None

        # What is said there in answer goes to its minutes; everything else is the group's own, and is not kept.
        other = roundtable(parley, officer, title="Another one")
        begins(parley, meeting)
        begins(parley, other)
        await telegram.settled()
        before = count(house, Inbox)
        said = await telegram.says(amina, "Two inspectors from January", group, topic=topic)
        await telegram.says(stranger, "/decision Nonsense", group, topic=topic)
        await telegram.says(stranger, "Hello @parley_fake_bot", group, topic=topic)
        await telegram.settled()
        assert count(house, Inbox) == before and count(house, Person) == 3
        await telegram.says(olga, "/decision", group, topic=topic, answers=said)
        await telegram.says(olga, "/action@parley_fake_bot Olga asks for them", group, topic=topic)
        await comes(parley, lambda: count(house, Minute, Minute.meeting_id == meeting) == 2)
        assert count(house, Minute, Minute.words == "Two inspectors from January") == 1
        await comes(parley, lambda: heard(telegram, olga, "Recorded as an action."))
        assert not heard(telegram, group, "Recorded as")

        minutes_go_out(parley, meeting)
        await comes(parley, lambda: topic.closed)
        last = heard(telegram, group, "This room is closed now.")
        assert last is not None and last.topic is topic and f"The minutes of R-{meeting} have gone" in last.shown
        await comes(parley, lambda: room(parley, "telegram").state is RoomState.CLOSED)
        assert not telegram.refusals


async def test_what_goes_wrong_is_said_with_what_to_do(telegram: FakeTelegram, postgresql_url: str) -> None:
    settle(url := postgresql_url)  # on SQLite: the same for Slack
    olga, amina = telegram.user("Olga"), telegram.user("Amina")
    plain, group = telegram.group("Port", olga), telegram.forum("Trade", olga, amina)
    async with running(url, telegram) as house:
        parley = house.parley
        await telegram.until(lambda: telegram.calls("setMyCommands"))
        officer, invited = person(house, olga, RoleName.ADMINISTRATOR), person(house, amina)
        await telegram.says(olga, "/bind", plain)
        await comes(parley, lambda: heard(telegram, olga, "Port has no topics."))
        await telegram.says(amina, "/bind", group)
        await comes(parley, lambda: heard(telegram, amina, "You may not do that."))
        await telegram.says(olga, "/bind@parley_fake_bot", group, as_group=True)
        await comes(parley, lambda: heard(telegram, group, "I cannot see who of you wrote this."))
        assert count(house, ChatGroup) == 0
        await telegram.says(olga, "/bind", group)
        await comes(parley, lambda: heard(telegram, olga, "the right: to manage topics and to pin messages"))

        first, second = roundtable(parley, officer, invited), roundtable(parley, officer, invited, title="Another")
        await does(house, olga, "open_topic", meeting=first, group=1)
        assert await comes(parley, lambda: heard(telegram, olga, "Parley lacks a right in that group."))
        assert room(parley, "telegram").state is RoomState.FAILED

        # Opened without the right to pin: it is there, and what is missing is said. Then somebody closes it.
        telegram.promotes(group, "can_manage_topics")
        await does(house, olga, "open_topic", meeting=first, group=1)
        told = await comes(parley, lambda: heard(telegram, olga, "Something did not work in the room"))
        assert told is not None and "lacks a right" in told.shown and not group.pins
        telegram.promotes(group, *RIGHTS)
        await does(house, olga, "again", meeting=first, room=1)
        await comes(parley, lambda: group.pins)
        (topic,) = group.topics.values()
        telegram.demotes(group)
        telegram.closes_topic(group, topic.id)
        await does(house, olga, "close_room", meeting=first, room=1, confirmed=True)
        assert await comes(parley, lambda: heard(telegram, olga, "Somebody has closed the topic."))
        telegram.promotes(group, *RIGHTS)
        telegram.closes_topic(group, topic.id, deletes=True)
        await does(house, olga, "item_off", meeting=first, item=1)
        assert await comes(parley, lambda: heard(telegram, olga, "Somebody has deleted the topic."))

        # An answer that is lost is tried once more; when that one is lost too, nobody knows, and somebody has to look.
        telegram.fails("createForumTopic", "reset-after", times=2)
        await does(house, olga, "open_topic", meeting=second, group=1)
        assert await comes(parley, lambda: heard(telegram, olga, "Nobody knows whether that worked"))
        assert len([each for each in group.topics.values() if "Another" in each.name]) == 2
        assert count(house, ChatRoomStep, ChatRoomStep.state == Sending.IN_DOUBT) == 1

        # Nothing confidential, and nothing of a group that was let go.
        with parley.sessions.writing() as session:
            session.get_one(Meeting, second).confidentiality = Confidentiality.CONFIDENTIAL
        assert (await does(house, olga, "open_topic", meeting=second, group=1)).startswith("It is confidential")
        await does(house, olga, "let_go", group=1)
        assert (await does(house, olga, "open_topic", meeting=first, group=1)).startswith("There is nothing here")
