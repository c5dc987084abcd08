"""A mail as the network carries it: headers that no word of anybody can break out of, the parts, their order.

The parts of one message mean the same, the plainest first (RFC 2046): words, HTML, and an invitation last, so that
whatever understands it offers to answer it. The same invitation hangs on as a file, for whatever does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from bot.kit.clean import clean_line

from .draw import Drawn

CALENDAR = "text/calendar"
POLICY = SMTP.clone(max_line_length=78)
OFFERED = frozenset({"REQUEST", "CANCEL"})


@dataclass(frozen=True)
class File:
    """Something that hangs on a mail."""

    name: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def method(self) -> str | None:
        """For an invitation, or one that is taken back: what it asks of the calendar. Its media type says it."""
        kind, _semicolon, rest = self.media_type.partition(";")
        given = (part.strip().partition("=") for part in rest.split(";"))
        method = next((value.strip('"').upper() for name, _is, value in given if name.lower() == "method"), "")
        return method if kind.strip().lower() == CALENDAR and method in OFFERED else None


@dataclass(frozen=True)
class Envelope:
    """Everything about a mail that is no word of it. Addresses are checked ones."""

    sender: str
    sender_name: str
    recipient: str
    message_id: str
    at: datetime
    reply_to: str = ""
    references: str = ""  # the Message-ID of what its thread begins with
    stop: str = ""  # where one POST ends all mail
    list_id: str = ""


def build(envelope: Envelope, drawn: Drawn, files: tuple[File, ...] = ()) -> bytes:
    """The whole message, lines ended as SMTP wants them. Raises ValueError for an address that is none."""
    mail = EmailMessage(POLICY)
    for name, value in _headers(envelope, drawn.subject).items():
        mail[name] = value
    mail["From"] = Address(clean_line(envelope.sender_name), addr_spec=envelope.sender)
    mail["To"] = Address(addr_spec=envelope.recipient)
    if envelope.reply_to:
        mail["Reply-To"] = Address(clean_line(envelope.sender_name), addr_spec=envelope.reply_to)
    mail.set_content(drawn.plain, cte="quoted-printable")
    mail.add_alternative(drawn.html, subtype="html", cte="quoted-printable")
    invitation = next((each for each in files if each.method is not None), None)
    if invitation is not None:
        mail.add_alternative(invitation.data.decode(), subtype="calendar", cte="base64")
        part = list(mail.iter_parts())[-1]
        part.set_param("method", invitation.method or "")
    for each in files:
        _attach(mail, each)
    return mail.as_bytes()


def _headers(envelope: Envelope, subject: str) -> Mapping[str, str]:
    headers = {
        "Subject": clean_line(subject),
        "Date": format_datetime(envelope.at),
        "Message-ID": envelope.message_id,
        # Programs that answer by themselves are asked not to (RFC 3834, and Exchange's own word for it).
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if envelope.references:
        headers |= {"In-Reply-To": envelope.references, "References": envelope.references}
    if envelope.stop:
        headers |= {
            "List-Unsubscribe": f"<{envelope.stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": f"<{envelope.list_id}>",
        }
    return headers


def _attach(mail: EmailMessage, file: File) -> None:
    kind, _semicolon, _rest = file.media_type.partition(";")
    main, _slash, sub = kind.strip().partition("/")
    if not main.isalnum() or not sub:
        main, sub = "application", "octet-stream"
    mail.add_attachment(file.data, maintype=main, subtype=sub, filename=clean_line(file.name))
    if file.method is not None:
        part = list(mail.iter_attachments())[-1]
        part.set_param("method", file.method)
        part.set_param("charset", "utf-8")
