"""The line to mail servers: mail goes out by SMTP; what comes in is kept, then handled like any other update.

Mail comes in by a listener (LMTP or SMTP, for the server of this machine to hand it on) or by `parley mail receive`.
Both end in `take`. It is kept before its server is told so; the same mail again is the same update.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import getaddresses
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.door import SendError, cause
from bot.platforms.host import Host
from bot.platforms.links import Links, Post, Way
from db.broadcasts.copies import reader_of
from db.mail import account_of, key_of
from db.people import Account

from .client import Client
from .door import EmailDoor, Sender
from .errors import Misconfigured
from .listener import Listener
from .read import PLATFORM, names_quoted, parsed
from .server import Server

log = structlog.get_logger()

LARGEST = 1024 * 1024  # octets of a mail that is kept: answers and bounces are far smaller
LOOK_SECONDS, FIRST_PAUSE = 300.0, 5.0
OURS = re.compile(r"m-([0-9]+)(?:-[0-9]+)?")  # what a message is called: its number, and its edition
NOBODY = "nobody"  # the account of what is from nobody we know
# Where the way of a mail put the address it was sent to.
RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")


class TooLarge(ValueError):
    """A mail that is not kept."""


class Mailbox:
    """What we know of addresses and names of ours, and the keeping of what comes to them."""

    def __init__(self, parley: Host, sender: Sender, links: Links) -> None:
        self._parley = parley
        self.sender = sender
        self._links = links

    async def take(self, raw: bytes, recipients: Iterable[str] = ()) -> bool:
        """Keep one mail; False for one that was kept before. Raises TooLarge, or what keeps us from keeping it."""
        if len(raw) > LARGEST:
            raise TooLarge
        payload = await self._parley.threads.run(self._known, raw, tuple(recipients))
        who, bounced = payload.get("who"), payload.get("bounced")
        # Each bounce by itself: many come at once after a mailing, and none of them is somebody who writes too fast.
        account = who["external_id"] if who else f"bounced:{bounced}" if bounced is not None else NOBODY
        kept = await self._parley.edge.keep(PLATFORM, _key(raw, payload), payload, account=account)
        return kept is not None

    def is_wanted(self, recipient: str) -> bool:
        """Whether an address is one of ours that we gave to somebody, or the bare one."""
        if not self.sender.is_ours(recipient):
            return False
        return "+" not in recipient.rpartition("@")[0] or self.sender.read(recipient) is not None

    def _known(self, raw: bytes, recipients: tuple[str, ...]) -> dict[str, Any]:
        """The mail with whom it is from, as its addresses and the names it quotes prove."""
        payload: dict[str, Any] = {"raw": base64.b64encode(raw).decode()}
        try:
            mail = parsed(raw)
            given = [*recipients, *_recipients(mail)]
            said = [found for each in given if (found := self.sender.read(each)) is not None]
            quoted = [name for each in names_quoted(mail) if (name := self._links.named(each)) is not None]
        except Exception as error:  # noqa: BLE001  whatever is in it, it is kept, and set aside when it is read
            return payload | {"unreadable": type(error).__name__}
        with self._parley.sessions.reading() as session:
            for post, number in said:
                if post is Post.BOUNCE:
                    payload["bounced"] = number
                elif "who" not in payload and (account := self._account(session, post, number)) is not None:
                    payload |= {"who": _who(account), "is_letter": True, "thread": self._thread(quoted, number)}
            for row in (int(its[1]) for name in quoted if (its := OURS.fullmatch(name)) is not None):
                payload.setdefault("bounced", row)
                if "who" not in payload and (account := self._account(session, Post.THREAD, row)) is not None:
                    payload |= {"who": _who(account), "is_letter": True, "thread": self._thread(quoted, row)}
        return payload

    def _account(self, session: Session, post: Post, number: int) -> Account | None:
        if post is Post.INVITED:
            return session.scalar(select(Account).where(Account.id == number, Account.platform == PLATFORM))
        person_id = reader_of(session, number, at_account=True)
        return account_of(session, person_id) if person_id is not None else None

    @staticmethod
    def _thread(quoted: list[str], number: int) -> str:
        """What a letter goes on with: a thread of ours that it quotes, else the message it answers."""
        return next((name for name in quoted if name.startswith("t-")), f"m-{number}")


class EmailWire:
    """Sends, and listens where `listen` names an address such as lmtp://127.0.0.1:8024.

    Raises ValueError for settings that cannot be read.
    """

    def __init__(
        self,
        parley: Host,
        *,
        smtp_url: str,
        sender: str,
        public_url: str,
        listen: str | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._parley = parley
        self._public_url = public_url.rstrip("/")
        self._links = Links(parley.sessions)
        self._links.load()  # now: within somebody's turn another transaction could not begin
        self._client = Client(Server.of(smtp_url), trust=trust)
        self._sender = Sender(sender, self._links)
        self.mailbox = Mailbox(parley, self._sender, self._links)
        self.listener = (
            Listener.of(listen, self.mailbox.take, self.mailbox.is_wanted, largest=LARGEST) if listen else None
        )
        self._looking: asyncio.Task[None] | None = None
        self._last_ok: datetime | None = None
        self._trouble: str | None = "not connected yet"
        self.door = EmailDoor(
            self,
            sender=self._sender,
            links=self._links,
            clock=parley.clock,
            public_url=public_url,
            by_link={name for name, each in parley.engine.registry.commands.items() if each.by_link},
            stored=parley.stored,
        )
        parley.add(self.door)
        parley.engine.mailing = self

    # What handlers ask for

    def answers_at(self, account: int) -> str:
        return self._sender.tagged(Post.INVITED, account)

    def confirms_at(self, request: int) -> str:
        return f"{self._public_url}/mail/{self._links.sign(Way.CONFIRM, request)}"

    # The door's carrier: whatever it meets shows in the health

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        with self._noting():
            await self._client.send(sender, recipient, message)

    async def look(self) -> None:
        with self._noting():
            await self._client.look()

    # A wire

    async def start(self) -> None:
        await self.take_in()
        await self.connect()

    async def connect(self) -> None:
        """Be able to send."""
        self._looking = asyncio.create_task(self._look_again())

    async def take_in(self) -> None:
        """Listen for mail, where we are to. Raises OSError where somebody else does."""
        if self.listener is not None:
            await self.listener.start()

    async def let_go(self) -> None:
        """Listen no more: the mail server keeps what it has."""
        if self.listener is not None:
            await self.listener.stop()

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await self.let_go()

    async def handle_http(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        return 404, {}, b""  # mail does not come by HTTP

    def health(self) -> Mapping[str, Any]:
        return {
            "ok": self._trouble is None,
            "last_ok": self._last_ok.isoformat() if self._last_ok else None,
            "trouble": self._trouble,
            "listens": self.listener is not None,
        }

    async def _look_again(self) -> None:
        """A password that is no longer good shows before there is anything to send."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self.look()
                pause = LOOK_SECONDS
            except SendError as error:
                log.warning("mail server is away", error=self._trouble, again_in=pause, kind=type(error).__name__)
                pause = min(2 * pause, LOOK_SECONDS)
            await asyncio.sleep(pause)

    def _noting(self) -> _Noting:
        return _Noting(self)

    def note(self, error: BaseException | None) -> None:
        """How the server was met last. What is wrong with one mail says nothing about it."""
        if error is None:
            self._last_ok, self._trouble = self._parley.clock.now(), None
        elif isinstance(error, Misconfigured):
            if self._trouble != error.why:
                log.error("the mail server refuses our settings", why=error.why)
            self._trouble = error.why
        elif isinstance(error, SendError) and type(error).__name__ in ("Transient", "Unknown"):
            self._trouble = cause(error)


class _Noting:
    def __init__(self, wire: EmailWire) -> None:
        self._wire = wire

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        self._wire.note(error)


def _who(account: Account) -> dict[str, str]:
    return {"external_id": account.external_id, "address": account.address}


def _recipients(mail: Any) -> list[str]:
    said: list[str] = []
    for name in RECIPIENTS:
        said += [str(each) for each in mail.get_all(name, [])]
    return [key_of(address) for _name, address in getaddresses(said)]


def _key(raw: bytes, payload: Mapping[str, Any]) -> str:
    """The same for the same mail on another way: what it says, for whom; not the headers that each server adds."""
    head, _blank, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    told = [
        line for line in head.lower().split(b"\n") if line.startswith((b"message-id:", b"date:", b"from:", b"subject:"))
    ]
    known = repr([payload.get("bounced"), payload.get("who")]).encode()
    return hashlib.sha256(b"\n".join([*sorted(told), known, body.strip()])).hexdigest()
