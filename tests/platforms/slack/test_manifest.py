"""The manifest in the repository is the one the command prints, within Slack's limits, and asks for nothing unused."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import handlers
from bot.platforms.slack.manifest import install_link, manifest
from tests.fakes.slack.api import SCOPES

COMMITTED = Path(handlers.__file__).parent.parent / "deploy" / "slack-manifest.yaml"
PAGE = "https://parley.example"
# Scopes that go with what Slack sends us, not with what we call.
RECEIVING = {"app_mentions:read", "commands", "im:history"}
# Of methods that want another one for each kind of channel; ours are private.
OF_A_KIND = {"groups:read", "groups:write"}


def block(text: str, name: str) -> list[str]:
    """The items of a list in our YAML, which is indented by two and has no nested lists."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip() == f"{name}:")
    depth = len(lines[start]) - len(lines[start].lstrip())
    items = []
    for line in lines[start + 1 :]:
        if len(line) - len(line.lstrip()) <= depth:
            break
        items.append(line.strip().removeprefix("- "))
    return items


def test_the_committed_manifest_is_the_printed_one() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == manifest("http://127.0.0.1:8765")


def test_socket_mode_needs_no_address_and_signed_requests_do() -> None:
    assert "http" not in manifest(PAGE)
    assert "socket_mode_enabled: true" in manifest(PAGE)
    signed = manifest(f"{PAGE}/", socket_mode=False)
    assert signed.count(f"{PAGE}/slack/events") == 4  # command, events, interactions, options
    assert "socket_mode_enabled: false" in signed


def test_every_scope_is_used() -> None:
    scopes = set(block(manifest(PAGE), "bot"))
    called = {SCOPES[method] for method in CALLED if method in SCOPES}
    assert called <= scopes
    assert scopes - called - RECEIVING - OF_A_KIND <= {"im:write"}  # opening direct messages by a person's id


CALLED = (
    "chat.postMessage",
    "chat.update",
    "files.completeUploadExternal",
    "files.getUploadURLExternal",
    "files.info",
    "pins.add",
    "users.info",
    "views.open",
    "views.publish",
    "views.update",
)


def test_every_shortcut_is_a_command_that_can_be_typed_and_within_slacks_limits() -> None:
    text = manifest(PAGE)
    lines = dict.fromkeys(line.split(": ", 1)[1] for line in block(text, "shortcuts") if line.startswith("callback_id"))
    for name in lines:
        command = handlers.registry[name]
        assert command in handlers.registry.menu or command.takes is not None
    for line in block(text, "shortcuts"):
        key, _colon, value = line.partition(": ")
        assert len(value) <= {"name": 24, "description": 150}.get(key, 255)
    description = next(line for line in block(text, "display_information") if line.startswith("description"))
    assert len(description.partition(": ")[2]) <= 140


def test_the_link_carries_the_whole_manifest() -> None:
    link = urlsplit(install_link(manifest(PAGE)))
    assert (link.scheme, link.netloc, link.path) == ("https", "api.slack.com", "/apps")
    assert parse_qs(link.query) == {"new_app": ["1"], "manifest_yaml": [manifest(PAGE)]}
    assert "+" not in link.query  # Slack's page does not read a plus as a space
