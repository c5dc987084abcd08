"""Slack, played in memory: what its Web API is called with, and the payloads a person's actions make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.core import Parley
from bot.kit.text import Writer, without_isolates
from bot.platforms.slack.door import SlackDoor, Stored
from bot.platforms.slack.errors import SlackRefused
from bot.platforms.slack.fields import options_of
from bot.platforms.slack.read import PLATFORM, kept, key, read, token_of

from .blocks import buttons_of, empty_value, inputs_of, is_filled, text_of, value_text
from .personas import TEAM, Persona
from .shown import Deed, Press, Shown

if TYPE_CHECKING:
    from .stage import Stage

Json = dict[str, Any]


@dataclass
class Message:
    """One message of a direct conversation, as it stands after its edits."""

    id: str
    from_bot: bool
    payload: Json
    ephemeral: bool = False


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
        self.door = SlackDoor(
            self.perform, download=self._download, upload=self._upload, stored=self.stored, page=self.parley.page
        )

    # The Web API

    async def perform(self, method: str, arguments: Json) -> Json:
        """One call, answered as Slack would."""
        self.record(PLATFORM, method, arguments)
        match method:
            case "chat.postMessage":
                user = str(arguments["channel"]).removeprefix("D:")
                message = self._add(user, True, _content(arguments))
                return {"ok": True, "channel": f"D:{user}", "ts": message.id}
            case "chat.update":
                return self._update(arguments)
            case "views.open":
                return self._open(str(arguments["trigger_id"]).partition(":")[0], arguments["view"])
            case "views.update":
                user = next(user for user, view in self.modals.items() if view["id"] == arguments["view_id"])
                return self._open(user, arguments["view"], keep=True)
            case "views.publish":
                self.homes[arguments["user_id"]] = arguments["view"]
                return {"ok": True}
            case "response_url":
                user, _colon, message_id = str(arguments["url"]).partition("#")
                self._replace(user, message_id, _content(arguments))
                return {"ok": True}
            case "files.getUploadURLExternal":
                return {"ok": True, "upload_url": "memory:upload", "file_id": f"F{self._next()}"}
        return {"ok": True}

    async def _download(self, url: str, _limit: int) -> bytes:
        return self.files[url]

    async def _upload(self, _url: str, _data: bytes) -> None:
        """The bytes of a file of ours; its name stands in the conversation."""

    # What a person does, as Slack's own payloads

    async def says(self, persona: Persona, text: str) -> None:
        """A message to Parley, or the slash command."""
        if text.split(" ")[0] == "/parley":
            self._add(persona.user, False, {"text": text})
            command = {"command": "/parley", "text": text[len("/parley") :].strip(), "channel_id": f"D:{persona.user}"}
            await self._interact(persona, self._acting(persona) | command)
            return
        message = self._add(persona.user, False, {"text": text})
        await self._event(persona, {"type": "message", "channel_type": "im", "text": _escaped(text), "ts": message.id})

    async def attaches(self, persona: Persona, name: str, media_type: str, data: bytes, caption: str) -> None:
        """A message with a file."""
        file = self.upload(persona, name, media_type, data)
        message = self._add(persona.user, False, {"text": f"{caption} ({name})".strip()})
        event = {"type": "message", "subtype": "file_share", "channel_type": "im", "text": caption, "ts": message.id}
        await self._event(persona, event | {"files": [file]})

    async def opens_home(self, persona: Persona) -> None:
        await self._event(persona, {"type": "app_home_opened", "tab": "home"})

    async def taps(self, persona: Persona, where: Mapping[str, Any]) -> None:
        """A button of a message, of the Home tab or of a modal; or an input of a modal that changes its questions."""
        action: Json = {"action_id": where["action_id"], "type": "button"}
        if where.get("value") is not None:
            action["value"] = where["value"]
        body: Json = {"type": "block_actions", "actions": [action]}
        if "view" in where:
            self.values[persona.user] = dict(where.get("values") or self.values.get(persona.user, {}))
            body |= {"container": {"type": "view"}, "view": self._view(persona)}
        elif where["message"] == "home":
            body |= {"container": {"type": "view"}, "view": {"type": "home", "id": "home", "callback_id": ""}}
        else:
            message = next(each for each in self.messages[persona.user] if each.id == where["message"])
            container = {"type": "message", "channel_id": f"D:{persona.user}", "message_ts": message.id}
            body |= {"container": container | ({"is_ephemeral": True} if message.ephemeral else {})}
            body |= {"response_url": f"{persona.user}#{message.id}"}
        await self._interact(persona, self._acting(persona) | body)

    async def submits(self, persona: Persona, values: Mapping[str, Json] | None = None) -> None:
        """Send the open modal."""
        if values is not None:
            self.values[persona.user] = dict(values)
        body = {"type": "view_submission", "view": self._view(persona)}
        await self._interact(persona, self._acting(persona) | body)

    async def closes(self, persona: Persona) -> None:
        """Close the open modal; a form keeps what it holds."""
        view = self._view(persona)
        self._shut(persona.user)
        if view.get("notify_on_close"):
            await self._interact(persona, self._acting(persona) | {"type": "view_closed", "view": view})

    async def options(self, persona: Persona, block_id: str, _action_id: str, query: str) -> list[Json]:
        """What an input that searches offers."""
        caller = self._read(persona, self._acting(persona) | {"command": "/parley", "text": ""}).caller
        token = token_of(self.modals[persona.user])
        found, reader = await self.parley.threads.run(self.parley.engine.options, caller, token, block_id, query)
        return options_of(found, Writer(self.parley.catalogues, reader))

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

    # How Parley hears of it: what the wire does with the real Slack

    async def _event(self, persona: Persona, event: Json) -> None:
        happened = {"user": persona.user, "team": TEAM, "channel": f"D:{persona.user}"}
        body = {"type": "event_callback", "event_id": f"Ev{self._next()}", "team_id": TEAM, "event": event | happened}
        await self._keep(persona, body, later=True)

    async def _interact(self, persona: Persona, body: Json) -> None:
        inbox = await self._keep(persona, body, later=False)
        if inbox is None:
            return
        outcome = await self.parley.edge.handle(inbox, reply=self.door.is_message(body))
        if outcome is None:
            return
        answered = await self.door.respond(body, outcome.answer, Writer(self.parley.catalogues, outcome.reader))
        self._acknowledged(persona, answered)

    async def _keep(self, persona: Persona, body: Json, *, later: bool) -> int | None:
        payload = {"caller": self._caller(persona), "body": kept(body)}
        return await self.parley.edge.keep(PLATFORM, key(body), payload, account=persona.external_id, later=later)

    def _read(self, persona: Persona, body: Json) -> Any:
        return read({"caller": self._caller(persona), "body": body})

    def _caller(self, persona: Persona) -> Json:
        return {
            "team": TEAM,
            "user": persona.user,
            "name": persona.name,
            "language": persona.language,
            "zone": "Africa/Tunis",
            "is_guest": False,
        }

    def _acknowledged(self, persona: Persona, answered: Json) -> None:
        self.errors.pop(persona.user, None)
        if answered:
            self.record(PLATFORM, "acknowledgement", answered)
        match answered.get("response_action"):
            case "errors":
                self.errors[persona.user] = answered["errors"]
            case "update":
                self._open(persona.user, answered["view"], keep=True)
            case "clear":
                self._shut(persona.user)
        if answered.get("response_type") == "ephemeral":
            self._add(persona.user, True, _content(answered), ephemeral=True)

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

    def _view(self, persona: Persona) -> Json:
        view = self.modals[persona.user]
        drawn = {}
        for block in inputs_of(view["blocks"]):
            drawn[block["block_id"]] = {block["element"]["action_id"]: empty_value(block["element"])}
        held = {name: value for name, value in self.values.get(persona.user, {}).items() if name in drawn}
        return view | {"state": {"values": drawn | held}}

    # Screens

    def pane(self, persona: Persona) -> Json:
        """What the demo's page draws."""
        items = [
            {"id": each.id, "from_bot": each.from_bot, "payload": each.payload, "ephemeral": each.ephemeral}
            for each in self.messages.get(persona.user, [])
        ]
        modal = self.modals.get(persona.user)
        return {
            "items": items,
            "home": self.homes.get(persona.user, {"blocks": []}),
            "modals": [modal] if modal else [],
            "errors": self.errors.get(persona.user, {}),
        }

    def shown(self, persona: Persona, stage: Stage) -> list[Shown]:
        """Everything on this person's screen in words, the open modal last."""
        user, screen = persona.user, []
        for message in self.messages.get(user, []):
            if message.from_bot:
                blocks = message.payload.get("blocks", [])
                presses = [self._press(stage, persona, each, {"message": message.id}) for each in buttons_of(blocks)]
                screen.append(
                    Shown(message.id, _words(text_of(blocks) or message.payload.get("text", "")), tuple(presses))
                )
        if user in self.homes:
            blocks = self.homes[user]["blocks"]
            presses = [self._press(stage, persona, each, {"message": "home"}) for each in buttons_of(blocks)]
            screen.append(Shown("home", _words(text_of(blocks)), tuple(presses)))
        if user in self.modals:
            screen.append(Shown(f"modal {self.modals[user]['id']}", *self._modal(stage, persona)))
        return screen

    def _modal(self, stage: Stage, persona: Persona) -> tuple[str, tuple[Press, ...]]:
        view, values = self.modals[persona.user], self._view(persona)["state"]["values"]
        lines = [view["title"]["text"], text_of(view["blocks"])]
        presses = [self._press(stage, persona, each, {"view": view["id"]}) for each in buttons_of(view["blocks"])]
        for block in inputs_of(view["blocks"]):
            (value,) = values[block["block_id"]].values()
            wrong = self.errors.get(persona.user, {}).get(block["block_id"])
            lines.append(f"{block['label']['text']}: {value_text(value)}" + (f" ({wrong})" if wrong else ""))
            for option in block["element"].get("options", ()):
                presses.append(Press(_words(option["text"]["text"]), self._choosing(stage, persona, block, option)))

        async def submit() -> None:
            await stage.acts(persona, "sent a form", lambda: self.submits(persona))

        async def close() -> None:
            await stage.acts(persona, "closed a form", lambda: self.closes(persona))

        if "submit" in view:
            presses.append(Press(view["submit"]["text"], submit))
        presses.append(Press(view["close"]["text"], close))
        return _words("\n".join(line for line in lines if line)), tuple(presses)

    async def types(self, persona: Persona, text: str) -> bool:
        """Type into the open modal's next empty input; False when no modal is open."""
        if persona.user not in self.modals:
            return False
        view = self._view(persona)
        for block in inputs_of(view["blocks"]):
            (value,) = view["state"]["values"][block["block_id"]].values()
            kind = block["element"]["type"]
            if is_filled(value) or kind not in ("plain_text_input", "external_select", "datepicker"):
                continue
            if kind == "external_select":
                found = await self.options(persona, block["block_id"], block["element"]["action_id"], text)
                if not found:
                    continue
                self._fill(persona, block, {"type": kind, "selected_option": found[0]})
            else:
                self._fill(persona, block, {"type": kind, "selected_date" if kind == "datepicker" else "value": text})
            return True
        return True

    def _choosing(self, stage: Stage, persona: Persona, block: Mapping[str, Any], option: Json) -> Deed:
        async def choose() -> None:
            kind = block["element"]["type"]
            chosen = {"selected_options": [option]} if kind == "checkboxes" else {"selected_option": option}
            self._fill(persona, block, {"type": kind, **chosen})
            if block.get("dispatch_action"):
                where = {"view": self.modals[persona.user]["id"], "action_id": block["element"]["action_id"]}
                await stage.acts(persona, "changed an answer", lambda: self.taps(persona, where))

        return choose

    def _fill(self, persona: Persona, block: Mapping[str, Any], value: Json) -> None:
        self.values.setdefault(persona.user, {})[block["block_id"]] = {block["element"]["action_id"]: value}

    def _press(self, stage: Stage, persona: Persona, button: Mapping[str, Any], where: Json) -> Press:
        async def press() -> None:
            about = where | {"action_id": button["action_id"], "value": button.get("value")}
            await stage.acts(persona, "tapped a button", lambda: self.taps(persona, about))

        return Press(_words(button["text"]["text"]), press)

    # Keeping

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
        message = Message(f"{self._next()}.000000", from_bot, payload, ephemeral)
        self.messages.setdefault(user, []).append(message)
        return message

    def _update(self, arguments: Json) -> Json:
        user = str(arguments["channel"]).removeprefix("D:")
        self._replace(user, arguments["ts"], _content(arguments))
        return {"ok": True, "channel": arguments["channel"], "ts": arguments["ts"]}

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
        self.modals.pop(user, None)
        self.values.pop(user, None)
        self.errors.pop(user, None)

    def _next(self) -> int:
        self.number += 1
        return self.number


def _content(arguments: Json) -> Json:
    return {name: arguments[name] for name in ("text", "blocks") if name in arguments}


def _words(text: str) -> str:
    return without_isolates(text).replace("\u2060", "").replace("\u200f", "").replace("\u200e", "")


def _escaped(text: str) -> str:
    """Slack escapes its three signs in what a person types."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
