"""What the Bot API refuses: calls against its published types, over its limits, or against its rules."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from ..platform import Upload
from ..published import Problem, Published
from . import entities, markup
from .entities import Entity, utf16

TYPES = Published("telegram")

Json = dict[str, Any]

BUTTONS = 100
PHOTO_BYTES = 10_000_000
UPLOAD_BYTES = 50_000_000
DOWNLOAD_BYTES = 20_000_000
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20
ENTITIES = 100

ACTIONS = {
    "callback_data", "callback_game", "copy_text", "disabled", "login_url", "pay", "switch_inline_query",
    "switch_inline_query_chosen_chat", "switch_inline_query_current_chat", "url", "web_app",
}  # fmt: skip

# The server's own words where it has any, by method or definition and by the key that is wrong.
WORDS = {
    "callback_data": "BUTTON_DATA_INVALID",
    "command": "BOT_COMMAND_INVALID",
    "description": "BOT_COMMAND_DESCRIPTION_INVALID",
    "commands": "BOT_COMMANDS_TOO_MUCH",
    "secret_token": "secret token contains unallowed characters",
    "language_code": "LANG_CODE_INVALID",
    "action": "wrong parameter action in request",
}


class Refused(Exception):
    """The Bot API's answer to what it does not take."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> Json:
        """The refusal as it is answered."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad(description: str) -> Refused:
    """A refusal for what was sent."""
    return Refused(400, f"Bad Request: {description}")


def understood(method: str, sent: dict[str, Any]) -> dict[str, Any]:
    """The parameters as their types want them: a form holds all of them as text, and files beside."""
    types = TYPES.methods.get(method, {}).get("properties", {})
    files = {name: value for name, value in sent.items() if isinstance(value, Upload)}
    found = {}
    for name, value in sent.items():
        if isinstance(value, str) and value.startswith("attach://"):
            found[name] = files.get(value.removeprefix("attach://"), value)
        elif isinstance(value, Upload) and name not in types:
            continue  # named by another parameter
        else:
            found[name] = _typed(value, types.get(name, {}))
    return found


def _typed(value: Any, kind: Json) -> Any:
    if not isinstance(value, str):
        return value
    if TYPES.takes_json(kind):
        try:
            return json.loads(value)
        except ValueError:
            return value
    kinds = {kind.get("type"), *(choice.get("type") for choice in kind.get("anyOf", ()))}
    if "boolean" in kinds:
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    if "integer" in kinds and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    return value


def check_parameters(method: str, parameters: dict[str, Any]) -> None:
    """Refuse a call whose parameters are not those of the method; the real server ignores unknown ones, we do not."""
    types = TYPES.methods[method]["properties"]
    plain: Json = {}
    for name, value in parameters.items():
        if isinstance(value, Upload) and "file" not in str(types.get(name)):
            raise bad(f"parameter {name} is no file")
        plain[name] = "attach://" if isinstance(value, Upload) else value
    if "reply_markup" in plain and not isinstance(plain["reply_markup"], dict):
        raise bad("object expected as reply markup")
    for problem in TYPES.problems_in_call(method, plain):
        raise _refusal(method, problem)
    if isinstance(plain.get("reply_markup"), dict):
        check_keyboard(plain["reply_markup"])


def _refusal(method: str, problem: Problem) -> Refused:
    where, last = problem.where, problem.where.rpartition("/")[2]
    if problem.keyword == "additionalProperties":
        known = TYPES.methods[method]["properties"] if not where else {}
        unknown = sorted(set(problem.value) - set(known)) if known or not where else sorted(problem.value)
        return bad(f"unknown among {where or 'the parameters'}: {', '.join(unknown)}")
    if problem.keyword == "required":
        missing = [name for name in problem.limit if name not in problem.value]
        if missing == ["text"] and not where:
            return bad("message text is empty")
        return bad(f"{', '.join(missing)} is missing in {where or 'the parameters'}")
    if problem.keyword == "maxItems" and "inline_keyboard" in where:
        return bad("reply markup is too long")
    if last == "text" and problem.keyword == "maxLength" and method == "answerCallbackQuery":
        return bad("MESSAGE_TOO_LONG")
    if last == "text" and "keyboard" in where:
        return bad("can't parse keyboard button: Text buttons must have a text")
    if problem.keyword != "type" and last in WORDS:
        return bad(WORDS[last])
    return bad(f"{where.lstrip('/')} is wrong: {problem.keyword} {problem.limit}")


def check_keyboard(keyboard: Json) -> None:
    """Refuse a keyboard that no client could show or no tap could use."""
    rows = keyboard.get("inline_keyboard")
    if rows is None:
        return
    if sum(len(row) for row in rows) > BUTTONS:
        raise bad("reply markup is too long")
    for button in (button for row in rows for button in row):
        actions = ACTIONS & button.keys()
        if not actions:
            raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        if len(actions) > 1:
            raise bad(f"can't parse inline keyboard button: {' and '.join(sorted(actions))} exclude each other")
        if "url" in button and not is_link(button["url"]):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
        if "web_app" in button and urlsplit(button["web_app"]["url"]).scheme != "https":
            url = button["web_app"]["url"]
            raise bad(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")


def is_link(url: str) -> bool:
    """Would Telegram put this address behind a button?"""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "tg":
        return bool(host)
    return parts.scheme in {"http", "https"} and ("." in host or ":" in host) and not re.search(r"\s", url)


def formatted(method: str, parameters: dict[str, Any], name: str) -> tuple[str, list[Entity]]:
    """A text or caption as it will be seen, with what is said about it and what is found in it."""
    raw = parameters.get(name, "")
    mode = parameters.get("parse_mode")
    listed = parameters.get("entities" if name == "text" else "caption_entities", [])
    if mode == "HTML":
        try:
            text, said = markup.parse_html(raw)
        except markup.BadMarkup as reason:
            raise bad(f"can't parse entities: {reason}") from None
    elif mode:
        raise bad(f"unsupported parse_mode {mode!r}: the fake reads HTML only")
    else:
        text, said = raw, [_listed(entity, raw) for entity in listed]
    text, said = markup.trimmed(text, said)
    least, most = TYPES.methods[method]["properties"][name]["parsed"]
    if utf16(text) < least:
        raise bad("message text is empty")
    if utf16(text) > most:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    everything = sorted([*said, *entities.found(text, said)], key=lambda entity: (entity.offset, -entity.length))
    return text, everything[:ENTITIES]


def _listed(entity: Json, text: str) -> Entity:
    made = Entity(**entity)
    if made.offset < 0 or made.length <= 0 or made.end > utf16(text):
        raise bad(f"entity {entity} is outside of the text")
    return made


def check_photo(content: bytes) -> tuple[int, int]:
    """The size of a picture in pixels, or a refusal of what is none."""
    if len(content) > PHOTO_BYTES:
        raise bad("file is too big")
    size = picture_size(content)
    if size is None:
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > PHOTO_SIDES or max(width, height) > PHOTO_RATIO * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return size


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if not content.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        kind, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + length
    return None
