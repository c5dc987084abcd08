"""Makes slack.json, what Slack accepts, from the types that Slack publishes.

Needs node and npm; the tests do not. ``python tests/fakes/schema/generate_slack.py`` installs the packages of
``PACKAGES`` into a temporary folder, turns their TypeScript into JSON Schema, and reduces that to what the fake
enforces: the blocks, the two kinds of view, and the arguments of the methods in ``METHODS``. Limits that the types
state only in their comments ("Maximum length for this field is 75 characters") become ``maxLength`` and ``maxItems``;
``STATED_ELSEWHERE`` adds those that Slack's reference pages state and the types leave out.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

PACKAGES = ["@slack/types@3.2.0", "@slack/web-api@8.2.0", "typescript@5.9.3", "ts-json-schema-generator@2.4.0"]

METHODS = {
    "api.test": "APITestArguments",
    "apps.connections.open": "AppsConnectionsOpenArguments",
    "auth.test": "AuthTestArguments",
    "chat.delete": "ChatDeleteArguments",
    "chat.getPermalink": "ChatGetPermalinkArguments",
    "chat.postEphemeral": "ChatPostEphemeralArguments",
    "chat.postMessage": "ChatPostMessageArguments",
    "chat.update": "ChatUpdateArguments",
    "conversations.archive": "ConversationsArchiveArguments",
    "conversations.create": "ConversationsCreateArguments",
    "conversations.history": "ConversationsHistoryArguments",
    "conversations.info": "ConversationsInfoArguments",
    "conversations.invite": "ConversationsInviteArguments",
    "conversations.kick": "ConversationsKickArguments",
    "conversations.list": "ConversationsListArguments",
    "conversations.open": "ConversationsOpenArguments",
    "conversations.setTopic": "ConversationsSetTopicArguments",
    "files.completeUploadExternal": "FilesCompleteUploadExternalArguments",
    "files.getUploadURLExternal": "FilesGetUploadURLExternalArguments",
    "files.info": "FilesInfoArguments",
    "pins.add": "PinsAddArguments",
    "users.info": "UsersInfoArguments",
    "views.open": "ViewsOpenArguments",
    "views.publish": "ViewsPublishArguments",
    "views.push": "ViewsPushArguments",
    "views.update": "ViewsUpdateArguments",
}

# Checked whole, as blocks or as a view, so the arguments' own looser description of them is dropped.
CHECKED_APART = {"blocks", "view"}

OPTION_LIST = {"minItems": 1, "maxItems": 100}
VIEW = {"external_id": {"maxLength": 255}}
STATED_ELSEWHERE: dict[str, dict[str, dict[str, int]]] = {
    "ActionsBlock": {"elements": {"minItems": 1}},
    "Button": {"url": {"maxLength": 3000}},
    "ContextBlock": {"elements": {"minItems": 1}},
    "HomeView": VIEW,
    "ImageBlock": {"image_url": {"maxLength": 3000}, "alt_text": {"maxLength": 2000}, "title": {"maxLength": 2000}},
    "ImageElement": {"image_url": {"maxLength": 3000}, "alt_text": {"maxLength": 2000}},
    "ModalView": VIEW,
    "MultiStaticSelect": {"options": OPTION_LIST, "option_groups": OPTION_LIST},
    "Checkboxes": {"options": {"minItems": 1, "maxItems": 10}},
    "Overflow": {"options": {"minItems": 1, "maxItems": 5}},
    "PlainTextInput": {"min_length": {"maximum": 3000}, "max_length": {"minimum": 1, "maximum": 3000}},
    "RadioButtons": {"options": {"minItems": 1, "maxItems": 10}},
    "SectionBlock": {"fields": {"minItems": 1, "maxItems": 10}},
    "StaticSelect": {"options": OPTION_LIST, "option_groups": OPTION_LIST},
    "VideoBlock": {"title": {"maxLength": 200}, "author_name": {"maxLength": 50}, "alt_text": {"maxLength": 2000}},
}
FIELD_TEXT = 2000  # each of a section's fields
GROUP_LABEL = 75
TABLE_CELLS = 20  # in each row of a table

CHARACTERS = re.compile(
    r"(?:[Mm]ax(?:imum)? length|maximum length|[Ll]imit)[^.]*?\b(?:is|of)? ?([\d,]+) ?(?:characters|\.)"
)
ITEMS = re.compile(
    r"(?:[Mm]ax(?:imum)? of|[Mm]aximum number of items is|[Mm]aximum number of options is|"
    r"[Mm]aximum number of option groups is|[Mm]aximum|up to) (\d+)(?: (?!characters)|\.)"
)

Schema = dict[str, Any]


def published(folder: Path) -> dict[str, Schema]:
    """Every definition reachable from what we use, as the generator gives it."""
    (folder / "package.json").write_text("{}")
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": {"module": "node16", "moduleResolution": "node16", "strict": True}})
    )
    lines = ["import type { KnownBlock, View } from '@slack/types';", "import type * as api from '@slack/web-api';"]
    lines += ["export type Blocks = KnownBlock[];", "export type AnyView = View;"]
    lines += [f"export type {_alias(method)} = api.{name};" for method, name in METHODS.items()]
    (folder / "entry.ts").write_text("\n".join(lines))
    subprocess.run(["npm", "install", "--silent", *PACKAGES], cwd=folder, check=True)  # noqa: S607 - the npm there is
    tool = ["npx", "ts-json-schema-generator", "--path", "entry.ts", "--tsconfig", "tsconfig.json"]
    subprocess.run([*tool, "--type", "*", "--no-type-check", "-o", "all.json"], cwd=folder, check=True)
    definitions: dict[str, Schema] = json.loads((folder / "all.json").read_text())["definitions"]
    return definitions


def _alias(method: str) -> str:
    return "Method_" + method.replace(".", "_")


def is_text(schema: Schema) -> bool:
    """Is this property a text object, whose limit is that of the text within?"""
    return schema.get("$ref", "").rpartition("/")[2] in {"PlainTextElement", "MrkdwnElement", "TextObject"}


def limited(schema: Schema, limits: Schema) -> Schema:
    """The property with its limits, put where JSON Schema wants them."""
    if is_text(schema):
        return {"allOf": [schema, {"properties": {"text": limits}}]}
    return schema | limits


def stated_limits(schema: Schema) -> Schema:
    """The limits that the property's own comment states."""
    comment = " ".join(schema.get("description", "").split())
    limits: Schema = {}
    if is_text(schema) or schema.get("type") == "string":
        if found := CHARACTERS.search(comment):
            limits["maxLength"] = int(found[1].replace(",", ""))
        if "minimum length is 1" in comment.lower() or "Minimum length" in comment:
            limits["minLength"] = 1
    elif schema.get("type") == "array" and (found := ITEMS.search(comment)):
        limits["maxItems"] = int(found[1])
    return limits


