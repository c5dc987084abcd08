"""Makes telegram.json, what the Bot API accepts, from aiogram's models of it.

Needs aiogram 3.31.0, in a virtual environment of its own, since it holds pydantic back; the tests need neither:
``python -m venv aside && aside/bin/pip install aiogram==3.31.0``, then this file with ``aside/bin/python``.
The models give names, types and what is required. The limits stand only in their attribute comments, which are the
Bot API's own words ("1-64 bytes", "0-1024 characters after entities parsing"); three keywords of ours carry what JSON
Schema has no word for: ``maxBytes`` and ``minBytes`` count UTF-8 bytes, ``parsed`` is the least and most that is left
of a text, in UTF-16 units, once its markup is taken away.
"""

import ast
import inspect
import json
import re
import sys
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiogram  # type: ignore[import-not-found, unused-ignore]
from aiogram import methods, types  # type: ignore[import-not-found, unused-ignore]
from pydantic.json_schema import GenerateJsonSchema

METHODS = [
    "answerCallbackQuery",
    "close",
    "closeForumTopic",
    "createForumTopic",
    "deleteMessage",
    "deleteMyCommands",
    "deleteWebhook",
    "editForumTopic",
    "editMessageCaption",
    "editMessageReplyMarkup",
    "editMessageText",
    "getChat",
    "getChatMember",
    "getFile",
    "getMe",
    "getMyCommands",
    "getMyDescription",
    "getMyName",
    "getMyShortDescription",
    "getUpdates",
    "getWebhookInfo",
    "leaveChat",
    "logOut",
    "pinChatMessage",
    "sendChatAction",
    "sendDocument",
    "sendMessage",
    "sendPhoto",
    "setChatMenuButton",
    "setMyCommands",
    "setMyDescription",
    "setMyName",
    "setMyShortDescription",
    "setWebhook",
]

# Said in prose that no pattern should be trusted to read, or on pages of their own.
LANGUAGE = {"pattern": "^([a-z]{2})?$"}
STYLE = {"enum": ["danger", "success", "primary"]}
STATED_ELSEWHERE: dict[str, dict[str, dict[str, Any]]] = {
    "BotCommand": {"command": {"pattern": "^[a-z0-9_]{1,32}$"}},
    "InlineKeyboardButton": {"style": STYLE, "text": {"minLength": 1}},
    "InlineKeyboardMarkup": {"inline_keyboard": {"items": {"maxItems": 8}}},
    "KeyboardButton": {"style": STYLE, "text": {"minLength": 1}},
    "deleteMyCommands": {"language_code": LANGUAGE},
    "getMyCommands": {"language_code": LANGUAGE},
    "sendChatAction": {
        "action": {
            "enum": [
                "typing",
                "upload_photo",
                "record_video",
                "upload_video",
                "record_voice",
                "upload_voice",
                "upload_document",
                "choose_sticker",
                "find_location",
                "record_video_note",
                "upload_video_note",
            ]
        }
    },
    "setMyCommands": {"language_code": LANGUAGE},
    "setMyDescription": {"language_code": LANGUAGE},
    "setMyName": {"language_code": LANGUAGE},
    "setMyShortDescription": {"language_code": LANGUAGE},
    "setWebhook": {
        "secret_token": {"pattern": "^[A-Za-z0-9_-]*$"},
        "max_connections": {"minimum": 1, "maximum": 100},
    },
}

# Rich messages are their own language; the fake does not speak it, so it refuses them.
NOT_DONE = {"editMessageText": {"rich_message"}}

PARSED = re.compile(r"(\d+)-(\d+) characters after entit")
CHARACTERS = re.compile(r"(\d+)-(\d+) characters")
BYTES = re.compile(r"(\d+)-(\d+) bytes")
VALUES = re.compile(r"(?:Values between|between) (\d+)-(\d+)")
ITEMS = re.compile(r"At most (\d+)")

Schema = dict[str, Any]


class WithFiles(GenerateJsonSchema):
    """A file that is sent along has no JSON; it stands as ``{"file": true}``. aiogram's own defaults are no type."""

    def is_instance_schema(self, schema: Any) -> Schema:
        return {"file": True} if schema["cls"] is types.InputFile else {"type": "null"}


