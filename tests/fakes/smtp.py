"""A mail server that refuses what real ones refuse: aiosmtpd, told what to do wrong.

It runs in a thread of its own, so that tests with and without a loop can send to it::

    with FakeSmtp.running() as smtp:
        smtp.refuses("gone@shop.example", "550 5.1.1 no such mailbox")
        ...
        assert smtp.mails[0].subject == "What became of it"
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Stage = Literal["connect", "mail", "rcpt", "data", "drop-before", "drop-after", "silent-after"]


@dataclass(frozen=True)
class Mail:
    """One message as it was taken over."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def plain(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""


@dataclass
class FakeSmtp:
    """What it was given, and what it is to do wrong. `user` and `password` are asked for where they are set."""

    user: str | None = None
    password: str | None = None
    size: int = 2_000_000
    mails: list[Mail] = field(default_factory=list)
    sessions: int = 0
    logins: int = 0
    _refused: dict[str, str] = field(default_factory=dict)
    _faults: list[tuple[Stage, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    tls: ssl.SSLContext | None = None  # from the first byte
    starttls: ssl.SSLContext | None = None

    @classmethod
    @contextmanager
    def running(cls, **how: Any) -> Iterator[FakeSmtp]:
        made, is_up = cls(**how), threading.Event()
        stop: list[Callable[[], object]] = []

        async def serve() -> None:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            server = await loop.create_server(lambda: made._session(loop), "127.0.0.1", 0, ssl=made.tls)
            made.port = server.sockets[0].getsockname()[1]
            stop.append(lambda: loop.call_soon_threadsafe(ended.set))
            is_up.set()
            await ended.wait()
            server.close()

        thread = threading.Thread(target=asyncio.run, args=(serve(),))
        thread.start()
        is_up.wait(10)
        try:
            yield made
        finally:
            stop[0]()
            thread.join(10)

    def _session(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        asks = self.user is not None and bool(self.tls or self.starttls)
        return SMTP(
            self,
            hostname="fake",
            ident="fake",
            data_size_limit=self.size,
            tls_context=self.starttls,
            require_starttls=self.starttls is not None,
            authenticator=self.log_in if asks else None,
            auth_required=asks and self.starttls is not None,  # over TLS the library takes a line for open
            auth_require_tls=self.tls is None,
            loop=loop,
        )

    @property
    def url(self) -> str:
        """The setting that leads here."""
        scheme = "smtps" if self.tls else "smtp+starttls" if self.starttls else "smtp"
        login = f"{self.user}:{self.password}@" if self.user and scheme != "smtp" else ""
        return f"{scheme}://{login}127.0.0.1:{self.port}"

    def refuses(self, recipient: str, answer: str) -> None:
        """From now on this recipient is answered so; nothing more to refuse with an empty answer."""
        self._refused[recipient] = answer

    def fails(self, stage: Stage, answer: str = "", *, times: int = 1) -> None:
        """Let the next sessions go wrong at a stage: with an answer, or by the connection's end."""
        self._faults += [(stage, answer)] * times

    def to(self, recipient: str) -> list[Mail]:
        return [each for each in self.mails if recipient in each.recipients]

    def _fault(self, *stages: Stage) -> tuple[Stage, str] | None:
        with self._lock:
            for each in self._faults:
                if each[0] in stages:
                    self._faults.remove(each)
                    return each
        return None

    # aiosmtpd's hooks

    async def handle_EHLO(  # noqa: N802  the library's name
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802  as above
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._fault("mail")
        if fault is not None:
            return fault[1]
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  as above
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault = self._fault("rcpt")
        refused = fault[1] if fault is not None else self._refused.get(address)
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        fault = self._fault("data", "drop-before", "drop-after", "silent-after")
        stage, answer = fault or ("", "")
        if stage == "data":
            return answer
        if stage != "drop-before":
            raw = envelope.original_content
            assert isinstance(raw, bytes)
            self.mails.append(Mail(str(envelope.mail_from), tuple(envelope.rcpt_tos), raw))
        if stage in ("drop-before", "drop-after"):
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            return "250 nobody hears this"
        if stage == "silent-after":
            await server.loop.create_future()
        return "250 2.0.0 OK"

    def log_in(self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (self.user or "").encode(), (self.password or "").encode()
        self.logins += 1
        is_good = (data.login, data.password) == good
        return AuthResult(success=is_good, handled=False)
