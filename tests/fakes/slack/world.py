"""What a Slack workspace holds: people, conversations, messages, views and files, as its app can meet them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from . import markup
from .check import Json, Refused, options_of, walk

APP = "A0PARLEY"
BOT = "B0PARLEY"
BOT_USER = "U0PARLEY"
TEAM = "T0HOME"

# What an input holds before and after a person has used it: the key in a view's state, and the element's own key.
HELD = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", ""),
}
MANY = {"selected_options", "selected_users", "selected_conversations", "selected_channels", "files"}


@dataclass
class User:
    """A person: ``team`` is their workspace, another than the app's for people met through a shared channel.

    ``guest`` is "multi" or "single" for a guest of this workspace, by how many channels they may be in.
    """

    id: str
    name: str
    locale: str = "en-US"
    tz: str = "UTC"
    team: str = TEAM
    email: str = ""
    deleted: bool = False
    guest: str = ""

    def body(self, at: datetime, *, with_locale: bool) -> Json:
        """The person as the Web API gives them."""
        offset = at.astimezone(ZoneInfo(self.tz)).utcoffset() or timedelta()
        body: Json = {
            "id": self.id, "team_id": self.team, "name": self.name, "real_name": self.name, "deleted": self.deleted,
            "tz": self.tz, "tz_label": self.tz, "tz_offset": int(offset.total_seconds()),
            "profile": {"real_name": self.name, "display_name": self.name, "team": self.team},
            "is_admin": False, "is_owner": False, "is_bot": False, "is_app_user": False,
            "is_restricted": bool(self.guest),
            "is_ultra_restricted": self.guest == "single", "is_stranger": self.team != TEAM, "updated": 1,
        }  # fmt: skip
        if self.email:
            body["profile"]["email"] = self.email
        if with_locale:
            body["locale"] = self.locale
        return body


SHARED = ("is_ext_shared", "is_pending_ext_shared", "is_org_shared")


@dataclass
class Conversation:
    """A channel, or the direct messages between a person and the app (then ``user`` is the person)."""

    id: str
    name: str
    user: str | None = None
    members: set[str] = field(default_factory=set)
    archived: bool = False
    locale: str = "en-US"
    is_private: bool = False
    creator: str = ""
    topic: str = ""
    pins: list[str] = field(default_factory=list)
    shared: frozenset[str] = frozenset()  # how, by Slack's own flags: with another workspace, or about to be

    @property
    def kind(self) -> str:
        return "im" if self.is_im else "private_channel" if self.is_private else "public_channel"

    @property
    def is_im(self) -> bool:
        return self.user is not None

    def body(self, *, with_locale: bool = False) -> Json:
        """The conversation as the Web API gives it."""
        body: Json = {"id": self.id, "created": 1, "is_archived": self.archived, "is_im": self.is_im}
        if self.is_im:
            body |= {"user": self.user, "is_org_shared": False, "is_open": True}
        else:
            body |= {
                "name": self.name, "is_channel": not self.is_private, "is_group": self.is_private,
                "is_member": BOT_USER in self.members, "is_private": self.is_private, "creator": self.creator,
                "topic": {"value": self.topic, "creator": BOT_USER, "last_set": 1}, "is_shared": bool(self.shared),
                **{flag: flag in self.shared for flag in SHARED},
            }  # fmt: skip
        return body | ({"locale": self.locale} if with_locale else {})


@dataclass
class File:
    """A file; ``conversation`` is None while it is uploaded and not yet shared."""

    id: str
    name: str
    content: bytes = field(repr=False)
    kind: str
    owner: str
    base: str = field(repr=False)
    title: str = ""
    conversation: str | None = None

    def body(self) -> Json:
        """The file as the Web API gives it; its private address wants the bot's token."""
        private = f"{self.base}/files/{self.id}/{self.name}"
        ending = self.name.rpartition(".")[2]
        return {
            "id": self.id, "created": 1, "timestamp": 1, "name": self.name, "title": self.title or self.name,
            "mimetype": self.kind, "filetype": ending, "pretty_type": ending.upper(), "size": len(self.content),
            "user": self.owner, "username": "", "user_team": TEAM, "mode": "hosted", "editable": False,
            "is_external": False, "external_type": "", "is_public": False, "public_url_shared": False,
            "display_as_bot": False, "file_access": "visible", "url_private": private,
            "url_private_download": f"{private}?download=1", "permalink": f"https://fake.slack.com/files/{self.id}",
            "channels": [], "groups": [], "ims": [self.conversation] if self.conversation else [],
        }  # fmt: skip