def bare(schema: Any) -> Any:
    """The schema without comments: what is left decides, nothing else."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in {"description", "deprecated", "$comment"}}
    if "const" in kept:
        kept.pop("type", None)
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: bare(value) for name, value in kept["properties"].items()}
        return {key: value if key == "properties" else bare(value) for key, value in kept.items()}
    return {key: bare(value) for key, value in kept.items()}


def with_limits(name: str, definition: Schema) -> Schema:
    branches = [with_limits(name, branch) for branch in definition.get("anyOf", []) if "properties" in branch]
    if branches:
        return definition | {"anyOf": branches}
    if "properties" not in definition:
        return definition
    properties = {}
    for key, schema in definition["properties"].items():
        limits = stated_limits(schema) | STATED_ELSEWHERE.get(name, {}).get(key, {})
        properties[key] = limited(schema, limits) if limits else schema
    if name == "SectionBlock":
        cell = properties["fields"]["items"]
        properties["fields"] = properties["fields"] | {"items": limited(cell, {"maxLength": FIELD_TEXT})}
    if name in {"StaticSelect", "MultiStaticSelect"}:
        group = properties["option_groups"]["items"]["properties"]
        group["options"] = group["options"] | OPTION_LIST
        group["label"] = limited(group["label"], {"maxLength": GROUP_LABEL})
    if name == "TableBlock":
        properties["rows"]["items"]["maxItems"] = TABLE_CELLS
    return definition | {"properties": properties}


def arguments(definitions: dict[str, Schema], schema: Schema) -> Schema:
    """A method's arguments as one object: the union of the shapes it may take, with what they all require."""
    shapes = list(_shapes(definitions, schema))
    properties: dict[str, list[Schema]] = {}
    for shape in shapes:
        for name, value in shape.get("properties", {}).items():
            choices = properties.setdefault(name, [])
            if name not in CHECKED_APART and "not" not in value and (kept := bare(value)) not in choices:
                choices.append(kept)
    required = set.intersection(*(set(shape.get("required", [])) for shape in shapes)) if shapes else set()
    return {
        "type": "object",
        "properties": {name: _either(choices) for name, choices in sorted(properties.items())},
        "required": sorted(required),
        "additionalProperties": False,
    }


def _shapes(definitions: dict[str, Schema], schema: Schema) -> Any:
    if ref := schema.get("$ref"):
        yield from _shapes(definitions, definitions[unquote(ref.removeprefix("#/definitions/"))])
    elif "anyOf" in schema:
        for branch in schema["anyOf"]:
            yield from _shapes(definitions, branch)
    elif schema.get("type") == "object":
        yield schema


def _either(choices: list[Schema]) -> Schema:
    if {choice.get("const") for choice in choices} == {True, False} or {"type": "boolean"} in choices:
        return {"type": "boolean"}
    if len(choices) > 1:
        return {"anyOf": choices}
    return choices[0] if choices else {}


def reachable(definitions: dict[str, Schema], roots: list[Any]) -> dict[str, Schema]:
    """The definitions that the roots refer to, however far down."""
    found: dict[str, Schema] = {}
    waiting = [*roots]
    while waiting:
        for name in re.findall(r'"#/definitions/([^"]+)"', json.dumps(waiting.pop())):
            if name not in found:
                found[name] = definitions[name]
                waiting.append(definitions[name])
    return dict(sorted(found.items()))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        raw = published(Path(folder))
    definitions = {name: bare(with_limits(name, definition)) for name, definition in raw.items()}
    # Views admit any object with a type beside the known blocks; an unknown type is what we want refused.
    definitions["AnyBlock"] = definitions["KnownBlock"]
    methods = {method: arguments(raw, {"$ref": f"#/definitions/{_alias(method)}"}) for method in METHODS}
    roots = [{"$ref": f"#/definitions/{name}"} for name in ("KnownBlock", "HomeView", "ModalView")]
    schema = {
        "made from": PACKAGES,
        "methods": methods,
        "definitions": reachable(definitions, [*roots, methods]),
    }
    target = Path(__file__).with_name("slack.json")
    target.write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True).replace('"$ref"', '\n"$ref"') + "\n")
    sys.stdout.write(f"{target}: {target.stat().st_size} bytes, {len(schema['definitions'])} definitions\n")


if __name__ == "__main__":
    main()
