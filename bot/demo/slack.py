"""Slack, played in memory: what its Web API is called with, and the payloads a person's actions make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core import Parley
from bot.platforms.slack.door import SlackDoor, Stored
from bot.platforms.slack.errors import SlackRefused
from bot.platforms.slack.interact import Interactions
from bot.platforms.slack.read import PLATFORM

from .blocks import buttons_of, empty_value, inputs_of, is_filled
from .personas import PERSONAS, TEAM, ZONE, Persona
from .shown import apart, legible

Json = dict[str, Any]
BY_USER = {persona.user: persona for persona in PERSONAS if persona.door == PLATFORM}
UNFINISHED = "Please complete this required field."  # what Slack's own client says, in its own words


@dataclass
class Message:
    """One message of a direct conversation, as it stands after its edits. `id` is Slack's `ts`."""

    id: str
    from_bot: bool
    payload: Json
    ephemeral: bool = False

    @property
    def at(self) -> float:
        return float(self.id)


@dataclass
class Workspace:
    """The whole workspace: a conversation with Parley a person, their Home tab, the modal that is open."""

    parley: Parley
    record: Callable[[str, str, Any], None]
    stored: Stored
    messages: dict[str, list[Message]] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    modals: dict[str, Json] = field(default_factory=dict)
    values: dict[str, dict[str, Json]] = field(default_factory=dict)  # what stands in the open modal's inputs
    errors: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    number: int = 0

    def __post_init__(self) -> None:
        page = self.parley.engine.public_url
        self.door = SlackDoor(self.perform, download=self._download, upload=self._upload, stored=self.stored, page=page)
        self._interactions = Interactions(self.parley, self.door, self._profile)

    # The Web API

    async def perform(self, method: str, arguments: Json) -> Json:
        """One call, answered as Slack would."""
        self.record(PLATFORM, method, arguments)
        match method:
            case "chat.postMessage":
                message = self._add(_user(arguments["channel"]), True, _content(arguments))
                return {"ok": True, "channel": f"D:{_user(arguments['channel'])}", "ts": message.id}
            case "chat.update":
                self._replace(_user(arguments["channel"]), arguments["ts"], _content(arguments))
                return {"ok": True, "channel": arguments["channel"], "ts": arguments["ts"]}
            case "views.open":
                return self._open(str(arguments["trigger_id"]).partition(":")[0], arguments["view"])
            case "views.update":
                user = next(user for user, view in self.modals.items() if view["id"] == arguments["view_id"])
                return self._open(user, arguments["view"], keep=True)
            case "views.publish":
                self.homes[arguments["user_id"]] = arguments["view"]
            case "response_url":
                user, _mark, message_id = str(arguments["url"]).partition("#")
                self._replace(user, message_id, _content(arguments))
            case "files.getUploadURLExternal":
                file_id = f"F{self._next()}"
                return {"ok": True, "upload_url": file_id, "file_id": file_id}
            case "files.completeUploadExternal":
                files = [{"id": each["id"], "name": each["title"]} for each in arguments["files"]]
                self._add(_user(arguments["channel_id"]), True, {"files": files})
        return {"ok": True}

    async def _download(self, url: str, _limit: int) -> bytes:
        return self.files[url]

    async def _upload(self, url: str, data: bytes) -> None:
        self.files[url] = data

    # What a person does, as Slack's own payloads

    async def says(self, persona: Persona, text: str) -> None:
        """A message to Parley, or the slash command."""
        if text.split(" ")[0] == "/parley":
            self._add(persona.user, False, {"text": text})
            command = {"command": "/parley", "text": text[len("/parley") :].strip(), "channel_id": f"D:{persona.user}"}
            await self._interact(persona, command)
            return
        message = self._add(persona.user, False, {"text": text})
        await self._event(persona, {"type": "message", "channel_type": "im", "text": _escaped(text), "ts": message.id})

    async def attaches(self, persona: Persona, name: str, media_type: str, data: bytes, caption: str) -> None:
        """A message with a file."""
        file = self.upload(persona, name, media_type, data)
        message = self._add(persona.user, False, {"text": caption, "files": [{"id": file["id"], "name": name}]})
        event = {"type": "message", "subtype": "file_share", "channel_type": "im", "text": caption, "ts": message.id}
        await self._event(persona, event | {"files": [file]})

    async def opens_home(self, persona: Persona) -> None:
        await self._event(persona, {"type": "app_home_opened", "tab": "home"})

    async def takes_shortcut(self, persona: Persona, name: str) -> None:
        """A global shortcut of the app, by its callback id."""
        await self._interact(persona, {"type": "shortcut", "callback_id": name})

    async def taps(self, persona: Persona, where: Mapping[str, Any]) -> None:
        """A button of a message, of the Home tab or of a modal; or an input of a modal that changes its questions."""
        action: Json = {"action_id": where["action_id"], "type": "button"}
        if where.get("value") is not None:
            action["value"] = where["value"]
        body: Json = {"type": "block_actions", "actions": [action]}
        if "view" in where:
            self.values[persona.user] = dict(where.get("values") or self.values.get(persona.user, {}))
            body |= {"container": {"type": "view"}, "view": self.view(persona)}
        elif where["message"] == "home":
            body |= {"container": {"type": "view"}, "view": {"type": "home", "id": "home", "callback_id": ""}}
        else:
            message = next(each for each in self.messages[persona.user] if each.id == where["message"])
            container = {"type": "message", "channel_id": f"D:{persona.user}", "message_ts": message.id}
            body |= {"container": container | ({"is_ephemeral": True} if message.ephemeral else {})}
            body |= {"response_url": f"{persona.user}#{message.id}"}
        await self._interact(persona, body)

    def deed(self, persona: Persona, where: Mapping[str, Any]) -> str:
        """What a tap at `where` does, in words."""
        user = persona.user
        if "view" in where:
            blocks = self.modals[user]["blocks"]
        elif where["message"] == "home":
            blocks = self.homes[user]["blocks"]
        else:
            blocks = next(each.payload for each in self.messages[user] if each.id == where["message"]).get("blocks", [])
        for button in buttons_of(blocks):
            if button["action_id"] == where["action_id"]:
                return f"pressed “{apart(legible(button['text']['text']))}”"
        return "changed an answer"

    async def submits(self, persona: Persona, values: Mapping[str, Json] | None = None) -> None:
        """Send the open modal. Like Slack's client, keep it back while a required input is empty."""
        if values is not None:
            self.values[persona.user] = dict(values)
        view = self.view(persona)
        missing = {
            block["block_id"]: UNFINISHED
            for block in inputs_of(view["blocks"])
            if not block.get("optional")
            and not any(is_filled(each) for each in view["state"]["values"][block["block_id"]].values())
        }
        if missing:
            self.errors[persona.user] = missing
            return
        await self._interact(persona, {"type": "view_submission", "view": view})

    async def closes(self, persona: Persona) -> None:
        """Close the open modal; a form keeps what it holds."""
        view = self.view(persona)
        self._shut(persona.user)
        if view.get("notify_on_close"):
            await self._interact(persona, {"type": "view_closed", "view": view})

    async def options(self, persona: Persona, block_id: str, action_id: str, query: str) -> list[Json]:
        """What an input that searches offers."""
        asked = {"type": "block_suggestion", "block_id": block_id, "action_id": action_id, "value": query}
        body = self._acting(persona) | asked | {"view": self.view(persona)}
        found: list[Json] = (await self._interactions.take(body))["options"]
        return found

    def upload(self, persona: Persona, name: str, media_type: str, data: bytes) -> Json:
        """A file as Slack describes it once it is there."""
        file_id = f"F{self._next()}"
        self.files[file_id] = data
        return {
            "id": file_id,
            "name": name,
            "mimetype": media_type,
            "size": len(data),
            "url_private_download": file_id,
            "user": persona.user,
        }

    def fill(self, persona: Persona, block: Mapping[str, Any], value: Json) -> None:
        """Put `value` into an input of the open modal."""
        self.values.setdefault(persona.user, {})[block["block_id"]] = {block["element"]["action_id"]: value}

    def view(self, persona: Persona) -> Json:
        """The open modal with what stands in its inputs."""
        view = self.modals[persona.user]
        drawn = {}
        for block in inputs_of(view["blocks"]):
            drawn[block["block_id"]] = {block["element"]["action_id"]: empty_value(block["element"])}
        held = {name: value for name, value in self.values.get(persona.user, {}).items() if name in drawn}
        return view | {"state": {"values": drawn | held}}

    # How Parley hears of it

    async def _event(self, persona: Persona, event: Json) -> None:
        happened = {"user": persona.user, "team": TEAM, "channel": f"D:{persona.user}"}
        body = {"type": "event_callback", "event_id": f"Ev{self._next()}", "team_id": TEAM, "event": event | happened}
        await self._interactions.take(body)

    async def _interact(self, persona: Persona, what: Json) -> None:
        answered = await self._interactions.take(self._acting(persona) | what)
        await self._interactions.finish()
        self.errors.pop(persona.user, None)
        if answered:
            self.record(PLATFORM, "acknowledgement", answered)
        match answered.get("response_action"):
            case "errors":
                self.errors[persona.user] = answered["errors"]
            case "update":
                self._open(persona.user, answered["view"], keep=True)
            case _ if what.get("type") == "view_submission":
                self._shut(persona.user)
        if answered.get("response_type") == "ephemeral":
            self._add(persona.user, True, _content(answered), ephemeral=True)

    async def _profile(self, team: str, user: str) -> Json:
        """What `users.info` says of somebody."""
        persona = BY_USER[user]
        known = {"name": persona.name, "language": persona.language, "zone": ZONE, "is_guest": False}
        return {"team": team, "user": user} | known

    def _acting(self, persona: Persona) -> Json:
        number = self._next()
        return {
            "user": {"id": persona.user, "team_id": TEAM, "name": persona.key},
            "user_id": persona.user,
            "team": {"id": TEAM},
            "team_id": TEAM,
            "trigger_id": f"{persona.user}:{number}",
            "action_ts": str(number),
        }

    # What is on the screens

    def pane(self, persona: Persona) -> Json:
        """What the demo's page draws."""
        items = [
            {"id": each.id, "at": each.at, "from_bot": each.from_bot, "ephemeral": each.ephemeral, **each.payload}
            for each in self.messages.get(persona.user, [])
        ]
        modal = self.modals.get(persona.user)
        errors = self.errors.get(persona.user, {})
        return {"items": items, "home": self.homes.get(persona.user), "modal": modal, "errors": errors}

    def to_json(self) -> Json:
        """Everything that is on the screens, for the next run."""
        messages = {
            user: [[each.id, each.from_bot, each.payload, each.ephemeral] for each in items]
            for user, items in self.messages.items()
        }
        return {"messages": messages, "homes": self.homes, "number": self.number}

    def load(self, given: Mapping[str, Any]) -> None:
        self.messages = {user: [Message(*each) for each in items] for user, items in given["messages"].items()}
        self.homes, self.number = dict(given["homes"]), given["number"]

    def _add(self, user: str, from_bot: bool, payload: Json, *, ephemeral: bool = False) -> Message:
        ts = f"{int(self.parley.clock.now().timestamp())}.{self._next():06}"
        message = Message(ts, from_bot, payload, ephemeral)
        self.messages.setdefault(user, []).append(message)
        return message

    def _replace(self, user: str, message_id: str, payload: Json) -> None:
        for message in self.messages.get(user, []):
            if message.id == message_id:
                message.payload = payload
                return
        raise SlackRefused("message_not_found")

    def _open(self, user: str, view: Json, *, keep: bool = False) -> Json:
        number = self._next()
        before = self.modals.get(user)
        self.modals[user] = view | {"id": before["id"] if keep and before else f"V{number}", "hash": str(number)}
        if not keep:
            self.values.pop(user, None)
        self.errors.pop(user, None)
        return {"ok": True, "view": self.modals[user]}

    def _shut(self, user: str) -> None:
        for held in (self.modals, self.values, self.errors):
            held.pop(user, None)

    def _next(self) -> int:
        self.number += 1
        return self.number


def _user(channel: str) -> str:
    """Whose direct conversation it is; a person's own id stands for it too."""
    return channel.removeprefix("D:")


def _content(arguments: Json) -> Json:
    return {name: arguments[name] for name in ("text", "blocks") if name in arguments}


def _escaped(text: str) -> str:
    """Slack escapes its three signs in what a person types."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
