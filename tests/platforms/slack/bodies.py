"""Slack's payloads, as small as they may be."""

from __future__ import annotations

import json
from typing import Any

from bot.platforms.slack.read import kept

KNOWN = {
    "team": "T1",
    "user": "U1",
    "name": "Olga  Petrova",
    "language": "fr",
    "zone": "Africa/Tunis",
    "is_guest": False,
}
WHO = {"user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}, "token": "secret", "trigger_id": "1.2.secret"}

Json = dict[str, Any]


def stored(body: Json) -> Json:
    """A payload as it is kept: what the database gives back."""
    through: Json = json.loads(json.dumps({"caller": KNOWN, "body": kept(body)}))
    return through


def event(inner: Json, **more: Any) -> Json:
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": inner, **more}


def message(text: str, **more: Any) -> Json:
    return event({"type": "message", "channel_type": "im", "user": "U1", "team": "T1", "text": text, **more})


def command(text: str) -> Json:
    return {"command": "/parley", "text": text, "team_id": "T1", "user_id": "U1", "trigger_id": "secret"}


def tap(action_id: str, value: str | None, where: Json | None = None) -> Json:
    action = {"action_id": action_id, "type": "button"} | ({"value": value} if value is not None else {})
    on = where or {"container": {"type": "message", "channel_id": "D1", "message_ts": "1.5"}}
    return {"type": "block_actions", "actions": [action], **WHO, **on}


def on_home() -> Json:
    return {"container": {"type": "view"}, "view": {"type": "home", "id": "V1", "callback_id": "", "blocks": []}}


def modal(values: Json, *, files: Json | None = None, initial: bool = False) -> Json:
    """A form of ours as Slack hands it back."""
    element = {"type": "plain_text_input", "action_id": "value"} | ({"initial_value": "x"} if initial else {})
    return {
        "type": "modal",
        "id": "V2",
        "hash": "h",
        "callback_id": "form",
        "private_metadata": json.dumps({"token": "7", "files": files or {}}),
        "blocks": [{"type": "input", "block_id": "title", "element": element}],
        "state": {"values": {name: {"value": held} for name, held in values.items()}},
    }


def typed(value: str | None) -> Json:
    return {"type": "plain_text_input", "value": value}
