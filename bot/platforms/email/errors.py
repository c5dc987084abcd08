"""What a mail server means when it will not: its codes (RFC 5321), and the finer ones of RFC 3463 if there are any."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.kit.door import Paused

STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
ASK_AGAIN = timedelta(minutes=5)
# The finer code without its first digit, or the part of it that says enough.
REASONS = {
    "1": "bad_address",  # no such mailbox, no such domain, moved
    "2.0": "bad_address",
    "2.1": "bad_address",  # shut
    "2.2": "mailbox_full",
    "2.3": "too_large",
    "3.4": "too_large",
    "7": "policy",  # not allowed, blocked, takes us for spam
}
BARE = {550: "bad_address", 551: "bad_address", 552: "mailbox_full", 553: "bad_address", 554: "policy"}


class Misconfigured(Paused):
    """Our own set-up is refused, whoever the message is for: it waits, and an operator has to look. `why` in one word.

    `wrong_password`, `sender_refused`, `bad_certificate`, `no_tls`, `relay_denied`.
    """

    def __init__(self, why: str) -> None:
        super().__init__(ASK_AGAIN)
        self.args = (why,)
        self.why = why


def reason(code: int | None, said: str) -> str:
    """Why one recipient's mail is refused for good: a short name, as `Permanent` has it."""
    found = STATUS.search(said)
    if found is not None:
        of, detail = found[2], f"{found[2]}.{found[3]}"
        if detail in REASONS or of in REASONS:
            return REASONS.get(detail) or REASONS[of]
        return "undeliverable"
    return BARE.get(code or 0, "undeliverable")
