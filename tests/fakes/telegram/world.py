"""What Telegram holds of a bot's life: people, chats, messages, files, and how the bot presents itself."""

from dataclasses import dataclass, field
from typing import Any

from .check import Json, Refused, bad
from .entities import Entity

BOT_ID = 7_000_000_001
BOT_NAME = "parley_fake_bot"


def bot_body() -> Json:
    """The bot as a user."""
    return {"id": BOT_ID, "is_bot": True, "first_name": "Parley", "username": BOT_NAME}


@dataclass
class User:
    """A person. ``started``: has written to the bot; until then the bot may not write to them."""

    id: int
    first_name: str
    language_code: str | None = None
    username: str | None = None
    started: bool = False
    blocked: bool = False
    deleted: bool = False

    def body(self) -> Json:
        """The person as the Bot API gives them."""
        given = {"language_code": self.language_code, "username": self.username}
        known = {key: value for key, value in given.items() if value}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, **known}


@dataclass
class Topic:
    """A topic of a forum, called by the number of the message that says it was made."""

    id: int
    name: str
    closed: bool = False
    deleted: bool = False


@dataclass
class Chat:
    """A person's chat with the bot (then ``user`` is the person), or a group.

    ``rights`` are the bot's as an administrator there, such as ``can_manage_topics``; None while it is none.
    """

    id: int
    title: str
    user: User | None = None
    members: set[int] = field(default_factory=set)
    kind: str = "private"
    moved_to: int | None = None
    has_bot: bool = True
    is_forum: bool = False
    rights: set[str] | None = None
    topics: dict[int, Topic] = field(default_factory=dict)
    pins: list[int] = field(default_factory=list)

    def body(self) -> Json:
        """The chat as the Bot API gives it."""
        if self.user:
            person = {key: value for key, value in self.user.body().items() if key in {"first_name", "username"}}
            return {"id": self.id, "type": "private", **person}
        body: Json = {"id": self.id, "type": self.kind, "title": self.title}
        return body | ({"is_forum": True} if self.is_forum else {})


@dataclass
class File:
    """A file on Telegram's servers; ``size`` in pixels if it is a picture."""

    id: str
    name: str
    content: bytes = field(repr=False)
    kind: str
    size: tuple[int, int] | None = None

    @property
    def path(self) -> str:
        folder = "photos" if self.size else "documents"
        return f"{folder}/{self.id}_{self.name}"

    def body(self) -> Json:
        """What every kind of file says of itself."""
        return {"file_id": self.id, "file_unique_id": f"u{self.id}", "file_size": len(self.content)}


