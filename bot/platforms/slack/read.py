"""What Slack sent, as an event. Pure; raises on what is not shaped as Slack shapes it.

What is stored, and read here, is `{"caller": …, "body": …}`: Slack's own payload without its secrets and without what
it only repeats, beside what is known of the person who acted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from bot.kit.clean import clean_line, shorten
from bot.kit.events import Answered, Called, Caller, Changed, Event, Submitted
from bot.kit.rooms import Where

from . import fields
from .draw import FORM
from .sheet import ADDRESS, ANSWER, HOMEWARD, OPEN

PLATFORM = "slack"
NAME = 80
HOME_TAB = "home"

Json = Mapping[str, Any]
Place = Literal["event", "command", "shortcut", "message", "passing", "home", "modal", "submission", "closed"]

# Secrets, and copies of what we sent ourselves.
_UNKEPT = frozenset({"token", "trigger_id", "response_url", "response_urls", "message", "authorizations"})
_KEPT_OF_VIEW = ("type", "callback_id", "private_metadata", "state", "id")
_WRITTEN = frozenset({None, "file_share", "message_changed", "thread_broadcast"})
# <@U1>, <#C1|name>, <!here>, <https://address|label>: how Slack hands on what it recognised in a person's words.
_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def place(body: Json) -> Place | None:
    """Where and how somebody acted; None for what is nothing to us."""
    if "command" in body:
        return "command"
    match body.get("type"):
        case "event_callback":
            return "event" if _concerns_us(body["event"]) else None
        case "shortcut" | "message_action":
            return "shortcut"
        case "view_submission" if body["view"]["callback_id"] == FORM:
            return "submission"
        case "view_closed" if body["view"]["callback_id"] == FORM:
            return "closed"
        case "block_actions":
            if _action(body).startswith(f"{ADDRESS}:"):
                return None
            if body["container"]["type"] == "view":
                return "home" if body["view"]["type"] == "home" else "modal"
            return "passing" if body["container"].get("is_ephemeral") else "message"
    return None


def _concerns_us(event: Json) -> bool:
    match event["type"]:
        case "app_home_opened":
            return bool(event.get("tab") == HOME_TAB)
        case "app_mention":
            return not _by_a_bot(event)
        case "message":
            if event.get("channel_type") != "im" or event.get("subtype") not in _WRITTEN:
                return False
            return not _by_a_bot(_message(event)) and not _is_unfurled(event)
    return False


def _by_a_bot(message: Json) -> bool:
    return "bot_id" in message or "user" not in message


def _is_unfurled(event: Json) -> bool:
    """Slack also calls it a change when it adds a preview of a link."""
    return "previous_message" in event and event["previous_message"].get("text") == event["message"].get("text")


def _message(event: Json) -> Json:
    return event["message"] if event.get("subtype") == "message_changed" else event


def actor(body: Json) -> tuple[str, str]:
    """The team and user that acted, as this payload names them; no team where it names none, as org-wide apps see."""
    if "command" in body:
        return str(body.get("team_id") or ""), str(body["user_id"])
    if body["type"] == "event_callback":
        said = _message(body["event"])
        return str(said.get("user_team") or said.get("team") or body.get("team_id") or ""), str(said["user"])
    user = body["user"]
    return str(user.get("team_id") or (body.get("team") or {}).get("id") or ""), str(user["id"])


def key(body: Json) -> str:
    """The same for every delivery of one thing that happened. An envelope's id is not: each delivery has its own."""
    if body.get("type") == "event_callback":
        return str(body["event_id"])
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def kept(body: Json) -> dict[str, Any]:
    """What of a payload is stored."""
    stored = {name: value for name, value in body.items() if name not in _UNKEPT}
    if "view" in stored:
        view = stored["view"]
        stored["view"] = {name: view[name] for name in _KEPT_OF_VIEW if name in view}
        if body["type"] == "view_closed":
            stored["view"]["is_filled"] = _is_filled(view)
    if body.get("type") == "message_action":  # of somebody's message its words, and nothing else
        stored["quoted"] = str(body["message"].get("text") or "")
    return stored


def _is_filled(view: Json) -> bool:
    """Whether the modal held answers when it was drawn, or holds some now."""
    controls = [block["element"] for block in view.get("blocks", ()) if block.get("type") == "input"]
    if any(name.startswith("initial_") for control in controls for name in control):
        return True
    values, files = fields.given(view["state"]) if (view.get("state") or {}).get("values") else ({}, {})
    return any(value is not None for value in values.values()) or any(files.values())


