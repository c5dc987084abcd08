"""The world with an e-mail door to a real mail server, and a browser that follows what its mails say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import httpx
from sqlalchemy import select

from bot.http import application
from bot.platforms.email.wire import EmailWire
from db.machinery import Outgoing, Receipt
from db.people import Account, Person
from tests.fakes.smtp import FakeSmtp, Mail
from tests.world import World

OURS = "parley@customs.example"
PAGE = "https://parley.example"
LINK = re.compile(r"https://parley\.example/[^\s\"'<>]+")


@dataclass
class Town:
    """`world.say(…)` acts in chat; here is what goes and comes by mail."""

    world: World
    smtp: FakeSmtp
    wire: EmailWire
    app: Any
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    @classmethod
    @contextmanager
    def begun(cls, url: str) -> Iterator[Town]:
        with FakeSmtp.running() as smtp:
            world = World(url)
            wire = EmailWire(world.parley, smtp_url=smtp.url, sender=OURS, public_url=PAGE)
            yield cls(world, smtp, wire, application(world.parley))
            world.close()

    # Mail

    def last(self, address: str) -> Mail:
        return self.smtp.to(address)[-1]

    def confirmed(self, who: str, address: str) -> None:
        """Their address, given in chat and confirmed by the link."""
        self.world.say(who, f"/email {address}")
        assert self.follow(link(self.last(address), "Confirm this address")).status_code == 200

    def comes(self, raw: bytes, *recipients: str) -> bool:
        """A mail comes in; what it causes is done. False for one that came before."""

        async def take() -> bool:
            kept = await self.wire.mailbox.take(raw, recipients)
            await self.world.parley.settle()
            return kept

        return bool(self._run(take()))

    def _run(self, work: Any) -> Any:
        return self.world.runner.run(work)

    # The web

    def get(self, url: str) -> httpx.Response:
        return self._ask("GET", url)

    def follow(self, url: str, **form: str) -> httpx.Response:
        """Press the one button of the page that a link leads to."""
        return self._ask("POST", url, data=form)

    def _ask(self, method: str, url: str, **how: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=PAGE, cookies=self.cookies) as client:
                answer = await client.request(method, url, **how)
                self.cookies = client.cookies
            await self.world.parley.settle()
            return answer

        found: httpx.Response = self._run(ask())
        return found

    # What is known

    def account(self, address: str) -> Account | None:
        with self.world.parley.sessions.reading() as session:
            return session.scalar(select(Account).where(Account.platform == "email", Account.external_id == address))

    def person(self, person_id: int) -> Person:
        with self.world.parley.sessions.reading() as session:
            return session.get_one(Person, person_id)

    def receipt(self, who: str) -> Receipt:
        with self.world.parley.sessions.reading() as session:
            return session.scalars(select(Receipt).where(Receipt.person_id == self.world.ids[who])).one()

    def sent(self, who: str) -> list[Outgoing]:
        """What went or was to go to somebody, answers apart."""
        mine = Outgoing.person_id == self.world.ids[who], Outgoing.is_reply.is_(False)
        with self.world.parley.sessions.reading() as session:
            return list(session.scalars(select(Outgoing).where(*mine).order_by(Outgoing.id)))


def link(mail: Mail, label: str) -> str:
    """Where the link of that label leads, the same in both parts."""
    plain = re.search(rf"{re.escape(label)}: ({LINK.pattern})", without_marks(mail.plain))
    assert plain is not None, mail.plain
    assert plain[1] in mail.html
    return plain[1]


def without_marks(text: str) -> str:
    return re.sub("[\u2066-\u2069\u200f]", "", text)


def bounce(mail: Mail, status: str, *, action: str = "failed", diagnostic: str = "") -> bytes:
    """The report of RFC 3464 that another server writes of a mail of ours."""
    lines = [
        "From: MAILER-DAEMON@shop.example",
        f"To: {mail.sender}",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        f"Message-ID: <bounce-{status}-{action}@shop.example>",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="xx"',
        "MIME-Version: 1.0",
        "",
        "--xx",
        "Content-Type: text/plain",
        "",
        "It could not be delivered.",
        "--xx",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; shop.example",
        "",
        f"Final-Recipient: rfc822; {mail.recipients[0]}",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; {diagnostic or status}",
        "",
        "--xx",
        "Content-Type: message/rfc822",
        "",
        mail.raw.decode(),
        "--xx--",
        "",
    ]
    return "\r\n".join(lines).encode()


def letter(mail: Mail, body: str = "Thank you!", **headers: str) -> bytes:
    """What a person writes back."""
    made = EmailMessage()
    made["From"] = "somebody@else.example"
    made["To"] = str(mail.message["Reply-To"].addresses[0].addr_spec)
    made["Subject"] = f"Re: {mail.subject}"
    made["Message-ID"] = f"<{abs(hash(body))}@else.example>"
    made["In-Reply-To"] = str(mail.message["Message-ID"])
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(body)
    return made.as_bytes()


Made = Callable[[], Town]
