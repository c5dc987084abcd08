"""A Slack workspace for tests: an app on one side, over the wire; people on the other, by what they do and see."""

import mimetypes
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from ..control import Control
from ..faults import KINDS
from ..platform import Clock, Impossible, machine_clock
from . import (
    inputs,
    methods_channels,  # noqa: F401  its methods are known once it is imported
    methods_chat,
    payloads,
)
from .api import Address, SlackApi
from .check import Json, Refused, check_options, options_of
from .methods_views import dropped, opened, replaced
from .sending import Acknowledgement, Delivery, Timing
from .world import BOT_USER, HELD, TEAM, Conversation, File, Message, User, View

Files = Iterable[tuple[str, bytes]]

# What a person is told of a command or modal that failed, by what went wrong between Slack and the app.
TOLD = {
    "http_timeout": "operation_timeout",
    "connection_failed": "dispatch_failed",
    "http_error": "http_service_error",
}

VERBS = (
    "user", "channel", "writes", "archives", "removes_app", "shares",
    "deactivates", "revokes", "opens_home", "dm", "mentions", "command", "shortcut",
    "message_shortcut", "taps", "fills", "looks_up", "submits", "closes", "event", "posts_to", "verifies_url",
)  # fmt: skip
EXAMPLES = (
    'user -d \'{"name": "Olga", "locale": "en-GB", "tz": "Europe/London"}\'',
    'command -d \'{"user": "U0000001", "line": "/parley"}\'',
    'submits -d \'{"user": "U0000001", "values": {"Label of an input": "text or label of an option"}}\'',
    'taps -d \'{"user": "U0000001", "label": "Label of a button"}\'',
    'dm -d \'{"user": "U0000001", "text": "hello"}\'',
    'opens_home -d \'{"user": "U0000001"}\'',
    'posts_to -d \'{"url": "http://127.0.0.1:8765/slack/events"}\'   HTTP events in place of Socket Mode',
)
PAGE = {
    "name": "Slack", "url": "the Web API, Socket Mode and signed requests", "person": "U0000001",
    "method": "chat.postMessage", "kinds": ", ".join(KINDS),
}  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What came of a person's command, tap or submission.

    payload: what the app acknowledged it with; error: what Slack told the person instead, such as
    ``operation_timeout`` or the name of the refusal of what the app answered; errors: what stands under the inputs of
    the modal, by block id.
    """

    payload: Any = None
    error: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def acknowledged(self) -> bool:
        return self.error is None


class FakeSlack(SlackApi):
    """``async with FakeSlack.running() as slack``: serve ``slack.url`` to an app, act as people, see what they see."""

    def __init__(self, *, clock: Clock = machine_clock, timing: Timing | None = None) -> None:
        super().__init__(clock=clock, timing=timing)
        self.commands = {"/parley"}
        routes = self.application.router
        routes.add_get("/files/{file}/{name}", partial(methods_chat.download, self))
        routes.add_post("/upload/{file}", partial(methods_chat.upload, self))
        routes.add_post("/response/{name}", partial(methods_chat.respond, self))
        Control(self, VERBS, EXAMPLES, PAGE)

    # The workspace

    def posts_to(self, url: str | None) -> None:
        """Where events and interactions are posted, signed, when no socket is open."""
        self.doors.request_url = url

    def user(
        self,
        name: str = "",
        *,
        id: str = "",
        locale: str = "en-US",
        tz: str = "UTC",
        team: str = TEAM,
        email: str = "",
        guest: str = "",
    ) -> User:
        """A person; one whose ``team`` is another than the app's is met through a shared channel."""
        person = User(id or self.world.new_id("U"), name, locale, tz, team, email, guest=guest)
        person.name = name or f"person{len(self.world.users) + 1}"
        self.world.users[person.id] = person
        return person

    def channel(self, name: str, *members: User | str, with_app: bool = True, locale: str = "en-US") -> Conversation:
        """A channel with these members."""
        made = Conversation(
            self.world.new_id("C"), name, members={self._id(member) for member in members}, locale=locale
        )
        made.members |= {BOT_USER} if with_app else set()
        self.world.conversations[made.id] = made
        return made

    def channel_named(self, name: str) -> Conversation | None:
        """The channel whose name begins so."""
        return next((each for each in self.world.conversations.values() if each.name.startswith(name)), None)

    def archives(self, where: Conversation) -> None:
        """Somebody archives a channel."""
        where.archived = True

    def removes_app(self, where: Conversation) -> None:
        """Somebody takes the app out of a channel."""
        where.members.discard(BOT_USER)

    def shares(self, where: Conversation, how: str = "is_ext_shared") -> None:
        """Somebody connects a channel with another workspace, or is about to, by Slack's flag for it."""
        where.shared |= {how}

    def deactivates(self, user: User | str) -> None:
        """The person's account is closed."""
        self._person(user).deleted = True

    async def connected(self, within: float = 5.0) -> None:
        """Wait until an app has a socket open."""
        await self.until(lambda: self.doors.sockets, within)

    async def verifies_url(self) -> bool:
        """Does the request address answer Slack's challenge?"""
        challenge = {"token": payloads.TOKEN, "challenge": "a-challenge", "type": "url_verification"}
        answer = await self.doors.send(self.session, "events_api", challenge)
        said = answer.payload
        return answer.error is None and (said.get("challenge") if isinstance(said, dict) else said) == "a-challenge"

    async def event(self, inner: Json) -> Delivery:
        """Send any event, until it is acknowledged or given up."""
        return await self.doors.send_event(self.session, payloads.event(self, inner))

    # What people see

    def messages(self, user: User | str, where: Conversation | str | None = None) -> list[Message]:
        """What a person sees in a conversation, oldest first: by default the direct messages with the app."""
        return self.world.seen_by(self._id(user), where.id if isinstance(where, Conversation) else where)

    def home(self, user: User | str) -> View | None:
        """The app's Home tab as the person has it."""
        return self.world.homes.get(self._id(user))

    def modals(self, user: User | str) -> list[View]:
        """The modals that the person has open, the top one last."""
        return self.world.modals.get(self._id(user), [])

    def modal(self, user: User | str) -> View | None:
        """The modal that the person looks at."""
        return next(reversed(self.modals(user)), None)

    async def hears(
        self, user: User | str, text: str, *, where: Conversation | str | None = None, within: float = 5.0
    ) -> Message:
        """The newest message of the app that the person sees with ``text`` in it, waited for."""

        def look() -> Message | None:
            seen = [each for each in self.messages(user, where) if each.by_app and text in each.shown]
            return seen[-1] if seen else None

        found = await self.until(look, within)
        assert found is not None
        return found

    # What people do

    async def opens_home(self, user: User | str) -> Delivery:
        """The person looks at the Home tab."""
        person = self._person(user)
        return await self.event(payloads.home_opened(self, person, self.home(person)))

    async def dm(self, user: User | str, text: str, files: Files = ()) -> Delivery:
        """The person writes to the app."""
        person = self._person(user)
        message = self._written(person, self.world.direct(person.id), text, files)
        return await self.event(payloads.message_event(self, message, "im"))

    def writes(self, user: User | str, where: Conversation, text: str) -> Message:
        """The person writes in a channel; the app is not told of it."""
        return self._written(self._person(user), where, text, ())

    async def mentions(self, user: User | str, where: Conversation, text: str) -> Delivery:
        """The person names the app in a channel."""
        message = self._written(self._person(user), where, text, ())
        message.text = f"<@{BOT_USER}> {message.text}"
        return await self.event(payloads.app_mention(message))

    def _written(self, person: User, where: Conversation, text: str, files: Files) -> Message:
        if person.id not in where.members:
            raise Impossible(f"{person.name} is not in {where.name}")
        message = Message(where.id, self.world.new_ts(self.clock()), person.id, typed(text))
        message.files = [self._file(person, name, content) for name, content in files]
        for file in message.files:
            file.conversation = where.id
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        message.blocks = self.world.with_ids([{"type": "rich_text", "elements": [section]}]) if text else []
        self.world.messages.append(message)
        return message

    def _file(self, person: User, name: str, content: bytes) -> File:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = File(self.world.new_id("F"), name, content, kind, person.id, self.address)
        self.world.files[file.id] = file
        return file

    async def command(self, user: User | str, line: str, where: Conversation | None = None) -> Reply:
        """The person types a slash command; what the app answers at once is shown to them."""
        person = self._person(user)
        word, _, text = line.strip().partition(" ")
        if word not in self.commands:
            raise Impossible(f"{word} is not a valid command")
        place = where or self.world.direct(person.id)
        payload = payloads.command(self, person, place, word, typed(text.strip()))
        reply = self._told(await self.doors.send(self.session, "slash_commands", payload))
        if reply.error or not reply.payload:
            return reply
        sent = {"text": reply.payload} if isinstance(reply.payload, str) else reply.payload
        address = Address(person.id, place.id, None, self.clock())
        refusal = self.taken("answer to a command", sent, lambda: methods_chat.answer_person(self, address, sent))
        return Reply(reply.payload, refusal.error) if refusal else reply

    async def shortcut(self, user: User | str, callback_id: str) -> Reply:
        """The person uses a global shortcut."""
        payload = payloads.shortcut(self, self._person(user), callback_id)
        return self._told(await self.doors.send(self.session, "interactive", payload))

    async def message_shortcut(self, user: User | str, message: Message, callback_id: str) -> Reply:
        """The person uses a shortcut on a message."""
        payload = payloads.message_shortcut(self, self._person(user), message, callback_id)
        return self._told(await self.doors.send(self.session, "interactive", payload))

    async def taps(self, user: User | str, label: str, on: Message | View | Literal["home"] | None = None) -> Reply:
        """The person taps what is labelled so: on the given place, else where they look: modal, messages, Home."""
        person = self._person(user)
        place = self._place_of(person, label, on)
        found = inputs.control(place.blocks, label)
        if len(found) != 1:
            raise Impossible(f"{len(found)} controls are labelled {label!r}; what is seen:\n{place.shown}")
        block, element, action = found[0]
        if isinstance(place, View) and element["type"] in HELD:
            key = HELD[element["type"]][0]
            place.values[block["block_id"]][element["action_id"]] = {"type": element["type"], key: action[key]}
        return await self._acts(person, place, action)

    def _place_of(self, person: User, label: str, on: Message | View | Literal["home"] | None) -> Message | View:
        home = self.home(person)
        if isinstance(on, Message | View):
            return on
        if modal := self.modal(person):
            return modal
        seen = [message for message in reversed(self.messages(person)) if message.by_app]
        places: list[Message | View] = [*([] if on == "home" else seen), *([home] if home else [])]
        for place in places:
            if inputs.control(place.blocks, label):
                return place
        raise Impossible(f"{person.name} sees nothing labelled {label!r}: {[place.shown for place in places]}")

    async def _acts(self, person: User, place: Message | View, action: Json) -> Reply:
        payload = payloads.block_actions(self, person, place, action)
        return self._told(await self.doors.send(self.session, "interactive", payload))

    async def looks_up(
        self, user: User | str, name: str, typed_text: str, on: Message | View | None = None
    ) -> list[Json]:
        """The options that the app offers for what the person has typed into a select."""
        person = self._person(user)
        place = on or self._open(person)
        block, element = inputs.input_named(place.blocks, name)
        if len(typed_text) < element.get("min_query_length", 3):
            return []
        payload = payloads.block_suggestion(self, person, place, block, element, typed_text)
        reply = await self.doors.send(self.session, "interactive", payload)
        if reply.error:
            return []
        offered: list[Json] = []
        self.taken("options", reply.payload, lambda: offered.extend(check_options(reply.payload)))
        return offered

    async def fills(
        self, user: User | str, values: Mapping[str, Any], on: Message | View | Literal["home"] | None = None
    ) -> list[Reply]:
        """The person fills inputs, named by label, placeholder or id; gives what the app said of those it watches."""
        person = self._person(user)
        replies = []
        for name, value in values.items():
            place = self.home(person) if on == "home" else on or self._open(person)
            if place is None:
                raise Impossible(f"{person.name} has no Home tab")
            block, element = inputs.input_named(place.blocks, name)
            options = options_of(element)
            if "external" in element["type"] and value is not None:
                for one in [value] if isinstance(value, str) else value:
                    options += await self.looks_up(person, block["block_id"], one, place)
            kept = inputs.held(element, value, options, partial(self._file, person))
            if isinstance(place, View):
                place.values[block["block_id"]][element["action_id"]] = kept
            if block["type"] != "input" or block.get("dispatch_action"):
                action = {"action_id": element["action_id"], "block_id": block["block_id"], **kept}
                replies.append(await self._acts(person, place, action))
        return replies

    async def submits(self, user: User | str, values: Mapping[str, Any] | None = None) -> Reply:
        """The person fills inputs of the top modal and sends it; the modal then does what the app says."""
        person = self._person(user)
        await self.fills(person, values or {})
        view = self._open(person)
        if "submit" not in view.sent:
            raise Impossible(f"the modal has nothing to send it with:\n{view.shown}")
        if lacking := inputs.missing(view):
            return Reply(error="client", errors=lacking)
        reply = self._told(await self.doors.send(self.session, "interactive", payloads.submission(self, person, view)))
        if reply.error:
            return reply
        errors: dict[str, str] = {}
        refusal = self.taken("answer to a submission", reply.payload or {}, lambda: self._obeys(view, reply, errors))
        return Reply(reply.payload, refusal.error if refusal else None, errors)

    def _obeys(self, view: View, reply: Reply, errors: dict[str, str]) -> None:
        """Do to the modal what the app answered its submission with."""
        view = self.world.views.get(view.id, view)
        answer = reply.payload if isinstance(reply.payload, dict) else {}
        stack = self.modals(view.user)
        match answer.get("response_action"):
            case None if not reply.payload:
                dropped(self, [each for each in stack if each is view])
            case "clear":
                dropped(self, list(stack))
            case "update":
                replaced(self, view, answer.get("view") or {})
            case "push":
                opened(self, view.user, answer.get("view") or {})
            case "errors":
                known = {block["block_id"] for block, _ in view.inputs()}
                named = answer.get("errors")
                if not isinstance(named, dict) or not named or set(named) - known:
                    raise Refused("invalid_arguments", [f"[ERROR] errors must name inputs among {sorted(known)}"])
                errors |= named
            case other:
                raise Refused("invalid_arguments", [f"[ERROR] no such response_action: {other}"])

    async def closes(self, user: User | str) -> Reply:
        """The person closes the top modal, and with it those below if it says so."""
        person = self._person(user)
        view = self._open(person)
        cleared = bool(view.sent.get("clear_on_close"))
        gone = list(self.modals(person)) if cleared else [view]
        dropped(self, gone)
        reply = Reply()
        for each in reversed(gone):
            if each.sent.get("notify_on_close"):
                payload = payloads.closed(self, person, each, cleared=cleared)
                reply = self._told(await self.doors.send(self.session, "interactive", payload))
        return reply

    # For those outside the process

    def settings(self) -> list[str]:
        return [
            f"PARLEY_SLACK_API_URL={self.url}",
            f"PARLEY_SLACK_BOT_TOKEN={self.bot_token}",
            f"PARLEY_SLACK_APP_TOKEN={self.app_token}",
            f"PARLEY_SLACK_SIGNING_SECRET={self.signing_secret}",
        ]

    def seen_by(self, query: Mapping[str, str]) -> Any:
        user = query["user"]
        home = self.home(user)
        return {
            "messages": [self.told(message) for message in self.messages(user, query.get("where"))],
            "home": self.told(home) if home else None,
            "modals": [self.told(view) for view in self.modals(user)],
        }

    def meant(self, name: str, value: Any) -> Any:
        if name == "where":
            return self.world.conversations[value]
        if name in {"on", "message"} and value != "home":
            return self.world.views.get(value) or next(each for each in self.world.messages if each.ts == value)
        return value

    def told(self, result: Any) -> Any:
        if isinstance(result, Message):
            more: dict[str, Any] = {"edited": True} if result.edited else {}
            more |= {"files": [file.name for file in result.files]} if result.files else {}
            return {"ts": result.ts, "by": result.author, "shown": result.shown, "buttons": result.buttons, **more}
        if isinstance(result, View):
            return {"id": result.id, "shown": result.shown, "buttons": result.buttons, "values": result.values}
        return result

    def _open(self, person: User) -> View:
        if view := self.modal(person):
            return view
        raise Impossible(f"{person.name} has no modal open")

    def _told(self, answer: Acknowledgement) -> Reply:
        return Reply(answer.payload, TOLD[answer.error] if answer.error else None)

    def _id(self, user: User | str) -> str:
        return user if isinstance(user, str) else user.id

    def _person(self, user: User | str) -> User:
        found = self.world.users.get(self._id(user))
        if found is None or found.deleted:
            raise Impossible(f"nobody here is {user}")
        return found


def typed(text: str) -> str:
    """A person's words as Slack hands them on: its control characters escaped, addresses wrapped."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"https?://[^\s<>|]+", lambda address: f"<{address[0]}>", escaped)