def comments(model: type) -> dict[str, str]:
    """What the Bot API says of each attribute."""
    body = ast.parse(inspect.getsource(model)).body[0].body  # type: ignore[attr-defined]
    return {
        field.target.id: str(comment.value.value)
        for field, comment in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(comment, ast.Expr)
        and isinstance(comment.value, ast.Constant)
    }


def stated_limits(schema: Schema, comment: str) -> Schema:
    """The limits in an attribute's comment, as far as they fit its type."""
    if schema.get("type") == "string":
        if found := PARSED.search(comment):
            return {"parsed": [int(found[1]), int(found[2])]}
        if found := CHARACTERS.search(comment):
            return {"minLength": int(found[1]), "maxLength": int(found[2])}
        if found := BYTES.search(comment):
            return {"minBytes": int(found[1]), "maxBytes": int(found[2])}
    if schema.get("type") == "integer" and (found := VALUES.search(comment)):
        return {"minimum": int(found[1]), "maximum": int(found[2])}
    if schema.get("type") == "array" and (found := ITEMS.search(comment)):
        return {"maxItems": int(found[1])}
    return {}


def bare(schema: Any) -> Any:
    """The type alone: no titles, no defaults, no null (what is absent is left out), dates as the seconds they are."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        choices = [bare(choice) for choice in schema["anyOf"] if choice.get("type") != "null"]
        choices = [choice for choice in choices if choice.get("format") not in {"date-time", "duration"}]
        return choices[0] if len(choices) == 1 else {"anyOf": choices}
    dropped = {"title", "default", "description", "deprecated", "discriminator"}
    kept = {key: bare(value) for key, value in schema.items() if key not in dropped}
    if "const" in kept:
        kept.pop("type", None)
    return kept


def described(model: type, name: str, schema: Schema) -> Schema:
    """A method's parameters or an object's attributes, closed, with the limits stated for them."""
    said = comments(model)
    properties = {}
    for key, value in schema.get("properties", {}).items():
        if value.get("deprecated") or key in NOT_DONE.get(name, ()):
            continue
        kind = bare(value)
        properties[key] = merged(
            kind | stated_limits(kind, said.get(key, "")), STATED_ELSEWHERE.get(name, {}).get(key, {})
        )
    # A constant has a default in the model, yet without it the Bot API cannot tell one kind of object from another.
    required = set(schema.get("required", [])) | {key for key, value in properties.items() if "const" in value}
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(required & properties.keys()),
        "additionalProperties": False,
    }


def merged(schema: Schema, more: Schema) -> Schema:
    """One schema with another's keywords laid over it, however deep."""
    laid = {
        key: merged(schema[key], value) if isinstance(schema.get(key), dict) else value for key, value in more.items()
    }
    return schema | laid


def main() -> None:
    warnings.simplefilter("ignore")
    found: dict[str, Schema] = {}
    definitions: dict[str, Schema] = {}
    for name in METHODS:
        model = getattr(methods, name[0].upper() + name[1:])
        raw = model.model_json_schema(schema_generator=WithFiles, ref_template="#/definitions/{model}")
        definitions |= raw.pop("$defs", {})
        found[name] = described(model, name, raw)
    used = reachable(definitions, found)
    schema = {
        "made from": [f"aiogram=={aiogram.__version__}", f"Bot API {aiogram.__api_version__}"],
        "methods": found,
        "definitions": {name: described(getattr(types, name), name, raw) for name, raw in used.items()},
    }
    target = Path(__file__).with_name("telegram.json")
    target.write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True).replace('"$ref"', '\n"$ref"') + "\n")
    sys.stdout.write(f"{target}: {target.stat().st_size} bytes, {len(schema['definitions'])} definitions\n")


def reachable(definitions: dict[str, Schema], root: Any) -> dict[str, Schema]:
    """The definitions that the root refers to, however far down."""
    kept: dict[str, Schema] = {}
    waiting = [root]
    while waiting:
        for name in re.findall(r'"#/definitions/([^"]+)"', json.dumps(waiting.pop())):
            if name not in kept:
                kept[name] = definitions[name]
                waiting.append(definitions[name])
    return dict(sorted(kept.items()))


if __name__ == "__main__":
    main()
