"""Mail that a server hands on to us, by LMTP or SMTP. It is told "yes" once the mail is kept, and never before.

This is no mail server for the world: it takes mail for our own addresses only, relays nothing, and belongs behind one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

log = structlog.get_logger()

KINDS: dict[str, type[SMTP]] = {"lmtp": LMTP, "smtp": SMTP}
IDLE_SECONDS = 60.0
MOST_RECIPIENTS = 100
Take = Callable[[bytes, Iterable[str]], Awaitable[bool]]


class Listener:
    """Listens at one address while it runs."""

    def __init__(
        self, kind: type[SMTP], host: str, port: int, take: Take, is_wanted: Callable[[str], bool], *, largest: int
    ) -> None:
        self._kind = kind
        self._host, self._port = host, port
        self._take = take
        self._is_wanted = is_wanted
        self._largest = largest
        self._server: asyncio.Server | None = None

    @classmethod
    def of(cls, url: str, take: Take, is_wanted: Callable[[str], bool], *, largest: int) -> Listener:
        """The one for `lmtp://127.0.0.1:8024` or `smtp://127.0.0.1:8025`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in KINDS or not parts.hostname or not parts.port:
            raise ValueError("needs an address to listen on, such as lmtp://127.0.0.1:8024")
        return cls(KINDS[parts.scheme], parts.hostname, parts.port, take, is_wanted, largest=largest)

    async def start(self) -> None:
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(self._session, self._host, self._port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1]) if self._server is not None else self._port

    def _session(self) -> SMTP:
        return self._kind(
            self,
            data_size_limit=self._largest,
            hostname="parley",
            ident="Parley",
            timeout=IDLE_SECONDS,
            loop=asyncio.get_running_loop(),
        )

    # aiosmtpd's hooks

    async def handle_RCPT(  # noqa: N802  the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not self._is_wanted(address):
            return "550 5.1.1 no such address here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        content: Any = envelope.original_content or envelope.content or b""
        raw = content if isinstance(content, bytes) else str(content).encode(errors="surrogateescape")
        try:
            for recipient in envelope.rcpt_tos:
                await self._take(raw, [recipient])
        except Exception as error:  # noqa: BLE001  whatever it was, the mail is not kept: its server brings it again
            log.error("mail not kept", error=type(error).__name__)
            answer = "451 4.3.0 not kept, come again"
        else:
            answer = "250 2.0.0 kept"
        # By LMTP each recipient is answered for; the library sends the last line itself.
        if isinstance(server, LMTP):
            for _recipient in envelope.rcpt_tos[1:]:
                await server.push(answer)
        return answer
