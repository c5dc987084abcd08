"""Taking in one mail that a mail server hands to `parley mail receive`, in the words such a server understands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import structlog

from bot.core import Parley
from bot.ops.trouble import Trouble
from bot.ops.wires import email
from bot.platforms.email.wire import LARGEST, TooLarge
from scheduling.clock import SystemClock

if TYPE_CHECKING:
    from bot.settings import Settings

log = structlog.get_logger()

# sysexits.h, as Postfix, Exim and fetchmail read it: kept; never to be taken; come again later.
KEPT, REFUSED, LATER = 0, 65, 75
ONE_MORE = LARGEST + 1  # octets to read: enough to know that it is too large


def receive(settings: Settings, raw: bytes, recipients: Sequence[str]) -> int:
    """Keep one mail for the running Parley to handle; the exit code says what the server is to do. Raises Trouble."""
    if not raw.strip():
        return REFUSED
    with closing(
        Parley(
            database_url=settings.database_url,
            public_url=settings.public_url,
            clock=SystemClock(),
            engine=settings.engine,
        )
    ) as parley:
        try:
            wire = email(settings, parley)
            if wire is None:
                raise Trouble("set PARLEY_SMTP_URL and PARLEY_MAIL_FROM first: see .env.example")
            asyncio.run(wire.mailbox.take(raw, recipients))
        except TooLarge:
            return REFUSED
        except Trouble:
            raise
        except Exception as error:  # noqa: BLE001  the database is away, or anything else: the mail is not kept yet
            log.error("mail not kept", error=type(error).__name__)
            return LATER
    return KEPT