@dataclass
class Message:
    """A message in a conversation, as it stands now. ``ephemeral_for`` is the only person who sees it, if so."""

    conversation: str
    ts: str
    author: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    files: list[File] = field(default_factory=list)
    edited: bool = False
    deleted: bool = False
    ephemeral_for: str | None = None

    @property
    def by_app(self) -> bool:
        return self.author == BOT_USER

    @property
    def shown(self) -> str:
        """What a person reads: the blocks if there are any, else the text; what can be used stands in [brackets]."""
        return markup.shown(self.blocks) if self.blocks else markup.seen(self.text)

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons, in order."""
        return labels(self.blocks)

    @property
    def marks(self) -> list[markup.Mark]:
        """The mentions, links and styles in it."""
        return markup.marks_in({"text": self.text, "blocks": self.blocks})

    def body(self) -> Json:
        """The message as the Web API gives it."""
        body: Json = {"type": "message", "user": self.author, "text": self.text, "ts": self.ts, "team": TEAM}
        if self.by_app:
            body |= {"bot_id": BOT, "app_id": APP}
        if self.blocks:
            body["blocks"] = self.blocks
        if self.thread_ts:
            body["thread_ts"] = self.thread_ts
        if self.metadata:
            body["metadata"] = self.metadata
        if self.files:
            body["files"] = [file.body() for file in self.files]
        if self.edited:
            body["edited"] = {"user": self.author, "ts": self.ts}
        return body


@dataclass
class View:
    """A modal or a Home tab as one person has it open; ``values`` is what stands in its inputs."""

    id: str
    user: str
    sent: Json
    hash: str
    root: str = ""
    previous: str | None = None
    values: dict[str, dict[str, Json]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return str(self.sent["type"])

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.sent["blocks"]
        return blocks

    @property
    def title(self) -> str:
        return str(self.sent.get("title", {}).get("text", ""))

    @property
    def shown(self) -> str:
        """What a person reads: title, then blocks; what can be used stands in [brackets]."""
        return "\n".join(filter(None, [self.title, markup.shown(self.blocks)]))

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons among the blocks, in order."""
        return labels(self.blocks)

    @property
    def marks(self) -> list[markup.Mark]:
        """The mentions, links and styles in it."""
        return markup.marks_in(self.sent)

    def inputs(self) -> Iterator[tuple[Json, Json]]:
        """Each input block with its element."""
        for block in self.blocks:
            if block["type"] == "input":
                yield block, block["element"]

    def take_state(self, before: "View | None" = None) -> None:
        """Fill the inputs with their initial values, or with what already stood there in the view before."""
        for block in self.blocks:
            for element in elements(block):
                if element["type"] in HELD:
                    key, initial = HELD[element["type"]]
                    held = before.values.get(block["block_id"], {}).get(element["action_id"]) if before else None
                    start = element.get(initial, [] if key in MANY else None)
                    value = held or {"type": element["type"], key: start}
                    self.values.setdefault(block["block_id"], {})[element["action_id"]] = value

    def body(self) -> Json:
        """The view as the Web API and interactions give it."""
        empty: Json = {"private_metadata": "", "callback_id": "", "external_id": "", "close": None, "submit": None}
        empty |= {"clear_on_close": False, "notify_on_close": False, "title": {"type": "plain_text", "text": "View"}}
        return {
            **empty, **self.sent, "id": self.id, "team_id": TEAM, "app_id": APP, "bot_id": BOT, "hash": self.hash,
            "state": {"values": self.values}, "root_view_id": self.root or self.id, "previous_view_id": self.previous,
            "app_installed_team_id": TEAM,
        }  # fmt: skip


def elements(block: Json) -> list[Json]:
    """What can be used in a block: its buttons, selects and inputs."""
    parts = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
    return [part for part in parts if isinstance(part, dict) and "action_id" in part]


def label(element: Json) -> str:
    """What stands on a button or option."""
    return markup.unescaped(element["text"]["text"]) if element["text"]["type"] == "mrkdwn" else element["text"]["text"]


def labels(blocks: list[Json]) -> list[str]:
    """The labels of the buttons, and of the options that stand open to be tapped, in order."""
    found: list[str] = []
    for block in blocks:
        for element in elements(block):
            if element["type"] == "button":
                found.append(label(element))
            elif element["type"] == "overflow":
                found += [label(option) for option in options_of(element)]
    return found


class World:
    """All of it, with ids in the order of making."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}
        self.messages: list[Message] = []
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.modals: dict[str, list[View]] = {}
        self.files: dict[str, File] = {}
        self._ids = 0

    def new_id(self, letter: str) -> str:
        """The next id of a kind, such as ``U0000001``."""
        self._ids += 1
        return f"{letter}{self._ids:07d}"

    def new_ts(self, at: datetime) -> str:
        """A message's time, which is also its name; no two are the same."""
        self._ids += 1
        return f"{int(at.timestamp())}.{self._ids:06d}"

    def with_ids(self, blocks: list[Json]) -> list[Json]:
        """The blocks with the ids that Slack gives to those that have none."""
        for block in blocks:
            block.setdefault("block_id", self.new_id("b"))
            for part, _ in walk([block.get("elements"), block.get("accessory"), block.get("element")]):
                if part.get("type") in HELD or part.get("type") in {"button", "overflow", "workflow_button"}:
                    part.setdefault("action_id", self.new_id("a"))
        return blocks

    def direct(self, user: str) -> Conversation:
        """The direct messages with a person, opened if need be."""
        person = self.users.get(user)
        if person is None:
            raise Refused("user_not_found")
        if person.deleted:
            raise Refused("user_disabled")
        for conversation in self.conversations.values():
            if conversation.user == user:
                return conversation
        made = Conversation(self.new_id("D"), "directmessage", user=user, members={user, BOT_USER})
        self.conversations[made.id] = made
        return made

    def message(self, conversation: str, ts: str) -> Message | None:
        """The message of that name, unless it was deleted or only one person sees it."""
        for message in self.messages:
            if (message.conversation, message.ts) == (conversation, ts) and not message.ephemeral_for:
                return None if message.deleted else message
        return None

    def seen_by(self, user: str, conversation: str | None = None) -> list[Message]:
        """What a person sees in a conversation (the direct messages by default), oldest first."""
        direct = (each.id for each in self.conversations.values() if each.user == user)
        where = conversation or next(direct, None)
        return [
            message
            for message in self.messages
            if message.conversation == where and not message.deleted and message.ephemeral_for in {None, user}
        ]
