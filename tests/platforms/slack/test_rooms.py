"""A roundtable's own channel in Slack, over the wire: opened, kept as the roundtable is, closed; what goes wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.kit.door import Paused, Permanent
from bot.kit.events import Called, Caller, Submitted
from bot.kit.rooms import Guest, Wanted
from bot.kit.text import without_isolates
from bot.ops.show import show
from bot.platforms.slack.client import Client
from bot.platforms.slack.rooms import SlackRooms, channel_name
from db.machinery import ChatRoomStep, Deed, Due, Inbox, Outgoing, Sending
from db.meetings import Confidentiality, Invitation, Meeting, Minute
from db.rooms import ChatRoom, RoomState
from scheduling.clock import SystemClock
from scheduling.pauses import Pauses
from tests.fakes import FakeSlack
from tests.fakes.slack import Message, User
from tests.fakes.slack.world import BOT_USER, TEAM, Conversation
from tests.platforms.rooms import begins, comes, minutes_go_out, room, roundtable

from .running import House, running, settle


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as server:
        yield server


@pytest.fixture
def url(database_url: str) -> str:
    settle(database_url)
    return database_url


def count(house: House, table: type, *where: Any) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


async def does(house: House, user: User, command: str, **args: Any) -> str:
    """What somebody is answered who runs a command of a card of theirs."""
    caller = Caller("slack", f"{user.team}:{user.id}", user.id)
    outcome = await house.parley.edge.direct(Called(caller, name=f"roundtables.{command}", args=args), trace=command)
    assert outcome.answer.screen is not None
    return str(getattr(outcome.answer.screen.heading, "source", outcome.answer.screen.heading))


def heard(slack: FakeSlack, user: User, words: str, where: Conversation | None = None) -> Message | None:
    seen = [each for each in slack.messages(user, where) if each.by_app and words in without_isolates(each.shown)]
    return seen[-1] if seen else None


async def opened(slack: FakeSlack, house: House, olga: User, meeting: int) -> Conversation:
    """Open the room of a roundtable, and wait until that is told."""
    before = heard(slack, olga, "The room of a meeting is open.")
    assert await does(house, olga, "open_slack", meeting=meeting) == "It is being opened. You hear when it is there."
    assert await comes(house.parley, lambda: heard(slack, olga, "The room of a meeting is open.") is not before)
    channel = slack.channel_named(f"r-{meeting}")
    assert channel is not None
    return channel


async def test_from_its_card_to_its_archive(slack: FakeSlack, url: str) -> None:
    olga, amina, paul = slack.user("Olga"), slack.user("Amina"), slack.user("Paul")
    foreign, guest = slack.user("Foreign", team="T0OTHER"), slack.user("Zoe", guest="single")
    async with running(url, slack) as house:
        parley = house.parley
        officer = house.makes_officer(olga)
        invited = [house.makes_member(each) for each in (amina, foreign, guest)]
        meeting = roundtable(parley, officer, *invited)
        assert (await slack.command(olga, f"/parley R-{meeting}")).acknowledged
        assert (await slack.taps(olga, f"Open R-{meeting}")).acknowledged
        card = await slack.until(lambda: heard(slack, olga, "Reference"))
        assert card is not None and "Open a room in Slack" in card.buttons
        assert (await slack.taps(olga, "Open a room in Slack", on=card)).acknowledged

        told = await comes(parley, lambda: heard(slack, olga, "The room of a meeting is open."))
        assert told is not None
        for words in ("Slack: It is open", "2 people are in it.", "Foreign (of another workspace)", "Zoe (a guest"):
            assert words in without_isolates(told.shown)
        channel = slack.channel_named(f"r-{meeting}-reefers-at-port-b")
        assert channel is not None and channel.is_private and channel.members == {BOT_USER, olga.id, amina.id}
        assert channel.topic == f"R-{meeting} Reefers at Port B"
        (pinned,) = slack.messages(amina, channel)
        assert channel.pins == [pinned.ts] and "1. Two inspectors" in without_isolates(pinned.shown)
        assert pinned.buttons == ["Join online (meet.example)"]

        # The agenda changes: in its place. A move is said. Somebody comes late, somebody goes.
        await does(house, olga, "item_off", meeting=meeting, item=1)
        await comes(parley, lambda: "Two inspectors" not in pinned.shown)
        assert pinned.edited and len(slack.messages(amina, channel)) == 1
        assert (await slack.command(olga, f"/parley R-{meeting}")).acknowledged
        assert (await slack.taps(olga, f"Open R-{meeting}")).acknowledged
        assert (await slack.taps(olga, "Move it")).acknowledged
        tomorrow = (parley.clock.now() + timedelta(days=1)).date()
        moved = {"day": tomorrow.isoformat(), "time": "11:00", "minutes": "60", "reason": "The hall is taken"}
        reply = await slack.submits(olga, moved)
        assert reply.acknowledged and not reply.errors, reply
        said = await comes(parley, lambda: heard(slack, amina, "The date was changed", channel))
        assert said is not None and "The hall is taken" in said.shown and "It was to begin on" in said.shown
        late = house.makes_member(paul)
        with parley.sessions.writing() as session:
            session.add(
                Invitation(
                    administration_id=1, meeting_id=meeting, person_id=late, invited_by_id=officer,
                    invited_at=parley.clock.now(),
                )
            )  # fmt: skip
        await does(house, olga, "remove", meeting=meeting, invitation=1)
        await comes(parley, lambda: channel.members == {BOT_USER, olga.id, paul.id})

        # What is marked there goes to its minutes; what is not for Parley is not even heard.
        other = roundtable(parley, officer, title="Another one")
        begins(parley, meeting)
        begins(parley, other)
        before = count(house, Inbox)
        marked = slack.writes(paul, channel, "Two inspectors from January")
        assert count(house, Inbox) == before
        assert (await slack.message_shortcut(olga, marked, "roundtables.to_decision")).acknowledged
        assert slack.modal(olga) is None
        assert (await slack.command(olga, "/parley action Olga asks for them", channel)).acknowledged
        assert (await slack.mentions(olga, channel, "decision Paul reports in March")).acknowledged
        await comes(parley, lambda: count(house, Minute, Minute.meeting_id == meeting) == 3)
        assert len(slack.messages(paul, channel)) == 4  # the answers are hers alone

        minutes_go_out(parley, meeting)
        await comes(parley, lambda: channel.archived)
        last = slack.messages(paul, channel)[-1]
        assert "This room is closed now." in last.shown and f"The minutes of R-{meeting} have gone" in last.shown
        await comes(parley, lambda: room(parley, "slack").state is RoomState.CLOSED)
        assert not slack.refusals


async def test_what_goes_wrong_is_said_with_what_to_do(slack: FakeSlack, sqlite_url: str) -> None:
    settle(url := sqlite_url)  # on PostgreSQL: the same for Telegram
    olga, amina = slack.user("Olga"), slack.user("Amina")
    async with running(url, slack) as house:
        parley = house.parley
        officer, invited = house.makes_officer(olga), house.makes_member(amina)
        slack.scopes -= {"groups:write", "pins:write"}
        first, second, third = (roundtable(parley, officer, invited) for _ in range(3))
        await does(house, olga, "open_slack", meeting=first)
        told = await comes(parley, lambda: heard(slack, olga, "A room could not be opened."))
        assert told is not None and "lacks a permission in Slack (groups:write)" in without_isolates(told.shown)

        # An answer that is lost: the channel is found again by its name, and there is one only.
        slack.scopes.add("groups:write")
        slack.fails("conversations.create", "reset-after")
        house.wire._client._pauses = Pauses()  # a minute has passed
        await does(house, olga, "open_slack", meeting=second)
        assert await comes(parley, lambda: heard(slack, olga, "lacks a permission in Slack (pins:write)"))
        found = slack.channel_named(f"r-{second}")
        assert found is not None
        channel = found
        assert channel.members == {BOT_USER, olga.id, amina.id} and not channel.pins
        assert [each.name for each in slack.world.conversations.values() if each.name.startswith(f"r-{second}")] == [
            channel.name
        ]
        slack.scopes.add("pins:write")
        house.wire._client._pauses = Pauses()
        await does(house, olga, "again", meeting=second, room=2)
        await comes(parley, lambda: channel.pins)
        assert room_of(house, 2).reason is None

        # Said twice at most: the second says so, and then nobody knows. Nothing else is on its way, to fail instead.
        await comes(parley, lambda: not count(house, Outgoing, Outgoing.state.in_((Sending.WAITING, Sending.SENDING))))
        slack.fails("chat.postMessage", "reset-after", times=2)
        await does(house, olga, "close_room", meeting=second, room=2, confirmed=True)
        told = await comes(parley, lambda: heard(slack, olga, "Nobody knows whether that worked"))
        last = [each for each in slack.messages(amina, channel) if "This room is closed" in each.shown]
        assert len(last) == 2 and "You may have received this before." in last[1].shown
        assert count(house, ChatRoomStep, ChatRoomStep.state == Sending.IN_DOUBT) == 1
        listed = json.loads(show(url, "outbox", as_json=True))
        assert [each["news"] for each in listed if each["state"] == "in_doubt"] == ["room:2:say"]
        await comes(parley, lambda: channel.archived)

        # Confidential: nothing is posted where others read.
        with parley.sessions.writing() as session:
            session.get_one(Meeting, third).confidentiality = Confidentiality.CONFIDENTIAL
        channel = await opened(slack, house, olga, third)
        slack.shares(channel)
        before = len(slack.messages(amina, channel))
        await does(house, olga, "item_off", meeting=third, item=3)
        told = await comes(parley, lambda: heard(slack, olga, "People from outside read there"))
        assert told is not None and len(slack.messages(amina, channel)) == before
        (pinned,) = [each for each in slack.messages(amina, channel) if each.ts in channel.pins]
        assert not pinned.edited
        slack.removes_app(channel)
        await does(house, olga, "again", meeting=third, room=3)
        assert await comes(parley, lambda: heard(slack, olga, "It is not to be found there"))

        # The platform is away for days, or for good: that is said too.
        fourth = roundtable(parley, officer, title="Too late")
        del parley.rooms.rooms["slack"]
        await does(house, olga, "open_slack", meeting=fourth)
        told = await comes(parley, lambda: heard(slack, olga, "It could not be reached in time."))
        assert told is not None and room_of(house, 4).state is RoomState.FAILED


OUTSIDERS = "People from outside read there"
CHANGES: tuple[tuple[Callable[[FakeSlack, Conversation], None], str], ...] = (
    (lambda slack, where: slack.shares(where), OUTSIDERS),
    (lambda slack, where: slack.shares(where, "is_pending_ext_shared"), OUTSIDERS),
    (lambda slack, where: slack.shares(where, "is_org_shared"), OUTSIDERS),
    (lambda slack, where: slack.archives(where), "Somebody has archived it."),
    # Made public: Slack wants a permission of its own even to say so.
    (lambda _slack, where: setattr(where, "is_private", False), "lacks a permission in Slack (channels:read)"),
)


@pytest.mark.promise(
    "threat.13", "A confidential room that is shared or archived after something was queued for it is told nothing."
)
async def test_a_room_that_changes_between_queue_and_send_is_told_nothing(slack: FakeSlack, sqlite_url: str) -> None:
    settle(sqlite_url)
    olga = slack.user("Olga")
    async with running(sqlite_url, slack) as house:
        officer = house.makes_officer(olga)
        send = house.parley.work.bodies["room"]
        for change, words in CHANGES:
            meeting = roundtable(house.parley, officer, confidentiality=Confidentiality.CONFIDENTIAL)
            channel = await opened(slack, house, olga, meeting)
            before = [each.shown for each in slack.messages(olga, channel)]

            async def changed_first(step: int, change: Any = change, channel: Conversation = channel) -> None:
                change(slack, channel)
                await send(step)

            seen = len(slack.messages(olga))
            house.parley.work.bodies["room"] = changed_first
            # The newest row of its table, so that its number is given out again.
            assert await does(house, olga, "item_off", meeting=meeting, item=1) == "Taken off the agenda."
            await comes(house.parley, lambda: len(slack.messages(olga)) > seen)  # noqa: B023  awaited here
            house.parley.work.bodies["room"] = send
            assert words in without_isolates(slack.messages(olga)[-1].shown)
            assert [each.shown for each in slack.messages(olga, channel)] == before
        refused = ChatRoomStep.deed == Deed.SHOW, ChatRoomStep.state == Sending.FAILED
        assert count(house, ChatRoomStep, *refused) == len(CHANGES)


def room_of(house: House, number: int) -> ChatRoom:
    with house.parley.sessions.reading() as session:
        return session.get_one(ChatRoom, number)


# The calls themselves


@pytest.fixture
async def rooms(slack: FakeSlack) -> AsyncIterator[SlackRooms]:
    client = Client(slack.bot_token, slack.url, SystemClock())
    await client.open()
    yield SlackRooms(client.perform, lambda: (TEAM, BOT_USER))
    await client.close()


WANTED = Wanted("R-7", "Été à Sodal: <reefers>, “night”")


def test_a_channel_is_called_by_its_reference_and_what_letters_there_are() -> None:
    assert channel_name(WANTED) == "r-7-ete-a-sodal-reefers-night"
    assert channel_name(Wanted("R-7", "تفتيش ليلي")) == "r-7"
    assert len(channel_name(Wanted("R-7", "x" * 200))) == 80


async def test_nobody_is_called_by_what_stands_in_a_topic(slack: FakeSlack, rooms: SlackRooms) -> None:
    key = (await rooms.open(WANTED, repeated=False)).key
    await rooms.rename(key, Wanted("R-7", "<!channel> " + "&" * 200))
    topic = slack.world.conversations[key].topic
    assert topic.startswith("R-7 &lt;!channel&gt; &amp;") and len(topic) <= 250


async def test_a_name_that_is_taken_gets_a_number_unless_it_is_our_own(slack: FakeSlack, rooms: SlackRooms) -> None:
    slack.channel("r-7-ete-a-sodal-reefers-night")
    made = await rooms.open(WANTED, repeated=True)  # that one is somebody else's
    assert slack.world.conversations[made.key].name == "r-7-ete-a-sodal-reefers-night-2"
    own = await rooms.open(Wanted("R-8", ""), repeated=False)
    assert await rooms.open(Wanted("R-8", ""), repeated=True) == own
    for number in range(2, 6):
        slack.channel(f"r-8-{number}")
    with pytest.raises(Permanent, match="name_taken"):
        await rooms.open(Wanted("R-8", ""), repeated=False)


async def test_many_are_let_in_together_and_whoever_cannot_be_is_named(slack: FakeSlack, rooms: SlackRooms) -> None:
    key = (await rooms.open(WANTED, repeated=False)).key
    people = {number: slack.user(f"Person {number}") for number in range(1, 121)}
    gone, guest = slack.user("Gone"), slack.user("Guest", guest="single")
    slack.deactivates(gone)
    wanted = {number: Guest(f"{TEAM}:{user.id}", user.id) for number, user in people.items()}
    wanted |= {200: Guest(f"{TEAM}:{gone.id}", gone.id), 201: Guest("T9:U9", "U9"), 202: Guest(f"{TEAM}:U77", "U77")}
    wanted |= {203: Guest(f"{TEAM}:{guest.id}", guest.id)}
    slack.fails("conversations.invite", "error", error="failed_for_some_users")  # the first hundred: one by one
    found = await rooms.bring(key, wanted)
    assert {person: why for person, why in found.items() if why} == {
        200: "deactivated",
        201: "other_workspace",
        202: "not_there",
        203: "guest",
    }
    assert slack.world.conversations[key].members == {BOT_USER, *(user.id for user in people.values())}
    assert len(slack.calls("conversations.invite")) < 110
    assert not any(found for person, found in (await rooms.bring(key, dict(list(wanted.items())[:3]))).items())
    await rooms.take_out(key, {1: wanted[1]})
    await rooms.take_out(key, {1: wanted[1]})  # gone already
    assert people[1].id not in slack.world.conversations[key].members


async def test_refusals_have_names_and_what_is_done_is_done(slack: FakeSlack, rooms: SlackRooms) -> None:
    key = (await rooms.open(WANTED, repeated=False)).key
    await rooms.close(key)
    await rooms.close(key)
    for call in (rooms.rename(key, WANTED), rooms.bring(key, {1: Guest(f"{TEAM}:U1", "U1")})):
        with pytest.raises(Permanent) as refused:
            await call
        assert refused.value.reason == "archived"
    slack.fails("conversations.create", "error", error="restricted_action")
    with pytest.raises(Permanent, match="restricted_action"):
        await rooms.open(WANTED, repeated=False)
    slack.fails("conversations.create", "429", retry_after=7)
    with pytest.raises(Paused):
        await rooms.open(WANTED, repeated=False)
    slack.scopes.add("channels:read")
    public = slack.channel("public")
    with pytest.raises(Permanent) as outside:
        await rooms.guard(public.id, Wanted("R-7", "", is_confidential=True))
    assert outside.value.reason == "outside"


async def test_who_is_erased_is_taken_out_and_the_room_of_what_is_cancelled_closes_by_itself(
    slack: FakeSlack, sqlite_url: str
) -> None:
    settle(sqlite_url)
    olga, amina, paul = slack.user("Olga"), slack.user("Amina"), slack.user("Paul")
    async with running(sqlite_url, slack) as house:
        parley = house.parley
        officer = house.makes_officer(olga)
        meeting = roundtable(parley, officer, *(house.makes_member(each) for each in (amina, paul)))
        channel = await opened(slack, house, olga, meeting)
        await comes(parley, lambda: channel.members == {BOT_USER, olga.id, amina.id, paul.id})
        caller = Caller("slack", f"{amina.team}:{amina.id}", amina.id)
        erase = Called(caller, name="people.erase", args={"confirmed": True})
        await house.parley.edge.direct(erase, trace="erase")
        await comes(parley, lambda: channel.members == {BOT_USER, olga.id, paul.id})

        canceller = Caller("slack", f"{olga.team}:{olga.id}", olga.id)
        cancel = Called(canceller, name="roundtables.cancel", args={"meeting": meeting})
        form = (await house.parley.edge.direct(cancel, trace="cancel")).answer.form
        assert form is not None
        await house.parley.edge.direct(Submitted(canceller, form.token, {"reason": "A strike"}), trace="cancel")
        said = await comes(parley, lambda: heard(slack, paul, "This room closes by itself on", channel))
        assert said is not None and "A strike" in said.shown
        with parley.sessions.writing() as session:
            due = session.scalars(select(Due).where(Due.job == "roundtables.close_rooms")).one()
            assert due.at > parley.clock.now() + timedelta(days=2)
            due.at = parley.clock.now()
        await comes(parley, lambda: channel.archived)
