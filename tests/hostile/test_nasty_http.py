"""Nasty requests to the application that serves: bodies without end, strange JSON, what no page of ours sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from bot.edge import BODY_LIMIT
from bot.http import application
from bot.platforms.slack.wire import SlackWire
from bot.platforms.telegram.wire import TelegramWire
from db.files import File
from db.machinery import Draft, Inbox, InboxState
from tests.platforms.telegram.updates import message
from tests.platforms.web.browser import Browser
from tests.world import World

pytestmark = pytest.mark.promise("hostile.inputs", "Nasty requests are answered, and none becomes a fault of ours.")
SECRET = "s" * 40
NOWHERE = "http://127.0.0.1:9/"
CHUNK = b"x" * 64 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


@pytest.fixture
def amina(sqlite_url: str) -> Iterator[Browser]:
    made = World(sqlite_url)
    browser = Browser(made)
    browser.sign_in("amina")
    yield browser
    made.close()


class Line:
    """The application as its server calls it, with both platforms' receivers; nobody listens at their other end."""

    def __init__(self, world: World) -> None:
        slack = SlackWire(world.parley, bot_token="xoxb-1", signing_secret="s", api_url=NOWHERE)
        self.telegram = TelegramWire(
            world.parley, token="1:x", api_url=NOWHERE, public_url="https://parley.example", webhook_secret=SECRET
        )
        self.app = application(
            world.parley,
            receivers={"/slack/events": slack.handle_http, "/telegram": self.telegram.handle_http},
        )
        self.chunks = 0

    async def post(self, path: str, headers: Mapping[str, str], *body: bytes, endless: bool = False) -> int:
        """The status of a request whose body comes in pieces, or goes on for as long as anybody reads."""
        pieces = list(body)
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            self.chunks += 1
            if endless:
                return {"type": "http.request", "body": CHUNK, "more_body": True}
            piece = pieces.pop(0) if pieces else b""
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(part: Any) -> None:
            sent.append(part)

        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "http_version": "1.1",
            "scheme": "https",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "root_path": "",
        }
        await self.app(scope, receive, send)
        return int(sent[0]["status"])


SECRETLY = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
SIGNED = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=" + "0" * 64}


@pytest.mark.parametrize(("path", "headers"), [("/telegram", SECRETLY), ("/slack/events", SIGNED)])
async def test_a_body_without_end_is_read_as_far_as_its_limit(
    world: World, path: str, headers: Mapping[str, str]
) -> None:
    line = Line(world)
    assert await line.post(path, headers, endless=True) == 413
    assert line.chunks == BODY_LIMIT // len(CHUNK) + 1


STRANGE = {
    "nested without end": b"[" * 100_000,
    "an object nested without end": b'{"a":' * 40_000,
    "a number of 5000 digits": b'{"update_id": ' + b"9" * 5000 + b"}",
    "a number beyond all": b'{"update_id": 1e999}',
    "no number": b'{"update_id": NaN}',
    "the same key twice": b'{"update_id": 1, "update_id": "x", "message": 7, "message": {"text": "canary"}}',
    "half a surrogate pair": b'{"update_id": 5, "message": {"chat": {"type": "\\ud800"}, "text": "canary \\udfff"}}',
    "no UTF-8": b'{"update_id": 5, "x": "canary \xff\xfe"}',
    "nothing": b"",
    "a form": b"payload=canary&x=1",
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE.keys())
async def test_strange_json_is_put_aside_and_its_neighbours_flow(world: World, body: bytes) -> None:
    """Without the secret it is refused unread. With it, it is kept for us to see, so that it never comes again."""
    line = Line(world)
    with structlog.testing.capture_logs() as logs:
        assert await line.post("/telegram", {"content-type": "text/plain"}, body) == 403
        assert await line.post("/telegram", SECRETLY | {"content-type": "image/png"}, body) == 200
        assert await line.post("/slack/events", {}, body) == 401
    assert "canary" not in str(logs)
    update = message(77, text="/help")
    ana = {"id": 4, "is_bot": False, "first_name": "Ana"}
    update["message"] |= {"from": ana, "chat": {"id": 4, "type": "private"}}
    await world.parley.edge.keep("telegram", "77", update, account="4")
    await world.parley.settle()
    with world.parley.sessions.reading() as session:
        kept = session.scalars(select(Inbox).order_by(Inbox.id)).all()
    assert [row.state for row in kept][-1] is InboxState.DONE and len(kept) == 2
    assert kept[0].state in (InboxState.QUARANTINED, InboxState.DONE)
    await line.telegram.stop()


# What no page of ours sends

TOKENS = ("", "x", "-1", "²", "é", "\x00", "9" * 30, "\ud83d")


def test_hidden_fields_can_hold_anything(amina: Browser) -> None:
    csrf = amina.page.forms[0].values["csrf"]
    for token in TOKENS:
        said = amina.post("/form", {"csrf": csrf, "token": token.encode("utf-8", "replace"), "detail": "x"})
        assert amina.status == 200 and "This question is no longer open." in said, token
        asked = {"token": token.encode("utf-8", "replace").decode(), "field": "agency"}
        assert amina.client.get("/options", params=asked).status_code == 404, token
    for handle in ("", "é" * 33, "\x00", "A" * 65):
        assert "That button is old." in amina.post("/act", {"csrf": csrf, "handle": handle}), handle
    for wrong in ("", "é", "\x00", "x" * 5000):
        amina.post("/go", {"csrf": wrong, "command": "home.help"})
        assert amina.status == 403, wrong
        amina.open(f"/file/1/{wrong or 'x'}".replace("\x00", "%00"))
        assert amina.status == 404, wrong
    for command in ("", "é", "\x00", "form.send", "people.join", "issues.withdraw"):
        amina.post("/go", {"csrf": csrf, "command": command})
        assert amina.status == 200, command


def test_too_much_in_one_field_is_told_with_the_limit_and_how_much_it_was(amina: Browser) -> None:
    amina.press("Raise an issue")
    again = amina.press("Send", detail="é" * 100_000, sector="perishables")
    assert amina.status == 200 and "That is 100,000 characters; at most 3,000 fit here." in again
    with amina.world.parley.sessions.reading() as session:
        (draft,) = session.scalars(select(Draft)).all()
    assert draft.answers["sector"] == "perishables", "the rest is kept"
    amina.press("Send", detail="x" * 2_000_000)
    assert amina.status == 400 and "Nothing was changed." in amina.page


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("CON", "_CON"),
        ("a\r\nSet-Cookie: x=1.png", "a%0D%0ASet-Cookie_ x=1.png"),
    ],
)
def test_a_file_is_saved_under_a_name_that_leads_nowhere(amina: Browser, name: str, saved: str) -> None:
    """And with a type that fits into a header, whatever its sender says that it is."""
    amina.press("Raise an issue")
    nasty = "text/html; charset=\xe9\x01"
    amina.press("Send", files=[("files", (name, b"plain words", nasty))], detail="x", sector="perishables")
    with amina.world.parley.sessions.reading() as session:
        file = session.scalars(select(File)).one()
    assert (file.name, file.media_type) == (saved, "text/html")
    said = amina.press("All that was said")
    path = next(each for each in said.links.values() if each.startswith("/file/"))
    got = amina.client.get(path)
    assert got.status_code == 200 and got.headers["content-type"].startswith("text/html")
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert "set-cookie" not in got.headers and got.headers["x-content-type-options"] == "nosniff"
