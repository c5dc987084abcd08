"""Calendar programs as they come to Parley over HTTP, and a capability whose entries a test sets as it likes."""

from __future__ import annotations

import asyncio
import base64
import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from starlette.types import ASGIApp

import handlers
from bot.kit.capability import Capability, Registry
from bot.kit.feeds import MINE, Choice, Subscriber
from bot.kit.text import Raw, _
from db.machinery import Setting
from db.people import RoleName
from db.session import Sessions
from scheduling.calendar.entry import Entry, Label

meetings = Capability("test_meetings", _("Meetings"))
HELD = "test_meetings"


def hold(sessions: Sessions, entries: Iterable[Entry]) -> None:
    """Let these be the meetings, from the commit on."""
    packed = [base64.b64encode(pickle.dumps(each)).decode() for each in entries]
    with sessions.writing() as session:
        session.merge(Setting(name=HELD, value={"entries": packed}))


@meetings.feed(MINE)
@meetings.feed("area")
def held(subscriber: Subscriber) -> Iterator[Entry]:
    """Everybody's. The area's public calendar has those that are public."""
    row = subscriber.session.get(Setting, HELD)
    for packed in row.value["entries"] if row is not None else ():
        yield pickle.loads(base64.b64decode(packed))  # noqa: S301  written by this test


@meetings.calendar("area", _("Meetings of an area"))
def regions(subscriber: Subscriber) -> Iterator[Choice]:
    """That of the north is public; coordinators may have that of the south, too."""
    yield Choice("north", Raw("The North"))
    if subscriber.who is not None and subscriber.who.holds(RoleName.COORDINATOR):
        yield Choice("south", Raw("The South"))


registry = Registry(
    [*handlers.registry.capabilities, meetings],
    home="home.show",
    welcome="people.register",
    begins=("issues.raise", "detail"),
)


def public(entry: Entry) -> Entry:
    return Entry(**{name: getattr(entry, name) for name in Entry.__slots__} | {"label": Label.PUBLIC})


@dataclass(frozen=True)
class Got:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Program:
    """A calendar program: asks an ASGI application, on the loop that its Parley runs on."""

    app: ASGIApp
    runner: asyncio.Runner

    def get(self, path: str, method: str = "GET", **headers: str) -> Got:
        """`If_None_Match` is the header If-None-Match; a list of several stands for as many lines."""
        return self.runner.run(self._get(path, method, headers))

    def get_at_once(self, *paths: str) -> list[Got]:
        """Several together, as from several programs."""

        async def ask() -> list[Got]:
            return await asyncio.gather(*(self._get(each, "GET", {}) for each in paths))

        return self.runner.run(ask())

    async def _get(self, path: str, method: str, headers: Mapping[str, str]) -> Got:
        sent: list[Any] = []
        path, _mark, query = path.partition("?")
        given = [
            (name.lower().replace("_", "-").encode(), line.encode())
            for name, value in headers.items()
            for line in value.split("\n")
        ]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "https",
            "server": ("parley.example", 443),
            "root_path": "",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": given,
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(part: Any) -> None:
            sent.append(part)

        await self.app(scope, receive, send)
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Got(sent[0]["status"], names, b"".join(part.get("body", b"") for part in sent[1:]))


class Asked:
    """The statements that an engine runs while this is open."""

    def __init__(self, sessions: Sessions) -> None:
        self._engine = sessions.engine
        self.statements: list[str] = []

    def __enter__(self) -> Asked:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements.append(statement)
