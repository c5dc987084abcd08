"""A stored update as an event. Pure; raises on what is not shaped as the Bot API shapes it.

Whose words something is decides what it may do. A forwarded message, one that came through another bot, an edited one
and whatever Telegram's shared identities send never run a command; files may be passed on, words may not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.kit.clean import clean_line, clean_name, shorten
from bot.kit.events import Answered, Attached, Called, Caller, Changed, Event
from bot.kit.rooms import Where
from bot.kit.text import _

PLATFORM = "telegram"
RIGHTS = ("can_manage_topics", "can_pin_messages")  # those of an administrator that rooms need
# In a stored update from a group, which says that it is for us: what Telegram says of the bot there, None if nothing.
ABOUT_US = "about_us"
# Anonymous group administrators, channels posting as themselves, Telegram's own service account: never one person.
SHARED_IDS = frozenset({1087968824, 136817688, 777000})
NAME_LIMIT = 80
COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?:\s+(.*))?", re.DOTALL)

FORWARDED = _("These are somebody else's words. Please write it in your own.")
THROUGH_A_BOT = _("This came through another bot. Please write it yourself.")
NOT_KEPT = _("I can keep texts, photos and documents, but not this.")

# Kinds of file: the message's key, what to call one that has no name, and its type where Telegram does not say.
FILES = {
    "document": ("document", None),
    "video": ("video.mp4", "video/mp4"),
    "animation": ("animation.mp4", "video/mp4"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "voice": ("voice.ogg", "audio/ogg"),
    "video_note": ("video.mp4", "video/mp4"),
}
UNKEPT_KINDS = frozenset(
    {"sticker", "contact", "location", "venue", "poll", "dice", "game", "story", "paid_media", "checklist", "giveaway"}
)

OTHERS = frozenset({"group", "supergroup", "channel"})

Json = Mapping[str, Any]


def read(update: Json) -> Event | None:
    """The event, or None for what means nothing to us: most of what groups say, service messages, other bots."""
    if "message" in update and ABOUT_US in update:
        return _placed(update["message"], update[ABOUT_US])
    if "message" in update:
        return _message(update["message"])
    if "edited_message" in update:
        return _edited(update["edited_message"])
    if "callback_query" in update:
        return _tap(update["callback_query"])
    if "my_chat_member" in update:
        return _reach(update["my_chat_member"])
    _number(update.get("update_id"))  # without one it is no update at all
    return None


def sender_id(update: Any) -> str:
    """Whose updates keep their order with this one; empty where nobody can be made out. Never raises."""
    for content in _mapping(update).values():
        number = _mapping(_mapping(content).get("from")).get("id")
        if _is_number(number):
            return str(number)
    return ""


def is_of_others(update: Any) -> bool:
    """Whether somebody says something where others are, so that it is theirs unless it is for us. Never raises."""
    found = _mapping(update)
    said = _mapping(found.get("message") or found.get("edited_message"))
    return _mapping(said.get("chat")).get("type") in OTHERS


@dataclass(frozen=True)
class InGroup:
    """A command that somebody typed in a group. `is_ours` where it calls this bot by its name; `shared` where nobody
    can tell who wrote it."""

    chat: int
    topic: int | None
    verb: str
    sender: str
    language: str | None
    is_ours: bool
    is_shared: bool


def typed_in_group(update: Any, username: str) -> InGroup | None:
    """A command typed in a group that may be for this bot. Never raises."""
    message = _mapping(_mapping(update).get("message"))
    chat, user, text = _mapping(message.get("chat")), _mapping(message.get("from")), message.get("text")
    is_shared = "sender_chat" in message or user.get("id") in SHARED_IDS
    if chat.get("type") not in {"group", "supergroup"} or not isinstance(text, str) or not _is_number(chat.get("id")):
        return None
    command = COMMAND.fullmatch(text)
    if command is None or (user.get("is_bot") and not is_shared) or "forward_origin" in message:
        return None
    if command[2] and command[2].lower() != username.lower():
        return None
    language, topic = user.get("language_code"), message.get("message_thread_id")
    return InGroup(
        chat=chat["id"],
        topic=topic if message.get("is_topic_message") is True and _is_number(topic) else None,
        verb=command[1].lower(),
        sender=str(user.get("id")),
        language=language if isinstance(language, str) else None,
        is_ours=bool(command[2]),
        is_shared=is_shared,
    )


def _placed(message: Json, about_us: Any) -> Event | None:
    """A command in a group: its words, those of the message it answers, and where that is. The answer is private."""
    text, caller = _text(message, "text"), _caller(message["from"])
    command = COMMAND.fullmatch(text or "")
    if command is None or caller is None or "sender_chat" in message or "forward_origin" in message:
        return None
    chat, topic = message["chat"], message.get("message_thread_id")
    group = str(_number(chat["id"]))
    quoted = _mapping(message.get("reply_to_message"))
    where = Where(
        PLATFORM,
        f"{group}:{_number(topic)}" if message.get("is_topic_message") else group,
        group=group,
        title=shorten(clean_line(_text(chat, "title") or ""), NAME_LIMIT, mark=""),
        has_topics=chat.get("is_forum") is True,
        lacks=_lacking(about_us) if about_us is not None else None,
    )
    said = _text(quoted, "text") or _text(quoted, "caption")
    return Called(caller, words=f"{command[1]} {command[3] or ''}".rstrip(), quoted=said, where=where)


def _lacking(about_us: Json) -> tuple[str, ...]:
    is_administrator = about_us["status"] in {"administrator", "creator"}
    return tuple(right for right in RIGHTS if not (is_administrator and about_us.get(right) is True))


def _message(message: Json) -> Event | None:
    caller = _person(message)
    if caller is None:
        return None
    text = _text(message, "text") or _text(message, "caption")
    files = _files(message)
    if "forward_origin" in message or "via_bot" in message:
        if files:
            return Answered(caller, files=files)
        return Answered(caller, text=text, declined=THROUGH_A_BOT if "via_bot" in message else FORWARDED)
    if files:
        return Answered(caller, text=text, files=files)
    if UNKEPT_KINDS & message.keys():
        return Answered(caller, declined=NOT_KEPT)
    if text is None:
        return None
    command = COMMAND.fullmatch(text)
    if command is not None:
        quoted = _mapping(message.get("reply_to_message"))
        said = _text(quoted, "text") or _text(quoted, "caption")
        return Called(caller, words=f"{command[1]} {command[3] or ''}".rstrip(), quoted=said)
    return Answered(caller, text=text)


def _edited(message: Json) -> Event | None:
    caller = _person(message)
    if caller is None:
        return None
    return Answered(caller, text=_text(message, "text") or _text(message, "caption"), edited=True)


def _tap(query: Json) -> Event | None:
    caller = _caller(query["from"])
    if caller is None:
        return None
    tap = {"callback_query_id": str(query["id"])}
    message, place = query.get("message"), None
    if message is not None:
        if message["chat"]["type"] != "private":
            return None
        place = {"chat_id": _number(message["chat"]["id"]), "message_id": _number(message["message_id"])}
    return Called(caller, handle=_text(query, "data") or "", message=place, tap=tap)


def _reach(change: Json) -> Event | None:
    caller = _person(change)
    if caller is None:
        return None
    return Changed(caller, reach=change["new_chat_member"]["status"] not in {"kicked", "left"})


def _person(content: Json) -> Caller | None:
    """Who wrote in a private chat as themselves."""
    if content["chat"]["type"] != "private" or "sender_chat" in content:
        return None
    return _caller(content["from"])


def _caller(user: Json) -> Caller | None:
    number = _number(user["id"])
    if user.get("is_bot") or number in SHARED_IDS:
        return None
    name = clean_line(f"{_text(user, 'first_name') or ''} {_text(user, 'last_name') or ''}")
    # A private chat has its person's number: whatever a group says, answers go there.
    return Caller(
        PLATFORM,
        str(number),
        str(number),
        name=shorten(name, NAME_LIMIT, mark=""),
        language=_text(user, "language_code"),
    )


def _files(message: Json) -> tuple[Attached, ...]:
    number = _number(message["message_id"])
    if "photo" in message:
        largest = max(message["photo"], key=lambda size: _number(size["width"]) * _number(size["height"]))
        return (_attached(largest, f"photo-{number}.jpg", "image/jpeg"),)
    for kind, (name, media_type) in FILES.items():
        if kind in message:
            file = message[kind]
            stem, dot, ending = name.partition(".")
            given = _text(file, "file_name")
            said = clean_line(_text(file, "mime_type") or "")
            return (
                _attached(file, clean_name(given) if given else f"{stem}-{number}{dot}{ending}", said or media_type),
            )
    return ()


def _attached(file: Json, name: str, media_type: str | None) -> Attached:
    size = file.get("file_size")
    origin = {"platform": PLATFORM, "file_id": str(file["file_id"])}
    return Attached(name, media_type, _number(size) if size is not None else None, origin=origin)


def _text(content: Json, key: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def _number(value: Any) -> int:
    if not _is_number(value):
        raise TypeError("this is no whole number")
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _mapping(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}
