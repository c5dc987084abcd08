"""A Telegram for tests: a bot on one side, over the wire; people on the other, by what they do and see."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..control import Control
from ..faults import KINDS
from ..platform import Clock, Impossible, machine_clock, read
from .api import TelegramApi
from .check import Json, picture_size
from .entities import found
from .methods import METHODS
from .world import BOT_NAME, Chat, Message, Query, Topic, User, bot_body

FIRST_PERSON = 1001
FIRST_GROUP = -2001
SUPERGROUPS = -1_000_000_000_000

VERBS = (
    "user", "group", "forum", "promotes", "demotes", "closes_topic", "migrates",
    "says", "starts", "sends_photo", "sends_document", "edits", "taps", "blocks",
    "unblocks", "deactivates", "revokes", "menu",
)  # fmt: skip
EXAMPLES = (
    'user -d \'{"name": "Aïcha", "language_code": "fr"}\'',
    "starts -d '{\"user\": 1001}'",
    'says -d \'{"user": 1001, "text": "/raise"}\'',
    'taps -d \'{"user": 1001, "label": "Label of a button"}\'',
    'sends_document -d \'{"user": 1001, "filename": "a.txt", "content": {"base64": "aGVsbG8="}}\'',
    "blocks -d '{\"user\": 1001}'",
)
PAGE = {
    "name": "Telegram", "url": "the Bot API", "person": "1001", "method": "sendMessage", "kinds": ", ".join(KINDS),
}  # fmt: skip


@dataclass
class Tap:
    """What came of a tap: ``query`` is what the bot has to answer (None for a link, which is then ``url``)."""

    telegram: "FakeTelegram"
    query: Query | None = None
    url: str | None = None

    async def answered(self, within: float = 5.0) -> Query:
        """The query once the bot has answered it: its ``text`` is what the person was shown, ``is_alert`` how."""
        query = self.query
        if query is None:
            raise Impossible("a link has no answer")
        await self.telegram.until(lambda: query.answered, within)
        return query


class FakeTelegram(TelegramApi):
    """``async with FakeTelegram.running() as telegram``: serve ``telegram.url`` to a bot, act as people."""

    methods = METHODS

    def __init__(
        self, *, clock: Clock = machine_clock, query_seconds: float = 60.0, retry_seconds: float = 1.0
    ) -> None:
        super().__init__(clock=clock, query_seconds=query_seconds, retry_seconds=retry_seconds)
        Control(self, VERBS, EXAMPLES, PAGE)

    # Who there is

    def user(
        self, name: str = "", *, id: int = 0, language_code: str | None = None, username: str | None = None
    ) -> User:
        """A person with Telegram, who has not written to the bot yet."""
        number = id or FIRST_PERSON + len(self.world.people)
        person = User(number, name or f"Person {number}", language_code, username)
        self.world.people[number] = person
        self.world.chats[number] = Chat(number, person.first_name, user=person, members={number})
        return person

    def group(self, title: str, *members: User) -> Chat:
        """A group with the bot in it."""
        number = FIRST_GROUP - len(self.world.chats)
        chat = Chat(number, title, kind="group", members={member.id for member in members})
        self.world.chats[number] = chat
        return chat

    def forum(self, title: str, *members: User) -> Chat:
        """A supergroup with topics, and with the bot as an ordinary member."""
        number = SUPERGROUPS + FIRST_GROUP - len(self.world.chats)
        chat = Chat(number, title, kind="supergroup", members={member.id for member in members}, is_forum=True)
        self.world.chats[number] = chat
        return chat

    def promotes(self, group: Chat, *rights: str) -> None:
        """The bot becomes an administrator of the group, with these rights: can_manage_topics, can_pin_messages."""
        group.rights = set(rights)

    def demotes(self, group: Chat) -> None:
        """The bot is an ordinary member again."""
        group.rights = None

    def closes_topic(self, group: Chat, number: int, *, deletes: bool = False) -> None:
        """An administrator of the group closes a topic, or deletes it."""
        group.topics[number].closed = True
        group.topics[number].deleted = deletes
        for message in self.messages(group) if deletes else ():  # what was said in it goes with it
            message.deleted |= message.topic is group.topics[number]

    def migrates(self, group: Chat) -> Chat:
        """The group becomes a supergroup with another number; the old number only says so."""
        number = SUPERGROUPS + group.id
        made = Chat(number, group.title, kind="supergroup", members=group.members)
        self.world.chats[number] = made
        group.moved_to = number
        return made

    # What people see

    def chat(self, where: User | Chat | int) -> Chat:
        """A person's chat with the bot, or the group itself."""
        return where if isinstance(where, Chat) else self.world.chats[where if isinstance(where, int) else where.id]

    def messages(self, where: User | Chat | int) -> list[Message]:
        """What stands in a chat now, oldest first."""
        chat = self.chat(where)
        return [message for message in self.world.messages if message.chat is chat and not message.deleted]

    def menu(self, user: User | int, where: Chat | None = None) -> list[str]:
        """The commands that the person is offered, such as ``/raise``."""
        person = self._person(user)
        return [f"/{command['command']}" for command in self.world.menu(person, where or self.chat(person))]

    def keyboard(self, where: User | Chat | int) -> list[list[str]]:
        """The labels of the keyboard that stands in place of the person's own, row by row."""
        rows = self.world.keyboards.get(self.chat(where).id, {}).get("keyboard", [])
        return [[button["text"] for button in row] for row in rows]

    async def hears(self, where: User | Chat | int, text: str, *, within: float = 5.0) -> Message:
        """The newest message of the bot in the chat with ``text`` in it, waited for; an edited one counts."""

        def look() -> Message | None:
            seen = [each for each in self.messages(where) if each.by_bot and text in each.shown]
            return seen[-1] if seen else None

        found_message = await self.until(look, within)
        assert found_message is not None
        return found_message

    async def settled(self, within: float = 5.0) -> None:
        """Wait until the bot has confirmed every update."""
        await self.until(lambda: not self.updates.waiting, within)

    # What people do

    async def says(
        self,
        user: User | int,
        text: str,
        chat: Chat | None = None,
        *,
        topic: Topic | None = None,
        answers: Message | None = None,
        as_group: bool = False,
    ) -> Message:
        """The person writes a text; in a group perhaps in a topic, in answer to a message, or as the group itself."""
        if topic is not None and answers is None:  # in a topic whatever answers nothing answers its beginning
            answers = self.world.message((chat or self.chat(user)).id, topic.id)
        return self._sends(user, chat, text=text, topic=topic, answers=answers, is_anonymous=as_group)

    async def starts(self, user: User | int, payload: str = "") -> Message:
        """The person presses Start, or opens a deep link of the bot with its payload."""
        return await self.says(user, f"/start {payload}".strip())

    async def sends_photo(
        self, user: User | int, content: bytes, caption: str = "", chat: Chat | None = None
    ) -> Message:
        """The person sends a picture."""
        size = picture_size(content)
        if size is None:
            raise Impossible("this is no picture")
        photo = self.world.new_file("photo.jpg", content, "image/jpeg", size)
        return self._sends(user, chat, text=caption, photo=photo)

    async def sends_document(
        self, user: User | int, content: bytes, filename: str, caption: str = "", chat: Chat | None = None
    ) -> Message:
        """The person sends a file."""
        kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        return self._sends(user, chat, text=caption, document=self.world.new_file(filename, content, kind))

    def _sends(self, user: User | int, where: Chat | None, **content: Any) -> Message:
        person = self._person(user)
        chat = where or self.chat(person)
        if person.id not in chat.members:
            raise Impossible(f"{person.first_name} is not in {chat.title}")
        if person.blocked and chat.user:
            raise Impossible(f"{person.first_name} has blocked the bot")
        person.started = person.started or chat.user is person
        content["entities"] = found(content["text"], [])
        message = self.world.new_message(chat, person.id, self.now, **content)
        if chat.user or self._concerns_bot(message):
            self.updates.add("message", message.body(self.world.people))
        self.stir()
        return message

    def _concerns_bot(self, message: Message) -> bool:
        """In a group a bot hears only what is said to it; as an administrator, everything."""
        if message.chat.rights is not None:
            return True
        return bool(message.found("bot_command")) or f"@{BOT_NAME}" in message.found("mention")

    async def edits(self, user: User | int, message: Message, text: str) -> Message:
        """The person changes a message of theirs."""
        person = self._person(user)
        if message.sender != person.id or message.deleted:
            raise Impossible("this is not theirs to edit")
        message.text, message.entities, message.edited = text, found(text, []), self.now
        if message.chat.user or self._concerns_bot(message):
            self.updates.add("edited_message", message.body(self.world.people))
        return message

    async def taps(self, user: User | int, label: str, on: Message | None = None, chat: Chat | None = None) -> Tap:
        """The person taps a button: below the message, below the newest that has it, or of the chat's keyboard."""
        person = self._person(user)
        where = on.chat if on else chat or self.chat(person)
        if person.blocked or (on and on.deleted):
            raise Impossible(f"{person.first_name} cannot tap there")
        for message in [on] if on else reversed(self.messages(where)):
            buttons = [button for button in _buttons(message) if read(button["text"]) == read(label)]
            if len(buttons) > 1:
                raise Impossible(f"{len(buttons)} buttons are labelled {label!r}:\n{message.shown}")
            if buttons:
                return self._tapped(person, message, buttons[0])
        if not on and any(label in row for row in self.keyboard(where)):
            self._sends(person, where, text=label)
            return Tap(self)
        seen = "\n".join(message.shown for message in self.messages(where)[-3:])
        raise Impossible(f"{person.first_name} sees no {label!r}:\n{seen}")

    def _tapped(self, person: User, message: Message, button: Json) -> Tap:
        if "callback_data" not in button:
            return Tap(self, url=button.get("url") or button.get("web_app", {}).get("url"))
        number = f"query{len(self.world.queries) + 1:06d}"
        query = Query(number, person.id, message, button["callback_data"], self.monotonic())
        self.world.queries[number] = query
        body = {"id": number, "from": person.body(), "message": message.body(self.world.people)}
        self.updates.add("callback_query", body | {"chat_instance": str(message.chat.id), "data": query.data})
        return Tap(self, query)

    async def blocks(self, user: User | int) -> None:
        """The person stops the bot and does not want to hear from it."""
        person = self._person(user)
        person.blocked = True
        self._membership(person, "member", "kicked")

    async def unblocks(self, user: User | int) -> None:
        """The person lets the bot write again."""
        person = self._person(user)
        person.blocked = False
        self._membership(person, "kicked", "member")

    def deactivates(self, user: User | int) -> None:
        """The person's account is deleted."""
        self._person(user).deleted = True

    def _membership(self, person: User, before: str, after: str) -> None:
        def state(status: str) -> Json:
            return {"user": bot_body(), "status": status} | ({"until_date": 0} if status == "kicked" else {})

        chat = self.chat(person).body()
        body = {"chat": chat, "from": person.body(), "date": self.now}
        changed = {"old_chat_member": state(before), "new_chat_member": state(after)}
        self.updates.add("my_chat_member", body | changed)

    # For those outside the process

    def settings(self) -> list[str]:
        return [f"PARLEY_TELEGRAM_API_URL={self.address}", f"PARLEY_TELEGRAM_TOKEN={self.token}"]

    def seen_by(self, query: Mapping[str, str]) -> Any:
        number = int(query["user"])
        messages = [self.told(message) for message in self.messages(number)]
        return {"messages": messages, "menu": self.menu(number), "keyboard": self.keyboard(number)}

    def meant(self, name: str, value: Any) -> Any:
        if name in {"chat", "group"}:
            return self.world.chats[value]
        if name in {"on", "message"}:
            return next(message for message in self.world.messages if message.id == value)
        return value

    def told(self, result: Any) -> Any:
        if isinstance(result, Message):
            sender = "bot" if result.by_bot else result.sender
            marks = [f"{kind}: {words}" for kind, words in result.marks]
            file = result.file.name if result.file else None
            told = {"id": result.id, "by": sender, "text": result.text, "marks": marks, "file": file}
            return told | {"buttons": result.buttons, "edited": result.edited is not None}
        if isinstance(result, Tap):
            return {"url": result.url, "query": result.query.id if result.query else None}
        return result

    def revokes(self) -> None:
        """The bot's token is no longer good."""
        self.revoked = True

    def issues_token(self) -> str:
        """The bot's new token, as @BotFather gives it; the old one is of no more use."""
        self.revoked, self.token = False, f"{self.token}-new"
        return self.token

    def _person(self, user: User | int) -> User:
        number = user if isinstance(user, int) else user.id
        person = self.world.people.get(number)
        if person is None or person.deleted:
            raise Impossible(f"nobody here is {user}")
        return person


def _buttons(message: Message) -> list[Json]:
    rows = message.keyboard.get("inline_keyboard", []) if message.keyboard else []
    return [button for row in rows for button in row]
