"""Telegram, played in memory: what the Bot API is called with, and the updates a person's actions make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from html.parser import HTMLParser
from typing import Any

from bot.kit.door import Permanent
from bot.platforms.telegram.door import NOT_EDITABLE, Upload
from scheduling.clock import Clock

from .personas import Persona
from .shown import legible


@dataclass
class Item:
    """One message of a chat, as it stands after its edits."""

    id: int
    from_bot: bool
    method: str
    params: dict[str, Any]
    at: int = 0  # seconds since 1970, as Telegram dates a message

    @property
    def text(self) -> str:
        """What a person reads, without markup; where its links lead."""
        shown = str(self.params.get("text") or self.params.get("caption") or "")
        links = [f"{key['text']}: {key['url']}" for key in self._keys if "url" in key]
        return legible("\n".join([_plain(shown) if self.from_bot else shown, *links]))

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """(label, callback data), in reading order."""
        return [(legible(key["text"]), key["callback_data"]) for key in self._keys if "callback_data" in key]

    @property
    def _keys(self) -> list[dict[str, Any]]:
        rows = (self.params.get("reply_markup") or {}).get("inline_keyboard", [])
        return [key for row in rows for key in row]


@dataclass
class Chats:
    """The whole platform: a chat a person, numbered updates, files by id."""

    record: Callable[[str, str, Any], None]
    clock: Clock
    items: dict[str, list[Item]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    number: int = 0

    async def perform(self, method: str, parameters: dict[str, Any]) -> Any:
        """One Bot API call, answered as Telegram would."""
        self.record("telegram", method, {key: _shown(value) for key, value in parameters.items()})
        if method == "answerCallbackQuery":
            return True
        if method == "getFile":
            return {"file_id": parameters["file_id"], "file_path": parameters["file_id"]}
        chat = str(parameters["chat_id"])
        if chat in self.blocked:
            raise Permanent("blocked")
        if method == "editMessageText":
            return self._edit(chat, parameters)
        shown = {key: _shown(value) for key, value in parameters.items() if key != "chat_id"}
        for upload in parameters.values():
            if isinstance(upload, Upload):
                shown["file"] = self._keep(upload.name, upload.data)
        item = self._add(chat, True, method, shown)
        return {"chat": {"id": int(chat)}, "message_id": item.id}

    async def download(self, file_path: str) -> bytes:
        return self.files[file_path]

    def chat(self, persona: Persona) -> list[Item]:
        return self.items.setdefault(persona.user, [])

    def pane(self, persona: Persona) -> dict[str, Any]:
        """What the demo's page draws."""
        return {"items": [asdict(each) for each in self.chat(persona)], "blocked": persona.user in self.blocked}

    def to_json(self) -> dict[str, Any]:
        """Everything that is on the screens, for the next run. Bytes of files are fetched by then."""
        chats = {
            user: [[each.id, each.from_bot, each.method, each.params, each.at] for each in items]
            for user, items in self.items.items()
        }
        return {"chats": chats, "number": self.number, "blocked": sorted(self.blocked)}

    def load(self, kept: Mapping[str, Any]) -> None:
        self.items = {user: [Item(*each) for each in items] for user, items in kept["chats"].items()}
        self.number, self.blocked = kept["number"], set(kept["blocked"])

    # What a person does, as Telegram's own updates

    def says(self, persona: Persona, text: str) -> tuple[str, dict[str, Any]]:
        item = self._add(persona.user, False, "message", {"text": text})
        return self._update({"message": self._message(persona, item) | {"text": text}})

    def label(self, persona: Persona, message_id: int, data: str) -> str:
        """What the button is called that carries `data`."""
        item = next(each for each in self.chat(persona) if each.id == message_id)
        return next((label for label, carried in item.buttons if carried == data), "an old button")

    def taps(self, persona: Persona, message_id: int, data: str) -> tuple[str, dict[str, Any]]:
        chat = {"id": int(persona.user), "type": "private"}
        item = next(each for each in self.chat(persona) if each.id == message_id)
        message = {"message_id": item.id, "chat": chat, "date": item.at}
        query = {"id": str(self._next()), "from": self._user(persona), "message": message, "data": data}
        return self._update({"callback_query": query})

    def attaches(
        self, persona: Persona, name: str, media_type: str, data: bytes, caption: str
    ) -> tuple[str, dict[str, Any]]:
        file = self._keep(name, data)
        file_id = file["id"]
        is_photo = media_type in ("image/jpeg", "image/png")
        item = self._add(persona.user, False, "message", {"text": caption, "file": file})
        content: dict[str, Any] = {"caption": caption} if caption else {}
        if is_photo:
            content["photo"] = [{"file_id": file_id, "width": 800, "height": 600, "file_size": len(data)}]
        else:
            content["document"] = {
                "file_id": file_id,
                "file_name": name,
                "mime_type": media_type,
                "file_size": len(data),
            }
        return self._update({"message": self._message(persona, item) | content})

    def blocks(self, persona: Persona, *, blocks: bool) -> tuple[str, dict[str, Any]]:
        (self.blocked.add if blocks else self.blocked.discard)(persona.user)
        change = {
            "chat": {"id": int(persona.user), "type": "private"},
            "from": self._user(persona),
            "date": int(self.clock.now().timestamp()),
            "new_chat_member": {"status": "kicked" if blocks else "member"},
        }
        return self._update({"my_chat_member": change})

    def _edit(self, chat: str, parameters: Mapping[str, Any]) -> Any:
        for item in self.items.get(chat, []):
            if item.id == parameters["message_id"] and item.from_bot:
                item.params = {key: value for key, value in parameters.items() if key not in ("chat_id", "message_id")}
                return {"chat": {"id": int(chat)}, "message_id": item.id}
        raise Permanent(NOT_EDITABLE)

    def _keep(self, name: str, data: bytes) -> dict[str, str]:
        file_id = f"file-{self._next()}"
        self.files[file_id] = data
        return {"id": file_id, "name": name}

    def _add(self, chat: str, from_bot: bool, method: str, params: dict[str, Any]) -> Item:
        item = Item(self._next(), from_bot, method, params, int(self.clock.now().timestamp()))
        self.items.setdefault(chat, []).append(item)
        return item

    def _message(self, persona: Persona, item: Item) -> dict[str, Any]:
        chat = {"id": int(persona.user), "type": "private"}
        return {"message_id": item.id, "chat": chat, "from": self._user(persona), "date": item.at}

    def _user(self, persona: Persona) -> dict[str, Any]:
        first, _space, last = persona.name.partition(" ")
        return {
            "id": int(persona.user),
            "is_bot": False,
            "first_name": first,
            "last_name": last,
            "language_code": persona.language,
        }

    def _update(self, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The update and its key, as the poller keeps it."""
        number = self._next()
        return str(number), {"update_id": number} | content

    def _next(self) -> int:
        self.number += 1
        return self.number


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _plain(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)


def _shown(value: Any) -> Any:
    return f"({len(value.data)} bytes) {value.name}" if isinstance(value, Upload) else value
