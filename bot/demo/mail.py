"""E-mail, played in memory: what would be handed over, and the links that people follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from starlette.applications import Starlette

from bot.kit.text import without_isolates
from bot.platforms.email.door import EmailDoor, Sender
from bot.platforms.host import Host
from bot.platforms.links import Links, Post, Way

OURS = "parley@customs.example"


class Mails:
    """Carries nothing anywhere: every mail stays here, by its address."""

    def __init__(self, parley: Host, *, record: Callable[[str, str, Any], None], public_url: str) -> None:
        self._record = record
        self._url = public_url.rstrip("/")
        self._links = Links(parley.sessions)
        self._links.load()
        self._sender = Sender(OURS, self._links)
        self.boxes: dict[str, list[EmailMessage]] = {}
        commands = parley.engine.registry.commands
        self.door = EmailDoor(
            self,
            sender=self._sender,
            links=self._links,
            clock=parley.clock,
            public_url=public_url,
            by_link={name for name, each in commands.items() if each.by_link},
            stored=parley.stored,
        )
        parley.engine.mailing = self

    def answers_at(self, account: int) -> str:
        return self._sender.tagged(Post.INVITED, account)

    def confirms_at(self, request: int) -> str:
        return f"{self._url}/mail/{self._links.sign(Way.CONFIRM, request)}"

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        mail = message_from_bytes(message, policy=default)
        if isinstance(mail, EmailMessage):
            self.boxes.setdefault(recipient, []).append(mail)
            shown = {name: str(value) for name, value in mail.items() if name != "List-Unsubscribe"}
            self._record("e-mail", "mail", shown | {"text": words(mail)})

    async def look(self) -> None:
        """It is always there."""

    def last(self) -> EmailMessage | None:
        """The mail that came last, to whomever."""
        return next((box[-1] for box in reversed(self.boxes.values()) if box), None)

    def address(self, label: str) -> str | None:
        """The path where that link of the last mail leads."""
        mail = self.last()
        found = re.search(rf"{re.escape(label)}: {re.escape(self._url)}(/\S+)", words(mail)) if mail else None
        return found[1] if found else None


def words(mail: EmailMessage) -> str:
    """What is read, as the eye sees it."""
    body = mail.get_body(("plain",))
    return without_isolates(str(body.get_content())).replace("\u200f", "") if body is not None else ""


async def post(app: Starlette, path: str) -> str:
    """Press the one button of the page at `path`; what the next page says."""
    said = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(part: Any) -> None:
        said.extend(part.get("body", b""))

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(b"host", b"127.0.0.1")],
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    main = re.search(rb"<main.*?</main>", bytes(said), re.DOTALL)
    return re.sub(r"<[^>]+>", " ", main[0].decode() if main else "")
