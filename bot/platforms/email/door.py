"""The e-mail door: what is drawn becomes one mail, with links for its buttons and a name of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from bot.kit.door import Permanent
from bot.kit.events import Answer, Event, Returned
from bot.kit.screen import Attachment, Button
from bot.kit.text import Raw, Writer, _
from bot.platforms.links import Links, Post, Way
from scheduling.clock import Clock

from .draw import Ways, draw
from .message import Envelope, File, build
from .read import PLATFORM, read

FILES_LIMIT = 10_000_000  # octets of files on one mail: base64 makes a third more of them, and servers take 20 MB or so
OURS = "Parley"


class Carrier(Protocol):
    """What hands a mail over."""

    async def send(self, sender: str, recipient: str, message: bytes) -> None: ...

    async def look(self) -> None: ...


class Sender:
    """Our own address, and those made of it that say what comes back to them."""

    def __init__(self, address: str, links: Links) -> None:
        self.address = address
        self._local, _at, self.domain = address.rpartition("@")
        self._links = links

    def tagged(self, post: Post, number: int) -> str:
        return f"{self._local}+{self._links.tag(post, number)}@{self.domain}"

    def is_ours(self, address: str) -> bool:
        """Whether mail to this address is for us at all."""
        local, _at, domain = address.lower().rpartition("@")
        return domain == self.domain.lower() and local.partition("+")[0] == self._local.lower()

    def read(self, address: str) -> tuple[Post, int] | None:
        """What an address of ours says; None for one that is not, or that nobody was given."""
        if not self.is_ours(address):
            return None
        return self._links.read_tag(address.rpartition("@")[0].partition("+")[2])

    def name(self, what: str) -> str:
        """A Message-ID."""
        return f"<{self._links.name(what)}@{self.domain}>"


class EmailDoor:
    """Implements `bot.kit.door.Door`.

    `public_url` is where our page is; `by_link` are the commands that a link runs without signing in; `stored(file_id)`
    brings the bytes of one of our files, None while it is not here.
    """

    name = PLATFORM

    def __init__(
        self,
        client: Carrier,
        *,
        sender: Sender,
        links: Links,
        clock: Clock,
        public_url: str,
        by_link: Container[str],
        stored: Callable[[int], Awaitable[bytes | None]],
    ) -> None:
        self._client = client
        self._sender = sender
        self._links = links
        self._clock = clock
        self._url = public_url.rstrip("/")
        self._by_link = by_link
        self._stored = stored

    def read(self, payload: Mapping[str, Any]) -> Event | Returned | None:
        return read(payload)

    async def send(
        self,
        address: str,
        answer: Answer,
        writer: Writer,
        *,
        edits: Mapping[str, Any] | None = None,
        repeated: bool = False,
    ) -> Mapping[str, Any]:
        """One mail. Sent again it has the same name, so that a mailbox that has it already can tell; what takes its
        place has another."""
        row = answer.outgoing or 0
        files, missing = await self._files(answer)
        if missing and answer.screen is not None:
            answer = replace(answer, screen=replace(answer.screen, body=(*answer.screen.body, *missing)))
        ways = self._ways(answer, row)
        drawn = draw(answer, writer, ways, repeated=repeated)
        name = self._sender.name(f"m-{row}" if answer.edition is None else f"m-{row}-{answer.edition}")
        envelope = Envelope(
            sender=self._sender.address,
            sender_name=OURS,
            recipient=address,
            message_id=name,
            at=self._clock.now(),
            reply_to=self._sender.tagged(Post.THREAD, row),
            references=self._sender.name(f"t-{answer.thread.lower()}") if answer.thread else "",
            stop=ways.stop,
            list_id=f"news.{urlsplit(self._url).hostname or self._sender.domain}",
        )
        try:
            mail = build(envelope, drawn, files)
        except ValueError:
            raise Permanent("bad_address") from None
        await self._client.send(self._sender.tagged(Post.BOUNCE, row), address, mail)
        return {"message_id": name}

    def sketch(self, answer: Answer, writer: Writer) -> Sequence[str]:
        """The subject and the plain text, with links that lead nowhere: each reader's are signed for them."""
        drawn = draw(answer, writer, Ways(lambda button: f"{self._url}/mail/…"))
        return (f"{drawn.subject}\n\n{drawn.plain}",)

    async def look(self) -> None:
        await self._client.look()

    async def fetch(self, origin: Mapping[str, Any], limit: int) -> bytes:
        raise Permanent("not_found")  # nobody sends us a file by mail

    def _link(self, way: Way, row: int, handle: str = "") -> str:
        return f"{self._url}/mail/{self._links.sign(way, row, handle)}"

    def _ways(self, answer: Answer, row: int) -> Ways:
        def leads(button: Button) -> str | None:
            if button.handle is None:
                return None
            return self._link(Way.PRESS if button.command in self._by_link else Way.OPEN, row, button.handle)

        if answer.is_to_confirm:
            return Ways(leads)
        return Ways(leads, self._link(Way.OPEN, row), self._link(Way.STOP, row))

    async def _files(self, answer: Answer) -> tuple[tuple[File, ...], list[Any]]:
        """The files that go along, and a line for each that cannot."""
        found: list[File] = []
        missing: list[Any] = []
        room = FILES_LIMIT
        for each in answer.screen.files if answer.screen is not None and answer.form is None else ():
            data = await self._stored(each.file_id)
            if not data:
                missing.append(_("{name} is not here yet.", name=Raw(each.name)))
            elif len(data) > room:
                missing.append(_("{name} could not be sent here.", name=Raw(each.name)))
            else:
                room -= len(data)
                found.append(_file(each, data))
        return tuple(found), missing


def _file(file: Attachment, data: bytes) -> File:
    return File(file.name, file.media_type or "application/octet-stream", data)
