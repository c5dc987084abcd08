"""One message at a time through aiosmtplib. The only importer of the library.

Its own `sendmail` does not say how far a broken connection had come, which is all that matters: before DATA nothing was
sent, after it nobody knows. What leaves here is a `SendError` without anybody's words or secrets.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from bot.kit.door import Permanent, SendError, Transient, Unknown

from .errors import Misconfigured, reason
from .server import Server

CONNECT_SECONDS, ANSWER_SECONDS, MESSAGE_SECONDS = 15.0, 30.0, 120.0
AT_ONCE = 4  # connections: servers count them


class Client:
    """Hands messages over. `trust` replaces the machine's own list of authorities, for tests."""

    def __init__(
        self,
        server: Server,
        *,
        trust: ssl.SSLContext | None = None,
        seconds: float = ANSWER_SECONDS,
        message_seconds: float = MESSAGE_SECONDS,
    ) -> None:
        self._server = server
        self._trust = trust
        self._seconds = seconds
        self._message_seconds = message_seconds
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Return once the server has taken the message over. Raises a `SendError`."""
        async with self._turns, self._connected() as smtp:
            try:
                await smtp.mail(sender, options=_size(smtp, message))
            except SMTPSenderRefused as error:
                if error.code == 552 or "5.3.4" in str(error.message):
                    raise Permanent("too_large") from None
                raise (Misconfigured("sender_refused") if error.code >= 500 else Transient("sender")) from None
            try:
                await smtp.rcpt(recipient)
            except SMTPRecipientRefused as error:
                raise _of(error) from None
            await _data(smtp, message, self._message_seconds)

    async def look(self) -> None:
        """Return if the server lets us in. Raises a `SendError`."""
        async with self._turns, self._connected():
            pass

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        """A connection that is encrypted and signed in as the settings say. Until DATA all of it is safe to repeat."""
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._seconds,
            use_tls=server.tls,
            start_tls=False,
            tls_context=self._trust or ssl.create_default_context(),
            local_hostname="localhost" if server.host in ("127.0.0.1", "::1", "localhost") else None,
        )
        try:
            try:
                await smtp.connect(timeout=CONNECT_SECONDS)
                if server.starttls:
                    await smtp.starttls(tls_context=self._trust or ssl.create_default_context())
                if smtp.is_ehlo_or_helo_needed:
                    await smtp.ehlo()
                if server.user is not None:
                    await smtp.login(server.user, server.password or "")
            except SMTPAuthenticationError as error:
                raise (Misconfigured("wrong_password") if error.code >= 500 else Transient("sign-in")) from None
            except (SMTPException, OSError, TimeoutError, ValueError) as error:
                raise _away(error) from None
            try:
                yield smtp
            except (SMTPException, OSError, TimeoutError) as error:
                raise _away(error) from None
        finally:
            await _leave(smtp)


async def _data(smtp: SMTP, message: bytes, seconds: float) -> None:
    """The message itself. Where the line breaks here, only the server knows whether it has it."""
    try:
        await smtp.data(message, timeout=seconds)
    except SMTPDataError as error:
        if error.code == 552 and "5.2.2" not in str(error.message):
            raise Permanent("too_large") from None
        raise _of(error) from None
    except (SMTPException, OSError, TimeoutError) as error:
        raise Unknown(type(error).__name__) from None


async def _leave(smtp: SMTP) -> None:
    """Say goodbye; a server that has taken the message and then falls silent has taken it all the same."""
    try:
        if smtp.is_connected:
            await smtp.quit(timeout=2.0)
    except (SMTPException, OSError, TimeoutError):
        pass
    finally:
        smtp.close()


def _size(smtp: SMTP, message: bytes) -> list[str]:
    """Announce how much comes, where the server wants to know: it refuses before it is sent."""
    return [f"size={len(message)}"] if smtp.supports_extension("size") else []


def _of(error: SMTPResponseException) -> SendError:
    """A refusal of this recipient, or of this message."""
    said = str(error.message)
    if error.code < 500:
        return Transient(f"asked to come again ({error.code})")
    if "relay" in said.lower():  # it takes us for strangers: that is our set-up, not their mailbox
        return Misconfigured("relay_denied")
    return Permanent(reason(error.code, said))


def _away(error: BaseException) -> SendError:
    """What kept us from a connection we can use. Nothing was sent."""
    if isinstance(error, SendError):
        return error
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, ssl.SSLCertVerificationError):
            return Misconfigured("bad_certificate")
        if isinstance(at, ssl.SSLError):
            return Transient("tls")
        at = at.__cause__ or at.__context__
    if "STARTTLS" in str(error) and not isinstance(error, SMTPResponseException):
        return Misconfigured("no_tls")
    return Transient(type(error).__name__)
