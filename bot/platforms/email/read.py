"""A mail that came in, as far as it means something: one of ours that came back, an answer to an invitation, a letter.

Who is meant is known from the address it was sent to, which carries our signature, or from the name of our own message
that it quotes: never from what it says of its sender, which anybody can write.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any

from bot.kit.events import Called, Caller, Event, Replied, Returned
from scheduling.calendar.itip import NoReply, read_replies

from .errors import reason

PLATFORM = "email"
LETTER = "people.letter"  # the command that answers whoever writes a letter
NAME = re.compile(r"<([^<>@\s]{1,200})@[^<>@\s]{1,255}>")
BY_MACHINE = ("bulk", "junk", "list", "auto_reply")


def parsed(raw: bytes) -> EmailMessage:
    """The message, whatever is wrong with it."""
    found = message_from_bytes(raw, policy=default)
    if not isinstance(found, EmailMessage):
        raise TypeError("no message")
    return found


def read(payload: Mapping[str, Any]) -> Event | Returned | None:
    """The event in a stored message; None for what means nothing to us. Its sender has been looked up by then."""
    if "unreadable" in payload:
        raise ValueError("it cannot be read")
    mail = parsed(base64.b64decode(payload["raw"]))
    if (back := _returned(mail)) is not None:
        action, why = back
        row = payload.get("bounced")
        return Returned(row, why) if action == "failed" and isinstance(row, int) else None
    who = payload.get("who")
    if not isinstance(who, Mapping):
        return None
    caller = Caller(PLATFORM, who["external_id"], who["address"], is_known_here=True)
    if (answer := _answer(mail, caller)) is not None:
        return answer
    if payload.get("is_letter") and not is_by_machine(mail):
        return Called(caller, name=LETTER, args={"thread": str(payload.get("thread") or "")})
    return None


def names_quoted(mail: Message) -> Iterator[str]:
    """What stands before the @ in the names of the messages it quotes, the nearest first; in a bounce, of what came."""
    for name in ("In-Reply-To", "References"):
        yield from reversed(NAME.findall(_header(mail, name)))
    if mail.get_content_type() == "multipart/report":
        for part in mail.walk():
            if part is not mail and part.get_content_type() == "message/rfc822":
                for inner in part.get_payload() if isinstance(part.get_payload(), list) else []:
                    yield from NAME.findall(_header(inner, "Message-ID"))
            elif part.get_content_type() == "text/rfc822-headers":
                said = message_from_bytes(_bytes(part), policy=default)
                yield from NAME.findall(_header(said, "Message-ID"))


def is_by_machine(mail: Message) -> bool:
    """Whether a program wrote it by itself: answering it could go on for ever (RFC 3834)."""
    if _header(mail, "Auto-Submitted").strip().lower() not in ("", "no"):
        return True
    if _header(mail, "Precedence").strip().lower() in BY_MACHINE:
        return True
    if any(_header(mail, name) for name in ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "X-Loop")):
        return True
    sender = _header(mail, "From").lower()
    path = _header(mail, "Return-Path").strip()
    return path == "<>" or any(each in sender for each in ("mailer-daemon", "postmaster", "no-reply", "noreply"))


def _returned(mail: Message) -> tuple[str, str] | None:
    """(what became of it, why) in a report of RFC 3464; None for what is none."""
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") not in ("delivery-status", None):
        return None
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            for block in blocks if isinstance(blocks, list) else []:
                action = _header(block, "Action").strip().lower()
                if action:
                    said = f"{_header(block, 'Status')} {_header(block, 'Diagnostic-Code')}"
                    return action, reason(None, said)
    return None


def _answer(mail: Message, caller: Caller) -> Replied | None:
    """The first answer of its sender's own in a calendar part; what cannot be one is a letter like any other."""
    for part in mail.walk():
        if part.get_content_type() != "text/calendar":
            continue
        try:
            found = read_replies(_bytes(part), caller.address)
        except NoReply:
            continue
        said = found[0]
        return Replied(
            caller,
            uid=said.uid,
            answer=said.answer.value,
            sequence=said.sequence,
            stamped_at=said.stamped_at,
            instance=said.instance,
            comment=said.comment,
            substitute=said.substitute,
        )
    return None


def _header(mail: Any, name: str) -> str:
    """A header's words; nothing where it is not there or cannot be read."""
    try:
        return str(mail.get(name) or "")
    except Exception:  # noqa: BLE001  the library fails in many ways on what strangers write there
        return ""


def _bytes(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""