@dataclass
class Message:
    """A message in a chat as it stands now; ``text`` is the caption if there is a file."""

    chat: Chat
    id: int
    sender: int
    date: int
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    keyboard: Json | None = None
    photo: File | None = None
    document: File | None = None
    reply_to: int | None = None
    edited: int | None = None
    deleted: bool = False
    topic: Topic | None = None
    answers: "Message | None" = None  # the message it was written in answer to
    service: Json | None = None  # what happened, for a message that nobody wrote
    is_anonymous: bool = False  # written as the group itself, by one of its administrators

    @property
    def by_bot(self) -> bool:
        return self.sender == BOT_ID

    @property
    def file(self) -> File | None:
        return self.photo or self.document

    @property
    def shown(self) -> str:
        """What a person reads, the buttons below in [brackets], a row each."""
        rows = [" ".join(f"[{label}]" for label in row) for row in self.buttons]
        return "\n".join([self.text, *rows])

    @property
    def buttons(self) -> list[list[str]]:
        """The labels of the buttons below the message, row by row."""
        rows = self.keyboard.get("inline_keyboard", []) if self.keyboard else []
        return [[button["text"] for button in row] for row in rows]

    def found(self, kind: str) -> list[str]:
        """The words on which an entity of this kind stands."""
        return [entity.of(self.text) for entity in self.entities if entity.type == kind]

    @property
    def marks(self) -> list[tuple[str, str]]:
        """Every entity: its kind, and the words on which it stands."""
        return [(entity.type, entity.of(self.text)) for entity in self.entities]

    def body(self, people: dict[int, User]) -> Json:
        """The message as the Bot API gives it."""
        sender = bot_body() if self.by_bot else people[self.sender].body()
        if self.is_anonymous:
            sender = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        body: Json = {"message_id": self.id, "date": self.date, "chat": self.chat.body(), "from": sender}
        marked = [entity.body() for entity in self.entities]
        words, marks = ("caption", "caption_entities") if self.file else ("text", "entities")
        if self.is_anonymous:
            body["sender_chat"] = self.chat.body()
        if self.topic:
            body |= {"message_thread_id": self.topic.id, "is_topic_message": True}
        if self.answers:
            answered = {key: value for key, value in self.answers.body(people).items() if key != "reply_to_message"}
            body["reply_to_message"] = answered
        body |= self.service or {}
        if self.text:
            body[words] = self.text
        if marked:
            body[marks] = marked
        if self.photo:
            width, height = self.photo.size or (0, 0)
            body["photo"] = [self.photo.body() | {"width": width, "height": height}]
        if self.document:
            body["document"] = self.document.body() | {
                "file_name": self.document.name,
                "mime_type": self.document.kind,
            }
        if self.keyboard and "inline_keyboard" in self.keyboard:
            body["reply_markup"] = self.keyboard
        if self.edited:
            body["edit_date"] = self.edited
        return body


@dataclass
class Query:
    """A tap on a button that waits to be answered. ``text`` and ``is_alert`` are what the person was then shown."""

    id: str
    user: int
    message: Message
    data: str
    at: float
    answered: bool = False
    text: str = ""
    is_alert: bool = False
    url: str | None = None


class World:
    """All of it, with numbers in the order of making."""

    def __init__(self) -> None:
        self.people: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.messages: list[Message] = []
        self.files: dict[str, File] = {}
        self.queries: dict[str, Query] = {}
        self.keyboards: dict[int, Json] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.words: dict[tuple[str, str], str] = {}
        self.menu_buttons: dict[int | None, Json] = {}
        self.actions: list[tuple[int, str]] = []
        self._messages = 0
        self._files = 0

    def new_message(self, chat: Chat, sender: int, date: int, **content: Any) -> Message:
        """A message, put into its chat."""
        self._messages += 1
        message = Message(chat, self._messages, sender, date, **content)
        self.messages.append(message)
        return message

    def new_file(self, name: str, content: bytes, kind: str, size: tuple[int, int] | None = None) -> File:
        """A file, kept; its id holds for as long as the fake runs."""
        self._files += 1
        file = File(f"file{self._files:06d}", name, content, kind, size)
        self.files[file.id] = file
        return file

    def place(self, chat_id: int | str) -> Chat:
        """The chat that the bot may write in, or the refusal that says why it may not."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad("chat not found")
        if chat.moved_to:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, words, migrate_to_chat_id=chat.moved_to)
        if not chat.has_bot:
            raise Refused(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
        if chat.user and chat.user.deleted:
            raise Refused(403, "Forbidden: user is deactivated")
        if chat.user and chat.user.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if chat.user and not chat.user.started:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        return chat

    def message(self, chat_id: Any, message_id: Any) -> Message | None:
        """The message of that number in that chat, unless it was deleted."""
        for message in self.messages:
            if (message.chat.id, message.id) == (chat_id, message_id):
                return None if message.deleted else message
        return None

    def menu(self, user: User, chat: Chat) -> list[Json]:
        """The commands that a person is offered in a chat: the narrowest scope, and in it their language, wins."""
        private = "all_private_chats" if chat.user else "all_group_chats"
        scopes = [f"chat_member:{chat.id}:{user.id}", f"chat:{chat.id}", private, "default"]
        for scope in scopes:
            for language in dict.fromkeys([(user.language_code or "")[:2], ""]):
                if (scope, language) in self.commands:
                    return self.commands[scope, language]
        return []