def read(stored: Json) -> Event | None:
    """The event, or None for what means nothing to us."""
    body, caller = stored["body"], caller_of(stored["caller"])
    match place(body):
        case "event":
            return _event(body["event"], caller)
        case "command":
            return Called(caller, words=words(body.get("text") or ""), where=_where(body.get("channel_id")))
        case "shortcut":
            on = _where((body.get("channel") or {}).get("id"))
            quoted = words(body.get("quoted") or "") or None
            return Called(caller, name=str(body["callback_id"]), quoted=quoted, where=on)
        case "message" | "passing" | "home" as where:
            return _tap(body, caller, where)
        case "modal":
            return Changed(caller, token_of(body["view"]), _answers(body["view"]), at_once=True)
        case "submission":
            return _submitted(body["view"], caller)
        case "closed":
            return _closed(body["view"], caller)
    return None


def caller_of(known: Json) -> Caller:
    """The person who acted, from what `profiles` knew of them."""
    return Caller(
        platform=PLATFORM,
        external_id=f"{known['team']}:{known['user']}",
        address=str(known["user"]),
        name=shorten(clean_line(str(known["name"] or "")), NAME, mark=""),
        language=known["language"],
        zone=known["zone"],
        is_guest=bool(known["is_guest"]),
    )


def home_opened(caller: Caller) -> Called:
    """A look at the Home tab."""
    return Called(caller, words="home", message={"home": caller.address})


def _event(event: Json, caller: Caller) -> Event:
    if event["type"] == "app_home_opened":
        return home_opened(caller)
    if event["type"] == "app_mention":
        said = words(re.sub(r"\A\s*<@[^<>]*>", "", event["text"]))
        return Called(caller, words=said, where=_where(event.get("channel")))
    message = _message(event)
    text = words(message.get("text") or "")
    if event.get("subtype") == "message_changed":
        return Answered(caller, text=text, edited=True)
    files = tuple(fields.attached(each) for each in message.get("files") or ())
    if text.startswith("/") and not files:
        return Called(caller, words=text)
    return Answered(caller, text=text or None, files=files)


def _where(channel: Any) -> Where | None:
    """The channel in which others were there too; none for a conversation with one person."""
    return Where(PLATFORM, str(channel)) if channel and not str(channel).startswith("D") else None


def _tap(body: Json, caller: Caller, where: Place) -> Event:
    if _action(body).startswith(f"{HOMEWARD}:"):
        return home_opened(caller)
    value = str(body["actions"][0]["value"])
    if _action(body).startswith(f"{OPEN}:"):
        return Changed(caller, value, at_once=True)
    on: dict[str, Any] | None = None
    if where == "message":
        on = {"channel": str(body["container"]["channel_id"]), "ts": str(body["container"]["message_ts"])}
    elif where == "home":
        on = {"home": caller.address, "is_inside": True}
    return Called(caller, handle=value, message=on)


def _submitted(view: Json, caller: Caller) -> Event:
    """Every answer of the modal. Files kept before stand in no input: they come from what the modal says of itself."""
    values, files = fields.given(view["state"])
    before = json.loads(view["private_metadata"])["files"]
    for name, sent in files.items():
        if held := before.get(name):
            values[name] = held
        elif not sent:
            values[name] = None
    return Submitted(caller, token_of(view), values, {name: sent for name, sent in files.items() if sent})


def _closed(view: Json, caller: Caller) -> Event:
    """A modal closed keeps what it holds; one that held nothing is forgotten."""
    if not view["is_filled"]:
        return Called(caller, name="form.cancel", args={"draft": token_of(view)}, at_once=True)
    return Changed(caller, token_of(view), _answers(view))


def _answers(view: Json) -> dict[str, Any]:
    """The inputs that hold something. Files are left for the submission."""
    values, _files = fields.given(view["state"]) if (view.get("state") or {}).get("values") else ({}, {})
    return {name: value for name, value in values.items() if value is not None}


def token_of(view: Json) -> str:
    """The draft that a modal is about."""
    return str(json.loads(view["private_metadata"])["token"])


def _action(body: Json) -> str:
    return str(body["actions"][0]["action_id"])


def answers_in_place(body: Json) -> bool:
    """Whether the tap answered a question of a form in a conversation, so that the next one belongs there too."""
    return _action(body).startswith(f"{ANSWER}:")


def words(text: str) -> str:
    """A person's words as they typed them: Slack escapes its three signs and wraps what it recognised."""
    return _TOKEN.sub(_typed, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _typed(token: re.Match[str]) -> str:
    sign, what, label = token.groups()
    if sign == "!":
        return label or f"@{what.partition('^')[0]}"
    if sign:
        return sign + (label or what).removeprefix(sign)
    return label or what
